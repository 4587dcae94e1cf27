//! Writing a spec from what stands at AWS.
//!
//! Knows no type by name: a name in the spec is one from which the type makes
//! the same key, a field is left out where the type fills in the same value,
//! and a value is written as a reference where the type takes it as one. No
//! I/O: [`spec`] is given what was read.

mod fields;
mod name;
mod reference;
mod table;
pub mod terraform_state;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Address, Attributes, Diagnostic, Diagnostics, Live, plural};
use crate::resource::Kind;

/// What the head of the spec says.
#[derive(Clone, Debug)]
pub struct Head {
    /// The stack's name.
    pub stack: String,
    /// The region.
    pub region: String,
    /// The account, 12 digits, which the spec only mentions: it may be meant
    /// for another.
    pub account: String,
}

/// A spec, and what could not be written into it.
#[derive(Debug)]
pub struct Export {
    /// The text, not formatted.
    pub text: String,
    /// The addresses in it, in its order.
    pub addresses: Vec<Address>,
    /// What was left out, and why.
    pub warnings: Diagnostics,
}

/// One resource on its way into the spec.
struct Entry<'a> {
    kind: &'static dyn Kind,
    live: &'a Live,
    address: Address,
    fields: Attributes,
}

/// Writes what stands as a spec: of every type in the order of `kinds`, and
/// within a type by key. Settings as AWS ships them are left out, and so is
/// what is marked for deletion, what another stack owns, and what no spec can
/// name.
pub fn spec(head: &Head, kinds: &[&'static dyn Kind], live: &[Live]) -> Export {
    let mut warnings = Diagnostics::new();
    let mut entries = Vec::new();
    let mut taken = BTreeSet::new();
    let (live, of_others) = apart(head, live);
    warnings.extend(of_others);
    for kind in kinds {
        let mut of_kind: Vec<&Live> = live
            .iter()
            .copied()
            .filter(|live| live.kind == kind.facts().kind)
            .filter(|live| is_wanted(*kind, live))
            .collect();
        of_kind.sort_by(|a, b| a.key.cmp(&b.key));
        for live in of_kind {
            match entry(*kind, live, &mut taken) {
                Ok(entry) => entries.push(entry),
                Err(why) => warnings.push(why),
            }
        }
    }
    refer(&mut entries);
    for entry in &mut entries {
        fields::shorten(entry.kind, &entry.address, &mut entry.fields);
    }
    let mut text = table::head(head);
    for entry in &entries {
        table::write(&mut text, entry);
    }
    Export {
        text,
        addresses: entries.into_iter().map(|entry| entry.address).collect(),
        warnings,
    }
}

/// Sets apart what other stacks own, and tells of it.
fn apart<'a>(head: &Head, live: &'a [Live]) -> (Vec<&'a Live>, Diagnostics) {
    let mut of_others: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut others = Vec::new();
    for live in live {
        match live.owner().filter(|owner| owner.stack != head.stack) {
            Some(owner) => of_others.entry(owner.stack).or_default().push(format!(
                "{} `{}`",
                live.kind,
                shown(live)
            )),
            None => others.push(live),
        }
    }
    let warnings = of_others.into_iter().map(|(stack, names)| {
        Diagnostic::warning(format!(
            "{} of the stack `{stack}` left out: {}",
            plural::count(names.len(), "resource"),
            names.join(", ")
        ))
    });
    (others, warnings.collect())
}

/// Tells whether a resource has a place in a spec at all.
fn is_wanted(kind: &dyn Kind, live: &Live) -> bool {
    let is_as_shipped = kind.aws_default().is_some_and(|default| {
        let mut fields = default.iter().filter(|(_, value)| !value.is_null());
        fields.all(|(name, value)| live.attributes.get(name) == Some(value))
    });
    !live.deletion_scheduled && !is_as_shipped
}

fn entry<'a>(
    kind: &'static dyn Kind,
    live: &'a Live,
    taken: &mut BTreeSet<Address>,
) -> Result<Entry<'a>, Diagnostic> {
    let facts = kind.facts();
    let left_out = |why: &str| {
        Diagnostic::warning(format!(
            "{} `{}` is left out: {why}",
            facts.title,
            shown(live)
        ))
    };
    let fields = fields::of_spec(kind, &live.attributes);
    let name = if facts.is_named() {
        name::find(kind, live, &fields, taken).ok_or_else(|| left_out("no spec can name it"))?
    } else {
        String::new()
    };
    let address = facts.address(&name);
    if let Err(problems) = kind.prepare(&name, fields.clone()) {
        let first = problems.into_iter().next();
        let why = first.map_or_else(String::new, |problem| problem.message);
        return Err(left_out(&why));
    }
    taken.insert(address.clone());
    Ok(Entry {
        kind,
        live,
        address,
        fields,
    })
}

/// What a person knows a resource by.
fn shown(live: &Live) -> &str {
    let arn = live.outputs.get("arn").and_then(serde_json::Value::as_str);
    if live.key.is_empty() {
        arn.unwrap_or(&live.kind)
    } else {
        &live.key
    }
}

/// Writes values that are outputs of other resources of the spec as references
/// to them.
fn refer(entries: &mut [Entry<'_>]) {
    let mut outputs: BTreeMap<String, Vec<reference::Output>> = BTreeMap::new();
    for entry in entries.iter() {
        let Some(name) = entry.address.name() else {
            continue;
        };
        for (output, value) in &entry.live.outputs {
            if let Some(text) = value.as_str().filter(|text| !text.is_empty()) {
                let of = outputs.entry(text.to_owned()).or_default();
                of.push(reference::Output {
                    of: entry.address.clone(),
                    name: name.to_owned(),
                    which: output.clone(),
                });
            }
        }
    }
    for entry in entries {
        reference::write(entry.kind, &entry.address, &mut entry.fields, &outputs);
    }
}
