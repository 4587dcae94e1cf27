//! HTTP answers in AWS's forms.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};
use winterbaume_core::xml_escape;

use super::xray::fault::Fault;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// A JSON answer.
pub fn json(status: u16, body: &Value) -> Response<Bytes> {
    json_text(status, Bytes::from(body.to_string()))
}

/// An answer that is JSON already.
pub fn json_text(status: u16, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}

/// An X-Ray error: the code in a header, the text in the body.
pub fn fault(fault: &Fault) -> Response<Bytes> {
    let mut response = json(fault.status, &fault.body);
    response
        .headers_mut()
        .insert(ERROR_TYPE, HeaderValue::from_static(fault.code));
    response
}

/// An error that a client of any AWS service understands: XML for services that
/// are asked with forms, JSON for all others.
pub fn error(
    headers: &HeaderMap,
    status: u16,
    code: &'static str,
    message: &str,
) -> Response<Bytes> {
    let is_form = headers.get(header::CONTENT_TYPE).is_some_and(|kind| {
        kind.as_bytes()
            .starts_with(b"application/x-www-form-urlencoded")
    });
    let mut response = json(status, &json!({ "__type": code, "message": message }));
    response
        .headers_mut()
        .insert(ERROR_TYPE, HeaderValue::from_static(code));
    if is_form {
        *response.body_mut() = Bytes::from(xml(code, message));
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    }
    response
}

fn xml(code: &str, message: &str) -> String {
    let message = xml_escape(message);
    format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error></ErrorResponse>"
    )
}

/// Gives the answer a request id, as every AWS answer has one.
pub fn stamp(response: &mut Response<Bytes>) {
    if let Some(id) = request_id().and_then(|id| HeaderValue::from_str(&id).ok()) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
}

fn request_id() -> Option<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).ok()?;
    let hex = format!("{:032x}", u128::from_be_bytes(bytes));
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    Some(parts.join("-"))
}
