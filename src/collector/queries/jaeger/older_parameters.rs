//! Parameters of the API of Jaeger 1.

use std::collections::BTreeMap;

use super::super::parameters::Parameters;
use super::super::{duration, time};
use super::trace_id;
use super::v3_parameters::{DEPTH, MOST_DEPTH};
use super::wanted::Wanted;
use crate::segment::TraceId;

/// Nanoseconds of a microsecond and of a millisecond.
const MICRO: u64 = 1_000;
const MILLI: u64 = 1_000_000;
/// Nanoseconds that a search goes back where it does not say since when: two days.
const LOOKBACK: u64 = 2 * 24 * 3_600_000_000_000;
/// Nanoseconds that dependencies go back: a day.
const DEPENDENCIES: u64 = 24 * 3_600_000_000_000;
/// Traces that are asked for by id at most.
const MOST_IDS: usize = 200;

/// What is asked for.
#[derive(Debug)]
pub(super) enum Asked {
    /// These traces.
    Ids(Vec<TraceId>),
    /// Those with such spans.
    Spans(Wanted),
}

/// Reads what a search asks for.
///
/// # Errors
/// What is wrong.
pub(super) fn asked(query: &Parameters) -> Result<Asked, String> {
    let mut ids = Vec::new();
    for text in query.all("traceID") {
        if ids.len() == MOST_IDS {
            return Err(format!(
                "more than {MOST_IDS} traces are asked for by traceID"
            ));
        }
        ids.push(trace_id(text).map_err(|why| unable("traceID", &why))?);
    }
    if !ids.is_empty() {
        return Ok(Asked::Ids(ids));
    }
    if query.get("service").is_none() {
        return Err("parameter 'service' is required".to_owned());
    }
    let text = |key| query.get(key).map(str::to_owned);
    let to = units(query, "end", MICRO)?.unwrap_or_else(time::now);
    let back = match query.get("lookback") {
        // Jaeger's pages send `custom` where start and end say it.
        None | Some("custom") => LOOKBACK,
        Some(text) => lookback(text)?,
    };
    let from = units(query, "start", MICRO)?.unwrap_or(to.saturating_sub(back));
    let (min, max) = (length(query, "minDuration")?, length(query, "maxDuration")?);
    if min.zip(max).is_some_and(|(min, max)| min > max) {
        return Err("'maxDuration' should be greater than 'minDuration'".to_owned());
    }
    Ok(Asked::Spans(Wanted {
        service: text("service"),
        operation: text("operation"),
        from,
        to,
        min,
        max,
        attributes: tags(query)?,
        limit: limit(query)?,
        is_raw: flag(query, "raw")?,
    }))
}

/// The window of dependencies, in nanoseconds since 1970.
///
/// # Errors
/// What is wrong.
pub(super) fn window(query: &Parameters) -> Result<(u64, u64), String> {
    let to = units(query, "endTs", MILLI)?.unwrap_or_else(time::now);
    let back = units(query, "lookback", MILLI)?.unwrap_or(DEPENDENCIES);
    Ok((to.saturating_sub(back), to))
}

/// Reads what a lookup of one trace may say.
///
/// # Errors
/// What is wrong.
pub(super) fn is_raw(query: &Parameters) -> Result<bool, String> {
    units(query, "start", MICRO)?;
    units(query, "end", MICRO)?;
    flag(query, "raw")
}

fn units(query: &Parameters, key: &str, nanos: u64) -> Result<Option<u64>, String> {
    let Some(text) = query.get(key) else {
        return Ok(None);
    };
    let time = time::units(text, nanos);
    let why = || unable(key, &format!("`{}` is no whole number", cut(text)));
    time.map(Some).ok_or_else(why)
}

/// A duration of Go, which may end with days: `2d`.
fn lookback(text: &str) -> Result<u64, String> {
    let days = text
        .strip_suffix('d')
        .and_then(|days| days.parse::<u64>().ok());
    if let Some(days) = days {
        return Ok(days.saturating_mul(24 * 3_600_000_000_000));
    }
    let nanos = duration::parse(text);
    let nanos = nanos.map_err(|why| unable("lookback", &format!("`{}` {why}", cut(text))))?;
    Ok(u64::try_from(nanos).unwrap_or(0))
}

fn length(query: &Parameters, key: &str) -> Result<Option<u64>, String> {
    let Some(text) = query.get(key) else {
        return Ok(None);
    };
    let nanos = duration::parse(text);
    let nanos = nanos.map_err(|why| unable(key, &format!("`{}` {why}", cut(text))))?;
    Ok(u64::try_from(nanos).ok().filter(|nanos| *nanos != 0))
}

fn limit(query: &Parameters) -> Result<usize, String> {
    let Some(text) = query.get("limit") else {
        return Ok(DEPTH);
    };
    let limit = text.parse().ok();
    let why = || {
        let why = format!("`{}` is no number from 1 to {MOST_DEPTH}", cut(text));
        unable("limit", &why)
    };
    let limit = limit.filter(|limit: &usize| (1..=MOST_DEPTH).contains(limit));
    limit.ok_or_else(why)
}

fn flag(query: &Parameters, key: &'static str) -> Result<bool, String> {
    super::v3_parameters::flag(query, &[key]).map_err(|why| unable(key, &why))
}

/// `tag=key:value`, as often as one likes, and `tags`: a JSON object of texts, or
/// `key=value key=value` as people write it.
fn tags(query: &Parameters) -> Result<Vec<(String, String)>, String> {
    let mut found = Vec::new();
    for tag in query.all("tag") {
        let pair = tag.split_once(':').or_else(|| tag.split_once('='));
        let (key, value) = pair.ok_or_else(|| {
            let cut = cut(tag);
            format!("malformed 'tag' parameter, expecting key:value, received: {cut}")
        })?;
        found.push((key.to_owned(), value.to_owned()));
    }
    for tags in query.all("tags").filter(|tags| !tags.trim().is_empty()) {
        if tags.trim_start().starts_with('{') {
            let read: Result<BTreeMap<String, String>, _> = serde_json::from_str(tags);
            let read = read.map_err(|error| {
                format!("malformed 'tags' parameter, cannot unmarshal JSON: {error}")
            })?;
            found.extend(read);
            continue;
        }
        for tag in tags.split_whitespace() {
            let (key, value) = tag.split_once('=').ok_or_else(|| {
                let cut = cut(tag);
                format!("malformed 'tags' parameter, expecting key=value, received: {cut}")
            })?;
            found.push((key.to_owned(), value.trim_matches('"').to_owned()));
        }
    }
    Ok(found)
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(100)]
}

fn unable(key: &str, why: &str) -> String {
    format!("unable to parse param '{key}': {why}")
}
