//! The block `http`.

use std::net::IpAddr;

use super::super::json::{block, boolean, field, inner_text, integer, text};
use super::span::{Known, Slot};
use super::value;
use crate::otlp::view::{AnyValue, Attributes, Kind, Span};

use Slot::{
    BodySize, ClientAddress, ForwardedFor, HostName, HttpClientIp, HttpHost, HttpMethod,
    HttpMethod2, HttpScheme, HttpServerName, HttpStatus, HttpStatus2, HttpTarget, HttpUrl,
    HttpUserAgent, MessageType, NetHostName, NetHostPort, NetPeerIp, NetPeerName, NetPeerPort,
    NetworkPeerAddress, NetworkPeerPort, PayloadSize, ServerAddress, ServerPort, UrlFull, UrlPath,
    UrlQuery, UrlScheme, UserAgent,
};

/// The type of a message that a response is.
const RECEIVED: &str = "RECEIVED";

/// What only a call over HTTP says of itself: names and addresses of the network
/// are said of other calls too.
const SOURCES: [Slot; 17] = [
    HttpMethod,
    HttpMethod2,
    HttpClientIp,
    HttpUserAgent,
    UserAgent,
    HttpStatus,
    HttpStatus2,
    HttpUrl,
    UrlFull,
    HttpScheme,
    UrlScheme,
    HttpHost,
    HttpTarget,
    UrlPath,
    UrlQuery,
    HttpServerName,
    ForwardedFor,
];

/// Tells whether a span is of a call over HTTP.
pub(super) fn is_http(known: &Known<'_>) -> bool {
    SOURCES.iter().any(|slot| known.value(*slot).is_some())
}

/// The status of the response.
pub(super) fn status(known: &Known<'_>) -> Option<i64> {
    let value = known.value(HttpStatus).or(known.value(HttpStatus2))?;
    value::integer(value)
}

/// Writes the block of a call over HTTP.
pub(super) fn write(out: &mut Vec<u8>, span: &Span<'_>, known: &Known<'_>) {
    block(out, "http", |out| {
        block(out, "request", |out| request(out, span, known));
        block(out, "response", |out| {
            if let Some(status) = status(known) {
                field(out, "status");
                integer(out, status);
            }
            field(out, "content_length");
            integer(out, content_length(span, known));
        });
    });
}

fn request(out: &mut Vec<u8>, span: &Span<'_>, known: &Known<'_>) {
    let peer = known.first(&[NetPeerIp, NetworkPeerAddress]);
    let address = known.text(ClientAddress).filter(|text| is_address(text));
    let forwarded = known.text(HttpClientIp).or(address);
    let peer_address = known
        .text(NetPeerIp)
        .or_else(|| peer.filter(|text| is_address(text)));
    let mut put = |key: &str, value: Option<&str>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            field(out, key);
            text(out, value);
        }
    };
    put("method", known.first(&[HttpMethod, HttpMethod2]));
    put("user_agent", known.first(&[HttpUserAgent, UserAgent]));
    put("client_ip", forwarded.or(peer_address));
    let is_forwarded = forwarded.is_some() && peer.is_none();
    if known.is_true(ForwardedFor) || is_forwarded && known.value(ForwardedFor).is_none() {
        field(out, "x_forwarded_for");
        boolean(out, true);
    }
    url(out, span, known);
}

fn is_address(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}

/// Writes the URL: as it is given, or made of its parts where the host is known.
fn url(out: &mut Vec<u8>, span: &Span<'_>, known: &Known<'_>) {
    if let Some(url) = known.first(&[HttpUrl, UrlFull]) {
        field(out, "url");
        return text(out, url);
    }
    let (hosts, ports): (&[Slot], &[Slot]) = if span.kind == Kind::Server {
        (
            &[HttpServerName, NetHostName, HostName, ServerAddress],
            &[NetHostPort, ServerPort],
        )
    } else {
        (
            &[NetPeerName, NetPeerIp, ServerAddress],
            &[NetPeerPort, ServerPort, NetworkPeerPort],
        )
    };
    let given = known.text(HttpHost);
    let Some(host) = given.or_else(|| known.first(hosts)) else {
        return;
    };
    let scheme = known.first(&[HttpScheme, UrlScheme]).unwrap_or("http");
    field(out, "url");
    out.push(b'"');
    inner_text(out, scheme);
    out.extend_from_slice(b"://");
    inner_text(out, host);
    // A `Host` header has its port in it.
    if given.is_none() {
        let port = ports.iter().find_map(|slot| known.value(*slot));
        port_of(out, scheme, port);
    }
    match (known.text(HttpTarget), known.text(UrlPath)) {
        (Some(target), _) => inner_text(out, target),
        (None, Some(path)) => {
            inner_text(out, path);
            if let Some(query) = known.text(UrlQuery).filter(|query| !query.is_empty()) {
                out.push(b'?');
                inner_text(out, query);
            }
        }
        (None, None) => out.push(b'/'),
    }
    out.push(b'"');
}

fn port_of(out: &mut Vec<u8>, scheme: &str, port: Option<AnyValue<'_>>) {
    let Some(port) = port.and_then(value::integer) else {
        return;
    };
    if !matches!((scheme, port), ("http", 80) | ("https", 443)) {
        out.push(b':');
        integer(out, port);
    }
}

/// The bytes of the response, as the span or one of its events says.
fn content_length(span: &Span<'_>, known: &Known<'_>) -> i64 {
    let size = known.value(PayloadSize).or(known.value(BodySize));
    let received = known.text(MessageType) == Some(RECEIVED);
    let own = size.filter(|_| received).and_then(value::integer);
    let of = |attributes: Attributes<'_>| {
        let received = attributes.text("message.type") == Some(RECEIVED);
        let names = [
            "messaging.message_payload_size_bytes",
            "messaging.message.body.size",
        ];
        let size = names.iter().find_map(|name| attributes.get(name));
        size.filter(|_| received).and_then(value::integer)
    };
    let events = known.has_events.then(|| span.events());
    own.or_else(|| events?.find_map(|event| of(event.attributes())))
        .unwrap_or(0)
}
