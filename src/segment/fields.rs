//! Where the fields of a segment stand in a span that was made of it: one table
//! for both directions.

use crate::otlp::view::AnyValue;

use super::json::{Json, Map};

/// The scope of spans that were made of segments: they become the same
/// documents again.
pub const SCOPE: &str = "aws.xray.segment";
/// Version of the table in this file; the scope's version.
pub(super) const SCOPE_VERSION: &str = "1";

/// How deep an inline subsegment lies in its document: 1 below the document.
pub(super) const DEPTH: &str = "aws.xray.depth";
/// The keys of attributes that are annotations.
pub(super) const ANNOTATIONS: &str = "aws.xray.annotations";
/// Before the name of a namespace of metadata; the value is JSON.
pub(super) const METADATA: &str = "aws.xray.metadata.";
/// Before the JSON pointer of a field that has no other place.
pub(super) const DOCUMENT: &str = "aws.xray.document";
/// Set where the namespace is `aws`, to the subsegment's name.
pub(super) const AWS_SERVICE: &str = "aws.service";
/// The server's part of a database's URL.
pub(super) const DB_CONNECTION: &str = "db.connection_string";
/// The database's part of a database's URL.
pub(super) const DB_NAME: &str = "db.name";

/// The form that a field must have for its place.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Shape {
    Text,
    Int,
    Bool,
    Texts,
}

/// A field and the attribute that holds it.
pub(super) struct Rule {
    pub(super) path: &'static [&'static str],
    pub(super) key: &'static str,
    pub(super) shape: Shape,
}

const fn rule(path: &'static [&'static str], key: &'static str, shape: Shape) -> Rule {
    Rule { path, key, shape }
}

use Shape::{Bool, Int, Text, Texts};

/// Fields of any entity: attributes of its span.
pub(super) static ENTITY: &[Rule] = &[
    rule(&["type"], "aws.xray.type", Text),
    rule(&["in_progress"], "aws.xray.inprogress", Bool),
    rule(&["user"], "enduser.id", Text),
    rule(&["origin"], "aws.xray.origin", Text),
    rule(&["namespace"], "aws.xray.namespace", Text),
    rule(&["traced"], "aws.xray.traced", Bool),
    rule(&["inferred"], "aws.xray.inferred", Bool),
    rule(&["error"], "aws.xray.error", Bool),
    rule(&["fault"], "aws.xray.fault", Bool),
    rule(&["throttle"], "aws.xray.throttle", Bool),
    rule(&["cause"], "aws.xray.cause", Text),
    rule(&["precursor_ids"], "aws.xray.precursor_ids", Texts),
    rule(&["http", "request", "method"], "http.method", Text),
    rule(&["http", "request", "url"], "http.url", Text),
    rule(&["http", "request", "user_agent"], "http.user_agent", Text),
    rule(&["http", "request", "client_ip"], "http.client_ip", Text),
    rule(
        &["http", "request", "x_forwarded_for"],
        "aws.xray.x_forwarded_for",
        Bool,
    ),
    rule(&["http", "request", "traced"], "aws.xray.http.traced", Bool),
    rule(&["http", "response", "status"], "http.status_code", Int),
    rule(
        &["http", "response", "content_length"],
        "http.response_content_length",
        Int,
    ),
    rule(&["aws", "operation"], "aws.operation", Text),
    rule(&["aws", "region"], "aws.region", Text),
    rule(&["aws", "request_id"], "aws.request_id", Text),
    rule(&["aws", "queue_url"], "aws.queue_url", Text),
    rule(&["aws", "table_name"], "aws.table_name", Text),
    rule(&["aws", "retries"], "aws.xray.retries", Int),
    rule(&["aws", "resource_names"], "aws.xray.resource_names", Texts),
    rule(
        &["aws", "xray", "sampling_rule_name"],
        "aws.xray.sampling_rule_name",
        Text,
    ),
    rule(&["sql", "database_type"], "db.system", Text),
    rule(&["sql", "sanitized_query"], "db.statement", Text),
    rule(&["sql", "user"], "db.user", Text),
    rule(&["sql", "preparation"], "aws.xray.sql.preparation", Text),
    rule(
        &["sql", "database_version"],
        "aws.xray.sql.database_version",
        Text,
    ),
    rule(
        &["sql", "driver_version"],
        "aws.xray.sql.driver_version",
        Text,
    ),
];

/// Fields of subsegments alone: attributes of their spans.
pub(super) static SUBSEGMENT: &[Rule] = &[rule(&["aws", "account_id"], "aws.account_id", Text)];

/// Fields of segments alone: attributes of their resource.
pub(super) static SEGMENT: &[Rule] = &[
    rule(&["resource_arn"], "aws.xray.resource_arn", Text),
    rule(&["service", "runtime"], "aws.xray.service.runtime", Text),
    rule(
        &["service", "runtime_version"],
        "aws.xray.service.runtime_version",
        Text,
    ),
    rule(&["service", "compiler"], "aws.xray.service.compiler", Text),
    rule(
        &["service", "compiler_version"],
        "aws.xray.service.compiler_version",
        Text,
    ),
    rule(&["aws", "account_id"], "cloud.account.id", Text),
    rule(
        &["aws", "ec2", "availability_zone"],
        "cloud.availability_zone",
        Text,
    ),
    rule(&["aws", "ec2", "instance_id"], "host.id", Text),
    rule(&["aws", "ec2", "instance_size"], "host.type", Text),
    rule(&["aws", "ec2", "ami_id"], "host.image.id", Text),
    rule(&["aws", "ecs", "container"], "container.name", Text),
    rule(
        &["aws", "ecs", "container_arn"],
        "aws.ecs.container.arn",
        Text,
    ),
    rule(&["aws", "ecs", "task_arn"], "aws.ecs.task.arn", Text),
    rule(&["aws", "ecs", "task_family"], "aws.ecs.task.family", Text),
    rule(&["aws", "ecs", "cluster_arn"], "aws.ecs.cluster.arn", Text),
    rule(&["aws", "ecs", "launch_type"], "aws.ecs.launchtype", Text),
    rule(&["aws", "eks", "pod"], "k8s.pod.name", Text),
    rule(&["aws", "eks", "cluster_name"], "k8s.cluster.name", Text),
    rule(
        &["aws", "xray", "sdk_version"],
        "telemetry.sdk.version",
        Text,
    ),
    rule(
        &["aws", "xray", "auto_instrumentation"],
        "aws.xray.auto_instrumentation",
        Bool,
    ),
];

/// Fields of an exception: attributes of its event.
pub(super) static EXCEPTION: &[Rule] = &[
    rule(&["id"], "aws.xray.exception.id", Text),
    rule(&["type"], "exception.type", Text),
    rule(&["message"], "exception.message", Text),
    rule(&["remote"], "aws.xray.exception.remote", Bool),
    rule(&["truncated"], "aws.xray.exception.truncated", Int),
    rule(&["skipped"], "aws.xray.exception.skipped", Int),
    rule(&["cause"], "aws.xray.exception.cause", Text),
];

/// Tells whether an attribute of a span has a meaning of its own here, so that
/// an annotation of that name needs another place.
pub(super) fn is_reserved(key: &str) -> bool {
    key.is_empty()
        || key.starts_with("aws.xray.")
        || [AWS_SERVICE, DB_CONNECTION, DB_NAME].contains(&key)
        || ENTITY.iter().chain(SUBSEGMENT).any(|rule| rule.key == key)
}

impl Shape {
    /// Tells whether a field has the form.
    pub(super) fn fits(self, value: &Json<'_>) -> bool {
        match (self, value) {
            (Self::Text, Json::Text(_))
            | (Self::Int, Json::Int(_))
            | (Self::Bool, Json::Bool(_)) => true,
            (Self::Texts, Json::List(values)) => {
                values.iter().all(|value| matches!(value, Json::Text(_)))
            }
            _ => false,
        }
    }

    /// Tells whether an attribute has the form.
    fn takes(self, value: AnyValue<'_>) -> bool {
        match (self, value) {
            (Self::Text, AnyValue::Text(_))
            | (Self::Int, AnyValue::Int(_))
            | (Self::Bool, AnyValue::Bool(_)) => true,
            (Self::Texts, AnyValue::Array(values)) => values
                .iter()
                .all(|value| matches!(value, AnyValue::Text(_))),
            _ => false,
        }
    }
}

/// Puts an attribute where one of `rules` says; `false` where none does.
pub(super) fn put<'a>(
    map: &mut Map<'a>,
    rules: &'static [Rule],
    key: &str,
    value: AnyValue<'a>,
) -> bool {
    let rule = rules.iter().find(|rule| rule.key == key);
    match rule.filter(|rule| rule.shape.takes(value)) {
        Some(rule) => {
            map.set_at(rule.path, super::from_otlp::value::json(value));
            true
        }
        None => false,
    }
}

/// Appends a step to a JSON pointer (RFC 6901).
pub(super) fn push_step(pointer: &mut String, step: &str) {
    pointer.push('/');
    for letter in step.chars() {
        match letter {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            _ => pointer.push(letter),
        }
    }
}

/// The steps of the pointer behind [`DOCUMENT`] in `key`.
pub(super) fn steps(key: &str) -> Option<Vec<String>> {
    let pointer = key.strip_prefix(DOCUMENT)?.strip_prefix('/')?;
    let steps = pointer.split('/');
    Some(
        steps
            .map(|step| step.replace("~1", "/").replace("~0", "~"))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_place_is_taken_once() {
        for rules in [
            [ENTITY, SUBSEGMENT].concat_keys(),
            SEGMENT.iter().map(|rule| rule.key).collect(),
            EXCEPTION.iter().map(|rule| rule.key).collect(),
        ] {
            let distinct: BTreeSet<_> = rules.iter().collect();
            assert_eq!(distinct.len(), rules.len());
        }
    }

    trait Keys {
        fn concat_keys(&self) -> Vec<&'static str>;
    }

    impl Keys for [&'static [Rule]; 2] {
        fn concat_keys(&self) -> Vec<&'static str> {
            self.iter()
                .copied()
                .flatten()
                .map(|rule| rule.key)
                .collect()
        }
    }

    #[test]
    fn pointers_come_back() {
        for path in [vec!["a"], vec!["", "b/c~1"], vec!["~0", "é"]] {
            let mut pointer = DOCUMENT.to_owned();
            for step in &path {
                push_step(&mut pointer, step);
            }
            assert_eq!(steps(&pointer).unwrap(), path);
        }
        assert_eq!(steps("aws.xray.documents/a"), None);
        assert_eq!(steps("aws.xray.document"), None);
    }
}
