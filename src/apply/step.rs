//! One step: the calls that make one resource as it should be.

use std::collections::BTreeMap;

use super::Context;
use crate::aws::{Class, Error};
use crate::model::attributes::put;
use crate::model::live::TAG_PREFIX;
use crate::model::{Address, Attributes, Desired, Live, Tags};
use crate::plan::order::Half;
use crate::plan::{Action, Change, fingerprint};
use crate::resource::read::Scope;
use crate::resource::{Kind, Lists};

/// The fields of a change with all references filled in.
pub(super) struct Resolved {
    /// As they are sent.
    written: Attributes,
    /// As they are compared.
    after: Attributes,
}

/// Fills in the references of `change` from what is known by now. A deletion
/// sends none of them, and may come before what they refer to is made anew.
///
/// # Errors
/// Where a reference has no value, which is a fault of ours.
pub(super) fn resolved(
    kinds: &[&'static dyn Kind],
    change: &Change,
    half: Half,
    outputs: &BTreeMap<Address, Attributes>,
) -> Result<Resolved, Error> {
    let mut fields = Resolved {
        written: change.written.clone().unwrap_or_default(),
        after: change.after.clone().unwrap_or_default(),
    };
    if half == Half::Remove {
        return Ok(fields);
    }
    for reference in &change.references {
        if reference.field.is_empty() {
            continue;
        }
        let value = outputs
            .get(&reference.to)
            .and_then(|outputs| outputs.get(&reference.output))
            .ok_or_else(|| {
                Error::internal(
                    &change.address.to_string(),
                    format!("{} has no output `{}`", reference.to, reference.output),
                )
            })?;
        put(&mut fields.written, &reference.field, value.clone());
    }
    if change.references.iter().any(|one| !one.field.is_empty()) {
        fields.after = kind_of(kinds, change)?.comparable(&fields.written)?;
    }
    Ok(fields)
}

fn kind_of(kinds: &[&'static dyn Kind], change: &Change) -> Result<&'static dyn Kind, Error> {
    let name = change.address.kind();
    let kind = kinds.iter().find(|kind| kind.facts().kind == name);
    kind.copied()
        .ok_or_else(|| Error::internal(name, "there is no such resource type"))
}

/// Runs one step and returns the outputs of the resource.
pub(super) async fn run(
    context: Context<'_>,
    change: &Change,
    half: Half,
    fields: Resolved,
) -> Result<Attributes, Error> {
    let kind = kind_of(context.kinds, change)?;
    let live = change.live.as_ref();
    match (change.action, half, live) {
        (Action::Release, Half::Remove, Some(live)) => release(context, kind, change, live).await,
        (_, Half::Remove, Some(live)) => remove(context, kind, change, live).await,
        (Action::Create | Action::Replace, Half::Put, _) => {
            create(context, kind, change, &fields).await
        }
        (Action::Update | Action::Adopt, Half::Put, Some(live)) => {
            update(context, kind, change, live, &fields).await
        }
        _ => Err(Error::internal(
            change.address.kind(),
            "the step has nothing to work on",
        )),
    }
}

async fn create(
    context: Context<'_>,
    kind: &dyn Kind,
    change: &Change,
    fields: &Resolved,
) -> Result<Attributes, Error> {
    let tags = all_tags(change, fields);
    let created = kind
        .create(context.aws, &change.key, &fields.written, &tags)
        .await;
    match created {
        Err(error) if error.class == Class::Conflict => {
            let found = find_created(context, kind, change, fields, &tags).await;
            found.ok_or(error)
        }
        other => other,
    }
}

/// A create whose answer was lost is tried again, and then told that the thing
/// exists. It is ours where it carries the very tags that were sent; where AWS
/// keeps no tags, where it is just as it was sent.
async fn find_created(
    context: Context<'_>,
    kind: &dyn Kind,
    change: &Change,
    fields: &Resolved,
    tags: &Tags,
) -> Option<Attributes> {
    let wanted = Desired {
        address: change.address.clone(),
        key: change.key.clone(),
        written: fields.written.clone(),
        attributes: fields.after.clone(),
        tags: change.tags.clone(),
        references: Vec::new(),
        depends_on: Vec::new(),
        protect: false,
        ignore: Vec::new(),
        source: None,
    };
    let stack = change.owner.as_ref().map(|owner| owner.stack.as_str());
    let scope = Scope {
        stack: stack.unwrap_or_default(),
        resolve: false,
        everything: false,
    };
    let (lists, wanted) = (Lists::default(), [&wanted]);
    let live = kind.read(context.aws, scope, &lists, &wanted).await.ok()?;
    let found = live.into_iter().find(|live| live.key == change.key)?;
    let is_ours = match &found.tags {
        Some(found_tags) => found_tags
            .iter()
            .filter(|(key, _)| !key.starts_with("aws:"))
            .eq(tags),
        None => found.attributes == fields.after,
    };
    is_ours.then_some(found.outputs)
}

/// Deletes with the parameters that the spec gives for it, such as a key's
/// waiting time, where the spec still names the resource.
async fn remove(
    context: Context<'_>,
    kind: &dyn Kind,
    change: &Change,
    live: &Live,
) -> Result<Attributes, Error> {
    kind.delete(context.aws, &with_parameters(kind, change, live))
        .await?;
    Ok(Attributes::new())
}

/// Lets go of one that stays: our tags go last, so that a release that is
/// killed in between is seen and done again.
async fn release(
    context: Context<'_>,
    kind: &dyn Kind,
    change: &Change,
    live: &Live,
) -> Result<Attributes, Error> {
    kind.release(context.aws, &with_parameters(kind, change, live))
        .await?;
    let ours: Vec<String> = live
        .tags
        .iter()
        .flat_map(Tags::keys)
        .filter(|key| key.starts_with(TAG_PREFIX))
        .cloned()
        .collect();
    if !ours.is_empty() {
        kind.retag(context.aws, &live.outputs, &Tags::new(), &ours)
            .await?;
    }
    Ok(Attributes::new())
}

/// What stands, with what the spec says of fields that are unmanaged when
/// absent.
fn with_parameters(kind: &dyn Kind, change: &Change, live: &Live) -> Live {
    let mut live = live.clone();
    for field in kind.facts().unmanaged_when_absent {
        let written = change
            .written
            .as_ref()
            .and_then(|fields| fields.get(*field));
        if let Some(value) = written.filter(|value| !value.is_null()) {
            live.attributes.insert((*field).to_owned(), value.clone());
        }
    }
    live
}

async fn update(
    context: Context<'_>,
    kind: &dyn Kind,
    change: &Change,
    live: &Live,
    fields: &Resolved,
) -> Result<Attributes, Error> {
    let is_tag = |path: &[String]| path.first().is_some_and(|name| name == "tags");
    let fields_change = change.fields.iter().any(|field| !is_tag(&field.path));
    let updates = fields_change || live.deletion_scheduled;
    // The tags hold what is applied. They go first, so that an apply that is
    // killed in between finds them right when it is run again; but AWS takes
    // none while a deletion is scheduled.
    if !live.deletion_scheduled {
        retag(context, kind, change, live, fields).await?;
    }
    let mut outputs = live.outputs.clone();
    if updates {
        let new = kind.update(context.aws, live, &fields.written).await?;
        outputs.extend(new);
    }
    if live.deletion_scheduled {
        retag(context, kind, change, live, fields).await?;
    }
    Ok(outputs)
}

async fn retag(
    context: Context<'_>,
    kind: &dyn Kind,
    change: &Change,
    live: &Live,
    fields: &Resolved,
) -> Result<(), Error> {
    let Some(live_tags) = &live.tags else {
        return Ok(());
    };
    let wanted = all_tags(change, fields);
    let set: Tags = wanted
        .iter()
        .filter(|(key, value)| live_tags.get(*key) != Some(value))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let remove: Vec<String> = live_tags
        .keys()
        .filter(|key| !key.starts_with("aws:") && !key.starts_with(TAG_PREFIX))
        .filter(|key| !wanted.contains_key(*key))
        .cloned()
        .collect();
    if set.is_empty() && remove.is_empty() {
        return Ok(());
    }
    kind.retag(context.aws, &live.outputs, &set, &remove).await
}

/// The user's tags and ours, with the fingerprint of what is applied.
fn all_tags(change: &Change, fields: &Resolved) -> Tags {
    let mut tags = change.tags.clone().unwrap_or_default();
    if let Some(owner) = &change.owner {
        let mut owner = owner.clone();
        owner.applied = Some(fingerprint::of_resource(
            &change.managed,
            &fields.after,
            change.tags.as_ref(),
        ));
        tags.extend(owner.to_tags());
    }
    tags
}
