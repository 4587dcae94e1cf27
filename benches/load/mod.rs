//! Load for a collector, and what it costs the process that takes it.

mod otlp;
pub(crate) mod process;
mod send;
mod xray;

use std::net::SocketAddr;

use clap::ValueEnum;

/// What is sent, and where to.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    pub(crate) protocol: Protocol,
    pub(crate) address: SocketAddr,
    /// Spans or segments in all.
    pub(crate) spans: u64,
    /// Spans or segments a second; 0: as fast as it goes.
    pub(crate) rate: u64,
    /// Connections, where the protocol has such.
    pub(crate) connections: u64,
}

/// How it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Protocol {
    /// OTLP over HTTP, in protobuf.
    OtlpHttp,
    /// OTLP over gRPC.
    OtlpGrpc,
    /// X-Ray segments over UDP.
    Xray,
}

/// Sends all of it. Returns how many requests were refused, and sent again.
pub(crate) async fn send(load: &Load) -> u64 {
    match load.protocol {
        Protocol::OtlpHttp | Protocol::OtlpGrpc => send::otlp(load).await,
        Protocol::Xray => xray::send(load).await,
    }
}

/// How many spans or segments are sent: whole requests.
pub(crate) fn size(load: &Load) -> u64 {
    match load.protocol {
        Protocol::OtlpHttp | Protocol::OtlpGrpc => load.spans.div_ceil(otlp::SPANS) * otlp::SPANS,
        Protocol::Xray => load.spans,
    }
}
