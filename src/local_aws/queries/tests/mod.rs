//! AWS's limits, messages and pages.

mod answers;
mod refusals;

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};

use super::*;
use crate::local_aws::trace_sink::Recent;

const ACCOUNT: &str = "123456789012";
/// When the traces of the tests begin, epoch seconds.
const BEGIN: u32 = 1_790_000_000;

/// Questions to what was put in, and the groups that there are.
struct Asked {
    queries: Queries,
    groups: Vec<GroupView>,
    now: f64,
}

fn trace_id(number: u32) -> String {
    format!("1-{:08x}-{number:024x}", BEGIN + number)
}

/// A trace of one segment that takes two seconds, `number` seconds after
/// [`BEGIN`]; every fourth is a fault.
fn document(number: u32) -> Value {
    let start = f64::from(BEGIN + number);
    json!({
        "trace_id": trace_id(number), "id": format!("{:016x}", number + 1),
        "name": "shop", "start_time": start, "end_time": start + 2.0,
        "fault": number % 4 == 3,
        "annotations": { "number": number },
    })
}

impl Asked {
    fn of(documents: impl IntoIterator<Item = Value>) -> Self {
        let recent = Recent::default();
        let documents = documents.into_iter();
        recent.keep(documents.map(|it| it.to_string().into()).collect());
        Self {
            queries: Queries::new(Arc::new(recent)),
            groups: vec![
                group("Default", None),
                group("faults", Some("fault")),
                group("also-faults", Some("group.name = \"faults\"")),
            ],
            now: f64::from(BEGIN) + 10_000.0,
        }
    }

    async fn ask(&self, query: Query, body: &Value) -> Result<Value, Fault> {
        let context = Context {
            account: ACCOUNT.to_owned(),
            now: self.now,
            groups: self.groups.clone(),
        };
        let body = Bytes::from(body.to_string());
        let answer = self.queries.answer(query, body, context).await?;
        Ok(serde_json::from_slice(&answer).unwrap())
    }

    async fn answer(&self, query: Query, body: Value) -> Value {
        self.ask(query, &body).await.unwrap()
    }

    /// The code and the message of a refusal.
    async fn refusal(&self, query: Query, body: Value) -> String {
        let fault = self.ask(query, &body).await.unwrap_err();
        let text = fault.body["Message"].as_str();
        let text = text.or(fault.body["message"].as_str());
        format!("{} {}: {}", fault.status, fault.code, text.unwrap())
    }
}

fn group(name: &str, filter: Option<&str>) -> GroupView {
    GroupView {
        name: name.to_owned(),
        arn: format!("arn:aws:xray:us-east-1:{ACCOUNT}:group/{name}/A"),
        filter: filter.map(str::to_owned),
        has_insights: name == "faults",
        refiltered_at: None,
    }
}

fn window(more: Value) -> Value {
    let mut body = json!({ "StartTime": BEGIN, "EndTime": BEGIN + 5000 });
    let (Value::Object(body_members), Value::Object(more)) = (&mut body, more) else {
        panic!("no objects");
    };
    body_members.extend(more);
    body
}
