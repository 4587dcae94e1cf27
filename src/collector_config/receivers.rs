//! What the collector listens on.

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An address to listen on, or `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(with = "String")]
#[serde(try_from = "String", into = "String")]
pub enum Listen {
    /// Listens on this address; port 0 takes any free port.
    On(SocketAddr),
    /// Does not listen.
    Off,
}

impl Listen {
    /// The address; `None` where it is off.
    pub fn address(self) -> Option<SocketAddr> {
        match self {
            Self::On(address) => Some(address),
            Self::Off => None,
        }
    }

    /// A port of loopback.
    pub(super) fn loopback(port: u16) -> Self {
        Self::On(SocketAddr::from(([127, 0, 0, 1], port)))
    }
}

impl TryFrom<String> for Listen {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self::Off);
        }
        let address = text.parse();
        address.map(Self::On).map_err(|_| {
            format!("`{text}` is no address to listen on: write `127.0.0.1:4317`, or `off`")
        })
    }
}

impl From<Listen> for String {
    fn from(listen: Listen) -> Self {
        match listen {
            Listen::On(address) => address.to_string(),
            Listen::Off => "off".to_owned(),
        }
    }
}

/// Where traces come in: an address each, or `off`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_receivers")]
#[serde(default, deny_unknown_fields)]
pub struct Receivers {
    /// OTLP over gRPC. Default: `127.0.0.1:4317`.
    pub otlp_grpc: Listen,
    /// OTLP over HTTP. Default: `127.0.0.1:4318`.
    pub otlp_http: Listen,
    /// The X-Ray daemon's UDP. Default: `127.0.0.1:2000`.
    pub xray_udp: Listen,
    /// The X-Ray daemon's TCP: X-Ray's API, unsigned. Default:
    /// `127.0.0.1:2000`.
    pub xray_tcp: Listen,
    /// Jaeger over gRPC. Default: `127.0.0.1:14250`.
    pub jaeger_grpc: Listen,
    /// Jaeger's Thrift over HTTP. Default: `127.0.0.1:14268`.
    pub jaeger_http: Listen,
    /// Jaeger's compact Thrift over UDP. Default: `127.0.0.1:6831`.
    pub jaeger_compact: Listen,
    /// Jaeger's binary Thrift over UDP. Default: `127.0.0.1:6832`.
    pub jaeger_binary: Listen,
    /// Zipkin. Default: `127.0.0.1:9411`.
    pub zipkin: Listen,
}

impl Default for Receivers {
    fn default() -> Self {
        Self {
            otlp_grpc: Listen::loopback(4317),
            otlp_http: Listen::loopback(4318),
            xray_udp: Listen::loopback(2000),
            xray_tcp: Listen::loopback(2000),
            jaeger_grpc: Listen::loopback(14250),
            jaeger_http: Listen::loopback(14268),
            jaeger_compact: Listen::loopback(6831),
            jaeger_binary: Listen::loopback(6832),
            zipkin: Listen::loopback(9411),
        }
    }
}
