//! The spans that came last, one after another.

use std::collections::HashSet;

use crate::collector::store::{Reader, StoreError, Stored};
use crate::otlp::view::{self, Span};
use crate::segment;

/// Bytes of traces, as they came, that are looked at: some 30,000 spans.
pub(super) const WINDOW: u64 = 8 << 20;
/// The service of spans whose resource names none, as OpenTelemetry has it.
const UNNAMED: &str = "unknown_service";
/// Bytes of a name that tell it from others.
const NAME: usize = 200;

/// Where the latency buckets begin, in nanoseconds: those of OpenTelemetry's
/// zPages for Go.
pub(super) const BOUNDS: [u64; 9] = [
    0,
    10_000,
    100_000,
    1_000_000,
    10_000_000,
    100_000_000,
    1_000_000_000,
    10_000_000_000,
    100_000_000_000,
];

/// What became of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Its end has not come.
    Running,
    /// It ended well, in this bucket of [`BOUNDS`].
    Took(usize),
    /// It failed.
    Failed,
}

/// A span that is shown.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) service: &'a str,
    pub(super) operation: &'a str,
    pub(super) class: Class,
    pub(super) span: Span<'a>,
}

/// What was looked at.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) spans: u64,
    /// When the first and the last began, in nanoseconds since 1970.
    pub(super) began: Option<(u64, u64)>,
    /// There are older ones.
    pub(super) is_cut: bool,
}

impl Class {
    fn of(span: &Span<'_>) -> Self {
        if span.end_time_unix_nano == 0 {
            return Self::Running;
        }
        if span.status.is_error() {
            return Self::Failed;
        }
        let took = nanos(span);
        Self::Took(BOUNDS.iter().rposition(|bound| took >= *bound).unwrap_or(0))
    }
}

/// How long a span took, in nanoseconds.
pub(super) fn nanos(span: &Span<'_>) -> u64 {
    span.end_time_unix_nano
        .saturating_sub(span.start_time_unix_nano)
}

/// What names are told apart by.
pub(super) fn cut(name: &str) -> &str {
    &name[..name.floor_char_boundary(NAME)]
}

/// Shows the spans that came last, the last first. Blocks.
pub(super) fn walk(reader: &Reader, visit: impl FnMut(Seen<'_>)) -> Result<Extent, StoreError> {
    let mut walk = Walk {
        visit,
        extent: Extent::default(),
        ended: HashSet::new(),
    };
    let mut request = Vec::new();
    let is_cut = reader.newest(WINDOW, |stored| match stored {
        Stored::Request(request) => walk.request(&request, false),
        Stored::Document(document) => {
            request.clear();
            // What the store keeps was checked when it came.
            if segment::to_otlp(&document, &mut request).is_ok() {
                walk.request(&request, true);
            }
        }
    })?;
    Ok(Extent {
        is_cut,
        ..walk.extent
    })
}

struct Walk<F> {
    visit: F,
    extent: Extent,
    /// Segments whose final version came.
    ended: HashSet<[u8; 8]>,
}

impl<F: FnMut(Seen<'_>)> Walk<F> {
    fn request(&mut self, request: &[u8], is_segment: bool) {
        for resource in view::resources(request) {
            let resource_attributes = resource.resource().attributes();
            let service = resource_attributes.text("service.name");
            let service = cut(service.unwrap_or(UNNAMED));
            for span in resource.scopes().flat_map(view::ScopeSpans::spans) {
                if is_segment && self.is_overtaken(&span) {
                    continue;
                }
                self.extent.add(&span);
                (self.visit)(Seen {
                    service,
                    operation: cut(span.name),
                    class: Class::of(&span),
                    span,
                });
            }
        }
    }

    /// Tells whether this version of a segment is in progress and a later one,
    /// which is shown before it, is not.
    fn is_overtaken(&mut self, span: &Span<'_>) -> bool {
        let Ok(id) = <[u8; 8]>::try_from(span.span_id) else {
            return false;
        };
        if Class::of(span) == Class::Running {
            return self.ended.contains(&id);
        }
        self.ended.insert(id);
        false
    }
}

impl Extent {
    fn add(&mut self, span: &Span<'_>) {
        self.spans += 1;
        let start = span.start_time_unix_nano;
        let (first, last) = self.began.unwrap_or((start, start));
        self.began = Some((first.min(start), last.max(start)));
    }
}
