//! JSON Schema to rules.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::{self, Display, Formatter};
use std::sync::{Mutex, PoisonError};

use regex_lite::Regex;
use schemars::SchemaGenerator;
use serde_json::{Map, Value as Json};

use super::super::schema::generator;
use super::{Count, Extra, Range, Rule, Shape, ShapeError, Type};

/// Where definitions lie in a schema.
const DEFINITIONS: &str = "#/$defs/";

/// Keywords that are no rules by themselves.
const ANNOTATIONS: &[&str] = &[
    "$schema",
    "$id",
    "$comment",
    "$defs",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "format",
    "x-hint",
    "x-refused",
];

impl Shape {
    /// Compiles the schema that `describe` returns, with the definitions that it left
    /// with the generator.
    ///
    /// # Errors
    /// A schema that says something this module would not check.
    pub(in crate::spec) fn of(
        describe: impl FnOnce(&mut SchemaGenerator) -> Json,
    ) -> Result<Self, ShapeError> {
        let mut generator = generator();
        let root = describe(&mut generator);
        Self::compile(&root, &generator.take_definitions(true))
    }

    fn compile(root: &Json, definitions: &Map<String, Json>) -> Result<Self, ShapeError> {
        let definitions = Definitions {
            written: definitions,
            needed: RefCell::default(),
        };
        let mut shape = Self {
            root: rule(root, &At::ROOT, &definitions)?,
            definitions: BTreeMap::new(),
        };
        // What nothing refers to is left out: the definition of the type itself, of
        // which the root was made.
        while let Some((name, schema)) = definitions.next() {
            if let Entry::Vacant(place) = shape.definitions.entry(name) {
                let compiled = rule(schema, &At::ROOT.at("$defs").at(place.key()), &definitions)?;
                place.insert(compiled);
            }
        }
        Ok(shape)
    }

    /// Lists the fields of the table itself.
    pub(in crate::spec) fn fields(&self) -> impl Iterator<Item = &str> + Clone {
        self.root.properties.keys().map(String::as_str)
    }
}

/// The definitions that a schema comes with.
struct Definitions<'a> {
    written: &'a Map<String, Json>,
    /// Those that something refers to and nobody has compiled yet; some stand twice.
    needed: RefCell<Vec<String>>,
}

impl<'a> Definitions<'a> {
    /// Notes that the one called `name` is needed; false where there is none.
    fn need(&self, name: &str) -> bool {
        let is_known = self.written.contains_key(name);
        if is_known {
            self.needed.borrow_mut().push(name.to_owned());
        }
        is_known
    }

    /// The next one to compile, with its schema.
    fn next(&self) -> Option<(String, &'a Json)> {
        let name = self.needed.borrow_mut().pop()?;
        let schema = self.written.get(&name)?;
        Some((name, schema))
    }
}

fn rule(schema: &Json, at: &At<'_>, definitions: &Definitions<'_>) -> Result<Rule, ShapeError> {
    let keywords = match schema {
        Json::Object(keywords) => keywords,
        // `true`, the schema of what may be anything.
        Json::Bool(true) => return Ok(Rule::default()),
        _ => return Err(wrong(at, "schema")),
    };
    let mut compiled = Rule::default();
    for (keyword, value) in keywords {
        if ANNOTATIONS.contains(&keyword.as_str()) {
            continue;
        }
        let place = Place {
            at,
            keyword,
            definitions,
        };
        let understood = bounds(&mut compiled, &place, value)?
            || kinds(&mut compiled, &place, value)?
            || contents(&mut compiled, &place, value)?;
        if !understood {
            return Err(ShapeError::Keyword {
                at: at.to_string(),
                keyword: keyword.clone(),
            });
        }
    }
    if let Some(format) = text_of(keywords, "format") {
        limit_to_format(&mut compiled.range, &format);
    }
    compiled.hint = text_of(keywords, "x-hint");
    compiled.refused = refusals(keywords);
    settle_words(&mut compiled);
    Ok(compiled)
}

/// Where in a schema a rule stands. It is written out, as a JSON pointer, where
/// something is wrong there, and that is next to never.
struct At<'a> {
    outer: Option<&'a At<'a>>,
    step: &'a str,
}

impl<'a> At<'a> {
    const ROOT: Self = Self {
        outer: None,
        step: "",
    };

    fn at(&'a self, step: &'a str) -> Self {
        Self {
            outer: Some(self),
            step,
        }
    }
}

impl Display for At<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.outer {
            Some(outer) => write!(f, "{outer}/{}", self.step),
            None => Ok(()),
        }
    }
}

/// A keyword while it is compiled.
struct Place<'a> {
    at: &'a At<'a>,
    keyword: &'a str,
    /// What it may refer to.
    definitions: &'a Definitions<'a>,
}

impl Place<'_> {
    fn wrong(&self) -> ShapeError {
        wrong(self.at, self.keyword)
    }

    fn rule(&self, schema: &Json) -> Result<Rule, ShapeError> {
        rule(schema, &self.at.at(self.keyword), self.definitions)
    }

    fn rules(&self, schemas: &Json) -> Result<Vec<Rule>, ShapeError> {
        let schemas = schemas.as_array().ok_or_else(|| self.wrong())?;
        schemas
            .iter()
            .filter(|schema| !is_null_schema(schema))
            .map(|schema| self.rule(schema))
            .collect()
    }

    fn count(&self, value: &Json) -> Result<Option<u64>, ShapeError> {
        value.as_u64().map(Some).ok_or_else(|| self.wrong())
    }

    fn number(&self, value: &Json) -> Result<Option<f64>, ShapeError> {
        value.as_f64().map(Some).ok_or_else(|| self.wrong())
    }
}

fn wrong(at: &At<'_>, keyword: &str) -> ShapeError {
    ShapeError::Value {
        at: at.to_string(),
        keyword: keyword.to_owned(),
    }
}

/// Compiles the keywords that bound numbers and counts.
fn bounds(rule: &mut Rule, place: &Place<'_>, value: &Json) -> Result<bool, ShapeError> {
    match place.keyword {
        "minimum" => rule.range.minimum = place.number(value)?,
        "maximum" => rule.range.maximum = place.number(value)?,
        "exclusiveMinimum" => rule.range.above = place.number(value)?,
        "exclusiveMaximum" => rule.range.below = place.number(value)?,
        "minLength" => rule.length.least = place.count(value)?,
        "maxLength" => rule.length.most = place.count(value)?,
        "minItems" => rule.items_count.least = place.count(value)?,
        "maxItems" => rule.items_count.most = place.count(value)?,
        "minProperties" => rule.entries_count.least = place.count(value)?,
        "maxProperties" => rule.entries_count.most = place.count(value)?,
        "uniqueItems" => rule.unique = value.as_bool().ok_or_else(|| place.wrong())?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// Takes the width of an integer, which schemars gives as its format alone, as
/// bounds. Other formats (`double`, `uri`) are notes to the reader.
fn limit_to_format(range: &mut Range, format: &str) {
    let (least, most) = match format {
        "int8" => (f64::from(i8::MIN), f64::from(i8::MAX)),
        "int16" => (f64::from(i16::MIN), f64::from(i16::MAX)),
        "int32" => (f64::from(i32::MIN), f64::from(i32::MAX)),
        "uint8" => (0.0, f64::from(u8::MAX)),
        "uint16" => (0.0, f64::from(u16::MAX)),
        "uint32" => (0.0, f64::from(u32::MAX)),
        "uint64" | "uint" => {
            range.minimum.get_or_insert(0.0);
            return;
        }
        _ => return,
    };
    range.minimum.get_or_insert(least);
    range.is_natural = range.maximum.is_none();
    range.maximum.get_or_insert(most);
}

/// Compiles the keywords that say what kind of value is accepted.
fn kinds(rule: &mut Rule, place: &Place<'_>, value: &Json) -> Result<bool, ShapeError> {
    match place.keyword {
        "$ref" => {
            let reference = value.as_str().ok_or_else(|| place.wrong())?;
            let name = reference
                .strip_prefix(DEFINITIONS)
                .filter(|name| place.definitions.need(name))
                .ok_or_else(|| ShapeError::Reference {
                    at: place.at.to_string(),
                    reference: reference.to_owned(),
                })?;
            rule.reference = Some(name.to_owned());
        }
        "type" => rule.types = types(value).ok_or_else(|| place.wrong())?,
        "enum" => {
            let mut words = value.as_array().ok_or_else(|| place.wrong())?.clone();
            words.retain(|word| !word.is_null());
            rule.words = Some(words);
        }
        "const" => rule.words = Some(vec![value.clone()]),
        "anyOf" | "oneOf" => rule.any_of = place.rules(value)?,
        "pattern" => rule.pattern = Some(pattern(place, value)?),
        _ => return Ok(false),
    }
    Ok(true)
}

fn pattern(place: &Place<'_>, value: &Json) -> Result<Regex, ShapeError> {
    let pattern = value.as_str().ok_or_else(|| place.wrong())?;
    compiled(pattern).map_err(|source| ShapeError::Pattern {
        at: place.at.to_string(),
        pattern: pattern.to_owned(),
        source: Box::new(source),
    })
}

/// Compiles a pattern, or takes the one that another schema has of the same text:
/// every type that has tags has theirs.
fn compiled(pattern: &str) -> Result<Regex, regex_lite::Error> {
    static KNOWN: Mutex<BTreeMap<String, Regex>> = Mutex::new(BTreeMap::new());
    // What a thread that panicked left is as good as any.
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = known().get(pattern) {
        return Ok(known.clone());
    }
    let compiled = Regex::new(pattern)?;
    known().insert(pattern.to_owned(), compiled.clone());
    Ok(compiled)
}

fn types(value: &Json) -> Option<Vec<Type>> {
    let names: Vec<&str> = match value {
        Json::String(name) => vec![name],
        Json::Array(names) => names.iter().map(Json::as_str).collect::<Option<_>>()?,
        _ => return None,
    };
    names
        .into_iter()
        .filter(|name| *name != "null")
        .map(|name| match name {
            "string" => Some(Type::Text),
            "integer" => Some(Type::Integer),
            "number" => Some(Type::Number),
            "boolean" => Some(Type::Bool),
            "array" => Some(Type::Array),
            "object" => Some(Type::Table),
            _ => None,
        })
        .collect()
}

/// Compiles the keywords that say what arrays and tables hold.
fn contents(rule: &mut Rule, place: &Place<'_>, value: &Json) -> Result<bool, ShapeError> {
    match place.keyword {
        "items" => rule.items = Some(Box::new(place.rule(value)?)),
        "properties" => {
            let properties = value.as_object().ok_or_else(|| place.wrong())?;
            let at = place.at.at(place.keyword);
            for (name, schema) in properties {
                let property = self::rule(schema, &at.at(name), place.definitions)?;
                rule.properties.insert(name.clone(), Box::new(property));
            }
        }
        "required" => {
            let names = value.as_array().ok_or_else(|| place.wrong())?;
            let names = names.iter().map(|name| name.as_str().map(str::to_owned));
            rule.required = names.collect::<Option<_>>().ok_or_else(|| place.wrong())?;
        }
        "propertyNames" => rule.names = Some(Box::new(place.rule(value)?)),
        "additionalProperties" => {
            rule.extra = match value {
                Json::Bool(false) => Extra::Refused,
                Json::Bool(true) => Extra::Free,
                schema => Extra::Rule(Box::new(place.rule(schema)?)),
            };
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Turns a choice between constants, which is how schemars writes an enum
/// whose variants have docs, into a plain list of words.
fn settle_words(rule: &mut Rule) {
    let are_words = !rule.any_of.is_empty()
        && rule.any_of.iter().all(|branch| {
            branch.words.is_some() && branch.reference.is_none() && branch.any_of.is_empty()
        });
    if are_words && rule.words.is_none() {
        let branches = std::mem::take(&mut rule.any_of);
        rule.types = branches
            .first()
            .map(|b| b.types.clone())
            .unwrap_or_default();
        rule.words = Some(
            branches
                .into_iter()
                .flat_map(|b| b.words.unwrap_or_default())
                .collect(),
        );
    }
}

fn is_null_schema(schema: &Json) -> bool {
    schema.get("type").and_then(Json::as_str) == Some("null")
}

fn text_of(keywords: &Map<String, Json>, name: &str) -> Option<String> {
    keywords.get(name)?.as_str().map(str::to_owned)
}

fn refusals(keywords: &Map<String, Json>) -> BTreeMap<String, String> {
    let refused = keywords.get("x-refused").and_then(Json::as_object);
    refused
        .into_iter()
        .flatten()
        .filter_map(|(key, why)| Some((key.clone(), why.as_str()?.to_owned())))
        .collect()
}

impl Count {
    /// Tells whether `number` lies within.
    pub(super) fn holds(self, number: u64) -> bool {
        self.least.is_none_or(|least| number >= least)
            && self.most.is_none_or(|most| number <= most)
    }
}
