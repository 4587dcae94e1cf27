//! What a resource is called in the spec.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::{Address, Attributes, Live};
use crate::resource::Kind;

/// Finds a name for `live` that no other of its type has in `taken`: the one
/// that its tag holds; else the last part of its key from which the type makes
/// the same key again; else its key, with a field that says how AWS calls it.
/// `None` where the type has no such field.
pub(super) fn find(
    kind: &dyn Kind,
    live: &Live,
    fields: &Attributes,
    taken: &BTreeSet<Address>,
) -> Option<String> {
    if live.key.is_empty() {
        return None;
    }
    let facts = kind.facts();
    let is_free = |name: &String| !taken.contains(&facts.address(name));
    let tagged = live.owner().and_then(|owner| owner.name);
    if let Some(name) = tagged.filter(|name| is_free(name)) {
        return Some(name);
    }
    let mut plain = fields.clone();
    if let Some(field) = facts.name_field {
        plain.insert(field.to_owned(), Value::Null);
    }
    let speaks_for_itself = |name: &String| {
        let prepared = kind.prepare(name, plain.clone());
        prepared.is_ok_and(|prepared| prepared.key == live.key)
    };
    let short = tails(&live.key)
        .map(spelled)
        .find(|name| is_free(name) && speaks_for_itself(name));
    short.or_else(|| {
        facts.name_field?;
        let whole = spelled(&live.key);
        let numbered = (2..).map(|number| format!("{whole}-{number}"));
        std::iter::once(whole.clone()).chain(numbered).find(is_free)
    })
}

/// Lists the ends of a key that begin after a slash, the shortest first, and
/// the key itself.
fn tails(key: &str) -> impl Iterator<Item = &str> {
    let after_slashes = key.rmatch_indices('/').map(|(at, _)| &key[at + 1..]);
    after_slashes
        .filter(|tail| !tail.is_empty())
        .chain(std::iter::once(key))
}

/// Writes a key with the letters that a name takes.
fn spelled(key: &str) -> String {
    key.chars()
        .map(|c| match c {
            c if c.is_ascii_alphanumeric() || "._/-".contains(c) => c,
            _ => '-',
        })
        .take(128)
        .collect()
}
