//! The AWS that a test works on, and a way to work on it behind xrayctl's back.

use std::fmt::Write;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::Scenario;
use crate::http::Message;

/// An embedded AWS that is served over HTTP, and a way to work on it behind
/// xrayctl's back.
pub(crate) struct Cloud {
    server: Child,
    /// `127.0.0.1:4566`.
    address: String,
    folder: TempDir,
}

impl Cloud {
    /// Starts one from an empty folder.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one with options.
    pub(crate) fn start_with(options: &[&str]) -> Self {
        Self::serve(tempfile::tempdir().unwrap(), options)
    }

    fn serve(folder: TempDir, options: &[&str]) -> Self {
        let mut server = Command::new(env!("CARGO_BIN_EXE_local-collector"))
            .args([
                "--aws-only",
                "--aws-listen",
                "127.0.0.1:0",
                "--state",
                "state",
            ])
            .args(options)
            .current_dir(folder.path())
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(server.stdout.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        let url = line.split_whitespace().find(|word| word.contains("://"));
        let address = url.and_then(|url| url.strip_prefix("http://"));
        Self {
            address: address.expect(&line).trim_end_matches('/').to_owned(),
            server,
            folder,
        }
    }

    /// Ends it at once, as `kill -9` does, and starts it on what it left.
    pub(crate) fn restart(mut self) -> Self {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap());
        Self::serve(folder, &[])
    }

    /// Where its state is kept.
    pub(crate) fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// `host:port`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Where it is served.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A user's folder that works on it.
    pub(crate) fn scenario(&self, spec: &str) -> Scenario {
        Scenario::at(&self.url(), spec)
    }

    /// Calls X-Ray, which must succeed.
    pub(crate) fn xray(&self, path: &str, body: &Value) -> Value {
        let headers = [("content-type", "application/json")];
        self.call("xray", path, &headers, body)
    }

    /// Calls KMS, which must succeed.
    pub(crate) fn kms(&self, operation: &str, body: &Value) -> Value {
        let target = format!("TrentService.{operation}");
        self.call("kms", "/", &[("x-amz-target", &target)], body)
    }

    /// Calls CloudWatch Logs, which must succeed.
    pub(crate) fn logs(&self, operation: &str, body: &Value) -> Value {
        let target = format!("Logs_20140328.{operation}");
        self.call("logs", "/", &[("x-amz-target", &target)], body)
    }

    /// Calls IAM, which must succeed, and returns its XML.
    pub(crate) fn iam(&self, operation: &str, parameters: &[(&str, &str)]) -> String {
        let mut body = format!("Action={operation}&Version=2010-05-08");
        for (name, value) in parameters {
            let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
            write!(body, "&{name}={value}").unwrap();
        }
        let kind = "application/x-www-form-urlencoded";
        let headers = [("content-type", kind)];
        let answer = self.send("iam", "POST /", &headers, body.into_bytes());
        String::from_utf8(answer).unwrap()
    }

    /// Calls Lambda or API Gateway, `METHOD path`, which must succeed.
    pub(crate) fn rest(&self, service: &str, line: &str, body: &Value) -> Value {
        let answer = self.send(service, line, &[], body.to_string().into_bytes());
        serde_json::from_slice(&answer).unwrap_or(Value::Null)
    }

    /// Calls CloudWatch, which must succeed.
    pub(crate) fn cloudwatch(&self, operation: &str, body: &Value) -> Value {
        let target = format!("GraniteServiceVersion20100801.{operation}");
        self.call("monitoring", "/", &[("x-amz-target", &target)], body)
    }

    /// The alarm of either kind called `name`.
    pub(crate) fn alarm(&self, name: &str) -> Value {
        let found = self.cloudwatch("DescribeAlarms", &json!({ "AlarmNames": [name] }));
        let both = ["MetricAlarms", "CompositeAlarms"].map(|kind| found[kind][0].clone());
        let alarm = both.into_iter().find(|alarm| !alarm.is_null());
        alarm.unwrap_or(Value::Null)
    }

    /// The log group called `name`.
    pub(crate) fn log_group(&self, name: &str) -> Value {
        let asked = json!({ "logGroupNamePrefix": name });
        let found = self.logs("DescribeLogGroups", &asked);
        let group = rows(&found["logGroups"]).find(|group| group["logGroupName"] == name);
        group.cloned().unwrap_or(Value::Null)
    }

    /// Calls ECS, which must succeed.
    pub(crate) fn ecs(&self, operation: &str, body: &Value) -> Value {
        let target = format!("AmazonEC2ContainerServiceV20141113.{operation}");
        self.call("ecs", "/", &[("x-amz-target", &target)], body)
    }

    fn call(&self, service: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Value {
        let mut headers = headers.to_vec();
        if service != "xray" {
            headers.push(("content-type", "application/x-amz-json-1.1"));
        }
        let body = body.to_string().into_bytes();
        let answer = self.send(service, &format!("POST {path}"), &headers, body);
        serde_json::from_slice(&answer).unwrap_or(Value::Null)
    }

    fn send(&self, service: &str, line: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Vec<u8> {
        let scope = format!("test/20260101/us-east-1/{service}/aws4_request");
        let authorization = format!("AWS4-HMAC-SHA256 Credential={scope}, Signature=none");
        let mut all = vec![
            ("host".to_owned(), self.address.clone()),
            ("authorization".to_owned(), authorization),
        ];
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        all.extend(headers.iter().map(owned));
        let request = Message {
            start: format!("{line} HTTP/1.1"),
            headers: all,
            body,
        };
        let answer = request.exchange(&self.address).unwrap();
        let text = String::from_utf8_lossy(&answer.body);
        let is_success = answer.second_word().starts_with('2');
        assert!(is_success, "{line} {headers:?}: {text}");
        answer.body
    }

    /// The sampling rules, AWS's own not among them.
    pub(crate) fn rules(&self) -> Vec<Value> {
        let records = self.xray("/GetSamplingRules", &json!({}));
        rows(&records["SamplingRuleRecords"])
            .map(|record| record["SamplingRule"].clone())
            .filter(|rule| rule["RuleName"] != "Default")
            .collect()
    }

    /// The rule called `name`, AWS's own among them.
    pub(crate) fn rule(&self, name: &str) -> Value {
        let records = self.xray("/GetSamplingRules", &json!({}));
        let rule = rows(&records["SamplingRuleRecords"])
            .map(|record| record["SamplingRule"].clone())
            .find(|rule| rule["RuleName"] == name);
        rule.unwrap_or(Value::Null)
    }

    /// The groups, AWS's own not among them.
    pub(crate) fn groups(&self) -> Vec<Value> {
        let groups = self.xray("/Groups", &json!({}));
        let groups = rows(&groups["Groups"]).filter(|group| group["GroupName"] != "Default");
        groups.cloned().collect()
    }

    /// The ARN of the group called `name`.
    pub(crate) fn group_arn(&self, name: &str) -> String {
        let group = self.xray("/GetGroup", &json!({ "GroupName": name }));
        text(&group["Group"]["GroupARN"])
    }

    /// The user's tags of a rule or group; `xrayctl`'s own left out.
    pub(crate) fn tags(&self, arn: &str) -> Value {
        let tags = self.xray("/ListTagsForResource", &json!({ "ResourceARN": arn }));
        let tags = rows(&tags["Tags"])
            .filter(|tag| !text(&tag["Key"]).starts_with("xrayctl:"))
            .map(|tag| (text(&tag["Key"]), tag["Value"].clone()));
        Value::Object(tags.collect())
    }

    /// The encryption that is in force.
    pub(crate) fn encryption(&self) -> Value {
        self.xray("/EncryptionConfig", &json!({}))["EncryptionConfig"].clone()
    }

    /// The keys with what KMS says of them, AWS's own left out.
    pub(crate) fn keys(&self) -> Vec<Value> {
        let keys = self.kms("ListKeys", &json!({}));
        rows(&keys["Keys"])
            .map(|key| {
                self.kms("DescribeKey", &json!({ "KeyId": key["KeyId"] }))["KeyMetadata"].clone()
            })
            .filter(|key| key["KeyManager"] != "AWS")
            .collect()
    }

    /// The only key of the user.
    pub(crate) fn only_key(&self) -> Value {
        let keys = self.keys();
        assert_eq!(keys.len(), 1, "{keys:?}");
        keys[0].clone()
    }

    /// Everything that stands, without ids and times: two accounts with the
    /// same text are the same.
    pub(crate) fn inventory(&self) -> String {
        let mut text = String::new();
        let mut line = |title: &str, value: &Value| writeln!(text, "{title}: {value}").unwrap();
        for rule in self.rules() {
            line("rule", &rule);
            line("  tags", &self.all_tags(&rule["RuleARN"]));
        }
        line("rule", &self.rule("Default"));
        for mut group in self.groups() {
            line("  tags", &self.all_tags(&group["GroupARN"]));
            group["GroupARN"] = Value::Null;
            line("group", &group);
        }
        for mut policy in
            rows(&self.xray("/ListResourcePolicies", &json!({}))["ResourcePolicies"]).cloned()
        {
            policy["LastUpdatedTime"] = Value::Null;
            policy["PolicyRevisionId"] = Value::Null;
            line("policy", &policy);
        }
        let mut encryption = self.encryption();
        encryption["KeyId"] = json!(!encryption["KeyId"].is_null());
        line("encryption", &encryption);
        let empty = json!({});
        line(
            "destination",
            &self.xray("/GetTraceSegmentDestination", &empty),
        );
        let indexing = self.xray("/GetIndexingRules", &empty);
        line("indexing", &indexing["IndexingRules"][0]["Rule"]);
        for policy in rows(&self.logs("DescribeResourcePolicies", &empty)["resourcePolicies"]) {
            line("logs policy", &policy["policyName"]);
            line("  document", &policy["policyDocument"]);
        }
        for key in self.keys() {
            line("key", &key["KeyState"]);
            line("  description", &key["Description"]);
            let id = json!({ "KeyId": key["KeyId"] });
            let rotation = self.kms("GetKeyRotationStatus", &id);
            line("  rotation", &rotation["RotationPeriodInDays"]);
            let mut tags = rows(&self.kms("ListResourceTags", &id)["Tags"])
                .map(|tag| format!("{}={}", tag["TagKey"], tag["TagValue"]))
                .collect::<Vec<_>>();
            tags.sort();
            line("  tags", &json!(tags));
            for alias in rows(&self.kms("ListAliases", &id)["Aliases"]) {
                line("  alias", &alias["AliasName"]);
            }
        }
        text
    }

    fn all_tags(&self, arn: &Value) -> Value {
        let tags = self.xray("/ListTagsForResource", &json!({ "ResourceARN": arn }));
        tags["Tags"].clone()
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Walks a JSON list; nothing where there is none.
pub(crate) fn rows(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// The text of a JSON string.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
