//! What every embedded service is to the rest: a handler whose state can be
//! taken and put back, region by region.

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;

/// Why the state of a service cannot be taken or put back.
#[derive(Debug, thiserror::Error)]
#[error("the state does not belong to {service}: {reason}")]
pub struct StateError {
    /// The service.
    pub service: &'static str,
    /// What is wrong, in the words of the parser.
    pub reason: String,
}

/// The answer of a service.
pub struct Answer {
    /// What the caller gets.
    pub response: Response<Bytes>,
    /// Whether the state changed and must be stored first.
    pub changed: bool,
}

/// Other services of the same account and region.
#[async_trait]
pub trait Siblings: Send + Sync {
    /// Calls the AWS JSON operation `target` (such as `TrentService.DescribeKey`)
    /// of `service` as any client would.
    async fn call(&self, service: &str, target: &str, body: &Value) -> Response<Bytes>;
}

/// An embedded AWS service. Requests of one region come one at a time, but for
/// those that need no turn.
#[async_trait]
pub trait Service: Send + Sync {
    /// Its name in signatures, which also names its state files.
    fn name(&self) -> &'static str;

    /// The part of `X-Amz-Target` before the dot, where the service has one.
    fn target_prefix(&self) -> Option<&'static str> {
        None
    }

    /// The one region in which a global service keeps its state, whatever region
    /// its clients sign for; none for services that are apart in each region.
    fn home_region(&self) -> Option<&'static str> {
        None
    }

    /// Whether the request has to wait for those before it. Where not, nothing
    /// that it changes is stored, and any number of such requests run at once.
    fn needs_turn(&self, _request: &Request<Bytes>) -> bool {
        true
    }

    /// Answers a request made in `region`.
    async fn handle(
        &self,
        region: &str,
        request: Request<Bytes>,
        siblings: &dyn Siblings,
    ) -> Answer;

    /// The state of `region`.
    ///
    /// # Errors
    /// Where it cannot be written as JSON.
    fn snapshot(&self, region: &str) -> Result<Value, StateError>;

    /// Puts back what `snapshot` gave; null stands for a region never used.
    ///
    /// # Errors
    /// Where the value is not a state of this service.
    fn restore(&self, region: &str, state: &Value) -> Result<(), StateError>;
}
