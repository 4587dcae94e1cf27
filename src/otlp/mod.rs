//! OTLP traces as they travel: protobuf that is read in place.
//!
//! A collector that unpacks every span into objects spends most of its time on
//! that. Here a request stays the bytes that arrived: [`check`] walks over them
//! once, [`view`] reads single fields of them, and [`write`] makes new ones for
//! what changes. Requests that follow one another are one request, as protobuf
//! has it, so that a batch is made without copying spans.
//!
//! The messages: <https://github.com/open-telemetry/opentelemetry-proto>, 1.9.

pub mod check;
mod hex;
pub mod view;
pub mod wire;
pub mod write;

#[cfg(test)]
mod fuzz;
mod schema;
#[cfg(test)]
mod tests;

pub use check::{Counted, check};
pub use hex::hex;
pub use wire::Malformed;
