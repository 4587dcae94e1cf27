//! What AWS refuses in a document, in AWS's order and words.

use std::borrow::Cow;
use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::id::{SegmentId, TraceId};
use super::json::Text;

#[cfg(test)]
mod tests;

/// What is said of a document, read without reading the rest.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope<'a> {
    /// The trace.
    pub trace_id: TraceId,
    /// The document's own id.
    pub id: SegmentId,
    /// The entity that called it.
    pub parent_id: Option<SegmentId>,
    /// Its name, uncut.
    pub name: Cow<'a, str>,
    /// Epoch seconds.
    pub start_time: f64,
    /// Epoch seconds; `None` while it is in progress.
    pub end_time: Option<f64>,
    /// Tells whether the final version is still to come.
    pub in_progress: bool,
    /// Tells whether it belongs below an entity of another document.
    pub is_subsegment: bool,
    /// The entities in it: itself and its inline subsegments, of any depth.
    pub entities: usize,
}

/// A document that AWS would not take: one of `UnprocessedTraceSegments`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Rejected {
    /// The document's id; `None` where it has none, or cannot be read.
    pub id: Option<String>,
    /// `ParseError`, `MissingId`, …
    pub code: &'static str,
    /// AWS's sentence.
    pub message: String,
}

/// What AWS's sentence calls an entity.
#[derive(Clone, Copy, PartialEq)]
enum Noun {
    Entity,
    Segment,
    Subsegment,
}

/// The first thing wrong.
#[derive(Clone, Copy)]
struct Fault(&'static str, Noun);

impl Rejected {
    fn new(id: Option<String>, Fault(code, noun): Fault) -> Self {
        let message = match noun {
            Noun::Entity => format!("Invalid entity. ErrorCode: {code}"),
            Noun::Segment => format!("Invalid segment. ErrorCode: {code}"),
            Noun::Subsegment => format!("Invalid subsegment. ErrorCode: {code}, Cause: null"),
        };
        Self { id, code, message }
    }

    /// The document is no JSON.
    pub(super) fn unreadable(document: &[u8]) -> Self {
        let is_object = document.trim_ascii_start().starts_with(b"{");
        let noun = if is_object {
            Noun::Segment
        } else {
            Noun::Entity
        };
        Self::new(None, Fault("ParseError", noun))
    }
}

/// Reads what stands on a document's envelope and finds what AWS would refuse in
/// it and in its inline subsegments.
///
/// # Errors
/// Where AWS would not take the document.
pub fn check(document: &[u8]) -> Result<Envelope<'_>, Rejected> {
    let unreadable = || Rejected::unreadable(document);
    let text = std::str::from_utf8(document).map_err(|_| unreadable())?;
    let mut root = Fields::default();
    let mut json = serde_json::Deserializer::from_str(text);
    let is_object = Entity(&mut root).deserialize(&mut json);
    let is_object = is_object.and_then(|is_object| json.end().map(|()| is_object));
    if !is_object.map_err(|_| unreadable())? {
        return Err(Rejected::new(None, Fault("ParseError", Noun::Entity)));
    }
    root.envelope()
        .map_err(|fault| Rejected::new(root.id.text().map(str::to_owned), fault))
}

/// A field of which only some kinds of values matter.
#[derive(Default)]
enum Field<'a> {
    #[default]
    Other,
    Text(Cow<'a, str>),
    Number(f64),
    True,
}

impl Field<'_> {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text, where there is something in it.
    fn filled(&self) -> Option<&str> {
        self.text().filter(|text| !text.is_empty())
    }

    fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }
}

#[derive(Default)]
struct Fields<'a> {
    id: Field<'a>,
    name: Field<'a>,
    trace_id: Field<'a>,
    parent_id: Field<'a>,
    kind: Field<'a>,
    start: Field<'a>,
    end: Field<'a>,
    in_progress: Field<'a>,
    inside: Inside,
}

/// The inline subsegments.
#[derive(Default)]
struct Inside {
    count: usize,
    fault: Option<Fault>,
}

impl Fields<'_> {
    fn is_in_progress(&self) -> bool {
        matches!(self.in_progress, Field::True)
    }

    /// What every entity must have, before and after what is said of its trace.
    fn identity(&self) -> Result<SegmentId, &'static str> {
        let id = self.id.filled().ok_or("MissingId")?;
        let id = SegmentId::parse(id).ok_or("InvalidId")?;
        self.name.filled().ok_or("MissingName")?;
        Ok(id)
    }

    fn times(&self, noun: Noun) -> Result<(f64, Option<f64>), &'static str> {
        let start = self.start.number().ok_or("MissingStartTime")?;
        match (self.is_in_progress(), self.end.number()) {
            (true, Some(_)) if noun == Noun::Subsegment => Err("InProgressSubsegmentHasEndTime"),
            (true, Some(_)) => Err("InProgressSegmentHasEndTime"),
            (false, None) => Err("MissingEndTime"),
            (_, end) => Ok((start, end)),
        }
    }

    /// The first fault of an inline subsegment, or within it.
    fn inline_fault(&self) -> Option<Fault> {
        let own = self.identity().and_then(|_| self.times(Noun::Subsegment));
        own.err()
            .map(|code| Fault(code, Noun::Subsegment))
            .or(self.inside.fault)
    }
}

impl<'a> Fields<'a> {
    fn envelope(&self) -> Result<Envelope<'a>, Fault> {
        let noun = match self.kind.filled() {
            None | Some("segment") => Noun::Segment,
            Some("subsegment") => Noun::Subsegment,
            Some(_) => return Err(Fault("UnknownType", Noun::Entity)),
        };
        let envelope = self.own(noun).map_err(|code| Fault(code, noun))?;
        self.inside.fault.map_or(Ok(envelope), Err)
    }

    fn own(&self, noun: Noun) -> Result<Envelope<'a>, &'static str> {
        let id = self.identity()?;
        let trace_id = self.trace_id.filled().ok_or("MissingTraceId")?;
        let trace_id = TraceId::parse(trace_id).ok_or("InvalidTraceId")?;
        let (start_time, end_time) = self.times(noun)?;
        let parent_id = match self.parent_id.filled() {
            None if noun == Noun::Subsegment => return Err("MissingParentId"),
            None => None,
            Some(parent) => Some(SegmentId::parse(parent).ok_or("InvalidParentId")?),
        };
        Ok(Envelope {
            trace_id,
            id,
            parent_id,
            name: match &self.name {
                Field::Text(name) => name.clone(),
                _ => Cow::Borrowed(""),
            },
            start_time,
            end_time,
            in_progress: self.is_in_progress(),
            is_subsegment: noun == Noun::Subsegment,
            entities: 1 + self.inside.count,
        })
    }
}

impl<'de> Deserialize<'de> for Field<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor)
    }
}

struct FieldVisitor;

impl<'de> Visitor<'de> for FieldVisitor {
    type Value = Field<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Field::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Field::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Field::Number(number))
    }

    #[expect(clippy::cast_precision_loss, reason = "as AWS reads it")]
    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Field::Number(number as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "as AWS reads it")]
    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Field::Number(number as f64))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(if value { Field::True } else { Field::Other })
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Field::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        while access.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Field::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        while access.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Field::Other)
    }
}

/// Writes a visitor's answers for values that it is not after.
macro_rules! nothing_else {
    ($nothing:expr) => {
        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a value")
        }

        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($nothing)
        }
    };
}

/// Reads an object that should be a segment or subsegment into fields, in place: they
/// are large. Tells whether it is an object.
struct Entity<'f, 'a>(&'f mut Fields<'a>);

impl<'de> DeserializeSeed<'de> for Entity<'_, 'de> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Entity<'_, 'de> {
    type Value = bool;

    nothing_else!(false);

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<bool, A::Error> {
        while access.next_element::<IgnoredAny>()?.is_some() {}
        Ok(false)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<bool, A::Error> {
        let Self(fields) = self;
        while let Some(Text(key)) = access.next_key()? {
            match key.as_ref() {
                "id" => fields.id = access.next_value()?,
                "name" => fields.name = access.next_value()?,
                "trace_id" => fields.trace_id = access.next_value()?,
                "parent_id" => fields.parent_id = access.next_value()?,
                "type" => fields.kind = access.next_value()?,
                "start_time" => fields.start = access.next_value()?,
                "end_time" => fields.end = access.next_value()?,
                "in_progress" => fields.in_progress = access.next_value()?,
                "subsegments" => fields.inside = access.next_value()?,
                _ => {
                    access.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(true)
    }
}

impl<'de> Deserialize<'de> for Inside {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(InsideVisitor)
    }
}

struct InsideVisitor;

impl<'de> Visitor<'de> for InsideVisitor {
    type Value = Inside;

    nothing_else!(Inside::default());

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut inside = Inside::default();
        loop {
            let mut fields = Fields::default();
            let fault = match access.next_element_seed(Entity(&mut fields))? {
                None => break,
                Some(false) => Some(Fault("ParseError", Noun::Entity)),
                Some(true) => {
                    inside.count += 1 + fields.inside.count;
                    fields.inline_fault()
                }
            };
            inside.fault = inside.fault.or(fault);
        }
        Ok(inside)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        while access.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Inside::default())
    }
}
