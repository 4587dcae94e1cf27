//! Any bytes as the body of `PutTraceSegments`.

use serde_json::Value;

use crate::fuzz;
use crate::local_aws::xray::segments::read;
use crate::segment::{MOST_BYTES, check};

fuzz::target!(put_trace_segments, 800, body);

/// Each document of a request is accepted or named, and what is accepted is what
/// AWS would take.
fn body(input: &[u8]) {
    let Ok(batch) = read(input) else {
        return;
    };
    for document in &batch.accepted {
        assert!(document.len() <= MOST_BYTES);
        check(document).expect("a document");
    }
    let accepted = batch.accepted.iter().map(bytes::Bytes::len);
    assert!(accepted.sum::<usize>() <= input.len());
    let answer: Value = serde_json::from_slice(&batch.answer()).expect("JSON");
    let named = answer["UnprocessedTraceSegments"]
        .as_array()
        .expect("a list");
    assert_eq!(named.len(), batch.rejected.len());
    assert!(named.len() + batch.accepted.len() > 0);
    fuzz::bounded(input, batch.answer().len(), 64);
}
