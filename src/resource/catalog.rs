//! What the planner may know of resource types.

use serde_json::Value;

use super::{Kind, REGISTRY};
use crate::model::{Attributes, Facts};
use crate::plan::Catalog;

/// The registered types, as the planner sees them.
#[derive(Clone, Copy, Debug)]
pub struct Registered;

impl Registered {
    fn kind(kind: &str) -> Option<&'static dyn Kind> {
        REGISTRY
            .iter()
            .copied()
            .find(|one| one.facts().kind == kind)
    }
}

impl Catalog for Registered {
    fn facts(&self, kind: &str) -> Option<&'static Facts> {
        Self::kind(kind).map(Kind::facts)
    }

    fn aws_default(&self, kind: &str) -> Option<Attributes> {
        Self::kind(kind).and_then(Kind::aws_default)
    }

    fn comparable(&self, kind: &str, written: &Attributes) -> Option<Attributes> {
        Self::kind(kind)?.comparable(written).ok()
    }

    fn same_document(&self, kind: &str, left: &Value, right: &Value) -> bool {
        Self::kind(kind).is_some_and(|kind| kind.same_document(left, right))
    }
}
