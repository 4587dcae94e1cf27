//! Export requests made of parcels.

use std::io::Write;
use std::slice::Iter;

use bytes::Bytes;
use flate2::Compression as Level;
use flate2::write::GzEncoder;

use crate::collector::Parcel;
use crate::collector::exporters::Piece;
use crate::collector_config::Compression;
use crate::{otlp, segment};

/// Cuts a parcel into requests of `most` bytes where it can.
pub(super) struct Requests<'a> {
    parcel: &'a Parcel,
    whole: Iter<'a, Bytes>,
    documents: Iter<'a, Bytes>,
    most: usize,
    /// Begun, and not yet handed out.
    next: Vec<u8>,
    items: usize,
    unreadable: &'a (dyn Fn(usize) + Sync),
}

impl<'a> Requests<'a> {
    /// Begins with the first. Segments that cannot be translated are told to
    /// `unreadable`.
    pub(super) fn of(
        parcel: &'a Parcel,
        most: usize,
        unreadable: &'a (dyn Fn(usize) + Sync),
    ) -> Self {
        Self {
            parcel,
            whole: parcel.requests.iter(),
            documents: parcel.documents.iter(),
            most,
            next: Vec::new(),
            items: 0,
            unreadable,
        }
    }

    /// The spans of one request of the parcel.
    fn spans(&self, request: &[u8]) -> usize {
        if self.parcel.requests.len() == 1 {
            return self.parcel.spans;
        }
        otlp::check(request).map_or(0, |counted| counted.spans)
    }

    fn finish(&mut self) -> Option<Piece<Bytes>> {
        let items = std::mem::take(&mut self.items);
        let body = std::mem::take(&mut self.next);
        (!body.is_empty()).then(|| Piece {
            body: body.into(),
            items,
        })
    }

    /// Whether `size` more bytes make the request too large.
    fn is_full(&self, size: usize) -> bool {
        !self.next.is_empty() && self.next.len() + size > self.most
    }

    fn is_whole_parcel(&self) -> bool {
        self.parcel.documents.is_empty() && self.parcel.bytes() <= self.most
    }
}

impl Iterator for Requests<'_> {
    type Item = Piece<Bytes>;

    fn next(&mut self) -> Option<Piece<Bytes>> {
        if self.is_whole_parcel() {
            // Nothing is looked into.
            let requests = std::mem::take(&mut self.whole).as_slice();
            return match requests {
                [] => None,
                [one] => Some(Piece {
                    body: one.clone(),
                    items: self.parcel.spans,
                }),
                several => Some(Piece {
                    body: several.concat().into(),
                    items: self.parcel.spans,
                }),
            };
        }
        while let Some(request) = self.whole.as_slice().first() {
            if self.is_full(request.len()) {
                return self.finish();
            }
            self.whole.next();
            let spans = self.spans(request);
            if self.next.is_empty() && request.len() >= self.most {
                return Some(Piece {
                    body: request.clone(),
                    items: spans,
                });
            }
            self.next.extend_from_slice(request);
            self.items += spans;
        }
        for document in self.documents.by_ref() {
            if segment::to_otlp(document, &mut self.next).is_err() {
                (self.unreadable)(1);
                continue;
            }
            self.items += 1;
            if self.next.len() >= self.most {
                break;
            }
        }
        self.finish()
    }
}

/// Packs a body as the configuration says, after `head`, which stays as it is.
pub(super) fn packed(head: &[u8], body: Bytes, compression: Compression) -> Bytes {
    match compression {
        Compression::None if head.is_empty() => body,
        Compression::None => [head, &body].concat().into(),
        Compression::Gzip => {
            let mut out = Vec::with_capacity(head.len() + body.len() / 4);
            out.extend_from_slice(head);
            let mut encoder = GzEncoder::new(out, Level::fast());
            // Writing to memory does not fail.
            let written = encoder.write_all(&body).and_then(|()| encoder.finish());
            written.unwrap_or_default().into()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::collector::exporters::tests::{documents, spans};

    fn cut(parcel: &Parcel, most: usize) -> (Vec<usize>, usize) {
        let unreadable = AtomicUsize::new(0);
        let count = |more| {
            unreadable.fetch_add(more, Ordering::Relaxed);
        };
        let items = Requests::of(parcel, most, &count)
            .map(|piece| {
                let spans = otlp::check(&piece.body).unwrap().spans;
                assert_eq!(spans, piece.items);
                spans
            })
            .collect();
        (items, unreadable.load(Ordering::Relaxed))
    }

    fn document(id: u64) -> String {
        format!(
            "{{\"trace_id\":\"1-6ab13b80-000000000000000000000001\",\"id\":\"{id:016x}\",\
             \"name\":\"a\",\"start_time\":1.5,\"end_time\":2.5}}"
        )
    }

    #[test]
    fn requests_follow_one_another_up_to_a_size() {
        let mut parcel = spans(10);
        parcel.append(spans(20));
        parcel.append(spans(5));
        assert_eq!(cut(&parcel, usize::MAX).0, [35]);
        let two = parcel.requests[0].len() + parcel.requests[1].len();
        assert_eq!(cut(&parcel, two).0, [30, 5]);
        assert_eq!(cut(&parcel, two - 1).0, [10, 25]);
        assert_eq!(cut(&parcel, 1).0, [10, 20, 5]);
        assert!(cut(&Parcel::default(), 1).0.is_empty());
    }

    #[test]
    fn one_request_goes_on_as_the_bytes_that_came() {
        let parcel = spans(10);
        let piece = Requests::of(&parcel, usize::MAX, &|_| ()).next().unwrap();
        assert_eq!(piece.body.as_ptr(), parcel.requests[0].as_ptr());
    }

    #[test]
    fn segments_become_spans() {
        let all: Vec<_> = (1..=4).map(document).collect();
        let mut parcel = documents(&all);
        parcel.documents.push(Bytes::from_static(b"{\"id\":1}"));
        assert_eq!(cut(&parcel, usize::MAX), (vec![4], 1));
        assert_eq!(cut(&parcel, 1), (vec![1, 1, 1, 1], 1));
        parcel.append(spans(3));
        assert_eq!(cut(&parcel, usize::MAX), (vec![7], 1));
    }

    #[test]
    fn packs_with_gzip() {
        use std::io::Read;
        let packed = packed(b"head", Bytes::from(vec![7; 10_000]), Compression::Gzip);
        assert!(packed.len() < 200);
        let mut plain = Vec::new();
        let mut decoder = flate2::read::GzDecoder::new(&packed[4..]);
        decoder.read_to_end(&mut plain).unwrap();
        assert_eq!((&packed[..4], plain), (&b"head"[..], vec![7; 10_000]));
    }
}
