//! Addresses: how one resource of a stack is named, `type.name`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The name of one resource within a stack: `sampling_rule.critical-apis`,
/// or the type alone for a setting, `encryption`.
///
/// Ordered by type, then name, so that plans list resources in a stable order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    kind: String,
    name: Option<String>,
}

/// Why a text is not an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an address; expected `type.name`, or `type` for a setting")]
pub struct AddressError {
    /// The text that was given.
    pub text: String,
}

impl Address {
    /// Names the resource `name` of type `kind`.
    pub fn new(kind: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            name: Some(name.into()),
        }
    }

    /// Names the account-wide setting `kind`, of which there is exactly one.
    pub fn setting(kind: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            name: None,
        }
    }

    /// Returns the resource type, e.g. `sampling_rule`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Returns the name within its type; `None` for a setting.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{}.{name}", self.kind),
            None => f.write_str(&self.kind),
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    /// Reads `type.name`; the name may hold further dots and slashes.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, name) = match text.split_once('.') {
            Some((kind, name)) => (kind, Some(name)),
            None => (text, None),
        };
        let kind_is_valid = !kind.is_empty()
            && kind
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if !kind_is_valid || name.is_some_and(str::is_empty) {
            return Err(AddressError {
                text: text.to_owned(),
            });
        }
        Ok(Self {
            kind: kind.to_owned(),
            name: name.map(str::to_owned),
        })
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_prints() {
        for text in ["sampling_rule.api", "encryption", "log_group./ecs/x.ray"] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn refuses_what_is_no_address() {
        for text in ["", ".x", "Sampling.x", "group.", "a b.c"] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }
}
