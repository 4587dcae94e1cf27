//! What has to stand before a resource can be managed that others make: a
//! function with its role and layers, a REST API with its stage.

use serde_json::Value;
use xrayctl::aws::{Aws, apigateway, iam, lambda};
use xrayctl::model::{Attributes, Lifecycle};
use xrayctl::resource::Kind;

/// The smallest archive: one without a file.
const EMPTY_ZIP: &[u8] = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
const ROLE: &str = "contract-function";

/// Makes what the resource `name` with `fields` is to manage, where others
/// make such things. What stands already is left as it is.
pub(crate) async fn make(aws: &Aws, kind: &dyn Kind, name: &str, fields: &Attributes) {
    if kind.facts().lifecycle != Lifecycle::Existing {
        return;
    }
    let prepared = kind.prepare(name, fields.clone()).unwrap();
    match kind.facts().kind {
        "lambda_function" => function(aws, &prepared.key, &prepared.written).await,
        "api_gateway_stage" => stage(aws, &prepared.written).await,
        other => panic!("nothing is prepared for the type {other}"),
    }
}

async fn function(aws: &Aws, name: &str, fields: &Attributes) {
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let request = aws.iam.create_role().role_name(ROLE);
    let request = request.assume_role_policy_document(trust).send();
    // It stands after the first function.
    let _: Result<iam::operation::create_role::CreateRoleOutput, _> = request.await;
    for arn in fields["layers"].as_array().into_iter().flatten() {
        layer(aws, arn.as_str().unwrap()).await;
    }
    let get = aws.lambda.get_function_configuration().function_name(name);
    if get.send().await.is_ok() {
        return;
    }
    let account = &aws.identity().await.unwrap().account;
    let code = lambda::types::FunctionCode::builder();
    let code = code
        .zip_file(lambda::primitives::Blob::new(EMPTY_ZIP))
        .build();
    let request = aws
        .lambda
        .create_function()
        .function_name(name)
        .role(format!("arn:aws:iam::{account}:role/{ROLE}"))
        .runtime(lambda::types::Runtime::Python312)
        .handler("app.handler")
        .code(code);
    request.send().await.unwrap();
}

/// Publishes a layer until the version of `arn` is there.
async fn layer(aws: &Aws, arn: &str) {
    let parts: Vec<&str> = arn.split(':').collect();
    let (name, version) = (parts[6], parts[7].parse::<i64>().unwrap());
    let list = aws
        .lambda
        .list_layer_versions()
        .layer_name(name)
        .send()
        .await;
    let versions = list.ok().and_then(|list| list.layer_versions);
    let standing = versions.unwrap_or_default().len();
    for _ in i64::try_from(standing).unwrap()..version {
        let content = lambda::types::LayerVersionContentInput::builder();
        let content = content.zip_file(lambda::primitives::Blob::new(EMPTY_ZIP));
        let request = aws.lambda.publish_layer_version().layer_name(name);
        request.content(content.build()).send().await.unwrap();
    }
}

async fn stage(aws: &Aws, fields: &Attributes) {
    let text = |name: &str| fields[name].as_str().map(str::to_owned);
    let name = text("rest_api_name").unwrap();
    let apis = aws
        .apigateway
        .get_rest_apis()
        .limit(500)
        .send()
        .await
        .unwrap();
    if apis.items().iter().any(|api| api.name() == Some(&name)) {
        return;
    }
    let api = aws.apigateway.create_rest_api().name(name).send().await;
    let api = api.unwrap().id.unwrap();
    let resources = aws.apigateway.get_resources().rest_api_id(&api);
    let resources = resources.send().await.unwrap();
    let root = resources.items()[0].id().unwrap().to_owned();
    let method = aws.apigateway.put_method().rest_api_id(&api);
    let method = method.resource_id(&root).http_method("GET");
    method.authorization_type("NONE").send().await.unwrap();
    let integration = aws.apigateway.put_integration().rest_api_id(&api);
    let integration = integration.resource_id(&root).http_method("GET");
    let mock = apigateway::types::IntegrationType::Mock;
    integration.r#type(mock).send().await.unwrap();
    let deployment = aws.apigateway.create_deployment().rest_api_id(&api);
    let deployment = deployment.stage_name(text("stage_name").unwrap());
    deployment.send().await.unwrap();
}

/// The fields that say which of others' things a resource means: another value
/// means another thing, and is no change of this one.
pub(crate) fn is_identity(
    kind: &dyn Kind,
    name: &str,
    before: &Attributes,
    field: &str,
    value: &Value,
) -> bool {
    let mut fields = before.clone();
    fields.insert(field.to_owned(), value.clone());
    let key = |fields: Attributes| kind.prepare(name, fields).ok().map(|prepared| prepared.key);
    kind.facts().lifecycle == Lifecycle::Existing && key(fields) != key(before.clone())
}
