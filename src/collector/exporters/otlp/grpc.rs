//! OTLP over gRPC: one unary call, framed by hand
//! (<https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>).

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, TE};
use http::{HeaderName, HeaderValue};

use super::answer::retry_info;
use super::request::packed;
use super::sender::Sender;
use crate::collector::exporters::destination::{Destination, Outcome, Piece, Pieces};
use crate::collector::exporters::http::{Answer, Client, Version, endpoint, headers, words};
use crate::collector::{Counters, Parcel, Reason};
use crate::collector_config::{self as config, Compression};

const METHOD: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
/// A message's head: whether it is packed, and its length in four bytes.
const HEAD: usize = 5;

/// Sends OTLP over gRPC.
pub struct OtlpGrpc {
    sender: Sender,
    compression: Compression,
}

impl OtlpGrpc {
    /// As the configuration has it.
    ///
    /// # Errors
    /// Where the endpoint or a header is none.
    pub fn new(
        name: &'static str,
        config: &config::OtlpGrpc,
        counters: &Counters,
    ) -> Result<Self, String> {
        let mut headers = headers(&config.headers)?;
        let timeout = config.timeout_seconds.clamp(1, 86_400);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert(TE, HeaderValue::from_static("trailers"));
        if let Ok(value) = HeaderValue::from_str(&format!("{timeout}S")) {
            headers.insert(HeaderName::from_static("grpc-timeout"), value);
        }
        if config.compression == Compression::Gzip {
            let name = HeaderName::from_static("grpc-encoding");
            headers.insert(name, HeaderValue::from_static("gzip"));
        }
        let timeout = Duration::from_secs(timeout);
        let client = Client::new(Version::Http2, config.in_flight, timeout);
        let uri = endpoint(&config.endpoint, METHOD)?;
        Ok(Self {
            sender: Sender::new(name, client, uri, headers, config.request_kib, counters),
            compression: config.compression,
        })
    }
}

impl Destination for OtlpGrpc {
    type Body = Bytes;

    fn pieces<'a>(&'a self, parcel: &'a Parcel) -> Pieces<'a, Bytes> {
        Box::new(self.sender.requests(parcel).map(|piece| Piece {
            body: framed(piece.body, self.compression),
            items: piece.items,
        }))
    }

    async fn send(&self, body: &Bytes) -> Outcome {
        let answer = match self.sender.post(body).await {
            Ok(answer) => answer,
            Err(outcome) => return outcome,
        };
        match Status::of(&answer) {
            // Nobody asked for a packed answer.
            Status { code: 0, .. } => self
                .sender
                .sent(answer.body.get(HEAD..).unwrap_or_default()),
            status => status.outcome(),
        }
    }
}

/// A message with its head.
fn framed(body: Bytes, compression: Compression) -> Bytes {
    let head = |length: usize| {
        let length = u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
        let is_packed = u8::from(compression == Compression::Gzip);
        [is_packed, length[0], length[1], length[2], length[3]]
    };
    if compression == Compression::None {
        return packed(&head(body.len()), body, compression);
    }
    let whole = packed(&[0; HEAD], body, compression);
    let mut whole = Vec::from(whole);
    let length = whole.len().saturating_sub(HEAD);
    if let Some(start) = whole.get_mut(..HEAD) {
        start.copy_from_slice(&head(length));
    }
    whole.into()
}

/// How a call ended.
#[derive(Debug, PartialEq, Eq)]
struct Status {
    code: u32,
    message: String,
    /// What the server asks to wait.
    after: Option<Duration>,
}

impl Status {
    fn of(answer: &Answer) -> Self {
        // An answer without a message has its trailers in its head.
        let field = |name: &str| {
            let value = answer.trailers.get(name).or(answer.headers.get(name))?;
            value.to_str().ok()
        };
        let Some(code) = field("grpc-status").and_then(|code| code.parse().ok()) else {
            let status = answer.status.as_u16();
            return Self {
                code: from_http(status),
                message: format!("HTTP {status} without a gRPC status"),
                after: None,
            };
        };
        let message = field("grpc-message").unwrap_or_default().as_bytes();
        let message: Vec<u8> = percent_encoding::percent_decode(message).collect();
        let details = field("grpc-status-details-bin").and_then(from_base64);
        Self {
            code,
            message: words(&message),
            after: details.as_deref().and_then(retry_info),
        }
    }

    /// Which codes may pass is the specification's table. A destination that is
    /// exhausted is tried again only where it says when.
    fn outcome(self) -> Outcome {
        let why = format!("answered gRPC status {}: {}", self.code, self.message);
        match self.code {
            1 | 4 | 10 | 11 | 14 | 15 => Outcome::Later {
                after: self.after,
                why,
            },
            8 if self.after.is_some() => Outcome::Later {
                after: self.after,
                why,
            },
            _ => Outcome::Never {
                reason: Reason::Rejected,
                why,
            },
        }
    }
}

/// The code that stands for an answer without one
/// (<https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md>).
fn from_http(status: u16) -> u32 {
    match status {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502 | 503 | 504 => 14,
        _ => 2,
    }
}

/// Reads base64, with or without its padding.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count).to_le_bytes()[0]);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use http::StatusCode;
    use proptest::prelude::*;

    use super::*;

    fn answer(status: u16, trailers: &[(&'static str, &str)]) -> Answer {
        let mut map = HeaderMap::new();
        for (name, value) in trailers {
            map.insert(*name, HeaderValue::from_str(value).unwrap());
        }
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            trailers: map,
        }
    }

    fn passes(status: u16, trailers: &[(&'static str, &str)]) -> bool {
        let outcome = Status::of(&answer(status, trailers)).outcome();
        matches!(outcome, Outcome::Later { .. })
    }

    #[test]
    fn codes_that_may_pass_are_the_specifications() {
        let passing: Vec<_> = (1..=16)
            .filter(|code: &u32| passes(200, &[("grpc-status", &code.to_string())]))
            .collect();
        assert_eq!(passing, [1, 4, 10, 11, 14, 15]);
        // RetryInfo of 2 s.
        let details = "CAgaMAoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLlJldHJ5SW5mbxIECgIIAg";
        let exhausted = [("grpc-status", "8"), ("grpc-status-details-bin", details)];
        let status = Status::of(&answer(200, &exhausted));
        assert_eq!(status.after, Some(Duration::from_secs(2)));
        assert!(passes(200, &exhausted));
        assert!(passes(503, &[]) && !passes(404, &[]) && !passes(200, &[]));
        let said = Status::of(&answer(
            200,
            &[("grpc-status", "3"), ("grpc-message", "a%20b")],
        ));
        assert_eq!(said.message, "a b");
    }

    #[test]
    fn messages_have_their_length_before_them() {
        let plain = framed(Bytes::from_static(b"abc"), Compression::None);
        assert_eq!(plain, &b"\0\0\0\0\x03abc"[..]);
        let packed = framed(Bytes::from(vec![1; 5000]), Compression::Gzip);
        assert_eq!(packed[0], 1);
        let length = u32::from_be_bytes(packed[1..5].try_into().unwrap());
        assert_eq!(usize::try_from(length).unwrap(), packed.len() - HEAD);
    }

    proptest! {
        #[test]
        fn any_status_is_read(code in ".*", message in ".*", details in "[A-Za-z0-9+/=]*") {
            let mut answer = answer(200, &[]);
            let texts = [("grpc-status", code), ("grpc-message", message)];
            for (name, text) in texts {
                if let Ok(value) = HeaderValue::from_bytes(text.as_bytes()) {
                    answer.trailers.insert(name, value);
                }
            }
            let value = HeaderValue::from_str(&details).unwrap();
            answer.trailers.insert("grpc-status-details-bin", value);
            Status::of(&answer);
        }
    }
}
