//! Segments and subsegments as their documents tell them: what is drawn of each.

use serde_json::{Map, Value};

use super::Status;

/// A segment or subsegment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entity {
    /// 16 digits.
    pub id: String,
    /// Its name.
    pub name: String,
    /// A subsegment.
    pub is_subsegment: bool,
    /// What runs it, such as `AWS::ECS::Fargate`.
    pub origin: Option<String>,
    /// `aws` or `remote`, of a subsegment that calls out.
    pub namespace: Option<String>,
    /// Seconds since 1970; `None` where the document does not say.
    pub start: Option<f64>,
    /// Seconds since 1970; `None` while it is in progress.
    pub end: Option<f64>,
    /// X-Ray made it from what a caller told.
    pub inferred: bool,
    /// How it ended.
    pub status: Status,
    /// What was asked of it.
    pub request: Request,
    /// What was thrown in it.
    pub exceptions: Vec<Exception>,
    /// The exception of another entity that made it fail, by id.
    pub cause: Option<String>,
    /// What people put there to search for.
    pub annotations: Vec<(String, Value)>,
    /// The leaves of its other fields, by dotted name.
    pub fields: Vec<(String, String)>,
}

/// An HTTP request and its response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// `GET`.
    pub method: Option<String>,
    /// The whole URL.
    pub url: Option<String>,
    /// The status of the response.
    pub status: Option<i64>,
}

/// An exception.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exception {
    /// 16 digits.
    pub id: String,
    /// Its type.
    pub kind: Option<String>,
    /// What it said.
    pub message: Option<String>,
    /// It came from what was called.
    pub remote: bool,
    /// `label (path:line)`, the innermost first.
    pub stack: Vec<String>,
}

/// Fields that are drawn in a place of their own, or are not drawn.
const DRAWN: &[&str] = &[
    "id",
    "name",
    "trace_id",
    "parent_id",
    "type",
    "start_time",
    "end_time",
    "in_progress",
    "inferred",
    "error",
    "fault",
    "throttle",
    "cause",
    "annotations",
    "subsegments",
    "origin",
    "namespace",
];

impl Entity {
    /// Reads one from its document; fields of an unexpected type are passed over.
    pub fn of(document: &Map<String, Value>) -> Self {
        let text = |field: &str| {
            document
                .get(field)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let flag = |field: &str| document.get(field).and_then(Value::as_bool) == Some(true);
        let time = |field: &str| document.get(field).and_then(Value::as_f64);
        let request = Request::of(document.get("http"));
        let (exceptions, cause) = causes(document.get("cause"));
        let in_progress = flag("in_progress");
        Self {
            id: text("id").unwrap_or_default(),
            name: text("name").unwrap_or_default(),
            is_subsegment: text("type").as_deref() == Some("subsegment"),
            origin: text("origin"),
            namespace: text("namespace"),
            start: time("start_time"),
            end: time("end_time").filter(|_| !in_progress),
            inferred: flag("inferred"),
            status: status(&request, [flag("error"), flag("fault"), flag("throttle")]),
            request,
            exceptions,
            cause,
            annotations: pairs(document.get("annotations")),
            fields: fields(document),
        }
    }

    /// Seconds that it took; `None` while it is in progress.
    pub fn took(&self) -> Option<f64> {
        Some(self.end? - self.start?)
    }
}

/// How it ended: by its flags, or by the status of the response.
fn status(request: &Request, [error, fault, throttle]: [bool; 3]) -> Status {
    let status = request.status.unwrap_or_default();
    Status::of(
        error || (400..500).contains(&status),
        fault || (500..600).contains(&status),
        throttle || status == 429,
    )
}

impl Request {
    fn of(http: Option<&Value>) -> Self {
        let Some(http) = http else {
            return Self::default();
        };
        let request = |field: &str| http["request"][field].as_str().map(str::to_owned);
        Self {
            method: request("method"),
            url: request("url"),
            status: http["response"]["status"].as_i64(),
        }
    }
}

/// Exceptions, or the id of one that another entity has.
fn causes(cause: Option<&Value>) -> (Vec<Exception>, Option<String>) {
    match cause {
        Some(Value::String(id)) => (Vec::new(), Some(id.clone())),
        Some(Value::Object(cause)) => {
            let thrown = cause.get("exceptions").and_then(Value::as_array);
            (thrown.into_iter().flatten().map(exception).collect(), None)
        }
        _ => (Vec::new(), None),
    }
}

fn exception(thrown: &Value) -> Exception {
    let text = |field: &str| thrown[field].as_str().map(str::to_owned);
    let frames = thrown["stack"].as_array().into_iter().flatten();
    Exception {
        id: text("id").unwrap_or_default(),
        kind: text("type"),
        message: text("message"),
        remote: thrown["remote"].as_bool().unwrap_or_default(),
        stack: frames.map(frame).collect(),
    }
}

fn frame(frame: &Value) -> String {
    let label = frame["label"].as_str().unwrap_or_default();
    let path = frame["path"].as_str().unwrap_or_default();
    match frame["line"].as_i64() {
        Some(line) => format!("{label} ({path}:{line})"),
        None => format!("{label} ({path})"),
    }
}

fn pairs(object: Option<&Value>) -> Vec<(String, Value)> {
    let fields = object.and_then(Value::as_object).into_iter().flatten();
    fields
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// The leaves of what is not drawn in a place of its own.
fn fields(document: &Map<String, Value>) -> Vec<(String, String)> {
    let mut leaves = Vec::new();
    for (name, value) in document {
        if !DRAWN.contains(&name.as_str()) {
            push_leaves(name.clone(), value, &mut leaves);
        }
    }
    leaves
}

/// Lists the leaves below `value`; the reader of JSON bounds how deep they lie.
fn push_leaves(name: String, value: &Value, leaves: &mut Vec<(String, String)>) {
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            for (key, value) in fields {
                push_leaves(format!("{name}.{key}"), value, leaves);
            }
        }
        Value::String(text) => leaves.push((name, text.clone())),
        other => leaves.push((name, other.to_string())),
    }
}
