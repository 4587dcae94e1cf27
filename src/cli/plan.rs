//! `xrayctl plan`.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::globals::Globals;
use super::planning::{self, Planned, Selection};
use super::spec_file::DEFAULT_PATH;
use super::{Outcome, replace_file};
use crate::exit::Exit;
use crate::model::Diagnostic;
use crate::plan::Mode;
use crate::plan::saved::{Origin, SavedPlan};
use crate::resource::REGISTRY;
use crate::spec::Spec;
use crate::view::{self, Report, Terminal};

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

    #[command(flatten)]
    form: Form,
}

/// What form the plan is printed in.
#[derive(Clone, Copy, Debug, clap::Args)]
struct Form {
    /// Print the plan in this form
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,

    /// Short for --format markdown
    #[arg(long, conflicts_with = "format")]
    markdown: bool,
}

/// How a plan is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people; with --json, one event a line, and the plan last
    Text,
    /// For a pull request: short enough for a comment, each change folded
    Markdown,
    /// One document in Terraform's plan format 1.2, as `show --json` prints of
    /// a saved plan
    Terraform,
}

pub(super) async fn run(
    args: &Args,
    globals: &Globals,
    terminal: &Terminal,
    report: &dyn Report,
) -> Outcome {
    let format = args.form.choose(globals)?;
    let mode = match (args.destroy, args.refresh_only) {
        (true, _) => Mode::Destroy,
        (_, true) => Mode::RefreshOnly,
        _ => Mode::Apply,
    };
    let planned = planning::from_spec(&args.spec, globals, &args.selection, mode).await?;
    let Planned {
        plan,
        warnings,
        spec,
        ..
    } = planned;
    let has_changes = plan.has_changes();
    if format != Format::Markdown {
        report.diagnostics(&warnings);
    }
    let saved = SavedPlan::new(plan, origin(args, globals, &spec), epoch_seconds());
    match format {
        Format::Text => report.plan(&saved.plan)?,
        Format::Markdown => {
            terminal.result(&view::markdown::render(&saved.plan, &warnings))?;
        }
        Format::Terraform => terminal.result(&format!("{:#}", terraform_plan(&saved)?))?,
    }
    if let Some(out) = &args.out {
        save(out, &saved)?;
        report.saved(out);
    }
    if globals.json {
        report.document(terraform_plan(&saved)?)?;
    }
    // The process ends: its memory is left to the system.
    std::mem::forget((saved, spec));
    if args.detailed_exitcode && has_changes {
        return Ok(Exit::Changes);
    }
    Ok(Exit::Success)
}

impl Form {
    fn choose(self, globals: &Globals) -> Result<Format, Diagnostic> {
        let format = if self.markdown {
            Format::Markdown
        } else {
            self.format
        };
        if globals.json && format != Format::Text {
            return Err(Diagnostic::error(
                "--json prints events, and --format or --markdown another form",
            )
            .with_hint("leave one of them out"));
        }
        Ok(format)
    }
}

/// Writes a plan in Terraform's plan format.
///
/// # Errors
/// Where the plan does not have the fields of its types.
pub(super) fn terraform_plan(saved: &SavedPlan) -> Result<Value, Diagnostic> {
    view::terraform_plan::document(saved, REGISTRY)
        .map_err(|error| Diagnostic::error(format!("cannot write the plan: {error}")))
}

fn epoch_seconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
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

fn origin(args: &Args, globals: &Globals, spec: &Spec) -> Origin {
    let mut environment_vars = Globals::environment_variables();
    // Those of other programs are none of a plan's business.
    environment_vars.retain(|name, _| spec.variables.contains(name));
    Origin {
        spec_path: args.spec.display().to_string(),
        spec_hash: spec.hash.clone(),
        env: globals.env.clone(),
        vars: globals.variables(),
        environment_vars,
        adopt: args.selection.adopt,
        delete_data: args.selection.delete_data,
        only: args.selection.only.clone(),
    }
}

fn save(out: &Path, saved: &SavedPlan) -> Result<(), Diagnostic> {
    refuse_foreign_file(out)?;
    let text = saved
        .to_text()
        .map_err(|error| Diagnostic::error(format!("cannot write the plan: {error}")))?;
    replace_file::private(out, &text)
        .map_err(|error| Diagnostic::error(format!("cannot write `{}`: {error}", out.display())))
}
