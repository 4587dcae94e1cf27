//! The services of a trace, and which calls which.

use std::borrow::Cow;
use std::collections::HashMap;

use super::trace::{Flags, Kind, Trace};

/// The type of the node that stands for whoever made the first request.
pub const CLIENT: &str = "client";

/// By what a service is told from others.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeKey<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// Its type: an origin such as `AWS::ECS::Container`, `remote`, `client`, …;
    /// `None` where nothing says what it runs on.
    pub kind: Option<Cow<'a, str>>,
    /// The account that it is in, where that is another than one's own.
    pub account_id: Option<Cow<'a, str>>,
}

/// A service, or whatever else is called or calls.
#[derive(Clone, Debug)]
pub struct Node<'a> {
    /// By what it is told from others.
    pub key: NodeKey<'a>,
    /// Its segments, as indexes into [`Trace::entities`]; none for the client.
    pub segments: Vec<usize>,
    /// Whether it is inferred: nothing came from it.
    pub is_inferred: bool,
    /// Whether the trace begins here.
    pub is_root: bool,
}

/// A call from one node to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Call {
    /// The calling node: an index into [`Nodes::nodes`].
    pub source: usize,
    /// The node that is called.
    pub destination: usize,
    /// The entity that has the caller's view: the subsegment that calls, or the
    /// called segment where there is none.
    pub entity: usize,
    /// The segment that is called.
    pub callee: usize,
}

/// The nodes of one trace and the calls between them.
#[derive(Clone, Debug, Default)]
pub struct Nodes<'a> {
    /// In the order in which they came; the client last.
    pub nodes: Vec<Node<'a>>,
    /// In the order in which the called segments came; the client's last.
    pub calls: Vec<Call>,
    /// The node of each segment, by its index.
    of: HashMap<usize, usize>,
}

impl<'a> Nodes<'a> {
    /// The nodes of a trace. `account` is one's own.
    pub fn of(trace: &Trace<'a>, account: &str) -> Self {
        let mut found = Self::default();
        let mut known = HashMap::new();
        for (index, segment) in trace.segments() {
            let foreign = segment.account_id.clone();
            let key = NodeKey {
                name: segment.name.clone(),
                kind: segment.origin.clone(),
                account_id: foreign.filter(|id| !id.is_empty() && id != account),
            };
            let is_inferred = segment.kind == Kind::Inferred;
            let is_root = trace.root == Some(index);
            let at = *known.entry(key).or_insert_with_key(|key| {
                found.nodes.push(Node {
                    key: key.clone(),
                    segments: Vec::new(),
                    is_inferred,
                    is_root,
                });
                found.nodes.len() - 1
            });
            found.of.insert(index, at);
            if let Some(node) = found.nodes.get_mut(at) {
                node.segments.push(index);
                node.is_inferred &= is_inferred;
                node.is_root |= is_root;
            }
        }
        found.connect(trace);
        found.client(trace);
        found
    }

    /// The node that a segment belongs to.
    pub fn node_of(&self, segment: usize) -> Option<usize> {
        self.of.get(&segment).copied()
    }

    fn connect(&mut self, trace: &Trace<'a>) {
        for (callee, segment) in trace.segments() {
            let Some(parent) = segment.parent else {
                continue;
            };
            let Some(above) = trace.get(parent) else {
                continue;
            };
            let source = above.segment.and_then(|segment| self.node_of(segment));
            let (Some(source), Some(destination)) = (source, self.node_of(callee)) else {
                continue;
            };
            let entity = if above.is_segment() { callee } else { parent };
            self.calls.push(Call {
                source,
                destination,
                entity,
                callee,
            });
        }
    }

    /// Adds whoever called the first segment.
    fn client(&mut self, trace: &Trace<'a>) {
        let (Some(index), Some(root)) = (trace.root, trace.root()) else {
            return;
        };
        let Some(destination) = self.node_of(index) else {
            return;
        };
        self.calls.push(Call {
            source: self.nodes.len(),
            destination,
            entity: index,
            callee: index,
        });
        self.nodes.push(Node {
            key: NodeKey {
                name: root.name.clone(),
                kind: Some(Cow::Borrowed(CLIENT)),
                account_id: None,
            },
            segments: Vec::new(),
            is_inferred: false,
            is_root: false,
        });
    }
}

impl Node<'_> {
    /// Whether it is the client.
    pub fn is_client(&self) -> bool {
        self.segments.is_empty()
    }

    /// What any of its segments says of how it went.
    pub fn flags(&self, trace: &Trace<'_>) -> Flags {
        let segments = self.segments.iter().filter_map(|at| trace.get(*at));
        segments.fold(Flags::default(), |all, segment| Flags {
            error: all.error || segment.flags.error,
            fault: all.fault || segment.flags.fault,
            throttle: all.throttle || segment.flags.throttle,
        })
    }
}
