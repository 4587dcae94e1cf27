//! Zipkin's query API, version 2 (<https://zipkin.io/zipkin-api/>), where its spans
//! come in.
//!
//! Names keep the letters that they came with, and are found by those of either
//! case: Zipkin itself keeps small ones alone.

mod parameters;
mod wanted;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use http::{HeaderMap, StatusCode, Uri};
use serde_json::{Value, json};

use super::answer::{Answer, cut, json as answered, plain, written};
use super::links::Graph;
use super::parameters::{Parameters, step};
use super::recent::walk;
use super::trace::{Trace, id_of, read, service_of};
use super::{Failure, MOST_ANSWER, Queries};
use crate::collector::store::Reader;
use crate::collector::zipkin_span::{peer, text, translated};
use crate::guard;
use crate::segment::TraceId;

use parameters::{ids, wanted, window};

/// Bytes of spans, as they came, that are looked into for names that no index has:
/// some 100,000 spans.
const RECENT: u64 = 32 << 20;
/// Names and values that are listed at most.
const MOST_LISTED: usize = 1000;
/// Bytes of a value that is listed: longer ones are no choice for people.
const MOST_VALUE: usize = 256;

/// Answers those who ask as they ask Zipkin.
#[derive(Clone)]
pub struct Zipkin {
    queries: Arc<Queries>,
    is_loopback: bool,
}

/// What became of a question: an answer, or words why there is none.
type Answered = Result<Answer, (StatusCode, String)>;

impl Zipkin {
    /// Answers from what `queries` read, on a loopback address or on another.
    pub fn new(queries: Arc<Queries>, is_loopback: bool) -> Self {
        Self {
            queries,
            is_loopback,
        }
    }

    /// Answers a GET.
    pub async fn answer(&self, uri: &Uri, headers: &HeaderMap) -> Answer {
        let refusal = if self.is_loopback {
            guard::refusal(uri, headers)
        } else {
            guard::refusal_of_origin(headers)
        };
        if let Some(reason) = refusal {
            return plain(StatusCode::FORBIDDEN, &format!("{reason}\n"));
        }
        let query = Parameters::of(uri.query());
        let found = self.get(uri.path(), &query).await;
        found.unwrap_or_else(|(status, why)| plain(status, &why))
    }

    async fn get(&self, path: &str, query: &Parameters) -> Answered {
        let steps: Vec<String> = path.split('/').skip(1).map(step).collect();
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        match steps.as_slice() {
            ["api", "v2", "services"] => self.services().await,
            ["api", "v2", "spans"] => self.spans(query).await,
            ["api", "v2", "remoteServices"] => self.remote_services(query).await,
            ["api", "v2", "traces"] => self.traces(query).await,
            ["api", "v2", "trace", id] => self.trace(id).await,
            ["api", "v2", "traceMany"] => self.many(query).await,
            ["api", "v2", "dependencies"] => self.dependencies(query).await,
            ["api", "v2", "autocompleteKeys"] => self.keys().await,
            ["api", "v2", "autocompleteValues"] => self.values(query).await,
            _ => Err((
                StatusCode::NOT_FOUND,
                "this is Zipkin's API: there is /api/v2/services, /api/v2/spans, \
                 /api/v2/remoteServices, /api/v2/traces, /api/v2/trace/{id}, /api/v2/traceMany, \
                 /api/v2/dependencies, /api/v2/autocompleteKeys and /api/v2/autocompleteValues"
                    .to_owned(),
            )),
        }
    }

    async fn services(&self) -> Answered {
        let found = self.read(|reader| Ok(reader.services()?)).await?;
        Ok(answered(StatusCode::OK, &json!(found)))
    }

    async fn spans(&self, query: &Parameters) -> Answered {
        let service = required(query, "serviceName")?;
        let find = move |reader: &Reader| {
            let mut names = BTreeSet::new();
            for service in spelled(reader, &service)? {
                names.extend(reader.operations(&service)?);
            }
            Ok(names)
        };
        let names = self.read(find).await?;
        Ok(answered(StatusCode::OK, &json!(names)))
    }

    async fn remote_services(&self, query: &Parameters) -> Answered {
        let service = required(query, "serviceName")?;
        let find = move |reader: &Reader| {
            let mut names = BTreeSet::new();
            let is_cut = walk(reader, (0, u64::MAX), RECENT, |resource, span| {
                if service_of(resource).eq_ignore_ascii_case(&service)
                    && names.len() < MOST_LISTED
                    && let Some(name) = peer(span)
                {
                    names.insert(name.to_owned());
                }
            })?;
            Ok((names, is_cut))
        };
        let (names, is_cut) = self.read(find).await?;
        Ok(cut(answered(StatusCode::OK, &json!(names)), is_cut))
    }

    async fn keys(&self) -> Answered {
        let find = |reader: &Reader| {
            let mut keys = BTreeSet::new();
            walk(reader, (0, u64::MAX), RECENT, |_, span| {
                for (key, _) in span.attributes().iter() {
                    if keys.len() < MOST_LISTED && !keys.contains(key) {
                        keys.insert(key.to_owned());
                    }
                }
            })?;
            Ok(keys)
        };
        let keys = self.read(find).await?;
        Ok(answered(StatusCode::OK, &json!(keys)))
    }

    async fn values(&self, query: &Parameters) -> Answered {
        let key = required(query, "key")?;
        let find = move |reader: &Reader| {
            let mut values = BTreeSet::new();
            walk(reader, (0, u64::MAX), RECENT, |_, span| {
                let value = span.attributes().get(&key).map(text);
                if let Some(value) = value.filter(|value| value.len() <= MOST_VALUE)
                    && values.len() < MOST_LISTED
                {
                    values.insert(value);
                }
            })?;
            Ok(values)
        };
        let values = self.read(find).await?;
        Ok(answered(StatusCode::OK, &json!(values)))
    }

    async fn traces(&self, query: &Parameters) -> Answered {
        let wanted = wanted(query).map_err(bad)?;
        let found = self.read(move |reader| wanted.find(reader)).await?;
        Ok(cut(lists(&found.traces), found.is_cut))
    }

    async fn trace(&self, id: &str) -> Answered {
        let asked = id_of(id.trim());
        let known = asked.ok_or_else(|| bad(parameters::no_id(id)))?;
        let found = self.read(move |reader| read(reader, known)).await?;
        let Some(trace) = found else {
            let cut = &id[..id.floor_char_boundary(64)];
            return Err((StatusCode::NOT_FOUND, format!("{cut} not found")));
        };
        let mut out = Vec::new();
        write_trace(&mut out, &trace.distinct());
        Ok(written(StatusCode::OK, out.into()))
    }

    async fn many(&self, query: &Parameters) -> Answered {
        let ids: Vec<TraceId> = ids(query).map_err(bad)?;
        let find = move |reader: &Reader| {
            let stored = reader.several(&ids, MOST_ANSWER)?;
            let stored = stored.ok_or(Failure::TooLarge)?;
            let traces = ids.into_iter().zip(stored);
            let traces = traces.map(|(id, stored)| Trace::of(id, stored).distinct());
            Ok(traces.filter(|trace| !trace.is_empty()).collect::<Vec<_>>())
        };
        let traces = self.read(find).await?;
        Ok(lists(&traces))
    }

    async fn dependencies(&self, query: &Parameters) -> Answered {
        let window = window(query).map_err(bad)?;
        let find = move |reader: &Reader| {
            let graph = Graph::read(reader, window)?;
            Ok((graph.by_calls(), graph.is_cut))
        };
        let (links, is_cut) = self.read(find).await?;
        let list: Vec<Value> = links
            .into_iter()
            .map(|((parent, child), count)| {
                let mut link = json!({
                    "parent": parent, "child": child, "callCount": count.calls,
                });
                if count.errors > 0 {
                    link["errorCount"] = count.errors.into();
                }
                link
            })
            .collect();
        Ok(cut(answered(StatusCode::OK, &list.into()), is_cut))
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, (StatusCode, String)> {
        let read = self.queries.read(read).await;
        read.map_err(|failure| {
            let status = match failure {
                Failure::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
                Failure::Store(_) | Failure::Ended => StatusCode::INTERNAL_SERVER_ERROR,
            };
            (status, failure.to_string())
        })
    }
}

/// The services of a name, whatever the case of its letters.
fn spelled(reader: &Reader, name: &str) -> Result<Vec<String>, Failure> {
    let mut services = reader.services()?;
    services.retain(|service| service.eq_ignore_ascii_case(name));
    Ok(services)
}

fn required(query: &Parameters, key: &str) -> Result<String, (StatusCode, String)> {
    let said = query.get(key).map(str::to_owned);
    said.ok_or_else(|| bad(format!("{key} parameter is required")))
}

fn bad(why: String) -> (StatusCode, String) {
    (StatusCode::BAD_REQUEST, why)
}

/// Traces as lists of spans.
fn lists(traces: &[Trace]) -> Answer {
    let mut out = vec![b'['];
    for (index, trace) in traces.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_trace(&mut out, trace);
    }
    out.push(b']');
    written(StatusCode::OK, out.into())
}

/// A span at a time, so that no more of them are in memory as objects.
fn write_trace(out: &mut Vec<u8>, trace: &Trace) {
    out.push(b'[');
    for (index, placed) in trace.spans().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        let span = translated(placed.resource, placed.scope, &placed.span);
        out.extend_from_slice(span.to_string().as_bytes());
    }
    out.push(b']');
}
