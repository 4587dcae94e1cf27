//! The bodies of `PutTraceSegments`.

use std::collections::VecDeque;

use bytes::Bytes;

use super::escape::escape;
use crate::collector::Parcel;
use crate::collector::exporters::Piece;
use crate::otlp::view::{self, ResourceSpans};
use crate::segment::{self, MOST_BYTES, Options};

/// Documents in a request: as many as the daemon and the SDKs send. AWS
/// publishes no limit.
const DOCUMENTS: usize = 50;
/// Bytes of a request after which no document is added.
const BYTES: usize = 1024 * 1024;
const START: &[u8] = b"{\"TraceSegmentDocuments\":[";
const END: &[u8] = b"]}";

/// What is left out of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LeftOut {
    /// Spans and documents larger than X-Ray takes.
    pub(super) too_large: usize,
    /// Spans without a trace id or a span id.
    pub(super) without_id: usize,
}

/// Makes requests of a parcel, one resource after another.
pub(super) struct Bodies<'a, S> {
    resources: S,
    documents: std::slice::Iter<'a, Bytes>,
    options: &'a Options,
    writer: Writer,
    left_out: &'a (dyn Fn(LeftOut) + Sync),
}

/// The request that is being written, and those that are ready.
struct Writer {
    body: Vec<u8>,
    documents: usize,
    items: usize,
    too_large: usize,
    ready: VecDeque<Piece<Bytes>>,
}

/// Begins to make requests of `parcel`. What cannot be sent is told to
/// `left_out`.
pub(super) fn bodies<'a>(
    parcel: &'a Parcel,
    options: &'a Options,
    left_out: &'a (dyn Fn(LeftOut) + Sync),
) -> impl Iterator<Item = Piece<Bytes>> + Send + 'a {
    Bodies {
        resources: parcel
            .requests
            .iter()
            .flat_map(|request| view::resources(request)),
        documents: parcel.documents.iter(),
        options,
        writer: Writer::new(),
        left_out,
    }
}

impl<'a, S: Iterator<Item = ResourceSpans<'a>>> Iterator for Bodies<'a, S> {
    type Item = Piece<Bytes>;

    fn next(&mut self) -> Option<Piece<Bytes>> {
        loop {
            if let Some(piece) = self.writer.ready.pop_front() {
                return Some(piece);
            }
            let mut without_id = 0;
            let writer = &mut self.writer;
            if let Some(spans) = self.resources.next() {
                without_id = segment::from_otlp(spans, self.options, &mut |document| {
                    writer.add(document.json, document.spans);
                });
            } else if let Some(document) = self.documents.next() {
                writer.add(document, 1);
            } else {
                return writer.finish();
            }
            let too_large = std::mem::take(&mut writer.too_large);
            if too_large + without_id > 0 {
                (self.left_out)(LeftOut {
                    too_large,
                    without_id,
                });
            }
        }
    }
}

impl Writer {
    fn new() -> Self {
        Self {
            body: Vec::new(),
            documents: 0,
            items: 0,
            too_large: 0,
            ready: VecDeque::new(),
        }
    }

    fn add(&mut self, document: &[u8], items: usize) {
        if document.len() > MOST_BYTES {
            self.too_large += items;
            return;
        }
        if self.documents == DOCUMENTS || self.body.len() + document.len() > BYTES {
            let full = self.finish();
            self.ready.extend(full);
        }
        if self.documents == 0 {
            self.body.extend_from_slice(START);
        } else {
            self.body.push(b',');
        }
        escape(&mut self.body, document);
        self.documents += 1;
        self.items += items;
    }

    /// The request as it is; `None` where it is empty.
    fn finish(&mut self) -> Option<Piece<Bytes>> {
        if self.documents == 0 {
            return None;
        }
        self.body.extend_from_slice(END);
        // Most requests are as large as the one before.
        let next = Vec::with_capacity(self.body.len() + self.body.len() / 8);
        let body = std::mem::replace(&mut self.body, next);
        self.documents = 0;
        Some(Piece {
            body: body.into(),
            items: std::mem::take(&mut self.items),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use serde_json::Value;

    use super::*;
    use crate::collector::exporters::tests::{documents, spans};

    /// The documents of every request of a parcel, and what was left out.
    fn cut(parcel: &Parcel) -> (Vec<(usize, Vec<String>)>, LeftOut) {
        let all = Mutex::new(LeftOut::default());
        let left_out = |left: LeftOut| {
            let mut all = all.lock().unwrap();
            all.too_large += left.too_large;
            all.without_id += left.without_id;
        };
        let options = Options::default();
        let pieces = bodies(parcel, &options, &left_out).map(|piece| {
            let body: Value = serde_json::from_slice(&piece.body).unwrap();
            assert_eq!(body.as_object().unwrap().len(), 1);
            let documents = body["TraceSegmentDocuments"].as_array().unwrap();
            let documents = documents.iter().map(|one| one.as_str().unwrap().to_owned());
            (piece.items, documents.collect())
        });
        let pieces = pieces.collect();
        let left_out = *all.lock().unwrap();
        (pieces, left_out)
    }

    #[test]
    fn fifty_documents_make_a_request() {
        let mut parcel = spans(80);
        parcel.append(spans(30));
        parcel.append(documents(&[
            "{\"id\":\"1\"}".to_owned(),
            "{ \"id\":\n2 }".to_owned(),
        ]));
        let (pieces, left_out) = cut(&parcel);
        let sizes: Vec<_> = pieces
            .iter()
            .map(|(items, all)| (*items, all.len()))
            .collect();
        assert_eq!(sizes, [(50, 50), (50, 50), (12, 12)]);
        assert_eq!(pieces[2].1[10..], ["{\"id\":\"1\"}", "{ \"id\":\n2 }"]);
        assert_eq!(left_out, LeftOut::default());
        let first: Value = serde_json::from_str(&pieces[0].1[0]).unwrap();
        assert_eq!(first["trace_id"], "1-01010101-010101010101010101010101");
        // X-Ray's names have no quotes.
        assert_eq!(first["name"], "shop 9");
    }

    #[test]
    fn large_documents_make_small_requests_and_larger_ones_none() {
        let of = |size: usize| format!("\"{}\"", "x".repeat(size - 2));
        let mut all = vec![of(60_000); 40];
        all.push(of(MOST_BYTES));
        all.push(of(MOST_BYTES + 1));
        let (pieces, left_out) = cut(&documents(&all));
        let sizes: Vec<_> = pieces.iter().map(|one| one.0).collect();
        assert_eq!(sizes, [17, 17, 7]);
        assert_eq!(left_out.too_large, 1);
        assert!(cut(&Parcel::default()).0.is_empty());
    }

    #[test]
    fn a_body_is_what_aws_takes() {
        let parcel = documents(&["{\"a\\b\":\"c\"}".to_owned()]);
        let options = Options::default();
        let body = bodies(&parcel, &options, &|_| ()).next().unwrap().body;
        let expected = r#"{"TraceSegmentDocuments":["{\"a\\b\":\"c\"}"]}"#;
        assert_eq!(body, expected.as_bytes());
    }
}
