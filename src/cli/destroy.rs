//! `xrayctl destroy`.

use std::path::PathBuf;

use super::Outcome;
use super::apply::{How, approve_and_run};
use super::globals::Globals;
use super::planning::{self, Selection};
use super::spec_file::DEFAULT_PATH;
use crate::model::Address;
use crate::plan::Mode;
use crate::view::{Report, Terminal};

/// Delete what the stack owns and put settings back to AWS's defaults
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The spec
    #[arg(value_name = "SPEC", default_value = DEFAULT_PATH)]
    spec: PathBuf,

    /// Only this resource and what needs it; may be given several times
    #[arg(long = "target", value_name = "ADDR")]
    only: Vec<Address>,

    /// Delete log groups with the events in them, which are released otherwise
    #[arg(long)]
    delete_data: bool,

    #[command(flatten)]
    how: How,
}

pub(super) async fn run(
    args: &Args,
    globals: &Globals,
    terminal: &Terminal,
    report: &dyn Report,
) -> Outcome {
    let selection = Selection {
        only: args.only.clone(),
        adopt: false,
        delete_data: args.delete_data,
    };
    let planned = planning::from_spec(&args.spec, globals, &selection, Mode::Destroy).await?;
    approve_and_run(planned, &selection, &args.how, terminal, report).await
}
