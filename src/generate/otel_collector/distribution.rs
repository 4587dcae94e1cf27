//! What the distributions of the Collector hold.

use super::document::{Component, Section};
use super::draft::Draft;

/// A distribution of the Collector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Distribution {
    /// The community's, `otelcol-contrib`: it has every component.
    #[default]
    Contrib,
    /// AWS Distro for OpenTelemetry.
    Adot,
}

/// What ADOT 0.49.0 holds of what we describe
/// (<https://github.com/aws-observability/aws-otel-collector/blob/v0.49.0/pkg/defaultcomponents/defaults.go>,
/// read 2026-11-21). It has no connectors.
const ADOT: [(Section, &str); 22] = [
    (Section::Extensions, "awsproxy"),
    (Section::Extensions, "health_check"),
    (Section::Extensions, "zpages"),
    (Section::Receivers, "awsxray"),
    (Section::Receivers, "jaeger"),
    (Section::Receivers, "otlp"),
    (Section::Receivers, "zipkin"),
    (Section::Processors, "attributes"),
    (Section::Processors, "batch"),
    (Section::Processors, "filter"),
    (Section::Processors, "groupbytrace"),
    (Section::Processors, "memory_limiter"),
    (Section::Processors, "probabilistic_sampler"),
    (Section::Processors, "resource"),
    (Section::Processors, "tail_sampling"),
    (Section::Exporters, "awsxray"),
    (Section::Exporters, "debug"),
    (Section::Exporters, "file"),
    (Section::Exporters, "loadbalancing"),
    (Section::Exporters, "otlp"),
    (Section::Exporters, "otlphttp"),
    (Section::Exporters, "prometheus"),
];

impl Distribution {
    /// Its name in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Contrib => "OpenTelemetry Collector (contrib)",
            Self::Adot => "AWS Distro for OpenTelemetry",
        }
    }

    /// The first release that takes what we write: fields and components are
    /// looked up in these.
    pub fn release(self) -> &'static str {
        match self {
            Self::Contrib => "0.155.0",
            Self::Adot => "0.49.0",
        }
    }

    fn has(self, component: &Component) -> bool {
        self == Self::Contrib || ADOT.contains(&(component.section, component.kind))
    }

    /// Tells of components that it does not have, each once.
    pub(super) fn check(self, draft: &mut Draft) {
        let mut told: Vec<Vec<String>> = Vec::new();
        for component in draft.document.components.clone() {
            if self.has(&component) || told.contains(&component.steps) {
                continue;
            }
            let (kind, word) = (component.kind, component.section.word());
            let hint = match kind {
                "zipkin" => {
                    "send OTLP, which many take that know Zipkin, or take `--distribution contrib`"
                }
                _ => {
                    "describe it in an environment that is not for ADOT, or take `--distribution contrib`"
                }
            };
            let message = format!("ADOT has no `{kind}` {word}");
            told.push(component.steps.clone());
            draft.error(component.steps, message, hint);
        }
    }
}
