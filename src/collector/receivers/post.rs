//! Spans of other protocols that are sent with POST: Jaeger's and Zipkin's.

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;

use super::Intake;
use super::body::{self, BodyError};
use super::draft::Translated;
use crate::collector::{Charge, Reason};

/// What a receiver is, for answers.
#[derive(Clone, Copy)]
pub(super) struct About {
    /// What it is called in counters.
    pub(super) name: &'static str,
    /// What it takes, for those who ask for anything else.
    pub(super) takes: &'static str,
    /// The content types that it takes.
    pub(super) types: &'static str,
}

/// Reads a body in the form that a request is in.
pub(super) type Translate = fn(&[u8]) -> Result<Translated, String>;

/// How a request is to be read.
pub(super) enum Form {
    /// There is nothing at this path.
    NoPath,
    /// Its content type is not known.
    NoType,
    /// This way.
    Known(Translate),
}

/// Tells which content type a request has, without its parameters; empty where
/// it says none.
pub(super) fn content_type(request: &Request<Incoming>) -> String {
    let value = request.headers().get(CONTENT_TYPE);
    let text = value.map_or(Ok(""), |value| value.to_str());
    let essence = text.unwrap_or("?").split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

/// Takes one request.
pub(super) async fn take(
    intake: &Intake,
    about: About,
    form: Form,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    let translate = match form {
        Form::NoPath => return said(StatusCode::NOT_FOUND, about.takes),
        _ if request.method() != Method::POST => {
            let mut response = said(StatusCode::METHOD_NOT_ALLOWED, "spans are sent with POST");
            let post = HeaderValue::from_static("POST");
            response.headers_mut().insert(ALLOW, post);
            return response;
        }
        Form::NoType => {
            intake.counters.refused(about.name, Reason::UnknownType, 1);
            return said(StatusCode::UNSUPPORTED_MEDIA_TYPE, about.types);
        }
        Form::Known(translate) => translate,
    };
    let (parts, body) = request.into_parts();
    let (body, charge) = match body::read(&intake.memory, &parts.headers, body).await {
        Ok(read) => read,
        Err(error) => {
            intake.counters.refused(about.name, error.reason(), 1);
            return not_read(error);
        }
    };
    let translated = match translate(&body) {
        Ok(translated) => translated,
        Err(why) => {
            intake.counters.refused(about.name, Reason::Malformed, 1);
            return said(StatusCode::BAD_REQUEST, &why);
        }
    };
    drop(body);
    let (spans, without_id) = (translated.spans, translated.without_id);
    if let Err(why) = hand_on(intake, about.name, translated, charge).await {
        return later(&format!("the traces could not be kept: {why}"));
    }
    if spans == 0 && without_id > 0 {
        return said(
            StatusCode::BAD_REQUEST,
            "no span has a valid trace id and span id",
        );
    }
    said(StatusCode::ACCEPTED, "")
}

/// Sends spans on, and waits until they are safe where that is asked for.
///
/// # Errors
/// Why they are not.
pub(super) async fn hand_on(
    intake: &Intake,
    receiver: &'static str,
    translated: Translated,
    charge: Charge,
) -> Result<(), String> {
    match translated.parcel(receiver, &intake.counters, charge) {
        Some(parcel) => intake.hand_on(parcel).await,
        None => Ok(()),
    }
}

fn not_read(error: BodyError) -> Response<Full<Bytes>> {
    if error == BodyError::NoRoom {
        return later(&error.to_string());
    }
    said(error.status(), &error.to_string())
}

/// Asks the sender to try again.
fn later(why: &str) -> Response<Full<Bytes>> {
    let mut response = said(StatusCode::SERVICE_UNAVAILABLE, why);
    let a_second = HeaderValue::from_static("1");
    response.headers_mut().insert(RETRY_AFTER, a_second);
    response
}

fn said(status: StatusCode, text: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(text.to_owned()));
    *response.status_mut() = status;
    if !text.is_empty() {
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, plain);
    }
    response
}
