//! `xrayctl init`.

use std::path::PathBuf;

use super::Outcome;
use super::globals::Globals;
use super::spec_file::{self, DEFAULT_PATH};
use crate::exit::Exit;
use crate::model::SourceFile;
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
    spec_file::create(&args.spec, &text)?;
    terminal.status(&format!(
        "Wrote {path}. Look at it, then try: xrayctl --local plan {path}"
    ));
    Ok(Exit::Success)
}
