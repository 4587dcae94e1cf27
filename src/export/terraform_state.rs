//! Terraform states, as `terraform show -json` prints them.
//!
//! Format: <https://developer.hashicorp.com/terraform/internals/json-format#state-representation>.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::model::{Attributes, Live};
use crate::resource::Kind;

/// Why a file is no state.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// It is not JSON.
    #[error("it is not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// It is a state file as Terraform keeps it.
    #[error("it is a state file as Terraform keeps it, which changes from version to version")]
    Raw,
    /// It is a plan.
    #[error("it is a plan, not a state")]
    Plan,
    /// It has another form.
    #[error("it has no `format_version` and no `values`")]
    Unknown,
}

/// The managed resources of a state.
#[derive(Debug)]
pub struct TerraformState {
    resources: Vec<StateResource>,
}

/// One resource of a state.
#[derive(Debug, Deserialize)]
pub struct StateResource {
    /// Its address at Terraform: `module.x.aws_xray_group.errors`.
    pub address: String,
    mode: String,
    r#type: String,
    #[serde(default)]
    values: Attributes,
}

#[derive(Debug, Default, Deserialize)]
struct Module {
    #[serde(default)]
    resources: Vec<StateResource>,
    #[serde(default)]
    child_modules: Vec<Module>,
}

/// What became of the resources of a state.
#[derive(Debug, Default)]
pub struct Found<'a> {
    /// What stands of them.
    pub live: Vec<Live>,
    /// Resources of types that xrayctl knows and that AWS does not have.
    pub missing: Vec<&'a str>,
    /// How many resources there are of each type that xrayctl does not know.
    pub unknown: BTreeMap<&'a str, usize>,
}

impl TerraformState {
    /// Reads what `terraform show -json` printed.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn parse(text: &str) -> Result<Self, StateError> {
        let document: Value = serde_json::from_str(text)?;
        if document.get("serial").is_some() && document.get("lineage").is_some() {
            return Err(StateError::Raw);
        }
        if document.get("resource_changes").is_some() {
            return Err(StateError::Plan);
        }
        let root = match document.get("values") {
            Some(values) => values.get("root_module").cloned().unwrap_or_default(),
            // An empty state has a version and nothing else.
            None if document.get("format_version").is_some() => Value::Null,
            None => return Err(StateError::Unknown),
        };
        let root: Option<Module> = serde_json::from_value(root)?;
        let mut resources = Vec::new();
        let mut open: Vec<Module> = root.into_iter().collect();
        while let Some(module) = open.pop() {
            let managed = module.resources.into_iter();
            resources.extend(managed.filter(|resource| resource.mode == "managed"));
            open.extend(module.child_modules);
        }
        resources.sort_by(|a, b| a.address.cmp(&b.address));
        Ok(Self { resources })
    }

    /// Lists those of `kinds` of which the state holds any.
    pub fn kinds(&self, kinds: &[&'static dyn Kind]) -> Vec<&'static dyn Kind> {
        let holds = |kind: &&'static dyn Kind| {
            let name = kind.facts().terraform;
            self.resources
                .iter()
                .any(|resource| resource.r#type == name)
        };
        kinds.iter().copied().filter(holds).collect()
    }

    /// Finds the resources of the state among what stands, by ARN or by key.
    pub fn find<'a>(&'a self, kinds: &[&'static dyn Kind], live: &[Live]) -> Found<'a> {
        let mut found = Found::default();
        for resource in &self.resources {
            let of_type: Vec<_> = kinds
                .iter()
                .filter(|kind| kind.facts().terraform == resource.r#type)
                .collect();
            if of_type.is_empty() {
                *found.unknown.entry(&resource.r#type).or_default() += 1;
                continue;
            }
            let standing = live.iter().find(|live| {
                let kind = of_type.iter().find(|kind| kind.facts().kind == live.kind);
                kind.is_some_and(|kind| resource.is(**kind, live))
            });
            match standing {
                Some(live) => found.live.push(live.clone()),
                None if resource.is_nameless(&of_type) => {
                    *found.unknown.entry(&resource.r#type).or_default() += 1;
                }
                None => found.missing.push(&resource.address),
            }
        }
        found
    }
}

impl StateResource {
    /// Tells whether it is found by no name, being a part of something else.
    fn is_nameless(&self, kinds: &[&&'static dyn Kind]) -> bool {
        let has_key = |kind: &&'static dyn Kind| kind.terraform_key(&self.values).is_some();
        !self.values.contains_key("arn") && !kinds.iter().any(|kind| has_key(kind))
    }

    fn is(&self, kind: &dyn Kind, live: &Live) -> bool {
        let text = |fields: &Attributes| {
            let arn = fields.get("arn").and_then(Value::as_str);
            arn.filter(|arn| !arn.is_empty()).map(str::to_owned)
        };
        let same_arn = text(&self.values).is_some_and(|arn| text(&live.outputs) == Some(arn));
        let same_key = || {
            let key = kind.terraform_key(&self.values);
            key.is_some_and(|key| key == live.key)
        };
        same_arn || same_key()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        TerraformState::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn tells_what_is_no_state() {
        assert!(error("x").starts_with("it is not JSON"));
        assert_eq!(
            error(r#"{"format_version":"1.2","resource_changes":[]}"#),
            "it is a plan, not a state"
        );
        assert!(
            error(r#"{"version":4,"serial":1,"lineage":"x"}"#).contains("as Terraform keeps it")
        );
        assert!(error("[]").contains("no `format_version`"));
    }

    #[test]
    fn reads_modules_and_leaves_data_sources_out() {
        let state = TerraformState::parse(
            r#"{"format_version":"1.0","values":{"root_module":{"resources":[
                {"address":"data.aws_region.x","mode":"data","type":"aws_region","name":"x"}],
              "child_modules":[{"address":"module.a","resources":[
                {"address":"module.a.aws_s3_bucket.b","mode":"managed","type":"aws_s3_bucket","name":"b","values":{}}]}]}}}"#,
        )
        .unwrap();
        let found = state.find(&[], &[]);
        assert_eq!(found.unknown, BTreeMap::from([("aws_s3_bucket", 1)]));
        assert!(
            TerraformState::parse(r#"{"format_version":"1.0"}"#)
                .unwrap()
                .resources
                .is_empty()
        );
    }
}
