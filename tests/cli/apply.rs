//! Plan, apply, plan: what the spec says comes to stand, once.

use insta::assert_snapshot;
use serde_json::json;

use crate::cloud::Cloud;
use crate::harness::Scenario;
use crate::proxy::{Call, Proxy};
use crate::specs::{FULL, RULE, without};

#[test]
fn a_first_plan_shows_what_would_be_created() {
    let scenario = Scenario::local(RULE);
    assert_snapshot!(scenario.plan().snapshot(), @r#"
    $ xrayctl plan --detailed-exitcode
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
    --- exit 2
    "#);
}

#[test]
fn an_apply_says_what_it_did_and_the_next_plan_finds_no_changes() {
    let scenario = Scenario::local(RULE);
    assert_snapshot!(scenario.apply().snapshot(), @r#"
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

    Apply complete! Resources: 1 added, 0 changed, 0 destroyed.
    --- exit 0
    "#);
    assert_snapshot!(scenario.plan().snapshot(), @r"
    $ xrayctl plan --detailed-exitcode
    No changes. 1 resource of the stack `shop` in account 123456789012, us-east-1 matches the spec.
    --- exit 0
    ");
}

#[test]
fn something_of_every_type_is_applied_and_then_settled() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(FULL);
    let plan = scenario.plan().ends_with(2);
    assert_snapshot!(plan.snapshot(), @r#"
    $ xrayctl plan --detailed-exitcode
    xrayctl will perform the following actions (account 123456789012, us-east-1):

      # default_sampling_rule will be updated in place
      ~ default_sampling_rule {
          ~ fixed_rate     = 0.05 -> 0.02
          ~ reservoir_size = 1 -> 3
        }

      # encryption will be updated in place
      ~ encryption {
          ~ type   = "NONE" -> "KMS"
          + key_id = (known after apply)
        }

      # group.errors will be created
      + group "errors" {
          + group_name                                   = "errors"
          + filter_expression                            = "error OR fault"
          + insights_configuration.insights_enabled      = true
          + insights_configuration.notifications_enabled = true
          + tags.owner                                   = "ann"
          + tags.team                                    = "core"
        }

      # indexing_rule will be updated in place
      ~ indexing_rule {
          ~ desired_sampling_percentage = 1.0 -> 12.5
        }

      # kms_key.traces will be created
      + kms_key "traces" {
          + alias                   = "alias/shop-traces"
          + description             = "traces at rest"
          + enabled                 = true
          + key_rotation_enabled    = true
          + rotation_period_in_days = 180
          + multi_region            = false
          + policy                  = <<JSON … JSON
          + tags.team               = "core"
        }

      # resource_policy.sns will be created
      + resource_policy "sns" {
          + policy_name                 = "sns"
          + policy_document             = <<JSON … JSON
          + bypass_policy_lockout_check = false
        }

      # sampling_rule.checkout will be created
      + sampling_rule "checkout" {
          + rule_name                                   = "checkout"
          + priority                                    = 100
          + fixed_rate                                  = 0.1
          + reservoir_size                              = 5
          + service_name                                = "checkout"
          + service_type                                = "AWS::ECS::Container"
          + host                                        = "*.example.com"
          + http_method                                 = "POST"
          + url_path                                    = "/orders*"
          + resource_arn                                = "arn:aws:ecs:*"
          + attributes.tier                             = "gold"
          + sampling_rate_boost.max_rate                = 0.5
          + sampling_rate_boost.cooldown_window_minutes = 10
          + tags.owner                                  = "ann"
          + tags.team                                   = "core"
        }

      # trace_segment_destination will be updated in place
      ~ trace_segment_destination {
          ~ destination          = "XRay" -> "CloudWatchLogs"
          + logs_policy_document = <<JSON … JSON
          # (1 unchanged field hidden)
        }

    Plan: 4 to add, 4 to change, 0 to destroy.
    --- exit 2
    "#);
    scenario
        .apply()
        .prints("Apply complete! Resources: 4 added, 4 changed, 0 destroyed.");
    scenario.is_settled();
    let fingerprint = regex::Regex::new(r"[0-9a-f]{24}").unwrap();
    let inventory = cloud.inventory();
    let inventory = fingerprint.replace_all(&inventory, "[fingerprint]");
    assert_snapshot!(inventory, @r#"
    rule: {"RuleName":"checkout","RuleARN":"arn:aws:xray:us-east-1:123456789012:sampling-rule/checkout","ResourceARN":"arn:aws:ecs:*","Priority":100,"FixedRate":0.1,"ReservoirSize":5,"ServiceName":"checkout","ServiceType":"AWS::ECS::Container","Host":"*.example.com","HTTPMethod":"POST","URLPath":"/orders*","Version":1,"Attributes":{"tier":"gold"},"SamplingRateBoost":{"MaxRate":0.5,"CooldownWindowMinutes":10}}
      tags: [{"Key":"owner","Value":"ann"},{"Key":"team","Value":"core"},{"Key":"xrayctl:applied","Value":"[fingerprint]"},{"Key":"xrayctl:name","Value":"checkout"},{"Key":"xrayctl:stack","Value":"shop"}]
    rule: {"RuleName":"Default","RuleARN":"arn:aws:xray:us-east-1:123456789012:sampling-rule/Default","ResourceARN":"*","Priority":10000,"FixedRate":0.02,"ReservoirSize":3,"ServiceName":"*","ServiceType":"*","Host":"*","HTTPMethod":"*","URLPath":"*","Version":1,"Attributes":{}}
      tags: [{"Key":"owner","Value":"ann"},{"Key":"team","Value":"core"},{"Key":"xrayctl:applied","Value":"[fingerprint]"},{"Key":"xrayctl:name","Value":"errors"},{"Key":"xrayctl:stack","Value":"shop"}]
    group: {"GroupName":"errors","GroupARN":null,"FilterExpression":"error OR fault","InsightsConfiguration":{"InsightsEnabled":true,"NotificationsEnabled":true}}
    policy: {"PolicyName":"sns","PolicyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"Sns\",\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"sns.amazonaws.com\"},\"Action\":[\"xray:PutTraceSegments\",\"xray:GetSamplingRules\"],\"Resource\":\"*\"}]}","PolicyRevisionId":null,"LastUpdatedTime":null}
    encryption: {"KeyId":true,"Status":"ACTIVE","Type":"KMS"}
    destination: {"Destination":"CloudWatchLogs","Status":"ACTIVE"}
    indexing: {"Probabilistic":{"DesiredSamplingPercentage":12.5,"ActualSamplingPercentage":12.5}}
    logs policy: "xrayctl-transaction-search"
      document: "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"TransactionSearchXRayAccess\",\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"xray.amazonaws.com\"},\"Action\":\"logs:PutLogEvents\",\"Resource\":[\"arn:aws:logs:us-east-1:123456789012:log-group:aws/spans:*\",\"arn:aws:logs:us-east-1:123456789012:log-group:/aws/application-signals/data:*\"],\"Condition\":{\"ArnLike\":{\"aws:SourceArn\":\"arn:aws:xray:us-east-1:123456789012:*\"},\"StringEquals\":{\"aws:SourceAccount\":\"123456789012\"}}}]}"
    key: "Enabled"
      description: "traces at rest"
      rotation: 180
      tags: ["\"team\"=\"core\"","\"xrayctl:applied\"=\"[fingerprint]\"","\"xrayctl:name\"=\"traces\"","\"xrayctl:stack\"=\"shop\""]
      alias: "alias/shop-traces"
    "#);
}

#[test]
fn a_plan_changes_nothing() {
    let cloud = Cloud::start();
    let shipped = cloud.inventory();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(FULL);
    scenario.plan().ends_with(2);
    scenario.run("plan --refresh-only").succeeds();
    scenario.run("plan --destroy").succeeds();
    let calls = proxy.take_calls();
    assert!(!calls.is_empty() && !calls.iter().any(Call::mutates));
    assert_eq!(cloud.inventory(), shipped);
}

#[test]
fn a_second_apply_makes_no_mutating_call() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(FULL);
    scenario.apply();
    assert!(!proxy.take_mutations().is_empty());
    scenario.apply().prints("No changes.");
    assert_eq!(proxy.take_mutations(), [""; 0]);
}

#[test]
fn only_what_differs_is_sent() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(FULL);
    scenario.apply();
    proxy.take_calls();
    scenario.edit("priority = 100", "priority = 101");
    scenario
        .apply()
        .prints("Apply complete! Resources: 0 added, 1 changed, 0 destroyed.");
    // The fingerprint of what is applied is a tag, and goes first.
    let sent = proxy.take_mutations();
    assert_eq!(sent, ["TagResource", "UpdateSamplingRule"]);
}

#[test]
fn the_default_rule_is_sent_its_two_fields_and_nothing_else() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(&format!(
        "{RULE}\n[default_sampling_rule]\nfixed_rate = 0.02\nreservoir_size = 3\n"
    ));
    scenario.apply();
    let calls = proxy.take_calls();
    let sent: Vec<_> = calls
        .iter()
        .filter(|call| call.operation == "UpdateSamplingRule")
        .map(|call| call.body["SamplingRuleUpdate"].clone())
        .collect();
    let expected = json!({ "RuleName": "Default", "FixedRate": 0.02, "ReservoirSize": 3 });
    assert_eq!(sent, [expected]);
    assert_eq!(cloud.rule("Default")["FixedRate"], 0.02);
    assert_eq!(cloud.rule("Default")["ReservoirSize"], 3);
    scenario.is_settled();
}

#[test]
fn the_rate_boost_goes_with_every_update() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(FULL);
    scenario.apply();
    proxy.take_calls();
    scenario.edit("priority = 100", "priority = 101");
    scenario.apply();
    let boost = json!({ "MaxRate": 0.5, "CooldownWindowMinutes": 10 });
    let calls = proxy.take_calls();
    let update = calls
        .iter()
        .find(|call| call.operation == "UpdateSamplingRule")
        .unwrap();
    assert_eq!(
        update.body["SamplingRuleUpdate"]["SamplingRateBoost"],
        boost
    );
    assert_eq!(cloud.rule("checkout")["SamplingRateBoost"], boost);
}

#[test]
fn a_boost_that_leaves_the_spec_leaves_aws() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(FULL);
    scenario.apply();
    scenario.edit(
        "sampling_rate_boost = { max_rate = 0.5, cooldown_window_minutes = 10 }\n",
        "",
    );
    scenario.apply();
    assert!(cloud.rule("checkout")["SamplingRateBoost"].is_null());
    scenario.is_settled();
}

#[test]
fn a_group_without_insights_is_settled_whatever_aws_fills_in() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(
        "[stack]\nname = \"shop\"\nregion = \"us-east-1\"\n\
         [groups.errors]\nfilter_expression = \"error\"\n",
    );
    scenario.apply();
    scenario.is_settled();
    let configuration = &cloud.groups()[0]["InsightsConfiguration"];
    assert_ne!(configuration["InsightsEnabled"], true, "{configuration}");
}

#[test]
fn a_filter_expression_is_compared_by_its_meaning() {
    let cloud = Cloud::start();
    let spec = "[stack]\nname = \"shop\"\nregion = \"us-east-1\"\n\
                [groups.errors]\nfilter_expression = 'error   OR fault'\n";
    let scenario = cloud.scenario(spec);
    scenario.apply();
    scenario.edit("error   OR fault", "error or fault");
    scenario.is_settled();
}

#[test]
fn what_leaves_the_spec_leaves_aws() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(FULL);
    scenario.apply();
    scenario.spec(&without(FULL, "[groups.errors]"));
    let plan = scenario.plan().ends_with(2);
    assert!(plan.stdout.contains("no longer in the spec"), "{plan}");
    scenario
        .apply()
        .prints("Apply complete! Resources: 0 added, 0 changed, 1 destroyed.");
    assert!(cloud.groups().is_empty());
    scenario.is_settled();
}

#[test]
fn nobody_is_asked_where_nobody_is_there() {
    let scenario = Scenario::local(RULE);
    assert_snapshot!(scenario.run("apply").snapshot(), @r#"
    $ xrayctl apply
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
    --- stderr
    error: nobody is there to approve the plan
      hint: give --auto-approve, or apply a plan saved with `xrayctl plan --out FILE`
    --- exit 1
    "#);
    assert_eq!(scenario.plan().code, Some(2), "nothing was applied");
}
