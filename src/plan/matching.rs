//! Which live resource is the one that the spec names, and whose it is.

use std::collections::BTreeMap;

use super::Catalog;
use crate::model::{Address, Desired, Facts, Lifecycle, Live};

/// The two sides, paired.
pub(super) struct Matched<'a> {
    /// The live resource of each address that has one.
    pub pairs: BTreeMap<&'a Address, &'a Live>,
    /// The stack's own resource of each address whose key another holds.
    pub displaced: BTreeMap<&'a Address, &'a Live>,
    /// What the stack owns and the spec does not name.
    pub orphans: Vec<&'a Live>,
}

/// Whose a live resource is, as this stack sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ownership {
    /// This stack's, by its tags, or because AWS keeps no tags on it.
    Ours,
    /// Nobody's.
    Nobodys,
    /// The named other stack's.
    Others(String),
}

/// Pairs each desired resource with the live one of the same type and key;
/// failing that, with one that the stack owns under the same name, whose key
/// changed since. One that the stack owns and whose key another holds is told
/// apart: it is neither an orphan nor safe to change.
///
/// What others made goes by its key alone: xrayctl cannot rename it, and under
/// another key the spec means another one.
pub(super) fn matched<'a>(
    catalog: &dyn Catalog,
    stack: &str,
    desired: &'a [Desired],
    live: &'a [Live],
) -> Matched<'a> {
    let mut by_key: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut by_name: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for (index, item) in live.iter().enumerate() {
        by_key.insert((&item.kind, &item.key), index);
        let owner = item.owner().filter(|owner| owner.stack == stack);
        if let Some(name) = owner.and_then(|owner| owner.name) {
            // One that stands goes before one that is on its way out.
            let entry = by_name.entry((&item.kind, name)).or_insert(index);
            if live[*entry].deletion_scheduled && !item.deletion_scheduled {
                *entry = index;
            }
        }
    }
    let mut is_claimed = vec![false; live.len()];
    let mut pairs = BTreeMap::new();
    for item in desired {
        if let Some(&index) = by_key.get(&(item.address.kind(), item.key.as_str())) {
            is_claimed[index] = true;
            pairs.insert(&item.address, &live[index]);
        }
    }
    let mut displaced = BTreeMap::new();
    for item in desired {
        if is_existing(catalog, item.address.kind()) {
            continue;
        }
        let name = item.address.name().unwrap_or_default().to_owned();
        let Some(&own) = by_name.get(&(item.address.kind(), name)) else {
            continue;
        };
        if is_claimed[own] {
            continue;
        }
        match pairs.get(&item.address) {
            None => {
                is_claimed[own] = true;
                pairs.insert(&item.address, &live[own]);
            }
            Some(holder) if ownership(stack, holder) != Ownership::Ours => {
                is_claimed[own] = true;
                displaced.insert(&item.address, &live[own]);
            }
            Some(_) => {}
        }
    }
    let orphans = live
        .iter()
        .zip(&is_claimed)
        .filter(|(item, claimed)| {
            let is_owned = item.owner().is_some_and(|owner| owner.stack == stack);
            !**claimed && is_owned && !item.deletion_scheduled && is_named(catalog, item)
        })
        .map(|(item, _)| item)
        .collect();
    Matched {
        pairs,
        displaced,
        orphans,
    }
}

fn is_existing(catalog: &dyn Catalog, kind: &str) -> bool {
    let facts = catalog.facts(kind);
    facts.is_some_and(|facts| facts.lifecycle == Lifecycle::Existing)
}

fn is_named(catalog: &dyn Catalog, live: &Live) -> bool {
    catalog.facts(&live.kind).is_some_and(Facts::is_named)
}

/// Tells whose `live` is.
pub(super) fn ownership(stack: &str, live: &Live) -> Ownership {
    if live.tags.is_none() {
        return Ownership::Ours;
    }
    match live.owner() {
        Some(owner) if owner.stack == stack => Ownership::Ours,
        Some(owner) => Ownership::Others(owner.stack),
        None => Ownership::Nobodys,
    }
}
