//! The embedded AWS as its clients see it: AWS SDKs, HTTP, the file system.

mod apigateway;
mod cloudwatch;
mod data_plane;
mod durability;
mod ecs;
mod http_api;
mod iam;
mod kms;
mod lambda;
mod logs_and_sts;
mod metrics;
mod one_user;
mod sdk;

use std::sync::Arc;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use bytes::Bytes;
use http::{Method, Request};
use serde_json::Value;
use tempfile::TempDir;

use super::connector::Connector;
use super::{LocalAws, Options};

/// Options for a folder, with no delay where a test does not ask for one.
fn options(folder: &TempDir) -> Options {
    Options {
        settle: Duration::ZERO,
        ..Options::new(folder.path().join("state"))
    }
}

fn open(folder: &TempDir) -> Arc<LocalAws> {
    Arc::new(LocalAws::open(options(folder)).expect("the folder opens"))
}

/// An embedded AWS with a folder of its own, which goes with the test.
fn fresh() -> (TempDir, Arc<LocalAws>) {
    let folder = folder();
    let local = open(&folder);
    (folder, local)
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// The configuration of SDK clients that call `local` in `region`.
fn sdk(local: &Arc<LocalAws>, region: &str) -> SdkConfig {
    let credentials = Credentials::new("AKIDLOCAL", "secret", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::disabled())
        .http_client(Connector::new(Arc::clone(local)))
        .build()
}

/// A request of X-Ray, signed for `region` or not at all.
fn xray_request(region: Option<&str>, path: &str, body: &Value) -> Request<Bytes> {
    let builder = Request::builder().method(Method::POST).uri(path);
    let builder = match region {
        Some(region) => builder.header("authorization", authorization(region, "xray")),
        None => builder,
    };
    builder
        .body(Bytes::from(body.to_string()))
        .expect("a request")
}

fn authorization(region: &str, service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=AKID/20261121/{region}/{service}/aws4_request, \
         SignedHeaders=host, Signature=00"
    )
}

/// Status and body of the answer to an X-Ray request.
async fn xray(local: &LocalAws, region: Option<&str>, path: &str, body: &Value) -> (u16, Value) {
    let response = local.handle(xray_request(region, path, body)).await;
    let body = serde_json::from_slice(response.body()).expect("a JSON body");
    (response.status().as_u16(), body)
}

/// Names of the sampling rules of a region.
async fn rule_names(local: &LocalAws, region: &str) -> Vec<String> {
    let list = serde_json::json!({});
    let (_, answer) = xray(local, Some(region), "/GetSamplingRules", &list).await;
    let records = answer["SamplingRuleRecords"].as_array().expect("records");
    let name = |record: &Value| {
        record["SamplingRule"]["RuleName"]
            .as_str()
            .map(str::to_owned)
    };
    records.iter().filter_map(name).collect()
}

/// A request that creates a sampling rule.
fn new_rule(name: &str) -> Value {
    serde_json::json!({ "SamplingRule": {
        "RuleName": name, "ResourceARN": "*", "Priority": 100, "FixedRate": 0.1,
        "ReservoirSize": 5, "ServiceName": "*", "ServiceType": "*", "Host": "*",
        "HTTPMethod": "*", "URLPath": "*", "Version": 1,
    }})
}
