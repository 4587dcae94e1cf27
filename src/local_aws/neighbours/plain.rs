//! A neighbour that is served as it is.

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;
use winterbaume_core::StatefulService;

use super::HOME;
use super::engine::{Call, Engine, changes};
use crate::local_aws::service::{Answer, Service, Siblings, StateError};

/// A service without corrections.
pub struct Plain<S> {
    engine: Engine<S>,
    target_prefix: Option<&'static str>,
    home_region: Option<&'static str>,
}

impl<S: StatefulService> Plain<S> {
    /// Serves `service` under `name`, apart in each region; `target_prefix` is
    /// the part of its `X-Amz-Target` before the dot, for services of the AWS
    /// JSON protocols.
    pub fn regional(
        name: &'static str,
        target_prefix: Option<&'static str>,
        account: &str,
        service: S,
    ) -> Self {
        Self {
            engine: Engine::new(name, account, service),
            target_prefix,
            home_region: None,
        }
    }

    /// Serves `service`, which is one for all regions as IAM is.
    pub fn global(name: &'static str, account: &str, service: S) -> Self {
        Self {
            home_region: Some(HOME),
            ..Self::regional(name, None, account, service)
        }
    }
}

#[async_trait]
impl<S: StatefulService> Service for Plain<S> {
    fn name(&self) -> &'static str {
        self.engine.name()
    }

    fn target_prefix(&self) -> Option<&'static str> {
        self.target_prefix
    }

    fn home_region(&self) -> Option<&'static str> {
        self.home_region
    }

    async fn handle(&self, region: &str, request: Request<Bytes>, _: &dyn Siblings) -> Answer {
        let call = Call::of(&request);
        let response: Response<Bytes> = self.engine.handle(region, request).await;
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
