//! Sampling rules that X-Ray's SDKs pass over.

use super::resources::Resources;
use super::traffic::{Ranked, SAMPLING_RULE, ranked};
use super::{Finding, Rule};
use crate::sampling::PassedOver;

/// The origin of what API Gateway samples.
const API_GATEWAY: &str = "AWS::APIGateway::Stage";

pub(super) const RULE: Rule = Rule {
    code: "unhonoured-rule",
    title: "A sampling rule that no X-Ray SDK honours",
    explanation: "\
X-Ray's SDKs know neither the ARN nor the attributes of a request: a rule whose \
`resource_arn` is not `*`, or that has `attributes`, is passed over by all of \
them, as if it did not exist. API Gateway honours both, on the stage's ARN and \
on request headers; so do OpenTelemetry's samplers.

A rule that is for API Gateway alone, by its `service_type` or by the ARN, is \
not reported. Where your services sample with OpenTelemetry, switch the rule \
off.",
    bad: r#"
[sampling_rules.gold]
priority = 10
fixed_rate = 1.0
attributes = { tier = "gold" }
"#,
    good: r#"
[sampling_rules.gold]
priority = 10
fixed_rate = 1.0
url_path = "/gold/*"
"#,
    kinds: &[SAMPLING_RULE],
    check,
};

fn check(resources: &Resources<'_>) -> Vec<Finding> {
    let rules = ranked(resources);
    let skipped = rules
        .iter()
        .filter(|rule| rule.criteria.is_skipped_by_sdks() && !is_for_api_gateway(rule));
    let found = skipped.map(|rule| {
        let (field, what) = match rule.criteria.passed_over() {
            Some(PassedOver::Attributes) => ("/attributes", "`attributes`".to_owned()),
            Some(PassedOver::ServiceType) => {
                ("/service_type", "an empty `service_type`".to_owned())
            }
            Some(PassedOver::ResourceArn) | None => {
                let arn = rule.criteria.text("resource_arn");
                ("/resource_arn", format!("`resource_arn` `{arn}`"))
            }
        };
        let message = format!("no X-Ray SDK honours a rule with {what}; they pass it over");
        Finding::new(
            rule.desired,
            field,
            message,
            "match on service, host, method or path, or sample with OpenTelemetry",
        )
    });
    found.collect()
}

fn is_for_api_gateway(rule: &Ranked<'_>) -> bool {
    let service_type = rule.criteria.pattern("service_type");
    let names_its_type =
        service_type.is_some_and(|pattern| !pattern.is_any() && pattern.matches(API_GATEWAY));
    let arn = rule.criteria.text("resource_arn");
    names_its_type || arn.split(':').nth(2) == Some("apigateway")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::testing::{found, resource};
    use super::*;

    fn found_in(fields: Value) -> Vec<String> {
        found(&RULE, &[resource("sampling_rule.a", fields)])
    }

    #[test]
    fn finds_arns_and_attributes() {
        assert_eq!(
            found_in(json!({"priority": 1, "resource_arn": "arn:aws:ecs:*"})),
            [
                "sampling_rule.a /resource_arn: no X-Ray SDK honours a rule with `resource_arn` \
                 `arn:aws:ecs:*`; they pass it over"
            ]
        );
        assert_eq!(found_in(json!({"attributes": {"tier": "gold"}})).len(), 1);
        assert!(found_in(json!({"service_type": ""}))[0].contains("an empty `service_type`"));
    }

    #[test]
    fn is_silent_on_others_and_on_api_gateway() {
        for fields in [
            json!({"resource_arn": "*", "attributes": {}, "service_type": "AWS::EC2::Instance"}),
            json!({"attributes": {"x": "y"}, "service_type": "AWS::APIGateway::Stage"}),
            json!({"resource_arn": "arn:aws:apigateway:us-east-1::/restapis/a/stages/b"}),
        ] {
            assert!(found_in(fields).is_empty());
        }
    }
}
