//! What is done to traces.

mod check;
mod filter;
mod limit;
mod redaction;
mod resource;
mod tail_sampling;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use filter::{Filter, SpanKind, SpanMatch, SpanStatus};
pub use limit::{ProbabilisticSampling, RateLimiting, Unit};
pub use redaction::{Redact, RedactedKey, RedactedValue, Redaction, Secrets};
pub use resource::{AttributeAction, AttributeChange, ResourceChanges, Scalar};
pub use tail_sampling::{Policy, TailSampling, XrayRule};

/// Something that is done to traces.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_processor")]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Processor {
    /// Makes few large parcels of many small ones.
    Batch {
        /// Spans and segments that make a batch. Default: 8192.
        #[serde(default = "batch_size")]
        size: usize,
        /// Milliseconds after which it goes as it is. Default: 200.
        #[serde(default = "batch_timeout")]
        timeout_ms: u64,
    },
    /// Refuses traces before memory grows.
    MemoryLimiter {
        /// MiB of traces that may lie in memory. Default: 128.
        #[serde(default = "memory_limit")]
        limit_mib: usize,
    },
    /// Changes what is known of those who send traces.
    Resource(ResourceChanges),
    /// Takes out what nobody should read.
    Redaction(Redaction),
    /// Drops spans and segments that nobody needs.
    Filter(Filter),
    /// Keeps a share of all traces, the same ones everywhere.
    ProbabilisticSampling(ProbabilisticSampling),
    /// Keeps no more than so many spans or traces a second.
    RateLimiting(RateLimiting),
    /// Holds traces until they are whole, and keeps those that matter.
    TailSampling(TailSampling),
}

impl Processor {
    /// A processor that needs no table of its own, with its defaults.
    pub fn built_in(name: &str) -> Option<Self> {
        match name {
            "batch" => Some(Self::Batch {
                size: batch_size(),
                timeout_ms: batch_timeout(),
            }),
            "memory-limiter" => Some(Self::MemoryLimiter {
                limit_mib: memory_limit(),
            }),
            _ => None,
        }
    }
}

fn batch_size() -> usize {
    8192
}

fn batch_timeout() -> u64 {
    200
}

fn memory_limit() -> usize {
    128
}
