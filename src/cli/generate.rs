//! `xrayctl generate`.

mod ecs_task_definition;
mod otel_collector;

use std::path::Path;

use clap::Subcommand;

use super::globals::{Globals, Uses};
use super::{Outcome, replace_file, spec_file};
use crate::model::Diagnostic;
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
    OtelCollector(otel_collector::Args),
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
            What::OtelCollector(_) => Uses {
                spec: true,
                ..Uses::default()
            },
        }
    }
}

pub(super) async fn run(args: &Args, globals: &Globals, terminal: &Terminal) -> Outcome {
    match &args.what {
        What::EcsTaskDefinition(args) => ecs_task_definition::run(args, globals, terminal).await,
        What::OtelCollector(args) => otel_collector::run(args, globals, terminal),
    }
}

/// Writes the file, new or not.
fn write(path: &Path, text: &str) -> Result<(), Diagnostic> {
    if path.exists() {
        replace_file::existing(path, text).map_err(|error| {
            Diagnostic::error(format!("cannot write `{}`: {error}", path.display()))
        })
    } else {
        spec_file::create(path, text)
    }
}
