//! Lambda functions that others make: whether they are traced, their layers,
//! and the environment variables that tracing needs.

mod change;
mod live;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Attributes, Aws, Error, Facts, Found, Lifecycle, Problems, Query, ReplaceOrder, Resource, Tags,
    Update,
};
use crate::aws::{Class, LAMBDA, Patience, call, lambda, until_done};

const ARN: &str = "arn";
/// Layers of one function, AWS's most.
const MOST_LAYERS: usize = 5;
/// Bytes of all environment variables of a function together, AWS's most.
const MOST_BYTES: usize = 4096;

/// Variables that Lambda sets itself and refuses to be given.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>,
/// read 2026-11-21.
const RESERVED: &[&str] = &[
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
];

/// The type.
pub(super) struct LambdaFunction;

/// How a Lambda function that exists is traced. SAM, CloudFormation or a
/// pipeline makes the function; the spec manages only what stands here.
///
/// Its execution role needs `xray:PutTraceSegments` and
/// `xray:PutTelemetryRecords`, as `AWSXRayDaemonWriteAccess` allows: AWS checks
/// that nowhere, and drops the traces of a function without them. A published
/// version keeps what it was published with: publish a new one for an alias to
/// be traced.
///
/// Taken out of the spec, the function goes back to `PassThrough`; its layers
/// and variables stay. `destroy` also takes out the layers and variables that
/// the spec names.
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
    /// The function's layers, as ARNs with version, in the order in which they
    /// are put on one another; 5 at most. Exactly these: a layer of others
    /// that is not named is taken off. Left out, they are left to others.
    #[serde(default)]
    layers: Option<Vec<String>>,
    /// Environment variables that the function must have. Others that it has
    /// are kept, and never read into a plan. Left out, all are left to others.
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
        validate_layers(spec.layers.as_deref().unwrap_or_default(), problems);
        if let Some(environment) = &spec.environment {
            validate_environment(environment, problems);
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
                wanted.layers.clone_from(layers);
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
            wanted.layers.retain(|layer| !layers.contains(layer));
            wanted
                .variables
                .retain(|name, _| !variables.contains_key(name));
            wanted
        });
        match released.await {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
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

fn validate_layers(layers: &[String], problems: &mut Problems) {
    if layers.len() > MOST_LAYERS {
        problems
            .report(
                "/layers",
                format!(
                    "{} layers, AWS takes at most {MOST_LAYERS} on a function",
                    layers.len()
                ),
            )
            .hint("put several into one layer");
    }
    let mut seen = BTreeSet::new();
    for (index, layer) in layers.iter().enumerate() {
        let field = format!("/layers/{index}");
        let Some(name) = layer_name(layer) else {
            problems
                .report(&field, format!("`{layer}` is no ARN of a layer version"))
                .hint(
                    "write `arn:aws:lambda:REGION:ACCOUNT:layer:NAME:VERSION`, the version with it",
                );
            continue;
        };
        if !seen.insert(name) {
            problems
                .report(&field, format!("the layer `{name}` is named twice"))
                .hint("AWS takes one version of a layer on a function");
        }
    }
}

/// Returns a layer's ARN without its version; `None` where it is no ARN of a
/// layer version.
fn layer_name(arn: &str) -> Option<&str> {
    let parts: Vec<&str> = arn.split(':').collect();
    let [prefix, _, service, _, account, kind, name, version] = parts.as_slice() else {
        return None;
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_one = *prefix == "arn"
        && *service == "lambda"
        && *kind == "layer"
        && account.len() == 12
        && is_number(account)
        && !name.is_empty()
        && is_number(version);
    let (name, _) = arn.rsplit_once(':')?;
    is_one.then_some(name)
}

fn validate_environment(environment: &BTreeMap<String, String>, problems: &mut Problems) {
    let mut bytes = 0;
    for (name, value) in environment {
        bytes += name.len() + value.len();
        let field = format!(
            "/environment/{}",
            name.replace('~', "~0").replace('/', "~1")
        );
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if RESERVED.contains(&name.as_str()) {
            problems
                .report(&field, format!("Lambda sets `{name}` itself"))
                .hint("leave it out");
        } else if name.len() < 2
            || !name.starts_with(|c: char| c.is_ascii_alphabetic())
            || !name.chars().all(is_word)
        {
            problems
                .report(&field, format!("`{name}` is no name that Lambda takes"))
                .hint("a name is a letter, and then at least one letter, digit or `_`");
        }
    }
    if bytes > MOST_BYTES {
        problems
            .report(
                "/environment",
                format!("the variables take {bytes} bytes, AWS takes at most {MOST_BYTES}"),
            )
            .hint("keep long values in Parameter Store or Secrets Manager");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(name: &str, spec: Value) -> Vec<(String, String)> {
        let spec = serde_json::from_value(spec).unwrap();
        let mut problems = Problems::new();
        LambdaFunction::validate(name, &spec, &mut problems);
        let problems = problems.into_vec().into_iter();
        problems.map(|one| (one.field, one.message)).collect()
    }

    fn layer(name: &str, version: &str) -> String {
        format!("arn:aws:lambda:us-east-1:901920570463:layer:{name}:{version}")
    }

    #[test]
    fn takes_what_lambda_takes() {
        let spec = json!({
            "layers": [layer("a", "1"), layer("b", "17")],
            "environment": { "OTEL_SERVICE_NAME": "orders", "A1": "" },
        });
        assert_eq!(problems("order-handler", spec), []);
        assert_eq!(problems("a/b", json!({ "function_name": "a" })), []);
    }

    #[test]
    fn refuses_what_lambda_refuses() {
        assert_eq!(problems("a/b", json!({})).len(), 1);
        assert_eq!(problems(&"a".repeat(65), json!({})).len(), 1);
        let many: Vec<String> = (0..6)
            .map(|index| layer(&format!("l{index}"), "1"))
            .collect();
        assert_eq!(problems("f", json!({ "layers": many }))[0].0, "/layers");
        for wrong in ["otel", "arn:aws:lambda:us-east-1:901920570463:layer:a"] {
            assert_eq!(
                problems("f", json!({ "layers": [wrong] }))[0].0,
                "/layers/0"
            );
        }
        let twice = json!({ "layers": [layer("a", "1"), layer("a", "2")] });
        assert_eq!(problems("f", twice)[0].0, "/layers/1");
        for name in ["_X_AMZN_TRACE_ID", "AWS_REGION", "A", "1A", "A-B", "A/B"] {
            let found = problems("f", json!({ "environment": { name: "x" } }));
            assert_eq!(found.len(), 1, "{name}");
            let pointer = format!("/environment/{}", name.replace('/', "~1"));
            assert_eq!(found[0].0, pointer);
        }
        let long = json!({ "environment": { "LONG": "x".repeat(4096) } });
        assert_eq!(problems("f", long)[0].0, "/environment");
    }
}
