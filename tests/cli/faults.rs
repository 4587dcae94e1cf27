//! AWS that throttles, fails, refuses, or tells only a page at a time.

use insta::assert_snapshot;
use serde_json::json;

use crate::cloud::Cloud;
use crate::proxy::{Call, Paging, Proxy};
use crate::specs::{FULL, RULE, without};

const THROTTLED: (u16, &str, &str) = (429, "ThrottledException", "Rate exceeded");
const FAILED: (u16, &str, &str) = (500, "InternalFailure", "");

/// What IAM says where `action` is missing.
fn denied(action: &str) -> (u16, &'static str, String) {
    let user = "arn:aws:iam::123456789012:user/ann";
    let why = format!("because no identity-based policy allows the {action} action");
    let message =
        format!("User: {user} is not authorized to perform: {action} on resource: * {why}");
    (403, "AccessDeniedException", message)
}

#[test]
fn throttling_is_waited_out() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    proxy.fail("GetGroups", 1, THROTTLED);
    proxy.fail("CreateSamplingRule", 2, THROTTLED);
    let scenario = proxy.scenario(RULE);
    scenario.apply();
    let calls = proxy.take_calls();
    let count = |name: &str| calls.iter().filter(|call| call.operation == name).count();
    assert_eq!(count("CreateSamplingRule"), 3);
    assert_eq!(cloud.rules().len(), 1);
    scenario.is_settled();
}

#[test]
fn failures_on_the_side_of_aws_are_tried_again() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    proxy.fail("GetSamplingRules", 1, FAILED);
    proxy.fail("CreateSamplingRule", 2, FAILED);
    let scenario = proxy.scenario(RULE);
    scenario.apply();
    assert_eq!(proxy.take_mutations(), ["CreateSamplingRule"; 3]);
    scenario.is_settled();
}

#[test]
fn throttling_without_end_is_told_with_what_to_do() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    proxy.fail("CreateSamplingRule", usize::MAX, THROTTLED);
    let scenario = proxy.scenario(RULE).with("AWS_MAX_ATTEMPTS", "2");
    let apply = scenario.run("apply --auto-approve").ends_with(1);
    // How long it took depends on how long the SDK waited between attempts.
    apply
        .says("sampling_rule.checkout: Creation failed after ")
        .says("error: sampling_rule.checkout: X-Ray CreateSamplingRule: ThrottledException: Rate exceeded (request id 11111111-2222-3333-4444-555555555555)")
        .says("hint: run it again; what is done stays done, or lower --parallelism");
    assert_eq!(proxy.take_mutations().len(), 2);
}

#[test]
fn a_refusal_is_not_tried_again() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let (status, code, message) = denied("xray:CreateSamplingRule");
    proxy.fail("CreateSamplingRule", usize::MAX, (status, code, &message));
    let scenario = proxy.scenario(RULE);
    let apply = scenario.run("apply --auto-approve").ends_with(1);
    assert_snapshot!(apply.snapshot(), @r#"
    $ xrayctl apply --auto-approve
    xrayctl will perform the following actions (account 123456789012, us-east-1):

      # sampling_rule.checkout will be created
      + sampling_rule "checkout" {
          + rule_name      = "checkout"
          + priority       = 100
          + fixed_rate     = 0.1
          + reservoir_size = 1
          + service_name   = "*"
          + service_type   = "*"
          + host           = "*"
          + http_method    = "*"
          + url_path       = "*"
          + resource_arn   = "*"
        }

    Plan: 1 to add, 0 to change, 0 to destroy.

    Apply incomplete! Resources: 0 added, 0 changed, 0 destroyed.
    --- stderr
    sampling_rule.checkout: Creation failed after 0s
    error: sampling_rule.checkout: X-Ray CreateSamplingRule: AccessDeniedException: User: arn:aws:iam::123456789012:user/ann is not authorized to perform: xray:CreateSamplingRule on resource: * because no identity-based policy allows the xray:CreateSamplingRule action (request id [uuid])
      hint: the credentials need the IAM action xray:CreateSamplingRule
    --- exit 1
    "#);
    assert_eq!(proxy.take_mutations(), ["CreateSamplingRule"]);
}

#[test]
fn a_read_that_is_denied_names_the_missing_action() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let (status, code, message) = denied("xray:GetSamplingRules");
    proxy.fail("GetSamplingRules", usize::MAX, (status, code, &message));
    let scenario = proxy.scenario(RULE);
    assert_snapshot!(scenario.plan().ends_with(1).snapshot(), @r"
    $ xrayctl plan --detailed-exitcode
    --- stderr
    error: X-Ray GetSamplingRules: AccessDeniedException: User: arn:aws:iam::123456789012:user/ann is not authorized to perform: xray:GetSamplingRules on resource: * because no identity-based policy allows the xray:GetSamplingRules action (request id [uuid])
      hint: the credentials need the IAM action xray:GetSamplingRules
    --- exit 1
    ");
    assert_eq!(proxy.take_mutations(), [""; 0]);
}

/// AWS names another action than the one that was called.
#[test]
fn the_action_that_aws_names_is_the_one_that_is_told() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let (status, code, message) = denied("kms:DescribeKey");
    proxy.fail("PutEncryptionConfig", usize::MAX, (status, code, &message));
    let scenario = proxy.scenario(FULL);
    scenario
        .run("apply --auto-approve")
        .ends_with(1)
        .says("hint: the credentials need the IAM action kms:DescribeKey\n");
}

/// A type that the spec does not name stands in the way of nothing.
#[test]
fn a_denied_read_of_what_the_spec_does_not_name_is_a_warning() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let (status, code, message) = denied("kms:ListKeys");
    proxy.fail("ListKeys", usize::MAX, (status, code, &message));
    let scenario = proxy.scenario(RULE);
    let plan = scenario.plan().ends_with(2);
    assert_snapshot!(plan.stderr, @r"
    warning: cannot tell whether the stack owns any kms_key that the spec does not name: KMS ListKeys: AccessDeniedException: User: arn:aws:iam::123456789012:user/ann is not authorized to perform: kms:ListKeys on resource: * because no identity-based policy allows the kms:ListKeys action (request id 11111111-2222-3333-4444-555555555555)
    ");
    scenario.apply();
}

#[test]
fn what_does_not_need_the_failed_one_is_finished_and_the_next_apply_completes() {
    let cloud = Cloud::start();
    let whole = Cloud::start();
    whole.scenario(FULL).apply();
    let proxy = Proxy::before(&cloud);
    let (status, code, message) = denied("kms:CreateKey");
    proxy.fail("CreateKey", usize::MAX, (status, code, &message));
    let scenario = proxy.scenario(FULL);
    let apply = scenario.run("apply --auto-approve").ends_with(1);
    assert!(
        apply
            .stdout
            .ends_with("Apply incomplete! Resources: 3 added, 3 changed, 0 destroyed.\n"),
        "{apply}"
    );
    let told = apply.snapshot();
    let (_, stderr) = told.split_once("--- stderr\n").unwrap();
    assert_snapshot!(stderr, @r"
    kms_key.traces: Creation failed after 0s
    encryption: skipped, since kms_key.traces failed
    error: kms_key.traces: KMS CreateKey: AccessDeniedException: User: arn:aws:iam::123456789012:user/ann is not authorized to perform: kms:CreateKey on resource: * because no identity-based policy allows the kms:CreateKey action (request id [uuid])
      hint: the credentials need the IAM action kms:CreateKey

    error: 1 resource skipped: encryption (needs kms_key.traces)
      hint: mend what failed and apply again; what is done stays done

    Found 2 errors.
    --- exit 1
    ");
    assert_eq!(cloud.rules().len(), 1);
    assert_eq!(cloud.groups().len(), 1);
    proxy.mend();
    scenario
        .apply()
        .prints("Apply complete! Resources: 1 added, 1 changed, 0 destroyed.");
    scenario.is_settled();
    assert_eq!(cloud.inventory(), whole.inventory());
}

#[test]
fn every_failure_is_told() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let (status, code, message) = denied("xray:Put");
    proxy.fail_where(Call::mutates, (status, code, &message));
    let scenario = proxy.scenario(FULL);
    let apply = scenario.run("apply --auto-approve").ends_with(1);
    for address in [
        "default_sampling_rule:",
        "group.errors:",
        "indexing_rule:",
        "kms_key.traces:",
        "resource_policy.sns:",
        "sampling_rule.checkout:",
        "trace_segment_destination:",
    ] {
        let told = format!("error: {address} ");
        let skipped = apply
            .stderr
            .contains(&format!("{} (needs ", &address[..address.len() - 1]));
        assert!(
            apply.stderr.contains(&told) || skipped,
            "no {told}: {apply}"
        );
    }
    assert!(
        apply.stderr.contains("encryption (needs kms_key.traces)"),
        "{apply}"
    );
}

/// AWS did it, and the answer got lost on its way: the call is tried again.
#[test]
fn a_lost_answer_leaves_nothing_twice() {
    let whole = Cloud::start();
    whole.scenario(FULL).apply();
    for operation in [
        "CreateSamplingRule",
        "CreateGroup",
        "CreateAlias",
        "PutEncryptionConfig",
        "PutResourcePolicy",
    ] {
        let cloud = Cloud::start();
        let proxy = Proxy::before(&cloud);
        proxy.lose_answer(operation);
        let scenario = proxy.scenario(FULL);
        scenario.apply();
        scenario.is_settled();
        assert_eq!(cloud.inventory(), whole.inventory(), "{operation}");
    }
}

/// KMS has no way to make a key only once.
#[test]
fn a_lost_answer_to_a_new_key_leaves_one_key_in_use() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    proxy.lose_answer("CreateKey");
    let scenario = proxy.scenario(FULL);
    scenario.run("apply --auto-approve");
    scenario.apply();
    scenario.is_settled();
    let keys = cloud.keys();
    let in_use = keys.iter().filter(|key| key["KeyState"] == "Enabled");
    assert_eq!(in_use.count(), 1, "{keys:?}");
}

fn stack() -> String {
    without(RULE, "[sampling_rules.checkout]")
}

fn rules(number: usize) -> String {
    let rule = |index| {
        format!(
            "[sampling_rules.rule-{index:02}]\npriority = {index}\nfixed_rate = 0.1\n\
             url_path = \"/{index:02}\"\n"
        )
    };
    (1..=number).map(rule).collect()
}

#[test]
fn the_26th_rule_meets_the_limit_and_says_what_to_do() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(&format!("{}{}", stack(), rules(26)));
    let apply = scenario
        .run("apply --auto-approve --parallelism 1")
        .ends_with(1);
    let told = apply.snapshot();
    let (_, stderr) = told.split_once("--- stderr\n").unwrap();
    assert_snapshot!(stderr, @r"
    sampling_rule.rule-26: Creation failed after 0s
    error: sampling_rule.rule-26: X-Ray CreateSamplingRule: RuleLimitExceededException: Cannot create more than 25 sampling rules (request id [uuid])
      hint: delete what is not needed, or ask for a higher quota in the Service Quotas console
    --- exit 1
    ");
    assert_eq!(cloud.rules().len(), 25);
    scenario.spec(&format!("{}{}", stack(), rules(25)));
    scenario.is_settled();
}

/// Twenty-five rules and more of everything, given a row at a time.
#[test]
fn every_page_of_every_list_is_read() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let more = "[groups.slow]\nfilter_expression = \"responsetime > 1\"\n\
                [kms_keys.other]\n\
                [resource_policies.sqs]\npolicy_document = { Version = \"2012-10-17\", \
                Statement = [{ Effect = \"Allow\", Principal = \"*\", Action = \"xray:*\", \
                Resource = \"*\" }] }\n";
    let scenario = proxy.scenario(&format!("{FULL}\n{more}\n{}", rules(24)));
    scenario.apply();
    let another = json!({ "Version": "2012-10-17", "Statement": [] }).to_string();
    let policy = json!({ "policyName": "another", "policyDocument": another });
    cloud.logs("PutResourcePolicy", &policy);
    let token = |list| Paging {
        list,
        asked: "NextToken",
        given: "NextToken",
    };
    let marker = |list| Paging {
        list,
        asked: "Marker",
        given: "NextMarker",
    };
    let small = |list| Paging {
        list,
        asked: "nextToken",
        given: "nextToken",
    };
    proxy.page("GetSamplingRules", token("SamplingRuleRecords"));
    proxy.page("GetGroups", token("Groups"));
    proxy.page("ListTagsForResource", token("Tags"));
    proxy.page("ListResourcePolicies", token("ResourcePolicies"));
    proxy.page("ListKeys", marker("Keys"));
    proxy.page("DescribeResourcePolicies", small("resourcePolicies"));
    proxy.take_calls();
    scenario.is_settled();
    let calls = proxy.take_calls();
    let count = |name: &str| calls.iter().filter(|call| call.operation == name).count();
    assert_eq!(count("GetSamplingRules"), 26, "two types share one list");
    assert!(count("GetGroups") > 1 && count("ListKeys") > 1);
    assert!(count("ListResourcePolicies") > 1 && count("DescribeResourcePolicies") > 1);
    scenario.run("destroy --auto-approve").succeeds();
    proxy.mend();
    assert!(cloud.rules().is_empty() && cloud.groups().is_empty());
}
