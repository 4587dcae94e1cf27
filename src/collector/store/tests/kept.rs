//! What goes in comes out.

use proptest::prelude::*;

use super::*;

fn segment(trace: TraceId, id: u64, name: &str, rest: &str) -> String {
    format!(
        r#"{{"trace_id":"{trace}","id":"{id:016x}","name":"{name}","start_time":1790000000.25,{rest}}}"#
    )
}

#[tokio::test]
async fn spans_of_a_trace_come_back_from_all_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let store = start(folder.path());
    let first = request("a", vec![span(1, 0, (0, 5)), span(2, 0, (1, 2))]);
    let second = request("b", vec![span(2, 1, (1, 2)), span(1, 1, (2, 7))]);
    keep(&store, parcel_of(&[first], &[])).await;
    keep(&store, parcel_of(&[second], &[])).await;
    let reader = Reader::open(folder.path()).unwrap();
    assert_eq!(
        spans(&reader, id(1)),
        [
            ("a".to_owned(), span(1, 0, (0, 5))),
            ("b".to_owned(), span(1, 1, (2, 7)))
        ]
    );
    assert_eq!(reader.trace(id(3)).unwrap(), []);
    assert_eq!(reader.services().unwrap(), ["a", "b"]);
    assert_eq!(reader.operations("b").unwrap(), ["operation-1"]);
    let statistics = reader.statistics().unwrap();
    assert_eq!((statistics.spans, statistics.blocks), (4, 2));
    assert_eq!(statistics.oldest, Some(BEGIN));
    assert_eq!(statistics.newest, Some(BEGIN + 7 * SECOND));
    assert!(statistics.bytes > 0);
}

#[tokio::test]
async fn the_first_complete_version_of_a_segment_wins() {
    let folder = tempfile::tempdir().unwrap();
    let store = start(folder.path());
    let trace = id(7);
    let open = segment(trace, 1, "shop", r#""in_progress":true"#);
    let opened_again = segment(trace, 1, "shop", r#""in_progress":true,"user":"u""#);
    let subsegment = segment(
        trace,
        2,
        "queue",
        r#""type":"subsegment","parent_id":"0000000000000001","end_time":1790000001"#,
    );
    let complete = segment(trace, 1, "shop", r#""end_time":1790000003.5,"fault":true"#);
    let late = segment(trace, 1, "shop", r#""end_time":1790000009"#);
    keep(&store, parcel_of(&[], &[open])).await;
    let reader = store.reader().unwrap();
    let summary = &reader.traces(&Query::default()).unwrap()[0];
    assert_eq!((summary.spans, summary.in_progress), (0, 1));

    let other = segment(id(8), 1, "other", r#""end_time":1790000009"#);
    keep(&store, parcel_of(&[], &[subsegment.clone(), other])).await;
    keep(&store, parcel_of(&[], std::slice::from_ref(&opened_again))).await;
    assert_eq!(
        documents(&reader, trace),
        [opened_again, subsegment.clone()]
    );
    keep(&store, parcel_of(&[], std::slice::from_ref(&complete))).await;
    keep(&store, parcel_of(&[], &[late])).await;
    assert_eq!(documents(&reader, trace), [complete, subsegment]);

    let found = reader
        .traces(&Query {
            service: Some("shop".to_owned()),
            ..Query::default()
        })
        .unwrap();
    assert_eq!(found.len(), 1);
    assert!(found[0].flags.fault && !found[0].flags.throttle);
    assert_eq!(found[0].root, Some(("shop".to_owned(), "shop".to_owned())));
    assert_eq!(found[0].start, BEGIN + SECOND / 4);
    assert_eq!(reader.services().unwrap(), ["other", "shop"]);
}

#[tokio::test]
async fn small_blocks_are_merged() {
    let folder = tempfile::tempdir().unwrap();
    let store = start(folder.path());
    let trace = id(1_000_000);
    for number in 0..100_u64 {
        let request = request("a", vec![span(u128::from(number), 0, (number, number + 1))]);
        let document = segment(trace, number + 1, "s", r#""end_time":1790000009"#);
        keep(&store, parcel_of(&[request], &[document])).await;
    }
    let reader = store.reader().unwrap();
    // The writer merges when it has told that all is written.
    for _ in 0..200 {
        if reader.statistics().unwrap().blocks < 16 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let statistics = reader.statistics().unwrap();
    assert_eq!((statistics.spans, statistics.blocks), (200, 6 + 4));
    for number in 0..100_u64 {
        let expected = span(u128::from(number), 0, (number, number + 1));
        assert_eq!(
            spans(&reader, id(number.into())),
            [("a".to_owned(), expected)]
        );
    }
    let in_order: Vec<String> = (0..100)
        .map(|number| segment(trace, number + 1, "s", r#""end_time":1790000009"#))
        .collect();
    assert_eq!(documents(&reader, trace), in_order);
}

#[tokio::test]
async fn large_groups_become_several_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let store = start(folder.path());
    let requests: Vec<_> = (0..9)
        .map(|number| {
            let mut one = span(1, number, (0, 1));
            one.attributes = vec![text("large", &"x".repeat(1 << 20))];
            request("a", vec![one])
        })
        .collect();
    keep(&store, parcel_of(&requests, &[])).await;
    let reader = store.reader().unwrap();
    assert_eq!(reader.statistics().unwrap().blocks, 9);
    assert_eq!(spans(&reader, id(1)).len(), 9);
    // What repeats takes little room.
    assert!(reader.statistics().unwrap().bytes < 200_000);
}

/// Groups of spans, each of a trace and with a text.
fn any_groups() -> impl Strategy<Value = Vec<Vec<(u8, String)>>> {
    let group = proptest::collection::vec((0..6_u8, "\\PC{0,12}"), 0..12);
    proptest::collection::vec(group, 0..24)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_goes_in_comes_out_however_it_is_grouped(groups in any_groups(), flush: u32) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut expected = vec![Vec::new(); 6];
        let mut number = 0;
        runtime.block_on(async {
            let store = start(folder.path());
            for (index, group) in groups.iter().enumerate() {
                let mut spans = Vec::new();
                for (trace, name) in group {
                    let mut one = span(u128::from(*trace), number, (number, number + 2));
                    one.name.clone_from(name);
                    number += 1;
                    expected[usize::from(*trace)].push(("a".to_owned(), one.clone()));
                    spans.push(one);
                }
                store.consume(parcel_of(&[request("a", spans)], &[])).await;
                if flush >> (index % 32) & 1 == 1 {
                    store.drain().await;
                }
            }
            store.drain().await;
        });
        let reader = Reader::open(folder.path()).unwrap();
        let known = reader.traces(&Query::default()).unwrap();
        for (trace, expected) in (0..).zip(&expected) {
            prop_assert_eq!(&spans(&reader, id(trace)), expected);
            let summary = known.iter().find(|it| it.trace_id == id(trace));
            prop_assert_eq!(summary.map_or(0, |it| it.spans), expected.len() as u64);
            if let Some(summary) = summary {
                let times = expected.iter().map(|it| it.1.start_time_unix_nano);
                prop_assert_eq!(summary.start, times.min().unwrap());
                let times = expected.iter().map(|it| it.1.end_time_unix_nano);
                prop_assert_eq!(summary.end, times.max().unwrap());
            }
        }
        prop_assert_eq!(reader.statistics().unwrap().spans, number);
    }
}

#[tokio::test]
async fn several_traces_are_what_each_is() {
    let folder = tempfile::tempdir().unwrap();
    let store = start(folder.path());
    for group in 0..4_u64 {
        let spans = (0..6_u8).map(|trace| span(u128::from(trace), group, (group, group + 1)));
        let document = segment(
            id(u128::from(group)),
            group + 1,
            "s",
            r#""end_time":1790000009"#,
        );
        let all = request("a", spans.collect());
        keep(&store, parcel_of(&[all], &[document])).await;
    }
    let reader = store.reader().unwrap();
    let ids: Vec<TraceId> = [3, 99, 0, 5].map(id).to_vec();
    let expected: Vec<_> = ids.iter().map(|id| reader.trace(*id).unwrap()).collect();
    assert_eq!(expected[0].len(), 5);
    assert_eq!(reader.several(&ids, usize::MAX).unwrap(), Some(expected));
    assert_eq!(reader.several(&ids, 100).unwrap(), None);
    assert_eq!(reader.several(&[], 0).unwrap(), Some(Vec::new()));
}

#[tokio::test]
async fn operations_have_the_kinds_of_their_spans() {
    use crate::otlp::view::Kind;

    let folder = tempfile::tempdir().unwrap();
    let of_kind = |kind| Span {
        kind,
        ..span(1, 0, (0, 1))
    };
    let kinds = |reader: &Reader| reader.operation_kinds("a").unwrap()[0].kinds.clone();
    let store = start(folder.path());
    let reader = store.reader().unwrap();
    keep(&store, parcel_of(&[request("a", vec![of_kind(0)])], &[])).await;
    assert_eq!(kinds(&reader), [Kind::Unspecified]);
    keep(&store, parcel_of(&[request("a", vec![of_kind(3)])], &[])).await;
    keep(&store, parcel_of(&[request("a", vec![of_kind(2)])], &[])).await;
    let both = [Kind::Unspecified, Kind::Server, Kind::Client];
    assert_eq!(kinds(&reader), both);
    let inside = r#""end_time":1790000009,"subsegments":[{"name":"db","id":"00000000000000aa","start_time":1790000001,"end_time":1790000002,"namespace":"remote"}]"#;
    keep(&store, parcel_of(&[], &[segment(id(7), 7, "shop", inside)])).await;
    let found = reader.operation_kinds("shop").unwrap();
    let found: Vec<_> = found
        .iter()
        .map(|one| (one.name.as_str(), one.kinds[0]))
        .collect();
    assert_eq!(found, [("db", Kind::Client), ("shop", Kind::Server)]);
    let query = Query {
        service: Some("shop".to_owned()),
        operation: Some("db".to_owned()),
        ..Query::default()
    };
    assert_eq!(reader.traces(&query).unwrap().len(), 1);
}
