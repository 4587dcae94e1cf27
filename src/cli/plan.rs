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
    #[arg(long)]
    destroy: bool,

    /// Show only what others changed at AWS
    #[arg(long, conflicts_with = "destroy")]
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

fn save(out: &Path, args: &Args, globals: &Globals, planned: Planned) -> Result<(), Diagnostic> {
    let mut vars = Globals::environment_variables();
    vars.extend(globals.variables());
    let origin = Origin {
        spec_path: args.spec.display().to_string(),
        spec_hash: planned.spec.hash,
        env: globals.env.clone(),
        vars,
        adopt: args.selection.adopt,
        only: args.selection.only.clone(),
    };
    let text = SavedPlan::new(planned.plan, origin)
        .to_text()
        .map_err(|error| Diagnostic::error(format!("cannot write the plan: {error}")))?;
    replace_file::private(out, &text)
        .map_err(|error| Diagnostic::error(format!("cannot write `{}`: {error}", out.display())))
}
