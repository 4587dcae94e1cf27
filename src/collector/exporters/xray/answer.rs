//! What X-Ray answers.

use std::borrow::Cow;

use serde::Deserialize;

use crate::collector::Reason;
use crate::collector::exporters::Outcome;
use crate::collector::exporters::http::{Answer, retry_after, words};

/// A document that X-Ray did not take.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Unprocessed<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "ErrorCode")]
    pub(super) code: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) message: Option<Cow<'a, str>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Reply<'a> {
    #[serde(borrow)]
    unprocessed_trace_segments: Option<Vec<Unprocessed<'a>>>,
}

/// An error as AWS's services of JSON write it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Fault<'a> {
    #[serde(borrow, rename = "__type", alias = "code")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, alias = "Message")]
    message: Option<Cow<'a, str>>,
}

/// Errors of status 400 that mean: too many requests.
const THROTTLING: [&str; 6] = [
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "RequestLimitExceeded",
    "RequestThrottledException",
    "TooManyRequestsException",
];
/// Errors that newer credentials cure.
const EXPIRED: [&str; 3] = ["ExpiredToken", "ExpiredTokenException", "RequestExpired"];

/// The documents that were not taken, though the request was.
pub(super) fn unprocessed(body: &[u8]) -> Vec<Unprocessed<'_>> {
    let reply: Reply<'_> = serde_json::from_slice(body).unwrap_or_default();
    reply.unprocessed_trace_segments.unwrap_or_default()
}

/// The name of an error, without its namespace and what follows it.
fn kind(answer: &Answer) -> String {
    let header = answer.headers.get("x-amzn-errortype");
    let header = header.and_then(|value| value.to_str().ok());
    let fault: Fault<'_> = serde_json::from_slice(&answer.body).unwrap_or_default();
    let whole = header.or(fault.kind.as_deref()).unwrap_or_default();
    let name = whole.split(':').next().unwrap_or_default();
    words(name.rsplit('#').next().unwrap_or_default().as_bytes())
}

/// Tells whether the credentials have expired.
pub(super) fn is_expired(answer: &Answer) -> bool {
    EXPIRED.contains(&kind(answer).as_str())
}

/// What an answer means that is no success.
pub(super) fn failure(answer: &Answer) -> Outcome {
    let (status, kind) = (answer.status, kind(answer));
    let fault: Fault<'_> = serde_json::from_slice(&answer.body).unwrap_or_default();
    let said = match &fault.message {
        Some(message) => words(message.as_bytes()),
        None => words(&answer.body),
    };
    let why = format!("X-Ray answered {} {kind}: {said}", status.as_u16());
    let is_passing = status.is_server_error()
        || matches!(status.as_u16(), 408 | 429)
        || THROTTLING.contains(&kind.as_str())
        || EXPIRED.contains(&kind.as_str());
    if is_passing {
        let after = retry_after(&answer.headers);
        return Outcome::Later { after, why };
    }
    let reason = if status.as_u16() == 413 {
        Reason::TooLarge
    } else {
        Reason::Rejected
    };
    Outcome::Never { reason, why }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, StatusCode};
    use proptest::prelude::*;

    use super::*;

    fn answer(status: u16, kind: &'static str, body: &'static str) -> Answer {
        let mut headers = HeaderMap::new();
        if !kind.is_empty() {
            headers.insert("x-amzn-errortype", HeaderValue::from_static(kind));
        }
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers,
            body: body.as_bytes().into(),
            trailers: HeaderMap::new(),
        }
    }

    #[test]
    fn tells_what_passes_from_what_stays() {
        let is_passing = |answer: &Answer| matches!(failure(answer), Outcome::Later { .. });
        for passing in [
            answer(429, "", ""),
            answer(500, "", "<html>"),
            answer(503, "", "{}"),
            answer(400, "ThrottledException:http://x", ""),
            answer(
                400,
                "",
                r#"{"__type":"com.amazonaws.xray#ThrottlingException"}"#,
            ),
            answer(403, "ExpiredTokenException", ""),
        ] {
            assert!(is_passing(&passing), "{passing:?}");
        }
        for staying in [
            answer(400, "InvalidRequestException", r#"{"message":"no"}"#),
            answer(403, "AccessDeniedException", "{}"),
            answer(404, "", ""),
            answer(413, "", ""),
        ] {
            assert!(!is_passing(&staying), "{staying:?}");
        }
        let denied = r#"{"Message":"User is not authorized\u0007"}"#;
        let Outcome::Never { why, .. } = failure(&answer(403, "AccessDeniedException:", denied))
        else {
            panic!("may pass");
        };
        let expected = "X-Ray answered 403 AccessDeniedException: User is not authorized";
        assert_eq!(why, expected);
    }

    proptest! {
        #[test]
        fn any_answer_is_read(body in any::<Vec<u8>>(), status in 300_u16..600) {
            unprocessed(&body);
            let answer = Answer {
                body: body.into(),
                ..answer(status, "", "")
            };
            failure(&answer);
        }
    }
}
