//! Stages of REST APIs that others make: whether API Gateway traces them.

mod live;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Attributes, Aws, Error, Facts, Found, Lifecycle, Problems, Query, ReplaceOrder, Resource, Tags,
    Update,
};
use crate::aws::{API_GATEWAY, Patience, apigateway, call, gone_is_done, until_done};

const ARN: &str = "arn";
const REST_API_ID: &str = "rest_api_id";

/// The type.
pub(super) struct ApiGatewayStage;

/// Whether a stage of an API Gateway REST API is traced. Others make API and
/// stage; the spec manages only the tracing. API Gateway samples by the
/// sampling rules. Taken out of the spec, or by `destroy`, the tracing of the
/// stage is switched off.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "api_gateway_stage")]
#[serde(deny_unknown_fields)]
pub(super) struct ApiGatewayStageSpec {
    /// The API's id, `a1b2c3d4e5`. Either this or `rest_api_name`.
    #[serde(default)]
    #[schemars(regex(pattern = r"^[a-z0-9]{1,64}$"), extend("x-hint" = "an API's id is written like `a1b2c3d4e5`; give its name as `rest_api_name`"))]
    rest_api_id: Option<String>,
    /// The API's name, which no other API of the account and region may have.
    /// Either this or `rest_api_id`.
    #[serde(default)]
    #[schemars(length(min = 1, max = 1024))]
    rest_api_name: Option<String>,
    /// The stage's name: `prod`.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,128}$"), extend("x-hint" = "a stage's name takes letters, digits and `_ -`"))]
    stage_name: String,
    /// Whether API Gateway traces requests to the stage. Default: true.
    #[serde(default = "yes")]
    tracing_enabled: bool,
}

fn yes() -> bool {
    true
}

/// Returns how a stage is told from others; `api` is the API as the spec names
/// it, by id or by name.
fn key_of(api: &str, stage: &str) -> String {
    format!("{api}/{stage}")
}

impl Resource for ApiGatewayStage {
    const FACTS: Facts = Facts {
        kind: "api_gateway_stage",
        table: "api_gateway.stages",
        title: "API Gateway stage",
        terraform: "aws_api_gateway_stage",
        docs: "https://docs.aws.amazon.com/apigateway/latest/api/API_Stage.html",
        lifecycle: Lifecycle::Existing,
        taggable: true,
        // The key is made of two fields.
        name_field: None,
        replace_on: &[],
        replace_order: ReplaceOrder::DeleteFirst,
        documents: &[],
        unmanaged_when_absent: &["rest_api_id", "rest_api_name"],
        refers_to: &[],
        holds_data: false,
    };

    type Spec = ApiGatewayStageSpec;

    fn key(_: &str, spec: &Self::Spec) -> String {
        let api = spec.rest_api_id.as_ref().or(spec.rest_api_name.as_ref());
        key_of(api.map_or("", String::as_str), &spec.stage_name)
    }

    fn validate(_: &str, spec: &Self::Spec, problems: &mut Problems) {
        match (&spec.rest_api_id, &spec.rest_api_name) {
            (Some(_), Some(_)) => {
                problems
                    .report("/rest_api_name", "the API is named twice")
                    .hint("give either `rest_api_id` or `rest_api_name`");
            }
            (None, None) => {
                problems
                    .report("", "the API is not named")
                    .hint("give `rest_api_id` or `rest_api_name`");
            }
            _ => {}
        }
    }

    fn canonical(spec: Self::Spec) -> Self::Spec {
        spec
    }

    async fn read(
        aws: &Aws,
        query: Query<'_, Self::Spec>,
    ) -> Result<Vec<Found<Self::Spec>>, Error> {
        live::read(aws, query).await
    }

    async fn create(_: &Aws, key: &str, _: &Self::Spec, _: &Tags) -> Result<Attributes, Error> {
        Err(Error::refused(
            "CreateStage",
            format!("AWS has no API Gateway stage `{key}`, and xrayctl makes none"),
        ))
    }

    async fn update(aws: &Aws, update: Update<'_, Self::Spec>) -> Result<Attributes, Error> {
        let after = update.after;
        set_tracing(aws, update.outputs, after, after.tracing_enabled).await?;
        Ok(update.outputs.clone())
    }

    async fn delete(_: &Aws, key: &str, _: &Attributes, _: &Self::Spec) -> Result<(), Error> {
        Err(Error::refused(
            "DeleteStage",
            format!("the API Gateway stage `{key}` was made by others, and xrayctl deletes none"),
        ))
    }

    async fn release(
        aws: &Aws,
        _: &str,
        outputs: &Attributes,
        spec: &Self::Spec,
    ) -> Result<(), Error> {
        gone_is_done(set_tracing(aws, outputs, spec, false).await)
    }

    fn terraform(key: &str, spec: &Self::Spec, outputs: &Attributes) -> Attributes {
        let api = outputs.get(REST_API_ID).cloned();
        let api = api.or_else(|| spec.rest_api_id.clone().map(Value::from));
        let id = api.as_ref().and_then(Value::as_str);
        let id = id.map_or_else(
            || key.to_owned(),
            |api| format!("ags-{api}-{}", spec.stage_name),
        );
        let mut attributes = Attributes::from_iter([
            ("id".to_owned(), json!(id)),
            (REST_API_ID.to_owned(), json!(api)),
            ("stage_name".to_owned(), json!(spec.stage_name)),
            (
                "xray_tracing_enabled".to_owned(),
                json!(spec.tracing_enabled),
            ),
        ]);
        if let Some(arn) = outputs.get(ARN) {
            attributes.insert(ARN.to_owned(), arn.clone());
        }
        attributes
    }

    fn terraform_key(values: &Attributes) -> Option<String> {
        let text = |name: &str| values.get(name).and_then(Value::as_str);
        Some(key_of(text(REST_API_ID)?, text("stage_name")?))
    }

    async fn retag(
        aws: &Aws,
        outputs: &Attributes,
        set: &Tags,
        remove: &[String],
    ) -> Result<(), Error> {
        let arn = text(outputs, ARN);
        if !remove.is_empty() {
            let request = aws.apigateway.untag_resource().resource_arn(arn);
            let request = request.set_tag_keys(Some(remove.to_vec()));
            gone_is_done(call(API_GATEWAY, "UntagResource", request.send()).await)?;
        }
        if !set.is_empty() {
            let request = aws.apigateway.tag_resource().resource_arn(arn);
            let request = request.set_tags(Some(set.clone().into_iter().collect()));
            call(API_GATEWAY, "TagResource", request.send()).await?;
        }
        Ok(())
    }

    fn is_worth_exporting(spec: &Self::Spec) -> bool {
        spec.tracing_enabled
    }

    fn examples() -> Vec<(&'static str, Self::Spec)> {
        let stage = |api: &str, tracing_enabled| ApiGatewayStageSpec {
            rest_api_id: None,
            rest_api_name: Some(api.to_owned()),
            stage_name: "prod".to_owned(),
            tracing_enabled,
        };
        vec![
            ("orders", stage("orders", true)),
            ("quiet", stage("quiet", false)),
        ]
    }
}

fn text<'a>(outputs: &'a Attributes, name: &str) -> &'a str {
    outputs
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// API Gateway takes one change of an API at a time.
fn is_under_way(error: &Error) -> bool {
    error.code.as_deref() == Some("ConflictException")
}

async fn set_tracing(
    aws: &Aws,
    outputs: &Attributes,
    spec: &ApiGatewayStageSpec,
    enabled: bool,
) -> Result<(), Error> {
    let patch = apigateway::types::PatchOperation::builder()
        .op(apigateway::types::Op::Replace)
        .path("/tracingEnabled")
        .value(enabled.to_string())
        .build();
    until_done(Patience::CONSISTENCY, is_under_way, || {
        let request = aws
            .apigateway
            .update_stage()
            .rest_api_id(text(outputs, REST_API_ID))
            .stage_name(&spec.stage_name)
            .patch_operations(patch.clone());
        call(API_GATEWAY, "UpdateStage", request.send())
    })
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wants_one_name_of_the_api() {
        let count = |spec: Value| {
            let spec = serde_json::from_value(spec).unwrap();
            let mut problems = Problems::new();
            ApiGatewayStage::validate("x", &spec, &mut problems);
            problems.into_vec().len()
        };
        assert_eq!(count(json!({ "stage_name": "p" })), 1);
        assert_eq!(count(json!({ "stage_name": "p", "rest_api_id": "a" })), 0);
        assert_eq!(count(json!({ "stage_name": "p", "rest_api_name": "a" })), 0);
        let both = json!({ "stage_name": "p", "rest_api_id": "a", "rest_api_name": "b" });
        assert_eq!(count(both), 1);
    }

    #[test]
    fn is_written_as_terraform_writes_it() {
        let (_, spec) = ApiGatewayStage::examples().remove(0);
        let arn = json!("arn:aws:apigateway:us-east-1::/restapis/a1/stages/prod");
        let outputs = [(ARN, arn.clone()), (REST_API_ID, json!("a1"))];
        let outputs = outputs.map(|(name, value)| (name.to_owned(), value));
        let written =
            ApiGatewayStage::terraform("orders/prod", &spec, &Attributes::from_iter(outputs));
        assert_eq!(
            Value::Object(written),
            json!({
                "id": "ags-a1-prod",
                "arn": arn,
                "rest_api_id": "a1",
                "stage_name": "prod",
                "xray_tracing_enabled": true,
            })
        );
    }

    #[test]
    fn finds_its_key_in_a_terraform_state() {
        let values = json!({ "rest_api_id": "a1", "stage_name": "prod" });
        let key = ApiGatewayStage::terraform_key(values.as_object().unwrap());
        assert_eq!(key.as_deref(), Some("a1/prod"));
    }
}
