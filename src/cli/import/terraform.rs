//! Taking over what a Terraform state holds.

use std::path::Path;

use super::Args;
use crate::cli::apply::approve_and_run;
use crate::cli::export::Standing;
use crate::cli::globals::Globals;
use crate::cli::planning::{self, Planned, Selection};
use crate::cli::{Outcome, spec_file};
use crate::exit::Exit;
use crate::export::terraform_state::{Found, StateError, TerraformState};
use crate::model::{Diagnostic, Diagnostics, plural};
use crate::plan::{Action, Mode};
use crate::resource::{Kind, REGISTRY};
use crate::view::{Report, Terminal};

pub(super) async fn run(
    args: &Args,
    path: &Path,
    globals: &Globals,
    terminal: &Terminal,
    report: &dyn Report,
) -> Outcome {
    let text = &spec_file::read(path)?.text;
    let state = TerraformState::parse(text).map_err(|error| refused(path, &error))?;
    let kinds = state.kinds(REGISTRY);
    let written = spec_of(&state, &kinds, args, globals, terminal).await?;
    let Some(out) = &args.out else {
        terminal.result(&written)?;
        return Ok(Exit::Success);
    };
    spec_file::create(out, &written)?;
    terminal.status(&format!("Wrote {}.", out.display()));
    take_over(out, args, globals, terminal, report).await
}

fn refused(path: &Path, error: &StateError) -> Diagnostic {
    Diagnostic::error(format!("cannot read `{}`: {error}", path.display()))
        .with_hint("write one with `terraform show -json > state.json`")
}

/// Writes a spec of what stands of the state.
async fn spec_of(
    state: &TerraformState,
    kinds: &[&'static dyn Kind],
    args: &Args,
    globals: &Globals,
    terminal: &Terminal,
) -> Result<String, crate::cli::Failure> {
    let standing = Standing::read(globals, &args.stack, kinds).await?;
    let found = state.find(kinds, &standing.live);
    terminal.diagnostics(&left_out(&found));
    if found.live.is_empty() {
        return Err(Diagnostic::error(
            "none of the state's resources stands in this account and region",
        )
        .with_hint("check the credentials, and the region with --region")
        .into());
    }
    let written = standing.write(kinds, &found.live)?;
    terminal.diagnostics(&written.warnings);
    Ok(written.text)
}

/// Tells what of the state does not become part of the spec.
fn left_out(found: &Found<'_>) -> Diagnostics {
    let mut warnings: Diagnostics = found
        .missing
        .iter()
        .map(|address| {
            Diagnostic::warning(format!(
                "`{address}` of the state does not stand in this account and region"
            ))
        })
        .collect();
    if !found.unknown.is_empty() {
        let counts: Vec<String> = found
            .unknown
            .iter()
            .map(|(kind, number)| format!("{number} {kind}"))
            .collect();
        let total: usize = found.unknown.values().sum();
        warnings.push(Diagnostic::warning(format!(
            "{} of types that xrayctl does not know or that are part of others: {}",
            plural::count(total, "resource"),
            counts.join(", ")
        )));
    }
    warnings
}

/// Tags what the new spec names, and changes nothing else.
async fn take_over(
    out: &Path,
    args: &Args,
    globals: &Globals,
    terminal: &Terminal,
    report: &dyn Report,
) -> Outcome {
    let (spec, warnings) = spec_file::load(out, globals)?;
    let selection = Selection {
        adopt: true,
        ..Selection::default()
    };
    let mut planned = planning::of_stack(spec, globals, &selection, Mode::Apply).await?;
    planned.warnings.extend(warnings);
    refuse_other_changes(&planned)?;
    approve_and_run(planned, &selection, &args.how, terminal, report).await
}

/// What was just read back as a spec cannot differ from it.
fn refuse_other_changes(planned: &Planned) -> Result<(), Diagnostics> {
    let others: Diagnostics = planned
        .plan
        .actual_changes()
        .filter(|change| change.action != Action::Adopt)
        .map(|change| {
            Diagnostic::error(format!(
                "{} differs from what was just read of it; nothing was taken over",
                change.address
            ))
            .with_hint("look at it with `xrayctl plan --adopt`; this may be a bug in xrayctl")
        })
        .collect();
    if others.is_empty() {
        Ok(())
    } else {
        Err(others)
    }
}
