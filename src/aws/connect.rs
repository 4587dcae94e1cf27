//! How clients are made: region, credentials, endpoint, retries and time-outs.

use std::time::Duration;

use aws_config::environment::region::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use tokio::sync::OnceCell;

use super::{Aws, http};

/// Attempts at one call, the first included. X-Ray publishes no call rates and
/// throttles a control plane at a few calls a second, so that a plan of some
/// dozen resources needs patience more than speed.
const ATTEMPTS: u32 = 8;
/// Attempts at the first call, which tells whether AWS can be reached at all:
/// few, so that a wrong endpoint is told within seconds.
const IDENTITY_ATTEMPTS: u32 = 2;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);

/// Where to connect, and as whom.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    /// The region of all calls.
    pub region: String,
    /// A profile of the shared configuration; the default chain where `None`.
    pub profile: Option<String>,
    /// Another endpoint for every service.
    pub endpoint_url: Option<String>,
    /// Answers calls in this process, with no network; for the embedded AWS.
    pub in_process: Option<SharedHttpClient>,
    /// Signs with fixed credentials that the embedded AWS accepts.
    pub embedded_credentials: bool,
}

impl Connection {
    /// Calls the embedded AWS that is served at `url`.
    pub fn serve_from(&mut self, url: String) {
        self.embedded_credentials = true;
        self.endpoint_url = Some(url);
    }

    /// Makes the clients. Makes no call.
    pub async fn open(self) -> Aws {
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(CONNECT_TIMEOUT)
                    .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                    .build(),
            );
        if std::env::var_os("AWS_MAX_ATTEMPTS").is_none() {
            loader = loader.retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS));
        }
        if let Some(profile) = &self.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(url) = &self.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        loader = loader.http_client(self.in_process.unwrap_or_else(http::client));
        if self.embedded_credentials {
            loader = loader.credentials_provider(Credentials::new(
                "local",
                "local",
                None,
                None,
                "embedded AWS",
            ));
        }
        let config = loader.load().await;
        let identity_config = config
            .clone()
            .into_builder()
            .retry_config(RetryConfig::standard().with_max_attempts(IDENTITY_ATTEMPTS))
            .build();
        Aws {
            xray: aws_sdk_xray::Client::new(&config),
            kms: aws_sdk_kms::Client::new(&config),
            logs: aws_sdk_cloudwatchlogs::Client::new(&config),
            iam: aws_sdk_iam::Client::new(&config),
            cloudwatch: aws_sdk_cloudwatch::Client::new(&config),
            ecs: aws_sdk_ecs::Client::new(&config),
            lambda: aws_sdk_lambda::Client::new(&config),
            apigateway: aws_sdk_apigateway::Client::new(&config),
            sts: aws_sdk_sts::Client::new(&identity_config),
            profile: self.profile,
            region: self.region,
            identity: OnceCell::new(),
        }
    }
}

/// The region that the environment says, or a profile of the shared configuration
/// (the default one where `None`). Asks no network.
pub async fn configured_region(profile: Option<&str>) -> Option<String> {
    let mut of_profile = ProfileFileRegionProvider::builder();
    if let Some(profile) = profile {
        of_profile = of_profile.profile_name(profile);
    }
    RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
        .or_else(of_profile.build())
        .region()
        .await
        .map(|region| region.to_string())
        .filter(|region| !region.is_empty())
}

/// For a call that must not be made twice.
pub fn without_retries() -> RetryConfig {
    RetryConfig::disabled()
}
