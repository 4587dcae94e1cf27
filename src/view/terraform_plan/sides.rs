//! The two sides of a change under the names of Terraform's AWS provider.

use serde_json::Value;

use crate::aws::Error;
use crate::model::{Attributes, Live, Owner, Reference, Tags, unknown};
use crate::plan::{Change, fingerprint};
use crate::resource::Kind;

/// One side: the resource, and those that are part of it here and resources of
/// their own there.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Side {
    /// Its attributes.
    pub main: Attributes,
    /// The types and attributes of the others.
    pub companions: Vec<(&'static str, Attributes)>,
}

/// Writes the sides of changes.
#[derive(Clone, Copy)]
pub(super) struct Sides<'a> {
    /// The type.
    pub kind: &'static dyn Kind,
    /// The region that the plan is for.
    pub region: &'a str,
}

impl Sides<'_> {
    /// Writes what stands at AWS.
    pub fn standing(self, change: &Change) -> Result<Option<Side>, Error> {
        let Some(live) = &change.live else {
            return Ok(None);
        };
        let mut fields = live.attributes.clone();
        self.add_parameters(&mut fields, change);
        let mut side = self.write(&live.key, &fields, live.outputs.clone())?;
        add_tags(&mut side.main, live.user_tags(), live.tags.as_ref());
        Ok(Some(side))
    }

    /// Writes what the spec wants, over `kept`, which is what stands and stays;
    /// what is not known yet holds markers.
    pub fn wanted(self, change: &Change, kept: Option<&Live>) -> Result<Option<Side>, Error> {
        let Some(after) = &change.after else {
            return Ok(None);
        };
        let mut fields = match kept {
            Some(live) => merged(live, after, change),
            None => after.clone(),
        };
        self.add_parameters(&mut fields, change);
        let outputs = match kept {
            Some(live) => live.outputs.clone(),
            None => self.unknown_outputs(change),
        };
        let mut side = self.write(&change.key, &fields, outputs)?;
        add_tags(
            &mut side.main,
            change.tags.clone(),
            all_tags(change).as_ref(),
        );
        Ok(Some(side))
    }

    /// Writes the spec's own words: with a marker for every value that comes
    /// from another resource. `None` for what the spec does not have.
    pub fn configured(self, change: &Change) -> Result<Option<Side>, Error> {
        let Some(written) = &change.written else {
            return Ok(None);
        };
        let mut written = written.clone();
        for reference in &change.references {
            if !reference.field.is_empty() {
                let marker = unknown::marker(reference).into();
                crate::model::attributes::put(&mut written, &reference.field, marker);
            }
        }
        let mut fields = self.kind.comparable(&written)?;
        self.add_parameters(&mut fields, change);
        let mut side = self.write(&change.key, &fields, self.unknown_outputs(change))?;
        add_tags(&mut side.main, change.tags.clone(), None);
        Ok(Some(side))
    }

    fn write(self, key: &str, fields: &Attributes, mut outputs: Attributes) -> Result<Side, Error> {
        outputs.insert("region".to_owned(), self.region.into());
        Ok(Side {
            main: self.kind.terraform(key, fields, &outputs)?,
            companions: self.kind.terraform_companions(key, fields, &outputs)?,
        })
    }

    /// Fields that say how to do something are never compared, but they are
    /// attributes in Terraform, the same on both sides.
    fn add_parameters(self, fields: &mut Attributes, change: &Change) {
        let is_absent = |fields: Option<&Attributes>, name: &str| {
            let value = fields.and_then(|fields| fields.get(name));
            value.is_none_or(Value::is_null)
        };
        for name in self.kind.facts().unmanaged_when_absent {
            let written = change.written.as_ref().and_then(|all| all.get(*name));
            if let Some(value) = written
                && is_absent(Some(fields), name)
                && is_absent(change.after.as_ref(), name)
            {
                fields.insert((*name).to_owned(), value.clone());
            }
        }
    }

    fn unknown_outputs(self, change: &Change) -> Attributes {
        let names = self.kind.new_outputs().iter();
        names
            .map(|name| ((*name).to_owned(), own_marker(change, name).into()))
            .collect()
    }
}

/// Stands in for what AWS gives the resource of `change` itself.
fn own_marker(change: &Change, output: &str) -> String {
    unknown::marker(&Reference {
        field: String::new(),
        to: change.address.clone(),
        output: output.to_owned(),
    })
}

/// Takes the fields that change from the spec, and all others as they stand.
fn merged(live: &Live, after: &Attributes, change: &Change) -> Attributes {
    let mut fields = live.attributes.clone();
    for name in change.fields.iter().filter_map(|field| field.path.first()) {
        // Tags change too, and are no field.
        if let Some(value) = after.get(name) {
            fields.insert(name.clone(), value.clone());
        } else if name != "tags" {
            fields.remove(name);
        }
    }
    fields
}

/// The user's tags with ours, as the apply will write them.
fn all_tags(change: &Change) -> Option<Tags> {
    let mut tags = change.tags.clone()?;
    if let Some(owner) = &change.owner {
        let after = change.after.clone().unwrap_or_default();
        let applied = if unknown::is_in(&Value::Object(after.clone())) {
            own_marker(change, "applied")
        } else {
            fingerprint::of_resource(&change.managed, &after, change.tags.as_ref())
        };
        let owner = Owner {
            applied: Some(applied),
            ..owner.clone()
        };
        tags.extend(owner.to_tags());
    }
    Some(tags)
}

fn add_tags(attributes: &mut Attributes, user: Option<Tags>, all: Option<&Tags>) {
    let to_value = |tags: Tags| -> Value {
        let tags = tags.into_iter().map(|(key, value)| (key, value.into()));
        Value::Object(tags.collect())
    };
    if let Some(user) = user {
        attributes.insert("tags".to_owned(), to_value(user));
    }
    if let Some(all) = all {
        // AWS's own are no business of Terraform's either.
        let kept = all.iter().filter(|(key, _)| !key.starts_with("aws:"));
        let kept = kept.map(|(key, value)| (key.clone(), value.clone()));
        attributes.insert("tags_all".to_owned(), to_value(kept.collect()));
    }
}
