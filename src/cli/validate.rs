//! `xrayctl validate`.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::Outcome;
use super::globals::Globals;
use super::spec_file::{self, DEFAULT_PATH};
use crate::exit::Exit;
use crate::model::{Diagnostics, Severity, plural};
use crate::view::{Terminal, diagnostic};

/// Check a spec without a call to AWS
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The spec
    #[arg(value_name = "SPEC", default_value = DEFAULT_PATH)]
    spec: PathBuf,
}

pub(super) fn run(args: &Args, globals: &Globals, terminal: &Terminal) -> Outcome {
    let (spec, warnings) = spec_file::load(&args.spec, globals)?;
    if globals.json {
        terminal.result(&format!("{:#}", document(&warnings)))?;
    } else {
        terminal.diagnostics(&warnings);
        terminal.result(&format!(
            "{} is valid: stack `{}` with {}.",
            args.spec.display(),
            spec.stack.name,
            plural::count(spec.resources.len(), "resource")
        ))?;
    }
    Ok(Exit::Success)
}

/// Writes diagnostics in the form of `terraform validate -json`.
pub(super) fn document(diagnostics: &Diagnostics) -> Value {
    let list: Vec<Value> = diagnostics.iter().map(diagnostic::to_json).collect();
    json!({
        "format_version": "1.0",
        "valid": !diagnostics.has_errors(),
        "error_count": diagnostics.count(Severity::Error),
        "warning_count": diagnostics.count(Severity::Warning),
        "diagnostics": list,
    })
}
