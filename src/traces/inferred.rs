//! The far side of calls: what X-Ray infers where it sent nothing itself.

use std::borrow::Cow;

use super::assemble::filled;
use super::lenient::Text;
use super::said::Aws;
use super::trace::{Entity, Kind, Namespace, Trace};

/// The type of a service that is not AWS's.
pub const REMOTE: &str = "remote";
/// The type of a database.
pub const DATABASE: &str = "Database::SQL";

/// What a call says of its far side.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Called<'a> {
    /// The resource: a table, a bucket, a queue's URL, a topic's ARN, a function.
    resource: Option<Cow<'a, str>>,
    /// What it is.
    kind: Option<Cow<'a, str>>,
}

/// A service of AWS as calls name it, the type of its resources, and the type
/// of calls that name none.
///
/// Source: captures of `BatchGetTraces` for subsegments with and
/// without `aws.operation`.
const SERVICES: [(&str, &str, &str); 5] = [
    ("dynamodb", "AWS::DynamoDB::Table", "AWS::DynamoDB"),
    ("s3", "AWS::S3::Bucket", "AWS::S3"),
    ("sqs", "AWS::SQS::Queue", "AWS::SQS"),
    ("sns", "AWS::SNS", "AWS::SNS"),
    ("lambda", "AWS::Lambda", "AWS::Lambda"),
];

/// Reads what a call says of its far side.
pub(super) fn called<'a>(
    name: &Text<'a>,
    aws: &Aws<'a>,
    namespace: Option<Namespace>,
    is_sql: bool,
) -> Called<'a> {
    let (Some(name), Some(namespace)) = (&name.0, namespace) else {
        return Called::default();
    };
    if namespace == Namespace::Remote {
        let kind = if is_sql { DATABASE } else { REMOTE };
        return Called {
            resource: None,
            kind: Some(Cow::Borrowed(kind)),
        };
    }
    let known = SERVICES
        .iter()
        .find(|(service, ..)| name.eq_ignore_ascii_case(service));
    let Some((service, of_resource, of_service)) = known else {
        return Called {
            resource: None,
            kind: Some(Cow::Owned(format!("AWS::{name}"))),
        };
    };
    if aws.operation.0.is_none() {
        return Called {
            resource: None,
            kind: Some(Cow::Borrowed(of_service)),
        };
    }
    Called {
        resource: resource(service, aws),
        kind: Some(Cow::Borrowed(of_resource)),
    }
}

fn resource<'a>(service: &str, aws: &Aws<'a>) -> Option<Cow<'a, str>> {
    let own = match service {
        "dynamodb" => &aws.table_name,
        "s3" => &aws.bucket_name,
        "sqs" => &aws.queue_url,
        "sns" => &aws.topic_arn,
        _ => &aws.function_name,
    };
    let listed = || {
        let first = aws.table_names.0.first().filter(|_| service == "dynamodb");
        first.or(aws.resource_names.0.first()).cloned()
    };
    filled(own.0.clone()).or_else(|| filled(listed()))
}

/// Adds a segment for each call that has none below it.
pub(super) fn complete(trace: &mut Trace<'_>) {
    for index in 0..trace.entities.len() {
        let Some(call) = trace.get(index) else {
            continue;
        };
        let is_call = call.kind == Kind::Subsegment && call.namespace.is_some();
        let mut below = call.children.iter().filter_map(|at| trace.get(*at));
        if !is_call || below.any(Entity::is_segment) {
            continue;
        }
        let inferred = far_side(call, index, trace.entities.len());
        let at = trace.entities.len();
        trace.entities.push(inferred);
        if let Some(call) = trace.entities.get_mut(index) {
            call.children.push(at);
        }
    }
}

/// The segment that stands for the far side of a call.
fn far_side<'a>(call: &Entity<'a>, parent: usize, own: usize) -> Entity<'a> {
    let Called { resource, kind } = call.called.clone();
    Entity {
        id: call.id.derived(INFERRED),
        parent_id: Some(call.id),
        parent: Some(parent),
        children: Vec::new(),
        segment: Some(own),
        kind: Kind::Inferred,
        name: resource.unwrap_or_else(|| call.name.clone()),
        origin: kind,
        user: None,
        resource_arn: None,
        instance_id: None,
        availability_zone: None,
        annotations: Vec::new(),
        cause: super::trace::Cause::default(),
        links: Vec::new(),
        is_traced: false,
        depth: 0,
        place: None,
        ..call.clone()
    }
}

/// Which of the ids that can be derived of a call's is that of its far side:
/// the first is that of a document that `from_otlp` makes of the same span.
const INFERRED: u64 = 1;
