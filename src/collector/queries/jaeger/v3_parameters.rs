//! Parameters of version 3. The older names, with underscores, are read as well.

use std::collections::BTreeMap;

use super::super::parameters::Parameters;
use super::super::{duration, time};
use super::wanted::Wanted;

/// Traces that are given where nobody says how many.
pub(super) const DEPTH: usize = 100;
/// Traces that are given at most.
pub(super) const MOST_DEPTH: usize = 1500;

const SERVICE: [&str; 2] = ["query.serviceName", "query.service_name"];
const OPERATION: [&str; 2] = ["query.operationName", "query.operation_name"];
const FROM: [&str; 2] = ["query.startTimeMin", "query.start_time_min"];
const TO: [&str; 2] = ["query.startTimeMax", "query.start_time_max"];
const LIMIT: [&str; 3] = [
    "query.searchDepth",
    "query.search_depth",
    "query.num_traces",
];
const MIN: [&str; 2] = ["query.durationMin", "query.duration_min"];
const MAX: [&str; 2] = ["query.durationMax", "query.duration_max"];
const RAW: [&str; 2] = ["query.rawTraces", "query.raw_traces"];
const ATTRIBUTES: &str = "query.attributes";
const FILTER: &str = "query.filter";

/// Reads what a search asks for.
///
/// # Errors
/// What is wrong.
pub(super) fn wanted(query: &Parameters) -> Result<Wanted, String> {
    if query.get(FILTER).is_some() {
        return Err("the structured query filter is disabled: use query.attributes".to_owned());
    }
    let text = |keys: &[&'static str]| query.any(keys).map(|(_, value)| value.to_owned());
    let required = || format!("{} and {} are required", FROM[0], TO[0]);
    let (from, to) = query.any(&FROM).zip(query.any(&TO)).ok_or_else(required)?;
    let (from, to) = (read_time(from)?, read_time(to)?);
    if from >= to {
        return Err(format!("{} must be before {}", FROM[0], TO[0]));
    }
    let limit = match query.any(&LIMIT) {
        None => DEPTH,
        Some((key, number)) => number
            .parse::<usize>()
            .ok()
            .filter(|number| (1..=MOST_DEPTH).contains(number))
            .ok_or_else(|| {
                malformed(key, number, &format!("is no number from 1 to {MOST_DEPTH}"))
            })?,
    };
    Ok(Wanted {
        service: text(&SERVICE),
        operation: text(&OPERATION),
        from,
        to,
        min: query.any(&MIN).map(read_duration).transpose()?.flatten(),
        max: query.any(&MAX).map(read_duration).transpose()?.flatten(),
        attributes: attributes(query)?,
        limit,
        is_raw: flag(query, &RAW)?,
    })
}

/// Reads `true` or `false` as Go does.
///
/// # Errors
/// Where it is neither.
pub(super) fn flag(query: &Parameters, keys: &[&'static str]) -> Result<bool, String> {
    match query.any(keys) {
        None => Ok(false),
        Some((key, value)) => match value {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
            _ => Err(malformed(key, value, "is neither true nor false")),
        },
    }
}

/// Reads a time.
///
/// # Errors
/// Where it is none.
pub(super) fn read_time((key, text): (&'static str, &str)) -> Result<u64, String> {
    let example = "is no time: write 2026-11-21T00:00:00Z";
    time::rfc3339(text).ok_or_else(|| malformed(key, text, example))
}

/// Reads a duration. One of 0 asks for nothing, as in Jaeger.
fn read_duration((key, text): (&'static str, &str)) -> Result<Option<u64>, String> {
    let nanos = duration::parse(text).map_err(|why| malformed(key, text, why))?;
    Ok(u64::try_from(nanos).ok().filter(|nanos| *nanos != 0))
}

fn attributes(query: &Parameters) -> Result<Vec<(String, String)>, String> {
    let Some(text) = query.get(ATTRIBUTES) else {
        return Ok(Vec::new());
    };
    let read: Result<BTreeMap<String, String>, _> = serde_json::from_str(text);
    let read = read.map_err(|error| {
        format!("malformed parameter {ATTRIBUTES}: it is no JSON object of texts: {error}")
    })?;
    Ok(read.into_iter().collect())
}

fn malformed(key: &str, value: &str, why: &str) -> String {
    let cut = &value[..value.floor_char_boundary(100)];
    format!("malformed parameter {key}: `{cut}` {why}")
}
