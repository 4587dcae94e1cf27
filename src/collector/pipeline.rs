//! The chain that traces go along, made of a configuration.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::consumer::Consumer;
use super::counters::Counters;
use super::memory::Memory;
use super::parcel::Parcel;
use super::processors::{self, Batch};
use crate::collector_config::{CollectorConfig, Processor};

/// Bytes in a MiB.
const MIB: usize = 1024 * 1024;

/// Who wants traces at the end of a chain.
#[derive(Default)]
pub(super) struct Ends {
    /// Keeps them: senders wait for it.
    pub(super) store: Option<Arc<dyn Consumer>>,
    /// Sends them on, in batches.
    pub(super) exporters: Option<Arc<dyn Consumer>>,
}

#[async_trait]
impl Consumer for Ends {
    async fn consume(&self, mut parcel: Parcel) {
        match (&self.store, &self.exporters) {
            (Some(store), Some(exporters)) => {
                let copy = parcel.copy();
                tokio::join!(store.consume(parcel), exporters.consume(copy));
            }
            (Some(end), None) | (None, Some(end)) => end.consume(parcel).await,
            // Nobody wants them: they are let go.
            (None, None) => {}
        }
    }

    async fn drain(&self) {
        for end in [&self.store, &self.exporters].into_iter().flatten() {
            end.drain().await;
        }
    }
}

/// The processors of a pipeline by name, in their order.
fn listed(config: &CollectorConfig) -> impl DoubleEndedIterator<Item = (&str, Processor)> {
    let names = config.pipeline.iter();
    names.filter_map(|name| {
        let described = config.processors.get(name).cloned();
        let processor = described.or_else(|| Processor::built_in(name))?;
        Some((name.as_str(), processor))
    })
}

/// The room that a configuration gives to traces.
pub(super) fn memory(config: &CollectorConfig) -> Arc<Memory> {
    let limits = listed(config).filter_map(|(_, processor)| match processor {
        Processor::MemoryLimiter { limit_mib } => Some(limit_mib.saturating_mul(MIB)),
        _ => None,
    });
    // Without a limiter, memory is bounded by the senders alone.
    Memory::new(limits.min().unwrap_or(usize::MAX))
}

/// Makes the chain: the processors of the pipeline, then `ends`.
///
/// A batch is for those who send traces on, wherever it stands in the pipeline:
/// the store makes groups of its own, and who waits for it does not wait for a
/// batch to be full.
///
/// # Errors
/// A pattern that is no regular expression.
pub(super) fn chain(
    config: &CollectorConfig,
    counters: &Counters,
    mut ends: Ends,
) -> Result<Arc<dyn Consumer>, regex::Error> {
    let batch = |processor: &Processor| matches!(processor, Processor::Batch { .. });
    for (_, processor) in listed(config).rev() {
        if let Processor::Batch { size, timeout_ms } = processor {
            let timeout = Duration::from_millis(timeout_ms);
            let exporters = ends.exporters.take();
            ends.exporters =
                exporters.map(|next| -> Arc<dyn Consumer> { Batch::new(size, timeout, next) });
        }
    }
    let others = listed(config)
        .rev()
        .filter(|(_, processor)| !batch(processor));
    let mut next: Arc<dyn Consumer> = Arc::new(ends);
    for (name, processor) in others {
        next = processors::start(name, &processor, counters, next)?;
    }
    Ok(next)
}
