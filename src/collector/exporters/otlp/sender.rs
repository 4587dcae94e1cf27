//! What both ways of sending OTLP share.

use bytes::Bytes;
use http::header::USER_AGENT;
use http::{HeaderMap, Uri};

use super::answer::{partial, say};
use super::request::Requests;
use crate::collector::exporters::USER;
use crate::collector::exporters::destination::Outcome;
use crate::collector::exporters::http::{Answer, Client};
use crate::collector::exporters::seldom::Seldom;
use crate::collector::{Counters, Parcel, Reason};

/// Makes requests of parcels and posts them.
pub(super) struct Sender {
    name: &'static str,
    client: Client,
    uri: Uri,
    headers: HeaderMap,
    most: usize,
    partly: Seldom,
    unreadable: Box<dyn Fn(usize) + Send + Sync>,
}

impl Sender {
    /// Posts to `uri` with `headers`, at most `request_kib` KiB at a time where
    /// that can be cut.
    pub(super) fn new(
        name: &'static str,
        client: Client,
        uri: Uri,
        mut headers: HeaderMap,
        request_kib: usize,
        counters: &Counters,
    ) -> Self {
        headers.entry(USER_AGENT).or_insert(USER);
        let counters = counters.clone();
        Self {
            name,
            client,
            uri,
            headers,
            most: request_kib.saturating_mul(1024),
            partly: Seldom::new(3),
            unreadable: Box::new(move |count| {
                counters.dropped(name, Reason::InvalidSegment, count);
            }),
        }
    }

    /// The requests that a parcel makes, unpacked.
    pub(super) fn requests<'a>(&'a self, parcel: &'a Parcel) -> Requests<'a> {
        Requests::of(parcel, self.most, &*self.unreadable)
    }

    /// Posts one.
    ///
    /// # Errors
    /// Why there is no answer, to be tried again.
    pub(super) async fn post(&self, body: &Bytes) -> Result<Answer, Outcome> {
        let posted = self
            .client
            .post(self.uri.clone(), self.headers.clone(), body);
        posted
            .await
            .map_err(|why| Outcome::Later { after: None, why })
    }

    /// What an answer of success means, whose message is `message`.
    pub(super) fn sent(&self, message: &[u8]) -> Outcome {
        let partial = partial(message);
        say(self.name, &partial, &self.partly);
        Outcome::Sent {
            rejected: partial.rejected,
        }
    }
}
