//! The services next to X-Ray, from the `winterbaume-*` crates.
//!
//! Each runs in this process and keeps its state per region. Where one falls
//! short of AWS in something that xrayctl needs, a file of this folder corrects
//! that one operation and says why; all else is passed through. A service that
//! needs no correction is one line in [`all`].

mod cloudwatch;
mod ecs;
mod ecs_rules;
mod engine;
pub(super) mod json_call;
mod kms;
mod kms_key;
mod kms_rules;
mod logs;
pub mod plain;
mod sts;

use std::sync::Arc;

use winterbaume_apigateway::ApiGatewayService;
use winterbaume_iam::IamService;
use winterbaume_lambda::LambdaService;

use super::Clock;
use super::service::Service;
use plain::Plain;

/// Every neighbour, for an account of twelve digits.
#[must_use]
pub fn all(account: &str, clock: &Clock) -> Vec<Arc<dyn Service>> {
    vec![
        Arc::new(kms::Kms::new(account, clock.clone())),
        Arc::new(logs::Logs::new(account)),
        Arc::new(sts::Sts::new(account)),
        Arc::new(Plain::global("iam", account, IamService::new())),
        Arc::new(cloudwatch::CloudWatch::new(account)),
        Arc::new(ecs::Ecs::new(account, clock.clone())),
        Arc::new(Plain::regional(
            "lambda",
            None,
            account,
            LambdaService::new(),
        )),
        Arc::new(Plain::regional(
            "apigateway",
            None,
            account,
            ApiGatewayService::new(),
        )),
    ]
}
