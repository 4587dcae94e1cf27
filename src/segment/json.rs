//! JSON as it is: texts borrowed from the document, numbers in the form that they
//! were written in, and the writing of it.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// Any value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json<'a> {
    Null,
    Bool(bool),
    Int(i64),
    /// A whole number above what `Int` holds.
    Large(u64),
    Float(f64),
    Text(Cow<'a, str>),
    List(Vec<Json<'a>>),
    Map(Map<'a>),
}

/// An object: every key once, in no order that means anything.
#[derive(Clone, Debug, Default)]
pub(super) struct Map<'a> {
    pairs: Vec<(Cow<'a, str>, Json<'a>)>,
    /// Where each key stands, while many are put in one by one.
    places: Option<Box<Places<'a>>>,
}

/// Keys and where they stand. It lies apart, since few objects have any.
#[derive(Clone, Debug, Default)]
struct Places<'a>(HashMap<Cow<'a, str>, usize>);

/// In so many pairs a key is found by looking at each.
const FEW: usize = 32;

impl PartialEq for Map<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self
                .iter()
                .all(|(key, value)| other.get(key) == Some(value))
    }
}

/// A text of the document, borrowed where nothing in it is escaped.
struct Text<'a>(Cow<'a, str>);

/// Reads a whole text; nesting is bounded by the parser, at 128.
pub(super) fn parse(text: &str) -> Option<Json<'_>> {
    serde_json::from_str(text).ok()
}

impl<'a> Json<'a> {
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn number(&self) -> Option<f64> {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "as a reader of doubles has it")]
            Self::Int(number) => Some(*number as f64),
            #[expect(clippy::cast_precision_loss, reason = "as a reader of doubles has it")]
            Self::Large(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn is_true(&self) -> bool {
        matches!(self, Self::Bool(true))
    }

    pub(super) fn map(&self) -> Option<&Map<'a>> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::Bool(value) => boolean(out, *value),
            Self::Int(value) => integer(out, *value),
            Self::Large(value) => unsigned(out, *value),
            Self::Float(value) => float(out, *value),
            Self::Text(value) => text(out, value),
            Self::List(values) => list(out, |out| {
                for value in values {
                    element(out);
                    value.write(out);
                }
            }),
            Self::Map(map) => map.write(out),
        }
    }
}

impl<'a> Map<'a> {
    pub(super) fn get(&self, key: &str) -> Option<&Json<'a>> {
        let place = match &self.places {
            Some(places) => places.0.get(key).copied(),
            None => self.position(key),
        };
        Some(&self.pairs.get(place?)?.1)
    }

    fn position(&self, key: &str) -> Option<usize> {
        self.pairs.iter().position(|(name, _)| name == key)
    }

    /// Where a key stands. Of many, all places are noted: putting each of them in
    /// would take time by the square of them otherwise.
    fn place(&mut self, key: &str) -> Option<usize> {
        if self.pairs.len() < FEW {
            return self.position(key);
        }
        let places = self.places.get_or_insert_with(|| {
            let names = self.pairs.iter().map(|(name, _)| name.clone());
            Box::new(Places(names.zip(0..).collect()))
        });
        places.0.get(key).copied()
    }

    fn push(&mut self, key: Cow<'a, str>, value: Json<'a>) {
        if let Some(places) = &mut self.places {
            places.0.insert(key.clone(), self.pairs.len());
        }
        self.pairs.push((key, value));
    }

    fn remove(&mut self, place: usize) -> Json<'a> {
        self.places = None;
        self.pairs.remove(place).1
    }

    /// The value at the end of `path`.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Json<'a>> {
        match path {
            [] => None,
            [last] => self.get(last),
            [first, rest @ ..] => self.get(first)?.map()?.at(rest),
        }
    }

    /// Takes a value out.
    pub(super) fn take(&mut self, key: &str) -> Option<Json<'a>> {
        let place = self.position(key)?;
        Some(self.remove(place))
    }

    /// Takes the value at the end of `path` out, and the objects on the way that
    /// are empty then: an empty object that stays was one from the beginning.
    pub(super) fn take_at(&mut self, path: &[&str]) -> Option<Json<'a>> {
        match path {
            [] => None,
            [last] => self.take(last),
            [first, rest @ ..] => {
                let place = self.position(first)?;
                let Json::Map(inner) = &mut self.pairs[place].1 else {
                    return None;
                };
                let found = inner.take_at(rest)?;
                if inner.is_empty() {
                    self.remove(place);
                }
                Some(found)
            }
        }
    }

    /// Puts a value in, in the place of one of that key.
    pub(super) fn set(&mut self, key: impl Into<Cow<'a, str>>, value: Json<'a>) {
        let key = key.into();
        match self.place(&key) {
            Some(place) => self.pairs[place].1 = value,
            None => self.push(key, value),
        }
    }

    /// Puts a value in at the end of `path`, making the objects on the way.
    /// Nothing happens where a value that is no object stands there.
    pub(super) fn set_at<K>(&mut self, path: &[K], value: Json<'a>)
    where
        K: Clone + Into<Cow<'a, str>>,
    {
        match path {
            [] => {}
            [last] => self.set(last.clone(), value),
            [first, rest @ ..] => {
                let first: Cow<'a, str> = first.clone().into();
                let place = self.place(&first).unwrap_or_else(|| {
                    self.push(first, Json::Map(Map::default()));
                    self.pairs.len() - 1
                });
                if let Json::Map(inner) = &mut self.pairs[place].1 {
                    inner.set_at(rest, value);
                }
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.pairs.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Json<'a>)> {
        self.pairs.iter().map(|(key, value)| (key.as_ref(), value))
    }

    pub(super) fn into_pairs(self) -> impl Iterator<Item = (Cow<'a, str>, Json<'a>)> {
        self.pairs.into_iter()
    }

    /// The object of pairs whose keys may stand twice: the last one counts.
    pub(super) fn of(mut pairs: Vec<(Cow<'a, str>, Json<'a>)>) -> Self {
        let few = pairs.len() <= 16;
        let twice = |index: usize| {
            let (before, rest) = pairs.split_at(index);
            rest.first()
                .is_some_and(|(key, _)| before.iter().any(|(other, _)| other == key))
        };
        if few && !(1..pairs.len()).any(twice) {
            return Self {
                pairs,
                places: None,
            };
        }
        let mut seen = HashSet::new();
        let mut last: Vec<bool> = pairs
            .iter()
            .rev()
            .map(|(key, _)| seen.insert(key.as_ref()))
            .collect();
        pairs.retain(|_| last.pop().unwrap_or(true));
        Self {
            pairs,
            places: None,
        }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        object(out, |out| {
            for (key, value) in self.iter() {
                field(out, key);
                value.write(out);
            }
        });
    }
}

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;
        impl<'de> Visitor<'de> for Texts {
            type Value = Text<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a text")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Texts)
    }
}

impl<'de> Deserialize<'de> for Json<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Values)
    }
}

struct Values;

impl<'de> Visitor<'de> for Values {
    type Value = Json<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Json::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(value).map_or(Json::Large(value), Json::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Json::Float(value))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = access.next_element()? {
            values.push(value);
        }
        Ok(Json::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some((Text(key), value)) = access.next_entry()? {
            pairs.push((key, value));
        }
        Ok(Json::Map(Map::of(pairs)))
    }
}

/// Writes an object; `inside` writes fields.
pub(super) fn object(out: &mut Vec<u8>, inside: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'{');
    inside(out);
    out.push(b'}');
}

/// Writes a list; `inside` writes elements.
pub(super) fn list(out: &mut Vec<u8>, inside: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'[');
    inside(out);
    out.push(b']');
}

/// Begins a field of an object: its value comes next.
pub(super) fn field(out: &mut Vec<u8>, key: &str) {
    comma(out, b'{');
    text(out, key);
    out.push(b':');
}

/// Begins an element of a list: its value comes next.
pub(super) fn element(out: &mut Vec<u8>) {
    comma(out, b'[');
}

/// A value never ends with what opens an object or a list.
fn comma(out: &mut Vec<u8>, opening: u8) {
    if out.last() != Some(&opening) {
        out.push(b',');
    }
}

/// Writes a field that holds an object; nothing where `inside` writes nothing.
pub(super) fn block(out: &mut Vec<u8>, key: &str, inside: impl FnOnce(&mut Vec<u8>)) {
    let before = out.len();
    field(out, key);
    out.push(b'{');
    let start = out.len();
    inside(out);
    if out.len() == start {
        out.truncate(before);
    } else {
        out.push(b'}');
    }
}

/// Writes a text, escaped.
pub(super) fn text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    inner_text(out, text);
    out.push(b'"');
}

/// Writes a text, escaped, without its quotes.
pub(super) fn inner_text(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let mut start = 0;
    for (index, &byte) in bytes.iter().enumerate() {
        if byte >= b' ' && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[start..index]);
        start = index + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        }
    }
    out.extend_from_slice(&bytes[start..]);
}

pub(super) fn boolean(out: &mut Vec<u8>, value: bool) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

pub(super) fn integer(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    unsigned(out, value.unsigned_abs());
}

pub(super) fn unsigned(out: &mut Vec<u8>, mut value: u64) {
    let start = out.len();
    loop {
        out.push(b'0' + (value % 10).to_le_bytes()[0]);
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out[start..].reverse();
}

/// Writes the shortest form that reads back the same. JSON has no word for what
/// is no number: `null`.
pub(super) fn float(out: &mut Vec<u8>, value: f64) {
    if serde_json::to_writer(&mut *out, &value).is_err() {
        out.extend_from_slice(b"null");
    }
}
