//! From documents to a tree: which entity stands below which.
//!
//! Documents come from programs that others wrote, at different times and by
//! different ways: a segment twice, a parent that never came, ids that name one
//! another in a circle. Every entity has a place all the same, and only one.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Entity;

/// Entities, and what each stands below.
#[derive(Debug, Default)]
pub(super) struct Assembled {
    pub entities: Vec<Entity>,
    /// The index of the parent of each.
    pub parents: Vec<Option<usize>>,
    /// Which say that they have a parent that is not there.
    pub orphans: Vec<bool>,
}

/// An entity as it is read, with what it says of its parent.
struct Told {
    entity: Entity,
    /// It stands inside this one's document.
    inside: Option<usize>,
    parent_id: Option<String>,
}

impl Assembled {
    /// Assembles the entities of `documents`.
    pub(super) fn of(documents: &[&Map<String, Value>]) -> Self {
        let mut told = Vec::new();
        for document in documents {
            flatten(document, &mut told);
        }
        let known = known(&told);
        // Of two versions one is kept; what stood in the other moves there.
        let kept: Vec<usize> = (0..told.len())
            .map(|index| known.get(&told[index].entity.id).copied().unwrap_or(index))
            .collect();
        let mut places = BTreeMap::new();
        let mut assembled = Self::default();
        for (index, one) in told.iter().enumerate() {
            if kept[index] == index {
                places.insert(index, assembled.entities.len());
                assembled.entities.push(one.entity.clone());
            }
        }
        for (index, one) in told.iter().enumerate() {
            if kept[index] != index {
                continue;
            }
            let named = one.parent_id.as_ref().and_then(|id| known.get(id));
            let parent = one.inside.map(|inside| kept[inside]).or(named.copied());
            let parent = parent.filter(|parent| *parent != index);
            let parent = parent.and_then(|parent| places.get(&parent).copied());
            let says_so = one.inside.is_some() || one.parent_id.is_some();
            assembled.orphans.push(says_so && parent.is_none());
            assembled.parents.push(parent);
        }
        assembled
    }
}

/// Which of the entities of one id counts: the first that is complete, or else
/// the last in progress.
fn known(told: &[Told]) -> BTreeMap<String, usize> {
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for (index, one) in told.iter().enumerate() {
        if one.entity.id.is_empty() {
            continue;
        }
        let best = known.entry(one.entity.id.clone()).or_insert(index);
        if told[*best].entity.end.is_none() {
            *best = index;
        }
    }
    known
}

/// Appends an entity and all that stand inside it.
fn flatten(document: &Map<String, Value>, told: &mut Vec<Told>) {
    let mut waiting = vec![(document, None)];
    while let Some((document, inside)) = waiting.pop() {
        let mut entity = Entity::of(document);
        entity.is_subsegment |= inside.is_some();
        let index = told.len();
        told.push(Told {
            entity,
            inside,
            parent_id: document
                .get("parent_id")
                .and_then(Value::as_str)
                .map(str::to_owned),
        });
        let below = document.get("subsegments").and_then(Value::as_array);
        let below = below.into_iter().flatten().rev();
        waiting.extend(below.filter_map(|one| Some((one.as_object()?, Some(index)))));
    }
}
