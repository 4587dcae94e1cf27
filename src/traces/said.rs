//! What a segment document says, as far as X-Ray looks at it.

use serde::Deserialize;

use super::lenient::{Block, Flag, List, Number, Text, TextOr, Texts, Values};

/// An entity as it was sent, with those inside it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) parent_id: Text<'a>,
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow)]
    pub(super) namespace: Text<'a>,
    #[serde(borrow)]
    pub(super) origin: Text<'a>,
    #[serde(borrow)]
    pub(super) user: Text<'a>,
    #[serde(borrow)]
    pub(super) resource_arn: Text<'a>,
    pub(super) start_time: Number,
    pub(super) end_time: Number,
    pub(super) in_progress: Flag,
    pub(super) error: Flag,
    pub(super) fault: Flag,
    pub(super) throttle: Flag,
    pub(super) inferred: Flag,
    pub(super) traced: Flag,
    #[serde(borrow)]
    pub(super) http: Block<Http<'a>>,
    #[serde(borrow)]
    pub(super) aws: Block<Aws<'a>>,
    #[serde(borrow)]
    pub(super) sql: Block<Sql<'a>>,
    #[serde(borrow)]
    pub(super) cause: TextOr<'a, Cause<'a>>,
    #[serde(borrow)]
    pub(super) annotations: Values<'a>,
    #[serde(borrow)]
    pub(super) links: List<Link<'a>>,
    #[serde(borrow)]
    pub(super) subsegments: List<Said<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Http<'a> {
    #[serde(borrow)]
    pub(super) request: Block<Request<'a>>,
    pub(super) response: Block<Response>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Request<'a> {
    #[serde(borrow)]
    pub(super) method: Text<'a>,
    #[serde(borrow)]
    pub(super) url: Text<'a>,
    #[serde(borrow)]
    pub(super) user_agent: Text<'a>,
    #[serde(borrow)]
    pub(super) client_ip: Text<'a>,
    pub(super) traced: Flag,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Response {
    pub(super) status: Number,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Aws<'a> {
    #[serde(borrow)]
    pub(super) account_id: Text<'a>,
    #[serde(borrow)]
    pub(super) operation: Text<'a>,
    #[serde(borrow)]
    pub(super) table_name: Text<'a>,
    #[serde(borrow)]
    pub(super) bucket_name: Text<'a>,
    #[serde(borrow)]
    pub(super) queue_url: Text<'a>,
    #[serde(borrow)]
    pub(super) topic_arn: Text<'a>,
    #[serde(borrow)]
    pub(super) function_name: Text<'a>,
    #[serde(borrow)]
    pub(super) table_names: Texts<'a>,
    #[serde(borrow)]
    pub(super) resource_names: Texts<'a>,
    #[serde(borrow)]
    pub(super) ec2: Block<Ec2<'a>>,
    #[serde(borrow)]
    pub(super) ecs: Block<Ecs<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Ec2<'a> {
    #[serde(borrow)]
    pub(super) instance_id: Text<'a>,
    #[serde(borrow)]
    pub(super) availability_zone: Text<'a>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Ecs<'a> {
    #[serde(borrow)]
    pub(super) availability_zone: Text<'a>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Sql<'a> {
    #[serde(borrow)]
    pub(super) database_type: Text<'a>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Link<'a> {
    #[serde(borrow)]
    pub(super) trace_id: Text<'a>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Exception<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow)]
    pub(super) message: Text<'a>,
    pub(super) remote: Flag,
}

/// The exceptions of a cause.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Cause<'a> {
    #[serde(borrow)]
    pub(super) exceptions: List<Exception<'a>>,
}

impl<'a> Said<'a> {
    /// Reads a document; `None` where it is no JSON object, or nests deeper
    /// than 128.
    pub(super) fn read(document: &'a [u8]) -> Option<Self> {
        let block: Block<Self> = serde_json::from_slice(document).ok()?;
        block.0
    }
}
