//! Where in a request of OTLP its spans have what is their own, so that one request
//! can be given ids and times again and again.

use std::ops::Range;

use xrayctl::otlp::view::{ResourceSpans, resources};

/// Where in the request a span has what is its own.
pub(crate) struct Places {
    /// The last byte of the trace id that it was made with.
    pub(crate) trace: usize,
    pub(crate) trace_id: Range<usize>,
    pub(crate) span_id: Range<usize>,
    pub(crate) parent: Option<Range<usize>>,
    pub(crate) start: Range<usize>,
    pub(crate) end: Range<usize>,
}

/// The places of each span, in the order of the request.
pub(crate) fn places(bytes: &[u8]) -> Vec<Places> {
    let range = |part: &[u8]| {
        let start = part.as_ptr().addr() - bytes.as_ptr().addr();
        start..start + part.len()
    };
    let mut places = Vec::new();
    for scope in resources(bytes).flat_map(ResourceSpans::scopes) {
        for span in scope.spans() {
            let message = span.message();
            let time = |time: u64| {
                let time = time.to_le_bytes();
                let at = message.windows(8).position(|it| it == time).unwrap();
                range(&message[at..at + 8])
            };
            places.push(Places {
                trace: usize::from(span.trace_id[15]),
                trace_id: range(span.trace_id),
                span_id: range(span.span_id),
                parent: span.parent().map(range),
                start: time(span.start_time_unix_nano),
                end: time(span.end_time_unix_nano),
            });
        }
    }
    places
}

/// Mixes a number into one that has nothing of it: a step of `SplitMix64`.
pub(crate) fn mixed(number: u64) -> u64 {
    let mut mixed = number;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// What `SplitMix64` goes on by.
pub(crate) const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
