//! The API of Jaeger 1.

use http::StatusCode;
use serde_json::{Value, json};

use super::super::answer::{Answer, cut, written};
use super::super::links::{Graph, Links};
use super::super::parameters::Parameters;
use super::super::trace::{Trace, read};
use super::super::{Failure, MOST_ANSWER, Queries, answer};
use super::older_parameters::{Asked, asked, is_raw, window};
use super::v3::{by_kind, status_of};
use super::{older_json, trace_id};
use crate::segment::TraceId;

/// What Jaeger says of a trace that it does not know.
const NOT_FOUND: &str = "trace not found";
/// What Jaeger says without a database of metrics.
const NO_METRICS: &str = "trace metrics are currently disabled - no metrics backend configured";
/// Bytes of an answer that is drawn up for people at most.
const MOST_PRETTY: usize = 4 << 20;

/// The services.
pub(super) async fn services(queries: &Queries, query: &Parameters) -> Answer {
    match queries.read(|reader| Ok(reader.services()?)).await {
        Ok(services) => listed(services.into_iter().map(Value::from).collect(), query),
        Err(failure) => failed(&failure),
    }
}

/// The names of a service's operations.
pub(super) async fn names(queries: &Queries, service: &str, query: &Parameters) -> Answer {
    let service = service.to_owned();
    let found = queries
        .read(move |reader| Ok(reader.operations(&service)?))
        .await;
    match found {
        Ok(names) => listed(names.into_iter().map(Value::from).collect(), query),
        Err(failure) => failed(&failure),
    }
}

/// A service's operations with their kinds.
pub(super) async fn operations(queries: &Queries, query: &Parameters) -> Answer {
    let Some(service) = query.get("service").map(str::to_owned) else {
        return bad("parameter 'service' is required");
    };
    let found = queries
        .read(move |reader| Ok(reader.operation_kinds(&service)?))
        .await;
    match found {
        Ok(found) => {
            let list = by_kind(found, query.get("spanKind"));
            let list = list
                .into_iter()
                .map(|(name, kind)| json!({ "name": name, "spanKind": kind }));
            listed(list.collect(), query)
        }
        Err(failure) => failed(&failure),
    }
}

/// Traces that are searched for, or asked for by their ids.
pub(super) async fn traces(queries: &Queries, query: &Parameters) -> Answer {
    match asked(query) {
        Err(why) => bad(&why),
        Ok(Asked::Ids(ids)) => by_ids(queries, ids, query).await,
        Ok(Asked::Spans(wanted)) => match wanted.find(queries).await {
            Ok(found) => cut(given(&found.traces, &Value::Null, query), found.is_cut),
            Err(failure) => failed(&failure),
        },
    }
}

async fn by_ids(queries: &Queries, ids: Vec<TraceId>, query: &Parameters) -> Answer {
    let read = queries
        .read(move |reader| {
            let stored = reader.several(&ids, MOST_ANSWER)?;
            let stored = stored.ok_or(Failure::TooLarge)?;
            let traces = ids.into_iter().zip(stored);
            Ok(traces
                .map(|(id, stored)| Trace::of(id, stored).distinct())
                .collect::<Vec<_>>())
        })
        .await;
    let traces = match read {
        Ok(traces) => traces,
        Err(failure) => return failed(&failure),
    };
    let (missing, traces): (Vec<_>, Vec<_>) = traces.into_iter().partition(Trace::is_empty);
    let errors: Vec<Value> = missing
        .iter()
        .map(|trace| json!({ "msg": NOT_FOUND, "traceID": trace.id.to_w3c() }))
        .collect();
    let errors = if errors.is_empty() {
        Value::Null
    } else {
        errors.into()
    };
    given(&traces, &errors, query)
}

/// A trace.
pub(super) async fn trace(queries: &Queries, id: &str, query: &Parameters) -> Answer {
    let (id, is_raw) = match trace_id(id).and_then(|id| Ok((id, is_raw(query)?))) {
        Ok(asked) => asked,
        Err(why) => return bad(&why),
    };
    match queries.read(move |reader| read(reader, id)).await {
        Ok(Some(trace)) => {
            let trace = if is_raw { trace } else { trace.distinct() };
            given(&[trace], &Value::Null, query)
        }
        Ok(None) => error(StatusCode::NOT_FOUND, NOT_FOUND),
        Err(failure) => failed(&failure),
    }
}

/// Which service calls which.
pub(super) async fn dependencies(queries: &Queries, query: &Parameters) -> Answer {
    let window = match window(query) {
        Ok(window) => window,
        Err(why) => return bad(&why),
    };
    let read = move |reader: &_| {
        let graph = Graph::read(reader, window)?;
        Ok((graph.by_parents(), graph.is_cut))
    };
    let (links, is_cut): (Links, bool) = match queries.read(read).await {
        Ok(found) => found,
        Err(failure) => return failed(&failure),
    };
    let service = query.get("service");
    let is_asked = |name: &String| service.is_none_or(|service| service == name);
    let list: Vec<Value> = links
        .iter()
        .filter(|((parent, child), _)| is_asked(parent) || is_asked(child))
        .map(|((parent, child), count)| json!({ "parent": parent, "child": child, "callCount": count.calls }))
        .collect();
    let body = json!({ "data": list, "total": 0, "limit": 0, "offset": 0, "errors": null });
    cut(pretty(body.to_string().into(), query), is_cut)
}

/// Says that there are no metrics of spans, as a Jaeger without them does.
pub(super) fn no_metrics() -> Answer {
    error(StatusCode::NOT_IMPLEMENTED, NO_METRICS)
}

fn listed(list: Vec<Value>, query: &Parameters) -> Answer {
    let total = list.len();
    let body = json!({ "data": list, "total": total, "limit": 0, "offset": 0, "errors": null });
    pretty(body.to_string().into(), query)
}

fn given(traces: &[Trace], errors: &Value, query: &Parameters) -> Answer {
    pretty(older_json::answer(traces, errors), query)
}

/// An answer, with line breaks where somebody wants to read it.
fn pretty(body: Vec<u8>, query: &Parameters) -> Answer {
    let is_asked = query
        .get("prettyPrint")
        .is_some_and(|value| value != "false");
    if is_asked
        && body.len() <= MOST_PRETTY
        && let Ok(value) = serde_json::from_slice::<Value>(&body)
    {
        return written(StatusCode::OK, format!("{value:#}\n").into());
    }
    written(StatusCode::OK, body.into())
}

fn bad(why: &str) -> Answer {
    error(StatusCode::BAD_REQUEST, why)
}

fn failed(failure: &Failure) -> Answer {
    error(status_of(failure), &failure.to_string())
}

fn error(status: StatusCode, message: &str) -> Answer {
    let errors = json!([{ "code": status.as_u16(), "msg": message }]);
    let body = json!({ "data": null, "total": 0, "limit": 0, "offset": 0, "errors": errors });
    answer::json(status, &body)
}
