//! The pipeline of `[collector]` as a configuration of the OpenTelemetry
//! Collector: for one that does it all, or for agents beside the services and
//! the gateways that they send to. What the Collector cannot do is told, and
//! nothing is left out in silence.
//!
//! Components have the names that every release so far takes; the newest call
//! some of them otherwise (`otlp_grpc`, `load_balancing`, `span_metrics`) and
//! say so when they start.

mod distribution;
mod document;
mod draft;
mod exporters;
mod ottl;
mod processors;
mod re2;
mod receivers;
mod redaction;
mod tail_sampling;

#[cfg(test)]
mod tests;

pub use distribution::Distribution;
pub use document::{Component, Document, Pipeline, Section};

use crate::collector_config::{CollectorConfig, Fault};
use draft::Draft;

/// Which part of the work a Collector does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Tier {
    /// All of it.
    #[default]
    Single,
    /// Takes traces in beside the services, works on spans, and sends all spans
    /// of a trace to the same gateway.
    Agent {
        /// The name whose addresses are the gateways.
        host: String,
        /// Their port for OTLP over gRPC.
        port: u16,
    },
    /// Takes whole traces from agents, and sends them on.
    Gateway,
}

impl Tier {
    fn word(&self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Agent { .. } => "agent",
            Self::Gateway => "gateway",
        }
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// What the collector does.
    pub config: &'a CollectorConfig,
    /// The stack's name.
    pub stack: &'a str,
    /// The environment of the spec.
    pub env: Option<&'a str>,
    /// The stack's region.
    pub region: &'a str,
    /// Which part of the work.
    pub tier: &'a Tier,
    /// Which distribution.
    pub distribution: Distribution,
}

/// What was made.
#[derive(Clone, Debug)]
pub struct Generated {
    /// The configuration.
    pub document: Document,
    /// The file: comments and the configuration.
    pub yaml: String,
    /// What the spec says and the Collector does otherwise.
    pub warnings: Vec<Fault>,
}

/// Makes a configuration.
///
/// # Errors
/// What the Collector cannot do, all of it.
pub fn generate(request: &Request<'_>) -> Result<Generated, Vec<Fault>> {
    let mut draft = Draft::default();
    let (config, region) = (request.config, request.region);
    receivers::extensions(config, &mut draft);
    let receivers = match request.tier {
        Tier::Gateway => receivers::gateway(config, &mut draft),
        Tier::Single | Tier::Agent { .. } => receivers::all(config, region, &mut draft),
    };
    let processors = processors::all(config, request.tier, &mut draft);
    let exporters = match request.tier {
        Tier::Agent { host, port } => exporters::to_gateway(host, *port, &mut draft),
        Tier::Single | Tier::Gateway => exporters::all(config, region, &mut draft),
    };
    let traces = Pipeline {
        name: "traces".to_owned(),
        receivers,
        processors,
        exporters,
    };
    draft.document.pipelines.insert(0, traces);
    if config.store.enabled {
        draft.note("traces are not kept: the Collector has no store");
    }
    request.distribution.check(&mut draft);
    if !draft.errors.is_empty() {
        return Err(draft.errors);
    }
    let yaml = match draft.document.to_yaml() {
        Ok(yaml) => yaml,
        Err(error) => {
            draft.error(Vec::new(), format!("cannot write it as YAML: {error}"), "");
            return Err(draft.errors);
        }
    };
    Ok(Generated {
        yaml: format!("{}{}\n", head(request, &draft), yaml.trim_end_matches('\n')),
        document: draft.document,
        warnings: draft.warnings,
    })
}

/// What stands above the configuration.
fn head(request: &Request<'_>, draft: &Draft) -> String {
    let mut lines = vec![format!(
        "Made by `xrayctl generate otel-collector` of the stack {}{}: the {} tier, for the {} {} and later.",
        one_line(request.stack),
        request
            .env
            .map_or_else(String::new, |env| format!(" ({})", one_line(env))),
        request.tier.word(),
        request.distribution.name(),
        request.distribution.release(),
    )];
    lines.push("Change the spec, not this file.".to_owned());
    let notes: Vec<&str> = draft.notes().collect();
    if !notes.is_empty() {
        lines.push(String::new());
        lines.push("What it does otherwise than local-collector:".to_owned());
        lines.extend(notes.iter().map(|note| format!("- {note}")));
    }
    let lines = lines
        .iter()
        .map(|line| format!("# {line}").trim_end().to_owned());
    lines.map(|line| line + "\n").collect::<String>() + "\n"
}

/// A name as it may stand in a comment.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}
