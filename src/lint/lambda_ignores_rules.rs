//! Sampling rules for Lambda functions, which sample by themselves.

use super::resources::{Resources, text};
use super::traffic::{Ranked, SAMPLING_RULE, ranked};
use super::{Finding, Rule, list};
use crate::model::Desired;

const FUNCTION: &str = "lambda_function";
/// What samples on behalf of the functions behind it.
const STAGE: &str = "api_gateway_stage";
/// The origins of Lambda's two segments.
const ORIGINS: [&str; 2] = ["AWS::Lambda", "AWS::Lambda::Function"];

pub(super) const RULE: Rule = Rule {
    code: "lambda-ignores-rules",
    title: "A sampling rule for Lambda functions, which ignore it",
    explanation: "\
A Lambda function with active tracing is traced one request a second and 5 % of \
the rest. That is fixed: Lambda asks for no sampling rules. Only what a caller \
has decided before, such as API Gateway, goes before it.

A rule is reported where it names a function of the spec with \
`tracing_mode = \"Active\"`, by its service or by the origin `AWS::Lambda`; a \
rule for all services also, where the spec has no API Gateway stage that would \
apply it before the functions are called.

Sample where the request comes in, or leave the rule out.",
    bad: r#"
[lambda.functions.order-handler]
tracing_mode = "Active"

[sampling_rules.orders]
priority = 10
fixed_rate = 1.0
service_name = "order-handler"
"#,
    good: r#"
[lambda.functions.order-handler]
tracing_mode = "Active"

[sampling_rules.orders]
priority = 10
fixed_rate = 1.0
service_name = "orders/prod"
service_type = "AWS::APIGateway::Stage"
"#,
    kinds: &[SAMPLING_RULE, FUNCTION],
    check,
};

fn check(resources: &Resources<'_>) -> Vec<Finding> {
    let functions: Vec<&Desired> = resources
        .of_kind(FUNCTION)
        .filter(|function| text(function, "/tracing_mode") != Some("PassThrough"))
        .collect();
    let has_stage = resources.of_kind(STAGE).next().is_some();
    if functions.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for rule in ranked(resources).iter().filter(|rule| !rule.is_default()) {
        let aim = Aim::new(rule);
        let ignoring: Vec<&str> = functions
            .iter()
            .map(|function| function.key.as_str())
            .filter(|name| is_for(rule, name))
            .collect();
        if ignoring.is_empty() || (aim == Aim::Anything && has_stage) {
            continue;
        }
        let verb = if ignoring.len() == 1 {
            "ignores"
        } else {
            "ignore"
        };
        let message = format!(
            "{} {verb} it: Lambda traces one request a second and 5 % of the rest",
            list(&ignoring)
        );
        found.push(Finding::new(
            rule.desired,
            aim.field(),
            message,
            "sample where the request comes in, such as in API Gateway, or leave the rule out",
        ));
    }
    found
}

/// What of a rule leads to Lambda.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Aim {
    Origin,
    Service,
    Anything,
}

impl Aim {
    fn new(rule: &Ranked<'_>) -> Self {
        let is_any = |field| {
            let pattern = rule.criteria.pattern(field);
            pattern.is_none_or(crate::sampling::Pattern::is_any)
        };
        match (is_any("service_type"), is_any("service_name")) {
            (false, _) => Self::Origin,
            (true, false) => Self::Service,
            (true, true) => Self::Anything,
        }
    }

    fn field(self) -> &'static str {
        match self {
            Self::Origin => "/service_type",
            Self::Service => "/service_name",
            Self::Anything => "",
        }
    }
}

/// Tells whether a rule would decide on the function called `name`.
fn is_for(rule: &Ranked<'_>, name: &str) -> bool {
    let matches = |field, text| {
        let pattern = rule.criteria.pattern(field);
        pattern.is_some_and(|pattern| pattern.matches(text))
    };
    let mut origins = ORIGINS.iter();
    origins.any(|origin| matches("service_type", origin)) && matches("service_name", name)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::testing::{found, resource};
    use super::*;

    fn found_with(tracing: &str, rule: Value, more: &[Desired]) -> Vec<String> {
        let mut resources = vec![
            resource("lambda_function.order", json!({"tracing_mode": tracing})),
            resource("lambda_function.stock", json!({"tracing_mode": tracing})),
            resource("sampling_rule.a", rule),
        ];
        resources.extend(more.iter().cloned());
        found(&RULE, &resources)
    }

    #[test]
    fn finds_rules_that_lead_to_functions() {
        assert_eq!(
            found_with("Active", json!({"service_name": "ord*"}), &[]),
            [
                "sampling_rule.a /service_name: `order` ignores it: Lambda traces one request a \
                 second and 5 % of the rest"
            ]
        );
        let by_origin = found_with("Active", json!({"service_type": "AWS::Lambda*"}), &[]);
        assert!(by_origin[0].contains("/service_type: `order` and `stock` ignore it"));
        assert_eq!(found_with("Active", json!({}), &[]).len(), 1);
    }

    #[test]
    fn is_silent_on_other_rules_and_functions() {
        let origin = json!({"service_type": "AWS::ECS::Container"});
        assert!(found_with("Active", origin, &[]).is_empty());
        assert!(found_with("Active", json!({"service_name": "shop"}), &[]).is_empty());
        assert!(found_with("PassThrough", json!({"service_name": "order"}), &[]).is_empty());
        // The stage applies a rule for everything before it calls them.
        let stage = resource("api_gateway_stage.prod", json!({}));
        assert!(found_with("Active", json!({}), &[stage]).is_empty());
    }
}
