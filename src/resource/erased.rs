//! The erased form of a resource type, which is all that the rest of the
//! program sees. Attribute trees go in and come out; the typed trait works in
//! between.

use std::marker::PhantomData;

use async_trait::async_trait;
use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

use super::read::Scope;
use super::{Found, Lists, Mention, Problem, Problems, Query, Resource, Update, Wanted};
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

    /// Brings fields as written into the form in which they are compared.
    fn comparable(&self, written: &Attributes) -> Result<Attributes, Error>;

    /// Writes one under the attribute names of Terraform's AWS provider. What
    /// is known only after apply comes in and goes out as a marker.
    fn terraform(
        &self,
        key: &str,
        fields: &Attributes,
        outputs: &Attributes,
    ) -> Result<Attributes, Error>;

    /// Writes what is one here and several in Terraform's AWS provider: the
    /// others, with their types.
    fn terraform_companions(
        &self,
        key: &str,
        fields: &Attributes,
        outputs: &Attributes,
    ) -> Result<Vec<(&'static str, Attributes)>, Error>;

    /// Names the outputs that AWS gives a new one.
    fn new_outputs(&self) -> &'static [&'static str];

    /// Returns the key of the one that a Terraform state holds as `values`;
    /// `None` where they name none.
    fn terraform_key(&self, values: &Attributes) -> Option<String>;

    /// Tells whether one that no stack owns has a place in an export that does
    /// not ask for its type.
    fn is_worth_exporting(&self, _live: &Live) -> bool {
        true
    }

    /// Returns the state in which AWS ships a setting; `None` for a collection.
    fn aws_default(&self) -> Option<Attributes>;

    /// Tells whether two documents, in comparable form, say the same.
    fn same_document(&self, left: &Value, right: &Value) -> bool;

    /// Turns what only AWS can tell apart into comparable form.
    async fn resolve(&self, aws: &Aws, written: &Attributes) -> Result<Resolved, Error>;

    /// Reads what stands at AWS and matters to the stack, whose spec names
    /// `wanted`.
    async fn read(
        &self,
        aws: &Aws,
        scope: Scope<'_>,
        lists: &Lists,
        wanted: &[&Desired],
    ) -> Result<Vec<Live>, Error>;

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

    /// Takes back what the spec did to one that stays. Tags are not its
    /// business.
    async fn release(&self, aws: &Aws, live: &Live) -> Result<(), Error>;

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
    /// What it names by AWS's name.
    pub mentions: Vec<Mention>,
}

/// The fields of a resource of the spec, with what only AWS can tell.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// As they are sent to AWS.
    pub written: Attributes,
    /// In comparable form.
    pub attributes: Attributes,
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
    S::deserialize(fields).map_err(|error| Error::internal(kind, error.to_string()))
}

impl<R: Resource> Erased<R> {
    /// Adds the name at AWS to the outputs, so that references find it there.
    fn with_name(mut outputs: Attributes, key: &str) -> Attributes {
        if let Some(field) = R::FACTS.name_field {
            outputs.insert(field.to_owned(), Value::from(key));
        }
        outputs
    }

    fn live(found: Found<R::Spec>) -> Result<Live, Error> {
        let kind = R::FACTS.kind;
        let spec = R::canonical(found.spec);
        Ok(Live {
            kind: kind.to_owned(),
            attributes: to_attributes(kind, &spec)?,
            outputs: Self::with_name(found.outputs, &found.key),
            key: found.key,
            tags: found.tags,
            deletion_scheduled: found.deletion_scheduled,
            status: found.status,
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
        let mentions = R::mentions(&spec);
        let problems = problems.into_vec();
        if !problems.is_empty() {
            return Err(problems);
        }
        let trees = to_attributes(R::FACTS.kind, &spec).and_then(|mut written| {
            if let Some(field) = R::FACTS.name_field {
                written.insert(field.to_owned(), Value::from(key.as_str()));
            }
            let attributes = self.comparable(&written)?;
            Ok(Prepared {
                key,
                written,
                attributes,
                references,
                mentions,
            })
        });
        trees.map_err(|error| Problems::of_resource(error.to_string()))
    }

    fn comparable(&self, written: &Attributes) -> Result<Attributes, Error> {
        let kind = R::FACTS.kind;
        let spec: R::Spec = from_attributes(kind, written)?;
        to_attributes(kind, &R::canonical(spec))
    }

    fn terraform(
        &self,
        key: &str,
        fields: &Attributes,
        outputs: &Attributes,
    ) -> Result<Attributes, Error> {
        let spec = from_attributes(R::FACTS.kind, fields)?;
        Ok(R::terraform(key, &spec, outputs))
    }

    fn terraform_companions(
        &self,
        key: &str,
        fields: &Attributes,
        outputs: &Attributes,
    ) -> Result<Vec<(&'static str, Attributes)>, Error> {
        let spec = from_attributes(R::FACTS.kind, fields)?;
        Ok(R::terraform_companions(key, &spec, outputs))
    }

    fn new_outputs(&self) -> &'static [&'static str] {
        R::new_outputs()
    }

    fn terraform_key(&self, values: &Attributes) -> Option<String> {
        R::terraform_key(values)
    }

    fn is_worth_exporting(&self, live: &Live) -> bool {
        let spec = from_attributes(R::FACTS.kind, &live.attributes);
        spec.is_ok_and(|spec| R::is_worth_exporting(&spec))
    }

    fn aws_default(&self) -> Option<Attributes> {
        let spec = R::canonical(R::aws_default()?);
        to_attributes(R::FACTS.kind, &spec).ok()
    }

    fn same_document(&self, left: &Value, right: &Value) -> bool {
        R::same_document(left, right)
    }

    async fn resolve(&self, aws: &Aws, written: &Attributes) -> Result<Resolved, Error> {
        let kind = R::FACTS.kind;
        let written: R::Spec = from_attributes(kind, written)?;
        let written = to_attributes(kind, &R::resolve(aws, written).await?)?;
        let attributes = self.comparable(&written)?;
        Ok(Resolved {
            written,
            attributes,
        })
    }

    async fn read(
        &self,
        aws: &Aws,
        scope: Scope<'_>,
        lists: &Lists,
        wanted: &[&Desired],
    ) -> Result<Vec<Live>, Error> {
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
            stack: scope.stack,
            wanted: &wanted,
            everything: scope.everything,
            lists,
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
        let outputs = R::create(aws, key, &spec, tags).await?;
        Ok(Self::with_name(outputs, key))
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

    async fn release(&self, aws: &Aws, live: &Live) -> Result<(), Error> {
        let spec = from_attributes(R::FACTS.kind, &live.attributes)?;
        R::release(aws, &live.key, &live.outputs, &spec).await
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
