//! A trace in a few lines: what `GetTraceSummaries` tells of it.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

use super::causes::{CauseKind, CauseService, RootCause, root_causes};
use super::lenient::Value;
use super::nodes::{NodeKey, Nodes};
use super::trace::{Entity, Exception, Kind, Trace};

/// AWS's `TraceSummary`, in its names and order; what is not known is null.
/// Times are epoch seconds, durations seconds.
///
/// Shape: <https://docs.aws.amazon.com/xray/latest/api/API_TraceSummary.html>.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_excessive_bools, reason = "they are AWS's")]
pub struct Summary {
    /// The values of each annotation, each once.
    pub annotations: BTreeMap<String, Vec<Annotated>>,
    /// Where it ran.
    pub availability_zones: Vec<Zone>,
    /// From its first start to its last end; null while anything is in progress.
    pub duration: Option<f64>,
    /// The service of the root.
    pub entry_point: Option<ServiceId>,
    /// Where errors come from.
    pub error_root_causes: Vec<Cause>,
    /// Where faults come from.
    pub fault_root_causes: Vec<Cause>,
    /// Whether the root was an error, and no throttle.
    pub has_error: bool,
    /// Whether the root was a fault.
    pub has_fault: bool,
    /// Whether the root was throttled.
    pub has_throttle: bool,
    /// The root's request and response.
    pub http: Http,
    /// The trace's id.
    pub id: String,
    /// EC2 instances that it ran on.
    pub instance_ids: Vec<Instance>,
    /// Whether something is still to come.
    pub is_partial: bool,
    /// The time by which it was found, where that is not its start.
    pub matched_event_time: Option<f64>,
    /// What it ran on.
    #[serde(rename = "ResourceARNs")]
    pub resource_arns: Vec<Resource>,
    /// How long the root took.
    pub response_time: Option<f64>,
    /// What makes the response slow.
    pub response_time_root_causes: Vec<Cause>,
    /// Grows with what comes in.
    pub revision: usize,
    /// All services in it, the client too.
    pub service_ids: Vec<ServiceId>,
    /// When it began.
    pub start_time: Option<f64>,
    /// On whose behalf it was.
    pub users: Vec<User>,
}

/// AWS's `ServiceId`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ServiceId {
    /// The account, where that is another than one's own.
    pub account_id: Option<String>,
    /// Its name.
    pub name: String,
    /// The same.
    pub names: Vec<String>,
    /// Its type.
    #[serde(rename = "Type")]
    pub kind: Option<String>,
}

/// AWS's `ValueWithServiceIds`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Annotated {
    /// The value.
    pub annotation_value: AnnotationValue,
    /// Always null: AWS has not been seen to fill it.
    pub service_ids: Option<Vec<ServiceId>>,
}

/// AWS's `AnnotationValue`: one of the three.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AnnotationValue {
    /// True or false.
    #[serde(rename = "BooleanValue")]
    pub boolean: Option<bool>,
    /// A number.
    #[serde(rename = "NumberValue")]
    pub number: Option<f64>,
    /// Text.
    #[serde(rename = "StringValue")]
    pub string: Option<String>,
}

/// AWS's `Http`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Http {
    /// The client's address.
    pub client_ip: Option<String>,
    /// `GET`, …
    #[serde(rename = "HttpMethod")]
    pub method: Option<String>,
    /// The status code.
    #[serde(rename = "HttpStatus")]
    pub status: Option<i32>,
    /// The whole URL.
    #[serde(rename = "HttpURL")]
    pub url: Option<String>,
    /// What the client says that it is.
    pub user_agent: Option<String>,
}

/// AWS's `AvailabilityZoneDetail`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Zone {
    /// Its name.
    pub name: String,
}

/// AWS's `InstanceIdDetail`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Instance {
    /// Its id.
    pub id: String,
}

/// AWS's `ResourceARNDetail`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Resource {
    /// Its ARN.
    #[serde(rename = "ARN")]
    pub arn: String,
}

/// AWS's `TraceUser`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct User {
    /// Always null: AWS has not been seen to fill it.
    pub service_ids: Option<Vec<ServiceId>>,
    /// The name.
    pub user_name: String,
}

/// AWS's `FaultRootCause`, `ErrorRootCause` and `ResponseTimeRootCause`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Cause {
    /// Whether the client feels it.
    pub client_impacting: bool,
    /// The path, from above to below.
    pub services: Vec<CauseOf>,
}

/// AWS's `FaultRootCauseService`, and the same of the others.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CauseOf {
    /// The account, where that is another than one's own.
    pub account_id: Option<String>,
    /// Its segment and subsegments on the path.
    pub entity_path: Vec<CauseEntity>,
    /// Whether nothing came from it.
    pub inferred: bool,
    /// Its name.
    pub name: String,
    /// The same.
    pub names: Vec<String>,
    /// Its type.
    #[serde(rename = "Type")]
    pub kind: Option<String>,
}

/// AWS's `FaultRootCauseEntity`, and the same of the others.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CauseEntity {
    /// Its share of the root's time; in slow responses only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage: Option<f64>,
    /// What was thrown in it; not in slow responses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exceptions: Option<Vec<Thrown>>,
    /// Its name.
    pub name: String,
    /// Whether it is a call.
    pub remote: bool,
}

/// AWS's `RootCauseException`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Thrown {
    /// What it says.
    pub message: Option<String>,
    /// Its type.
    pub name: Option<String>,
}

impl Summary {
    /// Sums a trace up. `matched_event_time` is when what a search looked for
    /// came about, where that went by another time than the trace's start.
    pub fn of(trace: &Trace<'_>, nodes: &Nodes<'_>, matched_event_time: Option<f64>) -> Self {
        let root = trace.root();
        let flags = root.map(|root| root.flags).unwrap_or_default();
        let causes = |kind| causes(trace, nodes, kind);
        let key = |at: usize| nodes.nodes.get(at).map(|node| ServiceId::of(&node.key));
        Self {
            annotations: annotations(trace),
            availability_zones: of_all(
                trace,
                |it| it.availability_zone.as_ref(),
                |name| Zone { name },
            ),
            duration: trace.duration(),
            entry_point: trace.root.and_then(|at| nodes.node_of(at)).and_then(key),
            error_root_causes: causes(CauseKind::Error),
            fault_root_causes: causes(CauseKind::Fault),
            has_error: flags.error && !flags.throttle,
            has_fault: flags.fault,
            has_throttle: flags.throttle,
            http: root.map(http).unwrap_or_default(),
            id: trace.id.to_string(),
            instance_ids: of_all(trace, |it| it.instance_id.as_ref(), |id| Instance { id }),
            is_partial: trace.is_partial(),
            matched_event_time,
            resource_arns: of_all(trace, |it| it.resource_arn.as_ref(), |arn| Resource { arn }),
            response_time: root.and_then(Entity::seconds),
            response_time_root_causes: causes(CauseKind::ResponseTime),
            revision: trace.documents,
            service_ids: (0..nodes.nodes.len()).filter_map(key).collect(),
            start_time: trace.start(),
            users: of_all(
                trace,
                |it| it.user.as_ref(),
                |user_name| User {
                    service_ids: None,
                    user_name,
                },
            ),
        }
    }
}

impl ServiceId {
    /// The service that a key tells from others.
    pub fn of(key: &NodeKey<'_>) -> Self {
        Self {
            account_id: owned(key.account_id.as_ref()),
            name: key.name.to_string(),
            names: vec![key.name.to_string()],
            kind: owned(key.kind.as_ref()),
        }
    }
}

fn owned(text: Option<&Cow<'_, str>>) -> Option<String> {
    text.map(ToString::to_string)
}

/// What entities have in one field, each once, in the order in which they came.
fn of_all<'t, 'a, T>(
    trace: &'t Trace<'a>,
    field: impl Fn(&'t Entity<'a>) -> Option<&'t Cow<'a, str>>,
    make: impl Fn(String) -> T,
) -> Vec<T> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for text in trace.entities.iter().filter_map(field) {
        if !text.is_empty() && seen.insert(text.as_ref()) {
            found.push(make(text.to_string()));
        }
    }
    found
}

/// By what two values of an annotation differ.
#[derive(PartialEq, Eq, Hash)]
enum Distinct<'t> {
    Text(&'t str),
    Number(u64),
    Boolean(bool),
}

fn annotations(trace: &Trace<'_>) -> BTreeMap<String, Vec<Annotated>> {
    let mut seen = HashSet::new();
    let mut all: BTreeMap<String, Vec<Annotated>> = BTreeMap::new();
    for (key, value) in trace.entities.iter().flat_map(|it| &it.annotations) {
        let mut annotation_value = AnnotationValue::default();
        let distinct = match value {
            Value::Text(text) => {
                annotation_value.string = Some(text.to_string());
                Distinct::Text(text)
            }
            Value::Number(number) => {
                annotation_value.number = Some(*number);
                // Adding zero makes one zero of two.
                Distinct::Number((number + 0.0).to_bits())
            }
            Value::Boolean(flag) => {
                annotation_value.boolean = Some(*flag);
                Distinct::Boolean(*flag)
            }
        };
        if seen.insert((key.as_ref(), distinct)) {
            all.entry(key.to_string()).or_default().push(Annotated {
                annotation_value,
                service_ids: None,
            });
        }
    }
    all
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a status is a small whole number, and the cast saturates"
)]
fn http(root: &Entity<'_>) -> Http {
    Http {
        client_ip: owned(root.http.client_ip.as_ref()),
        method: owned(root.http.method.as_ref()),
        status: root.http.status.map(|status| status as i32),
        url: owned(root.http.url.as_ref()),
        user_agent: owned(root.http.user_agent.as_ref()),
    }
}

/// The root causes of a trace as they are told.
pub(super) fn causes(trace: &Trace<'_>, nodes: &Nodes<'_>, kind: CauseKind) -> Vec<Cause> {
    let told = |cause: RootCause| Cause {
        client_impacting: cause.is_client_impacting,
        services: cause
            .services
            .iter()
            .filter_map(|service| told_of(trace, nodes, kind, service))
            .collect(),
    };
    root_causes(trace, kind).into_iter().map(told).collect()
}

fn told_of(
    trace: &Trace<'_>,
    nodes: &Nodes<'_>,
    kind: CauseKind,
    service: &CauseService,
) -> Option<CauseOf> {
    let node = nodes.nodes.get(nodes.node_of(service.segment)?)?;
    let id = ServiceId::of(&node.key);
    let entity = |index: &usize| {
        let is_slow = kind == CauseKind::ResponseTime;
        Some(CauseEntity {
            coverage: trace.coverage(*index).filter(|_| is_slow),
            exceptions: (!is_slow).then(|| thrown(trace, *index)),
            name: trace.path_name(*index)?.to_owned(),
            remote: trace.is_remote(*index),
        })
    };
    Some(CauseOf {
        account_id: id.account_id,
        entity_path: service.entities.iter().filter_map(entity).collect(),
        inferred: trace.get(service.segment)?.kind == Kind::Inferred,
        name: id.name,
        names: id.names,
        kind: id.kind,
    })
}

/// What was thrown in an entity; what it names of another one stands there.
fn thrown(trace: &Trace<'_>, index: usize) -> Vec<Thrown> {
    let told = |exception: &Exception<'_>| Thrown {
        message: owned(exception.message.as_ref()),
        name: owned(exception.name.as_ref()),
    };
    let entity = trace.get(index);
    let all = entity.map(|it| it.cause.exceptions.iter().map(told).collect());
    all.unwrap_or_default()
}
