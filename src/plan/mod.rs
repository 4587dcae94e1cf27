//! The plan: what would be changed at AWS, as inert data.
//!
//! [`diff::plan`] makes one from the two sides, [`order::schedule`] says in
//! which order its steps may run, [`saved`] is its form in a file. Nothing here
//! does I/O, draws anything or names an AWS type.

pub mod compare;
pub mod diff;
pub mod fingerprint;
mod matching;
pub mod order;
mod reason;
pub mod saved;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::{Address, Attributes, Facts, Live, Owner, Reference, Tags};

/// What the planner needs to know about resource types.
pub trait Catalog: Sync {
    /// Returns the facts of a type.
    fn facts(&self, kind: &str) -> Option<&'static Facts>;

    /// Returns the state in which AWS ships a setting, in comparable form.
    fn aws_default(&self, kind: &str) -> Option<Attributes>;

    /// Brings fields as written into the form in which they are compared;
    /// `None` for a type that is not known.
    fn comparable(&self, kind: &str, written: &Attributes) -> Option<Attributes>;

    /// Tells whether two documents of a type, in comparable form, say the same.
    fn same_document(&self, kind: &str, left: &Value, right: &Value) -> bool;
}

/// Everything that would be changed, and what it was worked out from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The stack that it is for.
    pub stack: String,
    /// The account and region that it is for.
    pub target: Target,
    /// What it was asked to do.
    pub mode: Mode,
    /// Whether `--target` left something out.
    pub is_partial: bool,
    /// Every resource of the stack, unchanged ones among them, by address.
    pub changes: Vec<Change>,
    /// The fingerprint of the live resources that it was worked out from.
    pub live_hash: String,
}

/// An account and region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The account, 12 digits.
    pub account: String,
    /// The region.
    pub region: String,
}

/// What a plan is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Make AWS as the spec says.
    Apply,
    /// Delete what the stack owns and put settings back to AWS's defaults.
    Destroy,
    /// Show what others changed, and change nothing.
    RefreshOnly,
}

/// What would be done to one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Nothing: it is as it should be.
    NoOp,
    /// It is made.
    Create,
    /// It is changed in place.
    Update,
    /// It is made anew, since AWS cannot change it in place.
    Replace,
    /// It is deleted.
    Delete,
    /// It stays, and is the stack's no more.
    Release,
    /// It is tagged as the stack's and nothing else: one that no stack owned,
    /// or one that goes by another name in the spec now.
    Adopt,
}

/// Why an action is planned. It explains; what is done follows from
/// [`Action`] alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The spec has it and AWS has not.
    NotAtAws,
    /// The spec changed since the last apply.
    SpecChanged,
    /// Someone changed it at AWS since the last apply.
    Drift,
    /// Both changed since the last apply.
    SpecAndDrift,
    /// The two differ, and nothing tells what was applied last.
    Differs,
    /// The spec no longer has it.
    RemovedFromSpec,
    /// The stack is destroyed.
    Destroy,
    /// A setting is put back to AWS's default.
    Reset,
    /// AWS has it marked for deletion; it is brought back.
    DeletionScheduled,
    /// It exists and no stack owns it.
    Unowned,
    /// It goes by another name in the spec than the one that its tag holds.
    Renamed,
}

/// One field that would change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The names that lead to it: `["attributes", "tier"]`.
    pub path: Vec<String>,
    /// Its value at AWS; `None` where it has none.
    pub before: Option<Value>,
    /// Its value in the spec; `None` where it goes away or is not known yet.
    pub after: Option<Value>,
    /// The value is known only after apply.
    pub unknown: bool,
    /// AWS cannot change it in place.
    pub forces_replacement: bool,
    /// It holds a JSON document.
    pub document: bool,
}

/// What would be done to one resource, with all that it takes to do it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The resource.
    pub address: Address,
    /// How AWS tells it from others of its type.
    pub key: String,
    /// What would be done.
    pub action: Action,
    /// Why; `None` where nothing is.
    pub reason: Option<Reason>,
    /// It is taken into the stack, whatever else is done to it.
    pub importing: bool,
    /// The fields that would change.
    pub fields: Vec<FieldChange>,
    /// The resource as it stands.
    pub live: Option<Live>,
    /// Its fields as they should be, in comparable form; what is not known yet
    /// holds a marker of [`unknown`](crate::model::unknown).
    pub after: Option<Attributes>,
    /// User tags as they should be.
    pub tags: Option<Tags>,
    /// Its fields as they are sent to AWS, references not resolved.
    pub written: Option<Attributes>,
    /// Fields that take their value from other resources.
    pub references: Vec<Reference>,
    /// Resources that must be in place first.
    pub depends_on: Vec<Address>,
    /// The ownership to write.
    pub owner: Option<Owner>,
    /// Top-level fields that the spec manages.
    pub managed: Vec<String>,
}

impl Change {
    /// Tells whether anything is done to the resource.
    pub fn is_change(&self) -> bool {
        self.action != Action::NoOp
    }

    /// Returns the outputs that it has now and keeps; `None` where they are
    /// known only after apply.
    pub fn known_outputs(&self) -> Option<&Attributes> {
        match self.action {
            Action::NoOp | Action::Update | Action::Adopt => {
                self.live.as_ref().map(|live| &live.outputs)
            }
            Action::Create | Action::Replace | Action::Delete | Action::Release => None,
        }
    }

    /// Returns the value of one output, as far as it is known already. The name
    /// at AWS is known before the resource is made.
    fn known_output(&self, name_field: Option<&str>, output: &str) -> Option<Value> {
        let known = self.known_outputs().and_then(|known| known.get(output));
        known.cloned().or_else(|| {
            let is_kept = matches!(self.action, Action::Create | Action::Replace);
            (is_kept && name_field == Some(output)).then(|| Value::from(self.key.as_str()))
        })
    }
}

/// How many resources each action concerns, in Terraform's words: a
/// replacement is one to add and one to destroy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Resources taken into the stack.
    pub import: usize,
    /// Resources made.
    pub add: usize,
    /// Resources changed in place.
    pub change: usize,
    /// Resources deleted.
    pub destroy: usize,
    /// Resources that stay and are the stack's no more.
    pub release: usize,
}

impl Plan {
    /// Tells whether there is anything to do.
    pub fn has_changes(&self) -> bool {
        self.changes.iter().any(Change::is_change)
    }

    /// Walks what would be changed.
    pub fn actual_changes(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.is_change())
    }

    /// Counts what would be changed.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for change in &self.changes {
            counts.import += usize::from(change.importing);
            match change.action {
                Action::Create => counts.add += 1,
                Action::Update => counts.change += 1,
                Action::Delete => counts.destroy += 1,
                Action::Release => counts.release += 1,
                Action::Replace => {
                    counts.add += 1;
                    counts.destroy += 1;
                }
                Action::NoOp | Action::Adopt => {}
            }
        }
        counts
    }

    /// Returns what is known already of the outputs of each resource.
    pub fn known_outputs(&self) -> BTreeMap<Address, Attributes> {
        self.changes
            .iter()
            .filter_map(|change| Some((change.address.clone(), change.known_outputs()?.clone())))
            .collect()
    }
}
