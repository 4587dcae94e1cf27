//! Changes in both forms.

use bytes::Bytes;
use prost::Message;
use serde_json::{Value as Json, json};

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;

use super::super::tests::{End, attribute, request_of, segment, span, text};
use super::*;
use crate::collector::Memory;

fn resource(changes: &Json) -> (Arc<Resource>, Arc<End>) {
    let end = Arc::new(End::default());
    let config: ResourceChanges = serde_json::from_value(json!({"attributes": changes})).unwrap();
    (Resource::new(&config, end.clone()), end)
}

fn all_actions() -> Json {
    json!([
        {"key": "service.version", "value": "7", "action": "insert"},
        {"key": "service.name", "value": "other", "action": "insert"},
        {"key": "service.name", "value": "store", "action": "update"},
        {"key": "host.id", "value": "i-1", "action": "update"},
        {"key": "cloud.account.id", "value": 42},
        {"key": "env", "value": true},
        {"key": "team", "action": "delete"},
    ])
}

#[test]
fn attributes_of_requests_are_changed_in_order() {
    let (resource, _) = resource(&all_actions());
    let mut sent = request_of("shop", vec![span(1, 1)]);
    sent.resource_spans.push(sent.resource_spans[0].clone());
    sent.resource_spans[0]
        .resource
        .as_mut()
        .unwrap()
        .attributes
        .push(attribute("team", text("x")));
    sent.resource_spans[1].resource = None;
    let mut expected = sent.clone();
    let added = [
        attribute("service.version", text("7")),
        attribute("cloud.account.id", Any::IntValue(42)),
        attribute("env", Any::BoolValue(true)),
    ];
    let mut attributes = vec![attribute("service.name", text("store"))];
    attributes.extend(added);
    expected.resource_spans[0]
        .resource
        .as_mut()
        .unwrap()
        .attributes = attributes;
    let changed = resource.request(&sent.encode_to_vec()).unwrap();
    let read = opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest::decode(
        &*changed,
    )
    .unwrap();
    assert_eq!(read.resource_spans[0], expected.resource_spans[0]);
    // Where nothing was known, `insert` sets the name, and `update` changes it.
    let second = read.resource_spans[1].resource.clone().unwrap().attributes;
    let mut keys: Vec<_> = second.iter().map(|one| one.key.as_str()).collect();
    keys.sort_unstable();
    assert_eq!(
        keys,
        ["cloud.account.id", "env", "service.name", "service.version"]
    );
    assert!(second.contains(&attribute("service.name", text("store"))));
    // Once more changes nothing.
    assert_eq!(resource.request(&changed), None);
}

#[test]
fn segments_have_attributes_where_their_translation_has_them() {
    let (resource, _) = resource(&all_actions());
    let mut sent = segment("shop", 1, 1);
    sent["metadata"] = json!({"default": {"otel.resource.team": "x", "a": 1.5}});
    let mut expected = segment("store", 1, 1);
    expected["metadata"] = json!({"default": {"a": 1.5, "otel.resource.env": true}});
    expected["service"] = json!({"version": "7"});
    expected["aws"] = json!({"account_id": "42"});
    let changed = document::change(sent.to_string().as_bytes(), &resource.changes).unwrap();
    assert_eq!(serde_json::from_slice::<Json>(&changed).unwrap(), expected);
    assert!(crate::segment::check(&changed).is_ok());
    assert_eq!(document::change(&changed, &resource.changes), None);

    // What stands in the way stays, and subsegments have no resource.
    sent["service"] = json!("odd");
    let changed = document::change(sent.to_string().as_bytes(), &resource.changes).unwrap();
    assert_eq!(
        serde_json::from_slice::<Json>(&changed).unwrap()["service"],
        "odd"
    );
    sent["type"] = json!("subsegment");
    assert_eq!(
        document::change(sent.to_string().as_bytes(), &resource.changes),
        None
    );
    for garbage in ["", "[]", "{", "\"x\"", "7"] {
        assert_eq!(
            document::change(garbage.as_bytes(), &resource.changes),
            None
        );
    }
}

#[tokio::test]
async fn what_does_not_change_stays_the_same_bytes() {
    let (resource, end) = resource(
        &json!([{"key": "service.name", "value": "shop"}, {"key": "x", "action": "delete"}]),
    );
    let memory = Memory::new(10_000);
    let request = Bytes::from(request_of("shop", vec![span(1, 1)]).encode_to_vec());
    let charge = memory.charge(request.len()).unwrap();
    resource
        .consume(Parcel::of_request(request.clone(), 1, charge))
        .await;
    let document = Bytes::from(segment("shop", 1, 1).to_string());
    let charge = memory.charge(document.len()).unwrap();
    resource
        .consume(Parcel::of_documents(vec![document.clone()], charge))
        .await;
    let came = end.take();
    assert_eq!(came[0].requests[0].as_ptr(), request.as_ptr());
    assert_eq!(came[1].documents[0].as_ptr(), document.as_ptr());

    let other = Bytes::from(request_of("pay", vec![span(1, 1)]).encode_to_vec());
    let charge = memory.charge(other.len()).unwrap();
    drop(came);
    resource.consume(Parcel::of_request(other, 1, charge)).await;
    assert_eq!(memory.used(), end.take()[0].bytes());
    assert_eq!(memory.used(), 0);
}
