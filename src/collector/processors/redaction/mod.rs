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
use crate::collector::{Consumer, Parcel};
use crate::collector_config::processors::Redaction as Config;

/// Takes secrets out of traces, and hands them on.
pub struct Redaction {
    rules: Rules,
    next: Arc<dyn Consumer>,
}

impl Redaction {
    /// Makes one before `next`.
    ///
    /// # Errors
    /// Where a pattern is no regular expression, which the check of the
    /// configuration says first.
    pub fn new(config: &Config, next: Arc<dyn Consumer>) -> Result<Arc<Self>, regex::Error> {
        let rules = Rules::new(config)?;
        Ok(Arc::new(Self { rules, next }))
    }
}

#[async_trait]
impl Consumer for Redaction {
    async fn consume(&self, mut parcel: Parcel) {
        edit::parcel(
            &mut parcel,
            |request| request::redact(request, &self.rules),
            |document| document::redact(document, &self.rules),
        );
        self.next.consume(parcel).await;
    }

    async fn drain(&self) {
        self.next.drain().await;
    }
}
