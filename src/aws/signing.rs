//! Signatures for requests that are written by hand: region, endpoint and
//! credentials are found as the SDKs find them, once, at the first request.

use std::time::{Duration, SystemTime};

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use http::{HeaderMap, HeaderValue, Uri};
use tokio::sync::{Mutex, OnceCell};
use tokio::time::Instant;

use super::http::client;

/// How long before they expire credentials are asked for anew.
const BEFORE: Duration = Duration::from_mins(5);
/// How long credentials are used that do not expire: so that a changed profile
/// is noticed.
const AGE: Duration = Duration::from_mins(15);
/// How long a failure stands before credentials are asked for again: many
/// requests that wait for the same ones ask once.
const FAILURE: Duration = Duration::from_secs(1);

/// Where a service is, and as whom it is called.
#[derive(Clone, Debug, Default)]
pub struct SignerOptions {
    /// The service, as its endpoint and its signatures name it: `xray`.
    pub service: &'static str,
    /// The region; that of the environment or the profile where `None`.
    pub region: Option<String>,
    /// A profile of the shared configuration; the default chain where `None`.
    pub profile: Option<String>,
    /// Another endpoint than the region's.
    pub endpoint_url: Option<String>,
    /// Whether requests are signed at all.
    pub signs: bool,
    /// Credentials to use instead of the chain's: access key and secret.
    pub credentials: Option<(String, String)>,
}

/// Signs requests to one service of AWS.
#[derive(Debug)]
pub struct Signer {
    options: SignerOptions,
    place: OnceCell<Place>,
    identity: Mutex<Known>,
}

#[derive(Debug)]
struct Place {
    endpoint: String,
    region: String,
    credentials: Option<SharedCredentialsProvider>,
}

/// What is known of the credentials.
#[derive(Debug, Default)]
enum Known {
    #[default]
    Nothing,
    Found {
        identity: Identity,
        until: SystemTime,
    },
    Missing {
        why: String,
        since: Instant,
    },
}

/// Why a request was not signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    /// Nothing names a region.
    #[error("no region is known: set `region`, or AWS_REGION")]
    NoRegion,
    /// The chain has no credentials.
    #[error(
        "there are no AWS credentials: {0}; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or \
         `profile`, or `sign = false` for an endpoint that takes unsigned requests"
    )]
    NoCredentials(String),
    /// The request is none that can be signed.
    #[error("the request cannot be signed: {0}")]
    Unsignable(String),
}

impl Signer {
    /// Asks nobody yet.
    pub fn new(options: SignerOptions) -> Self {
        Self {
            options,
            place: OnceCell::new(),
            identity: Mutex::default(),
        }
    }

    /// The service's URL, without a slash at its end.
    ///
    /// # Errors
    /// Where nothing names a region.
    pub async fn endpoint(&self) -> Result<&str, SigningError> {
        Ok(&self.place().await?.endpoint)
    }

    /// Adds a signature to the headers of a `POST` of `body`, made at `now`.
    ///
    /// # Errors
    /// Where there are no credentials.
    pub async fn sign(
        &self,
        uri: &Uri,
        headers: &mut HeaderMap,
        body: &[u8],
        now: SystemTime,
    ) -> Result<(), SigningError> {
        let place = self.place().await?;
        let Some(provider) = &place.credentials else {
            return Ok(());
        };
        let identity = self.identity(provider, now).await?;
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&place.region)
            .name(self.options.service)
            .time(now)
            .settings(SigningSettings::default())
            .build()
            .map_err(unsignable)?;
        let signed = headers.iter().filter_map(|(name, value)| {
            let value = value.to_str().ok()?;
            Some((name.as_str(), value))
        });
        let request =
            SignableRequest::new("POST", uri.to_string(), signed, SignableBody::Bytes(body))
                .map_err(unsignable)?;
        let output = sign(request, &params.into()).map_err(unsignable)?;
        let (added, _) = output.into_parts().0.into_parts();
        for header in added {
            let mut value = HeaderValue::from_str(header.value()).map_err(unsignable)?;
            value.set_sensitive(header.sensitive());
            headers.insert(header.name(), value);
        }
        Ok(())
    }

    /// Forgets the credentials, which the service says have expired.
    pub async fn forget(&self) {
        *self.identity.lock().await = Known::Nothing;
    }

    async fn place(&self) -> Result<&Place, SigningError> {
        self.place.get_or_try_init(|| self.find()).await
    }

    async fn find(&self) -> Result<Place, SigningError> {
        let options = &self.options;
        if let (Some(url), false) = (&options.endpoint_url, options.signs) {
            // Nothing else is needed: the machine is not searched.
            return Ok(Place {
                endpoint: url.trim_end_matches('/').to_owned(),
                region: String::new(),
                credentials: None,
            });
        }
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(client());
        if let Some(region) = &options.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(profile) = &options.profile {
            loader = loader.profile_name(profile);
        }
        if let Some((key, secret)) = &options.credentials {
            let fixed = Credentials::new(key, secret, None, None, "configuration");
            loader = loader.credentials_provider(fixed);
        }
        let config = loader.load().await;
        let region = config.region().ok_or(SigningError::NoRegion)?.to_string();
        let endpoint = match options.endpoint_url.as_deref().or(config.endpoint_url()) {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => endpoint(options.service, &region),
        };
        Ok(Place {
            endpoint,
            region,
            credentials: options
                .signs
                .then(|| config.credentials_provider())
                .flatten(),
        })
    }

    async fn identity(
        &self,
        provider: &SharedCredentialsProvider,
        now: SystemTime,
    ) -> Result<Identity, SigningError> {
        let mut known = self.identity.lock().await;
        match &*known {
            Known::Found { identity, until } if now < *until => return Ok(identity.clone()),
            Known::Missing { why, since } if since.elapsed() < FAILURE => {
                return Err(SigningError::NoCredentials(why.clone()));
            }
            _ => {}
        }
        match provider.provide_credentials().await {
            Ok(credentials) => {
                // Those about to expire are used to the end.
                let until = match credentials.expiry() {
                    Some(expiry) => (expiry - BEFORE).max(now),
                    None => now + AGE,
                };
                let identity = Identity::from(credentials);
                *known = Known::Found {
                    identity: identity.clone(),
                    until,
                };
                Ok(identity)
            }
            Err(error) => {
                let causes =
                    std::iter::successors(Some(&error as &dyn std::error::Error), |e| e.source());
                let words: Vec<_> = causes.map(ToString::to_string).collect();
                let why = words.join(": ");
                *known = Known::Missing {
                    why: why.clone(),
                    since: Instant::now(),
                };
                Err(SigningError::NoCredentials(why))
            }
        }
    }
}

fn unsignable(error: impl std::fmt::Display) -> SigningError {
    SigningError::Unsignable(error.to_string())
}

/// The endpoint of a service in a region
/// (<https://docs.aws.amazon.com/general/latest/gr/xray.html>, read 2026-11).
fn endpoint(service: &str, region: &str) -> String {
    let suffix = if region.starts_with("cn-") {
        "amazonaws.com.cn"
    } else {
        "amazonaws.com"
    };
    format!("https://{service}.{region}.{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> SignerOptions {
        SignerOptions {
            service: "xray",
            region: Some("eu-west-1".to_owned()),
            signs: true,
            credentials: Some(("AKIDEXAMPLE".to_owned(), "secret".to_owned())),
            ..SignerOptions::default()
        }
    }

    async fn signed(signer: &Signer, body: &[u8]) -> HeaderMap {
        let uri = format!("{}/TraceSegments", signer.endpoint().await.unwrap());
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
        let uri = uri.parse().unwrap();
        signer.sign(&uri, &mut headers, body, now).await.unwrap();
        headers
    }

    #[tokio::test]
    async fn signs_for_the_region() {
        let signer = Signer::new(options());
        let endpoint = signer.endpoint().await.unwrap();
        assert_eq!(endpoint, "https://xray.eu-west-1.amazonaws.com");
        let headers = signed(&signer, b"{}").await;
        let authorization = headers["authorization"].to_str().unwrap();
        let scope = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260921/eu-west-1/xray/aws4_request, \
                     SignedHeaders=content-type;host;x-amz-date, Signature=";
        assert!(authorization.starts_with(scope), "{authorization}");
        assert_eq!(headers["x-amz-date"], "20260921T141320Z");
        let other = signed(&signer, b"{ }").await;
        assert_ne!(headers["authorization"], other["authorization"]);
    }

    #[tokio::test]
    async fn an_endpoint_that_takes_unsigned_requests_needs_nothing() {
        let signer = Signer::new(SignerOptions {
            service: "xray",
            endpoint_url: Some("http://127.0.0.1:4566/".to_owned()),
            ..SignerOptions::default()
        });
        assert_eq!(signer.endpoint().await.unwrap(), "http://127.0.0.1:4566");
        let headers = signed(&signer, b"{}").await;
        assert_eq!(headers.len(), 1);
    }

    #[test]
    fn china_has_its_own_endpoints() {
        let url = endpoint("xray", "cn-north-1");
        assert_eq!(url, "https://xray.cn-north-1.amazonaws.com.cn");
    }
}
