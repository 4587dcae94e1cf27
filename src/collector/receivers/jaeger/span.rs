//! A span of Jaeger, and what it is in OTLP: as the OpenTelemetry Collector's
//! Jaeger receiver translates it.

use crate::collector::receivers::draft::{Draft, kind, status};
use crate::otlp::view::AnyValue;
use crate::otlp::write;

/// References of one span at most: they are held while it is read.
pub(super) const MOST_REFERENCES: usize = 10_000;
/// The bit of a span's flags that the trace context has too.
const SAMPLED: u32 = 1;
/// The bit of a span's flags that says that somebody asked for it.
const DEBUG: u32 = 2;

/// Another span that one has to do with.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reference {
    pub(super) trace_id: [u8; 16],
    pub(super) span_id: [u8; 8],
    pub(super) follows: bool,
}

impl Reference {
    fn ref_type(self) -> &'static str {
        if self.follows {
            "follows_from"
        } else {
            "child_of"
        }
    }
}

/// A span as it is read, its tags in any order.
#[derive(Debug, Default)]
pub(super) struct JaegerSpan {
    pub(super) draft: Draft,
    pub(super) references: Vec<Reference>,
    is_error: bool,
    /// What `otel.status_code` says.
    status: Option<u64>,
    description: Option<String>,
    http_status: i64,
    http_message: String,
}

impl JaegerSpan {
    pub(super) fn flags(&mut self, flags: u32) {
        self.draft.flags = flags & SAMPLED;
        if flags & DEBUG != 0 {
            self.draft.attribute("jaeger.debug", AnyValue::Bool(true));
        }
    }

    /// Puts a tag where OTLP has its meaning.
    pub(super) fn tag(&mut self, key: &str, value: AnyValue<'_>) {
        match (key, value) {
            ("span.kind", AnyValue::Text(text)) if kind_of(text) != kind::UNSPECIFIED => {
                self.draft.kind = kind_of(text);
                return;
            }
            ("error", AnyValue::Bool(true) | AnyValue::Text("true")) => {
                self.is_error = true;
                return;
            }
            ("otel.status_code", AnyValue::Text(text)) => {
                self.status = Some(status::of_text(text));
                return;
            }
            ("otel.status_description", AnyValue::Text(text)) => {
                self.description = Some(text.to_owned());
                return;
            }
            ("w3c.tracestate", AnyValue::Text(text)) => {
                text.clone_into(&mut self.draft.trace_state);
                return;
            }
            ("otel.scope.name" | "otel.library.name", AnyValue::Text(text)) => {
                text.clone_into(&mut self.draft.scope.0);
                return;
            }
            ("otel.scope.version" | "otel.library.version", AnyValue::Text(text)) => {
                text.clone_into(&mut self.draft.scope.1);
                return;
            }
            ("http.status_code", AnyValue::Int(code)) => self.http_status = code,
            ("http.status_code", AnyValue::Text(text)) => {
                self.http_status = text.parse().unwrap_or(0);
            }
            ("http.status_message", AnyValue::Text(text)) => {
                text.clone_into(&mut self.http_message);
            }
            _ => {}
        }
        self.draft.attribute(key, value);
    }

    /// The span, when all of it has been read.
    pub(super) fn finish(mut self) -> Draft {
        self.relatives();
        self.outcome();
        self.draft
    }

    /// The first span that this one is a child of is its parent; others are
    /// links.
    fn relatives(&mut self) {
        if self.draft.parent_id == [0; 8] {
            let trace_id = self.draft.trace_id;
            let mut references = self.references.iter();
            let parent = references.find(|one| !one.follows && one.trace_id == trace_id);
            self.draft.parent_id = parent.map_or([0; 8], |one| one.span_id);
        }
        for one in &self.references {
            if one.follows || one.span_id != self.draft.parent_id {
                self.draft.link(one.trace_id, one.span_id, one.ref_type());
            }
        }
    }

    /// The error tag says most; then what OpenTelemetry's exporters wrote; then
    /// the status of HTTP.
    fn outcome(&mut self) {
        let draft = &mut self.draft;
        let is_explicit = self.is_error || self.status.is_some();
        if self.is_error {
            draft.status = status::ERROR;
        } else if let Some(code) = self.status {
            draft.status = code;
        } else {
            let from = if draft.kind == kind::CLIENT { 400 } else { 500 };
            if (from..600).contains(&self.http_status) {
                draft.status = status::ERROR;
            }
        }
        match self.description.take() {
            Some(description) if is_explicit => draft.status_message = description,
            // Without a status it is a tag like any other.
            Some(description) => draft.text("otel.status_description", &description),
            None if draft.status == status::ERROR && self.status.is_none() => {
                draft.status_message = std::mem::take(&mut self.http_message);
            }
            None => {}
        }
    }
}

fn kind_of(text: &str) -> u64 {
    match text {
        "client" => kind::CLIENT,
        "server" => kind::SERVER,
        "producer" => kind::PRODUCER,
        "consumer" => kind::CONSUMER,
        "internal" => kind::INTERNAL,
        _ => kind::UNSPECIFIED,
    }
}

/// What happened during a span: the fields of a log.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// Nanoseconds since 1970.
    pub(super) time: u64,
    name: String,
    attributes: Vec<u8>,
}

impl Log {
    pub(super) fn field(&mut self, key: &str, value: AnyValue<'_>) {
        match (key, value) {
            ("event", AnyValue::Text(text)) if self.name.is_empty() => {
                text.clone_into(&mut self.name);
            }
            _ => write::attribute(&mut self.attributes, 3, key, value),
        }
    }

    pub(super) fn write(&self, span: &mut JaegerSpan) {
        span.draft.event(self.time, &self.name, &self.attributes);
    }
}

/// Who sent spans, as attributes of a resource.
#[derive(Debug, Default)]
pub(super) struct Process {
    pub(super) attributes: Vec<u8>,
}

impl Process {
    pub(super) fn service(&mut self, name: &str) {
        // What the Collector's exporter writes where there is none.
        if !name.is_empty() && name != "OTLPResourceNoServiceName" {
            let value = AnyValue::Text(name);
            write::attribute(&mut self.attributes, 1, "service.name", value);
        }
    }

    pub(super) fn tag(&mut self, key: &str, value: AnyValue<'_>) {
        let out = &mut self.attributes;
        match (key, value) {
            ("hostname", _) => write::attribute(out, 1, "host.name", value),
            ("jaeger.version", AnyValue::Text(version)) => {
                let version = format!("Jaeger-{version}");
                let value = AnyValue::Text(&version);
                write::attribute(out, 1, "opencensus.exporterversion", value);
            }
            _ => write::attribute(out, 1, key, value),
        }
    }
}
