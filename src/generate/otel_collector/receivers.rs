//! Where traces come in, and what tells how the Collector is.

use std::net::SocketAddr;

use serde_json::{Map, Value, json};

use super::document::Section;
use super::draft::{Draft, at};
use crate::collector_config::{CollectorConfig, Listen};

/// Describes every receiver that is on, and says what pipelines call them.
pub(super) fn all(config: &CollectorConfig, region: &str, draft: &mut Draft) -> Vec<String> {
    let receivers = &config.receivers;
    let mut ids = Vec::new();
    let otlp = protocols(&[("grpc", receivers.otlp_grpc), ("http", receivers.otlp_http)]);
    if let Some(settings) = otlp {
        let steps = at(&["receivers", "otlp_grpc"]);
        ids.push(draft.add(Section::Receivers, "otlp", "", steps, settings));
    }
    ids.extend(xray(
        receivers.xray_udp.address(),
        receivers.xray_tcp.address(),
        region,
        draft,
    ));
    let jaeger = protocols(&[
        ("grpc", receivers.jaeger_grpc),
        ("thrift_http", receivers.jaeger_http),
        ("thrift_compact", receivers.jaeger_compact),
        ("thrift_binary", receivers.jaeger_binary),
    ]);
    if let Some(settings) = jaeger {
        let steps = at(&["receivers", "jaeger_grpc"]);
        ids.push(draft.add(Section::Receivers, "jaeger", "", steps, settings));
    }
    if let Some(address) = receivers.zipkin.address() {
        let steps = at(&["receivers", "zipkin"]);
        let settings = json!({ "endpoint": address.to_string() });
        ids.push(draft.add(Section::Receivers, "zipkin", "", steps, settings));
    }
    if ids.is_empty() {
        draft.error(
            at(&["receivers"]),
            "nothing comes in: the Collector does not start without a receiver".to_owned(),
            "switch one on, such as `otlp_grpc = \"127.0.0.1:4317\"`",
        );
    }
    ids
}

/// Describes the receiver of a gateway: what its agents send to.
pub(super) fn gateway(config: &CollectorConfig, draft: &mut Draft) -> Vec<String> {
    let receivers = &config.receivers;
    let steps = at(&["receivers", "otlp_grpc"]);
    match receivers.otlp_grpc.address() {
        None => {
            draft.error(
                steps.clone(),
                "it is off, and agents send OTLP over gRPC to a gateway".to_owned(),
                "write `otlp_grpc = \"0.0.0.0:4317\"` in an environment of the gateway's",
            );
        }
        Some(address) if address.ip().is_loopback() => draft.warn(
            steps.clone(),
            format!("{address} is on loopback: agents on other machines do not reach it"),
            "write `otlp_grpc = \"0.0.0.0:4317\"` in an environment of the gateway's",
        ),
        Some(_) => {}
    }
    let otlp = protocols(&[("grpc", receivers.otlp_grpc), ("http", receivers.otlp_http)]);
    let otlp = otlp.map(|settings| draft.add(Section::Receivers, "otlp", "", steps, settings));
    otlp.into_iter().collect()
}

/// Describes health and zPages.
pub(super) fn extensions(config: &CollectorConfig, draft: &mut Draft) {
    if let Some(address) = config.operations.health.address() {
        let settings = json!({ "endpoint": address.to_string(), "path": "/health" });
        let steps = at(&["operations", "health"]);
        draft.add(Section::Extensions, "health_check", "", steps, settings);
    }
    if let Some(address) = config.operations.zpages.address() {
        let settings = json!({ "endpoint": address.to_string() });
        let steps = at(&["operations", "zpages"]);
        draft.add(Section::Extensions, "zpages", "", steps, settings);
    }
}

fn protocols(all: &[(&str, Listen)]) -> Option<Value> {
    let on = all.iter().filter_map(|(name, listen)| {
        let address = listen.address()?.to_string();
        Some(((*name).to_owned(), json!({ "endpoint": address })))
    });
    let on: Map<String, Value> = on.collect();
    (!on.is_empty()).then(|| json!({ "protocols": on }))
}

/// The X-Ray daemon: segments over UDP, and over TCP X-Ray's API, which the
/// Collector signs and hands on to AWS.
fn xray(
    udp: Option<SocketAddr>,
    tcp: Option<SocketAddr>,
    region: &str,
    draft: &mut Draft,
) -> Option<String> {
    let steps = at(&["receivers", "xray_tcp"]);
    if tcp.is_some() {
        draft.note(
            "X-Ray's API over TCP is AWS's: it is signed and handed on, sampling rules come from the account, \
             and segments that are put there go to AWS alone",
        );
    }
    let Some(udp) = udp else {
        if let Some(tcp) = tcp {
            let settings = json!({ "endpoint": tcp.to_string(), "region": region });
            draft.add(Section::Extensions, "awsproxy", "", steps, settings);
        }
        return None;
    };
    if tcp.is_none() {
        draft.warn(
            steps,
            "it is off, but the Collector's receiver of segments always listens on TCP too: \
             it takes a free port of loopback"
                .to_owned(),
            "leave `xray_tcp` on, or switch `xray_udp` off as well",
        );
    }
    let proxy = tcp.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)));
    let settings = json!({
        "endpoint": udp.to_string(),
        "transport": "udp",
        "proxy_server": { "endpoint": proxy.to_string(), "region": region },
    });
    let steps = at(&["receivers", "xray_udp"]);
    Some(draft.add(Section::Receivers, "awsxray", "", steps, settings))
}
