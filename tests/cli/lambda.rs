//! Lambda functions that others make: traced, put right, and let go of, with
//! everything of theirs left as it is.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::proxy::Proxy;

const SPEC: &str = r#"[stack]
name = "orders"
region = "us-east-1"

[lambda.functions.order-handler]
layers = ["arn:aws:lambda:us-east-1:901920570463:layer:aws-otel-python-amd64:1"]
environment = { AWS_LAMBDA_EXEC_WRAPPER = "/opt/otel-instrument" }
tags = { traced = "yes" }
"#;

const NAME: &str = "order-handler";
const LAYER: &str = "arn:aws:lambda:us-east-1:901920570463:layer:aws-otel-python-amd64:1";
const PANDAS: &str = "arn:aws:lambda:us-east-1:336392948345:layer:AWSSDKPandas-Python312:16";
const UNDER_WAY: (u16, &str, &str) = (
    409,
    "ResourceConflictException",
    "The operation cannot be performed at this time. An update is in progress for resource: f",
);

/// Makes a function as a pipeline does, with a secret of its own.
fn deploy(cloud: &Cloud, name: &str) {
    let function = json!({
        "FunctionName": name,
        "Role": "arn:aws:iam::123456789012:role/orders",
        "Runtime": "python3.12",
        "Handler": "app.handler",
        "Code": { "ZipFile": "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==" },
        "Environment": { "Variables": { "DB_PASSWORD": "hunter2" } },
        "Tags": { "made-by": "sam" },
    });
    cloud.rest("lambda", "POST /2015-03-31/functions", &function);
}

fn configuration(cloud: &Cloud, name: &str) -> Value {
    let line = format!("GET /2015-03-31/functions/{name}/configuration");
    cloud.rest("lambda", &line, &json!({}))
}

/// Changes a function behind xrayctl's back, once no other change is under way.
fn change(cloud: &Cloud, change: &Value) {
    while configuration(cloud, NAME)["LastUpdateStatus"] == "InProgress" {
        std::thread::sleep(crate::harness::PAUSE);
    }
    let line = format!("PUT /2015-03-31/functions/{NAME}/configuration");
    cloud.rest("lambda", &line, change);
}

/// What matters of a function.
fn standing(cloud: &Cloud, name: &str) -> Value {
    let function = configuration(cloud, name);
    let layers = function["Layers"].as_array().unwrap().iter();
    let layers: Vec<&Value> = layers.map(|layer| &layer["Arn"]).collect();
    json!({
        "mode": function["TracingConfig"]["Mode"],
        "layers": layers,
        "variables": function["Environment"]["Variables"],
    })
}

fn tags(cloud: &Cloud, name: &str) -> Value {
    let arn = format!("arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3A{name}");
    let line = format!("GET /2017-03-31/tags/{arn}");
    let mut tags = cloud.rest("lambda", &line, &json!({}))["Tags"].take();
    tags.sort_all_objects();
    tags
}

fn traced() -> Value {
    json!({
        "mode": "Active",
        "layers": [LAYER],
        "variables": {
            "DB_PASSWORD": "hunter2",
            "AWS_LAMBDA_EXEC_WRAPPER": "/opt/otel-instrument",
        },
    })
}

fn untouched() -> Value {
    json!({ "mode": "PassThrough", "layers": [], "variables": { "DB_PASSWORD": "hunter2" } })
}

#[test]
fn a_function_is_traced_and_let_go_of() {
    let cloud = Cloud::start();
    deploy(&cloud, NAME);
    deploy(&cloud, "of-others");
    let scenario = cloud.scenario(SPEC);
    let plan = scenario.plan().ends_with(2);
    assert_snapshot!(plan.snapshot(), @r#"
    $ xrayctl plan --detailed-exitcode
    xrayctl will perform the following actions (account 123456789012, us-east-1):

      # lambda_function.order-handler will be imported and updated in place
      ~ lambda_function "order-handler" {
          ~ tracing_mode                        = "PassThrough" -> "Active"
          ~ layers                              = [] -> ["arn:aws:lambda:us-east-1:901920570463:layer:aws-otel-python-amd64:1"]
          + environment.AWS_LAMBDA_EXEC_WRAPPER = "/opt/otel-instrument"
          + tags.traced                         = "yes"
          # (1 unchanged field hidden)
        }

    Plan: 1 to import, 0 to add, 1 to change, 0 to destroy.
    --- exit 2
    "#);
    scenario.apply();
    scenario.is_settled();
    assert_eq!(standing(&cloud, NAME), traced());
    assert_eq!(tags(&cloud, NAME)["made-by"], "sam");
    assert_eq!(tags(&cloud, NAME)["traced"], "yes");
    let show = scenario.run("show").succeeds();
    assert!(!show.stdout.contains("hunter2"), "{show}");
    assert!(!plan.stdout.contains("hunter2"), "{plan}");

    let destroy = scenario.run("destroy --auto-approve").succeeds();
    assert_snapshot!(destroy.snapshot(), @r#"
    $ xrayctl destroy --auto-approve
    xrayctl will perform the following actions (account 123456789012, us-east-1):

      # lambda_function.order-handler will be released, and stays
      . lambda_function "order-handler" {
          - function_name                       = "order-handler"
          - tracing_mode                        = "Active"
          - layers                              = ["arn:aws:lambda:us-east-1:901920570463:layer:aws-otel-python-amd64:1"]
          - environment.AWS_LAMBDA_EXEC_WRAPPER = "/opt/otel-instrument"
        }

    Plan: 1 to release, 0 to add, 0 to change, 0 to destroy.

    Destroy complete! Resources: 1 released, 0 destroyed.
    --- exit 0
    "#);
    assert_eq!(standing(&cloud, NAME), untouched());
    assert_eq!(
        tags(&cloud, NAME),
        json!({ "made-by": "sam", "traced": "yes" })
    );
    assert_eq!(standing(&cloud, "of-others"), untouched());
    assert_eq!(tags(&cloud, "of-others"), json!({ "made-by": "sam" }));
    scenario
        .run("destroy --auto-approve")
        .succeeds()
        .prints("No changes.");
}

#[test]
fn a_function_that_left_the_spec_is_no_longer_traced() {
    let cloud = Cloud::start();
    deploy(&cloud, NAME);
    let scenario = cloud.scenario(SPEC);
    scenario.apply();
    scenario.spec("[stack]\nname = \"orders\"\nregion = \"us-east-1\"\n");
    let plan = scenario.plan().ends_with(2);
    assert!(!plan.stdout.contains("hunter2"), "{plan}");
    scenario.apply();
    scenario.is_settled();
    // Nothing says any more what of the rest was ours.
    let mut expected = traced();
    expected["mode"] = json!("PassThrough");
    assert_eq!(standing(&cloud, NAME), expected);
    assert!(tags(&cloud, NAME).get("xrayctl:stack").is_none());
}

#[test]
fn what_others_change_is_drift_where_the_spec_names_it() {
    let cloud = Cloud::start();
    deploy(&cloud, NAME);
    let scenario = cloud.scenario(SPEC);
    scenario.apply();
    let wrapper = |value: &str| {
        json!({ "Environment": { "Variables": {
            "DB_PASSWORD": "hunter2", "AWS_LAMBDA_EXEC_WRAPPER": value,
        }}})
    };
    let gone = json!({ "Environment": { "Variables": { "DB_PASSWORD": "hunter2" } } });
    let variable = "environment.AWS_LAMBDA_EXEC_WRAPPER";
    for (change_of_others, field) in [
        (
            json!({ "TracingConfig": { "Mode": "PassThrough" } }),
            "tracing_mode",
        ),
        (json!({ "Layers": [] }), "layers"),
        (wrapper("/opt/other"), variable),
        (gone, variable),
    ] {
        change(&cloud, &change_of_others);
        let plan = scenario.plan().ends_with(2);
        assert_eq!(
            plan.changes(),
            [format!("lambda_function.{NAME} {field}")],
            "{plan}"
        );
        plan.prints("changed outside");
        scenario.apply();
        scenario.is_settled();
        assert_eq!(standing(&cloud, NAME), traced());
    }
    let others = json!({ "Layers": [PANDAS, LAYER], "Environment": { "Variables": {
        "DB_PASSWORD": "better", "LEVEL": "debug",
        "AWS_LAMBDA_EXEC_WRAPPER": "/opt/otel-instrument",
    }}, "Timeout": 30 });
    change(&cloud, &others);
    scenario.is_settled();
}

#[test]
fn a_function_that_nobody_made_is_told() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(SPEC);
    let plan = scenario.plan().ends_with(1);
    assert_snapshot!(plan.snapshot(), @r"
    $ xrayctl plan --detailed-exitcode
    --- stderr
    error: AWS has no Lambda function `order-handler`
     --> xrayctl.toml:5:1
      |
    5 | [lambda.functions.order-handler]
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: xrayctl changes one that exists; create it first, or take it out of the spec
    --- exit 1
    ");
}

#[test]
fn an_update_under_way_is_waited_for() {
    let cloud = Cloud::start();
    deploy(&cloud, NAME);
    let proxy = Proxy::before(&cloud);
    proxy.fail("UpdateFunctionConfiguration", 3, UNDER_WAY);
    let scenario = proxy.scenario(SPEC);
    scenario.apply();
    scenario.is_settled();
    let calls = proxy.take_mutations();
    let updates = calls
        .iter()
        .filter(|name| *name == "UpdateFunctionConfiguration");
    assert_eq!(updates.count(), 4);
    assert_eq!(standing(&cloud, NAME), traced());
}

/// Lambda carries out a change of others when ours comes.
#[test]
fn a_change_of_others_under_way_is_waited_for() {
    let cloud = Cloud::start();
    deploy(&cloud, NAME);
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(SPEC);
    let tagged = proxy.hold_next("TagResource");
    let mut apply = scenario.start("apply --auto-approve");
    assert!(tagged.is_reached(&mut apply));
    change(&cloud, &json!({ "Timeout": 30 }));
    drop(tagged);
    apply.finish().succeeds();
    // Nobody is told that it is done before it is.
    let function = configuration(&cloud, NAME);
    assert_eq!(function["LastUpdateStatus"], "Successful");
    assert_eq!(function["Timeout"], 30);
    assert_eq!(standing(&cloud, NAME), traced());
}

/// Each variable and layer is its own: what is taken out, added, or changed in
/// the spec changes nothing of the rest.
#[test]
fn layers_of_the_application_stay_where_they_are() {
    let cloud = Cloud::start();
    deploy(&cloud, NAME);
    change(&cloud, &json!({ "Layers": [PANDAS] }));
    let scenario = cloud.scenario(SPEC);
    scenario.apply();
    scenario.is_settled();
    assert_eq!(standing(&cloud, NAME)["layers"], json!([PANDAS, LAYER]));

    change(
        &cloud,
        &json!({ "Layers": [LAYER.replace(":1", ":2"), PANDAS] }),
    );
    let plan = scenario.plan().ends_with(2);
    assert_eq!(plan.changes(), [format!("lambda_function.{NAME} layers")]);
    assert!(!plan.stdout.contains("Pandas"), "{plan}");
    scenario.apply();
    scenario.is_settled();
    assert_eq!(standing(&cloud, NAME)["layers"], json!([LAYER, PANDAS]));

    // ADOT's layers have their version in the name.
    scenario.edit(
        "aws-otel-python-amd64:1",
        "aws-otel-python-amd64-ver-1-32-0:1",
    );
    scenario.apply();
    scenario.is_settled();
    let newer = LAYER
        .replace(":1\"", "")
        .replace("amd64:1", "amd64-ver-1-32-0:1");
    assert_eq!(standing(&cloud, NAME)["layers"], json!([newer, PANDAS]));
    scenario.edit("1-32-0:1", "1-33-0:1");
    scenario.apply();
    scenario.is_settled();
    let newer = newer.replace("1-32-0", "1-33-0");
    assert_eq!(standing(&cloud, NAME)["layers"], json!([newer, PANDAS]));

    scenario.run("destroy --auto-approve").succeeds();
    assert_eq!(standing(&cloud, NAME)["layers"], json!([PANDAS]));
}

/// Of two functions one is missing: the other is left alone.
#[test]
fn nothing_is_done_where_one_function_is_missing() {
    let cloud = Cloud::start();
    deploy(&cloud, "of-others");
    let proxy = Proxy::before(&cloud);
    let spec = format!(
        "{SPEC}\n[lambda.functions.of-others]\n[groups.slow]\nfilter_expression = \"error\"\n"
    );
    proxy
        .scenario(&spec)
        .run("apply --auto-approve")
        .ends_with(1)
        .says("AWS has no Lambda function `order-handler`");
    assert_eq!(proxy.take_mutations(), [""; 0]);
    assert_eq!(standing(&cloud, "of-others"), untouched());
}

#[test]
fn an_export_writes_what_traces_and_nothing_of_the_application() {
    let cloud = Cloud::start();
    for name in [NAME, "of-others", "quiet"] {
        deploy(&cloud, name);
    }
    change(
        &cloud,
        &json!({
            "TracingConfig": { "Mode": "Active" }, "Layers": [PANDAS, LAYER],
            "Environment": { "Variables": {
                "DB_PASSWORD": "hunter2", "AWS_LAMBDA_EXEC_WRAPPER": "/opt/otel-instrument",
                "OTEL_EXPORTER_OTLP_HEADERS": "api-key=hunter2",
            }},
        }),
    );
    let scenario = cloud.scenario("[stack]\nname = \"empty\"\nregion = \"us-east-1\"\n");
    scenario
        .run("export --region us-east-1 --stack shop --out shop.toml")
        .succeeds();
    let written = scenario.read("shop.toml");
    let (_, table) = written.split_once("\n\n[lambda").unwrap();
    assert_snapshot!(format!("[lambda{table}"), @r#"
    [lambda.functions.order-handler]
    layers = ["arn:aws:lambda:us-east-1:901920570463:layer:aws-otel-python-amd64:1"]
    environment = { AWS_LAMBDA_EXEC_WRAPPER = "/opt/otel-instrument" }
    "#);
    let before = configuration(&cloud, NAME);
    scenario
        .run("apply --adopt --auto-approve shop.toml")
        .succeeds();
    let plan = scenario.run("plan --detailed-exitcode shop.toml");
    plan.ends_with(0).prints("No changes.");
    let after = configuration(&cloud, NAME);
    for field in ["Layers", "Environment", "TracingConfig"] {
        assert_eq!(before[field], after[field]);
    }

    let all = scenario.run("export --region us-east-1 --stack shop --only lambda_function");
    let all = all.succeeds().stdout;
    let tables: Vec<&str> = all
        .lines()
        .filter(|line| line.starts_with("[lambda"))
        .collect();
    assert_eq!(
        tables,
        [
            "[lambda.functions.of-others]",
            "[lambda.functions.order-handler]",
            "[lambda.functions.quiet]",
        ]
    );
    assert!(!all.contains("hunter2"), "{all}");
}

#[test]
fn a_terraform_state_names_its_function() {
    let cloud = Cloud::start();
    deploy(&cloud, NAME);
    let scenario = cloud.scenario("[stack]\nname = \"empty\"\nregion = \"us-east-1\"\n");
    let state = json!({ "format_version": "1.0", "values": { "root_module": { "resources": [{
        "address": "aws_lambda_function.this", "mode": "managed", "name": "this",
        "type": "aws_lambda_function",
        "values": { "function_name": NAME, "tracing_config": [{ "mode": "PassThrough" }] },
    }]}}});
    scenario.write("state.json", state.to_string());
    scenario
        .run("import --terraform state.json --region us-east-1 --stack shop")
        .succeeds()
        .prints("[lambda.functions.order-handler]\ntracing_mode = \"PassThrough\"");
}

/// A pipeline adds a variable between our read and our write.
#[test]
fn a_change_at_the_same_time_is_not_lost() {
    let cloud = Cloud::start();
    deploy(&cloud, NAME);
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(SPEC);
    let tagged = proxy.hold_next("TagResource");
    let mut apply = scenario.start("apply --auto-approve");
    assert!(tagged.is_reached(&mut apply));
    let read = proxy.hold_next("GetFunctionConfiguration");
    drop(tagged);
    assert!(read.is_reached(&mut apply));
    let both = json!({ "DB_PASSWORD": "hunter2", "NEW": "1" });
    change(&cloud, &json!({ "Environment": { "Variables": both } }));
    drop(read);
    apply.finish().succeeds();
    let mut expected = traced();
    expected["variables"]["NEW"] = json!("1");
    assert_eq!(standing(&cloud, NAME), expected);
}

#[test]
fn variables_that_lambda_cannot_decrypt_are_not_written_over() {
    let cloud = Cloud::start();
    deploy(&cloud, NAME);
    let proxy = Proxy::before(&cloud);
    proxy.edit("GetFunctionConfiguration", |_, function| {
        function["Environment"] = json!({ "Error": {
            "ErrorCode": "AccessDeniedException",
            "Message": "Lambda was unable to decrypt your environment variables",
        }});
    });
    let scenario = proxy.scenario(SPEC);
    scenario
        .run("apply --auto-approve")
        .ends_with(1)
        .says("the environment variables of `order-handler` cannot be read: Lambda was unable to decrypt")
        .says("hint: the credentials need the IAM action kms:Decrypt");
    assert_eq!(proxy.take_mutations(), [""; 0]);
    // Without variables in the spec they are nobody's concern.
    scenario.edit("environment = {", "# {");
    scenario.apply();
    scenario.is_settled();
    assert_eq!(
        standing(&cloud, NAME)["variables"],
        untouched()["variables"]
    );
}

#[test]
fn an_update_that_lambda_gives_up_is_told_with_its_reason() {
    let cloud = Cloud::start();
    deploy(&cloud, NAME);
    let proxy = Proxy::before(&cloud);
    proxy.edit("GetFunctionConfiguration", |_, function| {
        function["LastUpdateStatus"] = json!("Failed");
        function["LastUpdateStatusReason"] = json!("The layer is not there");
    });
    proxy
        .scenario(SPEC)
        .run("apply --auto-approve")
        .ends_with(1)
        .says("Lambda could not update `order-handler`: The layer is not there");
}

#[test]
fn functions_are_not_asked_for_one_after_another() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let mut spec = "[stack]\nname = \"orders\"\nregion = \"us-east-1\"\n".to_owned();
    for index in 0..60 {
        let name = format!("f{index:02}");
        deploy(&cloud, &name);
        if index % 2 == 0 {
            spec = format!("{spec}[lambda.functions.{name}]\n");
        }
    }
    let scenario = proxy.scenario(&spec);
    scenario.apply();
    proxy.take_calls();
    scenario.is_settled();
    let calls = proxy.take_calls();
    let count = |name: &str| calls.iter().filter(|call| call.operation == name).count();
    assert_eq!(count("ListFunctions"), 2, "two pages");
    assert_eq!(count("GetFunctionConfiguration"), 30);
    assert_eq!(count("ListTags"), 60);
}

#[test]
fn what_lambda_would_refuse_is_told_with_its_place() {
    let spec = SPEC
        .replace(":1\"]", "\"]")
        .replace("AWS_LAMBDA_EXEC_WRAPPER", "AWS_REGION");
    let scenario = crate::harness::Scenario::local(&spec);
    let validate = scenario.run("validate").ends_with(1);
    assert_snapshot!(validate.snapshot(), @r#"
    $ xrayctl validate
    --- stderr
    error: Lambda function `order-handler`: `layers.0`: `arn:aws:lambda:us-east-1:901920570463:layer:aws-otel-python-amd64` is no ARN of a layer version
     --> xrayctl.toml:6:11
      |
    6 | layers = ["arn:aws:lambda:us-east-1:901920570463:layer:aws-otel-python-amd64"]
      |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: write `arn:aws:lambda:REGION:ACCOUNT:layer:NAME:VERSION`, the version with it

    error: Lambda function `order-handler`: `environment.AWS_REGION`: Lambda sets `AWS_REGION` itself
     --> xrayctl.toml:7:30
      |
    7 | environment = { AWS_REGION = "/opt/otel-instrument" }
      |                              ^^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: leave it out

    Found 2 errors.
    --- exit 1
    "#);
}
