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
    let change = json!({ "patchOperations": [{ "op": "replace", "path": path, "value": value }] });
    let line = format!("PATCH /restapis/{id}/stages/prod");
    cloud.rest("apigateway", &line, &change);
}

#[test]
fn a_stage_is_traced_put_right_and_let_go_of() {
    let cloud = Cloud::start();
    let id = deploy(&cloud, "orders");
    let other = deploy(&cloud, "other");
    let scenario = cloud.scenario(SPEC);
    let plan = scenario.plan().ends_with(2);
    assert_snapshot!(plan.snapshot().replace(&id, "[id]"), @r#"
    $ xrayctl plan --detailed-exitcode
    xrayctl will perform the following actions (account 123456789012, us-east-1):

      # api_gateway_stage.orders will be imported and updated in place
      ~ api_gateway_stage "orders" {
          ~ tracing_enabled = false -> true
          # (2 unchanged fields hidden)
        }

    Plan: 1 to import, 0 to add, 1 to change, 0 to destroy.
    --- exit 2
    "#);
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

#[test]
fn an_export_writes_the_stages_that_are_traced() {
    let cloud = Cloud::start();
    let id = deploy(&cloud, "orders");
    let twins = [deploy(&cloud, "twin"), deploy(&cloud, "twin")];
    deploy(&cloud, "quiet");
    for id in [&id, &twins[0]] {
        patch(&cloud, id, "/tracingEnabled", "true");
    }
    let scenario = cloud.scenario("[stack]\nname = \"empty\"\nregion = \"us-east-1\"\n");
    scenario
        .run("export --region us-east-1 --stack shop --out shop.toml")
        .succeeds();
    let written = scenario.read("shop.toml");
    assert_eq!(written.matches("[api_gateway.stages").count(), 2);
    assert!(
        written.contains("rest_api_name = \"orders\"\nstage_name"),
        "{written}"
    );
    let by_id = format!("rest_api_id = \"{}\"\nstage_name", twins[0]);
    assert!(written.contains(&by_id), "{written}");
    scenario
        .run("apply --adopt --auto-approve shop.toml")
        .succeeds();
    let plan = scenario.run("plan --detailed-exitcode shop.toml");
    plan.ends_with(0).prints("No changes.");
    // Again, now from the tags.
    let again = scenario.run("export --region us-east-1 --stack shop");
    assert_eq!(again.succeeds().stdout, written);

    let all = scenario.run("export --region us-east-1 --only api_gateway_stage --stack shop");
    let all = all.succeeds().stdout;
    assert_eq!(all.matches("[api_gateway.stages").count(), 4);
}

#[test]
fn a_terraform_state_names_its_stage() {
    let cloud = Cloud::start();
    let id = deploy(&cloud, "orders");
    let scenario = cloud.scenario("[stack]\nname = \"empty\"\nregion = \"us-east-1\"\n");
    let state = json!({ "format_version": "1.0", "values": { "root_module": { "resources": [{
        "address": "aws_api_gateway_stage.this", "mode": "managed", "name": "this",
        "type": "aws_api_gateway_stage",
        "values": {
            "arn": format!("arn:aws:apigateway:us-east-1::/restapis/{id}/stages/prod"),
            "rest_api_id": id, "stage_name": "prod", "xray_tracing_enabled": false,
        },
    }]}}});
    scenario.write("state.json", state.to_string());
    scenario
        .run("import --terraform state.json --region us-east-1 --stack shop")
        .succeeds()
        .prints("rest_api_name = \"orders\"");
}

/// API Gateway takes few calls a second.
#[test]
fn throttled_lists_of_stages_are_waited_for() {
    let cloud = Cloud::start();
    for index in 0..20 {
        deploy(&cloud, &format!("api{index}"));
    }
    deploy(&cloud, "orders");
    let proxy = Proxy::before(&cloud);
    let slow_down = (429, "TooManyRequestsException", "Too Many Requests");
    proxy.fail("GetStages", 40, slow_down);
    let scenario = proxy.scenario(SPEC);
    scenario.plan().ends_with(2);
    let calls = proxy.take_calls();
    let apis = calls.iter().filter(|call| call.operation == "GetRestApis");
    assert_eq!(apis.count(), 1, "the rest is not read again");
}
