//! The two sides of a comparison: what the spec wants and what stands at AWS.

use serde::{Deserialize, Serialize};

use super::{Address, Attributes, SourceRange, Tags};

/// The tag that names the stack that owns a resource.
pub const STACK_TAG: &str = "xrayctl:stack";
/// The tag that holds the resource's name in the spec, so that a resource
/// whose AWS name changed is still found.
pub const NAME_TAG: &str = "xrayctl:name";
/// The tag that holds the fingerprint of what was last applied: it tells a
/// change made outside (drift) from a change of the spec, without a state file.
pub const APPLIED_TAG: &str = "xrayctl:applied";
/// What all tags of ours start with.
pub const TAG_PREFIX: &str = "xrayctl:";

/// A field that takes its value from another resource of the spec.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// JSON pointer of the field within the attributes: `/key_id`. Empty
    /// where the reference orders two resources but carries no value.
    pub field: String,
    /// The resource referred to.
    pub to: Address,
    /// The output of it that is wanted: `arn`.
    pub output: String,
}

/// One resource as the spec wants it.
#[derive(Clone, Debug)]
pub struct Desired {
    /// Its name within the stack.
    pub address: Address,
    /// How AWS tells it from others of its type: a rule's name, a key's alias.
    pub key: String,
    /// Its fields as written, defaults filled in: what is sent to AWS.
    pub written: Attributes,
    /// Its fields in the form in which two sides are compared and shown.
    pub attributes: Attributes,
    /// User tags, the stack's merged in; `None` where AWS keeps no tags.
    pub tags: Option<Tags>,
    /// Fields taken from other resources.
    pub references: Vec<Reference>,
    /// Resources named by `depends_on`.
    pub depends_on: Vec<Address>,
    /// Deletion and replacement are refused.
    pub protect: bool,
    /// Fields that are left to others.
    pub ignore: Vec<String>,
    /// Where it stands in the spec.
    pub source: Option<SourceRange>,
}

/// Who a live resource belongs to, as its tags tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The owning stack.
    pub stack: String,
    /// The resource's name in that stack's spec.
    pub name: Option<String>,
    /// The fingerprint of what was last applied.
    pub applied: Option<String>,
}

impl Owner {
    /// Reads the ownership out of `tags`; `None` where no stack owns it.
    pub fn from_tags(tags: &Tags) -> Option<Self> {
        Some(Self {
            stack: tags.get(STACK_TAG)?.clone(),
            name: tags.get(NAME_TAG).cloned(),
            applied: tags.get(APPLIED_TAG).cloned(),
        })
    }

    /// Writes the ownership as tags.
    pub fn to_tags(&self) -> Tags {
        let mut tags = Tags::from([(STACK_TAG.to_owned(), self.stack.clone())]);
        if let Some(name) = &self.name {
            tags.insert(NAME_TAG.to_owned(), name.clone());
        }
        if let Some(applied) = &self.applied {
            tags.insert(APPLIED_TAG.to_owned(), applied.clone());
        }
        tags
    }
}

/// One resource as it stands at AWS.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Live {
    /// The resource type.
    pub kind: String,
    /// How AWS tells it from others of its type.
    pub key: String,
    /// Its fields in the form in which two sides are compared and shown.
    pub attributes: Attributes,
    /// All its tags, ours among them; `None` where AWS keeps no tags.
    pub tags: Option<Tags>,
    /// What other resources and later calls need of it: `arn`, `key_id`,
    /// `revision_id`.
    pub outputs: Attributes,
    /// AWS has it marked for deletion: gone for a spec that does not name it,
    /// to be brought back for one that does.
    #[serde(default)]
    pub deletion_scheduled: bool,
    /// How it is doing, which no spec sets: no part of what is compared, nor of
    /// a saved plan.
    #[serde(skip)]
    pub status: Attributes,
}

impl Live {
    /// Returns who owns it.
    pub fn owner(&self) -> Option<Owner> {
        self.tags.as_ref().and_then(Owner::from_tags)
    }

    /// Returns the tags that are neither ours nor AWS's own.
    pub fn user_tags(&self) -> Option<Tags> {
        self.tags.as_ref().map(|tags| {
            tags.iter()
                .filter(|(key, _)| !key.starts_with(TAG_PREFIX) && !key.starts_with("aws:"))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect()
        })
    }
}
