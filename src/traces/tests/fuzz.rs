//! Any documents, one a line, as a trace.

use std::collections::HashSet;

use super::{ACCOUNT, id};
use crate::filter::parse;
use crate::fuzz;
use crate::segment::check;
use crate::traces::{BatchTrace, Filter, Nodes, RetrievedTrace, Summary, Trace};

fuzz::target!(trace_documents, 1000, documents);

/// All of it can be told, filtered and written, in JSON and without end.
fn documents(input: &[u8]) {
    let lines: Vec<&[u8]> = input.split(|byte| *byte == b'\n').collect();
    let trace = Trace::of(id(), lines.iter().copied());
    let taken = lines.iter().filter(|line| check(line).is_ok());
    assert!(
        taken.count() <= trace.documents,
        "one that is taken is not seen"
    );
    let nodes = Nodes::of(&trace, ACCOUNT);
    let summary = serde_json::to_string(&Summary::of(&trace, &nodes, None)).unwrap();
    fuzz::bounded(input, summary.len(), 400);
    for text in FILTERS {
        let filter = Filter::new(parse(text).unwrap(), ACCOUNT, &|_, _| None);
        let not = Filter::new(!parse(text).unwrap(), ACCOUNT, &|_, _| None);
        assert_ne!(filter.matches(&trace, &nodes), not.matches(&trace, &nodes));
    }
    let batch = BatchTrace::of(id(), &lines);
    assert!(!batch.limit_exceeded);
    let mut ids = HashSet::new();
    for segment in &batch.segments {
        let read: serde_json::Value = serde_json::from_str(&segment.document).unwrap();
        assert_eq!(read["id"], segment.id);
        assert!(ids.insert(&segment.id), "{} is there twice", segment.id);
    }
    let pages = RetrievedTrace::of(id(), &lines);
    let spans: usize = pages.iter().map(|page| page.spans.len()).sum();
    assert_eq!(spans, batch.segments.len());
}

const FILTERS: [&str; 6] = [
    "ok",
    "duration > 1 AND annotation.k != 1",
    r#"service() { message CONTAINS "x" AND partial }"#,
    "edge { source.annotation.k AND duration < 5 }",
    "rootcause.fault.entity { !last } OR rootcause.error.exception { name }",
    r#"rootcause.json = #[{"Services": [{"EntityPath": [{"Coverage": 1}]}]}]"#,
];
