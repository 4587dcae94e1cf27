//! Changes of what is known of those who send traces.

use std::fmt;

use schemars::JsonSchema;
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize};

/// Changes of what is known of those who send traces, in their order.
///
/// On X-Ray segments an attribute stands where the translation of spans to
/// segments puts it: `service.name` is the segment's name, `service.version` is
/// `service.version`, those of the cloud, of hosts, of containers and of
/// Kubernetes stand in `aws`, and any other is `otel.resource.<key>` in the
/// namespace `default` of the metadata. Subsegments that come on their own have
/// no resource and are left as they are.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_resource")]
#[serde(deny_unknown_fields)]
pub struct ResourceChanges {
    /// The changes. Default: none.
    #[serde(default)]
    pub attributes: Vec<AttributeChange>,
}

/// One change.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_attribute_change")]
#[serde(deny_unknown_fields)]
pub struct AttributeChange {
    /// What is done. Default: `upsert`.
    #[serde(default)]
    pub action: AttributeAction,
    /// The attribute: `deployment.environment.name`.
    pub key: String,
    /// The value that it gets: a text, a number, `true` or `false`. Not given
    /// where it is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Scalar>,
}

/// What is done to an attribute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_attribute_action")]
#[serde(rename_all = "kebab-case")]
pub enum AttributeAction {
    /// Sets it where it is not there yet.
    Insert,
    /// Sets it where it is there already.
    Update,
    /// Sets it.
    #[default]
    Upsert,
    /// Takes it away.
    Delete,
}

/// A text, a number or a boolean.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "collector_scalar")]
#[serde(untagged)]
pub enum Scalar {
    /// A text.
    Text(String),
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Double(f64),
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl Visitor<'_> for Reader {
            type Value = Scalar;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a text, a number, `true` or `false`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar::Text(text.to_owned()))
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Scalar, E> {
                Ok(Scalar::Bool(value))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Scalar, E> {
                Ok(Scalar::Int(value))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Scalar, E> {
                let whole = i64::try_from(value).map_err(|_| {
                    E::custom(format!("{value} is above {}: write it as a text", i64::MAX))
                });
                whole.map(Scalar::Int)
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Scalar, E> {
                Ok(Scalar::Double(value))
            }
        }

        deserializer.deserialize_any(Reader)
    }
}
