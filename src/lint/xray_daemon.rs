//! Task definitions with the X-Ray daemon in them.

use serde_json::Value;

use super::resources::{Resources, step, text, value};
use super::{Finding, Rule};
use crate::model::Desired;

/// The type of task definitions.
const TASK_DEFINITION: &str = "ecs_task_definition";
/// The daemon's kind of sidecar.
const KIND: &str = "xray-daemon";
/// The daemon's image, without its registry and its tag.
const IMAGE: &str = "aws-xray-daemon";
/// Where a base may have its containers.
const BASES: [&str; 2] = [
    "/base/containerDefinitions",
    "/base/taskDefinition/containerDefinitions",
];

pub(super) const RULE: Rule = Rule {
    code: "xray-daemon",
    title: "A sidecar that is in maintenance",
    explanation: "\
The X-Ray daemon is in maintenance since 2026-02-25: it gets fixes of its \
security, and nothing new. The AWS Distro for OpenTelemetry Collector \
(`kind = \"adot\"`) and the CloudWatch agent (`kind = \"cloudwatch-agent\"`) take \
what X-Ray's SDKs send on port 2000 as well, and OpenTelemetry beside it.

Both the sidecar of a task definition and containers with the daemon's image \
are found. Where you stay with the daemon for now, switch the rule off.",
    bad: r#"
[ecs.task_definitions.api.container_definitions.api]
image = "example.com/api:1"
memory = 512

[ecs.task_definitions.api.sidecar]
kind = "xray-daemon"
"#,
    good: r#"
[ecs.task_definitions.api.container_definitions.api]
image = "example.com/api:1"
memory = 512

[ecs.task_definitions.api.sidecar]
kind = "adot"
"#,
    kinds: &[TASK_DEFINITION],
    check,
};

fn check(resources: &Resources<'_>) -> Vec<Finding> {
    let tasks = resources.of_kind(TASK_DEFINITION);
    tasks
        .flat_map(|task| {
            places(task).into_iter().map(|place| {
                Finding::new(
                    task,
                    place,
                    "the X-Ray daemon is in maintenance since 2026-02-25",
                    "use the sidecar `adot` or `cloudwatch-agent`, which take what X-Ray's SDKs send",
                )
            })
        })
        .collect()
}

/// Lists where a task definition asks for the daemon.
fn places(task: &Desired) -> Vec<String> {
    let mut places = Vec::new();
    if text(task, "/sidecar/kind") == Some(KIND) {
        places.push("/sidecar/kind".to_owned());
    } else if text(task, "/sidecar/image").is_some_and(is_daemon) {
        places.push("/sidecar/image".to_owned());
    }
    let own = value(task, "/container_definitions").and_then(Value::as_object);
    for (name, container) in own.into_iter().flatten() {
        if has_daemon(container) {
            places.push(format!("/container_definitions/{}/image", step(name)));
        }
    }
    for base in BASES {
        let containers = value(task, base).and_then(Value::as_array);
        for (index, container) in containers.into_iter().flatten().enumerate() {
            if has_daemon(container) {
                places.push(format!("{base}/{index}/image"));
            }
        }
    }
    places
}

fn has_daemon(container: &Value) -> bool {
    let image = container.get("image").and_then(Value::as_str);
    image.is_some_and(is_daemon)
}

/// Tells whether an image is the daemon's, in whichever registry: the name
/// stands behind the last slash and before the tag or digest.
fn is_daemon(image: &str) -> bool {
    let name = image.rsplit('/').next().unwrap_or_default();
    name.split([':', '@']).next() == Some(IMAGE)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{found, resource};
    use super::*;

    fn found_in(fields: Value) -> Vec<String> {
        let all = found(&RULE, &[resource("ecs_task_definition.api", fields)]);
        let place = |one: String| {
            one.split(' ')
                .nth(1)
                .unwrap()
                .trim_end_matches(':')
                .to_owned()
        };
        all.into_iter().map(place).collect()
    }

    #[test]
    fn finds_the_daemon_wherever_it_is() {
        assert_eq!(
            found_in(json!({"sidecar": {"kind": "xray-daemon"}})),
            ["/sidecar/kind"]
        );
        let containers = json!({
            "container_definitions": {
                "x/y": {"image": "public.ecr.aws/xray/aws-xray-daemon:3.3.7"},
                "app": {"image": "example.com/app"},
            },
            "base": {"containerDefinitions": [
                {"name": "app"}, {"image": "amazon/aws-xray-daemon"},
            ]},
        });
        assert_eq!(
            found_in(containers),
            [
                "/container_definitions/x~1y/image",
                "/base/containerDefinitions/1/image"
            ]
        );
    }

    #[test]
    fn is_silent_on_others() {
        for fields in [
            json!({"sidecar": {"kind": "adot"}}),
            json!({"container_definitions": {"a": {"image": "example.com/my-aws-xray-daemon-2"}}}),
            json!({"sidecar": null, "container_definitions": null, "base": null}),
        ] {
            assert!(found_in(fields).is_empty());
        }
    }
}
