//! What a task definition becomes, and what it stays.

use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;

fn spec(fields: Value) -> EcsTaskDefinitionSpec {
    serde_json::from_value(fields).unwrap()
}

fn written(fields: Value) -> String {
    let document = spec(fields).document(Some("eu-west-1"));
    format!("{:#}", Value::Object(document))
}

fn problems(fields: Value) -> Vec<String> {
    let mut problems = Problems::new();
    EcsTaskDefinition::validate("api", &spec(fields), &mut problems);
    let told = problems.into_vec().into_iter();
    told.map(|problem| {
        format!(
            "{}: {} ({})",
            problem.field,
            problem.message,
            problem.hint.unwrap_or_default()
        )
    })
    .collect()
}

/// A task on Fargate with one container.
fn fargate(sidecar: &Value, instrument: &Value) -> Value {
    json!({
        "family": "api",
        "network_mode": "awsvpc",
        "cpu": 512,
        "memory": 1024,
        "requires_compatibilities": ["FARGATE"],
        "execution_role_arn": "arn:aws:iam::123456789012:role/ecs-execution",
        "container_definitions": { "api": { "image": "shop/api:1" } },
        "sidecar": sidecar,
        "instrument": instrument,
    })
}

#[test]
fn the_collector_stands_beside_the_application() {
    let sidecar = json!({ "kind": "adot", "log_group": "/ecs/api" });
    let instrument = json!({
        "service_version": "1.2",
        "resource_attributes": { "team": "a,b" },
        "sampler": "parentbased_traceidratio",
        "sampler_arg": "0.1",
    });
    assert_snapshot!("adot", written(fargate(&sidecar, &instrument)));
}

#[test]
fn the_agent_stands_beside_the_application() {
    let sidecar = json!({ "kind": "cloudwatch-agent", "memory": 256, "essential": true });
    let instrument = json!({ "service_name": "shop", "protocol": "grpc" });
    assert_snapshot!("cloudwatch_agent", written(fargate(&sidecar, &instrument)));
}

#[test]
fn the_daemon_is_linked_where_containers_have_networks_of_their_own() {
    let fields = json!({
        "family": "worker",
        "container_definitions": {
            "worker": { "image": "shop/worker:1", "memory": 128, "links": ["cache"] },
            "cache": { "image": "redis:7", "memory": 64 },
        },
        "sidecar": { "kind": "xray-daemon", "command": ["-l", "dev"] },
        "instrument": { "containers": ["worker"], "context_missing": "IGNORE_ERROR" },
    });
    assert_snapshot!("xray_daemon", written(fields));
}

#[test]
fn what_a_container_says_already_holds() {
    let fields = json!({
        "base": { "taskDefinition": {
            "family": "api",
            "taskDefinitionArn": "arn", "revision": 3, "status": "ACTIVE",
            "networkMode": "awsvpc",
            "containerDefinitions": [
                {
                    "name": "api", "image": "api", "memory": 9,
                    "environment": [{ "name": "OTEL_SERVICE_NAME", "value": "mine" }],
                    "dependsOn": [{ "containerName": "aws-otel-collector", "condition": "START" }],
                },
                {
                    "name": "aws-otel-collector", "essential": true,
                    "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/aws-otel-collector:mine",
                    "command": ["--config=/mine.yaml"],
                },
            ],
        }},
        "sidecar": { "kind": "adot" },
        "instrument": {},
    });
    let document = spec(fields).document(Some("eu-west-1"));
    let document = Value::Object(document);
    assert_eq!(document["revision"], Value::Null);
    let api = &document["containerDefinitions"][0];
    assert_eq!(
        api["environment"][0],
        json!({ "name": "OTEL_SERVICE_NAME", "value": "mine" })
    );
    assert_eq!(api["dependsOn"].as_array().unwrap().len(), 1);
    let sidecar = &document["containerDefinitions"][1];
    assert_eq!(sidecar["command"], json!(["--config=/mine.yaml"]));
    assert_eq!(sidecar["essential"], true);
    assert_eq!(
        sidecar["healthCheck"],
        Value::Null,
        "nobody knows what it answers"
    );
}

#[test]
fn what_ecs_would_refuse_is_told_at_its_place() {
    let containers = |count: usize| -> Value {
        let one = |number| (format!("c{number}"), json!({ "image": "i", "memory": 9 }));
        Value::Object((0..count).map(one).collect())
    };
    let adot = json!({ "kind": "adot" });
    for (fields, expected) in [
        (
            json!({
                "network_mode": "awsvpc", "cpu": 256, "memory": 4096,
                "requires_compatibilities": ["FARGATE"],
                "container_definitions": { "api": { "image": "i" } },
            }),
            "/memory: Fargate has no task with 256 cpu and 4096 memory (the nearest size is cpu 512 with memory 4096; cpu 256 takes memory 512, 1024 or 2048)",
        ),
        (
            json!({ "container_definitions": containers(11) }),
            "/container_definitions: there are 11 containers, ECS takes at most 10 ()",
        ),
        (
            json!({ "container_definitions": containers(10), "sidecar": adot }),
            "/container_definitions: there are 11 containers, the sidecar among them, ECS takes at most 10 ()",
        ),
        (
            json!({ "container_definitions": [
                { "name": "a", "image": "i", "memory": 9 },
                { "name": "a", "image": "j", "memory": 9 },
            ]}),
            "/container_definitions/1/name: there are two containers called `a` (give one of them another name)",
        ),
        (
            json!({
                "network_mode": "awsvpc",
                "container_definitions": {
                    "api": { "image": "i", "memory": 9, "port_mappings": [{ "container_port": 4317 }] },
                },
                "sidecar": adot,
            }),
            "/container_definitions/api/port_mappings: the containers `api` and `aws-otel-collector` both listen on port 4317/tcp (the sidecar listens there; move the other one)",
        ),
        (
            json!({
                "container_definitions": {
                    "a": { "image": "i", "memory": 9, "depends_on": { "b": "HEALTHY" } },
                    "b": { "image": "i", "memory": 9, "depends_on": { "a": "START" } },
                },
            }),
            "/container_definitions/a/depends_on: these containers wait for one another: `a` → `b` → `a` (a link waits as well)",
        ),
        (
            json!({ "sidecar": adot }),
            ": there is no container (name one in `container_definitions`, or give a `base` that has one)",
        ),
        (
            json!({ "base": { "container_definitions": [] } }),
            "/base/container_definitions: the base is written as the AWS CLI writes it (write `containerDefinitions`)",
        ),
        (
            json!({
                "container_definitions": { "api": { "image": "i", "memory": 9 } },
                "instrument": {},
            }),
            "/instrument: there is no sidecar to send traces to (add `sidecar = { kind = \"adot\" }`)",
        ),
    ] {
        let told = problems(fields);
        assert!(
            told.iter().any(|one| one == expected),
            "{expected}: {told:#?}"
        );
    }
}

#[test]
fn terraform_has_its_names() {
    let fields = json!({
        "family": "api",
        "cpu": 256,
        "memory": "1GB",
        "network_mode": "awsvpc",
        "requires_compatibilities": ["FARGATE"],
        "execution_role_arn": "arn:aws:iam::123456789012:role/ecs",
        "runtime_platform": { "cpu_architecture": "ARM64" },
        "ephemeral_storage": { "size_in_gib": 30 },
        "placement_constraints": [{ "type": "memberOf", "expression": "x" }],
        "proxy_configuration": { "container_name": "envoy", "properties": { "AppPorts": "80" } },
        "volumes": {
            "data": { "efs_volume_configuration": {
                "file_system_id": "fs-1",
                "authorization_config": { "access_point_id": "fsap-1", "iam": "ENABLED" },
            }},
            "host": { "host": { "source_path": "/data" } },
        },
        "container_definitions": { "api": { "image": "i", "port_mappings": [{ "container_port": 80 }] } },
    });
    let spec = EcsTaskDefinition::canonical(spec(fields));
    let arn = "arn:aws:ecs:eu-west-1:123456789012:task-definition/api:7";
    let outputs = Attributes::from_iter([
        ("arn".to_owned(), arn.into()),
        ("revision".to_owned(), 7.into()),
    ]);
    let attributes = EcsTaskDefinition::terraform("api", &spec, &outputs);
    let containers = attributes["container_definitions"].as_str().unwrap();
    let containers: Value = serde_json::from_str(containers).unwrap();
    assert_eq!(containers[0]["portMappings"][0]["hostPort"], 80);
    assert_snapshot!("terraform", format!("{:#}", Value::Object(attributes)));
}

/// A text of a few letters, so that names meet.
fn name() -> impl Strategy<Value = String> {
    "[a-c]{1,2}"
}

prop_compose! {
    fn container()(
        memory in proptest::option::of(6_u32..99),
        ports in proptest::collection::vec((1_u16..6, proptest::option::of(1_u16..6)), 0..3),
        environment in proptest::collection::btree_map(name(), name(), 0..3),
        secrets in proptest::collection::btree_map(name(), name(), 0..2),
        command in proptest::option::of(proptest::collection::vec(name(), 0..3)),
        depends in proptest::collection::btree_map(name(), Just("START"), 0..2),
        essential in proptest::option::of(any::<bool>()),
        checks in any::<bool>(),
        future in proptest::option::of(name()),
    ) -> Value {
        let pair = |(name, value)| json!({ "name": name, "value": value });
        let mut container = json!({
            "image": "i",
            "memory": memory,
            "portMappings": ports.into_iter().map(|(inside, outside)| {
                json!({ "containerPort": inside, "hostPort": outside })
            }).collect::<Vec<_>>(),
            "environment": environment.into_iter().map(pair).collect::<Vec<_>>(),
            "secrets": secrets.into_iter()
                .map(|(name, from)| json!({ "name": name, "valueFrom": from }))
                .collect::<Vec<_>>(),
            "command": command,
            "dependsOn": depends.into_iter()
                .map(|(on, condition)| json!({ "containerName": on, "condition": condition }))
                .collect::<Vec<_>>(),
            "essential": essential,
            "futureMember": future,
        });
        if checks {
            container["healthCheck"] = json!({ "command": ["CMD", "x"] });
        }
        container
    }
}

prop_compose! {
    fn base()(
        containers in proptest::collection::btree_map(name(), container(), 1..4),
        mode in proptest::option::of(prop_oneof![
            Just("awsvpc"), Just("bridge"), Just("host"), Just("none")
        ]),
        memory in proptest::option::of(prop_oneof![Just("1GB"), Just("2048"), Just("?")]),
        future in proptest::option::of(name()),
    ) -> Value {
        let containers: Vec<Value> = containers.into_iter().map(|(name, mut container)| {
            container["name"] = name.into();
            container
        }).collect();
        let mut base = json!({
            "family": "api",
            "containerDefinitions": containers,
            "futureMember": { "kept": future },
        });
        if let Some(mode) = mode {
            base["networkMode"] = mode.into();
        }
        if let Some(memory) = memory {
            base["memory"] = memory.into();
        }
        base
    }
}

fn traced(base: &Value, kind: &str) -> Value {
    let fields = json!({
        "base": base,
        "sidecar": { "kind": kind, "log_group": "/ecs/x", "environment": { "a": "1" } },
        "instrument": {},
    });
    Value::Object(spec(fields).document(Some("eu-west-1")))
}

proptest! {
    #[test]
    fn canonical_form_is_idempotent(base in base(), kind in prop_oneof![
        Just("adot"), Just("cloudwatch-agent"), Just("xray-daemon")
    ]) {
        let fields = json!({ "base": base, "sidecar": { "kind": kind }, "instrument": {} });
        let once = EcsTaskDefinition::canonical(spec(fields));
        let twice = EcsTaskDefinition::canonical(once.clone());
        prop_assert_eq!(
            serde_json::to_value(&once).unwrap(),
            serde_json::to_value(&twice).unwrap()
        );
    }

    #[test]
    fn a_sidecar_added_twice_is_added_once(base in base(), kind in prop_oneof![
        Just("adot"), Just("cloudwatch-agent"), Just("xray-daemon")
    ]) {
        let once = traced(&base, kind);
        prop_assert_eq!(&once, &traced(&once, kind));
        let described = json!({ "taskDefinition": &once });
        prop_assert_eq!(&once, &traced(&described, kind));
    }

    /// The base with its sidecar has everything that it had before.
    #[test]
    fn a_base_loses_nothing(base in base()) {
        let traced = traced(&base, "adot");
        prop_assert_eq!(&traced["futureMember"], &base["futureMember"]);
        let after = traced["containerDefinitions"].as_array().unwrap();
        for before in base["containerDefinitions"].as_array().unwrap() {
            let after = after.iter().find(|one| one["name"] == before["name"]).unwrap();
            for (name, value) in before.as_object().unwrap() {
                match (value, &after[name]) {
                    (Value::Array(before), Value::Array(after)) => {
                        prop_assert!(before.iter().all(|item| after.contains(item)), "{}", name);
                    }
                    (before, after) => prop_assert_eq!(before, after),
                }
            }
        }
    }
}
