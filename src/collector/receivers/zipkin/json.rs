//! What both versions of Zipkin's JSON share.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::span::{Endpoint, MOST_LISTED};
use crate::collector::receivers::draft::{Resources, Translated};

/// Reads a list of spans; `add` puts each where it belongs.
pub(super) fn translated<'de, T: Deserialize<'de>>(
    body: &'de [u8],
    add: fn(&mut Resources, T),
) -> Result<Translated, String> {
    let mut resources = Resources::default();
    let mut json = serde_json::Deserializer::from_slice(body);
    let list = List {
        resources: &mut resources,
        add,
    };
    let read = list.deserialize(&mut json).and_then(|()| json.end());
    read.map_err(|error| format!("the request is no list of Zipkin spans: {error}"))?;
    Ok(resources.translated())
}

struct List<'s, T> {
    resources: &'s mut Resources,
    add: fn(&mut Resources, T),
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for List<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for List<'_, T> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of spans")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        while let Some(span) = access.next_element()? {
            (self.add)(self.resources, span);
        }
        Ok(())
    }
}

/// A list of no more than [`MOST_LISTED`].
#[derive(Debug)]
pub(super) struct Listed<T>(pub(super) Vec<T>);

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Listed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor(PhantomData))
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = Listed<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Listed(Vec::new()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(one) = access.next_element()? {
            if list.len() == MOST_LISTED {
                return Err(A::Error::custom(too_many()));
            }
            list.push(one);
        }
        Ok(Listed(list))
    }
}

pub(super) fn too_many() -> String {
    format!("a span has more than {MOST_LISTED} tags or annotations")
}

/// Tags: a map from texts to texts. No more than [`MOST_LISTED`].
#[derive(Debug, Default)]
pub(super) struct Tags(pub(super) Vec<(String, Scalar)>);

impl<'de> Deserialize<'de> for Tags {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TagsVisitor)
    }
}

struct TagsVisitor;

impl<'de> Visitor<'de> for TagsVisitor {
    type Value = Tags;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of texts")
    }

    fn visit_unit<E>(self) -> Result<Tags, E> {
        Ok(Tags::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Tags, A::Error> {
        let mut tags = Vec::new();
        while let Some(tag) = access.next_entry()? {
            if tags.len() == MOST_LISTED {
                return Err(A::Error::custom(too_many()));
            }
            tags.push(tag);
        }
        Ok(Tags(tags))
    }
}

/// A value that should be a text, and that some tracers send as a number or
/// boolean.
#[derive(Debug, Default)]
pub(super) struct Scalar(pub(super) String);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl Visitor<'_> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text")
    }

    fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar(text.to_owned()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Scalar, E> {
        Ok(Scalar(value.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Scalar, E> {
        Ok(Scalar(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Scalar, E> {
        Ok(Scalar(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Scalar, E> {
        Ok(Scalar(number.to_string()))
    }

    fn visit_unit<E>(self) -> Result<Scalar, E> {
        Ok(Scalar::default())
    }
}

/// Microseconds: a whole number, which some tracers write with a fraction.
/// Nothing, and what does not fit, is 0.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Micros(pub(super) i64);

impl<'de> Deserialize<'de> for Micros {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MicrosVisitor)
    }
}

struct MicrosVisitor;

impl Visitor<'_> for MicrosVisitor {
    type Value = Micros;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("microseconds")
    }

    fn visit_i64<E>(self, number: i64) -> Result<Micros, E> {
        Ok(Micros(number.max(0)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Micros, E> {
        Ok(Micros(i64::try_from(number).unwrap_or(0)))
    }

    #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
    fn visit_f64<E>(self, number: f64) -> Result<Micros, E> {
        Ok(Micros((number as i64).max(0)))
    }

    fn visit_unit<E>(self) -> Result<Micros, E> {
        Ok(Micros(0))
    }
}

/// An endpoint as both versions write it.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct JsonEndpoint {
    service_name: Option<String>,
    ipv4: Option<String>,
    ipv6: Option<String>,
    port: Port,
}

impl JsonEndpoint {
    pub(super) fn endpoint(&self) -> Endpoint<'_> {
        let mut addresses = [self.ipv4.as_deref(), self.ipv6.as_deref()]
            .into_iter()
            .flatten();
        let address = addresses.find(|address| !address.is_empty());
        Endpoint {
            service: Cow::Borrowed(self.service_name.as_deref().unwrap_or_default()),
            address: address.unwrap_or_default().into(),
            port: self.port.0,
        }
    }
}

/// A port; 0 where it is none. Ports above 32,767 come as negative numbers from
/// tracers that have no unsigned ones.
#[derive(Clone, Copy, Debug, Default)]
struct Port(u16);

impl<'de> Deserialize<'de> for Port {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = Option::<serde_json::Number>::deserialize(deserializer)?;
        let number = number.and_then(|number| number.as_i64()).unwrap_or(0);
        let signed = i16::try_from(number).map(i16::cast_unsigned);
        Ok(Self(u16::try_from(number).or(signed).unwrap_or(0)))
    }
}
