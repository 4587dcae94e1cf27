//! The services and edges that are known, by small numbers.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::traces::nodes::{Node, NodeKey};

/// Services that a graph holds. Those that come later are left out, with the
/// calls from and to them: nobody reads a map of that many, and names that are
/// made up for each request would fill the memory.
pub const MOST_SERVICES: usize = 10_000;
/// Edges that a graph holds. Those that come later are left out.
pub const MOST_EDGES: usize = 50_000;
/// Bytes of names, types and accounts that a graph holds. Services that come
/// later are left out.
pub const MOST_NAME_BYTES: usize = 16 << 20;

/// Services by number.
#[derive(Clone, Debug, Default)]
pub(in crate::traces) struct Names {
    keys: Vec<NodeKey<'static>>,
    numbers: HashMap<NodeKey<'static>, usize>,
    bytes: usize,
}

impl Names {
    /// The number of a service; `None` where it is new and there are too many.
    pub(in crate::traces) fn number(&mut self, key: &NodeKey<'_>) -> Option<usize> {
        // A map of keys that live longer is a map of keys that live shorter.
        let numbers: &HashMap<NodeKey<'_>, usize> = &self.numbers;
        if let Some(number) = numbers.get(key) {
            return Some(*number);
        }
        let bytes = self.bytes + length(key);
        if self.keys.len() >= MOST_SERVICES || bytes > MOST_NAME_BYTES {
            return None;
        }
        self.bytes = bytes;
        let number = self.keys.len();
        let key = owned(key);
        self.keys.push(key.clone());
        self.numbers.insert(key, number);
        Some(number)
    }

    /// The services, by number.
    pub(in crate::traces) fn keys(&self) -> &[NodeKey<'static>] {
        &self.keys
    }
}

/// Which numbers the nodes of one trace have.
#[derive(Clone, Debug, Default)]
pub(in crate::traces) struct Places(Vec<Place>);

#[derive(Clone, Copy, Debug)]
enum Place {
    NotAsked,
    Left,
    At(usize),
}

impl Places {
    /// Begins with another trace.
    pub(in crate::traces) fn reset(&mut self, nodes: usize) {
        self.0.clear();
        self.0.resize(nodes, Place::NotAsked);
    }

    /// The number of a node, asked for once a trace.
    pub(in crate::traces) fn number(
        &mut self,
        node: usize,
        nodes: &[Node<'_>],
        names: &mut Names,
    ) -> Option<usize> {
        let place = self.0.get_mut(node)?;
        match *place {
            Place::At(number) => Some(number),
            Place::Left => None,
            Place::NotAsked => {
                let number = names.number(&nodes.get(node)?.key);
                *place = number.map_or(Place::Left, Place::At);
                number
            }
        }
    }
}

fn length(key: &NodeKey<'_>) -> usize {
    let text = |text: &Option<Cow<'_, str>>| text.as_ref().map_or(0, |text| text.len());
    key.name.len() + text(&key.kind) + text(&key.account_id)
}

fn owned(key: &NodeKey<'_>) -> NodeKey<'static> {
    let text = |text: &Option<Cow<'_, str>>| {
        let text = text.as_ref();
        text.map(|text| Cow::Owned(text.clone().into_owned()))
    };
    NodeKey {
        name: Cow::Owned(key.name.clone().into_owned()),
        kind: text(&key.kind),
        account_id: text(&key.account_id),
    }
}
