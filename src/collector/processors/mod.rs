//! What is done to traces on their way, in the order of the configuration.

mod batch;
mod bucket;
mod consistent;
mod edit;
mod filter;
mod matching;
mod probabilistic;
mod rate_limiting;
mod recent;
mod redaction;
mod resource;
mod tail_sampling;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use super::{Consumer, Counters};
use crate::collector_config::Processor;

pub use batch::Batch;
pub use bucket::{Clock, runtime_clock};
pub use filter::Filter;
pub use probabilistic::ProbabilisticSampling;
pub use rate_limiting::RateLimiting;
pub use redaction::Redaction;
pub use resource::Resource;
pub use tail_sampling::TailSampling;

/// Starts what `processor`, which has this name in the configuration, says,
/// before `next`. The memory limiter is nothing here: it is asked at the door.
/// Runs in a runtime.
///
/// # Errors
/// Where a pattern is no regular expression, which the check of the
/// configuration says first.
pub fn start(
    name: &str,
    processor: &Processor,
    counters: &Counters,
    next: Arc<dyn Consumer>,
) -> Result<Arc<dyn Consumer>, regex::Error> {
    let counters = counters.clone();
    let started: Arc<dyn Consumer> = match processor {
        Processor::Batch { size, timeout_ms } => {
            Batch::new(*size, Duration::from_millis(*timeout_ms), next)
        }
        Processor::MemoryLimiter { .. } => next,
        Processor::Resource(changes) => Resource::new(changes, next),
        Processor::Redaction(redaction) => Redaction::new(redaction, counters, next)?,
        Processor::Filter(filter) => Filter::new(name, filter, counters, next)?,
        Processor::ProbabilisticSampling(sampling) => {
            ProbabilisticSampling::new(name, sampling, counters, next)
        }
        Processor::RateLimiting(limit) => {
            RateLimiting::new(name, limit, runtime_clock(), counters, next)
        }
        Processor::TailSampling(tail) => {
            TailSampling::start(name, tail, runtime_clock(), counters, next)?
        }
    };
    Ok(started)
}
