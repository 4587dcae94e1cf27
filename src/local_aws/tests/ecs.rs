//! Every correction of ECS, over its JSON protocol and through the SDK.

use aws_sdk_ecs::error::ProvideErrorMetadata;
use aws_sdk_ecs::types::{SortOrder, TaskDefinitionField, TaskDefinitionStatus};
use bytes::Bytes;
use http::{Method, Request};
use serde_json::{Value, json};

use super::{authorization, folder, fresh, open, sdk};
use crate::local_aws::LocalAws;

async fn call(local: &LocalAws, operation: &str, body: &Value) -> (u16, Value) {
    let request = Request::builder()
        .method(Method::POST)
        .uri("/")
        .header("authorization", authorization("us-east-1", "ecs"))
        .header(
            "x-amz-target",
            format!("AmazonEC2ContainerServiceV20141113.{operation}"),
        )
        .body(Bytes::from(body.to_string()))
        .expect("a request");
    let response = local.handle(request).await;
    let body = serde_json::from_slice(response.body()).expect("a JSON body");
    (response.status().as_u16(), body)
}

fn plain(family: &str) -> Value {
    json!({
        "family": family,
        "containerDefinitions": [{ "name": "app", "image": "app:1", "memory": 128 }],
    })
}

fn fargate(cpu: &str, memory: &str) -> Value {
    let mut request = plain("web");
    request["networkMode"] = "awsvpc".into();
    request["requiresCompatibilities"] = json!(["FARGATE"]);
    request["cpu"] = cpu.into();
    request["memory"] = memory.into();
    request
}

#[tokio::test]
async fn a_task_definition_is_kept_whole_and_filled_in() {
    let folder = folder();
    let local = open(&folder);
    let mut request = fargate("0.25 vCPU", "1GB");
    request["futureMember"] = json!({ "is": ["kept"] });
    request["tags"] = json!([{ "key": "team", "value": "traces" }]);
    let container = &mut request["containerDefinitions"][0];
    container["portMappings"] = json!([{ "containerPort": 80 }]);
    container["healthCheck"] = json!({ "command": ["CMD", "/up"], "interval": 10 });
    container["ulimits"] = json!([{ "name": "nofile", "softLimit": 1, "hardLimit": 2 }]);
    let (status, _) = call(&local, "RegisterTaskDefinition", &request).await;
    assert_eq!(status, 200);
    drop(local);
    // What was acknowledged outlives the process.
    let local = open(&folder);
    let wanted = json!({ "taskDefinition": "web", "include": ["TAGS"] });
    let (_, answer) = call(&local, "DescribeTaskDefinition", &wanted).await;
    let found = &answer["taskDefinition"];
    assert_eq!(found["futureMember"], json!({ "is": ["kept"] }));
    assert_eq!(
        (&found["cpu"], &found["memory"]),
        (&json!("256"), &json!("1024"))
    );
    assert_eq!(
        (&found["revision"], &found["status"]),
        (&json!(1), &json!("ACTIVE"))
    );
    assert_eq!(found["volumes"], json!([]));
    let container = &found["containerDefinitions"][0];
    assert_eq!(
        (&container["cpu"], &container["essential"]),
        (&json!(0), &json!(true))
    );
    assert_eq!(
        container["portMappings"],
        json!([{ "containerPort": 80, "protocol": "tcp", "hostPort": 80 }])
    );
    assert_eq!(
        container["healthCheck"],
        json!({ "command": ["CMD", "/up"], "interval": 10, "timeout": 5, "retries": 3 })
    );
    assert_eq!(container["ulimits"][0]["hardLimit"], 2);
    assert_eq!(container["systemControls"], json!([]));
    assert_eq!(
        answer["tags"],
        json!([{ "key": "team", "value": "traces" }])
    );
    let untold = json!({ "taskDefinition": "web" });
    let (_, answer) = call(&local, "DescribeTaskDefinition", &untold).await;
    assert_eq!(answer["tags"], json!([]), "tags only where asked for");
}

#[tokio::test]
async fn what_ecs_refuses_is_refused() {
    let (_folder, local) = fresh();
    let refused = async |request: Value| {
        let (status, answer) = call(&local, "RegisterTaskDefinition", &request).await;
        assert_eq!(status, 400, "{answer}");
        format!("{}: {}", answer["__type"], answer["message"])
    };
    assert!(
        refused(fargate("256", "4096"))
            .await
            .contains("No Fargate configuration exists for given values: 256 CPU, 4096 memory")
    );
    let mut bridge = fargate("256", "512");
    bridge["networkMode"] = "bridge".into();
    assert!(refused(bridge).await.contains("only supports network mode"));
    let invalid = refused(fargate("a lot", "512")).await;
    assert!(
        invalid.contains("Invalid 'cpu' setting for task."),
        "{invalid}"
    );
    let mut many = plain("many");
    many["containerDefinitions"] = (0..11)
        .map(|number| json!({ "name": format!("c{number}"), "image": "i", "memory": 8 }))
        .collect();
    assert!(refused(many.clone()).await.contains("Too many containers"));
    many["containerDefinitions"] = json!([{ "name": "a" }, { "name": "a" }]);
    assert!(refused(many.clone()).await.contains("unique"));
    many["containerDefinitions"] = json!([]);
    assert!(refused(many).await.contains("cannot be empty"));
    for (cpu, memory) in [("256", "2048"), ("8192", "20480"), ("1 vCPU", "8GB")] {
        let (status, answer) = call(&local, "RegisterTaskDefinition", &fargate(cpu, memory)).await;
        assert_eq!(status, 200, "{answer}");
    }
}

#[tokio::test]
async fn a_family_is_its_latest_active_revision() {
    let (_folder, local) = fresh();
    for family in ["web", "web", "web-2"] {
        call(&local, "RegisterTaskDefinition", &plain(family)).await;
    }
    let ecs = aws_sdk_ecs::Client::new(&sdk(&local, "us-east-1"));
    let latest = async || {
        let found = ecs.describe_task_definition().task_definition("web");
        let found = found.include(TaskDefinitionField::Tags).send().await;
        found.map(|found| found.task_definition.expect("one").revision)
    };
    assert_eq!(latest().await.expect("found"), 2);
    let deregister = ecs.deregister_task_definition().task_definition("web:2");
    let gone = deregister.send().await.expect("deregistered");
    let gone = gone.task_definition.expect("the task definition");
    assert_eq!(gone.status, Some(TaskDefinitionStatus::Inactive));
    assert_eq!(gone.container_definitions()[0].image(), Some("app:1"));
    assert_eq!(latest().await.expect("found"), 1);
    let second = ecs.describe_task_definition().task_definition("web:2");
    assert!(second.send().await.is_ok(), "still told of by its number");
    let deregister = ecs.deregister_task_definition().task_definition("web:1");
    deregister.send().await.expect("deregistered");
    let error = latest().await.expect_err("none is active");
    assert_eq!(error.code(), Some("ClientException"));
    assert_eq!(error.message(), Some("Unable to describe task definition."));
    call(&local, "RegisterTaskDefinition", &plain("web")).await;
    assert_eq!(
        latest().await.expect("found"),
        3,
        "numbers are not used twice"
    );
}

#[tokio::test]
async fn lists_are_filtered_sorted_and_paged() {
    let (_folder, local) = fresh();
    for family in ["web", "api", "web-2"] {
        for _ in 0..11 {
            call(&local, "RegisterTaskDefinition", &plain(family)).await;
        }
    }
    let ecs = aws_sdk_ecs::Client::new(&sdk(&local, "us-east-1"));
    let revisions = |arns: Vec<String>| -> Vec<String> {
        let names = arns.iter().filter_map(|arn| arn.rsplit('/').next());
        names.map(str::to_owned).collect()
    };
    let list = || {
        let list = ecs.list_task_definitions().family_prefix("web");
        list.sort(SortOrder::Desc)
    };
    let first = list().max_results(9).send().await.expect("a page");
    let token = first.next_token.clone();
    let second = list().max_results(9).set_next_token(token).send().await;
    let second = second.expect("a page");
    let first = revisions(first.task_definition_arns.unwrap_or_default());
    assert_eq!((first.len(), first[0].as_str()), (9, "web:11"));
    let rest = revisions(second.task_definition_arns.unwrap_or_default());
    assert_eq!(rest, ["web:2", "web:1"]);
    assert_eq!(second.next_token, None);
    let families = ecs.list_task_definition_families().family_prefix("web");
    let families = families.send().await.expect("a page").families;
    assert_eq!(families.unwrap_or_default(), ["web", "web-2"]);
}
