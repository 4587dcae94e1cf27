//! Resources as tests of rules write them, also of types that the rule knows
//! by name alone.

use serde_json::Value;

use super::resources::Resources;
use super::{Finding, Rule};
use crate::model::{Address, Attributes, Desired};

/// A resource with its fields as the spec writes them; its key is its name.
pub(super) fn resource(address: &str, fields: Value) -> Desired {
    let address: Address = address.parse().unwrap();
    let Value::Object(written) = fields else {
        unreachable!("the fields of a resource are a table");
    };
    Desired {
        key: address.name().unwrap_or_default().to_owned(),
        address,
        written,
        attributes: Attributes::new(),
        tags: None,
        references: Vec::new(),
        depends_on: Vec::new(),
        protect: false,
        ignore: Vec::new(),
        source: None,
    }
}

/// What a rule finds.
pub(super) fn findings(rule: &Rule, resources: &[Desired]) -> Vec<Finding> {
    (rule.check)(&Resources::new(resources))
}

/// What a rule finds, as `address field: message`.
pub(super) fn found(rule: &Rule, resources: &[Desired]) -> Vec<String> {
    findings(rule, resources)
        .into_iter()
        .map(|finding| format!("{} {}: {}", finding.address, finding.field, finding.message))
        .collect()
}
