//! `PutTraceSegments`: which documents of a request AWS would take.
//!
//! A request is read once and never held as a whole in parsed form: each document
//! is unescaped, checked, and, where it is good, appended to the one buffer that
//! all documents of the request share.
//! Source: <https://docs.aws.amazon.com/xray/latest/api/API_PutTraceSegments.html>.

use std::fmt;
use std::ops::Range;

use bytes::Bytes;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::json;

use crate::segment::{MOST_BYTES, Rejected, check};

use super::fault::Fault;

/// Most documents of a request. AWS names no bound; SDKs and daemon send 50.
pub const MOST_DOCUMENTS: usize = 10_000;

/// A request's documents.
#[derive(Debug, Default, PartialEq)]
pub struct Batch {
    /// Those that AWS would take, as the JSON that came.
    pub accepted: Vec<Bytes>,
    /// What is wrong with the others.
    pub rejected: Vec<Rejected>,
}

impl Batch {
    /// The body of the answer once the accepted documents are kept.
    pub fn answer(&self) -> Bytes {
        if self.rejected.is_empty() {
            return Bytes::from_static(br#"{"UnprocessedTraceSegments":[]}"#);
        }
        let rejected = self.rejected.iter().map(|rejected| {
            json!({
                "Id": rejected.id, "ErrorCode": rejected.code, "Message": rejected.message
            })
        });
        let rejected: serde_json::Value = rejected.collect();
        Bytes::from(json!({ "UnprocessedTraceSegments": rejected }).to_string())
    }
}

/// Reads a request.
///
/// # Errors
/// The error that AWS would answer to the request as a whole.
pub fn read(body: &[u8]) -> Result<Batch, Fault> {
    let mut reading = Reading::new(body.len());
    let text = std::str::from_utf8(body).map_err(|_| Fault::serialization("invalid UTF-8"))?;
    if !text.trim_ascii().is_empty() {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let read = Object(&mut reading).deserialize(&mut deserializer);
        let read = read.and_then(|()| deserializer.end());
        if let Err(error) = read {
            let known = reading.fault.take();
            return Err(known.unwrap_or_else(|| Fault::serialization(error.to_string())));
        }
    }
    if reading.documents == 0 {
        return Err(Fault::invalid_request("Segments can not be empty"));
    }
    Ok(reading.finish())
}

/// What is known of a request so far.
struct Reading {
    /// The accepted documents, one behind the other.
    buffer: Vec<u8>,
    places: Vec<Range<usize>>,
    rejected: Vec<Rejected>,
    documents: usize,
    /// Why the request as a whole is refused.
    fault: Option<Fault>,
}

impl Reading {
    fn new(size: usize) -> Self {
        Self {
            buffer: Vec::with_capacity(size),
            places: Vec::new(),
            rejected: Vec::new(),
            documents: 0,
            fault: None,
        }
    }

    /// A member that comes twice counts as it is last.
    fn clear(&mut self) {
        self.buffer.clear();
        self.places.clear();
        self.rejected.clear();
        self.documents = 0;
    }

    fn take(&mut self, document: &str) -> Result<(), Fault> {
        self.documents += 1;
        if self.documents > MOST_DOCUMENTS {
            return Err(Fault::invalid_request(format!(
                "Too many segments: at most {MOST_DOCUMENTS} in a request"
            )));
        }
        match check(document.as_bytes()) {
            Ok(envelope) if document.len() > MOST_BYTES => {
                self.rejected.push(too_large(envelope.id.to_string()));
            }
            Ok(_) => {
                let start = self.buffer.len();
                self.buffer.extend_from_slice(document.as_bytes());
                self.places.push(start..self.buffer.len());
            }
            Err(rejected) => self.rejected.push(rejected),
        }
        Ok(())
    }

    fn finish(mut self) -> Batch {
        // Few documents of many must not hold the room of all.
        if self.buffer.len() < self.buffer.capacity() / 2 {
            self.buffer.shrink_to_fit();
        }
        let buffer = Bytes::from(self.buffer);
        let documents = self.places.into_iter();
        Batch {
            accepted: documents.map(|place| buffer.slice(place)).collect(),
            rejected: self.rejected,
        }
    }

    /// Ends the reading.
    fn refuse<E: Error>(&mut self, fault: Fault) -> E {
        self.fault = Some(fault);
        E::custom("refused")
    }
}

/// AWS takes documents of up to 64 KB; what it says of others is not known, the
/// code is ours.
fn too_large(id: String) -> Rejected {
    Rejected {
        id: Some(id),
        code: "SegmentTooLarge",
        message: "Invalid segment. ErrorCode: SegmentTooLarge".to_owned(),
    }
}

/// The visits of JSON values of a kind that must not stand in a place.
macro_rules! refuse_others {
    ($wanted:literal) => {
        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str($wanted)
        }

        fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
            let token = if value { "TRUE_VALUE" } else { "FALSE_VALUE" };
            Err(self.0.refuse(unexpected(token, $wanted)))
        }

        fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
            Err(self.0.refuse(unexpected("NUMBER_VALUE", $wanted)))
        }

        fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
            Err(self.0.refuse(unexpected("NUMBER_VALUE", $wanted)))
        }

        fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
            Err(self.0.refuse(unexpected("NUMBER_VALUE", $wanted)))
        }
    };
}

/// The visit of a text that must not stand in a place.
macro_rules! refuse_text {
    ($wanted:literal) => {
        fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
            Err(self.0.refuse(unexpected("STRING_VALUE", $wanted)))
        }
    };
}

fn unexpected(token: &str, wanted: &str) -> Fault {
    Fault::serialization(format!("{token} can not be converted to {wanted}"))
}

fn unexpected_list() -> Fault {
    Fault::serialization("Start of list found where not expected")
}

fn unexpected_structure() -> Fault {
    Fault::serialization("Start of structure or map found where not expected.")
}

/// The request.
struct Object<'a>(&'a mut Reading);

impl<'de> DeserializeSeed<'de> for Object<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = ();

    refuse_others!("a structure");
    refuse_text!("a structure");

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Err(self.0.refuse(unexpected("NULL_VALUE", "a structure")))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(self.0.refuse(unexpected_list()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        while let Some(is_list) = access.next_key_seed(Key)? {
            if is_list {
                self.0.clear();
                access.next_value_seed(List(self.0))?;
            } else {
                access.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// The name of a member: whether it is the list of documents.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(name == "TraceSegmentDocuments")
    }
}

/// The list of documents.
struct List<'a>(&'a mut Reading);

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = ();

    refuse_others!("a list");
    refuse_text!("a list");

    /// Null is a member left out.
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        while access.next_element_seed(Document(self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(self.0.refuse(unexpected_structure()))
    }
}

/// One document.
struct Document<'a>(&'a mut Reading);

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();

    refuse_others!("a String");

    fn visit_str<E: Error>(self, document: &str) -> Result<(), E> {
        let taken = self.0.take(document);
        taken.map_err(|fault| self.0.refuse(fault))
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        let place = self.0.documents + 1;
        Err(self.0.refuse(Fault::validation(&[format!(
            "Value null at 'traceSegmentDocuments.{place}.member' failed to satisfy constraint: \
             Member must not be null"
        )])))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(self.0.refuse(unexpected_list()))
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(self.0.refuse(unexpected_structure()))
    }
}
