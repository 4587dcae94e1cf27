//! The three signals of OTLP.

use crate::collector;
use crate::otlp::Malformed;
use crate::otlp::wire::{Fields, Value};

/// What a request holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Traces,
    Metrics,
    Logs,
}

impl Signal {
    /// By the path of OTLP/HTTP.
    pub(super) fn of_http(path: &str) -> Option<Self> {
        match path {
            "/v1/traces" => Some(Self::Traces),
            "/v1/metrics" => Some(Self::Metrics),
            "/v1/logs" => Some(Self::Logs),
            _ => None,
        }
    }

    /// By the path of the gRPC method.
    pub(super) fn of_grpc(path: &str) -> Option<Self> {
        match path {
            "/opentelemetry.proto.collector.trace.v1.TraceService/Export" => Some(Self::Traces),
            "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export" => {
                Some(Self::Metrics)
            }
            "/opentelemetry.proto.collector.logs.v1.LogsService/Export" => Some(Self::Logs),
            _ => None,
        }
    }

    /// As it is counted.
    pub(super) fn counted(self) -> collector::Signal {
        match self {
            Self::Traces => collector::Signal::spans,
            Self::Metrics => collector::Signal::metric_points,
            Self::Logs => collector::Signal::log_records,
        }
    }
}

/// The fields on the way to what is counted, from the request on.
type Path = &'static [&'static [u32]];

/// Resources, scopes, metrics, the kinds of data, their points.
const POINTS: Path = &[&[1], &[2], &[2], &[5, 7, 9, 10, 11], &[1]];
/// Resources, scopes, records.
const RECORDS: Path = &[&[1], &[2], &[2]];

/// The points in a request of metrics. They are counted where they lie: read
/// into objects, empty ones would take a hundred times the room of the request.
pub(super) fn points(request: &[u8]) -> Result<usize, Malformed> {
    count(request, POINTS)
}

/// The records in a request of logs.
pub(super) fn records(request: &[u8]) -> Result<usize, Malformed> {
    count(request, RECORDS)
}

fn count(message: &[u8], path: Path) -> Result<usize, Malformed> {
    let Some((wanted, rest)) = path.split_first() else {
        return Ok(1);
    };
    let mut fields = Fields::of(message);
    let mut found = 0;
    while let Some((number, value)) = fields.read()? {
        match value {
            Value::Bytes(inner) if wanted.contains(&number) => found += count(inner, rest)?,
            _ if wanted.contains(&number) => return Err(Malformed::Mismatch),
            _ => {}
        }
    }
    Ok(found)
}
