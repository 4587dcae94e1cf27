//! Where traces are sent.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::document::{Pipeline, Section, milliseconds, nanoseconds, seconds};
use super::draft::{Draft, at};
use crate::collector_config::{
    CollectorConfig, Compression, Exporter, File, OtlpGrpc, OtlpHttp, Prometheus, Queue, Retry,
    WhenFull, Xray, Zipkin,
};

/// Bytes in a KiB, and KiB in a MiB.
const KIB: usize = 1024;

/// Describes every exporter, and says what the pipeline of traces calls them.
pub(super) fn all(config: &CollectorConfig, region: &str, draft: &mut Draft) -> Vec<String> {
    let mut ids = Vec::new();
    for (name, exporter) in &config.exporters {
        let id = match exporter {
            Exporter::Xray(xray) => Some(xray_of(name, xray, region, draft)),
            Exporter::OtlpGrpc(otlp) => Some(grpc(name, otlp, draft)),
            Exporter::OtlpHttp(otlp) => Some(http(name, otlp, draft)),
            Exporter::Zipkin(zipkin) => Some(zipkin_of(name, zipkin, draft)),
            Exporter::Prometheus(prometheus) => prometheus_of(name, prometheus, draft),
            Exporter::Debug(debug) => {
                let verbosity = if debug.detailed { "detailed" } else { "basic" };
                let settings = json!({ "verbosity": verbosity });
                Some(describe("debug", name, settings, draft))
            }
            Exporter::File(file) => Some(file_of(name, file, draft)),
        };
        ids.extend(id);
    }
    if ids.is_empty() {
        draft.error(
            at(&["exporters"]),
            "traces go nowhere: the Collector keeps none, and does not start without an exporter"
                .to_owned(),
            "describe one, such as `[collector.exporters.xray]` with `type = \"xray\"`",
        );
    }
    ids
}

/// Describes the way from an agent to its gateways: all spans of a trace to the
/// same one.
pub(super) fn to_gateway(host: &str, port: u16, draft: &mut Draft) -> Vec<String> {
    let settings = json!({
        "routing_key": "traceID",
        "protocol": {
            "otlp": { "timeout": "10s", "tls": { "insecure": true } },
        },
        "resolver": {
            "dns": { "hostname": host, "port": port.to_string() },
        },
    });
    draft.note("agents send to gateways in plain text: for a network that nobody else is on");
    vec![draft.add(
        Section::Exporters,
        "loadbalancing",
        "",
        Vec::new(),
        settings,
    )]
}

fn describe(kind: &'static str, name: &str, settings: Value, draft: &mut Draft) -> String {
    let steps = at(&["exporters", name]);
    draft.add(Section::Exporters, kind, name, steps, settings)
}

fn xray_of(name: &str, xray: &Xray, region: &str, draft: &mut Draft) -> String {
    let steps = |field: &str| at(&["exporters", name, field]);
    if let Some(profile) = &xray.profile {
        draft.warn(
            steps("profile"),
            "the Collector takes the profile of its environment".to_owned(),
            &format!("start it with AWS_PROFILE={profile}"),
        );
    }
    if !xray.sign {
        draft.warn(
            steps("sign"),
            "the Collector signs all requests".to_owned(),
            "give it any credentials: who does not check signatures takes them",
        );
    }
    if xray.queue != Queue::default() {
        draft.warn(
            steps("queue"),
            "the Collector's `awsxray` exporter has no queue".to_owned(),
            "leave it out: senders wait while X-Ray is asked",
        );
    }
    if xray.retry != Retry::default() {
        draft.warn(
            steps("retry"),
            "the Collector's `awsxray` exporter tries again twice, as AWS's SDK does".to_owned(),
            "leave it out",
        );
    }
    draft.note(
        "`awsxray` has no queue and no retries beyond those of AWS's SDK, and sends one request after another",
    );
    let mut settings = Map::new();
    let region = xray.region.as_deref().unwrap_or(region);
    settings.insert("region".to_owned(), region.into());
    if let Some(endpoint) = &xray.endpoint {
        settings.insert("endpoint".to_owned(), endpoint.as_str().into());
    }
    settings.insert("num_workers".to_owned(), xray.in_flight.into());
    let timeout = xray.timeout_seconds.min(i64::MAX.unsigned_abs());
    settings.insert("request_timeout_seconds".to_owned(), timeout.into());
    if xray.index_all_attributes {
        settings.insert("index_all_attributes".to_owned(), true.into());
    }
    for (field, texts) in [
        ("indexed_attributes", &xray.indexed_attributes),
        ("aws_log_groups", &xray.log_groups),
    ] {
        if !texts.is_empty() {
            settings.insert(field.to_owned(), json!(texts));
        }
    }
    describe("awsxray", name, settings.into(), draft)
}

fn grpc(name: &str, otlp: &OtlpGrpc, draft: &mut Draft) -> String {
    let (endpoint, is_plain) = without_scheme(&otlp.endpoint);
    let mut settings = Map::new();
    settings.insert("endpoint".to_owned(), endpoint.into());
    settings.insert("tls".to_owned(), json!({ "insecure": is_plain }));
    let delivery = Delivery {
        headers: &otlp.headers,
        compression: Some(otlp.compression),
        timeout_seconds: otlp.timeout_seconds,
        in_flight: otlp.in_flight,
        request_kib: otlp.request_kib,
        queue: &otlp.queue,
        retry: &otlp.retry,
    };
    delivery.describe(&mut settings, name, draft);
    describe("otlp", name, settings.into(), draft)
}

fn http(name: &str, otlp: &OtlpHttp, draft: &mut Draft) -> String {
    let endpoint = otlp.endpoint.trim_end_matches('/');
    let field = if endpoint.ends_with("/v1/traces") {
        "traces_endpoint"
    } else {
        "endpoint"
    };
    let mut settings = Map::new();
    settings.insert(field.to_owned(), endpoint.into());
    let delivery = Delivery {
        headers: &otlp.headers,
        compression: Some(otlp.compression),
        timeout_seconds: otlp.timeout_seconds,
        in_flight: otlp.in_flight,
        request_kib: otlp.request_kib,
        queue: &otlp.queue,
        retry: &otlp.retry,
    };
    delivery.describe(&mut settings, name, draft);
    describe("otlphttp", name, settings.into(), draft)
}

fn zipkin_of(name: &str, zipkin: &Zipkin, draft: &mut Draft) -> String {
    const PATH: &str = "/api/v2/spans";
    let endpoint = zipkin.endpoint.trim_end_matches('/');
    let path = if endpoint.ends_with(PATH) { "" } else { PATH };
    let mut settings = Map::new();
    settings.insert("endpoint".to_owned(), format!("{endpoint}{path}").into());
    let delivery = Delivery {
        headers: &zipkin.headers,
        compression: None,
        timeout_seconds: zipkin.timeout_seconds,
        in_flight: zipkin.in_flight,
        request_kib: 0,
        queue: &zipkin.queue,
        retry: &zipkin.retry,
    };
    delivery.describe(&mut settings, name, draft);
    describe("zipkin", name, settings.into(), draft)
}

/// Makes metrics of traces in a connector, and a page of them in a pipeline of
/// their own. Nothing where the page is off.
fn prometheus_of(name: &str, prometheus: &Prometheus, draft: &mut Draft) -> Option<String> {
    let steps = |field: &str| at(&["exporters", name, field]);
    let Some(address) = prometheus.listen.address() else {
        draft.warn(
            steps("listen"),
            "it is off: this exporter is left out".to_owned(),
            "take the exporter out of the spec, or write `listen = \"127.0.0.1:8889\"`",
        );
        return None;
    };
    draft.note(
        "metrics are called `traces_span_metrics_calls` and `traces_span_metrics_duration`; \
         the Collector's own counters are on port 8888",
    );
    let mut histogram = Map::from_iter([("unit".to_owned(), json!("s"))]);
    let bounds = prometheus.buckets.iter().filter(|bound| bound.is_finite());
    let bounds: Vec<String> = bounds.map(|bound| duration(*bound)).collect();
    if !bounds.is_empty() {
        histogram.insert("explicit".to_owned(), json!({ "buckets": bounds }));
    }
    let settings = json!({
        "histogram": histogram,
        "aggregation_cardinality_limit": prometheus.series,
        "metrics_flush_interval": "15s",
    });
    let whole = at(&["exporters", name]);
    let connector = draft.add(Section::Connectors, "spanmetrics", name, whole, settings);
    let settings = json!({ "endpoint": address.to_string() });
    let exporter = describe("prometheus", name, settings, draft);
    // The page's id is no other page's.
    let pipeline = exporter.replacen("prometheus", "metrics", 1);
    draft.document.pipelines.push(Pipeline {
        name: pipeline,
        receivers: vec![connector.clone()],
        processors: Vec::new(),
        exporters: vec![exporter],
    });
    Some(connector)
}

fn file_of(name: &str, file: &File, draft: &mut Draft) -> String {
    if file.queue != Queue::default() || file.retry != Retry::default() {
        draft.warn(
            at(&["exporters", name]),
            "the Collector's `file` exporter has neither queue nor retries".to_owned(),
            "leave `queue` and `retry` out",
        );
    }
    let settings = json!({
        "path": file.path.display().to_string(),
        "rotation": { "max_megabytes": file.max_mib, "max_backups": file.backups },
    });
    describe("file", name, settings, draft)
}

/// An address without its scheme, and whether it is spoken to in plain text.
fn without_scheme(endpoint: &str) -> (&str, bool) {
    let endpoint = endpoint.trim_end_matches('/');
    match endpoint.split_once("://") {
        Some((scheme, rest)) => (rest, !scheme.eq_ignore_ascii_case("https")),
        None => (endpoint, true),
    }
}

/// How exporters of requests send: the same fields in all of them.
struct Delivery<'a> {
    headers: &'a BTreeMap<String, String>,
    /// `None` where the Collector's exporter has no such field.
    compression: Option<Compression>,
    timeout_seconds: u64,
    in_flight: usize,
    /// 0 where requests are not cut.
    request_kib: usize,
    queue: &'a Queue,
    retry: &'a Retry,
}

impl Delivery<'_> {
    fn describe(&self, settings: &mut Map<String, Value>, name: &str, draft: &mut Draft) {
        client(settings, self.headers, self.compression);
        let timeout = seconds(self.timeout_seconds);
        settings.insert("timeout".to_owned(), timeout.into());
        let queue = sending_queue(name, self.queue, self.in_flight, draft);
        let queue = in_requests(queue, self.request_kib);
        settings.insert("sending_queue".to_owned(), queue);
        settings.insert("retry_on_failure".to_owned(), retry(self.retry));
    }
}

fn client(
    settings: &mut Map<String, Value>,
    headers: &BTreeMap<String, String>,
    compression: Option<Compression>,
) {
    if !headers.is_empty() {
        settings.insert("headers".to_owned(), json!(headers));
    }
    let compression = compression.map(|compression| match compression {
        Compression::None => "none",
        Compression::Gzip => "gzip",
    });
    if let Some(compression) = compression {
        settings.insert("compression".to_owned(), compression.into());
    }
}

/// What waits to be sent. Our queues count bytes and batches, the Collector's
/// one of them: bytes are what memory is made of.
fn sending_queue(name: &str, queue: &Queue, in_flight: usize, draft: &mut Draft) -> Value {
    if queue.batches != Queue::default().batches {
        draft.warn(
            at(&["exporters", name, "queue", "batches"]),
            "the Collector's queue counts bytes here, and no batches".to_owned(),
            "leave it out, and say `mib`",
        );
    }
    for (value, field) in [
        (queue.mib, &["queue", "mib"][..]),
        (in_flight, &["in_flight"]),
    ] {
        if value == 0 {
            let mut steps = at(&["exporters", name]);
            steps.extend(at(field));
            let message = "it is 0, with which the Collector does not start".to_owned();
            draft.error(steps, message, "write 1 or more");
        }
    }
    json!({
        "sizer": "bytes",
        "queue_size": whole(queue.mib.saturating_mul(KIB * KIB)),
        "num_consumers": whole(in_flight),
        "block_on_overflow": queue.when_full == WhenFull::Wait,
    })
}

/// Cuts what waits into requests of so many KiB.
fn in_requests(mut queue: Value, kib: usize) -> Value {
    if kib > 0 {
        queue["batch"] = json!({
            "sizer": "bytes",
            "min_size": 0,
            "max_size": whole(kib.saturating_mul(KIB)),
            "flush_timeout": "200ms",
        });
    }
    queue
}

/// A number that Go can hold.
fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// When to try again. The Collector demands that no wait is longer than the
/// time after which it gives up, and takes 0 for never.
fn retry(retry: &Retry) -> Value {
    if retry.give_up_seconds == 0 {
        return json!({ "enabled": false });
    }
    let give_up = retry.give_up_seconds.saturating_mul(1000);
    let most = retry.max_ms.clamp(1, give_up);
    json!({
        "enabled": true,
        "initial_interval": milliseconds(retry.initial_ms.clamp(1, most)),
        "multiplier": 2,
        "randomization_factor": 0.5,
        "max_interval": milliseconds(most),
        "max_elapsed_time": seconds(retry.give_up_seconds),
    })
}

/// Seconds as Go writes durations.
fn duration(seconds: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "no bound is below 0, and none that matters above 292 years"
    )]
    let nanos = (seconds * 1e9).round().max(0.0) as u64;
    nanoseconds(nanos)
}
