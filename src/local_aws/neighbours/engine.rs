//! A `winterbaume` service with what it takes to run it behind our own HTTP.

use std::panic::AssertUnwindSafe;
use std::sync::LazyLock;

use bytes::Bytes;
use futures::FutureExt;
use futures::executor::block_on;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use serde_json::Value;
use tokio::task::unconstrained;
use winterbaume_core::{MockRequest, StatefulService};

use crate::local_aws::reply;
use crate::local_aws::routing;
use crate::local_aws::service::StateError;

/// A service of one account. It is made when it is first asked: most of who start an
/// embedded AWS ask two or three of them.
pub struct Engine<S> {
    service: LazyLock<S>,
    name: &'static str,
    account: String,
}

/// First words of operations that change nothing.
const READS: &[&str] = &[
    "BatchGet", "Decode", "Describe", "Filter", "Get", "List", "Search", "Simulate", "Test",
];
/// Operations of KMS that use a key and change nothing.
const KEY_USES: &[&str] = &[
    "Decrypt",
    "DeriveSharedSecret",
    "Encrypt",
    "Generate",
    "ReEncrypt",
    "Sign",
    "Verify",
];

impl<S: StatefulService> Engine<S> {
    /// Wraps the service that `make` makes, whose name in signatures and host names is
    /// `name`.
    pub fn new(name: &'static str, account: &str, make: fn() -> S) -> Self {
        Self {
            service: LazyLock::new(make),
            name,
            account: account.to_owned(),
        }
    }

    /// Name of the service in signatures.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The account that the service acts for.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// Answers `request` as the service does in `region`, which it reads from
    /// the host name alone. A panic in the service is answered like a failure
    /// of AWS's own.
    pub async fn handle(&self, region: &str, request: Request<Bytes>) -> Response<Bytes> {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let mock = MockRequest {
            method: parts.method.to_string(),
            uri: format!("https://{}.{region}.amazonaws.com{path}", self.name),
            headers: parts.headers.clone(),
            body,
        };
        let answer = AssertUnwindSafe(self.service.handle(mock)).catch_unwind();
        let Ok(answer) = answer.await else {
            let text = "the embedded service failed";
            return reply::error(&parts.headers, 500, "InternalFailure", text);
        };
        let mut response = Response::new(answer.body);
        *response.status_mut() =
            StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        *response.headers_mut() = answer.headers;
        response
    }

    /// The state of `region`.
    pub fn view(&self, region: &str) -> S::StateView {
        now(self.service.snapshot(&self.account, region))
    }

    /// Replaces the state of `region`.
    ///
    /// # Errors
    /// Where the service refuses it.
    pub fn set_view(&self, region: &str, view: S::StateView) -> Result<(), StateError> {
        now(self.service.restore(&self.account, region, view))
            .map_err(|error| self.state_error(&error))
    }

    /// The state of `region` as JSON, members sorted.
    ///
    /// # Errors
    /// Where it cannot be written as JSON.
    pub fn snapshot(&self, region: &str) -> Result<Value, StateError> {
        let mut state =
            serde_json::to_value(self.view(region)).map_err(|error| self.state_error(&error))?;
        state.sort_all_objects();
        Ok(state)
    }

    /// Puts back what `snapshot` gave; null empties the region.
    ///
    /// # Errors
    /// Where the value is not a state of the service.
    pub fn restore(&self, region: &str, state: &Value) -> Result<(), StateError> {
        let empty = Value::Object(serde_json::Map::new());
        let state = if state.is_null() { &empty } else { state };
        if !state.is_object() {
            return Err(self.state_error(&"it is not an object"));
        }
        let view = serde::Deserialize::deserialize(state).map_err(|e| self.state_error(&e))?;
        self.set_view(region, view)
    }

    /// An error about the state of this service.
    pub fn state_error(&self, reason: &dyn std::fmt::Display) -> StateError {
        StateError {
            service: self.name,
            reason: reason.to_string(),
        }
    }
}

/// Runs a future that never has to wait: nothing else uses the region meanwhile.
/// Unconstrained, since a task that has used up its share of a tokio worker
/// would otherwise be told to wait, for ever.
fn now<F: Future>(future: F) -> F::Output {
    block_on(unconstrained(future))
}

/// Whether a request was answered in a way that can have changed the state.
pub fn changes(request: &Call, response: &Response<Bytes>) -> bool {
    let is_read = |operation: &str| {
        let begins = |word: &&str| operation.starts_with(*word);
        READS.iter().any(begins) || KEY_USES.iter().any(begins)
    };
    response.status().is_success()
        && match &request.operation {
            Some(operation) => !is_read(operation),
            None => request.method != Method::GET && request.method != Method::HEAD,
        }
}

/// What is known of a request before it is handed on.
pub struct Call {
    method: Method,
    operation: Option<String>,
}

impl Call {
    /// Reads the operation: from `X-Amz-Target`, from the path of a call in
    /// CBOR, or from the `Action` of a form.
    pub fn of(request: &Request<Bytes>) -> Self {
        let named = routing::target(request.headers()).map(|(_, operation)| operation);
        let named = named.or_else(|| rpc_operation(request.uri().path()));
        let operation = match named {
            Some(operation) => Some(operation.to_owned()),
            None => form_action(request.headers(), request.body()),
        };
        Self {
            method: request.method().clone(),
            operation,
        }
    }

    /// The operation; none for requests whose path says it.
    pub fn operation(&self) -> Option<&str> {
        self.operation.as_deref()
    }
}

/// The operation in `/service/SERVICE/operation/OPERATION`.
fn rpc_operation(path: &str) -> Option<&str> {
    let (_, operation) = path.strip_prefix("/service/")?.split_once("/operation/")?;
    Some(operation)
}

fn form_action(headers: &HeaderMap, body: &Bytes) -> Option<String> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return None;
    }
    let body = std::str::from_utf8(body).ok()?;
    body.split('&')
        .find_map(|pair| pair.strip_prefix("Action="))
        .map(str::to_owned)
}
