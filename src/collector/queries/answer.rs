//! Answers over HTTP.

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, WARNING, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde_json::Value;

/// An answer whose body is all there.
pub(super) type Answer = Response<Full<Bytes>>;

const JSON: &str = "application/json";
const PLAIN: &str = "text/plain; charset=utf-8";
/// Said where a search ended before it had seen all: RFC 7234, 5.5.
const CUT: &str = "199 - \"only the newest traces of this time were looked into\"";

/// An answer in JSON.
pub(super) fn json(status: StatusCode, body: &Value) -> Answer {
    written(status, body.to_string().into())
}

/// An answer in JSON that is written already.
pub(super) fn written(status: StatusCode, body: Bytes) -> Answer {
    of(status, JSON, body)
}

/// An answer in words.
pub(super) fn plain(status: StatusCode, words: &str) -> Answer {
    of(status, PLAIN, Bytes::from(words.to_owned()))
}

/// Says that there is nothing to be done in this way at a path.
pub(super) fn not_allowed(allowed: &'static str) -> Answer {
    let mut answer = plain(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed\n");
    let allowed = HeaderValue::from_static(allowed);
    answer.headers_mut().insert(ALLOW, allowed);
    answer
}

/// Says, where it is so, that there may be more than was found.
pub(super) fn cut(mut answer: Answer, is_cut: bool) -> Answer {
    if is_cut {
        let warning = HeaderValue::from_static(CUT);
        answer.headers_mut().insert(WARNING, warning);
    }
    answer
}

fn of(status: StatusCode, kind: &'static str, body: Bytes) -> Answer {
    let mut answer = Response::new(Full::from(body));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}
