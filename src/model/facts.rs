//! Facts about one resource type that the engine, the views and the docs
//! need without knowing the type itself.

use serde::Serialize;

/// Whether AWS creates and deletes things of a type, or only changes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lifecycle {
    /// Any number of named things that are created and deleted.
    Collection,
    /// Exactly one in each account and region, which always exists: it can be
    /// changed, and put back to AWS's default, but not created or deleted.
    Setting,
    /// Any number of named things that others make and delete, such as Lambda
    /// functions. The spec manages some of their fields; taken out of the
    /// spec, they are released.
    Existing,
}

/// Which half of a replacement comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplaceOrder {
    /// Old out, new in: for what AWS allows once, or in a limited number.
    DeleteFirst,
    /// New in, those that refer to it moved over, old out.
    CreateFirst,
}

/// What the engine knows of one resource type.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Facts {
    /// The type in addresses: `sampling_rule`.
    pub kind: &'static str,
    /// Its table in the spec, dotted: `sampling_rules`, `iam.policies`.
    pub table: &'static str,
    /// What people call it: `sampling rule`.
    pub title: &'static str,
    /// Its name in Terraform's AWS provider: `aws_xray_sampling_rule`.
    pub terraform: &'static str,
    /// The AWS page that describes it.
    pub docs: &'static str,
    /// Created and deleted, or only changed.
    pub lifecycle: Lifecycle,
    /// Whether AWS keeps tags on it, and with them our ownership.
    pub taggable: bool,
    /// The field that holds the name that AWS knows it by, which may differ
    /// from its name in the spec; filled in from there where it is left out.
    pub name_field: Option<&'static str>,
    /// Fields that AWS cannot change: a difference replaces the resource.
    pub replace_on: &'static [&'static str],
    /// Which half of a replacement comes first.
    pub replace_order: ReplaceOrder,
    /// Fields that hold a JSON document, shown as a diff of its lines.
    pub documents: &'static [&'static str],
    /// Fields that are left to others where the spec does not name them. All
    /// other fields have a default and are managed.
    pub unmanaged_when_absent: &'static [&'static str],
    /// Types that this one refers to. They are deleted after it.
    pub refers_to: &'static [&'static str],
    /// Deleting it loses what people keep in it, as a log group's events: it
    /// is released instead, unless the user asks for the data's deletion.
    pub holds_data: bool,
}

impl Facts {
    /// Tells whether `field` is left alone when the spec does not name it.
    pub fn is_unmanaged_when_absent(&self, field: &str) -> bool {
        self.unmanaged_when_absent.contains(&field)
    }

    /// Tells whether `field` holds a JSON document.
    pub fn is_document(&self, field: &str) -> bool {
        self.documents.contains(&field)
    }

    /// Returns the address of the thing of this type called `name`.
    pub fn address(&self, name: &str) -> super::Address {
        match self.lifecycle {
            Lifecycle::Collection | Lifecycle::Existing => super::Address::new(self.kind, name),
            Lifecycle::Setting => super::Address::setting(self.kind),
        }
    }

    /// Tells whether there may be any number of them, each with a name.
    pub fn is_named(&self) -> bool {
        self.lifecycle != Lifecycle::Setting
    }

    /// Tells whether it outlives the stack: where the spec no longer has it,
    /// it is released and not deleted.
    pub fn is_released(&self, delete_data: bool) -> bool {
        self.lifecycle == Lifecycle::Existing || (self.holds_data && !delete_data)
    }
}
