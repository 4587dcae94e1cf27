//! IAM of an account, worked on behind xrayctl's back, and a spec for it.

use std::fmt::Write;

use percent_encoding::percent_decode_str;
use regex::Regex;
use serde_json::{Value, json};

use crate::cloud::Cloud;

/// Something of every type of IAM, with every field set.
pub(crate) const IAM: &str = r#"[stack]
name = "shop"
region = "us-east-1"
tags = { team = "core" }

[iam.policies.xray-write]
path = "/tracing/"
description = "writes traces"
tags = { owner = "ann" }
policy = '''
{
  "Version": "2012-10-17",
  "Statement": [
    { "Effect": "Allow", "Action": ["xray:PutTraceSegments"], "Resource": "*" }
  ]
}
'''

[iam.policies.boundary]
preset = "xray-full"

[iam.roles.task]
path = "/tracing/"
description = "runs the API"
max_session_duration = 7200
permissions_boundary = "boundary"
managed_policies = ["xray-write", "aws:AWSXrayReadOnlyAccess"]
trust = { preset = "lambda" }
tags = { owner = "ann" }

[iam.roles.task.inline_policies.logs]
Version = "2012-10-17"
Statement = { Effect = "Allow", Action = "logs:PutLogEvents", Resource = "*" }

[iam.role_policy_attachments.legacy]
role = "legacy"
policy = "xray-write"
"#;

/// The ARN of the stack's policy.
pub(crate) const WRITE: &str = "arn:aws:iam::123456789012:policy/tracing/xray-write";
/// A policy of AWS's own.
pub(crate) const OF_AWS: &str = "arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy";

/// A policy document that allows `action`.
pub(crate) fn allows(action: &str) -> String {
    let statement = json!({ "Effect": "Allow", "Action": action, "Resource": "*" });
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

/// A trust policy for `principal`.
pub(crate) fn trusts(principal: &Value) -> String {
    let statement =
        json!({ "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" });
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

/// The texts of all elements called `name`, documents decoded.
pub(crate) fn all(xml: &str, name: &str) -> Vec<String> {
    let element = Regex::new(&format!("<{name}>([^<]*)</{name}>")).unwrap();
    element
        .captures_iter(xml)
        .map(|found| {
            percent_decode_str(&found[1])
                .decode_utf8()
                .unwrap()
                .into_owned()
        })
        .collect()
}

/// The text of the first element called `name`.
pub(crate) fn first(xml: &str, name: &str) -> String {
    let found = all(xml, name).into_iter().next();
    found.unwrap_or_else(|| panic!("no {name} in {xml}"))
}

impl Cloud {
    /// Makes a role that no stack owns.
    pub(crate) fn make_role(&self, name: &str) {
        let trust = trusts(&json!({ "Service": "ec2.amazonaws.com" }));
        let trust = trust.as_str();
        let parameters = [("RoleName", name), ("AssumeRolePolicyDocument", trust)];
        self.iam("CreateRole", &parameters);
    }

    /// Attaches a policy to a role.
    pub(crate) fn attach(&self, role: &str, arn: &str) {
        self.iam(
            "AttachRolePolicy",
            &[("RoleName", role), ("PolicyArn", arn)],
        );
    }

    /// Detaches a policy from a role.
    pub(crate) fn detach(&self, role: &str, arn: &str) {
        self.iam(
            "DetachRolePolicy",
            &[("RoleName", role), ("PolicyArn", arn)],
        );
    }

    /// The ARNs of the policies of a role, sorted.
    pub(crate) fn attached(&self, role: &str) -> Vec<String> {
        let listed = self.iam("ListAttachedRolePolicies", &[("RoleName", role)]);
        let mut arns = all(&listed, "PolicyArn");
        arns.sort();
        arns
    }

    /// The names of all roles.
    pub(crate) fn roles(&self) -> Vec<String> {
        all(&self.iam("ListRoles", &[]), "RoleName")
    }

    /// The names of the account's own policies.
    pub(crate) fn policies(&self) -> Vec<String> {
        all(
            &self.iam("ListPolicies", &[("Scope", "Local")]),
            "PolicyName",
        )
    }

    /// Everything of IAM that stands, without ids, times and version numbers.
    pub(crate) fn iam_inventory(&self) -> String {
        let mut text = String::new();
        for role in self.roles() {
            let of_role = [("RoleName", role.as_str())];
            let name = self.iam("GetRole", &of_role);
            let inline = self.iam("ListRolePolicies", &of_role);
            writeln!(text, "{name}\n  {:?}", self.attached(&role)).unwrap();
            for policy in all(&inline, "member") {
                let named = [of_role[0], ("PolicyName", policy.as_str())];
                writeln!(text, "  {}", self.iam("GetRolePolicy", &named)).unwrap();
            }
        }
        let listed = self.iam("ListPolicies", &[("Scope", "Local")]);
        for arn in all(&listed, "Arn") {
            let policy = self.iam("GetPolicy", &[("PolicyArn", &arn)]);
            let document = self.default_document(&arn);
            writeln!(text, "{policy}\n  {document}").unwrap();
        }
        let passing = Regex::new(
            "<(RoleId|PolicyId|CreateDate|UpdateDate|DefaultVersionId|RequestId)>[^<]*</[A-Za-z]*>",
        );
        let text = passing.unwrap().replace_all(&text, "").into_owned();
        // Tags are told in any order.
        let tags = Regex::new("<Tags>(.*?)</Tags>").unwrap();
        let sorted = tags.replace_all(&text, |found: &regex::Captures<'_>| {
            let mut members: Vec<&str> = found[1].split("</member>").collect();
            members.sort_unstable();
            members.join("\n")
        });
        sorted.into_owned()
    }

    /// What a policy says by its default version.
    pub(crate) fn default_document(&self, arn: &str) -> Value {
        let policy = self.iam("GetPolicy", &[("PolicyArn", arn)]);
        let version = first(&policy, "DefaultVersionId");
        let parameters = [("PolicyArn", arn), ("VersionId", &version)];
        let version = self.iam("GetPolicyVersion", &parameters);
        serde_json::from_str(&first(&version, "Document")).unwrap()
    }

    /// The versions of a policy, sorted, the default one marked with `*`.
    pub(crate) fn versions(&self, arn: &str) -> Vec<String> {
        let listed = self.iam("ListPolicyVersions", &[("PolicyArn", arn)]);
        let ids = all(&listed, "VersionId").into_iter();
        let mut versions: Vec<String> = ids
            .zip(all(&listed, "IsDefaultVersion"))
            .map(|(id, is_default)| format!("{id}{}", if is_default == "true" { "*" } else { "" }))
            .collect();
        versions.sort();
        versions
    }

    /// Who may assume a role.
    pub(crate) fn trust_of(&self, role: &str) -> Value {
        let role = self.iam("GetRole", &[("RoleName", role)]);
        serde_json::from_str(&first(&role, "AssumeRolePolicyDocument")).unwrap()
    }
}
