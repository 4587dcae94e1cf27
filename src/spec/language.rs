//! The types that a spec may hold, and the rules of their tables.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::schema;
use super::shape::{Shape, ShapeError};
use crate::resource::Kind;

/// The language of specs that may hold resources of some types. The rules of a type
/// are compiled when the first table of it is met, once for all specs.
pub struct Language {
    kinds: &'static [&'static dyn Kind],
    shapes: BTreeMap<&'static str, OnceLock<Result<Shape, ShapeError>>>,
}

impl Language {
    /// Of specs that may hold resources of `kinds`.
    pub fn of(kinds: &'static [&'static dyn Kind]) -> Self {
        let shapes = kinds
            .iter()
            .map(|kind| (kind.facts().kind, OnceLock::new()));
        Self {
            kinds,
            shapes: shapes.collect(),
        }
    }

    /// Checks that the schema of every type says only what [`load`] checks.
    ///
    /// # Errors
    /// The first schema that does not, with its type. It is a fault of that type.
    ///
    /// [`load`]: super::load
    pub fn check_schemas(&self) -> Result<(), (&'static str, &ShapeError)> {
        let mut kinds = self.kinds.iter();
        kinds.try_for_each(|kind| match self.shape(*kind) {
            Some(Err(error)) => Err((kind.facts().kind, error)),
            Some(Ok(_)) | None => Ok(()),
        })
    }

    /// All types.
    pub(super) fn kinds(&self) -> &'static [&'static dyn Kind] {
        self.kinds
    }

    /// The rules of a type's table; `None` where it is none of the language's types.
    pub(super) fn shape(&self, kind: &dyn Kind) -> Option<&Result<Shape, ShapeError>> {
        let shape = self.shapes.get(kind.facts().kind)?;
        Some(shape.get_or_init(|| Shape::of(|generator| schema::of_resource(kind, generator))))
    }
}
