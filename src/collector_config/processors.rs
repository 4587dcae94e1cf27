//! What is done to traces.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
