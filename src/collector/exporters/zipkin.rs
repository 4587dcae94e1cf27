//! Sends spans to Zipkin, in its JSON, version 2.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Uri};
use serde_json::Value;

use super::destination::{Destination, Outcome, Piece, Pieces};
use super::http::{Client, Version, endpoint, headers, retry_after, words};
use crate::collector::zipkin_span::translated;
use crate::collector::{Counters, Parcel, Reason};
use crate::collector_config as config;
use crate::otlp::view;
use crate::segment;

/// Spans of one request at most.
const MOST_SPANS: usize = 1000;
/// Sends spans to Zipkin.
pub struct Zipkin {
    name: &'static str,
    client: Client,
    uri: Uri,
    headers: HeaderMap,
    counters: Counters,
}

impl Zipkin {
    /// As the configuration has it.
    ///
    /// # Errors
    /// Where the endpoint or a header is none.
    pub fn new(
        name: &'static str,
        config: &config::Zipkin,
        counters: &Counters,
    ) -> Result<Self, String> {
        let mut headers = headers(&config.headers)?;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.entry(USER_AGENT).or_insert(super::USER);
        let timeout = Duration::from_secs(config.timeout_seconds.max(1));
        Ok(Self {
            name,
            client: Client::new(Version::Http1, config.in_flight, timeout),
            uri: endpoint(&config.endpoint, "/api/v2/spans")?,
            headers,
            counters: counters.clone(),
        })
    }

    /// Segments as an export request.
    fn segments(&self, parcel: &Parcel) -> Vec<u8> {
        let mut request = Vec::new();
        for document in &parcel.documents {
            if segment::to_otlp(document, &mut request).is_err() {
                let reason = Reason::InvalidSegment;
                self.counters.dropped(self.name, reason, 1);
            }
        }
        request
    }
}

impl Destination for Zipkin {
    type Body = Bytes;

    fn pieces<'a>(&'a self, parcel: &'a Parcel) -> Pieces<'a, Bytes> {
        let segments = self.segments(parcel);
        let requests = parcel.requests.iter().cloned();
        let requests = requests.chain(std::iter::once(Bytes::from(segments)));
        Box::new(requests.flat_map(|request| bodies(&request)))
    }

    async fn send(&self, body: &Bytes) -> Outcome {
        let posted = self
            .client
            .post(self.uri.clone(), self.headers.clone(), body);
        let answer = match posted.await {
            Ok(answer) if answer.status.is_success() => return Outcome::Sent { rejected: 0 },
            Ok(answer) => answer,
            Err(why) => return Outcome::Later { after: None, why },
        };
        let status = answer.status;
        let why = format!("answered {}: {}", status.as_u16(), words(&answer.body));
        if status.is_server_error() || matches!(status.as_u16(), 408 | 429) {
            let after = retry_after(&answer.headers);
            return Outcome::Later { after, why };
        }
        let reason = Reason::Rejected;
        Outcome::Never { reason, why }
    }
}

/// The bodies that an export request makes.
fn bodies(request: &[u8]) -> Vec<Piece<Bytes>> {
    let (mut ready, mut spans) = (Vec::new(), Vec::new());
    for resource in view::resources(request) {
        let resource_of = resource.resource().attributes();
        for scope in resource.scopes() {
            for span in scope.spans() {
                spans.push(translated(resource_of, scope.scope(), &span));
                if spans.len() == MOST_SPANS {
                    ready.push(piece(std::mem::take(&mut spans)));
                }
            }
        }
    }
    if !spans.is_empty() {
        ready.push(piece(spans));
    }
    ready
}

fn piece(spans: Vec<Value>) -> Piece<Bytes> {
    Piece {
        items: spans.len(),
        body: Value::from(spans).to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::otlp::view::AnyValue;
    use crate::otlp::write;

    #[test]
    fn a_span_has_all_that_zipkin_has_a_place_for() {
        let mut request = Vec::new();
        write::message(&mut request, 1, |out| {
            write::message(out, 1, |out| {
                write::attribute(out, 1, "service.name", AnyValue::Text("shop"));
                write::attribute(out, 1, "host.name", AnyValue::Text("h"));
            });
            write::message(out, 2, |out| {
                write::message(out, 1, |out| write::bytes(out, 1, b"lib"));
                write::message(out, 2, |out| {
                    write::bytes(out, 1, &[1; 16]);
                    write::bytes(out, 2, &[2; 8]);
                    write::bytes(out, 4, &[3; 8]);
                    write::bytes(out, 5, b"query");
                    write::number(out, 6, 3);
                    write::fixed64(out, 7, 1_000_500);
                    write::fixed64(out, 8, 3_000_500);
                    write::attribute(out, 9, "peer.service", AnyValue::Text("db"));
                    write::attribute(out, 9, "rows", AnyValue::Int(7));
                    for attribute in [false, true] {
                        write::message(out, 11, |out| {
                            write::fixed64(out, 1, 2_000_000);
                            write::bytes(out, 2, b"retry");
                            if attribute {
                                write::attribute(out, 3, "n", AnyValue::Double(0.5));
                            }
                        });
                    }
                    write::message(out, 15, |out| {
                        write::bytes(out, 2, b"gone");
                        write::number(out, 3, 2);
                    });
                });
            });
        });
        let pieces = bodies(&request);
        assert_eq!((pieces.len(), pieces[0].items), (1, 1));
        let body: Value = serde_json::from_slice(&pieces[0].body).unwrap();
        let expected = json!([{
            "traceId": "01010101010101010101010101010101",
            "id": "0202020202020202",
            "parentId": "0303030303030303",
            "name": "query",
            "kind": "CLIENT",
            "timestamp": 1000,
            "duration": 2000,
            "localEndpoint": { "serviceName": "shop" },
            "remoteEndpoint": { "serviceName": "db" },
            "tags": {
                "host.name": "h", "peer.service": "db", "rows": "7",
                "otel.scope.name": "lib", "otel.status_code": "ERROR", "error": "gone",
            },
            "annotations": [
                { "timestamp": 2000, "value": "retry" },
                { "timestamp": 2000, "value": "{\"retry\":{\"n\":0.5}}" },
            ],
        }]);
        assert_eq!(body, expected);
    }

    #[test]
    fn many_spans_are_several_requests() {
        let parcel = crate::collector::exporters::tests::spans(2001);
        let items: Vec<_> = bodies(&parcel.requests[0])
            .iter()
            .map(|one| one.items)
            .collect();
        assert_eq!(items, [1000, 1000, 1]);
    }
}
