//! `xrayctl generate`.

mod ecs_task_definition;

use clap::Subcommand;

use super::Outcome;
use super::globals::{Globals, Uses};
use crate::view::Terminal;

/// Write what other tools take, from the spec
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    EcsTaskDefinition(ecs_task_definition::Args),
}

impl Args {
    /// Which of the global options mean something to it.
    pub(super) fn uses(&self) -> Uses {
        match self.what {
            What::EcsTaskDefinition(_) => Uses {
                spec: true,
                region: true,
                connection: true,
                ..Uses::default()
            },
        }
    }
}

pub(super) async fn run(args: &Args, globals: &Globals, terminal: &Terminal) -> Outcome {
    match &args.what {
        What::EcsTaskDefinition(args) => ecs_task_definition::run(args, globals, terminal).await,
    }
}
