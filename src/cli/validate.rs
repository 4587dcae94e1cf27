//! `xrayctl validate`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};

use super::Outcome;
use super::globals::Globals;
use super::spec_file::{self, DEFAULT_PATH};
use crate::exit::Exit;
use crate::model::{Diagnostics, Severity, SourceFile, plural};
use crate::spec::{self, Spec};
use crate::view::{Terminal, diagnostic};

/// Check a spec without a call to AWS
///
/// Checks the spec as it stands and in each of its environments; with --env in
/// that one alone.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The spec
    #[arg(value_name = "SPEC", default_value = DEFAULT_PATH)]
    spec: PathBuf,

    /// Fail where anything is found, a warning too
    #[arg(long)]
    deny_warnings: bool,
}

pub(super) fn run(args: &Args, globals: &Globals, terminal: &Terminal) -> Outcome {
    let source = spec_file::read(&args.spec)?;
    let checked = Checked::new(&source, args, globals);
    let is_denied = args.deny_warnings && !checked.found.is_empty();
    if checked.found.has_errors() || (is_denied && !globals.json) {
        return Err(checked.found.into());
    }
    if globals.json {
        terminal.result(&format!("{:#}", document(&checked.found)))?;
        if is_denied {
            return Ok(Exit::Failure);
        }
    } else {
        terminal.diagnostics(&checked.found);
        for spec in &checked.specs {
            let env = spec.env.as_ref();
            terminal.result(&format!(
                "{} is valid{}: stack `{}` with {}.",
                args.spec.display(),
                env.map_or_else(String::new, |env| format!(" with --env {env}")),
                spec.stack.name,
                plural::count(spec.resources.len(), "resource")
            ))?;
        }
    }
    Ok(Exit::Success)
}

/// A spec, checked for every environment that it may be used in.
struct Checked {
    specs: Vec<Spec>,
    /// What was found, each thing once though several environments share it.
    found: Diagnostics,
    known: BTreeSet<(Option<usize>, String)>,
}

impl Checked {
    fn new(source: &Arc<SourceFile>, args: &Args, globals: &Globals) -> Self {
        let mut checked = Self {
            specs: Vec::new(),
            found: Diagnostics::new(),
            known: BTreeSet::new(),
        };
        let mut envs = vec![globals.env.clone()];
        if globals.env.is_none() {
            envs.extend(spec::environments(source).into_iter().map(Some));
        }
        for env in envs {
            let options = spec_file::options(globals, env);
            match spec_file::check(source, &args.spec, &options) {
                Ok((spec, warnings)) => {
                    checked.add(warnings);
                    checked.add(spec.lint());
                    checked.specs.push(spec);
                }
                Err(errors) => checked.add(errors),
            }
        }
        checked
    }

    fn add(&mut self, found: Diagnostics) {
        for diagnostic in found {
            let place = diagnostic.source.as_ref().map(|source| source.bytes.start);
            if self.known.insert((place, diagnostic.summary.clone())) {
                self.found.push(diagnostic);
            }
        }
    }
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
