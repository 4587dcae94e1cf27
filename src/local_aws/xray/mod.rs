//! AWS X-Ray, for one account and region: the control plane as a pure state
//! machine, and what requests of the data plane mean.
//!
//! It is given each request with the time and what its neighbours say, and does
//! no I/O of its own; `local_aws` brings requests and keeps the state. Texts and
//! codes of errors are AWS's wherever they are known, since clients act on them;
//! where AWS shows none, the code is that of the nearest known case.
//! Source: <https://docs.aws.amazon.com/xray/latest/api/Welcome.html>.

mod destination;
mod encryption;
pub mod fault;
mod groups;
mod indexing;
mod log_permission;
pub mod model;
pub mod operation;
pub mod peers;
mod resource_policies;
mod sampling_rules;
mod sampling_targets;
pub mod segments;
pub mod shape;
mod tags;
mod telemetry;

#[cfg(test)]
mod tests;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::sampling::service::Service as Usage;

use fault::Fault;
pub use groups::GroupView;
use operation::Operation;
use peers::Peers;
use shape::Member;

/// An account and region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Twelve digits.
    pub account: String,
    /// Such as `us-east-1`.
    pub region: String,
}

impl Place {
    /// The ARN of an X-Ray resource of this place.
    pub fn arn(&self, resource: &str) -> String {
        let Self { account, region } = self;
        format!("arn:aws:xray:{region}:{account}:{resource}")
    }
}

/// Everything that X-Ray remembers of one account and region.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct State {
    place: Place,
    rules: sampling_rules::Rules,
    groups: groups::Groups,
    encryption: encryption::Encryption,
    resource_policies: resource_policies::ResourcePolicies,
    destination: destination::Destination,
    indexing: indexing::Indexing,
    /// What clients counted and were given; in memory only.
    #[serde(skip)]
    usage: Usage,
}

/// One request with all that is needed to answer it.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    body: &'a Value,
    now: f64,
    settle: f64,
    peers: &'a Peers,
    check_filter: fn(&str) -> Result<(), String>,
    new_id: fn(usize) -> Option<String>,
}

/// What stays the same from request to request, and the time.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// Epoch seconds.
    pub now: f64,
    /// Seconds that a change of encryption or destination takes.
    pub settle: f64,
    /// What the neighbours say.
    pub peers: &'a Peers,
    /// Whether a text is a filter expression, and if not, why.
    pub check_filter: fn(&str) -> Result<(), String>,
    /// Makes a random id of so many letters and digits.
    pub new_id: fn(usize) -> Option<String>,
}

impl Input<'_> {
    fn is_settled(&self, changed_at: Option<f64>) -> bool {
        changed_at.is_none_or(|at| !(at..at + self.settle).contains(&self.now))
    }
}

type Handler = fn(&mut State, Input<'_>) -> Result<Value, Fault>;

impl State {
    /// A place as AWS ships it: the Default rule and group, no encryption key,
    /// segments kept by X-Ray.
    pub fn factory(place: Place) -> Self {
        Self {
            rules: sampling_rules::Rules::factory(&place),
            groups: groups::Groups::factory(&place),
            encryption: encryption::Encryption::default(),
            resource_policies: resource_policies::ResourcePolicies::default(),
            destination: destination::Destination::default(),
            indexing: indexing::Indexing::default(),
            usage: Usage::default(),
            place,
        }
    }

    /// Takes over what is in memory only from the state that this one is put in
    /// the place of.
    pub fn succeed(&mut self, former: Self) {
        self.usage = former.usage;
    }

    /// All groups, the Default group first.
    pub fn groups(&self) -> Vec<GroupView> {
        self.groups.views()
    }

    /// Whether the rate of a sampling rule may be boosted.
    pub fn may_boost(&self, rule: &str) -> bool {
        self.rules.may_boost(rule)
    }

    /// Answers one request; a request that fails changes nothing.
    ///
    /// # Errors
    /// The error that AWS would answer.
    pub fn handle(
        &mut self,
        operation: Operation,
        body: &[u8],
        surroundings: Surroundings<'_>,
    ) -> Result<Value, Fault> {
        let (members, handler) = contract(operation);
        let body = shape::read(body, members)?;
        handler(
            self,
            Input {
                body: &body,
                now: surroundings.now,
                settle: surroundings.settle,
                peers: surroundings.peers,
                check_filter: surroundings.check_filter,
                new_id: surroundings.new_id,
            },
        )
    }
}

fn contract(operation: Operation) -> (&'static [Member], Handler) {
    match operation {
        Operation::CreateSamplingRule => (model::CREATE_SAMPLING_RULE, sampling_rules::create),
        Operation::UpdateSamplingRule => (model::UPDATE_SAMPLING_RULE, sampling_rules::update),
        Operation::DeleteSamplingRule => (model::DELETE_SAMPLING_RULE, sampling_rules::delete),
        Operation::GetSamplingRules => (model::ANY_TOKEN, sampling_rules::list),
        Operation::CreateGroup => (model::CREATE_GROUP, groups::create),
        Operation::UpdateGroup => (model::UPDATE_GROUP, groups::update),
        Operation::DeleteGroup => (model::ONE_GROUP, groups::delete),
        Operation::GetGroup => (model::ONE_GROUP, groups::get),
        Operation::GetGroups => (model::SHORT_TOKEN, groups::list),
        Operation::GetEncryptionConfig => (model::EMPTY, encryption::get),
        Operation::PutEncryptionConfig => (model::PUT_ENCRYPTION_CONFIG, encryption::put),
        Operation::PutResourcePolicy => (model::PUT_RESOURCE_POLICY, resource_policies::put),
        Operation::ListResourcePolicies => (model::SHORT_TOKEN, resource_policies::list),
        Operation::DeleteResourcePolicy => {
            (model::DELETE_RESOURCE_POLICY, resource_policies::delete)
        }
        Operation::GetTraceSegmentDestination => (model::EMPTY, destination::get),
        Operation::UpdateTraceSegmentDestination => {
            (model::UPDATE_DESTINATION, destination::update)
        }
        Operation::GetIndexingRules => (model::ANY_TOKEN, indexing::list),
        Operation::UpdateIndexingRule => (model::UPDATE_INDEXING_RULE, indexing::update),
        Operation::TagResource => (model::TAG_RESOURCE, tags::tag),
        Operation::UntagResource => (model::UNTAG_RESOURCE, tags::untag),
        Operation::ListTagsForResource => (model::LIST_TAGS, tags::list),
        Operation::GetSamplingTargets => (model::GET_SAMPLING_TARGETS, sampling_targets::targets),
        Operation::GetSamplingStatisticSummaries => (model::ANY_TOKEN, sampling_targets::summaries),
        Operation::PutTelemetryRecords => (model::PUT_TELEMETRY_RECORDS, telemetry::put),
    }
}

/// The request as the operation reads it. Its shape was checked before, so that
/// a failure here is a fault of ours and is answered as AWS answers its own.
pub fn typed<T: DeserializeOwned>(body: &Value) -> Result<T, Fault> {
    T::deserialize(body).map_err(|_| Fault::internal())
}
