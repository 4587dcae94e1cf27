//! Traces that are kept for what they turn out to be.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SpanMatch;

/// Holds traces until they are whole, and keeps those that any policy keeps.
/// While a trace is held it is in memory alone: its senders have been told that
/// all is well, and it is lost if the collector is killed.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_tail_sampling")]
#[serde(deny_unknown_fields)]
pub struct TailSampling {
    /// Milliseconds that a trace is held from its first span. Default: 10000.
    #[serde(default = "decision_wait")]
    pub decision_wait_ms: u64,
    /// Traces that are held at most: the oldest are decided early beyond it.
    /// Default: 50000.
    #[serde(default = "num_traces")]
    pub num_traces: usize,
    /// MiB of traces that are held at most: the oldest are decided early beyond
    /// it. Less than the memory limiter's limit. Default: 64.
    #[serde(default = "max_mib")]
    pub max_mib: usize,
    /// Decisions that are kept for spans that come late. Default: 100000.
    #[serde(default = "decision_cache")]
    pub decision_cache: usize,
    /// A trace is kept where any of these keeps it.
    pub policies: Vec<Policy>,
}

fn decision_wait() -> u64 {
    10_000
}

fn num_traces() -> usize {
    50_000
}

fn max_mib() -> usize {
    64
}

fn decision_cache() -> usize {
    100_000
}

/// What keeps a trace.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_tail_policy")]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Policy {
    /// It took long, from its first span's start to its last span's end.
    Latency {
        /// Milliseconds from which it is kept.
        threshold_ms: u64,
    },
    /// One of its spans ended with an error (`error`, `fault` or `throttle` of
    /// a segment), or with an HTTP status of 5xx.
    Error {},
    /// One of its spans meets this.
    Match(Box<SpanMatch>),
    /// A share of all traces, decided by the trace id as `probabilistic-sampling`
    /// does without a seed.
    Probabilistic {
        /// Percent of traces that are kept, 0 to 100.
        percentage: f64,
    },
    /// So many a second of the traces that no other policy keeps.
    RateLimiting {
        /// Traces a second.
        traces_per_second: f64,
    },
    /// A request that it begins with, or that a service of it serves, meets
    /// what a sampling rule of X-Ray asks for.
    XrayRule(XrayRule),
}

/// Patterns as in a sampling rule of X-Ray: `*` for any characters, `?` for one;
/// letter case does not count.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_tail_xray_rule")]
#[serde(default, deny_unknown_fields)]
pub struct XrayRule {
    /// The service's name. Default: `*`.
    pub service_name: String,
    /// The host of the request. Default: `*`.
    pub host: String,
    /// The method of the request. Default: `*`.
    pub http_method: String,
    /// The path of the request. Default: `*`.
    pub url_path: String,
    /// Fraction of the traces that meet it that are kept, 0 to 1, decided by the
    /// trace id. Default: 1.
    pub fixed_rate: f64,
}

impl Default for XrayRule {
    fn default() -> Self {
        let any = || "*".to_owned();
        Self {
            service_name: any(),
            host: any(),
            http_method: any(),
            url_path: any(),
            fixed_rate: 1.0,
        }
    }
}
