//! Amazon CloudWatch, in the protocol that the AWS CLI and boto3 speak today.
//!
//! AWS takes CloudWatch's operations in CBOR, in JSON and as forms;
//! `winterbaume-cloudwatch` knows CBOR and forms alone. A call in JSON is put
//! to it in CBOR, which carries the same members.
//!
//! Source: <https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html>.

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, header};
use serde_json::Value;
use winterbaume_cloudwatch::CloudWatchService;
use winterbaume_cloudwatch::wire::{cbor_to_json, json_to_cbor};

use super::engine::{Call, Engine, changes};
use super::json_call::JsonFault;
use crate::local_aws::routing;
use crate::local_aws::service::{Answer, Service, Siblings, StateError};

/// What `X-Amz-Target` names before the dot, and the path of a call in CBOR
/// names as its service.
const SERVICE: &str = "GraniteServiceVersion20100801";
const JSON: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.0");
const CBOR: HeaderValue = HeaderValue::from_static("application/cbor");

/// The service with its correction.
pub struct CloudWatch {
    engine: Engine<CloudWatchService>,
}

impl CloudWatch {
    /// CloudWatch of one account.
    pub fn new(account: &str) -> Self {
        Self {
            engine: Engine::new("monitoring", account, CloudWatchService::new()),
        }
    }

    async fn handle_json(&self, region: &str, request: Request<Bytes>) -> Response<Bytes> {
        let Some(request) = to_cbor(&request) else {
            return JsonFault::new("SerializationException", "the body is not JSON").response();
        };
        let answer = self.engine.handle(region, request).await;
        from_cbor(answer)
    }
}

/// Writes a call in JSON as one in CBOR; `None` where it is no JSON.
fn to_cbor(request: &Request<Bytes>) -> Option<Request<Bytes>> {
    let (_, operation) = routing::target(request.headers())?;
    let members: Value = match request.body().as_ref() {
        b"" => Value::Object(serde_json::Map::new()),
        body => serde_json::from_slice(body).ok()?,
    };
    let mut body = Vec::new();
    ciborium::into_writer(&json_to_cbor(&members), &mut body).ok()?;
    let mut call = Request::new(Bytes::from(body));
    *call.method_mut() = Method::POST;
    *call.uri_mut() = format!("/service/{SERVICE}/operation/{operation}")
        .parse()
        .ok()?;
    call.headers_mut().clone_from(request.headers());
    call.headers_mut().insert(header::CONTENT_TYPE, CBOR);
    Some(call)
}

/// Writes an answer in CBOR as one in JSON; any other is left as it is.
fn from_cbor(answer: Response<Bytes>) -> Response<Bytes> {
    let (mut parts, body) = answer.into_parts();
    let is_cbor = parts.headers.get(header::CONTENT_TYPE) == Some(&CBOR);
    let members = ciborium::from_reader::<ciborium::Value, _>(body.as_ref());
    let Some(members) = members.ok().filter(|_| is_cbor) else {
        return Response::from_parts(parts, body);
    };
    parts.headers.insert(header::CONTENT_TYPE, JSON);
    parts.headers.remove("smithy-protocol");
    let text = cbor_to_json(members).to_string();
    Response::from_parts(parts, Bytes::from(text))
}

#[async_trait]
impl Service for CloudWatch {
    fn name(&self) -> &'static str {
        self.engine.name()
    }

    fn target_prefix(&self) -> Option<&'static str> {
        Some(SERVICE)
    }

    async fn handle(&self, region: &str, request: Request<Bytes>, _: &dyn Siblings) -> Answer {
        let call = Call::of(&request);
        let response = if routing::target(request.headers()).is_some() {
            self.handle_json(region, request).await
        } else {
            self.engine.handle(region, request).await
        };
        let changed = changes(&call, &response);
        Answer { response, changed }
    }

    fn snapshot(&self, region: &str) -> Result<Value, StateError> {
        self.engine.snapshot(region)
    }

    fn restore(&self, region: &str, state: &Value) -> Result<(), StateError> {
        self.engine.restore(region, state)
    }
}
