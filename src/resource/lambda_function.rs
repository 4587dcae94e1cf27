//! Lambda functions that others make: whether they are traced, their layers,
//! and the environment variables that tracing needs.

mod change;
mod check;
mod layers;
mod live;
mod tracing;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Attributes, Aws, Error, Facts, Found, Lifecycle, Problems, Query, ReplaceOrder, Resource, Tags,
    Update,
};
use crate::aws::{Class, LAMBDA, Patience, call, gone_is_done, lambda, until_done};

const ARN: &str = "arn";
/// The type.
pub(super) struct LambdaFunction;

/// How a Lambda function that exists is traced. SAM, `CloudFormation` or a
/// pipeline makes the function; the spec manages only what stands here.
///
/// Its execution role needs `xray:PutTraceSegments` and
/// `xray:PutTelemetryRecords`, as `AWSXRayDaemonWriteAccess` allows: AWS checks
/// that nowhere, and drops the traces of a function without them. A published
/// version keeps what it was published with: publish a new one for an alias to
/// be traced.
///
/// Taken out of the spec, the function goes back to `PassThrough`; its layers
/// and variables stay, also where one of them is no longer named, since nothing
/// tells any more whose it was. `destroy` also takes out the layers and
/// variables that the spec names.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "lambda_function")]
#[serde(deny_unknown_fields)]
pub(super) struct LambdaFunctionSpec {
    /// The function's name at AWS, without account or version. Default: its
    /// name in the spec.
    #[serde(default)]
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,64}$"), extend("x-hint" = "a function's name takes 1 to 64 letters, digits and `_ -`; no ARN"))]
    function_name: Option<String>,
    /// `Active`: Lambda traces one request a second and 5 % of the rest,
    /// whatever the sampling rules say. `PassThrough`: only requests that are
    /// traced already. Default: `Active`.
    #[serde(default)]
    tracing_mode: TracingMode,
    /// Layers that the function must have, as ARNs with version, in the order
    /// in which they are put on one another; AWS takes 5 on a function. Others
    /// that it has stay where they are. Another version of a named layer is
    /// replaced, the `-ver-1-32-0` in the names of ADOT's counting as one.
    /// Left out, all are left to others.
    #[serde(default)]
    layers: Option<Vec<String>>,
    /// Environment variables that the function must have. Others that it has
    /// are kept, and neither their names nor their values reach a plan. The
    /// values given here are shown in plans: no place for secrets. Left out,
    /// all are left to others.
    #[serde(default)]
    environment: Option<BTreeMap<String, String>>,
}

/// Which requests a function is traced for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "tracing_mode")]
pub(super) enum TracingMode {
    /// Lambda samples for itself.
    #[default]
    Active,
    /// The caller decides.
    PassThrough,
}

impl TracingMode {
    fn to_aws(self) -> lambda::types::TracingMode {
        match self {
            Self::Active => lambda::types::TracingMode::Active,
            Self::PassThrough => lambda::types::TracingMode::PassThrough,
        }
    }

    fn from_aws(mode: Option<&lambda::types::TracingMode>) -> Self {
        match mode {
            Some(lambda::types::TracingMode::Active) => Self::Active,
            _ => Self::PassThrough,
        }
    }
}

impl Resource for LambdaFunction {
    const FACTS: Facts = Facts {
        kind: "lambda_function",
        table: "lambda.functions",
        title: "Lambda function",
        terraform: "aws_lambda_function",
        docs: "https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html",
        lifecycle: Lifecycle::Existing,
        taggable: true,
        name_field: Some("function_name"),
        replace_on: &[],
        replace_order: ReplaceOrder::DeleteFirst,
        documents: &[],
        unmanaged_when_absent: &["layers", "environment"],
        refers_to: &[],
        holds_data: false,
    };

    type Spec = LambdaFunctionSpec;

    fn key(name: &str, spec: &Self::Spec) -> String {
        spec.function_name.as_deref().unwrap_or(name).to_owned()
    }

    fn validate(name: &str, spec: &Self::Spec, problems: &mut Problems) {
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if spec.function_name.is_none() && (name.len() > 64 || !name.chars().all(is_allowed)) {
            problems
                .report("", format!("`{name}` is no name of a Lambda function"))
                .hint("give the function's name at AWS with `function_name`");
        }
        check::layers(spec.layers.as_deref().unwrap_or_default(), problems);
        if let Some(environment) = &spec.environment {
            check::environment(environment, problems);
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
            "CreateFunction",
            format!("AWS has no Lambda function `{key}`, and xrayctl makes none"),
        ))
    }

    async fn update(aws: &Aws, update: Update<'_, Self::Spec>) -> Result<Attributes, Error> {
        let after = update.after;
        change::converge(aws, update.key, |standing| {
            let mut wanted = standing.clone();
            wanted.tracing_mode = after.tracing_mode;
            if let Some(layers) = &after.layers {
                wanted.layers = layers::merged(&standing.layers, layers);
            }
            wanted
                .variables
                .extend(after.environment.clone().unwrap_or_default());
            wanted
        })
        .await?;
        Ok(update.outputs.clone())
    }

    async fn delete(_: &Aws, key: &str, _: &Attributes, _: &Self::Spec) -> Result<(), Error> {
        Err(Error::refused(
            "DeleteFunction",
            format!("the Lambda function `{key}` was made by others, and xrayctl deletes none"),
        ))
    }

    async fn release(aws: &Aws, key: &str, _: &Attributes, spec: &Self::Spec) -> Result<(), Error> {
        let layers = spec.layers.as_deref().unwrap_or_default();
        let variables = spec.environment.clone().unwrap_or_default();
        let released = change::converge(aws, key, |standing| {
            let mut wanted = standing.clone();
            wanted.tracing_mode = TracingMode::PassThrough;
            wanted.layers = layers::without(&standing.layers, layers);
            wanted
                .variables
                .retain(|name, _| !variables.contains_key(name));
            wanted
        });
        gone_is_done(released.await)
    }

    fn terraform(key: &str, spec: &Self::Spec, outputs: &Attributes) -> Attributes {
        let mut attributes = Attributes::from_iter([
            ("id".to_owned(), json!(key)),
            ("function_name".to_owned(), json!(key)),
            (
                "tracing_config".to_owned(),
                json!([{ "mode": spec.tracing_mode }]),
            ),
            ("layers".to_owned(), json!(spec.layers)),
        ]);
        let environment = spec.environment.as_ref();
        let environment =
            environment.map_or(Value::Null, |variables| json!([{ "variables": variables }]));
        attributes.insert("environment".to_owned(), environment);
        if let Some(arn) = outputs.get(ARN) {
            attributes.insert(ARN.to_owned(), arn.clone());
        }
        attributes
    }

    async fn retag(
        aws: &Aws,
        outputs: &Attributes,
        set: &Tags,
        remove: &[String],
    ) -> Result<(), Error> {
        let arn = outputs.get(ARN).and_then(Value::as_str).unwrap_or_default();
        if !remove.is_empty() {
            let untag = until_done(Patience::STATE_CHANGE, change::is_under_way, || {
                let request = aws.lambda.untag_resource().resource(arn);
                let request = request.set_tag_keys(Some(remove.to_vec()));
                call(LAMBDA, "UntagResource", request.send())
            });
            match untag.await {
                Err(error) if error.class != Class::NotFound => return Err(error),
                _ => {}
            }
        }
        if !set.is_empty() {
            until_done(Patience::STATE_CHANGE, change::is_under_way, || {
                let request = aws.lambda.tag_resource().resource(arn);
                let request = request.set_tags(Some(set.clone().into_iter().collect()));
                call(LAMBDA, "TagResource", request.send())
            })
            .await?;
        }
        Ok(())
    }

    fn is_worth_exporting(spec: &Self::Spec) -> bool {
        spec.tracing_mode == TracingMode::Active
            || spec.layers.is_some()
            || spec.environment.is_some()
    }

    fn examples() -> Vec<(&'static str, Self::Spec)> {
        let layer =
            "arn:aws:lambda:us-east-1:901920570463:layer:aws-otel-python-amd64-ver-1-32-0:1";
        let wrapper = "/opt/otel-instrument".to_owned();
        vec![
            (
                "order-handler",
                LambdaFunctionSpec {
                    function_name: None,
                    tracing_mode: TracingMode::Active,
                    layers: None,
                    environment: None,
                },
            ),
            (
                "payments",
                LambdaFunctionSpec {
                    function_name: Some("payment-consumer".to_owned()),
                    tracing_mode: TracingMode::PassThrough,
                    layers: Some(vec![layer.to_owned()]),
                    environment: Some(BTreeMap::from([(
                        "AWS_LAMBDA_EXEC_WRAPPER".to_owned(),
                        wrapper,
                    )])),
                },
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_as_terraform_writes_it() {
        let (_, spec) = LambdaFunction::examples().remove(1);
        let arn = json!("arn:aws:lambda:us-east-1:123456789012:function:payment-consumer");
        let outputs = Attributes::from_iter([(ARN.to_owned(), arn.clone())]);
        let written = LambdaFunction::terraform("payment-consumer", &spec, &outputs);
        let layers = spec.layers.clone().unwrap();
        assert_eq!(
            Value::Object(written.clone()),
            json!({
                "id": "payment-consumer",
                "arn": arn,
                "function_name": "payment-consumer",
                "tracing_config": [{ "mode": "PassThrough" }],
                "layers": layers,
                "environment": [{
                    "variables": { "AWS_LAMBDA_EXEC_WRAPPER": "/opt/otel-instrument" },
                }],
            })
        );
        let key = LambdaFunction::terraform_key(&written);
        assert_eq!(key.as_deref(), Some("payment-consumer"));
    }

    #[test]
    fn what_the_spec_leaves_to_others_is_nothing_to_terraform() {
        let (_, spec) = LambdaFunction::examples().remove(0);
        let written = LambdaFunction::terraform("order-handler", &spec, &Attributes::new());
        assert_eq!(written["layers"], Value::Null);
        assert_eq!(written["environment"], Value::Null);
    }
}
