//! Which name a document has, and what is left of it.

use std::borrow::Cow;

use super::span::{Known, Slot};
use crate::otlp::view::{Kind, Span};

/// Most characters of a name.
const MOST: usize = 200;
/// The name of a span none of whose characters X-Ray takes.
const NAMELESS: &str = "span";

/// Tells whether a span calls, sends or receives.
pub(super) fn is_dependency(kind: Kind) -> bool {
    matches!(kind, Kind::Client | Kind::Producer | Kind::Consumer)
}

/// The name of a span's document, before it is cleaned.
pub(super) fn of<'a>(
    span: &Span<'a>,
    known: &Known<'a>,
    service: Option<&'a str>,
    is_local_root: bool,
) -> Cow<'a, str> {
    let own = if span.kind == Kind::Server || span.kind == Kind::Internal && is_local_root {
        known.text(Slot::LocalService)
    } else if is_dependency(span.kind) {
        remote(known)
    } else {
        None
    };
    let filled = |text: Option<&'a str>| text.filter(|text| !text.is_empty());
    let first = filled(own)
        .or_else(|| filled(known.text(Slot::PeerService)))
        .or_else(|| filled(known.text(Slot::AwsService)));
    if let Some(name) = first {
        return Cow::Borrowed(name);
    }
    if let Some(name) = filled(known.text(Slot::DbName)) {
        return database(name, known.text(Slot::DbConnection));
    }
    let name = filled(service.filter(|_| span.kind == Kind::Server))
        .or_else(|| filled(known.text(Slot::RpcService)))
        .or_else(|| filled(known.text(Slot::HttpHost)))
        .or_else(|| filled(known.text(Slot::NetPeerName)));
    Cow::Borrowed(name.unwrap_or(span.name))
}

/// The service that a span calls; of AWS's own the name alone.
pub(super) fn remote<'a>(known: &Known<'a>) -> Option<&'a str> {
    let name = known.text(Slot::RemoteService)?;
    let trimmed = ["AWS.SDK.", "AWS::"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix));
    Some(trimmed.filter(|_| known.is_aws_call()).unwrap_or(name))
}

fn database<'a>(name: &'a str, connection: Option<&str>) -> Cow<'a, str> {
    match connection.and_then(host) {
        Some(host) => Cow::Owned(format!("{name}@{host}")),
        None => Cow::Borrowed(name),
    }
}

/// The host in a URL, without user and port.
fn host(url: &str) -> Option<&str> {
    let url = url.strip_prefix("jdbc:").unwrap_or(url);
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let place = authority
        .rsplit_once('@')
        .map_or(authority, |(_, place)| place);
    let host = match place.strip_prefix('[') {
        Some(address) => address.split(']').next()?,
        None => place.split(':').next()?,
    };
    (!host.is_empty()).then_some(host)
}

/// The name without what X-Ray does not take in one.
pub(super) fn clean(name: &str) -> Cow<'_, str> {
    let fits = |name: &str| name.len() <= MOST && name.chars().all(is_allowed);
    if !name.is_empty() && fits(name) {
        return Cow::Borrowed(name);
    }
    let cleaned: String = name.chars().filter(|&c| is_allowed(c)).take(MOST).collect();
    if cleaned.is_empty() {
        return Cow::Borrowed(NAMELESS);
    }
    Cow::Owned(cleaned)
}

fn is_allowed(letter: char) -> bool {
    letter.is_ascii_alphanumeric()
        || " _.:/%&#=+-@".contains(letter)
        || !letter.is_ascii() && letter.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cleaned() {
        let long = "é".repeat(300);
        let cases = [
            ("checkout", "checkout"),
            ("GET /a?b=c", "GET /ab=c"),
            ("a_b.c:d/e%f&g#h=i+j-k@l", "a_b.c:d/e%f&g#h=i+j-k@l"),
            ("Ünïcödé 数", "Ünïcödé 数"),
            ("a\"b\\c\n(d)", "abcd"),
            ("", "span"),
            ("{}", "span"),
            (long.as_str(), &long[..400]),
        ];
        for (name, expected) in cases {
            assert_eq!(clean(name), expected);
        }
    }

    #[test]
    fn hosts_are_found() {
        let cases = [
            (
                "jdbc:mysql://db.dev.example.com:3306",
                Some("db.dev.example.com"),
            ),
            ("postgresql://user:pass@db/x", Some("db")),
            ("mysql://[::1]:3306/a", Some("::1")),
            ("Server=db;Port=1", None),
            ("mysql://", None),
        ];
        for (url, expected) in cases {
            assert_eq!(host(url), expected, "{url}");
        }
    }
}
