//! Requests and answers of AWS's REST protocols in JSON, as corrections need
//! them.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, header};
use serde_json::{Map, Value};
use winterbaume_core::urldecode;

/// The steps of a request's path, decoded; none is empty.
pub fn steps(request: &Request<Bytes>) -> Vec<String> {
    let steps = request.uri().path().split('/');
    steps
        .filter(|step| !step.is_empty())
        .map(urldecode)
        .collect()
}

/// Every value that the query gives for `name`.
pub fn query(request: &Request<Bytes>, name: &str) -> Vec<String> {
    let pairs = request.uri().query().unwrap_or_default().split('&');
    pairs
        .filter_map(|pair| pair.split_once('='))
        .filter(|(key, _)| urldecode(key) == name)
        .map(|(_, value)| urldecode(value))
        .collect()
}

/// A request with a JSON body.
pub fn request(method: Method, path: &str, body: &Value) -> Request<Bytes> {
    let mut request = Request::new(Bytes::from(body.to_string()));
    *request.method_mut() = method;
    if let Ok(uri) = path.parse() {
        *request.uri_mut() = uri;
    }
    let json = HeaderValue::from_static("application/json");
    request.headers_mut().insert(header::CONTENT_TYPE, json);
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
    let (parts, body) = response.into_parts();
    let body = match serde_json::from_slice(&body) {
        Ok(Value::Object(mut members)) => {
            change(&mut members);
            Bytes::from(Value::Object(members).to_string())
        }
        _ => body,
    };
    Response::from_parts(parts, body)
}
