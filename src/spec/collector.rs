//! `[collector]` in a spec: what `local-collector` does.

use std::sync::LazyLock;

use schemars::SchemaGenerator;
use serde_json::Value as Json;

use super::node::Table;
use super::report::{Finding, Report, Subject};
use super::resources::finding_at;
use super::shape::{Shape, ShapeError};
use super::variables::Scope;
use crate::collector_config::{CollectorConfig, Fault};
use crate::model::Severity;

/// The key.
pub(super) const KEY: &str = "collector";

/// Its rules.
static RULES: LazyLock<Result<Shape, ShapeError>> = LazyLock::new(|| Shape::of(schema));

/// Describes the table; the definitions that it refers to stay with the
/// generator.
pub(super) fn schema(generator: &mut SchemaGenerator) -> Json {
    let schema = generator.subschema_for::<CollectorConfig>().to_value();
    let name = schema["$ref"].as_str();
    let name = name.and_then(|reference| reference.strip_prefix("#/$defs/"));
    let inlined = name.and_then(|name| generator.definitions().get(name).cloned());
    let mut schema = inlined.unwrap_or(schema);
    if let Json::Object(keywords) = &mut schema {
        keywords.remove("title");
    }
    schema
}

/// Reads `[collector]` out of `root`; `None` where it is not there, or wrong.
pub(super) fn read(
    root: &mut Table,
    scope: &mut Scope<'_>,
    report: &mut Report,
) -> Option<CollectorConfig> {
    let mut entry = root.remove(KEY)?;
    let subject = Subject::part(KEY);
    scope.interpolate(&mut entry.node, &subject, report);
    let findings = match &*RULES {
        Ok(shape) => shape.check(&entry.node),
        Err(error) => vec![Finding::new(&entry.key, error.to_string())],
    };
    let is_sound = findings.is_empty();
    for finding in findings {
        report.add(&subject, finding);
    }
    if !is_sound {
        return None;
    }
    let config: CollectorConfig = match serde_json::from_value(entry.node.to_json()) {
        Ok(config) => config,
        Err(error) => {
            report.add(&subject, Finding::new(&entry.node.span, error.to_string()));
            return None;
        }
    };
    for fault in config.check() {
        let source = report.source();
        let finding = finding_at(source, &entry.node, &fault.steps, None, fault.message);
        report.add(&subject, finding.hint(fault.hint));
    }
    Some(config)
}

/// Tells of faults, each where its steps lead to in `[collector]` of `root`; at
/// no place where the spec has no such table.
pub(super) fn tell(root: &Table, faults: &[Fault], severity: Severity, report: &mut Report) {
    let subject = Subject::part(KEY);
    for fault in faults {
        let message = fault.message.clone();
        let finding = match root.get(KEY) {
            Some(entry) => finding_at(report.source(), &entry.node, &fault.steps, None, message),
            // The head of the file is as near as it gets.
            None => Finding::new(&(0..0), message),
        };
        let finding = Finding {
            severity,
            ..finding.hint(fault.hint.clone())
        };
        report.add(&subject, finding);
    }
}
