//! The control plane asked message by message.
#![expect(
    clippy::needless_pass_by_value,
    reason = "requests read better without borrows"
)]

mod fuzz;
mod groups;
mod requests;
mod resource_policies;
mod sampling_rules;
mod sampling_targets;
mod segments;
mod settings;
mod tags;

use serde_json::{Value, json};

use super::fault::Fault;
use super::operation::{Route, route};
use super::peers::{Key, Peers};
use super::{Place, State, Surroundings};

/// A control plane with a clock and neighbours in the hands of a test.
struct Plane {
    state: State,
    now: f64,
    peers: Peers,
}

impl Plane {
    fn new() -> Self {
        Self {
            state: State::factory(Place {
                account: "123456789012".to_owned(),
                region: "eu-west-1".to_owned(),
            }),
            now: 1_790_159_519.75,
            peers: Peers::default(),
        }
    }

    fn raw(&mut self, path: &str, body: &[u8]) -> Result<Value, Fault> {
        let Some(Route::Served(operation)) = route("POST", path) else {
            panic!("{path} is not served");
        };
        self.state.handle(
            operation,
            body,
            Surroundings {
                now: self.now,
                settle: 1.0,
                peers: &self.peers,
                check_filter: |text| match text {
                    "bad" => Err("unknown keyword `bad`".to_owned()),
                    _ => Ok(()),
                },
                new_id: |length| Some("X".repeat(length)),
            },
        )
    }

    fn ask(&mut self, path: &str, body: &Value) -> Result<Value, Fault> {
        self.raw(path, body.to_string().as_bytes())
    }

    /// The answer to a request that must succeed.
    fn ok(&mut self, path: &str, body: Value) -> Value {
        match self.ask(path, &body) {
            Ok(answer) => answer,
            Err(fault) => panic!("{path} {body} failed: {fault:?}"),
        }
    }

    /// Status, code and text of a request that must fail and change nothing.
    fn err(&mut self, path: &str, body: Value) -> (u16, &'static str, String) {
        let before = json!(self.state);
        let fault = match self.ask(path, &body) {
            Ok(answer) => panic!("{path} {body} succeeded: {answer}"),
            Err(fault) => fault,
        };
        assert_eq!(before, json!(self.state), "{path} {body} changed the state");
        let text = fault.body.get("Message").or(fault.body.get("message"));
        let text = text.and_then(Value::as_str).unwrap_or("null").to_owned();
        (fault.status, fault.code, text)
    }

    /// Asserts that a request is refused as a broken rule of the service.
    fn refused(&mut self, path: &str, body: Value, text: &str) {
        let expected = (400, "InvalidRequestException", text.to_owned());
        assert_eq!(self.err(path, body.clone()), expected, "{path} {body}");
    }

    /// Asserts that a request breaks exactly these constraints of the model.
    fn invalid(&mut self, path: &str, body: Value, violations: &[&str]) {
        let noun = if violations.len() == 1 {
            "error"
        } else {
            "errors"
        };
        let text = format!(
            "{} validation {noun} detected: {}",
            violations.len(),
            violations.join("; ")
        );
        let expected = (400, "ValidationException", text);
        assert_eq!(self.err(path, body.clone()), expected, "{path} {body}");
    }
}

/// A rule that AWS takes, with `changes` made to it; null takes a member out.
fn rule(name: &str, changes: Value) -> Value {
    let mut rule = json!({
        "RuleName": name, "ResourceARN": "*", "Priority": 100, "FixedRate": 0.1,
        "ReservoirSize": 5, "ServiceName": "*", "ServiceType": "*", "Host": "*",
        "HTTPMethod": "*", "URLPath": "*", "Version": 1,
    });
    if let Value::Object(changes) = changes {
        for (member, value) in changes {
            rule[member] = value;
        }
    }
    json!({ "SamplingRule": rule })
}

fn enabled_key() -> Key {
    Key {
        arn: "arn:aws:kms:eu-west-1:123456789012:key/1234abcd".to_owned(),
        state: "Enabled".to_owned(),
        spec: "SYMMETRIC_DEFAULT".to_owned(),
        usage: "ENCRYPT_DECRYPT".to_owned(),
    }
}
