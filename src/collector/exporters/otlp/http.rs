//! OTLP over HTTP, in protobuf.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, Uri};
use http_body_util::Full;

use super::answer::{partial, say, status_message};
use super::request::{Requests, packed};
use crate::collector::exporters::destination::{Destination, Outcome, Piece, Pieces};
use crate::collector::exporters::http::{Answer, Client, Version, endpoint, headers, retry_after};
use crate::collector::exporters::seldom::Seldom;
use crate::collector::{Counters, Parcel, Reason};
use crate::collector_config::{self as config, Compression};

/// Sends OTLP over HTTP.
pub struct OtlpHttp {
    name: &'static str,
    client: Client,
    uri: Uri,
    headers: HeaderMap,
    compression: Compression,
    most: usize,
    partly: Seldom,
    unreadable: Box<dyn Fn(usize) + Send + Sync>,
}

impl OtlpHttp {
    /// As the configuration has it.
    ///
    /// # Errors
    /// Where the endpoint or a header is none.
    pub fn new(
        name: &'static str,
        config: &config::OtlpHttp,
        counters: &Counters,
    ) -> Result<Self, String> {
        let mut headers = headers(&config.headers)?;
        let protobuf = HeaderValue::from_static("application/x-protobuf");
        headers.insert(CONTENT_TYPE, protobuf);
        headers
            .entry(USER_AGENT)
            .or_insert(crate::collector::exporters::USER);
        if config.compression == Compression::Gzip {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        let timeout = Duration::from_secs(config.timeout_seconds.max(1));
        let counters = counters.clone();
        Ok(Self {
            name,
            client: Client::new(Version::Http1, config.in_flight, timeout),
            uri: endpoint(&config.endpoint, "/v1/traces")?,
            headers,
            compression: config.compression,
            most: config.request_kib.saturating_mul(1024),
            partly: Seldom::new(3),
            unreadable: Box::new(move |count| {
                counters.dropped(name, Reason::InvalidSegment, count);
            }),
        })
    }
}

impl Destination for OtlpHttp {
    type Body = Bytes;

    fn pieces<'a>(&'a self, parcel: &'a Parcel) -> Pieces<'a, Bytes> {
        let requests = Requests::of(parcel, self.most, &*self.unreadable);
        Box::new(requests.map(|piece| Piece {
            body: packed(&[], piece.body, self.compression),
            items: piece.items,
        }))
    }

    async fn send(&self, body: &Bytes) -> Outcome {
        let mut request = Request::new(Full::new(body.clone()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        match self.client.send(request).await {
            Ok(answer) if answer.status.is_success() => {
                let partial = partial(&answer.body);
                say(self.name, &partial, &self.partly);
                Outcome::Sent {
                    rejected: partial.rejected,
                }
            }
            Ok(answer) => failure(&answer),
            Err(why) => Outcome::Later { after: None, why },
        }
    }
}

/// What an answer means that is no success: the specification names the four
/// that may pass.
fn failure(answer: &Answer) -> Outcome {
    let status = answer.status.as_u16();
    let why = format!("answered {status}: {}", status_message(&answer.body));
    match status {
        429 | 502 | 503 | 504 => Outcome::Later {
            after: retry_after(&answer.headers),
            why,
        },
        413 => Outcome::Never {
            reason: Reason::TooLarge,
            why,
        },
        _ => Outcome::Never {
            reason: Reason::Rejected,
            why,
        },
    }
}
