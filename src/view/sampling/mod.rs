//! What sampling rules do, for people and for programs.

mod number;
mod simulation;
mod test;
mod told;

pub use simulation::{Compared, Simulation, Traffic};
pub use test::Test;
pub use told::{BadLine, BadLines, Told};

/// The version of the JSON forms.
const FORMAT_VERSION: &str = "1.0";
