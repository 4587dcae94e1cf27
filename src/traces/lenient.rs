//! Reads JSON that may have any type anywhere: what has another type than its
//! field is as good as not there, as X-Ray itself takes it.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Text; lent where it has no escapes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Text<'a>(pub(super) Option<Cow<'a, str>>);

/// A number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Number(pub(super) Option<f64>);

/// True where it says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flag(pub(super) bool);

/// An object; apart, since entities are moved more often than their blocks.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Block<T>(pub(super) Option<Box<T>>);

/// The values of a list that have the type.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct List<T>(pub(super) Vec<T>);

/// The value of an annotation.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Text.
    Text(Cow<'a, str>),
    /// A number.
    Number(f64),
    /// True or false.
    Boolean(bool),
}

/// Names and their values, in the order in which they stand; a name that
/// stands twice has its last value.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Values<'a>(pub(super) Vec<(Cow<'a, str>, Value<'a>)>);

impl<T> Default for Block<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Default> Block<T> {
    /// The object, or an empty one.
    pub(super) fn or_empty(self) -> T {
        self.0.map_or_else(T::default, |block| *block)
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// Methods of a visitor for values of other types than the one that is wanted.
macro_rules! passes_over {
    ($($method:ident($type:ty)),*) => {
        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("any value")
        }

        $(fn $method<E: Error>(self, _: $type) -> Result<Self::Value, E> {
            Ok(Default::default())
        })*

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(Default::default())
        }
    };
}

macro_rules! passes_over_map {
    () => {
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok(Default::default())
        }
    };
}

macro_rules! passes_over_seq {
    () => {
        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            Ok(Default::default())
        }
    };
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    passes_over!(
        visit_bool(bool),
        visit_i64(i64),
        visit_u64(u64),
        visit_f64(f64)
    );
    passes_over_map!();
    passes_over_seq!();

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Some(Cow::Borrowed(text))))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Some(Cow::Owned(text.to_owned()))))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(TextVisitor)
    }
}

struct NumberVisitor;

#[expect(
    clippy::cast_precision_loss,
    reason = "times, statuses and counts are far below 2^53"
)]
impl<'de> Visitor<'de> for NumberVisitor {
    type Value = Number;

    passes_over!(visit_bool(bool), visit_str(&str));
    passes_over_map!();
    passes_over_seq!();

    fn visit_i64<E: Error>(self, number: i64) -> Result<Number, E> {
        Ok(Number(Some(number as f64)))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Number, E> {
        Ok(Number(Some(number as f64)))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Number, E> {
        Ok(Number(Some(number)))
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(NumberVisitor)
    }
}

struct FlagVisitor;

impl<'de> Visitor<'de> for FlagVisitor {
    type Value = Flag;

    passes_over!(
        visit_i64(i64),
        visit_u64(u64),
        visit_f64(f64),
        visit_str(&str)
    );
    passes_over_map!();
    passes_over_seq!();

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Flag, E> {
        Ok(Flag(flag))
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(FlagVisitor)
    }
}

struct BlockVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for BlockVisitor<T> {
    type Value = Block<T>;

    passes_over!(
        visit_bool(bool),
        visit_i64(i64),
        visit_u64(u64),
        visit_f64(f64),
        visit_str(&str)
    );
    passes_over_seq!();

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Block<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|block| Block(Some(Box::new(block))))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Block<T> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(BlockVisitor(PhantomData))
    }
}

/// A type whose values of another type are told.
pub(super) trait MaybeNothing {
    type Something;

    fn something(self) -> Option<Self::Something>;
}

impl<'a> MaybeNothing for Text<'a> {
    type Something = Cow<'a, str>;

    fn something(self) -> Option<Cow<'a, str>> {
        self.0
    }
}

impl<T> MaybeNothing for Block<T> {
    type Something = T;

    fn something(self) -> Option<T> {
        self.0.map(|block| *block)
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T> Visitor<'de> for ListVisitor<T>
where
    T: Deserialize<'de> + MaybeNothing,
{
    type Value = List<T::Something>;

    passes_over!(
        visit_bool(bool),
        visit_i64(i64),
        visit_u64(u64),
        visit_f64(f64),
        visit_str(&str)
    );
    passes_over_map!();

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut found = Vec::new();
        while let Some(value) = list.next_element::<T>()? {
            found.extend(value.something());
        }
        Ok(List(found))
    }
}

impl<'de, T> Deserialize<'de> for List<T>
where
    T: Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(ListVisitor::<Block<T>>(PhantomData))
    }
}

/// The texts of a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Texts<'a>(pub(super) Vec<Cow<'a, str>>);

impl<'de: 'a, 'a> Deserialize<'de> for Texts<'a> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let list = input.deserialize_any(ListVisitor::<Text<'de>>(PhantomData))?;
        Ok(Self(list.0))
    }
}

/// Text, or an object in its place.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum TextOr<'a, T> {
    #[default]
    Nothing,
    Text(Cow<'a, str>),
    Block(T),
}

struct TextOrVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for TextOrVisitor<T> {
    type Value = TextOr<'de, T>;

    passes_over!(
        visit_bool(bool),
        visit_i64(i64),
        visit_u64(u64),
        visit_f64(f64)
    );
    passes_over_seq!();

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(TextOr::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(TextOr::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(TextOr::Block)
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for TextOr<'a, T> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(TextOrVisitor(PhantomData))
    }
}

/// A value of an annotation, or nothing.
#[derive(Default)]
struct Annotated<'a>(Option<Value<'a>>);

struct AnnotatedVisitor;

#[expect(clippy::cast_precision_loss, reason = "AWS keeps doubles")]
impl<'de> Visitor<'de> for AnnotatedVisitor {
    type Value = Annotated<'de>;

    passes_over!();
    passes_over_map!();
    passes_over_seq!();

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Annotated(Some(Value::Boolean(flag))))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Annotated(Some(Value::Number(number as f64))))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Annotated(Some(Value::Number(number as f64))))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Annotated(Some(Value::Number(number))))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Annotated(Some(Value::Text(Cow::Borrowed(text)))))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Annotated(Some(Value::Text(Cow::Owned(text.to_owned())))))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Annotated<'a> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(AnnotatedVisitor)
    }
}

struct ValuesVisitor;

impl<'de> Visitor<'de> for ValuesVisitor {
    type Value = Values<'de>;

    passes_over!(
        visit_bool(bool),
        visit_i64(i64),
        visit_u64(u64),
        visit_f64(f64),
        visit_str(&str)
    );
    passes_over_seq!();

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Values<'de>, A::Error> {
        let mut found: Vec<(Cow<'de, str>, Value<'de>)> = Vec::new();
        while let Some((Text(name), Annotated(value))) = map.next_entry()? {
            let (Some(name), Some(value)) = (name, value) else {
                continue;
            };
            match found.iter_mut().find(|(known, _)| *known == name) {
                Some(known) => known.1 = value,
                None => found.push((name, value)),
            }
        }
        Ok(Values(found))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Values<'a> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(ValuesVisitor)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct All<'a> {
        #[serde(borrow)]
        text: Text<'a>,
        number: Number,
        flag: Flag,
        #[serde(borrow)]
        inner: Block<Inner<'a>>,
        #[serde(borrow)]
        list: List<Inner<'a>>,
        #[serde(borrow)]
        texts: Texts<'a>,
        #[serde(borrow)]
        values: Values<'a>,
    }

    #[derive(Clone, Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Inner<'a> {
        #[serde(borrow)]
        name: Text<'a>,
    }

    #[test]
    fn what_has_its_type_is_read() {
        let json = r#"{"text":"a\n","number":1.5,"flag":true,"inner":{"name":"x"},
            "list":[1,{"name":"y"},[]],"texts":["p",{},"q"],
            "values":{"a":"s","b":2,"c":false,"d":{},"a":"t"},"other":[[{}]]}"#;
        let all: All<'_> = serde_json::from_str(json).unwrap();
        assert_eq!(all.text.0.unwrap(), "a\n");
        assert_eq!(all.number.0, Some(1.5));
        assert!(all.flag.0);
        assert_eq!(all.inner.0.unwrap().name.0.unwrap(), "x");
        assert_eq!(all.list.0.len(), 1);
        assert_eq!(all.texts.0, ["p", "q"]);
        let values = [
            ("a".into(), Value::Text("t".into())),
            ("b".into(), Value::Number(2.0)),
            ("c".into(), Value::Boolean(false)),
        ];
        assert_eq!(all.values.0, values);
    }

    proptest! {
        /// Any JSON whatever is read, in any place.
        #[test]
        fn no_type_is_wrong(which in 0..7_usize, of in 0..9_usize) {
            let field = ["text", "number", "flag", "inner", "list", "texts", "values"][which];
            let value = [
                "null", "true", "-1", "1", "1.5", "\"s\"", "\"\\u0041\"", "[1,[{}]]",
                "{\"name\":[],\"b\":{}}",
            ][of];
            let json = format!("{{\"{field}\":{value}}}");
            prop_assert!(serde_json::from_str::<All<'_>>(&json).is_ok());
        }
    }
}
