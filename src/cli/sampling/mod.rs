//! `xrayctl sampling`.

mod input;
mod rules;
mod simulate;
mod test;
mod traces;

use clap::{Subcommand, ValueEnum};

use super::Outcome;
use super::globals::{Globals, Uses};
use crate::sampling::Dialect;
use crate::view::Terminal;

/// Try sampling rules out: on one request, or on traffic
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Test(test::Args),
    Simulate(simulate::Args),
}

/// The samplers there are, on the command line.
#[derive(Clone, Copy, Debug)]
struct Sampler(Dialect);

impl ValueEnum for Sampler {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [Sampler; Dialect::ALL.len()] = [
            Sampler(Dialect::Sdk),
            Sampler(Dialect::JavaSdk),
            Sampler(Dialect::OpenTelemetryJs),
            Sampler(Dialect::OpenTelemetryJava),
            Sampler(Dialect::OpenTelemetryPython),
        ];
        &ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.0.name()).help(self.0.title()))
    }
}

impl Args {
    /// What it is called.
    pub(super) fn name(&self) -> &'static str {
        match self.what {
            What::Test(_) => "sampling test",
            What::Simulate(_) => "sampling simulate",
        }
    }

    /// Which of the global options mean something to it.
    pub(super) fn uses(&self) -> Uses {
        let (is_connected, hint) = match &self.what {
            What::Test(args) => (
                args.rules.live,
                "give --live to take the rules that stand there",
            ),
            What::Simulate(args) => (
                args.rules.live || args.traces,
                "give --live to take the rules that stand there, --traces to take the requests",
            ),
        };
        Uses {
            spec: true,
            region: is_connected,
            connection: is_connected,
            json: true,
            connection_hint: Some(hint),
            ..Uses::default()
        }
    }
}

pub(super) async fn run(args: &Args, globals: &Globals, terminal: &Terminal) -> Outcome {
    match &args.what {
        What::Test(args) => test::run(args, globals, terminal).await,
        What::Simulate(args) => simulate::run(args, globals, terminal).await,
    }
}
