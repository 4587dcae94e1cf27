//! The seam: everything xrayctl knows about one AWS type stands in one file of
//! this folder and reaches the rest through [`Resource`].
//!
//! The engine, the views, the spec, the schema and the docs see only the
//! erased form, [`Kind`], and know no type by name. A new type is one file
//! here and one line in [`REGISTRY`].

mod alarm;
mod any_alarm;
mod api_gateway_stage;
mod catalog;
mod cloudwatch_tags;
mod composite_alarm;
mod dashboard;
mod default_sampling_rule;
pub(crate) mod ecs_task_definition;
mod encryption;
mod erased;
mod group;
mod iam_document;
mod iam_policy;
mod iam_reference;
mod iam_role;
mod iam_role_policy_attachment;
mod iam_write;
mod indexing_rule;
mod kms_key;
mod kms_reference;
mod lambda_function;
mod lists;
mod log_group;
mod policy_document;
mod problem;
pub mod read;
mod resource_policy;
mod sampling_rule;
mod terraform;
mod trace_segment_destination;
mod xray_tags;

use std::future::Future;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use crate::aws::{Aws, Error};
use crate::model::live::STACK_TAG;
pub use crate::model::{Attributes, Facts, Lifecycle, Reference, ReplaceOrder, Tags};
pub use catalog::Registered;
pub use erased::{Kind, Prepared, Resolved};
pub use lists::Lists;
pub use problem::{Problem, Problems};
pub use sampling_rule::standing as standing_sampling_rules;

use erased::Erased;

/// One live thing, in the words of its type.
#[derive(Clone, Debug)]
pub struct Found<S> {
    /// How AWS tells it from others of its type.
    pub key: String,
    /// Its fields.
    pub spec: S,
    /// All its tags; `None` where AWS keeps no tags.
    pub tags: Option<Tags>,
    /// What other resources and later calls need of it.
    pub outputs: Attributes,
    /// AWS has it marked for deletion.
    pub deletion_scheduled: bool,
    /// How it is doing, which no spec sets; empty where its type has nothing to
    /// tell.
    pub status: Attributes,
}

/// One thing that the spec names, for a read that has to ask AWS by name.
#[derive(Clone, Debug)]
pub struct Wanted<S> {
    /// Its name in the spec.
    pub name: String,
    /// How AWS tells it from others of its type.
    pub key: String,
    /// Its fields; those that refer to other resources hold their names.
    pub spec: S,
}

/// What a read is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a, S> {
    /// The stack whose things matter.
    pub stack: &'a str,
    /// The things that its spec names.
    pub wanted: &'a [Wanted<S>],
    /// Every thing of the type matters, whoever owns it: for an export.
    pub everything: bool,
    /// What other types have listed in the same read.
    pub lists: &'a Lists,
}

impl<S> Query<'_, S> {
    /// Tells whether the spec names the thing that AWS knows by `key`.
    pub fn names(&self, key: &str) -> bool {
        self.wanted.iter().any(|wanted| wanted.key == key)
    }

    /// Tells whether the thing that AWS knows by `key` and that carries `tags`
    /// matters: only then its details are worth a call.
    pub fn matters(&self, key: &str, tags: Option<&Tags>) -> bool {
        let owner = tags.and_then(|tags| tags.get(STACK_TAG));
        self.everything || self.names(key) || owner.is_some_and(|stack| stack == self.stack)
    }
}

/// Something that a resource names by AWS's name for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// Its type: `alarm`.
    pub kind: &'static str,
    /// How AWS tells it from others of its type.
    pub key: String,
}

/// A change to one live thing.
#[derive(Clone, Debug)]
pub struct Update<'a, S> {
    /// How AWS tells it from others of its type.
    pub key: &'a str,
    /// What was read of it: ARN, ids, revision.
    pub outputs: &'a Attributes,
    /// Its fields as they stand.
    pub before: &'a S,
    /// Its fields as they should be, references resolved.
    pub after: &'a S,
}

/// Everything that xrayctl knows about one AWS resource type.
pub trait Resource: Send + Sync + 'static {
    /// What the engine knows of the type.
    const FACTS: Facts;

    /// The fields of the type, under AWS's names in `snake_case`. Unknown
    /// fields are refused. It must survive a trip through JSON unchanged.
    type Spec: Serialize + DeserializeOwned + JsonSchema + Clone + Send + Sync;

    /// Returns how AWS tells `spec`, called `name` in the spec, from others
    /// of its type.
    fn key(name: &str, spec: &Self::Spec) -> String;

    /// Reports what AWS would refuse and the schema cannot say. No I/O.
    fn validate(name: &str, spec: &Self::Spec, problems: &mut Problems);

    /// Brings a spec, written or read back, into the form in which both sides
    /// are compared: sets sorted, documents normalised, what is only told how
    /// to do something left out.
    /// Applying it twice changes nothing more.
    fn canonical(spec: Self::Spec) -> Self::Spec;

    /// Tells whether two documents, in comparable form, say the same. All
    /// documents so far are policies.
    fn same_document(left: &serde_json::Value, right: &serde_json::Value) -> bool {
        policy_document::is_same(left, right)
    }

    /// Lists the fields that take their value from other resources.
    fn references(_spec: &Self::Spec) -> Vec<Reference> {
        Vec::new()
    }

    /// Lists what `spec` names by the name that AWS knows it by, such as the
    /// alarms in a composite alarm's rule. Where the spec has one of them, it
    /// is put in place first and deleted last; others may be anyone's.
    fn mentions(_spec: &Self::Spec) -> Vec<Mention> {
        Vec::new()
    }

    /// Returns the state in which AWS ships a setting; what `destroy` puts it
    /// back to. `None` for a collection.
    fn aws_default() -> Option<Self::Spec> {
        None
    }

    /// Turns what only AWS can tell apart into comparable form, such as a key
    /// alias into its key's ARN. Called while planning, on the desired side.
    fn resolve(
        _aws: &Aws,
        spec: Self::Spec,
    ) -> impl Future<Output = Result<Self::Spec, Error>> + Send {
        async { Ok(spec) }
    }

    /// Reads everything of the type that stands in the account and region, or
    /// at least what carries the stack's tags and what its spec names. The
    /// number of calls that wait for one another does not grow with the
    /// number of things.
    fn read(
        aws: &Aws,
        query: Query<'_, Self::Spec>,
    ) -> impl Future<Output = Result<Vec<Found<Self::Spec>>, Error>> + Send;

    /// Creates one with its tags and returns its outputs.
    fn create(
        aws: &Aws,
        key: &str,
        spec: &Self::Spec,
        tags: &Tags,
    ) -> impl Future<Output = Result<Attributes, Error>> + Send;

    /// Changes one and returns its outputs. Tags are not its business.
    fn update(
        aws: &Aws,
        update: Update<'_, Self::Spec>,
    ) -> impl Future<Output = Result<Attributes, Error>> + Send;

    /// Deletes one. What is gone already counts as deleted.
    fn delete(
        aws: &Aws,
        key: &str,
        outputs: &Attributes,
        spec: &Self::Spec,
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// Takes back what the spec did to one that stays when the stack lets go
    /// of it: for types whose lifecycle is `Existing`, and those that hold
    /// data. `spec` is what stands, with what the spec last said of fields
    /// that are unmanaged when absent. Tags are not its business.
    fn release(
        _aws: &Aws,
        _key: &str,
        _outputs: &Attributes,
        _spec: &Self::Spec,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        async { Ok(()) }
    }

    /// Writes one under the attribute names of [`Facts::terraform`] in
    /// Terraform's AWS provider, without tags. What is known only after apply
    /// comes in as a marker within a text, and goes out as it came. The outputs
    /// hold the `region` as well.
    fn terraform(key: &str, spec: &Self::Spec, outputs: &Attributes) -> Attributes {
        terraform::plain(&Self::FACTS, key, spec, outputs)
    }

    /// Writes what is one here and several in Terraform's AWS provider: the
    /// others with their types, such as the alias of a key. Always as many of
    /// one type in the same order, so that two sides can be compared.
    fn terraform_companions(
        _key: &str,
        _spec: &Self::Spec,
        _outputs: &Attributes,
    ) -> Vec<(&'static str, Attributes)> {
        Vec::new()
    }

    /// Names the outputs that AWS gives a new one and that are attributes in
    /// Terraform's AWS provider: known only after apply.
    fn new_outputs() -> &'static [&'static str] {
        &["arn"]
    }

    /// Returns the key of the one that a Terraform state holds as `values`
    /// under [`Facts::terraform`]; `None` where they name none.
    fn terraform_key(values: &Attributes) -> Option<String> {
        terraform::text(values, Self::FACTS.name_field?)
    }

    /// Tells whether one that no stack owns has a place in an export that does
    /// not ask for its type: of what others make, only that is for a spec of
    /// tracing which has something of tracing about it.
    fn is_worth_exporting(_spec: &Self::Spec) -> bool {
        true
    }

    /// Sets and removes tags. Called for taggable types alone.
    fn retag(
        _aws: &Aws,
        _outputs: &Attributes,
        _set: &Tags,
        _remove: &[String],
    ) -> impl Future<Output = Result<(), Error>> + Send {
        async { Ok(()) }
    }

    /// Valid specs with their names, for docs and for the contract tests.
    fn examples() -> Vec<(&'static str, Self::Spec)>;
}

/// Every resource type, in the order in which a spec is best read.
pub static REGISTRY: &[&dyn Kind] = &[
    &Erased::<default_sampling_rule::DefaultSamplingRule>::NEW,
    &Erased::<sampling_rule::SamplingRule>::NEW,
    &Erased::<group::Group>::NEW,
    &Erased::<encryption::Encryption>::NEW,
    &Erased::<kms_key::KmsKey>::NEW,
    &Erased::<resource_policy::ResourcePolicy>::NEW,
    &Erased::<trace_segment_destination::TraceSegmentDestination>::NEW,
    &Erased::<indexing_rule::IndexingRule>::NEW,
    &Erased::<iam_policy::IamPolicy>::NEW,
    &Erased::<iam_role::IamRole>::NEW,
    &Erased::<iam_role_policy_attachment::IamRolePolicyAttachment>::NEW,
    &Erased::<lambda_function::LambdaFunction>::NEW,
    &Erased::<api_gateway_stage::ApiGatewayStage>::NEW,
    &Erased::<alarm::Alarm>::NEW,
    &Erased::<composite_alarm::CompositeAlarm>::NEW,
    &Erased::<dashboard::Dashboard>::NEW,
    &Erased::<log_group::LogGroup>::NEW,
    &Erased::<ecs_task_definition::EcsTaskDefinition>::NEW,
];
