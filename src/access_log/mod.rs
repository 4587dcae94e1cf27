//! Lines of access logs, read: the common and combined formats of Apache and
//! nginx, the logs of Application Load Balancers, and JSON lines. Which of these
//! a line is, is told by how it begins. Nothing here does I/O; callers bound how
//! long a line may be.
//!
//! Sources: <https://httpd.apache.org/docs/current/logs.html>,
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html>,
//! read 2026-11.

#[cfg(test)]
mod fuzz;
mod json;
#[cfg(test)]
mod tests;
mod time;

use std::borrow::Cow;
use std::fmt;

/// What a load balancer's line begins with.
/// Source: `load-balancer-access-logs.html`, field `type`.
const BALANCER_TYPES: [&str; 6] = ["http", "https", "h2", "grpcs", "ws", "wss"];
/// Fields of a load balancer's line before the request.
const BALANCER_FIELDS: usize = 12;

/// A request that a line tells of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry<'a> {
    /// When it was made or answered, epoch seconds.
    pub at: Option<f64>,
    /// `GET`, `POST`, …
    pub method: Option<Cow<'a, str>>,
    /// The host that was asked, without port.
    pub host: Option<Cow<'a, str>>,
    /// The path, without what follows a `?` or `#`.
    pub path: Option<Cow<'a, str>>,
    /// The service that was asked.
    pub service: Option<Cow<'a, str>>,
}

/// Why a line tells of no request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bad {
    /// It is none of the formats.
    Format,
    /// It begins like JSON and is none.
    Json,
    /// It has no request as `METHOD PATH PROTOCOL`.
    Request,
    /// Its time cannot be read.
    Time,
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Format => "no known format",
            Self::Json => "no JSON object",
            Self::Request => "no request",
            Self::Time => "no time",
        })
    }
}

/// Reads a line, without its line feed.
///
/// # Errors
/// Where it tells of no request.
pub fn read(line: &str) -> Result<Entry<'_>, Bad> {
    let line = line.trim();
    let kind = line.split(' ').next().unwrap_or_default();
    if line.starts_with('{') {
        json::read(line)
    } else if BALANCER_TYPES.contains(&kind) {
        balancer(line)
    } else {
        combined(line)
    }
}

/// `HOST IDENT USER [TIME] "REQUEST" STATUS BYTES …`
fn combined(line: &str) -> Result<Entry<'_>, Bad> {
    let (_, rest) = line.split_once('[').ok_or(Bad::Format)?;
    let (time, rest) = rest.split_once(']').ok_or(Bad::Format)?;
    let (_, rest) = rest.split_once('"').ok_or(Bad::Format)?;
    let mut entry = request(quoted(rest).ok_or(Bad::Format)?)?;
    entry.at = Some(time::of_combined(time).ok_or(Bad::Time)?);
    Ok(entry)
}

/// `TYPE TIME ELB CLIENT TARGET … "REQUEST" "USER AGENT" …`
fn balancer(line: &str) -> Result<Entry<'_>, Bad> {
    let (fields, rest) = line.split_once('"').ok_or(Bad::Format)?;
    let mut fields = fields.split_ascii_whitespace();
    let time = fields.nth(1).ok_or(Bad::Format)?;
    if fields.count() + 2 != BALANCER_FIELDS {
        return Err(Bad::Format);
    }
    let mut entry = request(quoted(rest).ok_or(Bad::Format)?)?;
    entry.at = Some(time::of_iso(time).ok_or(Bad::Time)?);
    Ok(entry)
}

/// What stands before the next `"` that no backslash precedes.
fn quoted(text: &str) -> Option<&str> {
    let mut is_escaped = false;
    let end = text.bytes().position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    })?;
    text.get(..end)
}

/// Reads `METHOD PATH PROTOCOL`, of which the protocol may be missing.
fn request(text: &str) -> Result<Entry<'_>, Bad> {
    let (method, rest) = text.split_once(' ').ok_or(Bad::Request)?;
    let is_method = |byte: u8| byte.is_ascii_alphabetic() || byte == b'-' || byte == b'_';
    if method.is_empty() || !method.bytes().all(is_method) {
        return Err(Bad::Request);
    }
    let target = match rest.rsplit_once(' ') {
        Some((target, protocol)) if protocol.starts_with("HTTP/") || protocol == "-" => target,
        _ => rest,
    };
    let (host, path) = target_parts(target).ok_or(Bad::Request)?;
    Ok(Entry {
        method: Some(method.into()),
        host: host.map(Cow::Borrowed),
        path: Some(path.into()),
        ..Entry::default()
    })
}

/// Host and path of what a request asks for: a path, or a URL. `None` where it is
/// neither.
pub fn target_parts(target: &str) -> Option<(Option<&str>, &str)> {
    let target = target.split(['?', '#']).next().unwrap_or_default();
    let Some((_, rest)) = target.split_once("://") else {
        let is_path = target.starts_with('/') || target == "*";
        return is_path.then_some((None, target));
    };
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, "/"),
    };
    let host = host(authority);
    (!host.is_empty()).then_some((Some(host), path))
}

/// A host without its port, and without who asks.
fn host(authority: &str) -> &str {
    let host = authority.rsplit('@').next().unwrap_or_default();
    match host.rsplit_once(':') {
        // Of an IPv6 address what follows a colon is no port but behind a `]`.
        Some((name, port))
            if port.bytes().all(|byte| byte.is_ascii_digit())
                && (!name.contains(':') || name.ends_with(']')) =>
        {
            name
        }
        _ => host,
    }
}
