//! Parameters of Zipkin's questions, by <https://zipkin.io/zipkin-api/>. What is
//! wrong is said in words like those of Zipkin's `QueryRequest`.

use super::super::parameters::Parameters;
use super::super::time;
use super::super::trace::id_of;
use super::wanted::{Condition, Wanted};
use crate::segment::TraceId;

const MICRO: u64 = 1_000;
const MILLI: u64 = 1_000_000;
/// Milliseconds that questions go back where they do not say it: a day.
const LOOKBACK: u64 = 24 * 3_600_000;
/// Traces that are given where nobody says how many.
const LIMIT: u64 = 10;
/// Traces that are given at most.
const MOST: u64 = 1500;
/// Traces that are asked for by id at most.
const MOST_IDS: usize = 200;

/// Reads what a search asks for.
///
/// # Errors
/// What is wrong.
pub(super) fn wanted(query: &Parameters) -> Result<Wanted, String> {
    let text = |key| query.get(key).map(str::to_owned);
    let window = window(query)?;
    let limit = number(query, "limit")?.unwrap_or(LIMIT);
    if limit > MOST {
        return Err(format!("limit > {MOST}"));
    }
    let min = number(query, "minDuration")?;
    let max = number(query, "maxDuration")?;
    match (min, max) {
        (None, Some(_)) => return Err("maxDuration is only valid with minDuration".to_owned()),
        (Some(min), Some(max)) if max < min => return Err("maxDuration < minDuration".to_owned()),
        _ => {}
    }
    let nanos = |micros: u64| micros.saturating_mul(MICRO);
    Ok(Wanted {
        service: text("serviceName"),
        remote: text("remoteServiceName"),
        // `all` is what Zipkin's pages send where nothing is chosen.
        name: text("spanName").filter(|name| name != "all"),
        conditions: conditions(query.get("annotationQuery").unwrap_or_default()),
        window,
        min: min.map(nanos),
        max: max.map(nanos),
        limit: usize::try_from(limit).unwrap_or(usize::MAX),
    })
}

/// The time that is asked for, in nanoseconds since 1970.
///
/// # Errors
/// What is wrong.
pub(super) fn window(query: &Parameters) -> Result<(u64, u64), String> {
    let end = number(query, "endTs")?.map(|millis| millis.saturating_mul(MILLI));
    let back = number(query, "lookback")?.unwrap_or(LOOKBACK);
    let end = end.unwrap_or_else(time::now);
    Ok((end.saturating_sub(back.saturating_mul(MILLI)), end))
}

/// The traces that are asked for by their ids.
///
/// # Errors
/// What is wrong.
pub(super) fn ids(query: &Parameters) -> Result<Vec<TraceId>, String> {
    let list = query.get("traceIds").unwrap_or_default();
    if list.is_empty() {
        return Err("traceIds parameter is empty".to_owned());
    }
    let mut ids = Vec::new();
    for text in list.split(',') {
        let id = id_of(text.trim()).ok_or_else(|| no_id(text))?;
        if ids.contains(&id) {
            return Err(format!("redundant traceId: {}", text.trim()));
        }
        if ids.len() == MOST_IDS {
            return Err(format!("more than {MOST_IDS} traceIds"));
        }
        ids.push(id);
    }
    Ok(ids)
}

/// Says that a text is no trace's id.
pub(super) fn no_id(text: &str) -> String {
    let cut = &text[..text.floor_char_boundary(64)];
    format!("{cut} should be lower-hex encoded with no prefix: it is no trace id")
}

/// A number above 0.
fn number(query: &Parameters, key: &str) -> Result<Option<u64>, String> {
    let Some(text) = query.get(key) else {
        return Ok(None);
    };
    let number: Option<i64> = text.parse().ok();
    let number = number.ok_or_else(|| {
        let cut = &text[..text.floor_char_boundary(64)];
        format!("{key} is no whole number: {cut}")
    })?;
    let above = u64::try_from(number).ok().filter(|number| *number > 0);
    above.map(Some).ok_or_else(|| format!("{key} <= 0"))
}

/// `error and http.method=GET`: annotations or tags, and tags with their values.
fn conditions(text: &str) -> Vec<Condition> {
    let parts = text.split(" and ").map(str::trim);
    parts
        .filter(|part| !part.is_empty())
        .map(|part| match part.split_once('=') {
            Some((key, value)) => Condition::Tag(key.to_owned(), value.to_owned()),
            None => Condition::Any(part.to_owned()),
        })
        .collect()
}
