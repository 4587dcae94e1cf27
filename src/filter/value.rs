//! Values with rules of their own, valid by construction.

use std::fmt;

use serde_json::Value;

use super::keyword::NodeField;

/// A finite number.
///
/// Neither infinity nor NaN can be written in an expression; leaving them out
/// also makes equality total.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number(f64);

impl Eq for Number {}

impl Number {
    /// Wraps `value` unless it is infinite or not a number.
    #[must_use]
    pub fn new(value: f64) -> Option<Self> {
        // Adding zero turns -0 into 0, whose text would otherwise differ.
        value.is_finite().then_some(Self(value + 0.0))
    }

    /// Gives the number.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The shortest digits that read back as the same number, no exponent.
        self.0.fmt(f)
    }
}

/// The key of an annotation: ASCII letters, digits, underscores and dots.
///
/// X-Ray does not index annotations whose keys have other characters:
/// <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html>.
/// Keys are case-sensitive.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AnnotationKey(String);

impl AnnotationKey {
    /// Wraps `key` if it is not empty and all its characters can be indexed.
    #[must_use]
    pub fn new(key: impl Into<String>) -> Option<Self> {
        let key = key.into();
        (!key.is_empty() && key.chars().all(Self::permits)).then_some(Self(key))
    }

    /// Tells whether a key may hold this character.
    pub(super) const fn permits(character: char) -> bool {
        matches!(character, 'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '.')
    }

    /// Gives the key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Tells whether the key must be written in brackets.
    #[must_use]
    pub fn has_dot(&self) -> bool {
        self.0.contains('.')
    }
}

/// The fields of `id(…)`, at least one of them given; all given ones must match.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NodeId {
    name: Option<String>,
    node_type: Option<String>,
    account_id: Option<String>,
}

impl NodeId {
    /// Makes an `id(…)` of one field.
    #[must_use]
    pub fn new(field: NodeField, value: impl Into<String>) -> Self {
        let id = Self {
            name: None,
            node_type: None,
            account_id: None,
        };
        id.with(field, value)
    }

    /// Adds a field, or replaces its value.
    #[must_use]
    pub fn with(mut self, field: NodeField, value: impl Into<String>) -> Self {
        let slot = match field {
            NodeField::Name => &mut self.name,
            NodeField::Type => &mut self.node_type,
            NodeField::AccountId => &mut self.account_id,
        };
        *slot = Some(value.into());
        self
    }

    /// Gives the value that the node's field must have.
    #[must_use]
    pub fn get(&self, field: NodeField) -> Option<&str> {
        match field {
            NodeField::Name => self.name.as_deref(),
            NodeField::Type => self.node_type.as_deref(),
            NodeField::AccountId => self.account_id.as_deref(),
        }
    }
}

/// The array of `rootcause.json`: root causes in the form of a trace summary.
///
/// Fields that are present must match exactly, absent ones match anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootCausePattern(pub Vec<Value>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_finite_and_have_one_zero() {
        assert_eq!(Number::new(f64::NAN), None);
        assert_eq!(Number::new(f64::NEG_INFINITY), None);
        let zero = Number::new(-0.0).map(|number| number.to_string());
        assert_eq!(zero.as_deref(), Some("0"));
    }

    #[test]
    fn annotation_keys_hold_indexed_characters_only() {
        assert!(AnnotationKey::new("request.id_2").is_some());
        assert_eq!(AnnotationKey::new(""), None);
        assert_eq!(AnnotationKey::new("my-key"), None);
        assert_eq!(AnnotationKey::new("größe"), None);
    }

    #[test]
    fn node_ids_know_which_fields_are_given() {
        let id = NodeId::new(NodeField::Type, "client");
        assert_eq!(id.get(NodeField::Type), Some("client"));
        assert_eq!(id.get(NodeField::Name), None);
        let id = id.with(NodeField::Name, "web");
        assert_eq!(id.get(NodeField::Name), Some("web"));
    }
}
