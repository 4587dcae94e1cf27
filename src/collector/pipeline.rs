//! The chain that traces go along, made of a configuration.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::consumer::Consumer;
use super::memory::Memory;
use super::parcel::Parcel;
use super::processors::Batch;
use crate::collector_config::{CollectorConfig, Processor};

/// Bytes in a MiB.
const MIB: usize = 1024 * 1024;

/// The end of a chain behind which nobody wants traces: they are let go.
struct Nobody;

#[async_trait]
impl Consumer for Nobody {
    async fn consume(&self, _: Parcel) {}

    async fn drain(&self) {}
}

/// The room that a configuration gives to traces.
pub(super) fn memory(config: &CollectorConfig) -> Arc<Memory> {
    let limits = config.pipeline.iter().filter_map(|name| {
        let processor = config.processors.get(name).cloned();
        match processor.or_else(|| Processor::built_in(name))? {
            Processor::MemoryLimiter { limit_mib } => Some(limit_mib.saturating_mul(MIB)),
            Processor::Batch { .. } => None,
        }
    });
    // Without a limiter, memory is bounded by the senders alone.
    Memory::new(limits.min().unwrap_or(usize::MAX))
}

/// Makes the chain: the processors of the pipeline, then `ends`.
pub(super) fn chain(config: &CollectorConfig, ends: Vec<Arc<dyn Consumer>>) -> Arc<dyn Consumer> {
    let mut next = ends.into_iter().next().unwrap_or_else(|| Arc::new(Nobody));
    for name in config.pipeline.iter().rev() {
        let processor = config.processors.get(name).cloned();
        next = match processor.or_else(|| Processor::built_in(name)) {
            Some(Processor::Batch { size, timeout_ms }) => {
                Batch::start(size, Duration::from_millis(timeout_ms), next)
            }
            // It stands at the door.
            Some(Processor::MemoryLimiter { .. }) | None => next,
        };
    }
    next
}
