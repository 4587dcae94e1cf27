//! Where traces are sent.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::receivers::Listen;

/// Somewhere that traces are sent.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_exporter")]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Exporter {
    /// AWS X-Ray: `PutTraceSegments`, signed.
    Xray(Xray),
    /// OTLP over gRPC.
    OtlpGrpc(OtlpGrpc),
    /// OTLP over HTTP, in protobuf.
    OtlpHttp(OtlpHttp),
    /// Zipkin's JSON, version 2.
    Zipkin(Zipkin),
    /// A page for Prometheus: requests, errors and durations by service and
    /// operation, and the collector's own counters.
    Prometheus(Prometheus),
    /// Writes to standard error what passes.
    Debug(Debug),
    /// Writes lines of OTLP/JSON to a file.
    File(File),
}

/// What waits to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_queue")]
#[serde(default, deny_unknown_fields)]
pub struct Queue {
    /// MiB of traces that wait at most. They count against the memory limiter
    /// too. Default: 32.
    pub mib: usize,
    /// Batches that wait at most. Default: 1000.
    pub batches: usize,
    /// What to do where there is no room. Default: `drop`.
    pub when_full: WhenFull,
}

/// What to do where a queue has no room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_when_full")]
#[serde(rename_all = "kebab-case")]
pub enum WhenFull {
    /// Drops what comes, and counts it: nobody else is slowed down.
    #[default]
    Drop,
    /// Waits for room, which slows down senders and all other exporters.
    Wait,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            mib: 32,
            batches: 1000,
            when_full: WhenFull::Drop,
        }
    }
}

/// When to try again what could not be sent. The time between two attempts
/// doubles each time, give or take half; a time that the destination asks for is
/// kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_retry")]
#[serde(default, deny_unknown_fields)]
pub struct Retry {
    /// Milliseconds before the second attempt. Default: 1000.
    pub initial_ms: u64,
    /// Milliseconds between two attempts at most. Default: 30000.
    pub max_ms: u64,
    /// Seconds after which traces are given up. Default: 300.
    pub give_up_seconds: u64,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            initial_ms: 1000,
            max_ms: 30_000,
            give_up_seconds: 300,
        }
    }
}

/// How requests are packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_compression")]
#[serde(rename_all = "kebab-case")]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// With gzip: less network, more processor.
    Gzip,
}

/// AWS X-Ray. Credentials are found as every AWS tool finds them.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_exporter_xray")]
#[serde(default, deny_unknown_fields)]
pub struct Xray {
    /// The region. Default: that of the environment or the profile.
    pub region: Option<String>,
    /// A profile of the shared configuration. Default: that of the environment.
    pub profile: Option<String>,
    /// Another endpoint than that of the region, such as
    /// `http://127.0.0.1:4566` of the embedded AWS. Default: the region's.
    pub endpoint: Option<String>,
    /// Whether requests are signed. AWS takes only signed ones; the embedded AWS
    /// takes others too. Default: true.
    pub sign: bool,
    /// Requests of 50 segments that are under way at a time. AWS answers within
    /// some 20 ms: each such request moves 2,500 segments a second. Default: 16.
    pub in_flight: usize,
    /// Seconds that an answer may take. Default: 30.
    pub timeout_seconds: u64,
    /// Makes annotations of all attributes that X-Ray can index. Default: false.
    pub index_all_attributes: bool,
    /// Attributes to make annotations of; those of a resource with
    /// `otel.resource.` before their name. Default: none.
    pub indexed_attributes: Vec<String>,
    /// Log groups of services whose resource names none. Default: none.
    pub log_groups: Vec<String>,
    /// What waits to be sent.
    pub queue: Queue,
    /// When to try again.
    pub retry: Retry,
}

impl Default for Xray {
    fn default() -> Self {
        Self {
            region: None,
            profile: None,
            endpoint: None,
            sign: true,
            in_flight: 16,
            timeout_seconds: 30,
            index_all_attributes: false,
            indexed_attributes: Vec::new(),
            log_groups: Vec::new(),
            queue: Queue::default(),
            retry: Retry::default(),
        }
    }
}

/// OTLP over gRPC.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_exporter_otlp_grpc")]
#[serde(deny_unknown_fields)]
pub struct OtlpGrpc {
    /// Where to: `http://host:4317`, or `https://…`.
    pub endpoint: String,
    /// Headers of every request, such as a key of an API. Default: none.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// How requests are packed. Default: `none`.
    #[serde(default)]
    pub compression: Compression,
    /// KiB of a request at most, unpacked, where it is made of several that
    /// came in. Default: 2048, half of what gRPC takes as it comes.
    #[serde(default = "grpc_request_kib")]
    pub request_kib: usize,
    /// Requests that are under way at a time. Default: 4.
    #[serde(default = "in_flight")]
    pub in_flight: usize,
    /// Seconds that an answer may take. Default: 10.
    #[serde(default = "timeout_seconds")]
    pub timeout_seconds: u64,
    /// What waits to be sent.
    #[serde(default)]
    pub queue: Queue,
    /// When to try again.
    #[serde(default)]
    pub retry: Retry,
}

/// OTLP over HTTP, in protobuf.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_exporter_otlp_http")]
#[serde(deny_unknown_fields)]
pub struct OtlpHttp {
    /// Where to: `http://host:4318`, or `https://…`. `/v1/traces` is added where
    /// it does not end so.
    pub endpoint: String,
    /// Headers of every request, such as a key of an API. Default: none.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// How requests are packed. Default: `none`.
    #[serde(default)]
    pub compression: Compression,
    /// KiB of a request at most, unpacked, where it is made of several that
    /// came in. Default: 4096.
    #[serde(default = "http_request_kib")]
    pub request_kib: usize,
    /// Requests that are under way at a time. Default: 4.
    #[serde(default = "in_flight")]
    pub in_flight: usize,
    /// Seconds that an answer may take. Default: 10.
    #[serde(default = "timeout_seconds")]
    pub timeout_seconds: u64,
    /// What waits to be sent.
    #[serde(default)]
    pub queue: Queue,
    /// When to try again.
    #[serde(default)]
    pub retry: Retry,
}

/// Zipkin.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_exporter_zipkin")]
#[serde(deny_unknown_fields)]
pub struct Zipkin {
    /// Where to: `http://host:9411`, or `https://…`. `/api/v2/spans` is added
    /// where it does not end so.
    pub endpoint: String,
    /// Headers of every request. Default: none.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Requests that are under way at a time. Default: 4.
    #[serde(default = "in_flight")]
    pub in_flight: usize,
    /// Seconds that an answer may take. Default: 10.
    #[serde(default = "timeout_seconds")]
    pub timeout_seconds: u64,
    /// What waits to be sent.
    #[serde(default)]
    pub queue: Queue,
    /// When to try again.
    #[serde(default)]
    pub retry: Retry,
}

/// A page for Prometheus.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_exporter_prometheus")]
#[serde(default, deny_unknown_fields)]
pub struct Prometheus {
    /// The address of `/metrics`. Default: `127.0.0.1:8889`.
    pub listen: Listen,
    /// Series at most, one a service, operation and kind; what is beyond is
    /// counted for the service and operation `overflow`. Default: 1000.
    pub series: usize,
    /// Upper bounds of the histogram's buckets in seconds, rising. Default:
    /// 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5 and 10.
    pub buckets: Vec<f64>,
}

impl Default for Prometheus {
    fn default() -> Self {
        Self {
            listen: Listen::loopback(8889),
            series: 1000,
            buckets: vec![
                0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
            ],
        }
    }
}

/// Writes to standard error what passes.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_exporter_debug")]
#[serde(default, deny_unknown_fields)]
pub struct Debug {
    /// Whether every span is written with its attributes, instead of one line a
    /// batch. Default: false.
    pub detailed: bool,
}

/// Writes lines of OTLP/JSON to a file.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_exporter_file")]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The file. What is in it already stays.
    pub path: PathBuf,
    /// MiB after which it is renamed (`path.1`, `path.2`, …) and begun anew.
    /// Default: 100.
    #[serde(default = "file_mib")]
    pub max_mib: usize,
    /// Files that are kept besides the one that is written. Default: 5.
    #[serde(default = "file_backups")]
    pub backups: usize,
    /// What waits to be written.
    #[serde(default)]
    pub queue: Queue,
    /// When to try again, as where the disk is full.
    #[serde(default)]
    pub retry: Retry,
}

fn grpc_request_kib() -> usize {
    2048
}

fn http_request_kib() -> usize {
    4096
}

fn in_flight() -> usize {
    4
}

fn timeout_seconds() -> u64 {
    10
}

fn file_mib() -> usize {
    100
}

fn file_backups() -> usize {
    5
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Exporter, toml::de::Error> {
        toml::from_str(text)
    }

    #[test]
    fn every_type_is_read_with_its_defaults() {
        let Exporter::Xray(xray) = read("type = 'xray'\nqueue = { mib = 8 }").unwrap() else {
            panic!("another type");
        };
        assert!(xray.sign && xray.in_flight == 16 && xray.queue.batches == 1000);
        assert_eq!((xray.queue.mib, xray.retry.give_up_seconds), (8, 300));
        for (kind, rest) in [
            ("otlp-grpc", "endpoint = 'http://localhost:4317'"),
            ("otlp-http", "endpoint = 'http://localhost:4318'"),
            ("zipkin", "endpoint = 'http://localhost:9411'"),
            ("prometheus", "listen = 'off'"),
            ("debug", "detailed = true"),
            ("file", "path = 'traces.jsonl'"),
        ] {
            read(&format!("type = '{kind}'\n{rest}")).unwrap();
        }
    }

    #[test]
    fn unknown_keys_and_types_are_refused() {
        for kind in ["xray", "prometheus", "debug"] {
            let error = read(&format!("type = '{kind}'\nendpiont = 'x'")).unwrap_err();
            assert!(error.to_string().contains("endpiont"), "{error}");
        }
        read("type = 'kafka'").unwrap_err();
        read("type = 'otlp-http'").unwrap_err();
        read("type = 'xray'\nqueue = { when_full = 'panic' }").unwrap_err();
    }
}
