//! JSON lines: one object a line, of the names that servers and gateways give
//! to what they tell.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{Bad, Entry, host, request, target_parts, time};

const TIMES: &[&str] = &[
    "time",
    "timestamp",
    "@timestamp",
    "ts",
    "time_iso8601",
    "time_local",
    "msec",
    "requestTime",
    "requestTimeEpoch",
    "start_time",
];
const METHODS: &[&str] = &[
    "method",
    "request_method",
    "http_method",
    "httpMethod",
    "verb",
];
const PATHS: &[&str] = &["path", "uri", "request_uri", "url", "url_path", "rawPath"];
const HOSTS: &[&str] = &[
    "host",
    "http_host",
    "server_name",
    "authority",
    "domainName",
];
const SERVICES: &[&str] = &["service", "service_name"];
const REQUESTS: &[&str] = &["request"];

/// Reads a line that begins with `{`.
pub(super) fn read(line: &str) -> Result<Entry<'_>, Bad> {
    let object: Map<String, Value> = serde_json::from_str(line).map_err(|_| Bad::Json)?;
    let text = |names: &[&str]| {
        let found = names.iter().find_map(|name| object.get(*name));
        found.and_then(Value::as_str)
    };
    let mut entry = Entry::default();
    if let Some(line) = text(REQUESTS) {
        entry = owned(request(line)?);
    }
    if let Some(method) = text(METHODS) {
        entry.method = Some(Cow::Owned(method.to_owned()));
    }
    if let Some(target) = text(PATHS) {
        let (host, path) = target_parts(target).ok_or(Bad::Request)?;
        entry.host = host.map(|host| Cow::Owned(host.to_owned()));
        entry.path = Some(Cow::Owned(path.to_owned()));
    }
    if let Some(found) = text(HOSTS) {
        entry.host = Some(Cow::Owned(host(found).to_owned()));
    }
    if let Some(service) = text(SERVICES) {
        entry.service = Some(Cow::Owned(service.to_owned()));
    }
    if entry.method.is_none() && entry.path.is_none() {
        return Err(Bad::Request);
    }
    let time = TIMES.iter().find_map(|name| object.get(*name));
    if let Some(time) = time {
        let read = match time {
            Value::Number(number) => number.as_f64().and_then(time::of_number),
            Value::String(text) => time::of_text(text),
            _ => None,
        };
        entry.at = Some(read.ok_or(Bad::Time)?);
    }
    Ok(entry)
}

fn owned(entry: Entry<'_>) -> Entry<'static> {
    let owned = |text: Option<Cow<'_, str>>| text.map(|text| Cow::Owned(text.into_owned()));
    Entry {
        at: entry.at,
        method: owned(entry.method),
        host: owned(entry.host),
        path: owned(entry.path),
        service: owned(entry.service),
    }
}
