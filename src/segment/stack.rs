//! Stacks as the text that Java writes, and back: how a segment's exception
//! stands in a span.

use std::borrow::Cow;

use super::json::{Json, Map};

/// Stands for a line that is not known.
const NO_LINE: &str = "<unknown>";

/// The text of an exception's stack; `None` where it has none.
pub(super) fn render(exception: &Map<'_>) -> Option<String> {
    let Json::List(frames) = exception.get("stack")? else {
        return None;
    };
    if frames.is_empty() {
        return None;
    }
    let text = |map: &Map<'_>, key: &str| {
        let text = map.get(key).and_then(Json::text);
        text.unwrap_or_default().to_owned()
    };
    let mut trace = format!(
        "{}: {}\n",
        text(exception, "type"),
        text(exception, "message")
    );
    for frame in frames.iter().filter_map(Json::map) {
        let line = match frame.get("line") {
            Some(Json::Int(line)) => line.to_string(),
            _ => NO_LINE.to_owned(),
        };
        let (label, path) = (text(frame, "label"), text(frame, "path"));
        for part in ["\tat ", &label, "(", &path, ": ", &line, ")\n"] {
            trace.push_str(part);
        }
    }
    Some(trace)
}

/// The frames in a text that [`render`] wrote.
pub(super) fn frames<'a>(trace: &str) -> Json<'a> {
    let frames = trace.lines().filter_map(|line| {
        let frame = line.strip_prefix("\tat ")?.strip_suffix(')')?;
        let (label, place) = frame.rsplit_once('(')?;
        let (path, line) = place.rsplit_once(": ")?;
        let owned = |text: &str| Json::Text(Cow::Owned(text.to_owned()));
        let mut map = Map::default();
        map.set("path", owned(path));
        if line != NO_LINE {
            map.set("line", Json::Int(line.parse().ok()?));
        }
        map.set("label", owned(label));
        Some(Json::Map(map))
    });
    Json::List(frames.collect())
}
