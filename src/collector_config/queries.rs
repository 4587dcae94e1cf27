//! Where traces are read back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::receivers::Listen;

/// Where traces that are kept are read back with the APIs of other tools: an
/// address each, or `off`. With the store off there is nothing to read, and none
/// of them is served.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_queries")]
#[serde(default, deny_unknown_fields)]
pub struct Queries {
    /// Jaeger's query API over HTTP: `/api/v3/…`, and the older `/api/…` that
    /// Grafana asks. Default: `127.0.0.1:16686`.
    pub jaeger_http: Listen,
    /// Jaeger's query API over gRPC, `jaeger.api_v3.QueryService`. Default:
    /// `127.0.0.1:16685`.
    pub jaeger_grpc: Listen,
    /// Whether Zipkin's query API is served where Zipkin's spans come in.
    /// Default: true.
    pub zipkin: bool,
}

impl Default for Queries {
    fn default() -> Self {
        Self {
            jaeger_http: Listen::loopback(16686),
            jaeger_grpc: Listen::loopback(16685),
            zipkin: true,
        }
    }
}
