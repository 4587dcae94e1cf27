//! `xrayctl fmt`.

use std::path::{Path, PathBuf};

use super::spec_file::{self, DEFAULT_PATH};
use super::{Outcome, replace_file};
use crate::exit::Exit;
use crate::model::{Diagnostic, Diagnostics};
use crate::spec;
use crate::view::Terminal;

/// Format specs, keeping every comment
///
/// Prints the name of each file that it changes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The specs
    #[arg(value_name = "SPEC", default_value = DEFAULT_PATH)]
    specs: Vec<PathBuf>,

    /// Change nothing, and end with 3 where a file would change
    #[arg(long)]
    check: bool,
}

pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let mut problems = Diagnostics::new();
    let mut unformatted = false;
    for path in &args.specs {
        match format(path, args.check) {
            Ok(true) => {
                unformatted = true;
                terminal.result(&path.display().to_string())?;
            }
            Ok(false) => {}
            Err(found) => problems.extend(found),
        }
    }
    if problems.has_errors() {
        return Err(problems.into());
    }
    Ok(if args.check && unformatted {
        Exit::Unformatted
    } else {
        Exit::Success
    })
}

/// Formats one file and tells whether it was not formatted yet.
fn format(path: &Path, check: bool) -> Result<bool, Diagnostics> {
    let source = spec_file::read(path)?;
    let formatted = spec::format(&source)?;
    if formatted == source.text {
        return Ok(false);
    }
    if !check {
        replace_file::existing(path, &formatted).map_err(|error| {
            Diagnostic::error(format!("cannot write `{}`: {error}", path.display()))
        })?;
    }
    Ok(true)
}
