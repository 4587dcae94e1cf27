//! Requests, errors and durations by service, operation and kind.

use std::collections::HashMap;
use std::fmt::Write;

use crate::otlp::view::{self, Kind, Span};

/// Bytes of a service's or operation's name that are kept.
const MOST_NAME: usize = 256;
/// What is beyond the number of series is counted for the service and the
/// operation of this name.
const OVERFLOW: &str = "overflow";
const KINDS: usize = 6;
const NANOS: f64 = 1e9;

/// All series. What a span costs here is two look-ups by text.
#[derive(Debug)]
pub(super) struct Series {
    /// Upper bounds of the buckets, in seconds, rising.
    buckets: Vec<f64>,
    most: usize,
    count: usize,
    services: HashMap<Box<str>, Operations>,
    overflow: Operation,
}

type Operations = HashMap<Box<str>, Operation>;
/// By the kind's place in the protocol's enum.
type Operation = [Option<Box<Durations>>; KINDS];

#[derive(Debug)]
struct Durations {
    requests: u64,
    errors: u64,
    /// By bucket, those of lower buckets not included; the last has no bound.
    within: Vec<u64>,
    /// Nanoseconds.
    sum: u128,
}

impl Series {
    pub(super) fn new(buckets: &[f64], most: usize) -> Self {
        let mut buckets: Vec<_> = buckets.to_vec();
        buckets.retain(|bound| bound.is_finite());
        buckets.sort_by(f64::total_cmp);
        buckets.dedup();
        Self {
            buckets,
            most,
            count: 0,
            services: HashMap::new(),
            overflow: Operation::default(),
        }
    }

    /// Counts the spans of a request.
    pub(super) fn add(&mut self, request: &[u8]) {
        for resource in view::resources(request) {
            let attributes = resource.resource().attributes();
            let service = attributes.text("service.name").unwrap_or("unknown_service");
            for span in resource.scopes().flat_map(view::ScopeSpans::spans) {
                self.span(cut(service), &span);
            }
        }
    }

    fn span(&mut self, service: &str, span: &Span<'_>) {
        let nanos = span
            .end_time_unix_nano
            .saturating_sub(span.start_time_unix_nano);
        let bounds = self.buckets.len();
        #[expect(clippy::cast_precision_loss, reason = "a bucket does not need it")]
        let seconds = nanos as f64 / NANOS;
        let within = self.buckets.partition_point(|bound| *bound < seconds);
        let durations = self.durations(service, cut(span.name), place(span.kind));
        let durations = durations.get_or_insert_with(|| Box::new(Durations::new(bounds + 1)));
        durations.requests += 1;
        durations.errors += u64::from(span.status.is_error());
        durations.within[within] += 1;
        durations.sum += u128::from(nanos);
    }

    /// The place of a series, that of the overflow where there is no room for a
    /// new one.
    fn durations(
        &mut self,
        service: &str,
        operation: &str,
        kind: usize,
    ) -> &mut Option<Box<Durations>> {
        let known = self.services.get(service);
        let known = known.and_then(|operations| operations.get(operation));
        if known.is_none_or(|kinds| kinds[kind].is_none()) {
            if self.count >= self.most {
                return &mut self.overflow[kind];
            }
            self.count += 1;
            let operations = self.services.entry(service.into()).or_default();
            return &mut operations.entry(operation.into()).or_default()[kind];
        }
        let operations = self.services.get_mut(service);
        match operations.and_then(|operations| operations.get_mut(operation)) {
            Some(kinds) => &mut kinds[kind],
            None => &mut self.overflow[kind],
        }
    }

    /// Writes all in the text format of `OpenMetrics`, in the order of names
    /// (<https://prometheus.io/docs/specs/om/open_metrics_spec/>).
    pub(super) fn write(&self, out: &mut String) -> std::fmt::Result {
        let all = self.sorted();
        out.push_str("# HELP traces_requests Spans by service, operation and kind.\n");
        out.push_str("# TYPE traces_requests counter\n");
        for (labels, one) in &all {
            writeln!(out, "traces_requests_total{{{labels}}} {}", one.requests)?;
        }
        out.push_str("# HELP traces_errors Spans that ended with an error.\n");
        out.push_str("# TYPE traces_errors counter\n");
        for (labels, one) in &all {
            writeln!(out, "traces_errors_total{{{labels}}} {}", one.errors)?;
        }
        out.push_str("# HELP traces_duration_seconds How long spans took.\n");
        out.push_str("# TYPE traces_duration_seconds histogram\n");
        out.push_str("# UNIT traces_duration_seconds seconds\n");
        for (labels, one) in &all {
            self.histogram(out, labels, one)?;
        }
        Ok(())
    }

    fn histogram(&self, out: &mut String, labels: &str, one: &Durations) -> std::fmt::Result {
        let name = "traces_duration_seconds";
        let mut below = 0;
        for (bound, count) in self.buckets.iter().zip(&one.within) {
            below += count;
            writeln!(out, "{name}_bucket{{{labels},le=\"{bound:?}\"}} {below}")?;
        }
        let requests = one.requests;
        writeln!(out, "{name}_bucket{{{labels},le=\"+Inf\"}} {requests}")?;
        #[expect(
            clippy::cast_precision_loss,
            reason = "a sum of seconds has its limits"
        )]
        let sum = one.sum as f64 / NANOS;
        writeln!(out, "{name}_sum{{{labels}}} {sum}")?;
        writeln!(out, "{name}_count{{{labels}}} {requests}")
    }

    /// Every series with its labels.
    fn sorted(&self) -> Vec<(String, &Durations)> {
        let named = self.services.iter().flat_map(|(service, operations)| {
            let operations = operations.iter();
            operations.map(move |(operation, kinds)| (&**service, &**operation, kinds))
        });
        let overflow = std::iter::once((OVERFLOW, OVERFLOW, &self.overflow));
        let mut all: Vec<_> = named
            .chain(overflow)
            .flat_map(|(service, operation, kinds)| {
                let kinds = kinds.iter().enumerate();
                kinds.filter_map(move |(kind, one)| {
                    Some((labels(service, operation, kind), &**one.as_ref()?))
                })
            })
            .collect();
        all.sort_by(|left, right| left.0.cmp(&right.0));
        all
    }
}

impl Durations {
    fn new(buckets: usize) -> Self {
        Self {
            requests: 0,
            errors: 0,
            within: vec![0; buckets],
            sum: 0,
        }
    }
}

fn place(kind: Kind) -> usize {
    match kind {
        Kind::Unspecified => 0,
        Kind::Internal => 1,
        Kind::Server => 2,
        Kind::Client => 3,
        Kind::Producer => 4,
        Kind::Consumer => 5,
    }
}

const KIND_NAMES: [&str; KINDS] = [
    "unspecified",
    "internal",
    "server",
    "client",
    "producer",
    "consumer",
];

/// The start of a name that is too long.
fn cut(name: &str) -> &str {
    &name[..name.floor_char_boundary(MOST_NAME)]
}

fn labels(service: &str, operation: &str, kind: usize) -> String {
    let (service, operation) = (escaped(service), escaped(operation));
    let kind = KIND_NAMES[kind];
    format!("service=\"{service}\",operation=\"{operation}\",kind=\"{kind}\"")
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otlp::view::AnyValue;
    use crate::otlp::write;

    /// One span.
    fn request(service: &str, operation: &str, millis: u64, status: u64) -> Vec<u8> {
        let mut out = Vec::new();
        write::message(&mut out, 1, |out| {
            write::message(out, 1, |out| {
                write::attribute(out, 1, "service.name", AnyValue::Text(service));
            });
            write::message(out, 2, |out| {
                write::message(out, 2, |out| {
                    write::bytes(out, 5, operation.as_bytes());
                    write::number(out, 6, 2);
                    write::fixed64(out, 7, 5_000_000_000);
                    write::fixed64(out, 8, 5_000_000_000 + millis * 1_000_000);
                    write::message(out, 15, |out| write::number(out, 3, status));
                });
            });
        });
        out
    }

    fn text(series: &Series) -> String {
        let mut out = String::new();
        series.write(&mut out).unwrap();
        out
    }

    #[test]
    fn counts_requests_errors_and_durations() {
        let mut series = Series::new(&[0.25, 0.5, 0.1], 10);
        for (millis, status) in [(100, 0), (101, 2), (400, 1), (5000, 2)] {
            series.add(&request("a\"b", "GET /\n", millis, status));
        }
        let labels = r#"service="a\"b",operation="GET /\n",kind="server""#;
        let expected = format!(
            "# HELP traces_requests Spans by service, operation and kind.\n\
             # TYPE traces_requests counter\n\
             traces_requests_total{{{labels}}} 4\n\
             # HELP traces_errors Spans that ended with an error.\n\
             # TYPE traces_errors counter\n\
             traces_errors_total{{{labels}}} 2\n\
             # HELP traces_duration_seconds How long spans took.\n\
             # TYPE traces_duration_seconds histogram\n\
             # UNIT traces_duration_seconds seconds\n\
             traces_duration_seconds_bucket{{{labels},le=\"0.1\"}} 1\n\
             traces_duration_seconds_bucket{{{labels},le=\"0.25\"}} 2\n\
             traces_duration_seconds_bucket{{{labels},le=\"0.5\"}} 3\n\
             traces_duration_seconds_bucket{{{labels},le=\"+Inf\"}} 4\n\
             traces_duration_seconds_sum{{{labels}}} 5.601\n\
             traces_duration_seconds_count{{{labels}}} 4\n"
        );
        assert_eq!(text(&series), expected);
    }

    #[test]
    fn what_is_beyond_the_limit_is_the_overflows() {
        let mut series = Series::new(&[1.0], 3);
        for number in 0..10 {
            series.add(&request("a", &format!("op {number}"), 1, 0));
        }
        series.add(&request("a", "op 1", 1, 0));
        let text = text(&series);
        let totals: Vec<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("traces_requests_total"))
            .collect();
        assert_eq!(
            totals,
            [
                r#"{service="a",operation="op 0",kind="server"} 1"#,
                r#"{service="a",operation="op 1",kind="server"} 2"#,
                r#"{service="a",operation="op 2",kind="server"} 1"#,
                r#"{service="overflow",operation="overflow",kind="server"} 7"#,
            ]
        );
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        let mut series = Series::new(&[], 3);
        series.add(&request(&"é".repeat(200), &"x".repeat(5000), 1, 0));
        let text = text(&series);
        assert!(text.contains(&format!("service=\"{}\"", "é".repeat(128))));
        assert!(text.contains(&format!("operation=\"{}\"", "x".repeat(256))));
    }
}
