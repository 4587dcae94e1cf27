//! Tests of the language as a whole, against the developer guide.

mod accepted;
mod fuzz;
mod limits;
mod rejected;
mod round_trip;
