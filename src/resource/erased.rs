//! The erased form of a resource type, which is all that the rest of the
//! program sees. Attribute trees go in and come out; the typed trait works in
//! between.

use std::marker::PhantomData;

use async_trait::async_trait;
use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

use super::{Found, Problem, Problems, Query, Resource, Update, Wanted};
use crate::aws::{Aws, Error};
use crate::model::{Attributes, Desired, Facts, Live, Reference, Tags};

/// A resource type without its Rust type.
#[async_trait]
pub trait Kind: Send + Sync {
    /// What the engine knows of the type.
    fn facts(&self) -> &'static Facts;

    /// Describes its fields as JSON Schema.
    fn schema(&self, generator: &mut SchemaGenerator) -> Schema;

    /// Checks `fields` of the resource called `name` and works out how it is
    /// compared, found and ordered.
    ///
    /// # Errors
    /// Everything that is wrong with it, at once.
    fn prepare(&self, name: &str, fields: Attributes) -> Result<Prepared, Vec<Problem>>;

    /// Returns the state in which AWS ships a setting; `None` for a collection.
    fn aws_default(&self) -> Option<Attributes>;

    /// Turns what only AWS can tell apart into comparable form.
    async fn resolve(&self, aws: &Aws, desired: &mut Desired) -> Result<(), Error>;

    /// Reads what stands at AWS and matters to `stack`, whose spec names
    /// `wanted`.
    async fn read(&self, aws: &Aws, stack: &str, wanted: &[&Desired]) -> Result<Vec<Live>, Error>;

    /// Creates one with its tags and returns its outputs.
    async fn create(
        &self,
        aws: &Aws,
        key: &str,
        fields: &Attributes,
        tags: &Tags,
    ) -> Result<Attributes, Error>;

    /// Changes one and returns its outputs.
    async fn update(
        &self,
        aws: &Aws,
        live: &Live,
        fields: &Attributes,
    ) -> Result<Attributes, Error>;

    /// Deletes one.
    async fn delete(&self, aws: &Aws, live: &Live) -> Result<(), Error>;

    /// Sets and removes tags.
    async fn retag(
        &self,
        aws: &Aws,
        outputs: &Attributes,
        set: &Tags,
        remove: &[String],
    ) -> Result<(), Error>;

    /// Valid resources with their names.
    fn examples(&self) -> Vec<(&'static str, Attributes)>;
}

/// A resource of the spec, checked.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// How AWS tells it from others of its type.
    pub key: String,
    /// Its fields as written.
    pub written: Attributes,
    /// Its fields in comparable form.
    pub attributes: Attributes,
    /// Fields that take their value from other resources.
    pub references: Vec<Reference>,
}

/// Erases `R`.
pub(super) struct Erased<R>(PhantomData<fn() -> R>);

impl<R> Erased<R> {
    /// The only value.
    pub(super) const NEW: Self = Self(PhantomData);
}

/// Writes a typed spec as an attribute tree.
fn to_attributes<S: serde::Serialize>(kind: &str, spec: &S) -> Result<Attributes, Error> {
    match serde_json::to_value(spec) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(other) => Err(Error::internal(kind, format!("spec became {other}"))),
        Err(error) => Err(Error::internal(kind, error.to_string())),
    }
}

/// Reads an attribute tree as a typed spec. Null counts as absent.
fn from_attributes<S: serde::de::DeserializeOwned>(
    kind: &str,
    fields: &Attributes,
) -> Result<S, Error> {
    serde_json::from_value(Value::Object(fields.clone()))
        .map_err(|error| Error::internal(kind, error.to_string()))
}

impl<R: Resource> Erased<R> {
    /// Brings fields as written into the form in which they are compared.
    fn comparable(written: &Attributes) -> Result<Attributes, Error> {
        let kind = R::FACTS.kind;
        let spec: R::Spec = from_attributes(kind, written)?;
        to_attributes(kind, &R::canonical(spec))
    }

    fn live(found: Found<R::Spec>) -> Result<Live, Error> {
        let kind = R::FACTS.kind;
        let spec = R::canonical(found.spec);
        Ok(Live {
            kind: kind.to_owned(),
            attributes: to_attributes(kind, &spec)?,
            key: found.key,
            tags: found.tags,
            outputs: found.outputs,
            deletion_scheduled: found.deletion_scheduled,
        })
    }
}

#[async_trait]
impl<R: Resource> Kind for Erased<R> {
    fn facts(&self) -> &'static Facts {
        const { &R::FACTS }
    }

    fn schema(&self, generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<R::Spec>()
    }

    fn prepare(&self, name: &str, fields: Attributes) -> Result<Prepared, Vec<Problem>> {
        let spec: R::Spec = serde_json::from_value(Value::Object(fields))
            .map_err(|error| Problems::of_resource(error.to_string()))?;
        let mut problems = Problems::new();
        R::validate(name, &spec, &mut problems);
        let key = R::key(name, &spec);
        let references = R::references(&spec);
        let problems = problems.into_vec();
        if !problems.is_empty() {
            return Err(problems);
        }
        let trees = to_attributes(R::FACTS.kind, &spec).and_then(|mut written| {
            if let Some(field) = R::FACTS.name_field {
                written.insert(field.to_owned(), Value::from(key.as_str()));
            }
            let attributes = Self::comparable(&written)?;
            Ok(Prepared {
                key,
                written,
                attributes,
                references,
            })
        });
        trees.map_err(|error| Problems::of_resource(error.to_string()))
    }

    fn aws_default(&self) -> Option<Attributes> {
        let spec = R::canonical(R::aws_default()?);
        to_attributes(R::FACTS.kind, &spec).ok()
    }

    async fn resolve(&self, aws: &Aws, desired: &mut Desired) -> Result<(), Error> {
        let kind = R::FACTS.kind;
        let written: R::Spec = from_attributes(kind, &desired.written)?;
        desired.written = to_attributes(kind, &R::resolve(aws, written).await?)?;
        desired.attributes = Self::comparable(&desired.written)?;
        Ok(())
    }

    async fn read(&self, aws: &Aws, stack: &str, wanted: &[&Desired]) -> Result<Vec<Live>, Error> {
        let wanted = wanted
            .iter()
            .map(|desired| {
                Ok(Wanted {
                    name: desired.address.name().unwrap_or_default().to_owned(),
                    key: desired.key.clone(),
                    spec: from_attributes(R::FACTS.kind, &desired.written)?,
                })
            })
            .collect::<Result<Vec<_>, Error>>()?;
        let query = Query {
            stack,
            wanted: &wanted,
        };
        let found = R::read(aws, query).await?;
        found.into_iter().map(Self::live).collect()
    }

    async fn create(
        &self,
        aws: &Aws,
        key: &str,
        fields: &Attributes,
        tags: &Tags,
    ) -> Result<Attributes, Error> {
        let spec = from_attributes(R::FACTS.kind, fields)?;
        R::create(aws, key, &spec, tags).await
    }

    async fn update(
        &self,
        aws: &Aws,
        live: &Live,
        fields: &Attributes,
    ) -> Result<Attributes, Error> {
        let kind = R::FACTS.kind;
        let before = from_attributes(kind, &live.attributes)?;
        let after = from_attributes(kind, fields)?;
        let update = Update {
            key: &live.key,
            outputs: &live.outputs,
            before: &before,
            after: &after,
        };
        R::update(aws, update).await
    }

    async fn delete(&self, aws: &Aws, live: &Live) -> Result<(), Error> {
        let spec = from_attributes(R::FACTS.kind, &live.attributes)?;
        R::delete(aws, &live.key, &live.outputs, &spec).await
    }

    async fn retag(
        &self,
        aws: &Aws,
        outputs: &Attributes,
        set: &Tags,
        remove: &[String],
    ) -> Result<(), Error> {
        R::retag(aws, outputs, set, remove).await
    }

    fn examples(&self) -> Vec<(&'static str, Attributes)> {
        R::examples()
            .into_iter()
            .filter_map(|(name, spec)| Some((name, to_attributes(R::FACTS.kind, &spec).ok()?)))
            .collect()
    }
}
