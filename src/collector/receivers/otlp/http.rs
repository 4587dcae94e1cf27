//! OTLP over HTTP, in protobuf and in JSON.

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use serde_json::json;

use super::json;
use super::signal::Signal;
use super::take::{NotTaken, Taken, take};
use crate::collector::receivers::Intake;
use crate::collector::receivers::body::{self, BodyError};
use crate::collector::{Handler, Reason};
use crate::otlp::write;

/// What it is called in counters.
const NAME: &str = "otlp/http";
/// Codes of `google.rpc.Status`.
const INVALID_ARGUMENT: u64 = 3;
const UNIMPLEMENTED: u64 = 12;
const UNAVAILABLE: u64 = 14;

/// Answers requests of OTLP over HTTP.
pub struct Http {
    intake: Intake,
}

impl Http {
    /// Hands traces to `intake`.
    pub fn new(intake: Intake) -> Self {
        Self { intake }
    }
}

/// How a request is written, and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Protobuf,
    Json,
}

impl Form {
    fn of(request: &Request<Incoming>) -> Option<Self> {
        let text = request.headers().get(CONTENT_TYPE)?.to_str().ok()?;
        let essence = text.split(';').next()?.trim();
        if essence.eq_ignore_ascii_case("application/x-protobuf") {
            Some(Self::Protobuf)
        } else if essence.eq_ignore_ascii_case("application/json") {
            Some(Self::Json)
        } else {
            None
        }
    }

    fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        })
    }
}

impl Handler for Http {
    type Body = Full<Bytes>;

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let form = Form::of(&request);
        let Some(signal) = Signal::of_http(request.uri().path()) else {
            let known = "this is an OTLP receiver: it takes /v1/traces, /v1/metrics and /v1/logs";
            return refusal(StatusCode::NOT_FOUND, form, UNIMPLEMENTED, known);
        };
        if request.method() != Method::POST {
            let mut response = refusal(
                StatusCode::METHOD_NOT_ALLOWED,
                form,
                UNIMPLEMENTED,
                "requests of OTLP are sent with POST",
            );
            let post = HeaderValue::from_static("POST");
            response.headers_mut().insert(ALLOW, post);
            return response;
        }
        let Some(form) = form else {
            self.intake.counters.refused(NAME, Reason::UnknownType, 1);
            return refusal(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                None,
                INVALID_ARGUMENT,
                "the content type is application/x-protobuf or application/json",
            );
        };
        let (parts, body) = request.into_parts();
        match body::read(&self.intake.memory, &parts.headers, body).await {
            Ok((body, charge)) => self.taken(signal, form, body, charge).await,
            Err(error) => {
                self.intake.counters.refused(NAME, error.reason(), 1);
                not_read(form, error)
            }
        }
    }
}

impl Http {
    async fn taken(
        &self,
        signal: Signal,
        form: Form,
        body: Bytes,
        mut charge: crate::collector::Charge,
    ) -> Response<Full<Bytes>> {
        let body = match form {
            Form::Protobuf => body,
            Form::Json if !charge.grow(json::room(&body)) => {
                let no_room = BodyError::NoRoom;
                self.intake.counters.refused(NAME, no_room.reason(), 1);
                return not_read(form, no_room);
            }
            Form::Json => match json::to_protobuf(signal, &body) {
                Ok(request) => {
                    charge.settle(request.len());
                    request.into()
                }
                Err(error) => {
                    self.intake.counters.refused(NAME, Reason::Malformed, 1);
                    let message = format!("the request is no OTLP: {error}");
                    return refusal(
                        StatusCode::BAD_REQUEST,
                        Some(form),
                        INVALID_ARGUMENT,
                        &message,
                    );
                }
            },
        };
        match take(&self.intake, NAME, signal, body, charge).await {
            Ok(taken) => answer(form, &taken),
            Err(error @ NotTaken::Malformed(_)) => refusal(
                StatusCode::BAD_REQUEST,
                Some(form),
                INVALID_ARGUMENT,
                &error.to_string(),
            ),
            Err(error @ NotTaken::NotKept(_)) => later(form, &error.to_string()),
        }
    }
}

/// Says what was taken: an empty message for all.
fn answer(form: Form, taken: &Taken) -> Response<Full<Bytes>> {
    let body = match (form, taken) {
        (Form::Protobuf, Taken::All) => Vec::new(),
        (Form::Json, Taken::All) => b"{}".to_vec(),
        (Form::Protobuf, Taken::Partly { rejected, message }) => {
            partial_success(*rejected, message)
        }
        (Form::Json, Taken::Partly { rejected, message }) => {
            let said = json!({
                "partialSuccess": {
                    "rejectedSpans": rejected.to_string(),
                    "errorMessage": message,
                }
            });
            said.to_string().into_bytes()
        }
    };
    response(StatusCode::OK, form, body)
}

/// An `ExportTraceServiceResponse` that says what was left out.
pub(super) fn partial_success(rejected: usize, message: &str) -> Vec<u8> {
    let mut body = Vec::new();
    write::message(&mut body, 1, |out| {
        write::number(out, 1, u64::try_from(rejected).unwrap_or(u64::MAX));
        write::bytes(out, 2, message.as_bytes());
    });
    body
}

fn not_read(form: Form, error: BodyError) -> Response<Full<Bytes>> {
    if error == BodyError::NoRoom {
        return later(form, &error.to_string());
    }
    refusal(
        error.status(),
        Some(form),
        INVALID_ARGUMENT,
        &error.to_string(),
    )
}

/// Asks the sender to try again.
fn later(form: Form, message: &str) -> Response<Full<Bytes>> {
    let status = StatusCode::SERVICE_UNAVAILABLE;
    let mut response = refusal(status, Some(form), UNAVAILABLE, message);
    let a_second = HeaderValue::from_static("1");
    response.headers_mut().insert(RETRY_AFTER, a_second);
    response
}

/// A `google.rpc.Status`, as OTLP wants refusals.
fn refusal(
    status: StatusCode,
    form: Option<Form>,
    code: u64,
    message: &str,
) -> Response<Full<Bytes>> {
    let form = form.unwrap_or(Form::Json);
    let body = match form {
        Form::Protobuf => {
            let mut body = Vec::new();
            write::number(&mut body, 1, code);
            write::bytes(&mut body, 2, message.as_bytes());
            body
        }
        Form::Json => json!({"code": code, "message": message})
            .to_string()
            .into_bytes(),
    };
    response(status, form, body)
}

fn response(status: StatusCode, form: Form, body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, form.content_type());
    response
}
