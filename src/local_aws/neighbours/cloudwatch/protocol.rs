//! The protocols that CloudWatch is spoken to in.
//!
//! Source: <https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html>.

use std::borrow::Cow;
use std::fmt;
use std::io::Read;

use bytes::Bytes;
use flate2::read::GzDecoder;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::{Map, Value, json};
use winterbaume_cloudwatch::wire::{cbor_to_json, json_to_cbor};

use crate::local_aws::{reply, routing};

const JSON: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.0");
const CBOR: HeaderValue = HeaderValue::from_static("application/cbor");
const SMITHY: &str = "smithy-protocol";
/// Tells clients the code that an error has in the protocol of forms, which
/// CloudWatch had first.
const QUERY_ERROR: &str = "x-amzn-query-error";
/// Members that are times, in epoch seconds.
const TIMES: &[&str] = &[
    "AlarmConfigurationUpdatedTimestamp",
    "LastModified",
    "StateTransitionedTimestamp",
    "StateUpdatedTimestamp",
    "Timestamp",
    "Timestamps",
];
/// Most bytes of a body that came packed; AWS takes 1 MB of metric data.
const MOST_BYTES: u64 = 10 * 1024 * 1024;

/// An error of CloudWatch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    status: u16,
    code: &'static str,
    message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl Fault {
    /// An error with this code and text.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status: 400,
            code,
            message: message.into(),
        }
    }

    /// What AWS answers to members that it does not take.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new("ValidationError", message)
    }

    /// What AWS answers where a thing is not there.
    pub fn missing(message: impl Into<String>) -> Self {
        Self {
            status: 404,
            ..Self::new("ResourceNotFound", message)
        }
    }
}

/// A protocol that carries members as they are.
#[derive(Debug, Clone, Copy)]
pub enum Protocol {
    /// Smithy's RPC in CBOR.
    Cbor,
    /// AWS JSON 1.0.
    Json,
}

impl Protocol {
    /// The protocol of a request, with its members; `None` for a form, and for
    /// a body that cannot be read.
    pub fn of(request: &Request<Bytes>) -> Option<(Self, Map<String, Value>)> {
        let unpacked = unpacked(request)?;
        let body = unpacked.as_ref();
        let (protocol, members) = if routing::target(request.headers()).is_some() {
            (Self::Json, serde_json::from_slice(body).ok())
        } else if request.headers().get(header::CONTENT_TYPE) == Some(&CBOR) {
            let members = ciborium::from_reader::<ciborium::Value, _>(body).ok();
            (Self::Cbor, members.map(cbor_to_json))
        } else {
            return None;
        };
        match members {
            Some(Value::Object(members)) => Some((protocol, members)),
            None if body.is_empty() => Some((protocol, Map::new())),
            _ => None,
        }
    }

    /// An answer with these members.
    pub fn answer(self, members: &Value) -> Response<Bytes> {
        self.response(200, members)
    }

    /// An answer that tells an error.
    pub fn fault(self, fault: &Fault) -> Response<Bytes> {
        let body = json!({ "__type": fault.code, "message": fault.message });
        let mut response = self.response(fault.status, &body);
        if let Ok(value) = format!("{};Sender", fault.code).parse() {
            response.headers_mut().insert(QUERY_ERROR, value);
        }
        response
    }

    fn response(self, status: u16, members: &Value) -> Response<Bytes> {
        let body = match self {
            Self::Json => members.to_string().into_bytes(),
            Self::Cbor => {
                let mut body = Vec::new();
                let written = ciborium::into_writer(&with_times(members), &mut body);
                debug_assert!(written.is_ok(), "a Vec takes all");
                body
            }
        };
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() =
            StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        match self {
            Self::Json => {
                headers.insert(header::CONTENT_TYPE, JSON);
            }
            Self::Cbor => {
                headers.insert(header::CONTENT_TYPE, CBOR);
                headers.insert(SMITHY, HeaderValue::from_static("rpc-v2-cbor"));
            }
        }
        response
    }
}

/// Writes members in CBOR, which tells times from other numbers.
fn with_times(value: &Value) -> ciborium::Value {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| {
                let shown = match (with_times(value), TIMES.contains(&name.as_str())) {
                    (ciborium::Value::Array(items), true) => {
                        ciborium::Value::Array(items.into_iter().map(time).collect())
                    }
                    (shown, true) => time(shown),
                    (shown, false) => shown,
                };
                (ciborium::Value::Text(name.clone()), shown)
            })
            .collect::<Vec<_>>()
            .into(),
        Value::Array(items) => ciborium::Value::Array(items.iter().map(with_times).collect()),
        other => json_to_cbor(other),
    }
}

fn time(epoch_seconds: ciborium::Value) -> ciborium::Value {
    ciborium::Value::Tag(1, Box::new(epoch_seconds))
}

/// The body of a request, unpacked where SDKs packed it, as they do with more
/// than 10 kB of metric data; `None` where it is broken or too much.
fn unpacked(request: &Request<Bytes>) -> Option<Cow<'_, [u8]>> {
    let body = request.body().as_ref();
    let encoding = request.headers().get(header::CONTENT_ENCODING);
    if encoding.is_none_or(|encoding| encoding != "gzip") {
        return Some(Cow::Borrowed(body));
    }
    let mut plain = Vec::new();
    let mut unpacker = GzDecoder::new(body).take(MOST_BYTES + 1);
    unpacker.read_to_end(&mut plain).ok()?;
    let is_whole = u64::try_from(plain.len()).is_ok_and(|length| length <= MOST_BYTES);
    is_whole.then_some(Cow::Owned(plain))
}

/// The error that a form gets for an operation of ours.
pub fn no_form(operation: &str) -> Fault {
    Fault::new(
        "NotImplemented",
        format!(
            "the embedded CloudWatch takes {operation} in JSON or CBOR, not as a form; a newer \
             AWS CLI or SDK sends it so"
        ),
    )
}

/// The answer to a form that tells an error.
pub fn form_fault(headers: &HeaderMap, fault: &Fault) -> Response<Bytes> {
    reply::error(headers, fault.status, fault.code, &fault.message)
}

/// Writes a call in JSON as one in CBOR; `None` where it is no JSON.
pub fn to_cbor(service: &str, request: &Request<Bytes>) -> Option<Request<Bytes>> {
    let (_, operation) = routing::target(request.headers())?;
    let members: Value = match request.body().as_ref() {
        b"" => Value::Object(Map::new()),
        body => serde_json::from_slice(body).ok()?,
    };
    let mut body = Vec::new();
    ciborium::into_writer(&json_to_cbor(&members), &mut body).ok()?;
    let mut call = Request::new(Bytes::from(body));
    *call.method_mut() = Method::POST;
    *call.uri_mut() = format!("/service/{service}/operation/{operation}")
        .parse()
        .ok()?;
    call.headers_mut().clone_from(request.headers());
    call.headers_mut().insert(header::CONTENT_TYPE, CBOR);
    Some(call)
}

/// Writes an answer in CBOR as one in JSON; any other is left as it is.
pub fn from_cbor(answer: Response<Bytes>) -> Response<Bytes> {
    let (mut parts, body) = answer.into_parts();
    let is_cbor = parts.headers.get(header::CONTENT_TYPE) == Some(&CBOR);
    let members = ciborium::from_reader::<ciborium::Value, _>(body.as_ref());
    let Some(members) = members.ok().filter(|_| is_cbor) else {
        return Response::from_parts(parts, body);
    };
    parts.headers.insert(header::CONTENT_TYPE, JSON);
    parts.headers.remove(SMITHY);
    let text = cbor_to_json(members).to_string();
    Response::from_parts(parts, Bytes::from(text))
}
