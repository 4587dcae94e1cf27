//! OTLP over HTTP, in protobuf.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

use super::answer::status_message;
use super::request::packed;
use super::sender::Sender;
use crate::collector::exporters::destination::{Destination, Outcome, Piece, Pieces};
use crate::collector::exporters::http::{Answer, Client, Version, endpoint, headers, retry_after};
use crate::collector::{Counters, Parcel, Reason};
use crate::collector_config::{self as config, Compression};

/// Sends OTLP over HTTP.
pub struct OtlpHttp {
    sender: Sender,
    compression: Compression,
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
        if config.compression == Compression::Gzip {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        let timeout = Duration::from_secs(config.timeout_seconds.max(1));
        let client = Client::new(Version::Http1, config.in_flight, timeout);
        let uri = endpoint(&config.endpoint, "/v1/traces")?;
        Ok(Self {
            sender: Sender::new(name, client, uri, headers, config.request_kib, counters),
            compression: config.compression,
        })
    }
}

impl Destination for OtlpHttp {
    type Body = Bytes;

    fn pieces<'a>(&'a self, parcel: &'a Parcel) -> Pieces<'a, Bytes> {
        Box::new(self.sender.requests(parcel).map(|piece| Piece {
            body: packed(&[], piece.body, self.compression),
            items: piece.items,
        }))
    }

    async fn send(&self, body: &Bytes) -> Outcome {
        match self.sender.post(body).await {
            Ok(answer) if answer.status.is_success() => self.sender.sent(&answer.body),
            Ok(answer) => failure(&answer),
            Err(outcome) => outcome,
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
