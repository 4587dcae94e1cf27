//! What takes traces, a folder a protocol.

pub(crate) mod body;
mod datagrams;
mod draft;
pub mod jaeger;
pub mod otlp;
mod overflow;
mod post;
pub mod xray;
pub mod zipkin;

#[cfg(test)]
mod testing;

use std::sync::Arc;

use super::{Consumer, Counters, Memory};

/// What every receiver needs.
#[derive(Clone)]
pub struct Intake {
    /// Where traces go.
    pub next: Arc<dyn Consumer>,
    /// Whether there is room for them.
    pub memory: Arc<Memory>,
    /// What became of them.
    pub counters: Counters,
    /// Whether a sender has its answer only when its traces are safe.
    pub waits: bool,
}
