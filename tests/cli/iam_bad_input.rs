//! What IAM would refuse: each a clear located error, exit 1, and no call.

use insta::assert_snapshot;

use crate::cloud::Cloud;
use crate::proxy::Proxy;

const EMPTY: &str = "[stack]\nname = \"shop\"\nregion = \"us-east-1\"\n";

/// Plans `more` added to an empty stack, which must fail and make no call.
fn refused(more: &str) -> String {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(&format!("{EMPTY}\n{more}"));
    let plan = scenario.run("plan").ends_with(1);
    scenario.run("apply --auto-approve").ends_with(1);
    assert_eq!(proxy.take_calls().len(), 0);
    plan.snapshot()
}

#[test]
fn a_trust_preset_without_its_cluster() {
    assert_snapshot!(refused("[iam.roles.api.trust]\npreset = \"eks-irsa\"\nnamespace = \"shop\"\n\
        service_account = \"api\"\n\n[iam.roles.web]\ntrust = { preset = \"eks-irsa\", \
        oidc_provider = \"my-cluster\", namespace = \"shop\", service_account = \"web\" }\n"), @r#"
    $ xrayctl plan
    --- stderr
    error: IAM role `api`: `trust`: the preset `eks-irsa` needs `oidc_provider`
     --> xrayctl.toml:5:1
      |
    5 | [iam.roles.api.trust]
      | ^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: `aws eks describe-cluster --name CLUSTER --query cluster.identity.oidc.issuer` tells the issuer

    error: IAM role `web`: `trust.oidc_provider`: `my-cluster` is no OIDC provider
      --> xrayctl.toml:11:48
       |
    11 | trust = { preset = "eks-irsa", oidc_provider = "my-cluster", namespace = "shop", servic...
       |                                                ^^^^^^^^^^^^
       |
       = hint: `aws eks describe-cluster --name CLUSTER --query cluster.identity.oidc.issuer` tells the issuer

    Found 2 errors.
    --- exit 1
    "#);
}

#[test]
fn presets_that_there_are_not() {
    assert_snapshot!(refused("[iam.roles.api]\ntrust = { preset = \"ecs-task\" }\n\n\
        [iam.policies.write]\npreset = \"xray-daemon-writer\"\n"), @r#"
    $ xrayctl plan
    --- stderr
    error: IAM role `api`: `trust.preset` is `ecs-task`, expected `ecs-tasks`, `lambda`, `ec2`, `eks-irsa` or `eks-pod-identity`
     --> xrayctl.toml:6:20
      |
    6 | trust = { preset = "ecs-task" }
      |                    ^^^^^^^^^^
      |
      = hint: did you mean `ecs-tasks`?

    error: IAM policy `write`: `preset` is `xray-daemon-writer`, expected `xray-daemon-write`, `xray-read`, `adot-collector` or `xray-full`
     --> xrayctl.toml:9:10
      |
    9 | preset = "xray-daemon-writer"
      |          ^^^^^^^^^^^^^^^^^^^^
      |
      = hint: did you mean `xray-daemon-write`?

    Found 2 errors.
    --- exit 1
    "#);
}

#[test]
fn a_policy_above_6144_characters() {
    let resources = "\"arn:aws:logs:us-east-1:123456789012:log-group:/ecs/api:*\", ".repeat(110);
    let policy = format!(
        "[iam.policies.write]\nstatements = [{{ actions = [\"logs:*\"], resources = [{resources}] }}]\n"
    );
    let told = refused(&policy);
    for text in [
        "error: IAM policy `write`: `statements`: the policy has 6",
        "characters without white space, AWS takes at most 6144",
        "xrayctl.toml:6:",
        "hint: use wildcards in actions and resources, or split it into several policies",
    ] {
        assert!(told.contains(text), "no {text:?} in {told}");
    }
}

#[test]
fn documents_names_and_references_that_aws_would_refuse() {
    assert_snapshot!(refused("[iam.policies.\"a b\"]\npolicy = { Version = \"2012\", Statement = \
        [{ Effect = \"allow\", Action = \"xray:*\" }] }\n\n\
        [iam.roles.task]\nmax_session_duration = 60\nmanaged_policies = [\"xray-wirte\"]\n\
        trust = { preset = \"lambda\", namespace = \"shop\" }\n\n\
        [iam.role_policy_attachments.x]\nrole = \"a b\"\npolicy = \"arn:aws:iam::1:role/x\"\n\n\
        [iam.policies.xray-write]\npreset = \"xray-full\"\n"), @r#"
    $ xrayctl plan
    --- stderr
    error: IAM policy `a b`: AWS takes no policy named `a b`
     --> xrayctl.toml:5:1
      |
    5 | [iam.policies."a b"]
      | ^^^^^^^^^^^^^^^^^^^^
      |
      = hint: use letters, digits and `_+=,.@-`, or set `policy_name`

    error: IAM policy `a b`: the name holds ` `
     --> xrayctl.toml:5:15
      |
    5 | [iam.policies."a b"]
      |               ^^^^^
      |
      = hint: a name takes letters, digits and `. _ / -`

    error: IAM policy `a b`: `policy.Version`: there is no such version of the policy language
     --> xrayctl.toml:6:22
      |
    6 | policy = { Version = "2012", Statement = [{ Effect = "allow", Action = "xray:*" }] }
      |                      ^^^^^^
      |
      = hint: write `Version = "2012-10-17"`

    error: IAM policy `a b`: `policy.Statement.0`: the statement has no `Resource`
     --> xrayctl.toml:6:43
      |
    6 | policy = { Version = "2012", Statement = [{ Effect = "allow", Action = "xray:*" }] }
      |                                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    error: IAM policy `a b`: `policy.Statement.0.Effect`: the effect is `Allow` or `Deny`
     --> xrayctl.toml:6:54
      |
    6 | policy = { Version = "2012", Statement = [{ Effect = "allow", Action = "xray:*" }] }
      |                                                      ^^^^^^^

    error: IAM role `task`: `max_session_duration` 60 is outside 3600–43200
     --> xrayctl.toml:9:24
      |
    9 | max_session_duration = 60
      |                        ^^

    error: IAM role policy attachment `x`: `role`: `a b` is no role
      --> xrayctl.toml:14:8
       |
    14 | role = "a b"
       |        ^^^^^
       |
       = hint: give the role's name at AWS, or its ARN

    error: IAM role policy attachment `x`: `policy`: `arn:aws:iam::1:role/x` is not the ARN of a policy
      --> xrayctl.toml:15:10
       |
    15 | policy = "arn:aws:iam::1:role/x"
       |          ^^^^^^^^^^^^^^^^^^^^^^^
       |
       = hint: such an ARN is `arn:aws:iam::ACCOUNT:policy/NAME`

    Found 8 errors.
    --- exit 1
    "#);
}
