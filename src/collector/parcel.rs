//! What travels: traces as they came, and the room that they take.

use std::sync::Arc;

use bytes::Bytes;

use super::memory::Charge;
use super::receipt::Receipt;

/// Traces on their way. What came as OTLP stays OTLP and what came as X-Ray
/// segments stays segments, until an exporter needs the other form.
#[derive(Debug, Default)]
pub struct Parcel {
    /// OTLP export requests, checked; they follow one another as one.
    pub requests: Vec<Bytes>,
    /// The spans in them.
    pub spans: usize,
    /// X-Ray segment documents, checked, in JSON.
    pub documents: Vec<Bytes>,
    /// The room that all of it takes.
    pub charges: Vec<Charge>,
    /// Room that it shares with a copy.
    pub shared: Vec<Arc<Vec<Charge>>>,
    /// Senders that wait to hear that it is safe.
    pub receipts: Vec<Receipt>,
}

impl Parcel {
    /// A parcel of one OTLP request with `spans` spans.
    pub fn of_request(request: Bytes, spans: usize, charge: Charge) -> Self {
        Self {
            requests: vec![request],
            spans,
            charges: vec![charge],
            ..Self::default()
        }
    }

    /// A parcel of segment documents.
    pub fn of_documents(documents: Vec<Bytes>, charge: Charge) -> Self {
        Self {
            documents,
            charges: vec![charge],
            ..Self::default()
        }
    }

    /// Makes a copy, for which nobody waits: the room is given back with the last
    /// of the two.
    #[must_use]
    pub fn copy(&mut self) -> Self {
        if !self.charges.is_empty() {
            self.shared
                .push(Arc::new(std::mem::take(&mut self.charges)));
        }
        Self {
            requests: self.requests.clone(),
            spans: self.spans,
            documents: self.documents.clone(),
            shared: self.shared.clone(),
            ..Self::default()
        }
    }

    /// Spans and segment documents together.
    pub fn len(&self) -> usize {
        self.spans + self.documents.len()
    }

    /// Tells whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its size in bytes.
    pub fn bytes(&self) -> usize {
        let all = self.requests.iter().chain(&self.documents);
        all.map(Bytes::len).sum()
    }

    /// Adds what is in another.
    pub fn append(&mut self, mut other: Self) {
        self.requests.append(&mut other.requests);
        self.spans += other.spans;
        self.documents.append(&mut other.documents);
        self.charges.append(&mut other.charges);
        self.shared.append(&mut other.shared);
        self.receipts.append(&mut other.receipts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collector::Memory;

    #[test]
    fn room_is_given_back_with_the_last_copy() {
        let memory = Memory::new(100);
        let charge = memory.charge(10).unwrap();
        let mut parcel = Parcel::of_request(Bytes::from_static(b"x"), 1, charge);
        let mut copy = parcel.copy();
        drop(parcel);
        assert_eq!(memory.used(), 10);
        let other = copy.copy();
        drop(copy);
        assert_eq!((memory.used(), other.len()), (10, 1));
        drop(other);
        assert_eq!(memory.used(), 0);
    }
}
