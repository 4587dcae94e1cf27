//! Spans that were made of segments, as the same documents again.

use std::borrow::Cow;
use std::collections::HashSet;

use super::super::fields::{
    self, ANNOTATIONS, AWS_SERVICE, DB_CONNECTION, DB_NAME, DEPTH, ENTITY, EXCEPTION, METADATA,
    SEGMENT, SUBSEGMENT,
};
use super::super::id::{SegmentId, TraceId};
use super::super::json::{self, Json, Map};
use super::super::{sql_url, stack, time};
use super::value;
use super::{Document, ids, parent};
use crate::otlp::view::{AnyValue, Attributes, Event, Resource, ScopeSpans, Span};

/// How deep inline subsegments may lie: deeper than any parser of JSON allows.
const MOST_DEPTH: i64 = 64;

/// An entity whose inline subsegments may still follow.
struct Open<'a> {
    trace_id: TraceId,
    id: SegmentId,
    depth: i64,
    /// It goes below the entity before it; otherwise it is a document.
    is_inline: bool,
    map: Map<'a>,
    children: Vec<Json<'a>>,
    spans: usize,
}

/// Gives the documents of a `ScopeSpans` to `sink`; says how many spans were
/// left out.
pub(super) fn documents(
    resource: Resource<'_>,
    scope: ScopeSpans<'_>,
    sink: &mut dyn FnMut(Document<'_>),
) -> usize {
    let mut left_out = 0;
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut buffer = Vec::new();
    for span in scope.spans() {
        let Some((trace_id, id)) = ids(&span) else {
            left_out += 1;
            continue;
        };
        let depth = match span.attributes().get(DEPTH) {
            Some(AnyValue::Int(depth)) => depth.clamp(0, MOST_DEPTH),
            _ => 0,
        };
        while open.last().is_some_and(|last| last.depth >= depth) {
            close(&mut open, &mut buffer, sink);
        }
        let is_inline = open.last().is_some_and(|last| {
            last.depth + 1 == depth && last.trace_id == trace_id && Some(last.id) == parent(&span)
        });
        open.push(Open {
            trace_id,
            id,
            depth,
            is_inline,
            map: entity(resource, &span, depth, is_inline),
            children: Vec::new(),
            spans: 1,
        });
    }
    while !open.is_empty() {
        close(&mut open, &mut buffer, sink);
    }
    left_out
}

/// Ends the last entity: below the one before it, or as a document.
fn close(open: &mut Vec<Open<'_>>, buffer: &mut Vec<u8>, sink: &mut dyn FnMut(Document<'_>)) {
    let Some(mut last) = open.pop() else {
        return;
    };
    if !last.children.is_empty() {
        last.map.set("subsegments", Json::List(last.children));
    }
    if let Some(outer) = open.last_mut().filter(|_| last.is_inline) {
        outer.children.push(Json::Map(last.map));
        outer.spans += last.spans;
        return;
    }
    buffer.clear();
    last.map.write(buffer);
    sink(Document {
        trace_id: last.trace_id,
        id: last.id,
        json: buffer,
        spans: last.spans,
    });
}

/// The entity of a span, without those inside it.
fn entity<'a>(resource: Resource<'a>, span: &Span<'a>, depth: i64, is_inline: bool) -> Map<'a> {
    let attributes = span.attributes();
    let mut map = Map::default();
    map.set("id", hex(|out| SegmentId::write(id(span), out)));
    map.set("name", Json::Text(Cow::Borrowed(span.name)));
    if !is_inline {
        if let Some((trace_id, _)) = ids(span) {
            map.set("trace_id", hex(|out| trace_id.write(out)));
        }
        if let Some(parent) = parent(span) {
            map.set("parent_id", hex(|out| parent.write(out)));
        }
    }
    times(&mut map, span);
    let is_segment = depth == 0 && attributes.text("aws.xray.type") != Some("subsegment");
    if is_segment {
        segment(&mut map, resource.attributes());
    }
    put_attributes(&mut map, attributes);
    if depth > 0 && !is_inline {
        // Its parent went another way.
        map.set("type", Json::Text(Cow::Borrowed("subsegment")));
    }
    exceptions(&mut map, span);
    links(&mut map, span);
    // What has no other place knows better than what stands in its place.
    for (key, value) in attributes.iter() {
        put_document(&mut map, key, value);
    }
    map
}

fn id(span: &Span<'_>) -> SegmentId {
    SegmentId::from_bytes(span.span_id.try_into().unwrap_or_default())
}

fn hex<'a>(write: impl FnOnce(&mut Vec<u8>)) -> Json<'a> {
    let mut text = Vec::with_capacity(35);
    write(&mut text);
    Json::Text(Cow::Owned(String::from_utf8(text).unwrap_or_default()))
}

fn times(map: &mut Map<'_>, span: &Span<'_>) {
    let read = |nanos| time::read_back(nanos).map(Json::Float);
    if let Some(start) = read(span.start_time_unix_nano) {
        map.set("start_time", start);
    }
    let end = Some(span.end_time_unix_nano).filter(|end| *end > 0);
    if let Some(end) = end.and_then(read) {
        map.set("end_time", end);
    }
}

/// What a segment says of its resource.
fn segment<'a>(map: &mut Map<'a>, resource: Attributes<'a>) {
    let on_beanstalk = resource.text("cloud.platform") == Some(super::super::to_otlp::BEANSTALK);
    let on_kubernetes = resource.iter().any(|(key, value)| {
        matches!(key, "k8s.pod.name" | "k8s.cluster.name") && matches!(value, AnyValue::Text(_))
    });
    let mut language = None;
    for (key, value) in resource.iter() {
        if fields::put(map, SEGMENT, key, value) {
            continue;
        }
        let AnyValue::Text(text) = value else {
            continue;
        };
        let path: &[&'static str] = match key {
            "container.id" if on_kubernetes => &["aws", "eks", "container_id"],
            "container.id" => &["aws", "ecs", "container_id"],
            "service.version" if on_beanstalk => &["aws", "elastic_beanstalk", "version_label"],
            "service.version" => &["service", "version"],
            "service.namespace" if on_beanstalk => {
                &["aws", "elastic_beanstalk", "environment_name"]
            }
            "service.instance.id" if on_beanstalk => {
                if let Ok(deployment) = text.parse() {
                    let path = ["aws", "elastic_beanstalk", "deployment_id"];
                    map.set_at(&path, Json::Int(deployment));
                }
                continue;
            }
            "telemetry.sdk.name" => {
                let language =
                    language.get_or_insert_with(|| resource.text("telemetry.sdk.language"));
                let sdk = match *language {
                    Some(language) => Cow::Owned(format!("{text} for {language}")),
                    None => Cow::Borrowed(text),
                };
                map.set_at(&["aws", "xray", "sdk"], Json::Text(sdk));
                continue;
            }
            _ => continue,
        };
        map.set_at(path, Json::Text(Cow::Borrowed(text)));
    }
}

fn put_attributes<'a>(map: &mut Map<'a>, attributes: Attributes<'a>) {
    let annotated: HashSet<&str> = match attributes.get(ANNOTATIONS) {
        Some(AnyValue::Array(keys)) => keys.iter().filter_map(AnyValue::as_text).collect(),
        _ => HashSet::new(),
    };
    let mut database = None;
    for (key, value) in attributes.iter() {
        let has_place = [ENTITY, SUBSEGMENT]
            .iter()
            .any(|rules| fields::put(map, rules, key, value));
        if has_place || matches!(key, DEPTH | ANNOTATIONS | AWS_SERVICE | DB_NAME) {
            continue;
        }
        if let (DB_CONNECTION, AnyValue::Text(connection)) = (key, value) {
            let name = database.get_or_insert_with(|| attributes.text(DB_NAME));
            if let Some(name) = *name {
                let url = sql_url::join(connection, name);
                map.set_at(&["sql", "url"], Json::Text(Cow::Owned(url)));
            }
        } else if annotated.contains(key) {
            map.set_at(&["annotations", key], value::json(value));
        } else if let (Some(namespace), AnyValue::Text(text)) = (key.strip_prefix(METADATA), value)
        {
            let value = json::parse(text).unwrap_or(Json::Text(Cow::Borrowed(text)));
            map.set_at(&["metadata", namespace], value);
        } else if fields::steps(key).is_none() {
            // Somebody added it on the way.
            map.set_at(&["metadata", "default", key], value::json(value));
        }
    }
}

/// Puts a field that has no other place back.
fn put_document<'a>(map: &mut Map<'a>, key: &str, value: AnyValue<'a>) {
    if let Some(steps) = fields::steps(key) {
        map.set_at(&steps, value::json(value));
    }
}

fn exceptions<'a>(map: &mut Map<'a>, span: &Span<'a>) {
    let events = span.events().filter(|event| event.name == "exception");
    let exceptions: Vec<Json<'_>> = events.map(|event| Json::Map(exception(&event))).collect();
    if !exceptions.is_empty() {
        map.set_at(&["cause", "exceptions"], Json::List(exceptions));
    }
}

fn exception<'a>(event: &Event<'a>) -> Map<'a> {
    let mut map = Map::default();
    let attributes = event.attributes();
    if let Some(trace) = attributes.text("exception.stacktrace") {
        map.set("stack", stack::frames(trace));
    }
    for (key, value) in attributes.iter() {
        if !fields::put(&mut map, EXCEPTION, key, value) {
            put_document(&mut map, key, value);
        }
    }
    map
}

fn links<'a>(map: &mut Map<'a>, span: &Span<'a>) {
    let links: Vec<Json<'_>> = span
        .links()
        .filter_map(|link| {
            let trace_id = TraceId::from_bytes(link.trace_id.try_into().ok()?);
            let id = SegmentId::from_bytes(link.span_id.try_into().ok()?);
            let mut map = Map::default();
            map.set("trace_id", hex(|out| trace_id.write(out)));
            map.set("id", hex(|out| id.write(out)));
            let attributes = link.attributes().iter();
            let attributes: Vec<_> = attributes
                .map(|(key, value)| (Cow::Borrowed(key), value::json(value)))
                .collect();
            if !attributes.is_empty() {
                map.set("attributes", Json::Map(Map::of(attributes)));
            }
            Some(Json::Map(map))
        })
        .collect();
    if !links.is_empty() {
        map.set("links", Json::List(links));
    }
}
