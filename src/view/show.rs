//! What a stack owns now, for people and for programs.

use std::fmt::Write;

use serde::Serialize;
use serde_json::Value;

use super::Styles;
use super::visible::visible;
use crate::model::{Address, Attributes, Tags};
use crate::plan::{Plan, Target};

/// The version of the JSON form of a stack.
const FORMAT_VERSION: &str = "1.0";

/// What a stack owns.
#[derive(Clone, Debug, Serialize)]
pub struct Stack {
    format_version: &'static str,
    /// The stack's name.
    pub stack: String,
    /// Where it is.
    pub target: Target,
    /// What it owns, by address.
    pub resources: Vec<Owned>,
}

/// One resource that a stack owns, as it stands.
#[derive(Clone, Debug, Serialize)]
pub struct Owned {
    /// Its name in the spec.
    pub address: Address,
    /// How AWS tells it from others of its type.
    pub key: String,
    /// Its fields.
    pub attributes: Attributes,
    /// Its tags, where AWS keeps any.
    pub tags: Option<Tags>,
    /// What other resources may take from it.
    pub outputs: Attributes,
    /// How it is doing, where its type tells: the state of an alarm.
    #[serde(skip_serializing_if = "Attributes::is_empty")]
    pub status: Attributes,
}

impl Stack {
    /// Takes from `plan` what stands at AWS.
    pub fn of_plan(plan: &Plan) -> Self {
        let resources = plan
            .changes
            .iter()
            .filter_map(|change| {
                let live = change.live.as_ref()?;
                Some(Owned {
                    address: change.address.clone(),
                    key: live.key.clone(),
                    attributes: live.attributes.clone(),
                    tags: live.user_tags(),
                    outputs: live.outputs.clone(),
                    status: live.status.clone(),
                })
            })
            .collect();
        Self {
            format_version: FORMAT_VERSION,
            stack: plan.stack.clone(),
            target: plan.target.clone(),
            resources,
        }
    }

    /// Draws it for people.
    pub fn render(&self, styles: Styles) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut text, styles);
        text
    }

    fn write(&self, out: &mut String, styles: Styles) -> std::fmt::Result {
        let place = format!("account {}, {}", self.target.account, self.target.region);
        if self.resources.is_empty() {
            return writeln!(out, "The stack `{}` owns nothing in {place}.", self.stack);
        }
        writeln!(out, "The stack `{}` in {place}:", self.stack)?;
        for owned in &self.resources {
            writeln!(
                out,
                "\n{}",
                styles.bold.paint(visible(&owned.address.to_string()))
            )?;
            let tags = owned.tags.iter().flatten();
            let rows = flat("", &Value::Object(owned.attributes.clone()))
                .into_iter()
                .chain(tags.map(|(key, value)| {
                    (
                        format!("tags.{key}"),
                        Value::from(value.as_str()).to_string(),
                    )
                }))
                .chain(
                    flat("", &Value::Object(owned.outputs.clone()))
                        .into_iter()
                        .filter(|(name, _)| !owned.attributes.contains_key(name)),
                )
                .chain(flat("status", &Value::Object(owned.status.clone())));
            for (name, value) in rows {
                writeln!(out, "  {} = {}", visible(&name), visible(&value))?;
            }
        }
        Ok(())
    }
}

/// Lists the leaves of a tree with their dotted names; lists stay whole.
fn flat(name: &str, value: &Value) -> Vec<(String, String)> {
    match value {
        Value::Null => Vec::new(),
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(key, value)| {
                let name = if name.is_empty() {
                    key.clone()
                } else {
                    format!("{name}.{key}")
                };
                flat(&name, value)
            })
            .collect(),
        leaf => vec![(name.to_owned(), leaf.to_string())],
    }
}
