//! Changes what is known of those who send traces.

mod document;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::Arc;

use async_trait::async_trait;

use super::edit::{self, Change};
use crate::collector::{Consumer, Parcel};
use crate::collector_config::processors::{AttributeAction, ResourceChanges, Scalar};
use crate::otlp::view::AnyValue;
use crate::otlp::wire::{Fields, Value};
use crate::otlp::write;

/// One change, ready to be made.
struct Made {
    action: AttributeAction,
    key: String,
    value: Option<Scalar>,
    /// The attribute as a message.
    pair: Vec<u8>,
}

/// Changes what is known of those who send traces, and hands these on.
pub struct Resource {
    changes: Vec<Made>,
    next: Arc<dyn Consumer>,
}

impl Resource {
    /// Makes one before `next`.
    pub fn new(config: &ResourceChanges, next: Arc<dyn Consumer>) -> Arc<Self> {
        let changes = config.attributes.iter().map(|change| Made {
            action: change.action,
            key: change.key.clone(),
            pair: pair(&change.key, change.value.as_ref()),
            value: change.value.clone(),
        });
        Arc::new(Self {
            changes: changes.collect(),
            next,
        })
    }

    /// The request with the changes made; `None` where nothing changes.
    fn request(&self, request: &[u8]) -> Option<Vec<u8>> {
        edit::message(request, |number, value| match value {
            Value::Bytes(spans) if number == 1 => Change::of(self.resource_spans(spans)),
            _ => Change::Same,
        })
    }

    fn resource_spans(&self, spans: &[u8]) -> Option<Vec<u8>> {
        let is_resource =
            |(number, value): (u32, Value<'_>)| number == 1 && matches!(value, Value::Bytes(_));
        if !Fields::of(spans).any(is_resource) {
            // Nothing was known so far.
            let resource = self.resource(&[])?;
            let mut out = Vec::with_capacity(spans.len() + resource.len() + 4);
            write::bytes(&mut out, 1, &resource);
            out.extend_from_slice(spans);
            return Some(out);
        }
        edit::message(spans, |number, value| match value {
            Value::Bytes(resource) if number == 1 => Change::of(self.resource(resource)),
            _ => Change::Same,
        })
    }

    fn resource(&self, resource: &[u8]) -> Option<Vec<u8>> {
        let mut current = Cow::Borrowed(resource);
        for change in &self.changes {
            if let Some(changed) = change.make(&current) {
                current = Cow::Owned(changed);
            }
        }
        match current {
            Cow::Owned(changed) => Some(changed),
            Cow::Borrowed(_) => None,
        }
    }
}

impl Made {
    fn make(&self, resource: &[u8]) -> Option<Vec<u8>> {
        let mut is_there = false;
        let changed = edit::message(resource, |number, value| match value {
            Value::Bytes(pair) if number == 1 && key_of(pair) == self.key.as_bytes() => {
                is_there = true;
                match self.action {
                    AttributeAction::Insert => Change::Same,
                    AttributeAction::Delete => Change::Gone,
                    AttributeAction::Update | AttributeAction::Upsert if pair == self.pair => {
                        Change::Same
                    }
                    AttributeAction::Update | AttributeAction::Upsert => {
                        Change::Bytes(self.pair.clone())
                    }
                }
            }
            _ => Change::Same,
        });
        let adds = matches!(
            self.action,
            AttributeAction::Insert | AttributeAction::Upsert
        );
        if is_there || !adds {
            return changed;
        }
        let mut out = Vec::with_capacity(resource.len() + self.pair.len() + 4);
        out.extend_from_slice(resource);
        write::bytes(&mut out, 1, &self.pair);
        Some(out)
    }
}

fn key_of(pair: &[u8]) -> &[u8] {
    let keys = Fields::of(pair).filter_map(|(number, value)| match value {
        Value::Bytes(key) if number == 1 => Some(key),
        _ => None,
    });
    keys.last().unwrap_or_default()
}

/// An attribute as a message.
fn pair(key: &str, value: Option<&Scalar>) -> Vec<u8> {
    let value = match value {
        None => AnyValue::Empty,
        Some(Scalar::Text(text)) => AnyValue::Text(text),
        Some(Scalar::Bool(value)) => AnyValue::Bool(*value),
        Some(Scalar::Int(value)) => AnyValue::Int(*value),
        Some(Scalar::Double(value)) => AnyValue::Double(*value),
    };
    let mut out = Vec::new();
    write::bytes(&mut out, 1, key.as_bytes());
    write::message(&mut out, 2, |out| write::any_value(out, value));
    out
}

#[async_trait]
impl Consumer for Resource {
    async fn consume(&self, mut parcel: Parcel) {
        edit::parcel(
            &mut parcel,
            |request| self.request(request),
            |document| document::change(document, &self.changes),
        );
        self.next.consume(parcel).await;
    }

    async fn drain(&self) {
        self.next.drain().await;
    }
}
