//! `BatchGetTraces` and `ListRetrievedTraces`.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::{id, segment, shop, texts, with};
use crate::traces::{BatchTrace, RetrievedTrace, Trace};

fn batch(documents: &[Json]) -> BatchTrace {
    let texts = texts(documents);
    let texts: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
    BatchTrace::of(id(), &texts)
}

#[test]
fn documents_are_written_as_aws_does() {
    let batch = batch(&shop());
    assert!(!batch.limit_exceeded);
    let mut all = format!("{:?}\n", batch.duration);
    for segment in &batch.segments {
        all.extend([&segment.id, "\n", &segment.document, "\n"]);
    }
    insta::assert_snapshot!(all);
}

#[test]
fn the_answer_has_awss_names() {
    let batch = batch(&[segment(1, None, "a")]);
    let document = concat!(
        r#"{"id":"0000000000000001","name":"a","start_time":10.0,"#,
        r#""trace_id":"1-5759e988-bd862e3fe1be46a994272793","end_time":12.5}"#
    );
    let expected = json!({
        "Id": super::ID, "Duration": 2.5, "LimitExceeded": false,
        "Segments": [{"Id": "0000000000000001", "Document": document}],
    });
    assert_eq!(serde_json::to_value(batch).unwrap(), expected);
}

#[test]
fn what_hangs_on_nothing_is_not_shown() {
    let alone = with(segment(1, Some(2), "a"), json!({"type": "subsegment"}));
    let batch = batch(&[alone]);
    assert_eq!(batch.duration, None);
    assert_eq!(batch.segments, []);
}

#[test]
fn what_is_in_progress_says_so() {
    let mut begun = segment(1, None, "a");
    begun.as_object_mut().unwrap().remove("end_time");
    begun["in_progress"] = true.into();
    let batch = batch(&[begun]);
    assert_eq!(batch.duration, None);
    let document: Json = serde_json::from_str(&batch.segments[0].document).unwrap();
    assert_eq!(document["in_progress"], true);
    assert_eq!(document.get("end_time"), None);
}

#[test]
fn a_large_trace_is_cut() {
    let large = |id| {
        with(
            segment(id, None, "a"),
            json!({"metadata": {"x": {"y": "z".repeat(60_000)}}}),
        )
    };
    let documents: Vec<Json> = (1..=9).map(large).collect();
    let batch = batch(&documents);
    assert!(batch.limit_exceeded);
    assert_eq!(batch.segments.len(), 8);
    assert_eq!(batch.duration, Some(2.5));
}

#[test]
fn many_segments_are_many_pages() {
    let documents: Vec<Json> = (1..=250).map(|id| segment(id, None, "a")).collect();
    let texts = texts(&documents);
    let texts: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
    let pages = RetrievedTrace::of(id(), &texts);
    let sizes: Vec<usize> = pages.iter().map(|page| page.spans.len()).collect();
    assert_eq!(sizes, [100, 100, 50]);
    assert_eq!(RetrievedTrace::of(id(), &[]).len(), 1);
}

/// Subsegments that each came alone, each below the one before.
#[test]
fn a_long_chain_can_be_read() {
    let chain = (2..400).map(|id| {
        let link = segment(id, Some(id - 1), "link");
        with(
            link,
            json!({"type": "subsegment", "metadata": {"n": {"id": id}}}),
        )
    });
    let documents: Vec<Json> = std::iter::once(segment(1, None, "a"))
        .chain(chain)
        .collect();
    let batch = batch(&documents);
    assert!(batch.segments.len() > 1);
    let texts: Vec<&[u8]> = batch
        .segments
        .iter()
        .map(|it| it.document.as_bytes())
        .collect();
    for text in &texts {
        serde_json::from_slice::<Json>(text).unwrap();
    }
    assert_eq!(parents(&Trace::of(id(), texts.iter().copied())).len(), 399);
}

/// Each entity and its parent, by id.
fn parents(trace: &Trace<'_>) -> Vec<(String, Option<String>, String)> {
    let of = |at: usize| trace.entities[at].id.to_string();
    let all = trace.entities.iter();
    let mut all: Vec<_> = all
        .map(|it| (it.id.to_string(), it.parent.map(of), it.name.to_string()))
        .collect();
    all.sort();
    all
}

/// Documents of up to eight entities, inside one another or alone.
fn documents() -> impl Strategy<Value = Vec<Json>> {
    let one = (0..8_u64, prop::option::of(0..8_u64), 0..4_u8, any::<bool>());
    let entity = one.prop_map(|(id, parent, kind, is_done)| {
        let mut it = segment(id, parent, "a");
        match kind {
            0 => {}
            1 => it["type"] = "subsegment".into(),
            2 => it = with(it, json!({"type": "subsegment", "namespace": "remote"})),
            _ => it = with(it, json!({"namespace": "aws", "aws": {"x": id}})),
        }
        if !is_done {
            it.as_object_mut().unwrap().remove("end_time");
            it["in_progress"] = true.into();
        }
        it
    });
    let nested = entity.prop_recursive(3, 8, 3, |inner| {
        (inner.clone(), prop::collection::vec(inner, 0..3)).prop_map(|(mut it, below)| {
            it["subsegments"] = below.into();
            it
        })
    });
    prop::collection::vec(nested, 0..5)
}

/// Any JSON, with the names of fields in it.
fn anything() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        "[0-9a-f]{16}".prop_map(Json::from),
        prop::sample::select(&["aws", "remote", "subsegment", "0000000000000001", ""][..])
            .prop_map(Json::from),
    ];
    let keys = &[
        "id",
        "name",
        "parent_id",
        "start_time",
        "end_time",
        "in_progress",
        "type",
        "namespace",
        "subsegments",
        "http",
        "request",
        "response",
        "status",
        "aws",
        "operation",
        "annotations",
        "metadata",
        "cause",
        "exceptions",
        "sql",
        "inferred",
        "fault",
    ][..];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::vec((prop::sample::select(keys), inner), 0..8)
                .prop_map(|fields| fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
        ]
    })
}

proptest! {
    /// What is written can be read again, and is the same trace.
    #[test]
    fn documents_written_are_the_same_trace(documents in documents()) {
        let texts = texts(&documents);
        let given: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
        let before = Trace::of(id(), given.iter().copied());
        let batch = BatchTrace::of(id(), &given);
        let written: Vec<&[u8]> = batch.segments.iter().map(|it| it.document.as_bytes()).collect();
        let after = Trace::of(id(), written.iter().copied());
        let shown = |trace: &Trace<'_>| {
            let mut all = parents(trace);
            let is_shown = |id: &str| {
                let it = trace.entities.iter().find(|it| it.id.to_string() == id);
                let far_from = |call: usize| trace.entities[call].segment.is_none();
                it.is_some_and(|it| {
                    let is_lost = it.place.is_none() && it.parent.is_some_and(far_from);
                    it.segment.is_some() && !is_lost
                })
            };
            all.retain(|(id, ..)| is_shown(id));
            for (_, parent, _) in &mut all {
                *parent = parent.take().filter(|id| is_shown(id));
            }
            all
        };
        // A circle is cut in one place, which need not be the same again.
        let is_round = before.entities.iter().any(|it| it.parent.is_none() && it.parent_id
            .is_some_and(|id| before.entities.iter().any(|other| other.id == id)));
        if !is_round {
            prop_assert_eq!(shown(&before), shown(&after));
        }
        prop_assert_eq!(BatchTrace::of(id(), &written).segments.len(), batch.segments.len());
    }

    #[test]
    fn any_json_is_written(mut documents in prop::collection::vec(anything(), 0..4)) {
        for document in &mut documents {
            if let Json::Object(fields) = document {
                fields.entry("id").or_insert("0000000000000002".into());
                fields.entry("name").or_insert("a".into());
                fields.entry("start_time").or_insert(1.into());
            }
        }
        for segment in batch(&documents).segments {
            let read: Json = serde_json::from_str(&segment.document).unwrap();
            prop_assert_eq!(&read["id"], &Json::from(segment.id));
        }
    }
}
