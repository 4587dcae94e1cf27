//! Summaries of traces.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::{Moment, Window};
use crate::aws::xray::types::{AnnotationValue, ServiceId, TraceSummary};

/// How a request ended. One word each: throttled before faulty before
/// erroneous, as X-Ray counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// None of the others.
    #[default]
    Ok,
    /// The caller's fault: HTTP 4xx.
    Error,
    /// The server's fault: HTTP 5xx.
    Fault,
    /// Too many requests: HTTP 429.
    Throttle,
}

impl Status {
    /// The word for these flags.
    pub fn of(error: bool, fault: bool, throttle: bool) -> Self {
        match (throttle, fault, error) {
            (true, ..) => Self::Throttle,
            (_, true, _) => Self::Fault,
            (_, _, true) => Self::Error,
            _ => Self::Ok,
        }
    }

    /// As people see it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Error => "ERROR",
            Self::Fault => "FAULT",
            Self::Throttle => "THROTTLE",
        }
    }
}

/// Traces of a window.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summaries {
    /// Version of the document's form.
    pub format_version: &'static str,
    /// Where it was looked.
    pub window: Window,
    /// What it was asked with, the group in it.
    pub filter_expression: Option<String>,
    /// Traces that X-Ray looked at.
    pub traces_processed: u64,
    /// There may be more than the limit let in.
    pub truncated: bool,
    /// The newest first.
    pub traces: Vec<Summary>,
}

/// One trace in few words.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// The trace's id, in X-Ray's form.
    pub id: String,
    /// When it started.
    pub start_time: Option<Moment>,
    /// From its first start to its last end, in seconds; `None` while it is
    /// incomplete.
    pub duration: Option<f64>,
    /// What its root took, in seconds.
    pub response_time: Option<f64>,
    /// How its root ended.
    pub status: Status,
    /// Something of it is in progress or missing.
    pub is_partial: bool,
    /// What was asked of its root.
    pub http: Http,
    /// Its root.
    pub entry_point: Option<Service>,
    /// What it went through.
    pub services: Vec<Service>,
    /// Values by key.
    pub annotations: BTreeMap<String, Vec<Value>>,
    /// Whose requests are in it.
    pub users: Vec<String>,
    /// ARNs of what it went through.
    pub resource_arns: Vec<String>,
}

/// The request of a trace's root.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Http {
    /// `GET`.
    pub method: Option<String>,
    /// The whole URL.
    pub url: Option<String>,
    /// The status of its response.
    pub status: Option<i32>,
    /// Who asked.
    pub client_ip: Option<String>,
    /// What asked.
    pub user_agent: Option<String>,
}

/// A service as a trace names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// What it is, such as `AWS::Lambda::Function`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Its account, where it is another.
    pub account_id: Option<String>,
}

impl From<&ServiceId> for Service {
    fn from(id: &ServiceId) -> Self {
        Self {
            name: id.name.clone().unwrap_or_default(),
            kind: id.r#type.clone(),
            account_id: id.account_id.clone(),
        }
    }
}

impl From<TraceSummary> for Summary {
    fn from(told: TraceSummary) -> Self {
        let flag = Option::unwrap_or_default;
        let status = Status::of(
            flag(told.has_error),
            flag(told.has_fault),
            flag(told.has_throttle),
        );
        let users = told.users().iter();
        let arns = told.resource_arns().iter();
        Self {
            start_time: told.start_time.map(Moment::from),
            duration: told.duration.filter(|seconds| seconds.is_finite()),
            response_time: told.response_time.filter(|seconds| seconds.is_finite()),
            status,
            is_partial: flag(told.is_partial),
            http: http(&told),
            entry_point: told.entry_point().map(Service::from),
            services: told.service_ids().iter().map(Service::from).collect(),
            annotations: annotations(&told),
            users: users.filter_map(|user| user.user_name.clone()).collect(),
            resource_arns: arns.filter_map(|arn| arn.arn.clone()).collect(),
            id: told.id.unwrap_or_default(),
        }
    }
}

fn http(told: &TraceSummary) -> Http {
    let Some(http) = told.http() else {
        return Http::default();
    };
    Http {
        method: http.http_method.clone(),
        url: http.http_url.clone(),
        status: http.http_status,
        client_ip: http.client_ip.clone(),
        user_agent: http.user_agent.clone(),
    }
}

fn annotations(told: &TraceSummary) -> BTreeMap<String, Vec<Value>> {
    let keys = told.annotations().into_iter().flatten();
    keys.map(|(key, values)| {
        let values = values
            .iter()
            .filter_map(|value| match value.annotation_value.as_ref()? {
                AnnotationValue::BooleanValue(flag) => Some(Value::from(*flag)),
                AnnotationValue::NumberValue(number) => Some(Value::from(*number)),
                AnnotationValue::StringValue(text) => Some(Value::from(text.as_str())),
                _ => None,
            });
        (key.clone(), values.collect())
    })
    .collect()
}
