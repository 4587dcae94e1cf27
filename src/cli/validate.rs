//! `xrayctl validate`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::Outcome;
use super::globals::Globals;
use super::spec_file::{self, DEFAULT_PATH};
use crate::exit::Exit;
use crate::model::{Diagnostic, Diagnostics, SourceFile, plural};
use crate::spec::Spec;
use crate::view::{Terminal, diagnostic, junit, sarif};

/// Check a spec without a call to AWS
///
/// Checks the spec as it stands and in each of its environments; with --env in
/// that one alone.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The spec
    #[arg(value_name = "SPEC", default_value = DEFAULT_PATH)]
    spec: PathBuf,

    /// Print what is found in this form; --json is short for `json`
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,

    /// Fail where anything is found, a warning too
    #[arg(long)]
    deny_warnings: bool,
}

/// How what is found is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    Text,
    /// As `terraform validate -json` does
    Json,
    /// `JUnit` XML, for the test reports of a CI
    Junit,
    /// SARIF 2.1.0, for code scanning
    Sarif,
}

pub(super) fn run(args: &Args, globals: &Globals, terminal: &Terminal) -> Outcome {
    let format = format(args, globals)?;
    let checked = match spec_file::read(&args.spec) {
        Ok(source) => Checked::new(&source, args, globals),
        Err(unreadable) => Checked::failed(unreadable),
    };
    let is_denied = args.deny_warnings && !checked.found.is_empty();
    let is_failed = checked.found.has_errors() || is_denied;
    let path = args.spec.display().to_string();
    let document = match format {
        Format::Text => {
            if is_failed {
                return Err(checked.found.into());
            }
            terminal.diagnostics(&checked.found);
            checked.summary(&path)
        }
        Format::Json => format!("{:#}", diagnostic::document(&checked.found)),
        Format::Junit => junit::document(&checked.found, &path)?,
        Format::Sarif => format!("{:#}", sarif::document(&checked.found, &path)),
    };
    terminal.result(&document)?;
    // The process ends: its memory is left to the system.
    std::mem::forget(checked);
    Ok(if is_failed {
        Exit::Failure
    } else {
        Exit::Success
    })
}

fn format(args: &Args, globals: &Globals) -> Result<Format, Diagnostic> {
    match (args.format, globals.json) {
        (format, false) => Ok(format),
        (Format::Text | Format::Json, true) => Ok(Format::Json),
        (Format::Junit | Format::Sarif, true) => {
            Err(Diagnostic::error("--json and --format name two forms")
                .with_hint("leave one of them out"))
        }
    }
}

/// A spec, checked for every environment that it may be used in.
#[derive(Default)]
struct Checked {
    specs: Vec<Spec>,
    /// What was found, each thing once though several environments share it.
    found: Diagnostics,
    known: BTreeSet<(Option<usize>, String)>,
}

impl Checked {
    fn new(source: &Arc<SourceFile>, args: &Args, globals: &Globals) -> Self {
        let mut checked = Self::default();
        for result in spec_file::check_everywhere(source, &args.spec, globals) {
            match result {
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

    fn failed(unreadable: Diagnostic) -> Self {
        Self {
            found: unreadable.into(),
            ..Self::default()
        }
    }

    fn add(&mut self, found: Diagnostics) {
        for diagnostic in found {
            let place = diagnostic.source.as_ref().map(|source| source.bytes.start);
            if self.known.insert((place, diagnostic.summary.clone())) {
                self.found.push(diagnostic);
            }
        }
    }

    fn summary(&self, path: &str) -> String {
        let lines = self.specs.iter().map(|spec| {
            let env = spec.env.as_ref();
            format!(
                "{path} is valid{}: stack `{}` with {}.\n",
                env.map_or_else(String::new, |env| format!(" with --env {env}")),
                spec.stack.name,
                plural::count(spec.resources.len(), "resource")
            )
        });
        lines.collect()
    }
}
