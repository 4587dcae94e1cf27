//! What of a function's layers and variables is there for its tracing: what an
//! export writes of them. All the rest is the application's.

use std::collections::{BTreeMap, HashMap};

/// What the names of layers that trace have in them, in small letters: those of
/// ADOT, of the Application Signals distribution, of OpenTelemetry, of X-Ray.
const LAYERS: &[&str] = &["aws-otel-", "opentelemetry", "xray"];

/// Variables that say how to trace and hold no secret. The headers of an OTLP
/// exporter are left out for the keys in them.
const VARIABLES: &[&str] = &[
    "AWS_LAMBDA_EXEC_WRAPPER",
    "AWS_XRAY_CONTEXT_MISSING",
    "AWS_XRAY_DEBUG_MODE",
    "AWS_XRAY_TRACING_NAME",
    "OPENTELEMETRY_COLLECTOR_CONFIG_URI",
    "OTEL_AWS_APPLICATION_SIGNALS_ENABLED",
    "OTEL_PROPAGATORS",
    "OTEL_SERVICE_NAME",
    "OTEL_TRACES_SAMPLER",
    "OTEL_TRACES_SAMPLER_ARG",
];

/// Lists those of `layers` that trace; `None` where there is none.
pub(super) fn layers(layers: &[String]) -> Option<Vec<String>> {
    let traces = |layer: &&String| {
        let name = layer.split(':').nth(6).unwrap_or_default();
        let name = name.to_ascii_lowercase();
        LAYERS.iter().any(|part| name.contains(part))
    };
    let tracing: Vec<String> = layers.iter().filter(traces).cloned().collect();
    (!tracing.is_empty()).then_some(tracing)
}

/// Lists those of `variables` that say how to trace; `None` where there is none.
pub(super) fn variables(variables: &HashMap<String, String>) -> Option<BTreeMap<String, String>> {
    let tracing: BTreeMap<String, String> = VARIABLES
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), variables.get(*name)?.clone())))
        .collect();
    (!tracing.is_empty()).then_some(tracing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_traces_from_what_is_the_applications() {
        let layer = |name| format!("arn:aws:lambda:us-east-1:901920570463:layer:{name}:1");
        let all = [
            "aws-otel-python-amd64-ver-1-32-0",
            "pandas",
            "AWSOpenTelemetryDistroPython",
        ]
        .map(layer);
        let tracing = layers(&all).unwrap();
        assert_eq!(tracing, [all[0].clone(), all[2].clone()]);
        assert_eq!(layers(&all[1..2]), None);

        let all = [
            ("OTEL_SERVICE_NAME", "orders"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=secret"),
            ("DB_PASSWORD", "hunter2"),
        ];
        let all = all.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let tracing = variables(&HashMap::from(all)).unwrap();
        assert_eq!(tracing.keys().collect::<Vec<_>>(), ["OTEL_SERVICE_NAME"]);
        assert_eq!(variables(&HashMap::new()), None);
    }
}
