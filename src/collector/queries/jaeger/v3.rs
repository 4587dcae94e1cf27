//! Version 3 over HTTP.

use http::StatusCode;
use serde_json::{Value, json};

use super::super::answer::{Answer, cut, written};
use super::super::parameters::Parameters;
use super::super::trace::{Trace, read};
use super::super::{Failure, Queries, answer};
use super::v3_parameters::{flag, read_time, wanted};
use super::wanted::kind_name;
use super::{otlp_json, summary, trace_id};
use crate::collector::store::Operation;

/// The services.
pub(super) async fn services(queries: &Queries) -> Answer {
    match queries.read(|reader| Ok(reader.services()?)).await {
        Ok(services) => answer::json(StatusCode::OK, &json!({ "services": services })),
        Err(failure) => failed(&failure),
    }
}

/// The operations of a service, each once a kind.
pub(super) async fn operations(queries: &Queries, query: &Parameters) -> Answer {
    let service = query.get("service").unwrap_or_default().to_owned();
    let kind = query
        .any(&["spanKind", "span_kind"])
        .map(|(_, kind)| kind.to_owned());
    let found = queries
        .read(move |reader| Ok(reader.operation_kinds(&service)?))
        .await;
    let found = match found {
        Ok(found) => by_kind(found, kind.as_deref()),
        Err(failure) => return failed(&failure),
    };
    let list: Vec<Value> = found
        .into_iter()
        .map(|(name, kind)| {
            let kind = if kind.is_empty() { "internal" } else { kind };
            json!({ "name": name, "spanKind": kind })
        })
        .collect();
    answer::json(StatusCode::OK, &json!({ "operations": list }))
}

/// Operations once a kind, of one kind where it is said.
pub(super) fn by_kind(
    operations: Vec<Operation>,
    asked: Option<&str>,
) -> Vec<(String, &'static str)> {
    let each = operations.into_iter().flat_map(|one| {
        let kinds = one.kinds.into_iter().map(kind_name);
        kinds.map(move |kind| (one.name.clone(), kind))
    });
    let is_asked = |kind: &str| asked.is_none_or(|asked| asked.eq_ignore_ascii_case(kind));
    each.filter(|(_, kind)| is_asked(kind)).collect()
}

/// A trace.
pub(super) async fn trace(queries: &Queries, id: &str, query: &Parameters) -> Answer {
    let id = match trace_id(id) {
        Ok(id) => id,
        Err(why) => return bad(&format!("malformed parameter trace_id: {why}")),
    };
    // The store finds a trace without them; what is no time is an error in Jaeger.
    for keys in [["startTime", "start_time"], ["endTime", "end_time"]] {
        if let Some(Err(why)) = query.any(&keys).map(read_time) {
            return bad(&why);
        }
    }
    let is_raw = match flag(query, &["rawTraces", "raw_traces"]) {
        Ok(is_raw) => is_raw,
        Err(why) => return bad(&why),
    };
    let found = queries.read(move |reader| read(reader, id)).await;
    match found {
        Ok(found) => {
            let found = found.map(|trace| if is_raw { trace } else { trace.distinct() });
            given(found.as_slice())
        }
        Err(failure) => failed(&failure),
    }
}

/// Traces that are searched for.
pub(super) async fn traces(queries: &Queries, query: &Parameters) -> Answer {
    let wanted = match wanted(query) {
        Ok(wanted) => wanted,
        Err(why) => return bad(&why),
    };
    match wanted.find(queries).await {
        Ok(found) => cut(given(&found.traces), found.is_cut),
        Err(failure) => failed(&failure),
    }
}

/// What is known of traces that are searched for.
pub(super) async fn summaries(queries: &Queries, query: &Parameters) -> Answer {
    let wanted = match wanted(query) {
        Ok(wanted) => wanted,
        Err(why) => return bad(&why),
    };
    match wanted.find(queries).await {
        Ok(found) => {
            let list: Vec<Value> = found
                .traces
                .iter()
                .map(|trace| summary::of(trace).json())
                .collect();
            let body = json!({ "summaries": list });
            cut(answer::json(StatusCode::OK, &body), found.is_cut)
        }
        Err(failure) => failed(&failure),
    }
}

fn given(traces: &[Trace]) -> Answer {
    if traces.is_empty() {
        return error(StatusCode::NOT_FOUND, "No traces found");
    }
    written(StatusCode::OK, otlp_json::result(traces).into())
}

fn bad(why: &str) -> Answer {
    error(StatusCode::BAD_REQUEST, why)
}

fn failed(failure: &Failure) -> Answer {
    error(status_of(failure), &failure.to_string())
}

/// What HTTP calls a failure.
pub(super) fn status_of(failure: &Failure) -> StatusCode {
    match failure {
        Failure::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Failure::Store(_) | Failure::Ended => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn error(status: StatusCode, message: &str) -> Answer {
    let body = json!({ "error": { "httpCode": status.as_u16(), "message": message } });
    answer::json(status, &body)
}
