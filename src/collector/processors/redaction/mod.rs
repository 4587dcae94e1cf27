//! Takes secrets out of traces.
//!
//! Texts are looked at one by one, where they stand: what is clean costs one
//! walk over the request and no copy. See [`Config`] for what is looked at.

mod document;
mod request;
mod rules;
mod secrets;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;

use self::rules::Rules;
use super::edit;
use crate::collector::{Consumer, Counters, Parcel, Reason};
use crate::collector_config::processors::Redaction as Config;

/// Takes secrets out of traces, and hands them on. A document that cannot be
/// looked into, because values lie in one another too deeply, is dropped: nobody
/// knows what is in it.
pub struct Redaction {
    rules: Rules,
    counters: Counters,
    next: Arc<dyn Consumer>,
}

impl Redaction {
    /// Makes one before `next`.
    ///
    /// # Errors
    /// Where a pattern is no regular expression, which the check of the
    /// configuration says first.
    pub fn new(
        config: &Config,
        counters: Counters,
        next: Arc<dyn Consumer>,
    ) -> Result<Arc<Self>, regex::Error> {
        let rules = Rules::new(config)?;
        Ok(Arc::new(Self {
            rules,
            counters,
            next,
        }))
    }
}

#[async_trait]
impl Consumer for Redaction {
    async fn consume(&self, mut parcel: Parcel) {
        let documents = parcel.documents.len();
        edit::parcel(
            &mut parcel,
            |request| request::redact(request, &self.rules),
            |document| document::redact(document, &self.rules),
        );
        let unread = documents - parcel.documents.len();
        if unread > 0 {
            self.counters
                .dropped("redaction", Reason::Malformed, unread);
        }
        if !parcel.is_empty() {
            self.next.consume(parcel).await;
        }
    }

    async fn drain(&self) {
        self.next.drain().await;
    }
}
