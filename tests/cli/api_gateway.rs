//! Stages of REST APIs that others make: traced, put right, and let go of.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::cloud::{Cloud, text};
use crate::proxy::Proxy;

const SPEC: &str = r#"[stack]
name = "orders"
region = "us-east-1"

[api_gateway.stages.orders]
rest_api_name = "orders"
stage_name = "prod"
"#;

/// Makes an API with a stage, and returns its id.
fn deploy(cloud: &Cloud, name: &str) -> String {
    let api = cloud.rest("apigateway", "POST /restapis", &json!({ "name": name }));
    let id = text(&api["id"]);
    let line = format!("POST /restapis/{id}/deployments");
    cloud.rest("apigateway", &line, &json!({ "stageName": "prod" }));
    let line = format!("PUT /tags/{}", encoded(&id));
    let tags = json!({ "tags": { "made-by": "sam" } });
    cloud.rest("apigateway", &line, &tags);
    id
}

fn encoded(id: &str) -> String {
    format!("arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2F{id}%2Fstages%2Fprod")
}

fn stage(cloud: &Cloud, id: &str) -> Value {
    let line = format!("GET /restapis/{id}/stages/prod");
    cloud.rest("apigateway", &line, &json!({}))
}

fn patch(cloud: &Cloud, id: &str, path: &str, value: &str) {
    let patch = json!({ "patchOperations": [{ "op": "replace", "path": path, "value": value }] });
    let line = format!("PATCH /restapis/{id}/stages/prod");
    cloud.rest("apigateway", &line, &patch);
}

#[test]
fn a_stage_is_traced_put_right_and_let_go_of() {
    let cloud = Cloud::start();
    let id = deploy(&cloud, "orders");
    let other = deploy(&cloud, "other");
    let scenario = cloud.scenario(SPEC);
    let plan = scenario.plan().ends_with(2);
    assert_snapshot!(plan.snapshot().replace(&id, "[id]"), @"");
    scenario.apply();
    scenario.is_settled();
    assert_eq!(stage(&cloud, &id)["tracingEnabled"], true);
    assert_eq!(stage(&cloud, &id)["tags"]["made-by"], "sam");

    patch(&cloud, &id, "/tracingEnabled", "false");
    patch(&cloud, &id, "/description", "of others");
    let plan = scenario.plan().ends_with(2);
    assert_eq!(plan.changes(), ["api_gateway_stage.orders tracing_enabled"]);
    plan.prints("changed outside");
    scenario.apply();
    scenario.is_settled();

    // The same stage, by its id.
    scenario.edit(
        "rest_api_name = \"orders\"",
        &format!("rest_api_id = \"{id}\""),
    );
    scenario.is_settled();

    scenario.run("destroy --auto-approve").succeeds();
    let released = stage(&cloud, &id);
    assert_eq!(released["tracingEnabled"], false);
    assert_eq!(released["tags"], json!({ "made-by": "sam" }));
    assert_eq!(released["description"], "of others");
    assert_eq!(stage(&cloud, &other)["tracingEnabled"], Value::Null);
}

#[test]
fn a_stage_that_left_the_spec_is_no_longer_traced() {
    let cloud = Cloud::start();
    let id = deploy(&cloud, "orders");
    let scenario = cloud.scenario(SPEC);
    scenario.apply();
    scenario.spec("[stack]\nname = \"orders\"\nregion = \"us-east-1\"\n");
    scenario.plan().ends_with(2);
    scenario.apply();
    scenario.is_settled();
    assert_eq!(stage(&cloud, &id)["tracingEnabled"], false);
}

#[test]
fn an_api_that_is_not_there_or_not_the_only_one_is_told() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(SPEC);
    assert_snapshot!(scenario.plan().ends_with(1).snapshot(), @r"
    $ xrayctl plan --detailed-exitcode
    --- stderr
    error: AWS has no API Gateway stage `orders/prod`
     --> xrayctl.toml:5:1
      |
    5 | [api_gateway.stages.orders]
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: xrayctl changes one that exists; create it first, or take it out of the spec
    --- exit 1
    ");
    deploy(&cloud, "orders");
    deploy(&cloud, "orders");
    scenario
        .plan()
        .ends_with(1)
        .says("error: 2 REST APIs are called `orders`: ")
        .says("; give `rest_api_id` in the spec");
}

#[test]
fn one_stage_under_two_names_is_told() {
    let cloud = Cloud::start();
    let id = deploy(&cloud, "orders");
    let twice = format!(
        "{SPEC}\n[api_gateway.stages.again]\nrest_api_id = \"{id}\"\nstage_name = \"prod\"\n"
    );
    cloud
        .scenario(&twice)
        .plan()
        .ends_with(1)
        .says("are one API Gateway stage")
        .says("name it once in the spec");
}

#[test]
fn a_change_of_the_api_under_way_is_waited_for() {
    let cloud = Cloud::start();
    let id = deploy(&cloud, "orders");
    let proxy = Proxy::before(&cloud);
    let message = "Unable to complete operation due to concurrent modification";
    proxy.fail("UpdateStage", 2, (409, "ConflictException", message));
    let scenario = proxy.scenario(SPEC);
    scenario.apply();
    assert_eq!(stage(&cloud, &id)["tracingEnabled"], true);
}

/// The actions of API Gateway are called like HTTP methods.
#[test]
fn a_refusal_names_the_action_of_iam() {
    let cloud = Cloud::start();
    deploy(&cloud, "orders");
    let proxy = Proxy::before(&cloud);
    let denied = (403, "AccessDeniedException", "Forbidden");
    proxy.fail("UpdateStage", usize::MAX, denied);
    let scenario = proxy.scenario(SPEC);
    scenario
        .run("apply --auto-approve")
        .ends_with(1)
        .says("hint: the credentials need the IAM action apigateway:PATCH");
}
