//! The documents of a trace as AWS gives them back: `BatchGetTraces` and
//! `ListRetrievedTraces`.
//!
//! They are not what was sent: fields stand in AWS's order, subsegments that
//! came alone stand inside of their parents, and segments that are inferred are
//! documents of their own. What a document says is kept, fields that AWS does
//! not know included; a subsegment inside of another entity loses `type`,
//! `trace_id` and `parent_id`, which its place says.
//!
//! Sources: captures of both operations; the sizes:
//! <https://docs.aws.amazon.com/general/latest/gr/xray.html>, read 2026-11.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::inferred::REMOTE;
use super::java;
use super::source::Documents;
use super::trace::{Entity, Kind, Place, Trace};
use crate::segment::TraceId;

/// AWS gives no more than this of a trace.
const MOST_BYTES: usize = 500 * 1024;
/// AWS's API gives no more spans of a trace at once.
const MOST_SPANS: usize = 100;
/// Subsegments that came alone are put inside of their parents down to this
/// depth, so that readers of JSON, which bound its depth, can read them; deeper
/// ones stay documents of their own.
const MOST_DEPTH: usize = 24;

/// AWS's `Trace`, an answer of `BatchGetTraces`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct BatchTrace {
    /// Seconds from its first start to its last end; null while anything is in
    /// progress, and where there is no segment.
    pub duration: Option<f64>,
    /// Its id.
    pub id: String,
    /// Whether `segments` lacks some, because it is too large.
    pub limit_exceeded: bool,
    /// Its segments, inferred ones too.
    pub segments: Vec<SegmentDocument>,
}

/// AWS's `Segment` and `Span`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SegmentDocument {
    /// JSON.
    pub document: String,
    /// The segment's id.
    pub id: String,
}

/// AWS's `RetrievedTrace`, in the format `XRAY`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RetrievedTrace {
    /// Seconds from its first start to its last end, where that is known.
    pub duration: Option<f64>,
    /// Its id.
    pub id: String,
    /// At most 100 of its segments, inferred ones too.
    pub spans: Vec<SegmentDocument>,
}

impl BatchTrace {
    /// What `BatchGetTraces` tells of the documents of a trace.
    pub fn of(id: TraceId, documents: &Documents<'_>) -> Self {
        let trace = Trace::of(id, documents.iter().copied());
        let mut segments = written(&trace, documents);
        let mut bytes = 0;
        let whole = segments.len();
        segments.retain(|segment| {
            bytes += segment.document.len();
            bytes <= MOST_BYTES
        });
        Self {
            duration: trace.duration(),
            id: id.to_string(),
            limit_exceeded: segments.len() < whole,
            segments,
        }
    }
}

impl RetrievedTrace {
    /// What `ListRetrievedTraces` tells of the documents of a trace: at least
    /// one, and one more for each further 100 segments.
    pub fn of(id: TraceId, documents: &Documents<'_>) -> Vec<Self> {
        let trace = Trace::of(id, documents.iter().copied());
        let part = |spans: &[SegmentDocument]| Self {
            duration: trace.duration(),
            id: id.to_string(),
            spans: spans.to_vec(),
        };
        let segments = written(&trace, documents);
        if segments.is_empty() {
            return vec![part(&[])];
        }
        segments.chunks(MOST_SPANS).map(part).collect()
    }
}

/// The documents of a trace, in the order of its entities.
fn written(trace: &Trace<'_>, documents: &Documents<'_>) -> Vec<SegmentDocument> {
    let fields = fields(trace, documents);
    let levels = levels(trace);
    let tops = trace.entities.iter().enumerate();
    let tops = tops.filter(|(index, _)| levels.get(*index) == Some(&Some(0)));
    tops.map(|(index, entity)| {
        let mut writer = Writer {
            trace,
            fields: &fields,
            levels: &levels,
            out: String::new(),
        };
        writer.document(index);
        SegmentDocument {
            document: writer.out,
            id: entity.id.to_string(),
        }
    })
    .collect()
}

/// How deep each entity stands in its document; `None` for one that is in none,
/// because its segment, or that of the call it is inferred from, is not there.
fn levels(trace: &Trace<'_>) -> Vec<Option<usize>> {
    let mut levels = vec![None; trace.entities.len()];
    let is_shown = |segment: &Entity<'_>| {
        let call = segment.parent.filter(|_| segment.place.is_none());
        let call = call.and_then(|call| trace.get(call));
        call.is_none_or(|call| call.segment.is_some())
    };
    let tops = trace.segments().filter(|(_, segment)| is_shown(segment));
    let mut open: Vec<(usize, usize)> = tops.map(|(index, _)| (index, 0)).collect();
    while let Some((index, level)) = open.pop() {
        let (Some(entity), Some(place)) = (trace.get(index), levels.get_mut(index)) else {
            continue;
        };
        *place = Some(level);
        for child in &entity.children {
            let Some(below) = trace.get(*child).filter(|it| !it.is_segment()) else {
                continue;
            };
            let is_whole = below.depth == 0 && level >= MOST_DEPTH;
            open.push((*child, if is_whole { 0 } else { level + 1 }));
        }
    }
    levels
}

/// What the documents say of each entity, those inside it left out.
fn fields(trace: &Trace<'_>, documents: &Documents<'_>) -> Vec<Map<String, Value>> {
    let mut fields: Vec<Map<String, Value>> = vec![Map::new(); trace.entities.len()];
    let places = trace.entities.iter().enumerate();
    let places: HashMap<Place, usize> = places
        .filter_map(|(index, entity)| Some((entity.place?, index)))
        .collect();
    for (document, bytes) in documents.iter().enumerate() {
        let Ok(top) = serde_json::from_slice(bytes) else {
            continue;
        };
        // The order in which `Trace::of` counts.
        let mut open = vec![top];
        let mut entity = 0;
        while let Some(next) = open.pop() {
            let Value::Object(mut said) = next else {
                continue;
            };
            if let Some(Value::Array(below)) = said.remove("subsegments") {
                open.extend(below.into_iter().rev());
            }
            let index = places.get(&Place { document, entity });
            if let Some(place) = index.and_then(|index| fields.get_mut(*index)) {
                *place = said;
            }
            entity += 1;
        }
    }
    for (index, entity) in trace.entities.iter().enumerate() {
        let call = entity.parent.filter(|_| entity.place.is_none());
        let said = call.and_then(|call| Some(far_side(entity, fields.get(call)?)));
        if let (Some(said), Some(place)) = (said, fields.get_mut(index)) {
            *place = said;
        }
    }
    fields
}

/// What a segment says that is inferred from what a call says.
fn far_side(inferred: &Entity<'_>, call: &Map<String, Value>) -> Map<String, Value> {
    let of_call = [
        "name",
        "start_time",
        "end_time",
        "in_progress",
        "fault",
        "error",
        "throttle",
        "http",
        "aws",
    ];
    let kept = call
        .iter()
        .filter(|(key, _)| of_call.contains(&key.as_str()));
    let mut said: Map<String, Value> = kept.map(|(key, it)| (key.clone(), it.clone())).collect();
    said.insert("inferred".to_owned(), true.into());
    let origin = inferred
        .origin
        .as_deref()
        .filter(|origin| *origin != REMOTE);
    if let Some(origin) = origin {
        said.insert("origin".to_owned(), origin.into());
    }
    let operation = call.get("aws").and_then(|aws| aws.get("operation"));
    let sends = operation.and_then(Value::as_str) == Some("SendMessage");
    if origin == Some("AWS::SQS::Queue") && sends {
        let waited = json!({
            "id": inferred.id.derived(0).to_string(),
            "name": "QueueTime",
            "start_time": call.get("start_time").and_then(Value::as_f64),
            "end_time": call.get("end_time").and_then(Value::as_f64),
        });
        said.insert("subsegments".to_owned(), json!([waited]));
    }
    said
}

/// The fields that AWS writes first, in its order.
const FIRST: [&str; 17] = [
    "inferred",
    "fault",
    "error",
    "throttle",
    "http",
    "aws",
    "origin",
    "user",
    "service",
    "resource_arn",
    "annotations",
    "metadata",
    "cause",
    "sql",
    "links",
    "precursor_ids",
    "traced",
];
/// Those that are written elsewhere.
const ELSEWHERE: [&str; 9] = [
    "id",
    "name",
    "start_time",
    "trace_id",
    "end_time",
    "in_progress",
    "parent_id",
    "namespace",
    "type",
];

/// Writes documents.
struct Writer<'t, 'a> {
    trace: &'t Trace<'a>,
    fields: &'t [Map<String, Value>],
    levels: &'t [Option<usize>],
    out: String,
}

/// What is left to write.
enum Rest {
    /// An entity; whether it follows another.
    Entity(usize, bool),
    /// The end of an entity with others inside.
    End(usize),
}

impl Writer<'_, '_> {
    /// Writes an entity and those inside it.
    fn document(&mut self, index: usize) {
        let mut rest = vec![Rest::Entity(index, false)];
        while let Some(next) = rest.pop() {
            match next {
                Rest::Entity(index, follows) => self.entity(index, follows, &mut rest),
                Rest::End(index) => {
                    self.out.push(']');
                    self.last(index);
                }
            }
        }
    }

    fn entity(&mut self, index: usize, follows: bool, rest: &mut Vec<Rest>) {
        let Some(entity) = self.trace.get(index) else {
            return;
        };
        if follows {
            self.out.push(',');
        }
        self.first(index, entity);
        let is_inside = |at: &usize| {
            let level = self.levels.get(*at).copied().flatten();
            let is_subsegment = self.trace.get(*at).is_some_and(|it| !it.is_segment());
            is_subsegment && level != Some(0)
        };
        let mut inside: Vec<usize> = entity.children.iter().copied().filter(is_inside).collect();
        if inside.is_empty() {
            self.last(index);
            return;
        }
        self.out.push_str(",\"subsegments\":[");
        rest.push(Rest::End(index));
        let first = inside.remove(0);
        rest.extend(inside.into_iter().rev().map(|at| Rest::Entity(at, true)));
        rest.push(Rest::Entity(first, false));
    }

    /// Writes an entity up to those inside it.
    fn first(&mut self, index: usize, entity: &Entity<'_>) {
        let said = self.fields.get(index);
        let is_document = self.levels.get(index) == Some(&Some(0));
        self.out.push_str("{\"id\":");
        java::text(&mut self.out, &entity.id.to_string());
        let name = self.trace.path_name(index).unwrap_or_default();
        self.text("name", name);
        self.double("start_time", entity.start);
        if is_document {
            self.text("trace_id", &self.trace.id.to_string());
        }
        match entity.end {
            Some(end) => self.double("end_time", end),
            None => self.field("in_progress", &Value::Bool(true)),
        }
        if let Some(parent) = entity.parent_id.filter(|_| is_document) {
            self.text("parent_id", &parent.to_string());
        }
        let Some(said) = said else {
            return;
        };
        for key in FIRST {
            if let Some(value) = said.get(key) {
                self.field(key, value);
            }
        }
        let is_written = |key: &str| FIRST.contains(&key) || ELSEWHERE.contains(&key);
        for (key, value) in said.iter().filter(|(key, _)| !is_written(key)) {
            self.field(key, value);
        }
    }

    /// Writes an entity from behind those inside it.
    fn last(&mut self, index: usize) {
        let namespace = self
            .fields
            .get(index)
            .and_then(|said| said.get("namespace"));
        if let Some(namespace) = namespace {
            self.field("namespace", namespace);
        }
        let kind = self.trace.get(index).map(|it| it.kind);
        if kind == Some(Kind::Subsegment) && self.levels.get(index) == Some(&Some(0)) {
            self.text("type", "subsegment");
        }
        self.out.push('}');
    }

    fn key(&mut self, key: &str) {
        self.out.push(',');
        java::text(&mut self.out, key);
        self.out.push(':');
    }

    fn text(&mut self, key: &str, text: &str) {
        self.key(key);
        java::text(&mut self.out, text);
    }

    fn double(&mut self, key: &str, number: f64) {
        self.key(key);
        java::double(&mut self.out, number);
    }

    fn field(&mut self, key: &str, value: &Value) {
        self.key(key);
        java::value(&mut self.out, value);
    }
}
