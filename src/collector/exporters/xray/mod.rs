//! AWS X-Ray: `PutTraceSegments`
//! (<https://docs.aws.amazon.com/xray/latest/api/API_PutTraceSegments.html>,
//! read 2026-11).
//!
//! Spans are translated straight into the request that is being written. What
//! bounds the rate is the time that AWS takes to answer, so several requests are
//! under way.

mod answer;
mod body;
mod escape;

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Uri};

use self::body::LeftOut;
use super::destination::{Destination, Outcome, Pieces};
use super::http::{Client, Version, words};
use super::seldom::Seldom;
use crate::aws::{Signer, SignerOptions, SigningError};
use crate::collector::{Counters, Parcel, Reason};
use crate::collector_config as config;
use crate::segment::Options;

/// Sends segment documents to AWS X-Ray.
pub struct Xray {
    name: &'static str,
    client: Client,
    signer: Signer,
    options: Options,
    rejected: Seldom,
    left_out: Box<dyn Fn(LeftOut) + Send + Sync>,
}

impl From<&config::Xray> for Options {
    fn from(config: &config::Xray) -> Self {
        Self {
            index_all_attributes: config.index_all_attributes,
            indexed_attributes: config.indexed_attributes.iter().cloned().collect(),
            log_groups: config.log_groups.clone(),
        }
    }
}

impl Xray {
    /// As the configuration has it. Asks nobody yet.
    pub fn new(name: &'static str, config: &config::Xray, counters: &Counters) -> Self {
        let signer = Signer::new(SignerOptions {
            service: "xray",
            region: config.region.clone(),
            profile: config.profile.clone(),
            endpoint_url: config.endpoint.clone(),
            signs: config.sign,
            credentials: None,
        });
        Self::with_signer(name, config, counters, signer)
    }

    /// As the configuration has it, but for who signs.
    pub(super) fn with_signer(
        name: &'static str,
        config: &config::Xray,
        counters: &Counters,
        signer: Signer,
    ) -> Self {
        let timeout = Duration::from_secs(config.timeout_seconds.max(1));
        Self {
            name,
            client: Client::new(Version::Http1, config.in_flight, timeout),
            signer,
            options: Options::from(config),
            rejected: Seldom::new(10),
            left_out: Box::new(counting(name, counters.clone())),
        }
    }

    /// Sends one request.
    async fn put(&self, body: &Bytes) -> Result<super::http::Answer, NotSent> {
        let endpoint = self.signer.endpoint().await?;
        let uri: Uri = format!("{endpoint}/TraceSegments")
            .parse()
            .map_err(|_| NotSent(format!("`{endpoint}` is no URL: see `endpoint`")))?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.signer
            .sign(&uri, &mut headers, body, SystemTime::now())
            .await?;
        headers.insert(USER_AGENT, super::USER);
        self.client.post(uri, headers, body).await.map_err(NotSent)
    }

    /// Says which documents a destination refused, and why.
    fn say(&self, refused: &[answer::Unprocessed<'_>]) {
        for one in refused {
            let Some(unsaid) = self.rejected.ask() else {
                continue;
            };
            tracing::warn!(
                exporter = self.name,
                id = shown(one.id.as_deref()),
                code = shown(one.code.as_deref()),
                message = shown(one.message.as_deref()),
                unsaid,
                "X-Ray rejected a segment"
            );
        }
    }
}

/// A destination's word, fit to be logged.
fn shown(word: Option<&str>) -> String {
    words(word.unwrap_or("none").as_bytes())
}

/// Why there is no answer.
struct NotSent(String);

impl From<SigningError> for NotSent {
    fn from(error: SigningError) -> Self {
        Self(error.to_string())
    }
}

/// Counts what X-Ray cannot take, and says so from time to time.
fn counting(name: &'static str, counters: Counters) -> impl Fn(LeftOut) + Send + Sync {
    let seldom = Seldom::new(1);
    move |left_out| {
        let LeftOut {
            too_large,
            without_id,
        } = left_out;
        if too_large > 0 {
            counters.dropped(name, Reason::TooLarge, too_large);
        }
        if without_id > 0 {
            counters.dropped(name, Reason::BadTraceId, without_id);
        }
        if let Some(unsaid) = seldom.ask() {
            tracing::warn!(
                exporter = name,
                too_large,
                without_id,
                unsaid,
                "X-Ray takes no segments over 64 KB, and none without ids"
            );
        }
    }
}

impl Destination for Xray {
    type Body = Bytes;

    fn pieces<'a>(&'a self, parcel: &'a Parcel) -> Pieces<'a, Bytes> {
        Box::new(body::bodies(parcel, &self.options, &*self.left_out))
    }

    async fn send(&self, body: &Bytes) -> Outcome {
        let answer = match self.put(body).await {
            Ok(answer) => answer,
            Err(NotSent(why)) => return Outcome::Later { after: None, why },
        };
        if answer.status.is_success() {
            let refused = answer::unprocessed(&answer.body);
            self.say(&refused);
            return Outcome::Sent {
                rejected: refused.len(),
            };
        }
        if answer::is_expired(&answer) {
            self.signer.forget().await;
        }
        answer::failure(&answer)
    }
}
