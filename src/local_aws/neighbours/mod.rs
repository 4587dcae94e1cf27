//! The services next to X-Ray, from the `winterbaume-*` crates.
//!
//! Each runs in this process and keeps its state per region. Where one falls
//! short of AWS in something that xrayctl needs, a file of this folder corrects
//! that one operation and says why; all else is passed through.

mod apigateway;
mod aws_managed_policies;
mod cloudwatch;
mod ecs;
mod ecs_rules;
mod engine;
mod iam;
mod iam_answers;
mod iam_form;
mod iam_rules;
pub(super) mod json_call;
mod kms;
mod kms_key;
mod kms_rules;
mod lambda;
mod logs;
mod rest_call;
mod sts;

use std::sync::Arc;
use std::time::Duration;

use super::Clock;
use super::service::Service;

/// Where global services live, in AWS's own partition.
const HOME: &str = "us-east-1";

/// Every neighbour, for an account of twelve digits. Changes that AWS carries
/// out in the background take `settle`.
#[must_use]
pub fn all(account: &str, clock: &Clock, settle: Duration) -> Vec<Arc<dyn Service>> {
    vec![
        Arc::new(kms::Kms::new(account, clock.clone())),
        Arc::new(logs::Logs::new(account)),
        Arc::new(sts::Sts::new(account)),
        Arc::new(iam::Iam::new(account, clock.clone())),
        Arc::new(cloudwatch::CloudWatch::new(account, clock.clone())),
        Arc::new(ecs::Ecs::new(account, clock.clone())),
        Arc::new(lambda::Lambda::new(account, clock.clone(), settle)),
        Arc::new(apigateway::ApiGateway::new(account)),
    ]
}
