//! Keeps web pages out of what is served on this machine.
//!
//! A browser sends requests for any page that it shows. One of another site says
//! so in `Origin`; one that gave its own name the address of this machine (DNS
//! rebinding) still names itself in `Host`. Used by all that is served over HTTP
//! for people and tools of this machine.

use std::net::IpAddr;

use http::uri::Authority;
use http::{HeaderMap, Uri, header};

/// Why a request must not be answered, if so: it does not name this machine, or
/// comes from another site.
pub fn refusal(uri: &Uri, headers: &HeaderMap) -> Option<&'static str> {
    // HTTP/2 has no `Host`: what it stands for is part of the URI.
    let is_local = match uri.host() {
        Some(host) => is_loopback(host),
        None => named(headers).is_some_and(|host| is_loopback(host.host())),
    };
    if !is_local {
        return Some("the Host header must name this machine: localhost, 127.0.0.1 or [::1]");
    }
    refusal_of_origin(headers)
}

/// Why a request of a web page must not be answered, if it is one. Enough where
/// other machines are meant to ask, which name this one as they know it.
pub fn refusal_of_origin(headers: &HeaderMap) -> Option<&'static str> {
    let origin = headers.get(header::ORIGIN)?;
    let origin = origin.to_str().ok().and_then(|o| o.parse::<Uri>().ok());
    let is_local = origin.is_some_and(|origin| origin.host().is_some_and(is_loopback));
    (!is_local).then_some("requests from other sites are not answered")
}

fn named(headers: &HeaderMap) -> Option<Authority> {
    headers.get(header::HOST)?.to_str().ok()?.parse().ok()
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn is_refused(uri: &str, headers: &[(&str, &str)]) -> bool {
        let mut request = Request::get(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(()).unwrap();
        refusal(request.uri(), request.headers()).is_some()
    }

    #[test]
    fn only_those_who_name_this_machine_are_answered() {
        for host in [
            "localhost",
            "LOCALHOST:55679",
            "127.0.0.1:1",
            "[::1]:2",
            "127.9.9.9",
        ] {
            assert!(!is_refused("/", &[("host", host)]), "{host}");
            let uri = format!("http://{host}/");
            assert!(!is_refused(&uri, &[]), "{host} by HTTP/2");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "10.0.0.1",
            "",
            "127.0.0.1.nip.io",
        ] {
            assert!(is_refused("/", &[("host", host)]), "{host}");
        }
        assert!(is_refused("/", &[]));
        assert!(is_refused("http://evil.example/", &[("host", "localhost")]));
    }

    #[test]
    fn other_sites_are_refused() {
        let asked_by = |origin| is_refused("/", &[("host", "localhost"), ("origin", origin)]);
        assert!(!asked_by("http://localhost:3000"));
        assert!(asked_by("http://evil.example"));
        assert!(asked_by("null"));
        let mut headers = HeaderMap::new();
        assert_eq!(refusal_of_origin(&headers), None);
        headers.insert(
            header::ORIGIN,
            header::HeaderValue::from_static("http://evil.example"),
        );
        assert!(refusal_of_origin(&headers).is_some());
    }
}
