//! `xrayctl init`.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;

use super::Outcome;
use super::globals::Globals;
use super::spec_file::{self, DEFAULT_PATH};
use crate::exit::Exit;
use crate::model::{Diagnostic, SourceFile};
use crate::spec;
use crate::view::Terminal;

/// The region of a new spec, where --region names none.
const DEFAULT_REGION: &str = "us-east-1";

/// Write a small spec to start from
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where to write it
    #[arg(value_name = "SPEC", default_value = DEFAULT_PATH)]
    spec: PathBuf,

    /// Call the stack by this name
    #[arg(long, value_name = "NAME", default_value = "my-service")]
    name: String,
}

pub(super) fn run(args: &Args, globals: &Globals, terminal: &Terminal) -> Outcome {
    let region = globals.region.as_deref().unwrap_or(DEFAULT_REGION);
    let text = spec::starter(&args.name, region);
    let path = args.spec.display();
    let source = SourceFile::new(path.to_string(), text.as_str());
    let options = spec_file::options(globals, None);
    spec_file::check(&source, &args.spec, &options)?;
    // Never over a file that is there: it may be someone's spec.
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&args.spec)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    match written {
        Ok(()) => {
            terminal.status(&format!(
                "Wrote {path}. Look at it, then try: xrayctl --local plan {path}"
            ));
            Ok(Exit::Success)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(Diagnostic::error(format!("`{path}` exists already"))
                .with_hint("choose another name, or remove it first")
                .into())
        }
        Err(error) => Err(Diagnostic::error(format!("cannot write `{path}`: {error}")).into()),
    }
}
