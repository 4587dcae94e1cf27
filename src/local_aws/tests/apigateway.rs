//! Every correction of API Gateway, through the SDK.

use aws_sdk_apigateway::Client;
use aws_sdk_apigateway::error::ProvideErrorMetadata;
use aws_sdk_apigateway::types::{Op, PatchOperation};

use super::{fresh, sdk};

async fn api(gateway: &Client, name: &str) -> String {
    let api = gateway.create_rest_api().name(name).send().await;
    api.expect("an API").id.expect("an id")
}

#[tokio::test]
async fn a_deployment_makes_its_stage_and_moves_it() {
    let (_folder, local) = fresh();
    let gateway = Client::new(&sdk(&local, "us-east-1"));
    let api = api(&gateway, "orders").await;
    let deploy = || {
        let deploy = gateway.create_deployment().rest_api_id(&api);
        deploy.stage_name("prod").tracing_enabled(true).send()
    };
    let first = deploy().await.expect("a deployment").id;
    let stage = || {
        gateway
            .get_stage()
            .rest_api_id(&api)
            .stage_name("prod")
            .send()
    };
    let made = stage().await.expect("a stage");
    assert_eq!(made.deployment_id, first);
    assert!(made.tracing_enabled());
    patch(&gateway, &api, "false").await.expect("patched");
    let second = deploy().await.expect("a deployment").id;
    let moved = stage().await.expect("a stage");
    assert_eq!(moved.deployment_id, second);
    assert!(
        !moved.tracing_enabled(),
        "the stage keeps what it was given"
    );

    let bare = gateway.create_deployment().rest_api_id(&api).send().await;
    bare.expect("a deployment without a stage");
    let stages = gateway.get_stages().rest_api_id(&api).send().await;
    assert_eq!(stages.expect("stages").item().len(), 1);
}

async fn patch(gateway: &Client, api: &str, value: &str) -> Result<(), Option<String>> {
    let patch = PatchOperation::builder().op(Op::Replace);
    let patch = patch.path("/tracingEnabled").value(value).build();
    let update = gateway.update_stage().rest_api_id(api).stage_name("prod");
    let updated = update.patch_operations(patch).send().await;
    updated
        .map(drop)
        .map_err(|error| error.code().map(str::to_owned))
}

#[tokio::test]
async fn tracing_is_true_or_false() {
    let (_folder, local) = fresh();
    let gateway = Client::new(&sdk(&local, "us-east-1"));
    let api = api(&gateway, "orders").await;
    let deploy = gateway.create_deployment().rest_api_id(&api);
    deploy.stage_name("prod").send().await.expect("deployed");
    let wrong = patch(&gateway, &api, "on").await;
    assert_eq!(wrong, Err(Some("BadRequestException".to_owned())));
    patch(&gateway, &api, "true").await.expect("patched");
    let stage = gateway.get_stage().rest_api_id(&api).stage_name("prod");
    assert!(stage.send().await.expect("a stage").tracing_enabled());
}

#[tokio::test]
async fn a_stage_has_one_set_of_tags() {
    let (_folder, local) = fresh();
    let gateway = Client::new(&sdk(&local, "us-east-1"));
    let api = api(&gateway, "orders").await;
    let deploy = gateway.create_deployment().rest_api_id(&api).send().await;
    let deployment = deploy.expect("deployed").id.expect("an id");
    let stage = gateway.create_stage().rest_api_id(&api).stage_name("prod");
    let stage = stage.deployment_id(deployment).tags("made-by", "sam");
    stage.send().await.expect("a stage");
    let arn = format!("arn:aws:apigateway:us-east-1::/restapis/{api}/stages/prod");
    let tag = gateway.tag_resource().resource_arn(&arn);
    tag.tags("a", "1")
        .tags("b", "2")
        .send()
        .await
        .expect("tagged");
    let untag = gateway.untag_resource().resource_arn(&arn);
    let untag = untag.tag_keys("a").tag_keys("made-by");
    untag.send().await.expect("untagged");
    let stages = gateway.get_stages().rest_api_id(&api).send().await;
    let stages = stages.expect("stages");
    let listed = stages.item()[0].tags().expect("tags");
    let read = gateway.get_tags().resource_arn(&arn).send().await;
    let read = read.expect("tags").tags.expect("tags");
    assert_eq!(listed, &read);
    assert_eq!(read.len(), 1);
    assert_eq!(read["b"], "2");
    let nowhere = arn.replace("prod", "none");
    let tag = gateway.tag_resource().resource_arn(nowhere).tags("a", "1");
    let error = tag.send().await.expect_err("no such stage");
    assert_eq!(error.code(), Some("NotFoundException"));
}

#[tokio::test]
async fn apis_are_listed_in_pages() {
    let (_folder, local) = fresh();
    let gateway = Client::new(&sdk(&local, "us-east-1"));
    for name in ["a", "b", "c"] {
        api(&gateway, name).await;
    }
    let first = gateway
        .get_rest_apis()
        .limit(2)
        .send()
        .await
        .expect("a page");
    let second = gateway.get_rest_apis().set_position(first.position.clone());
    let second = second.send().await.expect("a page");
    assert_eq!((first.items().len(), second.items().len()), (2, 1));
    assert_eq!(second.position(), None);
}
