//! Taking one resource in, which the spec names.

use std::path::Path;

use crate::cli::Outcome;
use crate::cli::apply::{How, approve_and_run};
use crate::cli::globals::Globals;
use crate::cli::planning::{self, Selection};
use crate::cli::spec_file;
use crate::exit::Exit;
use crate::model::{Address, Diagnostic};
use crate::plan::{Action, Change, Mode, Reason};
use crate::view::{Report, Terminal};

pub(super) async fn run(
    address: &Address,
    spec: &Path,
    how: &How,
    globals: &Globals,
    terminal: &Terminal,
    report: &dyn Report,
) -> Outcome {
    let (mut spec, warnings) = spec_file::load(spec, globals)?;
    if !spec.resources.iter().any(|one| one.address == *address) {
        return Err(Diagnostic::error(format!("the spec has no `{address}`"))
            .with_hint("add it to the spec first; import takes in what the spec names")
            .into());
    }
    for resource in &mut spec.resources {
        resource.protect = false;
    }
    let selection = Selection {
        only: vec![address.clone()],
        adopt: true,
        delete_data: false,
    };
    let mut planned = planning::of_stack(spec, globals, &selection, Mode::Apply).await?;
    planned.warnings.extend(warnings);
    planned
        .plan
        .changes
        .retain(|change| change.address == *address);
    for change in &mut planned.plan.changes {
        if let Some(reply) = adopt_as_it_is(change)? {
            terminal.result(&reply)?;
            return Ok(Exit::Success);
        }
    }
    // The plan is of the tags alone, so that a later look finds differences.
    let selection = Selection::default();
    planned.plan.is_partial = false;
    approve_and_run(planned, &selection, how, terminal, report).await
}

/// Reduces a planned change to taking the resource in; a text where there is
/// nothing to take in.
fn adopt_as_it_is(change: &mut Change) -> Result<Option<String>, Diagnostic> {
    let address = &change.address;
    let Some(live) = &change.live else {
        return Err(
            Diagnostic::error(format!("AWS has no {} `{}`", address.kind(), change.key))
                .with_hint("`xrayctl apply` creates it"),
        );
    };
    if live.tags.is_none() {
        return Ok(Some(format!(
            "{address} needs no import: AWS keeps no tags on it, and it is the stack's while the spec names it."
        )));
    }
    if live.deletion_scheduled {
        return Err(
            Diagnostic::error(format!("{address} is scheduled for deletion at AWS"))
                .with_hint("`xrayctl apply --adopt` takes it in and brings it back"),
        );
    }
    if !change.importing {
        return Ok(Some(format!("{address} belongs to the stack already.")));
    }
    change.action = Action::Adopt;
    change.reason = Some(Reason::Unowned);
    change.fields.clear();
    change.tags = live.user_tags();
    change.after = Some(live.attributes.clone());
    change.references.clear();
    Ok(None)
}
