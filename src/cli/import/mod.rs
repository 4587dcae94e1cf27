//! `xrayctl import`.

mod one;
mod terraform;

use std::path::PathBuf;

use super::Outcome;
use super::apply::How;
use super::globals::Globals;
use super::spec_file::DEFAULT_PATH;
use crate::model::Address;
use crate::view::{Report, Terminal};

/// Take resources that exist into the stack, as they are
///
/// With an address: that resource, which the spec must name. Only its tags
/// change; what else differs from the spec is shown by the next plan.
///
/// With --terraform: the resources of a Terraform state, of the types that
/// xrayctl knows. Prints a spec of them, and with --out writes it and takes
/// them over. Terraform does not know of it: remove them from its state with
/// `terraform state rm`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The resource, such as `group.errors`
    #[arg(value_name = "ADDR", required_unless_present = "terraform")]
    address: Option<Address>,

    /// The spec
    #[arg(value_name = "SPEC", default_value = DEFAULT_PATH)]
    spec: PathBuf,

    /// What `terraform show -json` printed of a state
    #[arg(long, value_name = "FILE", conflicts_with_all = ["address", "spec"])]
    terraform: Option<PathBuf>,

    /// Call the new stack by this name
    #[arg(
        long,
        value_name = "NAME",
        requires = "terraform",
        default_value = "imported"
    )]
    stack: String,

    /// Write the spec to this file, which must not exist yet, and take its
    /// resources over
    #[arg(long, value_name = "FILE", requires = "terraform")]
    out: Option<PathBuf>,

    #[command(flatten)]
    how: How,
}

pub(super) async fn run(
    args: &Args,
    globals: &Globals,
    terminal: &Terminal,
    report: &dyn Report,
) -> Outcome {
    match (&args.address, &args.terraform) {
        (Some(address), _) => {
            one::run(address, &args.spec, &args.how, globals, terminal, report).await
        }
        (None, Some(state)) => terraform::run(args, state, globals, terminal, report).await,
        // The command line asks for one of them.
        (None, None) => Ok(crate::exit::Exit::Failure),
    }
}
