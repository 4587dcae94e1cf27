//! Working out a plan from the two sides.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::compare::{self, Rules};
use super::matching::{Ownership, matched, ownership};
use super::{
    Action, Catalog, Change, FieldChange, Mode, Plan, Reason, Target, fingerprint, order, reason,
};
use crate::model::attributes::put;
use crate::model::live::TAG_PREFIX;
use crate::model::{
    Address, Attributes, Desired, Diagnostic, Diagnostics, Facts, Lifecycle, Live, Owner,
    Reference, unknown,
};

/// What a plan is worked out from.
#[derive(Clone, Copy)]
pub struct Sides<'a> {
    /// What is known of resource types.
    pub catalog: &'a dyn Catalog,
    /// The stack.
    pub stack: &'a str,
    /// What the spec wants.
    pub desired: &'a [Desired],
    /// What stands at AWS.
    pub live: &'a [Live],
}

/// How a plan is worked out.
#[derive(Clone, Debug)]
pub struct Request {
    /// What to do.
    pub mode: Mode,
    /// The account and region.
    pub target: Target,
    /// Takes resources that exist and that no stack owns into the stack.
    pub adopt: bool,
    /// Deletes what holds data too, which is released otherwise.
    pub delete_data: bool,
    /// What the desired side was cut down to by [`order::selected`], and
    /// orphans to be deleted; everything where empty.
    pub only: Vec<Address>,
}

/// Works out what would be changed.
///
/// # Errors
/// Everything that stands in the way: resources of others, protected ones,
/// references that go round in a circle.
pub fn plan(sides: Sides<'_>, request: &Request) -> Result<Plan, Diagnostics> {
    let ordered = order::by_dependency(sides.desired)?;
    let matched = matched(sides.catalog, sides.stack, sides.desired, sides.live);
    let mut planner = Planner {
        sides,
        request,
        changes: BTreeMap::new(),
        refused: Diagnostics::new(),
    };
    for desired in ordered {
        let live = matched.pairs.get(&desired.address).copied();
        match matched.displaced.get(&desired.address) {
            Some(own) if request.mode == Mode::Destroy => planner.desired(desired, Some(own)),
            Some(own) => planner.refuse_displaced(desired, own),
            None => planner.desired(desired, live),
        }
    }
    if request.mode != Mode::RefreshOnly {
        for orphan in matched.orphans {
            planner.orphan(orphan);
        }
    }
    planner.finish()
}

struct Planner<'a> {
    sides: Sides<'a>,
    request: &'a Request,
    changes: BTreeMap<Address, Change>,
    refused: Diagnostics,
}

impl Planner<'_> {
    fn desired(&mut self, desired: &Desired, live: Option<&Live>) {
        let Some(facts) = self.sides.catalog.facts(desired.address.kind()) else {
            return;
        };
        let live = live.map(|live| managed_side(desired, facts, live));
        let live = live.as_deref();
        if let Some(live) = live
            && !self.may_touch(desired, facts, live)
        {
            return;
        }
        if live.is_none() && facts.lifecycle == Lifecycle::Existing {
            self.refuse_missing(desired, facts);
            return;
        }
        let change = match self.request.mode {
            Mode::Apply | Mode::RefreshOnly => Some(self.converge(desired, facts, live)),
            Mode::Destroy => self.destroy(desired, facts, live),
        };
        if let Some(mut change) = change {
            if self.request.mode == Mode::RefreshOnly && !reason::is_drift(&change) {
                change.action = Action::NoOp;
            }
            self.refuse_protected(desired, facts, &change);
            self.refuse_loss_of_data(desired, facts, &change);
            self.changes.insert(change.address.clone(), change);
        }
    }

    /// Refuses what belongs to another stack, or to nobody without `--adopt`.
    fn may_touch(&mut self, desired: &Desired, facts: &Facts, live: &Live) -> bool {
        let subject = format!("{} `{}`", facts.title, live.key);
        let refusal = match ownership(self.sides.stack, live) {
            Ownership::Ours => return true,
            // Not ours, so not ours to destroy.
            Ownership::Nobodys | Ownership::Others(_) if self.request.mode == Mode::Destroy => {
                return false;
            }
            // Others made it and go on using it; the spec says that it is to
            // be managed.
            Ownership::Nobodys if facts.lifecycle == Lifecycle::Existing => return true,
            Ownership::Nobodys if self.request.adopt => return true,
            Ownership::Nobodys => {
                Diagnostic::error(format!("{subject} exists already and no stack owns it"))
                    .with_hint(format!(
                        "take it into this stack with `xrayctl import {}`, or with --adopt",
                        desired.address
                    ))
            }
            Ownership::Others(stack) => {
                Diagnostic::error(format!("{subject} belongs to the stack `{stack}`"))
                    .with_hint("rename it here, or remove it there first")
            }
        };
        self.refuse(desired, refusal);
        false
    }

    /// Refuses to go on where the name that the spec gives is held by one that
    /// is not ours, while ours stands beside it under another name or none.
    fn refuse_displaced(&mut self, desired: &Desired, own: &Live) {
        let id = own.outputs.get("arn").and_then(Value::as_str);
        let refusal = Diagnostic::error(format!(
            "`{}` is not this stack's, whose own {} is {}",
            desired.key,
            desired.address,
            id.unwrap_or(&own.key)
        ))
        .with_hint("give the other one another name, or this one in the spec");
        self.refuse(desired, refusal);
    }

    /// Refuses to manage what nobody has made. There is nothing to destroy then.
    fn refuse_missing(&mut self, desired: &Desired, facts: &Facts) {
        if self.request.mode == Mode::Destroy {
            return;
        }
        let refusal = Diagnostic::error(format!("AWS has no {} `{}`", facts.title, desired.key))
            .with_hint(
                "xrayctl changes one that exists; create it first, or take it out of the spec",
            );
        self.refuse(desired, refusal);
    }

    /// Refuses to replace what holds data.
    fn refuse_loss_of_data(&mut self, desired: &Desired, facts: &Facts, change: &Change) {
        if change.action == Action::Replace && facts.holds_data && !self.request.delete_data {
            let forcing = change.fields.iter().find(|field| field.forces_replacement);
            let field = forcing.map_or_else(String::new, |field| field.path.join("."));
            let refusal = Diagnostic::error(format!(
                "{} `{}` would be replaced and the data in it lost, since AWS cannot change `{field}`",
                facts.title, change.key
            ))
            .with_hint("give --delete-data if that is what you want, or another name in the spec");
            self.refuse(desired, refusal);
        }
    }

    fn refuse(&mut self, desired: &Desired, refusal: Diagnostic) {
        let refusal = refusal.at(desired.address.clone());
        self.refused.push(match &desired.source {
            Some(source) => refusal.with_source(source.clone()),
            None => refusal,
        });
    }

    fn refuse_protected(&mut self, desired: &Desired, facts: &Facts, change: &Change) {
        let what = match (change.action, change.reason) {
            (Action::Delete, _) => "deleted",
            (Action::Release, _) => "released",
            (Action::Replace, _) => "replaced",
            (Action::Update, Some(Reason::Reset)) => "put back to AWS's default",
            _ => return,
        };
        if desired.protect {
            let standing = change.live.as_ref().map_or(&change.key, |live| &live.key);
            let refusal = Diagnostic::error(format!(
                "{} `{standing}` is protected and would be {what}",
                facts.title
            ))
            .with_hint("remove `protect = true` from it if that is what you want");
            self.refuse(desired, refusal);
        }
    }

    /// Makes the live resource as the spec says.
    fn converge(&self, desired: &Desired, facts: &Facts, live: Option<&Live>) -> Change {
        let mut desired = desired.clone();
        self.resolve(&mut desired);
        leave_ignored(&mut desired, live);
        let rules = Rules {
            catalog: self.sides.catalog,
            facts,
            ignore: &desired.ignore,
        };
        let fields = differences(rules, &desired, live);
        let managed: Vec<String> = desired
            .attributes
            .iter()
            .filter(|(name, value)| rules.manages(name, Some(value)))
            .map(|(name, _)| name.clone())
            .collect();
        let importing =
            live.is_some_and(|live| ownership(self.sides.stack, live) == Ownership::Nobodys);
        let is_renamed = live
            .and_then(Live::owner)
            .is_some_and(|owner| owner.name.as_deref() != desired.address.name() && facts.taggable);
        let action = action(&fields, live, importing || is_renamed);
        let reason = match live {
            None => Some(Reason::NotAtAws),
            Some(_) if action == Action::Adopt && is_renamed => Some(Reason::Renamed),
            Some(live) => (action != Action::NoOp)
                .then(|| reason::of(&desired, live, &managed, !fields.is_empty())),
        };
        Change {
            owner: facts.taggable.then(|| Owner {
                stack: self.sides.stack.to_owned(),
                name: desired.address.name().map(str::to_owned),
                applied: None,
            }),
            key: desired.key,
            action,
            reason,
            importing,
            fields,
            live: live.cloned(),
            after: Some(desired.attributes),
            tags: desired.tags,
            written: Some(desired.written),
            depends_on: dependencies(&desired.references, &desired.depends_on),
            references: desired.references,
            address: desired.address,
            managed,
        }
    }

    /// Fills in references whose value is known already, and markers for those
    /// whose value is not.
    fn resolve(&self, desired: &mut Desired) {
        let with_value = |reference: &&Reference| !reference.field.is_empty();
        if !desired.references.iter().any(|one| with_value(&one)) {
            return;
        }
        let mut written = desired.written.clone();
        for reference in desired.references.iter().filter(with_value) {
            let value = self.changes.get(&reference.to).and_then(|change| {
                let facts = self.sides.catalog.facts(change.address.kind());
                change.known_output(facts.and_then(|facts| facts.name_field), &reference.output)
            });
            let value = value.unwrap_or_else(|| Value::from(unknown::marker(reference)));
            put(&mut written, &reference.field, value);
        }
        let kind = desired.address.kind();
        if let Some(comparable) = self.sides.catalog.comparable(kind, &written) {
            desired.attributes = comparable;
        }
    }

    /// Deletes what the stack owns, puts a setting back.
    fn destroy(&self, desired: &Desired, facts: &Facts, live: Option<&Live>) -> Option<Change> {
        let live = live.filter(|live| !live.deletion_scheduled)?;
        if facts.is_named() {
            let deletion = self.deletion(desired.address.clone(), facts, live, Reason::Destroy);
            let mut fields = deletion.fields.clone();
            fields.extend(taken_back(desired, facts, live));
            return Some(Change {
                fields,
                written: Some(desired.written.clone()),
                references: Vec::new(),
                depends_on: dependencies(&desired.references, &desired.depends_on),
                ..deletion
            });
        }
        self.reset(desired, facts, live)
    }

    /// Puts a setting back to AWS's default, but for what is left to others.
    fn reset(&self, desired: &Desired, facts: &Facts, live: &Live) -> Option<Change> {
        let default = self.sides.catalog.aws_default(desired.address.kind())?;
        let mut target = Desired {
            attributes: default.clone(),
            written: default,
            tags: None,
            ..desired.clone()
        };
        leave_ignored(&mut target, Some(live));
        let rules = Rules {
            catalog: self.sides.catalog,
            facts,
            ignore: &desired.ignore,
        };
        let fields = compare::fields(rules, &target.attributes, Some(&live.attributes));
        let has_changes = !fields.is_empty();
        Some(Change {
            address: desired.address.clone(),
            key: live.key.clone(),
            action: if has_changes {
                Action::Update
            } else {
                Action::NoOp
            },
            reason: has_changes.then_some(Reason::Reset),
            importing: false,
            fields,
            live: Some(live.clone()),
            after: Some(target.attributes),
            tags: None,
            written: Some(target.written),
            references: Vec::new(),
            depends_on: dependencies(&desired.references, &desired.depends_on),
            owner: None,
            managed: Vec::new(),
        })
    }

    /// Deletes what the stack owns and the spec no longer names.
    fn orphan(&mut self, live: &Live) {
        // Two may carry one name, as when a create was carried out twice: the
        // second goes by what AWS calls it.
        let arn = live.outputs.get("arn").and_then(Value::as_str);
        let names = live.owner().and_then(|owner| owner.name).into_iter();
        let names = names
            .chain([live.key.clone()])
            .chain(arn.map(str::to_owned));
        let address = names
            .filter(|name| !name.is_empty())
            .map(|name| Address::new(&live.kind, name))
            .find(|address| !self.changes.contains_key(address));
        let Some(address) = address else {
            return;
        };
        let reason = if self.request.mode == Mode::Destroy {
            Reason::Destroy
        } else {
            Reason::RemovedFromSpec
        };
        let Some(facts) = self.sides.catalog.facts(&live.kind) else {
            return;
        };
        let name = live.owner().and_then(|owner| owner.name);
        let namesake = self.sides.desired.iter().find(|desired| {
            desired.address.kind() == live.kind && desired.address.name() == name.as_deref()
        });
        let change = self.deletion(address, facts, live, reason);
        if let Some(namesake) = namesake {
            self.refuse_protected(namesake, facts, &change);
        }
        self.changes.insert(change.address.clone(), change);
    }

    fn deletion(&self, address: Address, facts: &Facts, live: &Live, reason: Reason) -> Change {
        Change {
            address,
            key: live.key.clone(),
            action: if facts.is_released(self.request.delete_data) {
                Action::Release
            } else {
                Action::Delete
            },
            reason: Some(reason),
            importing: false,
            fields: removed_fields(self.sides.catalog, facts, live),
            live: Some(live.clone()),
            after: None,
            tags: None,
            written: None,
            references: Vec::new(),
            depends_on: Vec::new(),
            owner: None,
            managed: Vec::new(),
        }
    }

    fn finish(self) -> Result<Plan, Diagnostics> {
        let mut refused = self.refused;
        let mut changes: Vec<Change> = self.changes.into_values().collect();
        for address in &self.request.only {
            if !changes.iter().any(|change| change.address == *address) {
                refused.push(
                    Diagnostic::error(format!("there is no `{address}` to target"))
                        .with_hint("`xrayctl plan` lists the addresses of this stack"),
                );
            }
        }
        if refused.has_errors() {
            return Err(refused);
        }
        let is_partial = !self.request.only.is_empty();
        if is_partial {
            let wanted = self.sides.desired.iter().map(|desired| &desired.address);
            let kept: BTreeSet<&Address> = wanted.chain(&self.request.only).collect();
            changes.retain(|change| kept.contains(&change.address));
        }
        let live_hash =
            fingerprint::of_live(changes.iter().filter_map(|change| change.live.as_ref()));
        Ok(Plan {
            stack: self.sides.stack.to_owned(),
            target: self.request.target.clone(),
            mode: self.request.mode,
            is_partial,
            changes,
            live_hash,
        })
    }
}

/// Returns the live side as far as it is the spec's business: what others made
/// carries tags of theirs, which stay as they are.
fn managed_side<'a>(desired: &Desired, facts: &Facts, live: &'a Live) -> Cow<'a, Live> {
    if facts.lifecycle != Lifecycle::Existing {
        return Cow::Borrowed(live);
    }
    let mut live = live.clone();
    if let Some(tags) = &mut live.tags {
        let is_named = |key: &str| {
            desired
                .tags
                .as_ref()
                .is_some_and(|own| own.contains_key(key))
        };
        tags.retain(|key, _| key.starts_with(TAG_PREFIX) || is_named(key));
    }
    Cow::Owned(live)
}

/// Lists the fields and tags in which the two sides differ.
fn differences(rules: Rules<'_>, desired: &Desired, live: Option<&Live>) -> Vec<FieldChange> {
    let standing = live.map(|live| &live.attributes);
    let mut fields = compare::fields(rules, &desired.attributes, standing);
    if live.is_none() {
        for field in &mut fields {
            // Nothing stands that could be replaced.
            field.forces_replacement = false;
        }
    }
    if let Some(tags) = &desired.tags
        && !desired.ignore.iter().any(|field| field == "tags")
    {
        let live_tags = live.and_then(Live::user_tags);
        fields.extend(compare::tags(tags, live_tags.as_ref()));
    }
    fields
}

fn action(fields: &[FieldChange], live: Option<&Live>, tags_change: bool) -> Action {
    match live {
        None => Action::Create,
        Some(_) if fields.iter().any(|field| field.forces_replacement) => Action::Replace,
        Some(live) if !fields.is_empty() || live.deletion_scheduled => Action::Update,
        Some(_) if tags_change => Action::Adopt,
        Some(_) => Action::NoOp,
    }
}

/// Lists every field that goes away with a resource.
fn removed_fields(catalog: &dyn Catalog, facts: &Facts, live: &Live) -> Vec<FieldChange> {
    let rules = Rules {
        catalog,
        facts,
        ignore: &[],
    };
    let mut fields = compare::fields(rules, &Attributes::new(), Some(&live.attributes));
    for field in &mut fields {
        field.forces_replacement = false;
    }
    fields
}

/// Lists what of a thing that others made stands as the spec wants it, in fields
/// that are left to them otherwise: the release takes it back.
fn taken_back(desired: &Desired, facts: &Facts, live: &Live) -> Vec<FieldChange> {
    if facts.lifecycle != Lifecycle::Existing {
        return Vec::new();
    }
    let is_named = |name: &str| {
        let value = desired.attributes.get(name);
        value.is_some_and(|value| !value.is_null()) && facts.is_unmanaged_when_absent(name)
    };
    let mut taken_back = Vec::new();
    let named = live.attributes.iter();
    for (name, value) in named.filter(|(name, _)| is_named(name)) {
        let mut add = |path: Vec<String>, value: &Value| {
            taken_back.push(FieldChange {
                path,
                before: Some(value.clone()),
                after: None,
                unknown: false,
                forces_replacement: false,
                document: facts.is_document(name),
            });
        };
        match value {
            Value::Null => {}
            Value::Object(inner) if !facts.is_document(name) => {
                for (key, value) in inner {
                    add(vec![name.clone(), key.clone()], value);
                }
            }
            value => add(vec![name.clone()], value),
        }
    }
    taken_back
}

fn dependencies(references: &[Reference], named: &[Address]) -> Vec<Address> {
    let all: BTreeSet<Address> = references
        .iter()
        .map(|reference| reference.to.clone())
        .chain(named.iter().cloned())
        .collect();
    all.into_iter().collect()
}

/// Takes fields that are left to others as they stand, since some calls send
/// the whole state.
fn leave_ignored(desired: &mut Desired, live: Option<&Live>) {
    let Some(live) = live else {
        return;
    };
    for field in &desired.ignore {
        let place = format!("/{field}");
        for reference in &mut desired.references {
            let rest = reference.field.strip_prefix(&place);
            if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
                // It would be put where the value of others stands.
                reference.field.clear();
            }
        }
        if let Some(value) = live.attributes.get(field) {
            desired.attributes.insert(field.clone(), value.clone());
            desired.written.insert(field.clone(), value.clone());
        }
        if field == "tags" {
            desired.tags = live.user_tags();
        }
    }
}
