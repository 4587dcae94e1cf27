//! What AWS refuses in a document, in AWS's order and words.

use std::borrow::Cow;

use super::id::{SegmentId, TraceId};
use super::reader::{Container, Kind, Malformed, Reader};

/// How deep subsegments may be nested: 128 objects and lists, where readers of JSON
/// usually stop. What is passed over may be nested deeper.
const DEEPEST: usize = 64;

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
    let mut reader = Reader::of(text);
    let mut root = Fields::default();
    let read = Entities::default().read(&mut reader, &mut root);
    let is_entity = read.and_then(|is_entity| reader.end().map(|()| is_entity));
    if !is_entity.map_err(|Malformed| unreadable())? {
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

impl<'a> Field<'a> {
    /// Passes a value, and takes what matters of it.
    fn read(&mut self, reader: &mut Reader<'a>) -> Result<(), Malformed> {
        match reader.kind()? {
            Kind::Text => *self = Self::Text(reader.raw()?.text()?),
            Kind::Number => *self = Self::Number(reader.number()?),
            kind => {
                reader.skip()?;
                *self = if kind == Kind::True {
                    Self::True
                } else {
                    Self::Other
                };
            }
        }
        Ok(())
    }

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

/// Reads objects that should be segments or subsegments.
#[derive(Default)]
struct Entities {
    /// How many are around the one that is read.
    depth: usize,
}

impl Entities {
    /// Passes a value. Tells whether it is an object; its fields are then those.
    fn read<'a>(
        &mut self,
        reader: &mut Reader<'a>,
        fields: &mut Fields<'a>,
    ) -> Result<bool, Malformed> {
        if reader.kind()? != Kind::In(Container::Map) {
            reader.skip()?;
            return Ok(false);
        }
        if self.depth == DEEPEST {
            return Err(Malformed);
        }
        self.depth += 1;
        let mut is_more = reader.enter(Container::Map);
        while is_more {
            match reader.key()?.text()?.as_bytes() {
                b"id" => fields.id.read(reader)?,
                b"name" => fields.name.read(reader)?,
                b"trace_id" => fields.trace_id.read(reader)?,
                b"parent_id" => fields.parent_id.read(reader)?,
                b"type" => fields.kind.read(reader)?,
                b"start_time" => fields.start.read(reader)?,
                b"end_time" => fields.end.read(reader)?,
                b"in_progress" => fields.in_progress.read(reader)?,
                b"subsegments" => fields.inside = self.inside(reader)?,
                _ => reader.skip()?,
            }
            is_more = reader.more(Container::Map)?;
        }
        self.depth -= 1;
        Ok(true)
    }

    /// Passes the value of `subsegments`, which is looked into where it is a list.
    fn inside(&mut self, reader: &mut Reader<'_>) -> Result<Inside, Malformed> {
        let mut inside = Inside::default();
        if reader.kind()? != Kind::In(Container::List) {
            reader.skip()?;
            return Ok(inside);
        }
        let mut is_more = reader.enter(Container::List);
        while is_more {
            let mut fields = Fields::default();
            let fault = if self.read(reader, &mut fields)? {
                inside.count += 1 + fields.inside.count;
                fields.inline_fault()
            } else {
                Some(Fault("ParseError", Noun::Entity))
            };
            inside.fault = inside.fault.or(fault);
            is_more = reader.more(Container::List)?;
        }
        Ok(inside)
    }
}
