//! What a span must be like, compiled once.

use std::borrow::Cow;

use regex::Regex;

use crate::collector_config::processors::{SpanKind, SpanMatch, SpanStatus};
use crate::otlp::view::{self, AnyValue, Attributes, Kind, Resource, Span};
use crate::sampling::Pattern;
use crate::segment;

/// What a span must be like: all of it.
pub(super) struct Matching {
    service: Option<Pattern>,
    name: Option<Pattern>,
    kind: Option<SpanKind>,
    status: Option<SpanStatus>,
    attributes: Vec<(String, String)>,
    regexes: Vec<(String, Regex)>,
    least_nanos: u64,
    most_nanos: u64,
    has_duration: bool,
}

impl Matching {
    pub(super) fn new(config: &SpanMatch) -> Result<Self, regex::Error> {
        let pattern = |text: Option<&String>| text.map(|text| Pattern::new(text));
        let nanos = |ms: u64| ms.saturating_mul(1_000_000);
        let regexes = config.attributes_regex.iter();
        let regexes = regexes.map(|(key, regex)| Ok((key.clone(), Regex::new(regex)?)));
        Ok(Self {
            service: pattern(config.service.as_ref()),
            name: pattern(config.name.as_ref()),
            kind: config.kind,
            status: config.status,
            attributes: config.attributes.clone().into_iter().collect(),
            regexes: regexes.collect::<Result<_, regex::Error>>()?,
            least_nanos: config.min_duration_ms.map_or(0, nanos),
            most_nanos: config.max_duration_ms.map_or(u64::MAX, nanos),
            has_duration: config.min_duration_ms.is_some() || config.max_duration_ms.is_some(),
        })
    }

    /// Tells whether a span is so. What is looked up fastest is asked first.
    pub(super) fn matches(&self, resource: Resource<'_>, span: &Span<'_>) -> bool {
        self.kind.is_none_or(|kind| kind == kind_of(span))
            && self.status.is_none_or(|status| status == status_of(span))
            && (!self.has_duration || self.matches_duration(span))
            && (self.name.as_ref()).is_none_or(|name| name.matches(span.name))
            && (self.service.as_ref()).is_none_or(|service| service.matches(service_of(resource)))
            && self.matches_attributes(resource.attributes(), span.attributes())
    }

    fn matches_duration(&self, span: &Span<'_>) -> bool {
        let nanos = span
            .end_time_unix_nano
            .checked_sub(span.start_time_unix_nano);
        nanos.is_some_and(|nanos| (self.least_nanos..=self.most_nanos).contains(&nanos))
    }

    fn matches_attributes(&self, resource: Attributes<'_>, span: Attributes<'_>) -> bool {
        let is_any = |key: &str, matches: &dyn Fn(&str) -> bool| {
            let values = [span.get(key), resource.get(key)];
            let mut texts = values.into_iter().flatten().filter_map(written);
            texts.any(|text| matches(&text))
        };
        let mut equal = self.attributes.iter();
        let mut found = self.regexes.iter();
        equal.all(|(key, value)| is_any(key, &|text| text == value))
            && found.all(|(key, regex)| is_any(key, &|text| regex.is_match(text)))
    }
}

/// A service's name; empty where it has none.
pub(super) fn service_of(resource: Resource<'_>) -> &str {
    let name = resource.attributes().text("service.name");
    name.unwrap_or_default()
}

/// A value as it is written; `None` of those that hold others.
pub(super) fn written(value: AnyValue<'_>) -> Option<Cow<'_, str>> {
    match value {
        AnyValue::Text(text) => Some(Cow::Borrowed(text)),
        AnyValue::Bool(value) => Some(Cow::Owned(value.to_string())),
        AnyValue::Int(value) => Some(Cow::Owned(value.to_string())),
        AnyValue::Double(value) => Some(Cow::Owned(value.to_string())),
        AnyValue::Empty | AnyValue::Array(_) | AnyValue::Map(_) | AnyValue::Bytes(_) => None,
    }
}

fn kind_of(span: &Span<'_>) -> SpanKind {
    match span.kind {
        Kind::Unspecified => SpanKind::Unspecified,
        Kind::Internal => SpanKind::Internal,
        Kind::Server => SpanKind::Server,
        Kind::Client => SpanKind::Client,
        Kind::Producer => SpanKind::Producer,
        Kind::Consumer => SpanKind::Consumer,
    }
}

fn status_of(span: &Span<'_>) -> SpanStatus {
    match span.status.code {
        1 => SpanStatus::Ok,
        2 => SpanStatus::Error,
        _ => SpanStatus::Unset,
    }
}

/// Shows a document as the spans that it is translated to: the document's own
/// first, then those of its inline subsegments. Nothing of what is no document.
pub(super) fn each_entity(
    document: &[u8],
    room: &mut Vec<u8>,
    mut look: impl FnMut(Resource<'_>, &Span<'_>),
) {
    room.clear();
    if segment::to_otlp(document, room).is_err() {
        return;
    }
    for spans in view::resources(room) {
        for span in spans.scopes().flat_map(view::ScopeSpans::spans) {
            look(spans.resource(), &span);
        }
    }
}
