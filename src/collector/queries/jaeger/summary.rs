//! What Jaeger tells of a trace in a list.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value, json};

use super::super::trace::Trace;

/// A trace, in numbers.
#[derive(Debug, Default)]
pub(super) struct Summary {
    pub(super) trace_id: String,
    /// Service and operation of the first span that has no parent.
    pub(super) root: Option<(String, String)>,
    /// Nanoseconds since 1970.
    pub(super) start: u64,
    /// Nanoseconds since 1970.
    pub(super) end: u64,
    pub(super) spans: u32,
    pub(super) errors: u32,
    /// Spans whose parent is not there.
    pub(super) orphans: u32,
    /// Spans, and those that failed, by their service.
    pub(super) services: BTreeMap<String, (u32, u32)>,
}

/// Counts the spans of a trace.
pub(super) fn of(trace: &Trace) -> Summary {
    let mut summary = Summary {
        trace_id: trace.id.to_w3c(),
        start: u64::MAX,
        ..Summary::default()
    };
    let ids: HashSet<&[u8]> = trace.spans().map(|placed| placed.span.span_id).collect();
    let mut began = u64::MAX;
    for placed in trace.spans() {
        let span = &placed.span;
        let is_error = u32::from(span.status.is_error());
        let of = summary.services.entry(placed.service().to_owned());
        let of = of.or_default();
        *of = (of.0 + 1, of.1 + is_error);
        summary.spans += 1;
        summary.errors += is_error;
        let start = span.start_time_unix_nano;
        summary.start = summary.start.min(start);
        summary.end = summary.end.max(span.end_time_unix_nano);
        match span.parent() {
            Some(parent) if !ids.contains(parent) => summary.orphans += 1,
            Some(_) => {}
            None if start < began || summary.root.is_none() => {
                began = start;
                summary.root = Some((placed.service().to_owned(), span.name.to_owned()));
            }
            None => {}
        }
    }
    summary
}

impl Summary {
    /// In the JSON of protobuf: nothing where the default stands.
    pub(super) fn json(&self) -> Value {
        let mut object = Map::new();
        let mut add = |key: &str, value: Value| {
            if value != json!(0) && value != json!("") && value != json!("0") {
                object.insert(key.to_owned(), value);
            }
        };
        let (service, operation) = self.root.clone().unwrap_or_default();
        add("traceId", self.trace_id.clone().into());
        add("rootServiceName", service.into());
        add("rootOperationName", operation.into());
        add("minStartTimeUnixNano", self.start.to_string().into());
        add("maxEndTimeUnixNano", self.end.to_string().into());
        add("spanCount", self.spans.into());
        add("errorSpanCount", self.errors.into());
        add("orphanSpanCount", self.orphans.into());
        let services = self.services.iter().map(|(name, (spans, errors))| {
            let mut service = json!({ "name": name, "spanCount": spans });
            if *errors > 0 {
                service["errorSpanCount"] = (*errors).into();
            }
            service
        });
        add("services", services.collect());
        object.into()
    }
}
