//! ECS task definitions: revisions, sidecars, and what `generate` writes.

use serde_json::{Value, json};

use crate::cloud::{Cloud, rows};
use crate::harness::Scenario;
use crate::proxy::Proxy;

/// A traced task on Fargate.
const SPEC: &str = r#"[stack]
name = "shop"
region = "us-east-1"

[ecs.task_definitions.api]
network_mode = "awsvpc"
cpu = 512
memory = "1GB"
requires_compatibilities = ["FARGATE"]
execution_role_arn = "arn:aws:iam::123456789012:role/ecs"
container_definitions.api = { image = "api:1", environment = { LOG = "info" } }
sidecar = { kind = "adot", log_group = "/ecs/api" }
instrument = {}
tags = { team = "traces" }
"#;

fn latest(cloud: &Cloud) -> Value {
    let wanted = json!({ "taskDefinition": "api", "include": ["TAGS"] });
    cloud.ecs("DescribeTaskDefinition", &wanted)
}

/// Registers a revision behind xrayctl's back: the latest, changed.
fn register(cloud: &Cloud, change: impl FnOnce(&mut Value)) {
    let mut revision = latest(cloud)["taskDefinition"].take();
    for name in ["taskDefinitionArn", "revision", "status", "registeredAt"] {
        revision[name] = Value::Null;
    }
    change(&mut revision);
    cloud.ecs("RegisterTaskDefinition", &revision);
}

fn active(cloud: &Cloud) -> usize {
    let list = cloud.ecs("ListTaskDefinitions", &json!({ "familyPrefix": "api" }));
    rows(&list["taskDefinitionArns"]).count()
}

#[test]
fn what_is_applied_is_settled_and_a_change_says_its_revision() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(SPEC);
    scenario.plan().ends_with(2);
    scenario.apply().says("task-definition/api:1]");
    scenario.is_settled();
    scenario.edit("LOG = \"info\"", "LOG = \"debug\"");
    let plan = scenario.plan().ends_with(2);
    assert_eq!(
        plan.changes(),
        ["ecs_task_definition.api container_definitions.api.environment.LOG"]
    );
    scenario.apply().says("task-definition/api:2]");
    scenario.is_settled();
    let tags = latest(&cloud)["tags"].clone();
    assert!(rows(&tags).any(|tag| tag["key"] == "team" && tag["value"] == "traces"));
    assert!(rows(&tags).any(|tag| tag["key"] == "xrayctl:stack"));
    assert_eq!(active(&cloud), 2, "services may go on with the first");
    scenario.run("destroy --auto-approve").succeeds();
    assert_eq!(active(&cloud), 0);
    scenario.apply().says("task-definition/api:3]");
    scenario.is_settled();
}

#[test]
fn a_revision_of_someone_else_is_seen_and_another_follows() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(SPEC);
    scenario.apply();
    // Without our tags, as a pipeline registers it.
    register(&cloud, |revision| {
        revision["containerDefinitions"][0]["image"] = "api:2".into();
        revision["futureMember"] = json!({ "a": 1 });
    });
    let plan = scenario.plan().ends_with(2);
    let changes = plan.changes().join("\n");
    assert!(
        changes.contains("container_definitions.api.image"),
        "{plan}"
    );
    assert!(changes.contains("other.futureMember"), "{plan}");
    scenario.apply().says("task-definition/api:3]");
    scenario.is_settled();
    assert_eq!(
        latest(&cloud)["taskDefinition"]["containerDefinitions"][0]["image"],
        "api:1"
    );
    assert_eq!(active(&cloud), 3, "nothing of theirs is lost");
    // What the stack registered goes, and theirs stays.
    scenario.run("destroy --auto-approve").succeeds();
    assert_eq!(active(&cloud), 1);
    assert_eq!(latest(&cloud)["taskDefinition"]["revision"], 2);
}

#[test]
fn a_plan_is_stale_once_someone_registered_a_revision() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(SPEC);
    scenario.apply();
    scenario.edit("api:1", "api:3");
    scenario.run("plan --out plan.json").succeeds();
    register(&cloud, |revision| revision["memory"] = "2048".into());
    scenario
        .run("apply plan.json")
        .ends_with(1)
        .says("the saved plan is stale: AWS changed since it was made");
    assert_eq!(active(&cloud), 2);
}

#[test]
fn drift_in_every_member_is_seen_and_repaired() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(SPEC);
    scenario.apply();
    for (pointer, value) in [
        ("/cpu", json!("1024")),
        ("/memory", json!("2048")),
        ("/requiresCompatibilities", json!(["EC2"])),
        ("/networkMode", json!("host")),
        (
            "/executionRoleArn",
            json!("arn:aws:iam::123456789012:role/x"),
        ),
        ("/containerDefinitions/0/image", json!("x")),
        ("/containerDefinitions/0/environment", json!([])),
        ("/containerDefinitions/0/essential", json!(false)),
        ("/containerDefinitions/0/dependsOn", json!([])),
        ("/containerDefinitions/1/command", json!(["x"])),
        ("/containerDefinitions/1/healthCheck/retries", json!(9)),
        ("/containerDefinitions/1/portMappings", json!([])),
        (
            "/containerDefinitions/1/logConfiguration/options/awslogs-group",
            json!("x"),
        ),
    ] {
        register(&cloud, |revision| {
            if pointer == "/networkMode" || pointer == "/memory" || pointer == "/cpu" {
                revision["requiresCompatibilities"] = json!(["EC2"]);
            }
            *revision.pointer_mut(pointer).unwrap() = value;
        });
        let plan = scenario.plan();
        assert_eq!(plan.code, Some(2), "{pointer}: {plan}");
        scenario.apply();
        scenario.is_settled();
    }
    for (member, value) in [
        ("taskRoleArn", json!("arn:aws:iam::123456789012:role/x")),
        ("volumes", json!([{ "name": "x" }])),
        (
            "placementConstraints",
            json!([{ "type": "memberOf", "expression": "x" }]),
        ),
        ("pidMode", json!("task")),
        ("ipcMode", json!("task")),
        ("runtimePlatform", json!({ "cpuArchitecture": "ARM64" })),
        ("ephemeralStorage", json!({ "sizeInGiB": 30 })),
        (
            "proxyConfiguration",
            json!({ "containerName": "api", "type": "APPMESH" }),
        ),
        ("enableFaultInjection", json!(true)),
        (
            "inferenceAccelerators",
            json!([{ "deviceName": "a", "deviceType": "b" }]),
        ),
    ] {
        register(&cloud, |revision| revision[member] = value);
        let plan = scenario.plan();
        assert_eq!(plan.code, Some(2), "{member}: {plan}");
        scenario.apply();
        scenario.is_settled();
    }
}

#[test]
fn another_stacks_family_is_left_alone() {
    let cloud = Cloud::start();
    cloud.scenario(SPEC).apply();
    let other = cloud.scenario(&SPEC.replace("\"shop\"", "\"other\""));
    other.run("apply --auto-approve").ends_with(1);
    assert_eq!(active(&cloud), 1);
}

/// Plans the spec with one text changed, which must fail before any call.
fn refused(from: &str, to: &str, expected: &[&str]) {
    assert!(SPEC.contains(from), "{from}");
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(&SPEC.replace(from, to));
    scenario.write("bad.json", "{\n  \"family\": api\n}\n");
    for command in [
        "plan",
        "apply --auto-approve",
        "generate ecs-task-definition api",
    ] {
        let output = scenario.run(command).ends_with(1);
        for text in expected {
            assert!(output.stderr.contains(text), "no {text:?} in {output}");
        }
        assert_eq!(output.stdout, "");
    }
    assert_eq!(proxy.take_calls().len(), 0);
}

#[test]
fn a_size_that_fargate_has_not() {
    refused(
        "cpu = 512\nmemory = \"1GB\"",
        "cpu = 256\nmemory = \"4GB\"",
        &[
            "Fargate has no task with 256 cpu and 4096 memory",
            "xrayctl.toml:8:10",
            "the nearest size is cpu 512 with memory 4096; cpu 256 takes memory 512, 1024 or 2048",
        ],
    );
}

#[test]
fn more_containers_than_ecs_takes() {
    let more: Vec<String> = (0..10)
        .map(|number| format!("container_definitions.c{number} = {{ image = \"c\" }}\n"))
        .collect();
    refused(
        "instrument = {}\n",
        &more.concat(),
        &["there are 12 containers, the sidecar among them, ECS takes at most 10"],
    );
}

#[test]
fn two_containers_of_one_name() {
    refused(
        "container_definitions.api = {",
        "container_definitions.api = { image = \"b\" }\ncontainer_definitions.api = {",
        &["duplicate", "xrayctl.toml:12:23"],
    );
    refused(
        "container_definitions.api = { image = \"api:1\", environment = { LOG = \"info\" } }",
        "container_definitions = [{ name = \"a\", image = \"a\" }, { name = \"a\", image = \"b\" }]",
        &["there are two containers called `a`", "xrayctl.toml:11:64"],
    );
}

#[test]
fn a_port_that_the_sidecar_has() {
    refused(
        "image = \"api:1\",",
        "image = \"api:1\", port_mappings = [{ container_port = 4317 }],",
        &[
            "the containers `api` and `aws-otel-collector` both listen on port 4317/tcp",
            "xrayctl.toml:11:",
            "the sidecar listens there; move the other one",
        ],
    );
}

#[test]
fn a_base_that_is_no_json() {
    refused(
        "tags = { team",
        "base = { file = \"bad.json\" }\ntags = { team",
        &["bad.json:2:13"],
    );
}

#[test]
fn generate_writes_what_apply_registers() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(SPEC);
    let proxy = Proxy::before(&cloud);
    let offline = proxy.scenario(SPEC);
    let printed = offline.run("generate ecs-task-definition api").succeeds();
    assert_eq!(proxy.take_calls().len(), 0, "nothing of it needs AWS");
    offline
        .run("generate ecs-task-definition api --out td.json")
        .succeeds();
    offline
        .run("generate ecs-task-definition api --out td.json")
        .succeeds();
    assert_eq!(offline.read("td.json"), printed.stdout);
    let generated: Value = serde_json::from_str(&printed.stdout).unwrap();
    assert_eq!(generated["cpu"], "512");
    assert_eq!(
        generated["tags"],
        json!([{ "key": "team", "value": "traces" }])
    );
    cloud.ecs("RegisterTaskDefinition", &generated);
    // What was registered from it is what the spec says.
    scenario.run("apply --auto-approve --adopt").succeeds();
    scenario.is_settled();
    assert_eq!(active(&cloud), 1, "only tags changed");
}

#[test]
fn generate_adds_the_sidecar_once() {
    let base = include_str!("../data/ecs_task_definition.json");
    let cloud = Cloud::start();
    let scenario = cloud.scenario(SPEC);
    scenario.write("base.json", base);
    let generate = "generate ecs-task-definition api --base";
    let once = scenario
        .run(&format!("{generate} base.json"))
        .succeeds()
        .stdout;
    scenario.write("once.json", &once);
    let twice = scenario
        .run(&format!("{generate} once.json"))
        .succeeds()
        .stdout;
    assert_eq!(twice, once);
    let described = format!("{{\"taskDefinition\": {once}}}");
    scenario.write("described.json", described);
    let again = scenario
        .run(&format!("{generate} described.json"))
        .succeeds();
    assert_eq!(again.stdout, once);

    let once: Value = serde_json::from_str(&once).unwrap();
    cloud.ecs("RegisterTaskDefinition", &once);
    let live = "generate ecs-task-definition api --from-live checkout";
    let live = scenario.run(live).succeeds();
    let live: Value = serde_json::from_str(&live.stdout).unwrap();
    assert_eq!(live["futureMember"], once["futureMember"]);
    let names = |document: &Value| -> Vec<Value> {
        let containers = rows(&document["containerDefinitions"]);
        containers.map(|one| one["name"].clone()).collect()
    };
    assert_eq!(names(&live), names(&once));
    assert_eq!(live["revision"], Value::Null);
}

#[test]
fn generate_says_what_is_wrong_with_a_base() {
    let scenario = Scenario::local(SPEC);
    let generate = "generate ecs-task-definition api --base";
    scenario.write("bad.json", "{\n  \"family\": api\n}\n");
    scenario
        .run(&format!("{generate} bad.json"))
        .ends_with(1)
        .says("`bad.json` is not JSON")
        .says("bad.json:2:13");
    scenario.write("bad.json", "[]");
    scenario
        .run(&format!("{generate} bad.json"))
        .ends_with(1)
        .says("`bad.json` is no task definition");
    let clash = json!({
        "family": "x",
        "networkMode": "awsvpc",
        "containerDefinitions": [{
            "name": "a", "image": "a", "memory": 64, "portMappings": [{ "containerPort": 4318 }],
        }],
        "executionRoleArn": "arn:aws:iam::123456789012:role/ecs",
    });
    scenario.write("bad.json", format!("{clash:#}"));
    scenario
        .run(&format!("{generate} bad.json"))
        .ends_with(1)
        .says("the containers `a` and `aws-otel-collector` both listen on port 4318/tcp")
        .says("--> bad.json:");
    scenario
        .run(&format!("{generate} missing.json"))
        .ends_with(1)
        .says("cannot read `missing.json`");
    scenario
        .run("generate ecs-task-definition aip")
        .ends_with(1)
        .says("the spec has no task definition `aip`")
        .says("did you mean `api`?");
    scenario
        .run("generate ecs-task-definition api --from-live gone")
        .ends_with(1)
        .says("AWS has no active task definition `gone`");
    scenario.edit(
        "sidecar = { kind = \"adot\", log_group = \"/ecs/api\" }\ninstrument = {}\n",
        "",
    );
    scenario
        .run(&format!("{generate} bad.json"))
        .ends_with(1)
        .says("ecs_task_definition.api has no sidecar to add");
}
