//! `xrayctl schema`.

use super::Outcome;
use crate::exit::Exit;
use crate::resource::REGISTRY;
use crate::spec;
use crate::view::Terminal;

/// Print the JSON Schema of the spec, for editors
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_: &Args, terminal: &Terminal) -> Outcome {
    terminal.result(&format!("{:#}", spec::schema(REGISTRY)))?;
    Ok(Exit::Success)
}
