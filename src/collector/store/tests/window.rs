//! Traces of a span of time come whole, each once.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::*;
use crate::segment::Options;

/// Seconds of an hour.
const HOUR: u64 = 3600;

fn document(trace: u128, number: u64, start: u64) -> String {
    let start = BEGIN / SECOND + start;
    format!(
        r#"{{"trace_id":"{}","id":"{number:016x}","name":"s","start_time":{start},"end_time":{start}.5}}"#,
        id(trace)
    )
}

/// The documents of each trace that is meant.
fn meant(reader: &Reader, meant: Meant) -> BTreeMap<TraceId, usize> {
    let mut found = BTreeMap::new();
    let read = reader.each_trace(meant, &Options::default(), &mut |id, documents| {
        assert!(found.insert(id, documents.len()).is_none(), "{id} twice");
        ControlFlow::Continue(())
    });
    read.unwrap();
    found
}

fn at(second: u64) -> u64 {
    BEGIN + second * SECOND
}

#[tokio::test]
async fn traces_in_several_blocks_come_whole() {
    let folder = tempfile::tempdir().unwrap();
    let store = start(folder.path());
    // Every trace has a segment and two spans, each in another block.
    for number in 0..20_u64 {
        let one = document(number.into(), 77, number * 600);
        keep(&store, parcel_of(&[], &[one])).await;
    }
    for part in 0..2 {
        let of = |number: u64| {
            let begin = number * 600;
            span(number.into(), part, (begin + 60, begin + 120))
        };
        let spans: Vec<Span> = (0..20).map(of).collect();
        keep(&store, parcel_of(&[request("a", spans)], &[])).await;
    }
    let reader = store.reader().unwrap();
    let of = |numbers: std::ops::Range<u64>| -> BTreeMap<TraceId, usize> {
        numbers.map(|number| (id(number.into()), 3)).collect()
    };
    // Over more than one slice of an hour, and from the midst of a trace.
    let window = |from: u64, to: u64| (at(from), at(to));
    let (from, to) = window(0, 20 * 600);
    assert_eq!(meant(&reader, Meant::Began(from, to)), of(0..20));
    let (from, to) = window(3 * 600, 2 * HOUR);
    assert_eq!(meant(&reader, Meant::Began(from, to)), of(3..12));
    let (from, to) = window(3 * 600 + 1, 3 * 600 + 2);
    assert_eq!(meant(&reader, Meant::Began(from, to)), of(0..0));
    assert_eq!(meant(&reader, Meant::GoingOn(from, to)), of(3..4));
    let (from, to) = window(3 * 600 + 1, 2 * HOUR);
    assert_eq!(meant(&reader, Meant::GoingOn(from, to)), of(3..12));
    // All came now.
    assert_eq!(meant(&reader, Meant::Came(0, u64::MAX)), of(0..20));
    assert_eq!(meant(&reader, Meant::Came(0, 1)), of(0..0));
    let one = reader.documents(id(7), &Options::default()).unwrap();
    assert_eq!(one.len(), 3);
    assert_eq!(one[0], document(7, 77, 7 * 600).into_bytes());
    assert!(
        reader
            .documents(id(700), &Options::default())
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn whoever_looks_may_stop_and_an_empty_store_has_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = start(folder.path());
    let reader = store.reader().unwrap();
    assert!(meant(&reader, Meant::Began(0, u64::MAX)).is_empty());
    let documents: Vec<String> = (0..3).map(|trace| document(trace, 1, 0)).collect();
    keep(&store, parcel_of(&[], &documents)).await;
    let mut seen = 0;
    let read = reader.each_trace(
        Meant::Began(0, u64::MAX),
        &Options::default(),
        &mut |_, _| {
            seen += 1;
            ControlFlow::Break(())
        },
    );
    read.unwrap();
    assert_eq!(seen, 1);
}
