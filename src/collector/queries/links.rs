//! Which service calls which, counted from spans.

use std::collections::{BTreeMap, HashMap};

use super::Failure;
use super::recent::{Names, walk};
use super::trace::service_of;
use crate::collector::store::Reader;
use crate::collector::zipkin_span::peer;
use crate::otlp::view::{Attributes, Kind, Span};

/// Spans that are counted at most, the newest of a window.
const MOST_SPANS: usize = 500_000;
/// Bytes of spans, as they came, that are read for that at most.
const MOST_BYTES: u64 = 256 << 20;
/// Spans above one that are looked at for the service that called.
const MOST_ANCESTORS: usize = 128;

/// How often one service calls another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) calls: u64,
    /// Those of them that failed.
    pub(super) errors: u64,
}

/// Calls by the caller and the called, in the order of their names.
pub(super) type Links = BTreeMap<(String, String), Count>;

type Key = ([u8; 16], [u8; 8]);

struct Node {
    trace: [u8; 16],
    id: [u8; 8],
    parent: Option<[u8; 8]>,
    service: u32,
    /// The other side of a call, as the span names it.
    remote: Option<u32>,
    kind: Kind,
    is_error: bool,
    /// It began in the window.
    is_counted: bool,
}

/// The spans of a window.
pub(super) struct Graph {
    names: Names,
    nodes: Vec<Node>,
    /// Spans by their ids. Zipkin's two sides of a call may share one.
    places: HashMap<Key, Vec<u32>>,
    /// Older spans of the window are not in it.
    pub(super) is_cut: bool,
}

impl Graph {
    /// Reads the spans that began in a window, in nanoseconds since 1970. Blocks.
    pub(super) fn read(reader: &Reader, time: (u64, u64)) -> Result<Self, Failure> {
        let mut graph = Self {
            names: Names::default(),
            nodes: Vec::new(),
            places: HashMap::new(),
            is_cut: false,
        };
        let is_cut = walk(reader, time, MOST_BYTES, |resource, span| {
            graph.add(resource, span, time);
        })?;
        graph.is_cut |= is_cut;
        Ok(graph)
    }

    fn add(&mut self, resource: Attributes<'_>, span: &Span<'_>, (from, to): (u64, u64)) {
        let (Ok(trace), Ok(id)) = (span.trace_id.try_into(), span.span_id.try_into()) else {
            return;
        };
        let service = self.names.number(service_of(resource));
        let at = self.places.entry((trace, id)).or_default();
        let is_known = at.iter().any(|place| {
            let node = usize::try_from(*place)
                .ok()
                .and_then(|at| self.nodes.get(at));
            node.is_some_and(|node| node.kind == span.kind && node.service == service)
        });
        // It came twice, or as a segment in progress before.
        if is_known {
            return;
        }
        if self.nodes.len() >= MOST_SPANS {
            self.is_cut = true;
            return;
        }
        at.push(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        let start = span.start_time_unix_nano;
        self.nodes.push(Node {
            trace,
            id,
            parent: span.parent().and_then(|parent| parent.try_into().ok()),
            service,
            remote: peer(span).map(|name| self.names.number(name)),
            kind: span.kind,
            is_error: span.status.is_error(),
            is_counted: (from..=to).contains(&start),
        });
    }

    fn named(&self, key: Key) -> impl Iterator<Item = &Node> {
        let places = self.places.get(&key).map_or(&[][..], Vec::as_slice);
        let places = places.iter().filter_map(|at| usize::try_from(*at).ok());
        places.filter_map(|at| self.nodes.get(at))
    }

    /// The span that one is below. Of two that share an id it is the serving one
    /// that has others below it, and the calling one that is above the serving.
    fn parent(&self, node: &Node) -> Option<&Node> {
        let mut shared = self.named((node.trace, node.id));
        if node.kind == Kind::Server
            && let Some(caller) = shared.find(|other| other.kind == Kind::Client)
        {
            return Some(caller);
        }
        let key = (node.trace, node.parent?);
        let serving = self.named(key).find(|other| other.kind == Kind::Server);
        serving.or_else(|| self.named(key).next())
    }

    /// Every span and the one that it is below, by their services; those of one
    /// service too. As Jaeger counts.
    pub(super) fn by_parents(&self) -> Links {
        let mut links = Links::new();
        for node in self.nodes.iter().filter(|node| node.is_counted) {
            if let Some(parent) = self.parent(node) {
                self.count(&mut links, parent.service, node.service, node.is_error);
            }
        }
        links
    }

    /// Calls from one service to another, to services that send no spans too. As
    /// Zipkin counts: work within a service is none.
    pub(super) fn by_calls(&self) -> Links {
        let mut has_answer: HashMap<Key, ()> = HashMap::new();
        for node in &self.nodes {
            if matches!(node.kind, Kind::Server | Kind::Consumer)
                && let Some(parent) = self.parent(node)
            {
                has_answer.insert((parent.trace, parent.id), ());
            }
        }
        let mut links = Links::new();
        for node in self.nodes.iter().filter(|node| node.is_counted) {
            let (service, is_error) = (node.service, node.is_error);
            match node.kind {
                Kind::Server | Kind::Consumer => {
                    if let Some(caller) = self.caller(node).or(node.remote) {
                        self.count(&mut links, caller, service, is_error);
                    }
                }
                Kind::Client | Kind::Producer => {
                    // The serving side was lost where another service did it.
                    if let Some(above) = self.caller(node).filter(|above| *above != service) {
                        self.count(&mut links, above, service, false);
                    }
                    if let Some(remote) = node.remote
                        && !has_answer.contains_key(&(node.trace, node.id))
                    {
                        self.count(&mut links, service, remote, is_error);
                    }
                }
                Kind::Internal | Kind::Unspecified => {}
            }
        }
        links
    }

    /// The service of the next span above that is a side of a call.
    fn caller(&self, node: &Node) -> Option<u32> {
        let above = std::iter::successors(self.parent(node), |above| self.parent(above));
        let is_side = |node: &&Node| !matches!(node.kind, Kind::Internal | Kind::Unspecified);
        let found = above.take(MOST_ANCESTORS).find(is_side);
        found.map(|node| node.service)
    }

    fn count(&self, links: &mut Links, from: u32, to: u32, is_error: bool) {
        let name = |number| self.names.get(number).unwrap_or_default().to_owned();
        let count = links.entry((name(from), name(to))).or_default();
        count.calls += 1;
        count.errors += u64::from(is_error);
    }
}
