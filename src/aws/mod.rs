//! AWS as this program sees it: clients for one account and region, calls with
//! classified errors, and waiting for what AWS makes visible only later.
//!
//! The only module that names an AWS SDK crate; resource types reach the
//! clients through [`Aws`] and the types that it re-exports.

mod call;
mod connect;
mod error;
mod http;
mod raw_json;
mod signing;
mod wait;

use tokio::sync::OnceCell;

pub use call::{API_GATEWAY, CLOUDWATCH, ECS, IAM, KMS, LAMBDA, LOGS, STS, Service, XRAY, call};
pub use connect::{Connection, configured_region, without_retries};
pub use error::{Class, Error, gone_is_done};
pub use raw_json::RawJson;
pub use signing::{Signer, SignerOptions, SigningError};
pub use wait::{Patience, until, until_done};

/// Types of the API Gateway API (REST APIs).
pub use aws_sdk_apigateway as apigateway;
/// Types of the CloudWatch API.
pub use aws_sdk_cloudwatch as cloudwatch;
/// Types of the CloudWatch Logs API.
pub use aws_sdk_cloudwatchlogs as logs;
/// Types of the ECS API.
pub use aws_sdk_ecs as ecs;
/// Types of the IAM API.
pub use aws_sdk_iam as iam;
/// Types of the KMS API.
pub use aws_sdk_kms as kms;
/// Types of the Lambda API.
pub use aws_sdk_lambda as lambda;
/// Types of the X-Ray API.
pub use aws_sdk_xray as xray;

/// Clients for one account and region.
#[derive(Debug)]
pub struct Aws {
    /// AWS X-Ray.
    pub xray: aws_sdk_xray::Client,
    /// AWS Key Management Service.
    pub kms: aws_sdk_kms::Client,
    /// Amazon CloudWatch Logs.
    pub logs: aws_sdk_cloudwatchlogs::Client,
    /// AWS Identity and Access Management; global, whatever the region.
    pub iam: aws_sdk_iam::Client,
    /// Amazon CloudWatch: alarms and dashboards.
    pub cloudwatch: aws_sdk_cloudwatch::Client,
    /// Amazon Elastic Container Service.
    pub ecs: aws_sdk_ecs::Client,
    /// AWS Lambda.
    pub lambda: aws_sdk_lambda::Client,
    /// Amazon API Gateway, REST APIs.
    pub apigateway: aws_sdk_apigateway::Client,
    sts: aws_sdk_sts::Client,
    profile: Option<String>,
    region: String,
    identity: OnceCell<Identity>,
}

/// Who the credentials belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The account, 12 digits.
    pub account: String,
    /// The part of AWS: `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
    /// The caller's ARN.
    pub arn: String,
}

impl Aws {
    /// Returns the region of all calls.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Returns the profile that the credentials were asked of.
    pub fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    /// Returns who the credentials belong to; asks AWS once.
    ///
    /// # Errors
    /// Where STS cannot be reached or refuses the credentials.
    pub async fn identity(&self) -> Result<&Identity, Error> {
        self.identity
            .get_or_try_init(|| async {
                let reply = call(
                    STS,
                    "GetCallerIdentity",
                    self.sts.get_caller_identity().send(),
                )
                .await?;
                let arn = reply.arn.unwrap_or_default();
                Ok(Identity {
                    account: reply.account.unwrap_or_default(),
                    partition: arn.split(':').nth(1).unwrap_or("aws").to_owned(),
                    arn,
                })
            })
            .await
    }
}
