//! `xrayctl show`.

use std::path::PathBuf;

use super::Outcome;
use super::globals::Globals;
use super::plan::terraform_plan;
use super::planning::{self, Selection};
use super::spec_file::{self, DEFAULT_PATH};
use crate::exit::Exit;
use crate::model::Diagnostic;
use crate::plan::Mode;
use crate::plan::saved::SavedPlan;
use crate::view::{self, Terminal};

/// Show a saved plan, or what the stack owns now
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A saved plan, or the spec of the stack
    #[arg(value_name = "PLAN|SPEC", default_value = DEFAULT_PATH)]
    file: PathBuf,
}

pub(super) async fn run(args: &Args, globals: &Globals, terminal: &Terminal) -> Outcome {
    let source = spec_file::read(&args.file)?;
    if SavedPlan::is_one(&source.text) {
        show_plan(&source.text, globals, terminal)?;
    } else {
        show_stack(args, globals, terminal).await?;
    }
    Ok(Exit::Success)
}

fn show_plan(text: &str, globals: &Globals, terminal: &Terminal) -> Result<(), super::Failure> {
    let saved = SavedPlan::from_text(text)
        .map_err(|error| Diagnostic::error(format!("cannot show the plan: {error}")))?;
    let rendered = if globals.json {
        format!("{:#}", terraform_plan(&saved)?)
    } else {
        view::plan::render(&saved.plan, terminal.styles)
    };
    Ok(terminal.result(&rendered)?)
}

async fn show_stack(
    args: &Args,
    globals: &Globals,
    terminal: &Terminal,
) -> Result<(), super::Failure> {
    let (mut spec, warnings) = spec_file::load(&args.file, globals)?;
    // What would be destroyed is what the stack owns; nothing is, so that
    // protection has nothing to refuse.
    for resource in &mut spec.resources {
        resource.protect = false;
    }
    let selection = Selection::default();
    let planned = planning::of_stack(spec, globals, &selection, Mode::Destroy).await?;
    let stack = view::show::Stack::of_plan(&planned.plan);
    let rendered = if globals.json {
        let document = serde_json::to_value(&stack)
            .map_err(|error| Diagnostic::error(format!("cannot write the stack: {error}")))?;
        format!("{document:#}")
    } else {
        terminal.diagnostics(&warnings);
        terminal.diagnostics(&planned.warnings);
        stack.render(terminal.styles)
    };
    Ok(terminal.result(&rendered)?)
}
