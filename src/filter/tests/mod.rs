//! Tests of the language as a whole, against the developer guide.

mod accepted;
mod fuzz;
pub(crate) mod generate;
mod limits;
mod rejected;
mod round_trip;
