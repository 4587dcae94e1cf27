//! What our resources are called in Terraform's words: `aws_xray_group.errors`
//! for `group.errors`.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Address;
use crate::plan::Plan;
use crate::resource::Kind;

/// The name of one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// Its type in the AWS provider: `aws_xray_group`.
    pub r#type: &'static str,
    /// Its name within the type, an identifier as Terraform takes it.
    pub name: String,
}

impl Name {
    /// Returns its address: `aws_xray_group.errors`.
    pub fn address(&self) -> String {
        format!("{}.{}", self.r#type, self.name)
    }
}

/// The names of all resources of a plan.
#[derive(Clone, Debug, Default)]
pub struct Names(BTreeMap<Address, Name>);

impl Names {
    /// Names every resource of `plan`. The same plan always gives the same
    /// names; two that would share one are told apart by a number.
    pub fn new(plan: &Plan, kinds: &[&'static dyn Kind]) -> Self {
        let mut taken = BTreeSet::new();
        let mut names = BTreeMap::new();
        for change in &plan.changes {
            let address = &change.address;
            let Some(r#type) = terraform_type(address, kinds) else {
                continue;
            };
            let wanted = identifier(address.name().unwrap_or(address.kind()));
            let numbered = (2..).map(|number| format!("{wanted}_{number}"));
            let name = std::iter::once(wanted.clone())
                .chain(numbered)
                .find(|name| taken.insert((r#type, name.clone())));
            if let Some(name) = name {
                names.insert(address.clone(), Name { r#type, name });
            }
        }
        Self(names)
    }

    /// Returns the name of `address`; `None` where the plan does not have it.
    pub fn get(&self, address: &Address) -> Option<&Name> {
        self.0.get(address)
    }
}

fn terraform_type(address: &Address, kinds: &[&'static dyn Kind]) -> Option<&'static str> {
    let facts = kinds.iter().map(|kind| kind.facts());
    let mut facts = facts.filter(|facts| facts.kind == address.kind());
    facts.next().map(|facts| facts.terraform)
}

/// Terraform takes letters, digits, `_` and `-`, and no digit or `-` first:
/// <https://developer.hashicorp.com/terraform/language/syntax/configuration#identifiers>.
fn identifier(name: &str) -> String {
    let is_allowed =
        |character: &char| character.is_ascii_alphanumeric() || "_-".contains(*character);
    let mut identifier: String = name
        .chars()
        .map(|character| Some(character).filter(is_allowed).unwrap_or('_'))
        .collect();
    let starts_well = |text: &str| text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if !starts_well(&identifier) {
        identifier.insert(0, '_');
    }
    identifier
}

#[cfg(test)]
mod tests {
    use super::identifier;

    #[test]
    fn makes_identifiers() {
        assert_eq!(identifier("critical-apis"), "critical-apis");
        assert_eq!(identifier("/ecs/x.ray"), "_ecs_x_ray");
        assert_eq!(identifier("5xx"), "_5xx");
        assert_eq!(identifier("-x"), "_-x");
        assert_eq!(identifier("é"), "_");
        assert_eq!(identifier(""), "_");
    }
}
