//! `local-collector`: takes traces from any SDK, works on them, keeps them and
//! sends them on.
//!
//! Traces travel as [`Parcel`]s through a chain of [`Consumer`]s: receivers
//! make them, processors change them, the store and the exporters end the chain.
//! Spans stay the bytes that they came as until somebody needs to look into
//! them.
//!
//! Memory is bounded at the door: a receiver asks [`Memory`] for room before it
//! reads a request, and refuses in the words of its protocol where there is
//! none. What it was given is returned when the last owner of the bytes drops
//! them.

mod consumer;
mod counters;
pub mod exporters;
mod memory;
pub mod operations;
mod parcel;
mod pipeline;
pub mod processors;
pub mod queries;
mod receipt;
pub mod receivers;
mod run;
mod server;
pub mod store;
mod traces;
mod zipkin_span;

pub use consumer::Consumer;
pub use counters::{Counters, LeftOut, Reason, Signal};
pub use memory::{Charge, Memory};
pub use parcel::Parcel;
pub use receipt::{Receipt, Waiting, receipt};
pub use run::{Collector, StartError};
pub use server::{Handler, Listening, Protocols};
pub use traces::StoredTraces;
