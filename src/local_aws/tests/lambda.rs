//! Every correction of Lambda, through the SDK.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{
    Environment, FunctionCode, LastUpdateStatus, TracingConfig, TracingMode,
};

use super::{folder, fresh, options, sdk};
use crate::local_aws::{LocalAws, Options};

async fn create(lambda: &Client, name: &str) {
    let code = FunctionCode::builder().zip_file(Blob::new(b"PK")).build();
    let create = lambda
        .create_function()
        .function_name(name)
        .role("arn:aws:iam::123456789012:role/r")
        .handler("a.b")
        .environment(Environment::builder().variables("SECRET", "s3").build())
        .tracing_config(tracing(TracingMode::Active))
        .layers(layer(1))
        .code(code);
    let created = create.send().await.expect("a function");
    assert_eq!(created.layers()[0].arn(), Some(layer(1).as_str()));
}

fn layer(version: u8) -> String {
    format!("arn:aws:lambda:us-east-1:123456789012:layer:otel:{version}")
}

fn tracing(mode: TracingMode) -> TracingConfig {
    TracingConfig::builder().mode(mode).build()
}

#[tokio::test]
async fn tracing_and_layers_are_kept() {
    let folder = folder();
    let local = super::open(&folder);
    let lambda = Client::new(&sdk(&local, "us-east-1"));
    create(&lambda, "orders").await;
    let get = || lambda.get_function_configuration().function_name("orders");
    let mode = |config: Option<&aws_sdk_lambda::types::TracingConfigResponse>| {
        config.and_then(|config| config.mode.clone())
    };
    let before = get().send().await.expect("a function");
    assert_eq!(mode(before.tracing_config()), Some(TracingMode::Active));
    assert_eq!(
        before.last_update_status(),
        Some(&LastUpdateStatus::Successful)
    );

    let update = lambda.update_function_configuration();
    let update = update
        .function_name("orders")
        .layers(layer(2))
        .layers(layer(3));
    update.send().await.expect("updated");
    let update = lambda.update_function_configuration();
    let update = update.function_name("orders").revision_id("another");
    let error = update.send().await.expect_err("another revision");
    assert_eq!(error.code(), Some("PreconditionFailedException"));
    drop(lambda);
    drop(local);

    // What is kept is on disk.
    let local = super::open(&folder);
    let lambda = Client::new(&sdk(&local, "us-east-1"));
    let all = lambda.list_functions().send().await.expect("a list");
    let function = &all.functions()[0];
    let layers: Vec<_> = function
        .layers()
        .iter()
        .filter_map(|one| one.arn())
        .collect();
    assert_eq!(layers, [layer(2), layer(3)]);
    assert_eq!(mode(function.tracing_config()), Some(TracingMode::Active));
    let get = lambda.get_function().function_name("orders").send().await;
    let configuration = get.expect("a function").configuration.expect("one");
    assert_eq!(configuration.layers().len(), 2);

    let many = (0..6).map(layer).collect();
    let update = lambda.update_function_configuration();
    let update = update.function_name("orders").set_layers(Some(many));
    let error = update.send().await.expect_err("too many");
    assert_eq!(error.code(), Some("InvalidParameterValueException"));
}

#[tokio::test]
async fn an_update_takes_its_time_and_lets_no_other_in() {
    let folder = folder();
    let slow = Options {
        settle: Duration::from_millis(100),
        ..options(&folder)
    };
    let local = Arc::new(LocalAws::open(slow).expect("the folder opens"));
    let lambda = Client::new(&sdk(&local, "us-east-1"));
    create(&lambda, "orders").await;
    let update = || {
        let update = lambda.update_function_configuration();
        let update = update.function_name("arn:aws:lambda:us-east-1:123456789012:function:orders");
        update
            .tracing_config(tracing(TracingMode::PassThrough))
            .send()
    };
    let updated = update().await.expect("updated");
    assert_eq!(
        updated.last_update_status(),
        Some(&LastUpdateStatus::InProgress)
    );
    let error = update().await.expect_err("one at a time");
    assert_eq!(error.code(), Some("ResourceConflictException"));
    tokio::time::sleep(Duration::from_millis(120)).await;
    let get = lambda.get_function_configuration().function_name("orders");
    let settled = get.send().await.expect("a function");
    assert_eq!(
        settled.last_update_status(),
        Some(&LastUpdateStatus::Successful)
    );
    update().await.expect("updated");
}

#[tokio::test]
async fn functions_are_listed_in_pages() {
    let (_folder, local) = fresh();
    let lambda = Client::new(&sdk(&local, "us-east-1"));
    for name in ["c", "a", "b"] {
        create(&lambda, name).await;
    }
    let first = lambda.list_functions().max_items(2).send().await;
    let first = first.expect("a page");
    let second = lambda
        .list_functions()
        .set_marker(first.next_marker.clone());
    let second = second.send().await.expect("a page");
    let pages = first.functions().iter().chain(second.functions());
    let names: Vec<_> = pages.filter_map(|one| one.function_name()).collect();
    assert_eq!(names, ["a", "b", "c"]);
    assert_eq!(second.next_marker(), None);
}

#[tokio::test]
async fn tags_are_set_and_removed() {
    let (_folder, local) = fresh();
    let lambda = Client::new(&sdk(&local, "us-east-1"));
    create(&lambda, "orders").await;
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:orders";
    let tag = lambda.tag_resource().resource(arn);
    let tag = tag.tags("a", "1").tags("b", "").tags("c:d", "x/y");
    tag.send().await.expect("tagged");
    let untag = lambda.untag_resource().resource(arn);
    let untag = untag.tag_keys("a").tag_keys("b");
    untag.send().await.expect("untagged");
    let tags = lambda.list_tags().resource(arn).send().await;
    let tags = tags.expect("tags").tags.unwrap_or_default();
    assert_eq!(tags.len(), 1);
    assert_eq!(tags["c:d"], "x/y");
}
