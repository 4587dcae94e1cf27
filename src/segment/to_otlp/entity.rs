//! One segment or subsegment as a span, then those inside it.

use super::super::fields::{
    ANNOTATIONS, AWS_SERVICE, DB_CONNECTION, DB_NAME, DEPTH, DOCUMENT, ENTITY, METADATA,
    SUBSEGMENT, is_reserved, push_step,
};
use super::super::id::{SegmentId, TraceId};
use super::super::json::{Json, Map};
use super::super::{sql_url, time};
use super::cause;
use super::value::{attribute, move_fields, text};
use crate::otlp::write;

/// The field of a span that holds attributes.
const ATTRIBUTES: u32 = 9;
/// Objects within one another that are taken apart, so that what looks at
/// attributes' keys sees them.
const MOST_STEPS: u32 = 4;

/// Bytes of a pointer below which objects are taken apart, at most: it stands
/// with each field again, which would make much of a long key over many fields.
const MOST_POINTER: usize = 128;

/// What all spans of a document share.
pub(super) struct Trace {
    pub(super) id: TraceId,
    pub(super) root_is_subsegment: bool,
}

/// Writes an entity and those inside it as spans of a `ScopeSpans`; says how
/// many they are. Recursion ends with the parser's bound on nesting.
pub(super) fn write(
    out: &mut Vec<u8>,
    mut entity: Map<'_>,
    trace: &Trace,
    depth: u32,
    parent: Option<SegmentId>,
) -> usize {
    let children = take_children(&mut entity);
    let id = read(&entity, "id");
    write::message(out, 2, |out| {
        identity(out, &mut entity, trace, depth, parent);
        kind(out, &entity, trace.root_is_subsegment || depth > 0);
        let end = times(out, &mut entity);
        cause::write(out, &mut entity, end);
        if depth > 0 {
            attribute(out, ATTRIBUTES, DEPTH, &Json::Int(i64::from(depth)));
        }
        attributes(out, &mut entity, trace.root_is_subsegment || depth > 0);
        links(out, &mut entity);
        left_over(out, ATTRIBUTES, &entity);
    });
    let mut spans = 1;
    for child in children {
        spans += write_child(out, child, trace, depth + 1, id);
    }
    spans
}

fn write_child(
    out: &mut Vec<u8>,
    child: Json<'_>,
    trace: &Trace,
    depth: u32,
    parent: Option<SegmentId>,
) -> usize {
    match child {
        Json::Map(child) => write(out, child, trace, depth, parent),
        // The check lets none through.
        _ => 0,
    }
}

/// The inline subsegments. An empty list is a field like any other.
fn take_children<'a>(entity: &mut Map<'a>) -> Vec<Json<'a>> {
    match entity.get("subsegments") {
        Some(Json::List(children)) if !children.is_empty() => match entity.take("subsegments") {
            Some(Json::List(children)) => children,
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn read(entity: &Map<'_>, key: &str) -> Option<SegmentId> {
    let text = entity.get(key).and_then(Json::text);
    text.and_then(SegmentId::parse)
}

/// Takes a field out where it is written as we write it.
fn take_same(entity: &mut Map<'_>, key: &str, ours: &str) {
    if entity.get(key).and_then(Json::text) == Some(ours) {
        entity.take(key);
    }
}

/// Ids and name. An id that is not written as we write it stays a field too.
fn identity(
    out: &mut Vec<u8>,
    entity: &mut Map<'_>,
    trace: &Trace,
    depth: u32,
    parent: Option<SegmentId>,
) {
    write::bytes(out, 1, &trace.id.bytes());
    if let Some(id) = read(entity, "id") {
        write::bytes(out, 2, &id.bytes());
        take_same(entity, "id", &id.to_string());
    }
    let caller = if depth == 0 {
        read(entity, "parent_id")
    } else {
        parent
    };
    if let Some(caller) = caller.filter(|caller| caller.bytes() != [0; 8]) {
        write::bytes(out, 4, &caller.bytes());
        if depth == 0 {
            take_same(entity, "parent_id", &caller.to_string());
        }
    }
    if depth == 0 {
        take_same(entity, "trace_id", &trace.id.to_string());
    }
    if let Some(Json::Text(name)) = entity.take("name") {
        write::bytes(out, 5, name.as_bytes());
        if entity.get("namespace").and_then(Json::text) == Some("aws") {
            text(out, ATTRIBUTES, AWS_SERVICE, &name);
        }
    }
}

/// The part in a call: 1 internal, 2 server, 3 client.
fn kind(out: &mut Vec<u8>, entity: &Map<'_>, is_subsegment: bool) {
    let is_text = |path: &[&str]| matches!(entity.at(path), Some(Json::Text(_)));
    let serves = !is_subsegment || is_text(&["http", "request", "client_ip"]);
    let kind = match (serves, is_text(&["namespace"])) {
        (true, _) => 2,
        (false, true) => 3,
        (false, false) => 1,
    };
    write::number(out, 6, kind);
}

/// Start and end; says when things happened that have no time of their own. A
/// time that nanoseconds do not give back exactly stays a field too.
fn times(out: &mut Vec<u8>, entity: &mut Map<'_>) -> u64 {
    let mut last = 0;
    for (field, key) in [(7, "start_time"), (8, "end_time")] {
        let Some(seconds) = entity.get(key).and_then(Json::number) else {
            continue;
        };
        let nanos = time::to_nanos(seconds);
        if nanos > 0 {
            write::fixed64(out, field, nanos);
            last = nanos;
        }
        let same = entity.get(key) == time::read_back(nanos).map(Json::Float).as_ref();
        if same && (nanos > 0 || field == 7) {
            entity.take(key);
        }
    }
    last
}

fn attributes(out: &mut Vec<u8>, entity: &mut Map<'_>, is_subsegment: bool) {
    sql(out, entity);
    move_fields(out, ATTRIBUTES, entity, ENTITY);
    if is_subsegment {
        move_fields(out, ATTRIBUTES, entity, SUBSEGMENT);
    }
    annotations(out, entity);
    metadata(out, entity);
}

/// A database's URL stands in two attributes.
fn sql(out: &mut Vec<u8>, entity: &mut Map<'_>) {
    const URL: [&str; 2] = ["sql", "url"];
    let url = entity.at(&URL).and_then(Json::text);
    let Some((connection, name)) = url.and_then(sql_url::split) else {
        return;
    };
    text(out, ATTRIBUTES, DB_CONNECTION, connection);
    text(out, ATTRIBUTES, DB_NAME, name);
    if url == Some(sql_url::join(connection, name).as_str()) {
        entity.take_at(&URL);
    }
}

/// Annotations are attributes of the same name, and a list says which they are.
fn annotations(out: &mut Vec<u8>, entity: &mut Map<'_>) {
    if entity
        .get("annotations")
        .and_then(Json::map)
        .is_none_or(Map::is_empty)
    {
        return;
    }
    let Some(Json::Map(annotations)) = entity.take("annotations") else {
        return;
    };
    let mut keys = Vec::new();
    let mut others = Vec::new();
    for (key, value) in annotations.into_pairs() {
        let is_scalar = matches!(
            value,
            Json::Bool(_) | Json::Int(_) | Json::Float(_) | Json::Text(_)
        );
        if is_scalar && !is_reserved(&key) {
            attribute(out, ATTRIBUTES, &key, &value);
            keys.push(Json::Text(key));
        } else {
            others.push((key, value));
        }
    }
    if !keys.is_empty() {
        attribute(out, ATTRIBUTES, ANNOTATIONS, &Json::List(keys));
    }
    if !others.is_empty() {
        entity.set("annotations", Json::Map(Map::of(others)));
    }
}

fn metadata(out: &mut Vec<u8>, entity: &mut Map<'_>) {
    if entity
        .get("metadata")
        .and_then(Json::map)
        .is_none_or(Map::is_empty)
    {
        return;
    }
    let Some(Json::Map(metadata)) = entity.take("metadata") else {
        return;
    };
    for (namespace, value) in metadata.iter() {
        let mut json = Vec::new();
        value.write(&mut json);
        let json = String::from_utf8(json).unwrap_or_default();
        text(out, ATTRIBUTES, &format!("{METADATA}{namespace}"), &json);
    }
}

/// Links are links where each of them is as we write them.
fn links(out: &mut Vec<u8>, entity: &mut Map<'_>) {
    let Some(Json::List(links)) = entity.get("links") else {
        return;
    };
    let mut read = Vec::with_capacity(links.len());
    for link in links {
        match link.map().and_then(ids) {
            Some(ids) => read.push((ids, link.map().and_then(|link| link.get("attributes")))),
            None => return,
        }
    }
    if read.is_empty() {
        return;
    }
    for ((trace, id), attributes) in read {
        write::message(out, 13, |out| {
            write::bytes(out, 1, &trace.bytes());
            write::bytes(out, 2, &id.bytes());
            for (key, value) in attributes
                .and_then(Json::map)
                .into_iter()
                .flat_map(Map::iter)
            {
                attribute(out, 4, key, value);
            }
        });
    }
    entity.take("links");
}

/// The ids of a link that has nothing that OTLP's links have no place for.
fn ids(link: &Map<'_>) -> Option<(TraceId, SegmentId)> {
    let fields = match link.get("attributes") {
        None => 2,
        Some(Json::Map(attributes)) if !attributes.is_empty() => 3,
        Some(_) => return None,
    };
    let trace_text = link.get("trace_id")?.text()?;
    let text = link.get("id")?.text()?;
    let (trace, id) = (TraceId::parse(trace_text)?, SegmentId::parse(text)?);
    let same = trace.to_string() == trace_text && id.to_string() == text;
    (same && link.len() == fields).then_some((trace, id))
}

/// Writes what no rule has a place for, each by its JSON pointer.
pub(super) fn left_over(out: &mut Vec<u8>, field: u32, map: &Map<'_>) {
    let mut pointer = DOCUMENT.to_owned();
    descend(out, field, &mut pointer, map, MOST_STEPS);
}

fn descend(out: &mut Vec<u8>, field: u32, pointer: &mut String, map: &Map<'_>, steps: u32) {
    for (key, value) in map.iter() {
        let length = pointer.len();
        push_step(pointer, key);
        match value {
            Json::Map(inner) if steps > 1 && pointer.len() <= MOST_POINTER && !inner.is_empty() => {
                descend(out, field, pointer, inner, steps - 1);
            }
            _ => attribute(out, field, pointer, value),
        }
        pointer.truncate(length);
    }
}
