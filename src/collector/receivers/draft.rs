//! Makes OTLP requests of spans of other protocols: each span is written as it
//! is read, none is kept as an object.

use std::collections::HashMap;

use bytes::Bytes;

use crate::collector::{Charge, Counters, Parcel, Reason, Signal};
use crate::otlp::view::AnyValue;
use crate::otlp::write;

/// Numbers of OTLP's kinds of spans.
pub(super) mod kind {
    pub(in super::super) const UNSPECIFIED: u64 = 0;
    pub(in super::super) const INTERNAL: u64 = 1;
    pub(in super::super) const SERVER: u64 = 2;
    pub(in super::super) const CLIENT: u64 = 3;
    pub(in super::super) const PRODUCER: u64 = 4;
    pub(in super::super) const CONSUMER: u64 = 5;
}

/// Numbers of OTLP's status codes.
pub(super) mod status {
    pub(in super::super) const UNSET: u64 = 0;
    pub(in super::super) const OK: u64 = 1;
    pub(in super::super) const ERROR: u64 = 2;

    /// The value of a tag `otel.status_code`.
    pub(in super::super) fn of_text(text: &str) -> u64 {
        if text.eq_ignore_ascii_case("OK") {
            OK
        } else if text.eq_ignore_ascii_case("ERROR") {
            ERROR
        } else {
            UNSET
        }
    }
}

/// One span in the making.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) trace_id: [u8; 16],
    pub(super) span_id: [u8; 8],
    /// Zeros where there is none.
    pub(super) parent_id: [u8; 8],
    pub(super) name: String,
    pub(super) kind: u64,
    /// Nanoseconds since 1970.
    pub(super) start: u64,
    /// Nanoseconds since 1970.
    pub(super) end: u64,
    pub(super) status: u64,
    pub(super) status_message: String,
    pub(super) trace_state: String,
    /// Name and version of the library that made it.
    pub(super) scope: (String, String),
    /// Flags of the trace context.
    pub(super) flags: u32,
    /// Attributes, events and links, written.
    pub(super) lists: Vec<u8>,
}

impl Draft {
    pub(super) fn attribute(&mut self, key: &str, value: AnyValue<'_>) {
        write::attribute(&mut self.lists, 9, key, value);
    }

    pub(super) fn text(&mut self, key: &str, value: &str) {
        self.attribute(key, AnyValue::Text(value));
    }

    /// Adds an event of a name and of attributes that are written as field 3 of
    /// it. `time` is in nanoseconds.
    pub(super) fn event(&mut self, time: u64, name: &str, attributes: &[u8]) {
        write::message(&mut self.lists, 11, |out| {
            write::fixed64(out, 1, time);
            if !name.is_empty() {
                write::bytes(out, 2, name.as_bytes());
            }
            out.extend_from_slice(attributes);
        });
    }

    /// Adds a link, with what made it one.
    pub(super) fn link(&mut self, trace_id: [u8; 16], span_id: [u8; 8], ref_type: &str) {
        write::message(&mut self.lists, 13, |out| {
            write::bytes(out, 1, &trace_id);
            write::bytes(out, 2, &span_id);
            write::attribute(out, 4, "opentracing.ref_type", AnyValue::Text(ref_type));
        });
    }

    fn has_ids(&self) -> bool {
        self.trace_id != [0; 16] && self.span_id != [0; 8]
    }

    fn write(&self, out: &mut Vec<u8>) {
        write::bytes(out, 1, &self.trace_id);
        write::bytes(out, 2, &self.span_id);
        text(out, 3, &self.trace_state);
        if self.parent_id != [0; 8] {
            write::bytes(out, 4, &self.parent_id);
        }
        text(out, 5, &self.name);
        if self.kind != kind::UNSPECIFIED {
            write::number(out, 6, self.kind);
        }
        write::fixed64(out, 7, self.start);
        write::fixed64(out, 8, self.end);
        out.extend_from_slice(&self.lists);
        if self.flags != 0 {
            write::fixed32(out, 16, self.flags);
        }
        if self.status != status::UNSET || !self.status_message.is_empty() {
            write::message(out, 15, |out| {
                text(out, 2, &self.status_message);
                if self.status != status::UNSET {
                    write::number(out, 3, self.status);
                }
            });
        }
    }
}

fn text(out: &mut Vec<u8>, field: u32, text: &str) {
    if !text.is_empty() {
        write::bytes(out, field, text.as_bytes());
    }
}

/// The spans of one resource.
#[derive(Debug, Default)]
pub(super) struct Spans {
    /// Whole `ScopeSpans`.
    scopes: Vec<u8>,
    /// The spans of the scope that was last written to.
    open: Vec<u8>,
    scope: (String, String),
    pub(super) count: usize,
    /// Spans that are left out because they have no trace id or no span id.
    pub(super) without_id: usize,
}

impl Spans {
    /// Adds a span, where it says which it is.
    pub(super) fn push(&mut self, draft: &Draft) {
        if !draft.has_ids() {
            self.without_id += 1;
            return;
        }
        if draft.scope != self.scope {
            self.close();
            self.scope.clone_from(&draft.scope);
        }
        self.count += 1;
        write::message(&mut self.open, 2, |out| draft.write(out));
    }

    /// Ends the scope that was last written to.
    fn close(&mut self) {
        if self.open.is_empty() {
            return;
        }
        let (name, version) = &self.scope;
        let open = &self.open;
        write::message(&mut self.scopes, 2, |out| {
            if !name.is_empty() || !version.is_empty() {
                write::message(out, 1, |out| {
                    text(out, 1, name);
                    text(out, 2, version);
                });
            }
            out.extend_from_slice(open);
        });
        self.open.clear();
    }

    /// Writes them as a `ResourceSpans` of a request; `attributes` are written
    /// as field 1 of a resource. Writes nothing where there are none.
    pub(super) fn write(mut self, request: &mut Translated, attributes: &[u8]) {
        self.close();
        request.spans += self.count;
        request.without_id += self.without_id;
        if self.count == 0 {
            return;
        }
        write::message(&mut request.request, 1, |out| {
            if !attributes.is_empty() {
                write::bytes(out, 1, attributes);
            }
            out.extend_from_slice(&self.scopes);
        });
    }
}

/// Spans by the resource that they are of.
#[derive(Debug, Default)]
pub(super) struct Resources {
    /// Which of the list has these attributes.
    places: HashMap<Vec<u8>, usize>,
    list: Vec<Spans>,
}

impl Resources {
    /// Adds a span of the resource with these attributes, which are written as
    /// field 1 of it.
    pub(super) fn push(&mut self, attributes: &[u8], draft: &Draft) {
        let place = self.places.get(attributes).copied();
        let place = place.unwrap_or_else(|| {
            self.places.insert(attributes.to_vec(), self.list.len());
            self.list.push(Spans::default());
            self.list.len() - 1
        });
        if let Some(spans) = self.list.get_mut(place) {
            spans.push(draft);
        }
    }

    /// Writes all of them, in the order that resources came in.
    pub(super) fn translated(self) -> Translated {
        let mut places: Vec<_> = self.places.into_iter().collect();
        places.sort_unstable_by_key(|(_, place)| *place);
        let mut translated = Translated::default();
        for ((attributes, _), spans) in places.into_iter().zip(self.list) {
            spans.write(&mut translated, &attributes);
        }
        translated
    }
}

/// An id of bytes; zeros, which is no id, where it is longer than it may be.
/// Shorter ones have zeros in front: a trace's id has 8 bytes or 16.
pub(super) fn padded<const BYTES: usize>(bytes: &[u8]) -> [u8; BYTES] {
    let mut id = [0; BYTES];
    if let Some(start) = BYTES.checked_sub(bytes.len()) {
        id[start..].copy_from_slice(bytes);
    }
    id
}

/// What a message of another protocol is in OTLP.
#[derive(Debug, Default)]
pub(super) struct Translated {
    /// An `ExportTraceServiceRequest`.
    pub(super) request: Vec<u8>,
    pub(super) spans: usize,
    /// Spans that are left out because they have no trace id or no span id.
    pub(super) without_id: usize,
}

impl Translated {
    /// Counts what is in it, and makes a parcel of what can be taken.
    pub(super) fn parcel(
        self,
        receiver: &'static str,
        counters: &Counters,
        mut charge: Charge,
    ) -> Option<Parcel> {
        if self.without_id > 0 {
            counters.refused(receiver, Reason::BadTraceId, self.without_id);
        }
        if self.spans == 0 {
            return None;
        }
        counters.received(receiver, Signal::spans, self.spans);
        charge.settle(self.request.len());
        // Growing left up to twice the room that it takes.
        let request = Bytes::from(self.request.into_boxed_slice());
        Some(Parcel::of_request(request, self.spans, charge))
    }
}

/// Nanoseconds of microseconds; times that do not fit are 0, as if not said.
pub(super) fn nanoseconds(microseconds: i64) -> u64 {
    let microseconds = u64::try_from(microseconds).unwrap_or(0);
    microseconds.checked_mul(1000).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collector::receivers::testing::as_json;

    #[test]
    fn spans_lie_below_their_scope() {
        let mut spans = Spans::default();
        for (number, scope) in [(1, ""), (2, "a"), (3, "a"), (0, "b"), (4, "")] {
            spans.push(&Draft {
                trace_id: [number; 16],
                span_id: [number; 8],
                scope: (scope.to_owned(), String::new()),
                ..Draft::default()
            });
        }
        let mut translated = Translated::default();
        spans.write(&mut translated, &[]);
        Spans::default().write(&mut translated, &[]);
        assert_eq!((translated.spans, translated.without_id), (4, 1));
        let json = as_json(&translated.request);
        let resources = json["resourceSpans"].as_array().unwrap();
        assert_eq!(resources.len(), 1);
        let scopes = resources[0]["scopeSpans"].as_array().unwrap();
        let counts: Vec<usize> = scopes
            .iter()
            .map(|scope| scope["spans"].as_array().unwrap().len())
            .collect();
        assert_eq!(counts, [1, 2, 1]);
        assert_eq!(scopes[1]["scope"]["name"], "a");
    }

    #[test]
    fn times_that_do_not_fit_are_none() {
        assert_eq!(nanoseconds(7), 7000);
        assert_eq!(nanoseconds(-1), 0);
        assert_eq!(nanoseconds(i64::MAX), 0);
    }
}
