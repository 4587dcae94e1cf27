//! `xrayctl plan`.

use std::path::{Path, PathBuf};

use super::globals::Globals;
use super::planning::{self, Planned, Selection};
use super::spec_file::DEFAULT_PATH;
use super::{Outcome, replace_file};
use crate::exit::Exit;
use crate::model::Diagnostic;
use crate::plan::Mode;
use crate::plan::saved::{Origin, SavedPlan};
use crate::view::{self, Terminal};

/// Show how AWS differs from the spec, and change nothing
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The spec
    #[arg(value_name = "SPEC", default_value = DEFAULT_PATH)]
    spec: PathBuf,

    #[command(flatten)]
    selection: Selection,

    /// Save the plan for `xrayctl apply FILE`
    #[arg(long, value_name = "FILE", conflicts_with = "refresh_only")]
    out: Option<PathBuf>,

    /// End with 2 where there are changes
    #[arg(long)]
    detailed_exitcode: bool,

    /// Plan to delete what the stack owns
    #[arg(long, conflicts_with = "adopt")]
    destroy: bool,

    /// Show only what others changed at AWS
    #[arg(long, conflicts_with_all = ["destroy", "adopt"])]
    refresh_only: bool,
}

pub(super) async fn run(args: &Args, globals: &Globals, terminal: &Terminal) -> Outcome {
    let mode = match (args.destroy, args.refresh_only) {
        (true, _) => Mode::Destroy,
        (_, true) => Mode::RefreshOnly,
        _ => Mode::Apply,
    };
    let planned = planning::from_spec(&args.spec, globals, &args.selection, mode).await?;
    terminal.diagnostics(&planned.warnings);
    terminal.result(&view::plan::render(&planned.plan, terminal.styles))?;
    let has_changes = planned.plan.has_changes();
    if let Some(out) = &args.out {
        save(out, args, globals, planned)?;
        terminal.status(&format!(
            "\nSaved the plan to {0}. Apply it with: xrayctl apply {0}",
            out.display()
        ));
    }
    if args.detailed_exitcode && has_changes {
        return Ok(Exit::Changes);
    }
    Ok(Exit::Success)
}

/// Refuses to write a plan over anything but a plan.
fn refuse_foreign_file(out: &Path) -> Result<(), Diagnostic> {
    let is_foreign = match std::fs::read_to_string(out) {
        Ok(text) => !text.trim().is_empty() && !SavedPlan::is_one(&text),
        // A file that is no text is no plan; one that is not there is none yet.
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    };
    if is_foreign {
        return Err(
            Diagnostic::error(format!("`{}` exists and is no plan", out.display()))
                .with_hint("choose another name for the plan"),
        );
    }
    Ok(())
}

fn save(out: &Path, args: &Args, globals: &Globals, planned: Planned) -> Result<(), Diagnostic> {
    refuse_foreign_file(out)?;
    let mut environment_vars = Globals::environment_variables();
    // Those of other programs are none of a plan's business.
    environment_vars.retain(|name, _| planned.spec.variables.contains(name));
    let origin = Origin {
        spec_path: args.spec.display().to_string(),
        spec_hash: planned.spec.hash,
        env: globals.env.clone(),
        vars: globals.variables(),
        environment_vars,
        adopt: args.selection.adopt,
        delete_data: args.selection.delete_data,
        only: args.selection.only.clone(),
    };
    let text = SavedPlan::new(planned.plan, origin)
        .to_text()
        .map_err(|error| Diagnostic::error(format!("cannot write the plan: {error}")))?;
    replace_file::private(out, &text)
        .map_err(|error| Diagnostic::error(format!("cannot write `{}`: {error}", out.display())))
}
