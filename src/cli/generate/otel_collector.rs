//! `xrayctl generate otel-collector`.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::cli::globals::Globals;
use crate::cli::spec_file::{self, DEFAULT_PATH};
use crate::cli::{Failure, Outcome};
use crate::exit::Exit;
use crate::generate::otel_collector::{self as generate, Request};
use crate::model::{Diagnostic, Severity};
use crate::spec;
use crate::view::Terminal;

/// The port of OTLP over gRPC.
const PORT: u16 = 4317;

/// Write `[collector]` as configuration of the OpenTelemetry Collector
///
/// Prints YAML for the OpenTelemetry Collector or for AWS Distro for
/// OpenTelemetry (ADOT) that does what local-collector does with the same spec.
/// What the Collector cannot do is an error or a warning at its place in the
/// spec. AWS is not asked.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The spec
    #[arg(value_name = "SPEC", default_value = DEFAULT_PATH)]
    spec: PathBuf,

    /// The part of the work that the Collector does
    #[arg(long, value_name = "TIER", value_enum, default_value_t)]
    tier: Tier,

    /// The distribution that it is for
    #[arg(long, value_name = "NAME", value_enum, default_value_t)]
    distribution: Distribution,

    /// The name whose addresses are the gateways that an agent sends to; the
    /// port is 4317 where none is given
    #[arg(long, value_name = "HOST[:PORT]", value_parser = gateway)]
    gateway: Option<(String, u16)>,

    /// Write it to this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The part of the work that a Collector does.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Tier {
    /// All of it in one Collector
    #[default]
    Single,
    /// Beside the services: hands all spans of a trace to the same gateway
    Agent,
    /// Behind agents: sees whole traces, samples and sends them
    Gateway,
}

/// A distribution of the Collector.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Distribution {
    /// The community's, with every component
    #[default]
    Contrib,
    /// AWS Distro for OpenTelemetry
    Adot,
}

pub(super) fn run(args: &Args, globals: &Globals, terminal: &Terminal) -> Outcome {
    let tier = tier(args)?;
    // What lint finds is about other parts of the spec.
    let (spec, _) = spec_file::load(&args.spec, globals)?;
    let request = Request {
        config: &spec.collector,
        stack: &spec.stack.name,
        env: spec.env.as_deref(),
        region: &spec.stack.region,
        tier: &tier,
        distribution: match args.distribution {
            Distribution::Contrib => generate::Distribution::Contrib,
            Distribution::Adot => generate::Distribution::Adot,
        },
    };
    let told = |faults: &[_], severity| {
        spec::collector_faults(&spec.source, spec.env.as_deref(), faults, severity)
    };
    let made = generate::generate(&request)
        .map_err(|faults| Failure::from(told(&faults, Severity::Error)))?;
    terminal.diagnostics(&told(&made.warnings, Severity::Warning));
    match &args.out {
        None => terminal.result(&made.yaml)?,
        Some(path) => {
            super::write(path, &made.yaml)?;
            let path = path.display();
            terminal.status(&format!(
                "Wrote {path}. Try it with: otelcol-contrib validate --config={path}"
            ));
        }
    }
    Ok(Exit::Success)
}

fn tier(args: &Args) -> Result<generate::Tier, Diagnostic> {
    match (args.tier, &args.gateway) {
        (Tier::Single, None) => Ok(generate::Tier::Single),
        (Tier::Gateway, None) => Ok(generate::Tier::Gateway),
        (Tier::Agent, Some((host, port))) => Ok(generate::Tier::Agent {
            host: host.clone(),
            port: *port,
        }),
        (Tier::Agent, None) => Err(Diagnostic::error(
            "`--tier agent` does not say which gateways it sends to",
        )
        .with_hint("add `--gateway HOST`, a name whose addresses are the gateways")),
        (Tier::Single | Tier::Gateway, Some(_)) => {
            Err(Diagnostic::error("only an agent makes use of `--gateway`")
                .with_hint("leave it out, or add `--tier agent`"))
        }
    }
}

/// A name, and a port where one is given.
fn gateway(text: &str) -> Result<(String, u16), String> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => {
            let port = port.parse().ok().filter(|port| *port > 0);
            let port = port.ok_or("write `HOST` or `HOST:PORT`, with a port of 1 to 65535")?;
            (host, port)
        }
        None => (text, PORT),
    };
    let takes = |letter: char| letter.is_ascii_alphanumeric() || "-._".contains(letter);
    if host.is_empty() || !host.chars().all(takes) {
        return Err(format!(
            "`{host}` is no name of hosts: write it as in `gateway.example.internal`"
        ));
    }
    Ok((host.to_owned(), port))
}
