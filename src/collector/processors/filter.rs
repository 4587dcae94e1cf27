//! Drops spans and segments that nobody needs.

use std::sync::Arc;

use async_trait::async_trait;

use super::edit;
use super::matching::{Matching, each_entity};
use crate::collector::{Consumer, Counters, LeftOut, Parcel};
use crate::collector_config::processors::Filter as Config;
use crate::otlp::view::{Resource, Span};

/// Drops spans and segments that nobody needs, and hands on the rest.
pub struct Filter {
    name: String,
    drop: Vec<Matching>,
    counters: Counters,
    next: Arc<dyn Consumer>,
}

impl Filter {
    /// Makes one before `next`; `name` is its name in the configuration.
    ///
    /// # Errors
    /// Where a pattern is no regular expression, which the check of the
    /// configuration says first.
    pub fn new(
        name: &str,
        config: &Config,
        counters: Counters,
        next: Arc<dyn Consumer>,
    ) -> Result<Arc<Self>, regex::Error> {
        let drop = config.drop.iter().map(Matching::new);
        Ok(Arc::new(Self {
            name: name.to_owned(),
            drop: drop.collect::<Result<_, _>>()?,
            counters,
            next,
        }))
    }

    fn keeps(&self, resource: Resource<'_>, span: &Span<'_>) -> bool {
        !self.drop.iter().any(|one| one.matches(resource, span))
    }

    /// Leaves out what matches; says how much that is.
    fn thin(&self, parcel: &mut Parcel) -> usize {
        let before = parcel.len();
        let mut room = Vec::new();
        edit::leave_out(
            parcel,
            |resource, span| self.keeps(resource, span),
            |document| {
                let mut kept = None;
                each_entity(document, &mut room, |resource, span| {
                    // The first is the document's own.
                    kept = kept.or_else(|| Some(self.keeps(resource, span)));
                });
                kept.unwrap_or(true)
            },
        );
        before - parcel.len()
    }
}

#[async_trait]
impl Consumer for Filter {
    async fn consume(&self, mut parcel: Parcel) {
        let gone = self.thin(&mut parcel);
        self.counters.left_out(&self.name, LeftOut::Filtered, gone);
        if !parcel.is_empty() {
            self.next.consume(parcel).await;
        }
    }

    async fn drain(&self) {
        self.next.drain().await;
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
    use proptest::prelude::*;
    use prost::Message;
    use serde_json::{Value, json};

    use super::super::tests::{End, attribute, request_of, segment, span, text};
    use super::*;
    use crate::collector::Memory;

    fn filter(drop: &Value) -> (Arc<Filter>, Arc<End>) {
        let end = Arc::new(End::default());
        let config = serde_json::from_value(json!({"drop": drop})).unwrap();
        let filter = Filter::new("noise", &config, Counters::default(), end.clone());
        (filter.unwrap(), end)
    }

    /// Tells whether a filter drops this span.
    fn drops(
        drop: &Value,
        alter: impl FnOnce(&mut opentelemetry_proto::tonic::trace::v1::Span),
    ) -> bool {
        let mut one = span(1, 1);
        alter(&mut one);
        let request = Bytes::from(request_of("shop", vec![one]).encode_to_vec());
        let charge = Memory::new(10_000).charge(request.len()).unwrap();
        let mut parcel = Parcel::of_request(request, 1, charge);
        filter(&json!([drop])).0.thin(&mut parcel) == 1
    }

    #[test]
    fn every_condition_counts() {
        let yes = [
            json!({"service": "sh*"}),
            json!({"name": "SPAN ?"}),
            json!({"kind": "server"}),
            json!({"status": "unset"}),
            json!({"attributes": {"n": "7", "http.method": "GET", "service.name": "shop"}}),
            json!({"attributes_regex": {"http.method": "^G|P"}}),
            json!({"min_duration_ms": 1000, "max_duration_ms": 1000}),
            json!({"service": "shop", "name": "span 1", "kind": "server", "max_duration_ms": 2000}),
        ];
        let no = [
            json!({"service": "pay"}),
            json!({"name": "span"}),
            json!({"kind": "client"}),
            json!({"status": "error"}),
            json!({"attributes": {"n": "8"}}),
            json!({"attributes": {"n": "7", "m": "7"}}),
            json!({"attributes_regex": {"http.method": "^P"}}),
            json!({"min_duration_ms": 1001}),
            json!({"max_duration_ms": 999}),
            json!({"service": "shop", "kind": "client"}),
        ];
        for one in yes {
            assert!(drops(&one, |_| {}), "{one}");
        }
        for one in no {
            assert!(!drops(&one, |_| {}), "{one}");
        }
        assert!(!drops(&json!({"max_duration_ms": 5}), |span| span
            .end_time_unix_nano =
            0));
        assert!(drops(&json!({"status": "error"}), |span| {
            span.status.as_mut().unwrap().code = 2;
        }));
        assert!(drops(
            &json!({"attributes": {"ok": "true", "f": "0.5"}}),
            |span| {
                span.attributes.push(attribute("ok", Any::BoolValue(true)));
                span.attributes.push(attribute("f", Any::DoubleValue(0.5)));
            }
        ));
    }

    #[tokio::test]
    async fn segments_are_filtered_as_the_spans_that_they_are() {
        let drop = json!([
            {"attributes": {"http.status_code": "404"}},
            {"service": "pay", "status": "error"},
            {"attributes": {"tier": "free"}, "max_duration_ms": 500},
        ]);
        let (filter, end) = filter(&drop);
        let memory = Memory::new(10_000);
        let with = |service: &str, key: &str, value: Value| {
            let mut one = segment(service, 1, 1);
            one[key] = value;
            Bytes::from(one.to_string())
        };
        let inner = json!([{"id": "00000000000000ff", "name": "pay", "start_time": 1.0, "end_time": 2.0, "fault": true}]);
        let kept = vec![
            with("shop", "fault", json!(true)),
            with("pay", "fault", json!(false)),
            with("pay", "subsegments", inner),
            with("pay", "annotations", json!({"tier": "gold"})),
        ];
        let mut all = kept.clone();
        all.insert(
            1,
            with("shop", "http", json!({"response": {"status": 404}})),
        );
        all.insert(2, with("pay", "fault", json!(true)));
        all.push(with("pay", "annotations", json!({"tier": "free"})));
        filter
            .consume(Parcel::of_documents(all, memory.charge(1).unwrap()))
            .await;
        let left = end.take().remove(0);
        assert_eq!(left.documents, kept);
        assert_eq!(memory.used(), left.bytes());
        assert_eq!(
            filter.counters.left_out_so_far("noise", LeftOut::Filtered),
            3
        );

        let nothing = vec![with("pay", "fault", json!(true))];
        filter
            .consume(Parcel::of_documents(nothing, memory.charge(1).unwrap()))
            .await;
        assert!(end.take().is_empty());
    }

    proptest! {
        #[test]
        fn what_does_not_match_stays_as_it_is(noise in proptest::collection::vec(any::<bool>(), 0..20)) {
            let spans = |wanted: &dyn Fn(bool) -> bool| {
                let all = noise.iter().enumerate().filter(|(_, is_noise)| wanted(**is_noise));
                let all = all.map(|(index, is_noise)| {
                    let mut one = span(3, u64::try_from(index).unwrap() + 1);
                    one.attributes.push(attribute("noise", text(if *is_noise { "yes" } else { "no" })));
                    one
                });
                request_of("shop", all.collect())
            };
            let sent = Bytes::from(spans(&|_| true).encode_to_vec());
            let charge = Memory::new(1 << 20).charge(sent.len()).unwrap();
            let mut parcel = Parcel::of_request(sent.clone(), noise.len(), charge);
            let gone = filter(&json!([{"attributes": {"noise": "yes"}}])).0.thin(&mut parcel);
            prop_assert_eq!(gone, noise.iter().filter(|one| **one).count());
            if gone == 0 {
                prop_assert_eq!(parcel.requests[0].as_ptr(), sent.as_ptr());
            } else if gone == noise.len() {
                prop_assert!(parcel.requests.is_empty() && parcel.is_empty());
            } else {
                prop_assert_eq!(&parcel.requests[0][..], &spans(&|is_noise| !is_noise).encode_to_vec());
            }
        }
    }
}
