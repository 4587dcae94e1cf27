//! A plan in Terraform's plan format 1.2, under the type and attribute names
//! of Terraform's AWS provider, so that what reads Terraform's plans reads
//! ours: checkov, OPA, review and cost tools.
//!
//! Format: <https://developer.hashicorp.com/terraform/internals/json-format>.

mod configuration;
pub mod names;
mod row;
mod sides;
#[cfg(test)]
mod tests;
mod values;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use self::names::Names;
use self::row::Row;
use self::sides::Sides;
use super::clock;
use crate::aws::Error;
use crate::plan::saved::SavedPlan;
use crate::plan::{Action, Change, Mode, Plan, Reason};
use crate::resource::Kind;

/// The version of the form of a plan.
const FORMAT_VERSION: &str = "1.2";
/// The version of the form of a state.
const STATE_FORMAT_VERSION: &str = "1.0";
/// The Terraform whose output this was compared with. Readers refuse what they
/// do not know, and every one that reads format 1.2 knows this one.
pub const TERRAFORM_VERSION: &str = "1.11.4";
/// The provider's name.
const PROVIDER: &str = "registry.terraform.io/hashicorp/aws";
/// The provider's name within a configuration.
const PROVIDER_KEY: &str = "aws";

/// Writes a plan.
///
/// # Errors
/// Where a resource of it does not have the fields of its type, as in a saved
/// plan that someone edited.
pub fn document(saved: &SavedPlan, kinds: &[&'static dyn Kind]) -> Result<Value, Error> {
    let plan = &saved.plan;
    let names = Names::new(plan, kinds);
    let (mut changed, mut drifted, mut configured) = (Vec::new(), Vec::new(), Vec::new());
    for change in &plan.changes {
        let sides = Sides {
            kind: kind_of(kinds, change)?,
            region: &plan.target.region,
        };
        changed.extend(row::of_change(
            sides,
            &names,
            change,
            planned_action(plan, change),
        )?);
        if is_drift(plan, change) {
            drifted.extend(row::of_drift(sides, &names, change)?);
        }
        configured.extend(configuration::of_change(sides, &names, change)?);
    }
    // A change that is not carried out, such as one that `--refresh-only` shows
    // of a resource that is not there, has no sides.
    changed.retain(|row| row.planned().is_some() || row.prior().is_some());
    changed.sort_by_key(Row::address);
    drifted.sort_by_key(Row::address);
    Ok(json!({
        "format_version": FORMAT_VERSION,
        "terraform_version": TERRAFORM_VERSION,
        "xrayctl_version": saved.xrayctl_version,
        "variables": variables(saved),
        "planned_values": module(changed.iter().filter_map(Row::planned)),
        "resource_drift": drifted.iter().map(Row::change).collect::<Vec<_>>(),
        "resource_changes": changed.iter().map(Row::change).collect::<Vec<_>>(),
        "output_changes": {},
        "prior_state": {
            "format_version": STATE_FORMAT_VERSION,
            "terraform_version": TERRAFORM_VERSION,
            "values": module(changed.iter().filter_map(Row::prior)),
        },
        "configuration": {
            "provider_config": configuration::provider(&plan.target.region),
            "root_module": { "resources": configured },
        },
        "relevant_attributes": relevant_attributes(plan, &names),
        "timestamp": clock::from_epoch(saved.created),
        "applyable": plan.has_changes() && plan.mode != Mode::RefreshOnly,
        "complete": !plan.is_partial,
        "errored": false,
    }))
}

fn kind_of(kinds: &[&'static dyn Kind], change: &Change) -> Result<&'static dyn Kind, Error> {
    let name = change.address.kind();
    let kind = kinds.iter().find(|kind| kind.facts().kind == name);
    kind.copied()
        .ok_or_else(|| Error::internal(name, "there is no such resource type"))
}

/// A plan that shows drift alone changes nothing.
fn planned_action(plan: &Plan, change: &Change) -> Action {
    match plan.mode {
        Mode::RefreshOnly => Action::NoOp,
        Mode::Apply | Mode::Destroy => change.action,
    }
}

/// Tells whether a plan says of a change that others made it.
pub(super) fn is_drift(plan: &Plan, change: &Change) -> bool {
    match plan.mode {
        // It holds nothing else.
        Mode::RefreshOnly => change.is_change(),
        Mode::Apply | Mode::Destroy => {
            matches!(change.reason, Some(Reason::Drift | Reason::SpecAndDrift))
        }
    }
}

fn module(resources: impl Iterator<Item = Value>) -> Value {
    json!({ "root_module": { "resources": resources.collect::<Vec<_>>() } })
}

fn variables(saved: &SavedPlan) -> BTreeMap<&String, Value> {
    let origin = &saved.origin;
    // The command line counts for more than the environment.
    let given = origin.environment_vars.iter().chain(&origin.vars);
    given
        .map(|(name, value)| (name, json!({ "value": value })))
        .collect()
}

/// Lists what of other resources the changes depend on.
fn relevant_attributes(plan: &Plan, names: &Names) -> Vec<Value> {
    let references = plan.actual_changes().flat_map(|change| &change.references);
    let with_value = references.filter(|reference| !reference.field.is_empty());
    let mut relevant: Vec<(String, &str)> = with_value
        .filter_map(|reference| Some((names.get(&reference.to)?.address(), &*reference.output)))
        .collect();
    relevant.sort();
    relevant.dedup();
    let relevant = relevant.into_iter();
    relevant
        .map(|(resource, output)| json!({ "resource": resource, "attribute": [output] }))
        .collect()
}
