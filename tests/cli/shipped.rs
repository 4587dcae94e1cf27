//! The specs of `specs/`, in each of their environments: applied whole, then
//! settled, then taken away.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::cloud::{Cloud, text};

/// One of the shipped specs in one of its environments.
struct Shipped {
    text: String,
    env: Option<String>,
    parsed: toml::Table,
}

impl Shipped {
    /// All of them.
    fn all() -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs");
        let paths = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let specs = paths.filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        });
        let shipped = specs.flat_map(|path| {
            let text = fs::read_to_string(path).unwrap();
            let parsed: toml::Table = text.parse().unwrap();
            let envs: Vec<String> = parsed["env"].as_table().unwrap().keys().cloned().collect();
            let envs = [None].into_iter().chain(envs.into_iter().map(Some));
            envs.map(move |env| Self {
                text: text.clone(),
                env,
                parsed: parsed.clone(),
            })
        });
        shipped.collect()
    }

    /// A text of the spec with its environment put in.
    fn named(&self, value: &toml::Value) -> String {
        let vars = match &self.env {
            Some(env) => &self.parsed["env"][env]["vars"],
            None => &self.parsed["vars"],
        };
        let environment = vars["environment"].as_str().unwrap();
        value
            .as_str()
            .unwrap()
            .replace("${var.environment}", environment)
    }

    /// The tables under `path`.
    fn tables(&self, path: [&str; 2]) -> Vec<&toml::Value> {
        let tables = self
            .parsed
            .get(path[0])
            .and_then(|table| table.get(path[1]));
        let tables = tables.and_then(toml::Value::as_table);
        tables.into_iter().flat_map(toml::Table::values).collect()
    }

    /// Makes what the spec takes for granted: functions, roles and stages.
    fn make_what_others_make(&self, cloud: &Cloud) {
        for attachment in self.tables(["iam", "role_policy_attachments"]) {
            let name = self.named(&attachment["role"]);
            let trust = json!({ "Version": "2012-10-17", "Statement": [{
                "Effect": "Allow",
                "Principal": { "Service": "lambda.amazonaws.com" },
                "Action": "sts:AssumeRole",
            }] });
            let parameters = [
                ("RoleName", name.as_str()),
                ("AssumeRolePolicyDocument", &trust.to_string()),
            ];
            cloud.iam("CreateRole", &parameters);
        }
        for function in self.tables(["lambda", "functions"]) {
            let name = self.named(&function["function_name"]);
            let function = json!({
                "FunctionName": name,
                "Role": format!("arn:aws:iam::123456789012:role/{name}"),
                "Runtime": "nodejs22.x",
                "Handler": "index.handler",
                "Code": { "ZipFile": "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==" },
                "Environment": { "Variables": { "TABLE": "orders" } },
            });
            cloud.rest("lambda", "POST /2015-03-31/functions", &function);
        }
        for stage in self.tables(["api_gateway", "stages"]) {
            let api = json!({ "name": self.named(&stage["rest_api_name"]) });
            let api = text(&cloud.rest("apigateway", "POST /restapis", &api)["id"]);
            let deployment = json!({ "stageName": self.named(&stage["stage_name"]) });
            let line = format!("POST /restapis/{api}/deployments");
            cloud.rest("apigateway", &line, &deployment);
        }
    }
}

#[test]
fn every_spec_goes_from_nothing_to_nothing_in_every_environment() {
    let shipped = Shipped::all();
    assert_eq!(
        shipped.len(),
        5 + 8,
        "a spec or an environment came or went"
    );
    for one in shipped {
        let cloud = Cloud::start();
        one.make_what_others_make(&cloud);
        let before = cloud.inventory();
        let scenario = cloud.scenario(&one.text);
        let run = |line: &str| match &one.env {
            Some(env) => scenario.run(&format!("--env {env} {line}")),
            None => scenario.run(line),
        };
        run("plan --detailed-exitcode").ends_with(2);
        run("apply --auto-approve")
            .succeeds()
            .prints("Apply complete! Resources: ");
        run("plan --detailed-exitcode")
            .succeeds()
            .prints("No changes.");
        if one.env.as_deref() == Some("production") && one.text.contains("protect = true") {
            run("destroy --auto-approve").ends_with(1).says("protect");
            continue;
        }
        run("destroy --auto-approve --delete-data").succeeds();
        run("plan --destroy --detailed-exitcode")
            .succeeds()
            .prints("No changes.");
        if one.parsed.contains_key("kms_keys") {
            let left = cloud.inventory();
            assert!(left.contains("key: \"PendingDeletion\""), "{left}");
        } else {
            assert_eq!(cloud.inventory(), before);
        }
    }
}
