//! Requests and answers of the AWS JSON 1.1 protocol, as corrections need them.

use bytes::Bytes;
use http::{Method, Request, Response, header};
use serde_json::{Map, Value, json};

use crate::local_aws::reply;

/// An error of a service that speaks AWS JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonFault {
    /// Name of the exception.
    pub code: &'static str,
    /// Text for people.
    pub message: String,
}

impl JsonFault {
    /// An error with this code and text; AWS answers all of them with 400.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// The answer that carries the error.
    pub fn response(&self) -> Response<Bytes> {
        let body = json!({ "__type": self.code, "message": self.message });
        reply::json(400, &body)
    }
}

/// The members of a request; none where the body is not a JSON object.
pub fn members(request: &Request<Bytes>) -> Option<Map<String, Value>> {
    match serde_json::from_slice(request.body()) {
        Ok(Value::Object(members)) => Some(members),
        _ => None,
    }
}

/// A request for the operation `target`, such as `TrentService.ListKeys`.
pub fn request(target: &str, body: &Value) -> Request<Bytes> {
    let mut request = Request::new(Bytes::from(body.to_string()));
    *request.method_mut() = Method::POST;
    let headers = request.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("application/x-amz-json-1.1"),
    );
    if let Ok(target) = target.parse() {
        headers.insert("x-amz-target", target);
    }
    request
}

/// `response` with its JSON object changed by `change`, where it succeeded.
pub fn amended(
    response: Response<Bytes>,
    change: impl FnOnce(&mut Map<String, Value>),
) -> Response<Bytes> {
    if !response.status().is_success() {
        return response;
    }
    match serde_json::from_slice(response.body()) {
        Ok(Value::Object(mut members)) => {
            change(&mut members);
            reply::json(200, &Value::Object(members))
        }
        _ => response,
    }
}

/// One page of `items`, which are in order, starting after the item that
/// `marker` names.
pub struct Page<'a> {
    /// The items of the page.
    pub items: &'a [Value],
    /// Names the last of them, where more follow.
    pub next: Option<String>,
}

/// Cuts a page of at most `limit` items out of `items`, which are sorted by
/// the text `key`. A marker stays good when items come and go between pages.
pub fn page<'a>(items: &'a [Value], key: &str, marker: Option<&str>, limit: usize) -> Page<'a> {
    let name = |item: &Value| item[key].as_str().unwrap_or_default().to_owned();
    let start = marker.map_or(0, |marker| {
        items.partition_point(|item| name(item).as_str() <= marker)
    });
    let rest = &items[start..];
    let items = &rest[..limit.min(rest.len())];
    let next = (items.len() < rest.len())
        .then(|| items.last().map(name))
        .flatten();
    Page { items, next }
}
