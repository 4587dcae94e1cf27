use serde_json::{Value, json};

use super::{Plane, rule};

const CREATE: &str = "/CreateSamplingRule";
const UPDATE: &str = "/UpdateSamplingRule";
const DELETE: &str = "/DeleteSamplingRule";
const LIST: &str = "/GetSamplingRules";
const ARN: &str = "arn:aws:xray:eu-west-1:123456789012:sampling-rule";

fn update(members: Value) -> Value {
    json!({ "SamplingRuleUpdate": members })
}

#[test]
fn the_default_rule_is_as_aws_ships_it() {
    let expected = json!({
        "SamplingRuleRecords": [{
            "SamplingRule": {
                "RuleName": "Default", "RuleARN": format!("{ARN}/Default"), "ResourceARN": "*",
                "Priority": 10000, "FixedRate": 0.05, "ReservoirSize": 1, "ServiceName": "*",
                "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": "*",
                "Version": 1, "Attributes": {},
            },
            "CreatedAt": 0.0,
            "ModifiedAt": 0.0,
        }],
        "NextToken": null,
    });
    assert_eq!(Plane::new().ok(LIST, json!({})), expected);
}

#[test]
fn a_new_rule_is_echoed_with_arn_and_whole_seconds() {
    let mut plane = Plane::new();
    let boost = json!({ "MaxRate": 0.5, "CooldownWindowMinutes": 10 });
    let request = rule(
        "api",
        json!({ "Attributes": { "a": "b" }, "SamplingRateBoost": boost, "FixedRate": 0 }),
    );
    let answer = plane.ok(CREATE, request);
    let record = &answer["SamplingRuleRecord"];
    assert_eq!(record["CreatedAt"], json!(1_790_159_519.0));
    assert_eq!(record["ModifiedAt"], json!(1_790_159_519.0));
    let expected = json!({
        "RuleName": "api", "RuleARN": format!("{ARN}/api"), "ResourceARN": "*",
        "Priority": 100, "FixedRate": 0.0, "ReservoirSize": 5, "ServiceName": "*",
        "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": "*", "Version": 1,
        "Attributes": { "a": "b" },
        "SamplingRateBoost": { "MaxRate": 0.5, "CooldownWindowMinutes": 10 },
    });
    assert_eq!(record["SamplingRule"], expected);
}

#[test]
fn a_rule_can_be_named_by_arn_alone() {
    let mut plane = Plane::new();
    let arn = format!("{ARN}/from-arn");
    let request = rule("", json!({ "RuleName": null, "RuleARN": arn }));
    let answer = plane.ok(CREATE, request);
    let rule = &answer["SamplingRuleRecord"]["SamplingRule"];
    assert_eq!(rule["RuleName"], "from-arn");
    assert_eq!(rule["RuleARN"], json!(arn));
}

#[test]
fn rules_are_listed_by_name_with_default_last_and_any_token_passed_over() {
    let mut plane = Plane::new();
    for (name, priority) in [("b", 1), ("a", 7000), ("c", 7000), ("z", 2)] {
        plane.ok(CREATE, rule(name, json!({ "Priority": priority })));
    }
    let answer = plane.ok(LIST, json!({ "NextToken": "anything" }));
    let records = answer["SamplingRuleRecords"].as_array().expect("records");
    let names: Vec<_> = records
        .iter()
        .map(|record| record["SamplingRule"]["RuleName"].clone())
        .collect();
    assert_eq!(names, ["a", "b", "c", "z", "Default"]);
}

#[test]
fn creation_is_refused_in_awss_words() {
    let mut plane = Plane::new();
    plane.ok(CREATE, rule("taken", json!({})));
    let both = json!({ "RuleARN": format!("{ARN}/x") });
    let neither = json!({ "RuleName": null });
    for (name, changes, text) in [
        ("taken", json!({}), "Sampling rule already exists"),
        ("Default", json!({}), "Sampling rule already exists"),
        (
            "v",
            json!({ "Version": 2 }),
            "Sampling rule version must be 1",
        ),
        (
            "x",
            both,
            "Request cannot contain both sampling rule name and sampling rule ARN",
        ),
        (
            "x",
            neither,
            "Request must contain either sampling rule name or sampling rule ARN",
        ),
    ] {
        plane.refused(CREATE, rule(name, changes), text);
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn every_broken_constraint_is_listed() {
    let mut plane = Plane::new();
    let at = |place: &str, value: &str, rule: &str| {
        format!("Value {value} at 'samplingRule.{place}' failed to satisfy constraint: {rule}")
    };
    let long = |length: usize| "x".repeat(length);
    let cases = [
        (
            json!({ "Priority": 10000 }),
            vec![at(
                "priority",
                "'10000'",
                "Member must have value less than or equal to 9999",
            )],
        ),
        (
            json!({ "Priority": 0 }),
            vec![at(
                "priority",
                "'0'",
                "Member must have value greater than or equal to 1",
            )],
        ),
        (
            json!({ "FixedRate": 1.5 }),
            vec![at(
                "fixedRate",
                "'1.5'",
                "Member must have value less than or equal to 1",
            )],
        ),
        (
            json!({ "FixedRate": -1 }),
            vec![at(
                "fixedRate",
                "'-1.0'",
                "Member must have value greater than or equal to 0",
            )],
        ),
        (
            json!({ "ReservoirSize": -1 }),
            vec![at(
                "reservoirSize",
                "'-1'",
                "Member must have value greater than or equal to 0",
            )],
        ),
        (
            json!({ "Version": 0 }),
            vec![at(
                "version",
                "'0'",
                "Member must have value greater than or equal to 1",
            )],
        ),
        (
            json!({ "RuleName": "" }),
            vec![at(
                "ruleName",
                "''",
                "Member must have length greater than or equal to 1",
            )],
        ),
        (
            json!({ "RuleName": long(33) }),
            vec![at(
                "ruleName",
                &format!("'{}'", long(33)),
                "Member must have length less than or equal to 32",
            )],
        ),
        (
            json!({ "HTTPMethod": long(11) }),
            vec![at(
                "hTTPMethod",
                "'xxxxxxxxxxx'",
                "Member must have length less than or equal to 10",
            )],
        ),
        (
            json!({ "URLPath": long(129) }),
            vec![at(
                "uRLPath",
                &format!("'{}'", long(129)),
                "Member must have length less than or equal to 128",
            )],
        ),
        (
            json!({ "ResourceARN": null }),
            vec![at("resourceARN", "null", "Member must not be null")],
        ),
        (
            json!({ "FixedRate": 2, "Priority": null, "Host": long(65) }),
            vec![
                at("priority", "null", "Member must not be null"),
                at(
                    "fixedRate",
                    "'2.0'",
                    "Member must have value less than or equal to 1",
                ),
                at(
                    "host",
                    &format!("'{}'", long(65)),
                    "Member must have length less than or equal to 64",
                ),
            ],
        ),
        (
            json!({ "Attributes": { "k": "" } }),
            vec![at(
                "attributes",
                "'{k=}'",
                "Map value must satisfy constraint: [Member must have length less than or equal to 32, Member must have length greater than or equal to 1]",
            )],
        ),
        (
            json!({ "Attributes": { "": "v" } }),
            vec![at(
                "attributes",
                "'{=v}'",
                "Map keys must satisfy constraint: [Member must have length less than or equal to 32, Member must have length greater than or equal to 1]",
            )],
        ),
        (
            json!({ "Attributes": { "a": "1", "b": "1", "c": "1", "d": "1", "e": "1", "f": "1" } }),
            vec![at(
                "attributes",
                "'{a=1, b=1, c=1, d=1, e=1, f=1}'",
                "Member must have length less than or equal to 5",
            )],
        ),
        (
            json!({ "SamplingRateBoost": { "MaxRate": 1.1 } }),
            vec![
                at(
                    "samplingRateBoost.maxRate",
                    "'1.1'",
                    "Member must have value less than or equal to 1",
                ),
                at(
                    "samplingRateBoost.cooldownWindowMinutes",
                    "null",
                    "Member must not be null",
                ),
            ],
        ),
    ];
    for (changes, violations) in cases {
        let violations: Vec<_> = violations.iter().map(String::as_str).collect();
        plane.invalid(CREATE, rule("x", changes), &violations);
    }
    let null = "Value null at 'samplingRule' failed to satisfy constraint: Member must not be null";
    plane.invalid(CREATE, json!({}), &[null]);
}

#[test]
fn the_twenty_sixth_rule_meets_the_limit() {
    let mut plane = Plane::new();
    for number in 0..25 {
        plane.ok(CREATE, rule(&format!("r{number}"), json!({})));
    }
    let (status, code, _) = plane.err(CREATE, rule("r25", json!({})));
    assert_eq!((status, code), (400, "RuleLimitExceededException"));
    plane.ok(DELETE, json!({ "RuleName": "r3" }));
    plane.ok(CREATE, rule("r25", json!({})));
}

#[test]
fn an_update_keeps_what_it_does_not_send_but_for_the_boost() {
    let mut plane = Plane::new();
    let boost = json!({ "MaxRate": 0.5, "CooldownWindowMinutes": 10 });
    let given = json!({ "Attributes": { "a": "b" }, "SamplingRateBoost": boost });
    plane.ok(CREATE, rule("api", given));
    plane.now += 60.0;
    let request = update(json!({ "RuleName": "api", "Priority": 7, "SamplingRateBoost": boost }));
    let answer = plane.ok(UPDATE, request);
    let record = &answer["SamplingRuleRecord"];
    assert_eq!(record["SamplingRule"]["Priority"], 7);
    assert_eq!(record["SamplingRule"]["FixedRate"], json!(0.1));
    assert_eq!(record["SamplingRule"]["Attributes"], json!({ "a": "b" }));
    assert_eq!(record["SamplingRule"]["SamplingRateBoost"], boost);
    assert_eq!(record["CreatedAt"], json!(1_790_159_519.0));
    assert_eq!(record["ModifiedAt"], json!(1_790_159_579.0));
    let arn = format!("{ARN}/api");
    let request = update(json!({ "RuleARN": arn, "Attributes": {}, "SamplingRateBoost": null }));
    let answer = plane.ok(UPDATE, request);
    let rule = &answer["SamplingRuleRecord"]["SamplingRule"];
    assert_eq!(rule["Attributes"], json!({}));
    assert_eq!(rule.get("SamplingRateBoost"), None);
}

#[test]
fn an_update_of_nothing_still_counts_as_a_modification() {
    let mut plane = Plane::new();
    plane.ok(CREATE, rule("api", json!({})));
    plane.now += 5.0;
    let answer = plane.ok(UPDATE, update(json!({ "RuleName": "api" })));
    let modified = &answer["SamplingRuleRecord"]["ModifiedAt"];
    assert_eq!(*modified, json!(1_790_159_524.0));
}

#[test]
fn updates_are_refused_in_awss_words() {
    let mut plane = Plane::new();
    plane.ok(CREATE, rule("api", json!({})));
    let missing = "Sampling rule does not exist";
    let bounds = "Invalid update request for sampling rule";
    let arn = format!("{ARN}/api");
    for (members, text) in [
        (json!({ "RuleName": "nope" }), missing),
        (json!({ "RuleARN": format!("{ARN}/nope") }), missing),
        (json!({ "RuleName": "api", "Priority": 10000 }), bounds),
        (json!({ "RuleName": "api", "Priority": 0 }), bounds),
        (json!({ "RuleName": "api", "FixedRate": 1.01 }), bounds),
        (
            json!({ "RuleName": "api", "ReservoirSize": -1, "Host": "h" }),
            bounds,
        ),
        (
            json!({ "RuleName": "api", "RuleARN": arn }),
            "Request cannot contain both sampling rule name and sampling rule ARN",
        ),
        (
            json!({ "Priority": 1 }),
            "Request must contain either sampling rule name or sampling rule ARN",
        ),
    ] {
        plane.refused(UPDATE, update(members), text);
    }
}

#[test]
fn a_boost_without_cooldown_fails_within_aws() {
    let mut plane = Plane::new();
    plane.ok(CREATE, rule("api", json!({})));
    for boost in [
        json!({}),
        json!({ "MaxRate": 0.5, "CooldownWindowMinutes": 0 }),
    ] {
        let request = update(json!({ "RuleName": "api", "SamplingRateBoost": boost }));
        let expected = (500, "InternalFailure", "null".to_owned());
        assert_eq!(plane.err(UPDATE, request), expected);
    }
    let low = json!({ "MaxRate": 0, "CooldownWindowMinutes": 1 });
    plane.ok(
        UPDATE,
        update(json!({ "RuleName": "api", "SamplingRateBoost": low })),
    );
}

#[test]
fn of_the_default_rule_only_rate_and_reservoir_change() {
    let mut plane = Plane::new();
    let request = json!({ "RuleName": "Default", "FixedRate": 0.2, "ReservoirSize": 3 });
    let answer = plane.ok(UPDATE, update(request));
    let rule = &answer["SamplingRuleRecord"]["SamplingRule"];
    assert_eq!(rule["FixedRate"], json!(0.2));
    assert_eq!(rule["ReservoirSize"], 3);
    let text = "Invalid update request for default sampling rule";
    let boost = json!({ "MaxRate": 0.5, "CooldownWindowMinutes": 10 });
    for (member, value) in [
        ("Priority", json!(10000)),
        ("Host", json!("*")),
        ("ResourceARN", json!("*")),
        ("Attributes", json!({})),
        ("SamplingRateBoost", boost),
        ("FixedRate", json!(2)),
    ] {
        plane.refused(
            UPDATE,
            update(json!({ "RuleName": "Default", member: value })),
            text,
        );
    }
    let (status, code, _) = plane.err(DELETE, json!({ "RuleName": "Default" }));
    assert_eq!((status, code), (400, "InvalidRequestException"));
}

#[test]
fn a_deleted_rule_is_answered_once_more() {
    let mut plane = Plane::new();
    let created = plane.ok(CREATE, rule("api", json!({})));
    let deleted = plane.ok(DELETE, json!({ "RuleARN": format!("{ARN}/api") }));
    assert_eq!(created, deleted);
    let text = "Sampling rule does not exist";
    plane.refused(DELETE, json!({ "RuleName": "api" }), text);
    plane.refused(
        DELETE,
        json!({}),
        "Request must contain either sampling rule name or sampling rule ARN",
    );
}
