//! What Lambda refuses, as far as that can be told without asking it.

use std::collections::{BTreeMap, BTreeSet};

use super::layers::family;
use crate::resource::Problems;

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

/// Reports what Lambda takes as no layers of a function.
pub(super) fn layers(layers: &[String], problems: &mut Problems) {
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
        let Some(name) = family(layer) else {
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

/// Reports what Lambda takes as no environment of a function.
pub(super) fn environment(environment: &BTreeMap<String, String>, problems: &mut Problems) {
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
    use serde_json::{Value, json};

    use super::*;
    use crate::resource::Resource;
    use crate::resource::lambda_function::LambdaFunction;

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
        let adot = |version: &str| layer(&format!("aws-otel-amd64-ver-{version}"), "1");
        let twice = json!({ "layers": [adot("1-32-0"), adot("1-9-1")] });
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
