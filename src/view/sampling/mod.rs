//! What sampling rules do, for people and for programs.

mod number;
mod simulation;
mod test;

pub use simulation::{BadLine, BadLines, Compared, Simulation, Traffic};
pub use test::Test;

/// The version of the JSON forms.
const FORMAT_VERSION: &str = "1.0";
