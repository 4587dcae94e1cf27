//! One resource of the document: what Terraform would call a change.

use serde_json::{Map, Value, json};

use super::names::{Name, Names};
use super::sides::{Side, Sides};
use super::{PROVIDER, values};
use crate::aws::Error;
use crate::model::{Attributes, ReplaceOrder};
use crate::plan::{Action, Change, Reason};

/// A resource with its two sides.
pub(super) struct Row<'a> {
    /// Our change that it is part of.
    change: &'a Change,
    /// What Terraform would call it.
    name: Name,
    /// What is done to it, in Terraform's words.
    actions: &'static [&'static str],
    /// As it stands.
    before: Option<Attributes>,
    /// As it will be; with markers for what is not known.
    after: Option<Attributes>,
    /// It is the resource of the change, and not one that is part of it here.
    is_main: bool,
}

/// Lists the rows of one change.
pub(super) fn of_change<'a>(
    sides: Sides<'_>,
    names: &Names,
    change: &'a Change,
    action: Action,
) -> Result<Vec<Row<'a>>, Error> {
    let before = sides.standing(change)?;
    let after = match action {
        Action::NoOp => before.clone(),
        Action::Adopt if change.importing => before.clone(),
        Action::Adopt => {
            let wanted = sides.wanted(change, change.live.as_ref())?;
            retagged(before.clone(), wanted.as_ref())
        }
        Action::Delete | Action::Release => None,
        Action::Create | Action::Replace => sides.wanted(change, None)?,
        Action::Update => sides.wanted(change, change.live.as_ref())?,
    };
    let main = words(sides, change, action);
    Ok(rows(names, change, before, after, main))
}

/// Lists the rows of what others did to the resource of a change: from what
/// the spec says to what stands.
pub(super) fn of_drift<'a>(
    sides: Sides<'_>,
    names: &Names,
    change: &'a Change,
) -> Result<Vec<Row<'a>>, Error> {
    let before = sides.wanted(change, change.live.as_ref())?;
    let after = sides.standing(change)?;
    let main: &[&str] = if after.is_none() {
        &["delete"]
    } else {
        &["update"]
    };
    let mut rows = rows(names, change, before, after, main);
    rows.retain(|row| row.actions != ["no-op"]);
    Ok(rows)
}

/// Takes the tags of one side over to the other.
fn retagged(standing: Option<Side>, wanted: Option<&Side>) -> Option<Side> {
    let mut side = standing?;
    for tags in ["tags", "tags_all"] {
        let value = wanted.and_then(|wanted| wanted.main.get(tags));
        if let Some(value) = value {
            side.main.insert(tags.to_owned(), value.clone());
        }
    }
    Some(side)
}

fn words(sides: Sides<'_>, change: &Change, action: Action) -> &'static [&'static str] {
    match action {
        Action::NoOp => &["no-op"],
        Action::Adopt if change.importing => &["no-op"],
        Action::Create => &["create"],
        Action::Update | Action::Adopt => &["update"],
        Action::Replace => match sides.kind.facts().replace_order {
            ReplaceOrder::DeleteFirst => &["delete", "create"],
            ReplaceOrder::CreateFirst => &["create", "delete"],
        },
        Action::Delete => &["delete"],
        Action::Release => &["forget"],
    }
}

fn rows<'a>(
    names: &Names,
    change: &'a Change,
    before: Option<Side>,
    after: Option<Side>,
    main: &'static [&'static str],
) -> Vec<Row<'a>> {
    let Some(name) = names.get(&change.address) else {
        return Vec::new();
    };
    let (before, after) = (split(before), split(after));
    let mut rows = vec![Row {
        change,
        name: name.clone(),
        actions: main,
        before: before.0,
        after: after.0,
        is_main: true,
    }];
    for (r#type, number) in numbered(&before.1, &after.1) {
        let (before, after) = (
            nth(&before.1, r#type, number),
            nth(&after.1, r#type, number),
        );
        let actions: &[&str] = match (&before, &after) {
            (None, _) => &["create"],
            (Some(_), None) if main == ["forget"] => &["forget"],
            (Some(_), None) => &["delete"],
            (before, after) if before == after => &["no-op"],
            _ => &["update"],
        };
        let mut name = Name {
            r#type,
            name: name.name.clone(),
        };
        if number > 0 {
            name.name = format!("{}_{}", name.name, number + 1);
        }
        rows.push(Row {
            change,
            name,
            actions,
            before,
            after,
            is_main: false,
        });
    }
    rows
}

type Companions = Vec<(&'static str, Attributes)>;

fn split(side: Option<Side>) -> (Option<Attributes>, Companions) {
    match side {
        Some(side) => (Some(side.main), side.companions),
        None => (None, Vec::new()),
    }
}

/// Lists the types that either side has with as many numbers as the longer
/// side has of each.
fn numbered(before: &Companions, after: &Companions) -> Vec<(&'static str, usize)> {
    let count =
        |side: &Companions, r#type: &str| side.iter().filter(|(other, _)| *other == r#type).count();
    let mut types: Vec<&'static str> = Vec::new();
    for (r#type, _) in before.iter().chain(after) {
        if !types.contains(r#type) {
            types.push(r#type);
        }
    }
    let most = |r#type: &str| count(before, r#type).max(count(after, r#type));
    types
        .into_iter()
        .flat_map(|r#type| (0..most(r#type)).map(move |number| (r#type, number)))
        .collect()
}

fn nth(side: &Companions, r#type: &str, number: usize) -> Option<Attributes> {
    let of_type = side.iter().filter(|(other, _)| *other == r#type);
    let mut of_type = of_type.map(|(_, attributes)| attributes);
    of_type.nth(number).cloned()
}

impl Row<'_> {
    /// Returns its address in Terraform's words, by which rows are sorted.
    pub fn address(&self) -> String {
        self.name.address()
    }

    /// Writes it as an entry of `resource_changes` or `resource_drift`.
    pub fn change(&self) -> Value {
        let (after, after_unknown) = match &self.after {
            Some(after) => {
                let (known, unknown) = values::attributes(after);
                (Value::Object(known), Value::Object(unknown))
            }
            None => (Value::Null, json!({})),
        };
        let mut change = json!({
            "actions": self.actions,
            "before": self.before.as_ref().map(|before| values::attributes(before).0),
            "after": after,
            "after_unknown": after_unknown,
            "before_sensitive": sensitive(self.before.as_ref()),
            "after_sensitive": sensitive(self.after.as_ref()),
        });
        if self.actions.len() > 1 {
            change["replace_paths"] = self.replace_paths();
        }
        if self.change.importing && self.actions != ["create"] {
            change["importing"] = json!({ "id": self.id() });
        }
        let mut entry = self.head();
        entry.insert("change".to_owned(), change);
        if let Some(reason) = self.action_reason() {
            entry.insert("action_reason".to_owned(), reason.into());
        }
        if let Some(reason) = self.change.reason {
            entry.insert("xrayctl_reason".to_owned(), json!(reason));
        }
        Value::Object(entry)
    }

    /// Writes it as an entry of `planned_values`; `None` where it goes away.
    pub fn planned(&self) -> Option<Value> {
        let (known, _) = values::attributes(self.after.as_ref()?);
        Some(self.values(known))
    }

    /// Writes it as an entry of `prior_state`; `None` where it is new.
    pub fn prior(&self) -> Option<Value> {
        Some(self.values(self.before.clone()?))
    }

    fn values(&self, values: Attributes) -> Value {
        let mut entry = self.head();
        entry.insert("schema_version".to_owned(), 0.into());
        entry.insert("values".to_owned(), values.into());
        entry.insert("sensitive_values".to_owned(), json!({}));
        Value::Object(entry)
    }

    fn head(&self) -> Map<String, Value> {
        Map::from_iter([
            ("address".to_owned(), self.address().into()),
            ("mode".to_owned(), "managed".into()),
            ("type".to_owned(), self.name.r#type.into()),
            ("name".to_owned(), self.name.name.as_str().into()),
            ("provider_name".to_owned(), PROVIDER.into()),
            ("xrayctl_address".to_owned(), json!(self.change.address)),
        ])
    }

    fn id(&self) -> &str {
        let id = self.before.as_ref().and_then(|before| before.get("id"));
        id.and_then(Value::as_str).unwrap_or(&self.change.key)
    }

    /// A field of ours that goes by another name there is named as it is here.
    fn replace_paths(&self) -> Value {
        let forcing = self.change.fields.iter();
        let forcing = forcing.filter(|field| field.forces_replacement);
        forcing.map(|field| json!(field.path)).collect()
    }

    fn action_reason(&self) -> Option<&'static str> {
        let is = |actions: &[&str]| self.actions == actions;
        match self.change.reason {
            _ if self.actions.len() > 1 => Some("replace_because_cannot_update"),
            Some(Reason::RemovedFromSpec) if is(&["delete"]) && self.is_main => {
                Some("delete_because_no_resource_config")
            }
            _ => None,
        }
    }
}

/// Nothing that is planned here is a secret; Terraform writes `false` where
/// there is nothing.
fn sensitive(side: Option<&Attributes>) -> Value {
    side.map_or(Value::Bool(false), |_| json!({}))
}
