//! Graphs of services: which calls which, how often, how it went and how long it
//! took.
//!
//! [`Graph`] adds up traces and forgets them: it holds sums alone. Its answers do
//! not depend on the order in which traces come, as long as there are fewer
//! services than [`MOST_SERVICES`] and fewer edges than [`MOST_EDGES`]; beyond
//! them the first that come are in, and [`Graph::is_full`] tells.
//!
//! A service's requests are its finished segments that begin in the window; an
//! edge's are the finished calls that begin in it, with the caller's view. What
//! is in progress makes its service and its edge known, and is not counted.

mod ends;
mod shape;
mod sums;
pub(super) mod table;

use std::collections::HashMap;

pub use shape::{Edge, Link, MOST_LINKS, RetrievedService, Service, State};
pub use table::{MOST_EDGES, MOST_NAME_BYTES, MOST_SERVICES};

use super::histogram::Histogram;
use super::nodes::{Call, NodeKey, Nodes};
use super::source::Window;
use super::trace::{Entity, Trace};
use super::{CLIENT, inferred};
use ends::Ends;
use sums::{EdgeSums, ServiceSums, Starts};
use table::{Names, Places};

/// A graph of services that grows trace by trace.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    window: Option<Window>,
    names: Names,
    /// By a service's number.
    services: Vec<ServiceSums>,
    edges: Vec<EdgeSums>,
    /// Where the edge from one service to another stands in `edges`.
    known: HashMap<(usize, usize), usize>,
    is_full: bool,
    places: Places,
    ends: Ends,
}

impl Graph {
    /// An empty graph. With a window, of what begins in it; without one, of all
    /// that is added, with the links of its segments; AWS gives no times of
    /// services then.
    pub fn new(window: Option<Window>) -> Self {
        Self {
            window,
            ..Self::default()
        }
    }

    /// Adds a trace.
    pub fn add(&mut self, trace: &Trace<'_>, nodes: &Nodes<'_>) {
        self.ends.read(trace);
        self.places.reset(nodes.nodes.len());
        for (at, node) in nodes.nodes.iter().enumerate() {
            for index in &node.segments {
                let Some(segment) = trace.get(*index).filter(|it| self.takes(it)) else {
                    continue;
                };
                if let Some(number) = self.service(at, nodes) {
                    self.add_segment(number, *index, segment);
                }
            }
        }
        for call in &nodes.calls {
            let entity = trace.get(call.entity).filter(|it| self.takes(it));
            if let Some(entity) = entity {
                self.add_call(call, entity, nodes);
            }
        }
        if self.window.is_none() {
            self.add_links(trace, nodes);
        }
    }

    /// Adds all that another graph of the same window holds, so that traces can
    /// be read in parts.
    pub fn merge(&mut self, other: &Self) {
        self.is_full |= other.is_full;
        let numbers: Vec<Option<usize>> = {
            let keys = other.names.keys().iter();
            keys.map(|key| self.names.number(key)).collect()
        };
        self.services
            .resize_with(self.names.keys().len(), ServiceSums::default);
        for (number, sums) in numbers.iter().zip(&other.services) {
            match number.and_then(|number| self.services.get_mut(number)) {
                Some(service) => service.merge(sums),
                None => self.is_full = true,
            }
        }
        for sums in &other.edges {
            let number = |at: usize| numbers.get(at).copied().flatten();
            let ends = number(sums.source).zip(number(sums.destination));
            if let Some(edge) =
                ends.and_then(|(source, destination)| self.edge(source, destination))
            {
                edge.merge(sums);
            }
        }
    }

    /// Whether services or edges were left out because there were too many.
    pub fn is_full(&self) -> bool {
        self.is_full
    }

    /// The services, ordered by name, type and account.
    pub fn services(&self) -> Vec<Service> {
        let order = self.order();
        let mut edges = self.edges_by_source(&order);
        let mut services = Vec::with_capacity(order.numbers.len());
        for number in &order.numbers {
            let (Some(key), Some(sums)) =
                (self.names.keys().get(*number), self.services.get(*number))
            else {
                continue;
            };
            let edges = edges.get_mut(*number).map(std::mem::take);
            let starts = if sums.starts.0.is_some() {
                sums.starts
            } else {
                sums.calls
            };
            let (start_time, end_time) = self.times(starts);
            let is_client = key.kind.as_deref() == Some(CLIENT);
            let shown = |histogram: &Histogram| (!is_client).then(|| histogram.clone());
            services.push(Service {
                reference_id: services.len(),
                name: key.name.clone().into_owned(),
                names: vec![key.name.clone().into_owned()],
                root: sums.is_root.then_some(true),
                account_id: key.account_id.clone().map(std::borrow::Cow::into_owned),
                kind: key.kind.clone().map(std::borrow::Cow::into_owned),
                state: state(key, sums.is_active),
                start_time,
                end_time,
                edges: edges.unwrap_or_default(),
                summary_statistics: (!is_client).then_some(sums.statistics),
                duration_histogram: shown(&sums.durations),
                response_time_histogram: shown(&sums.response_times),
            });
        }
        services
    }

    /// The services as `GetRetrievedTracesGraph` gives them, of a graph without a
    /// window.
    pub fn retrieved_services(&self) -> Vec<RetrievedService> {
        let order = self.order();
        let links = order.numbers.iter().map(|number| {
            let sums = self.services.get(*number);
            sums.map(ServiceSums::links).unwrap_or_default()
        });
        let services = self.services().into_iter().zip(links);
        services
            .map(|(service, links)| RetrievedService { service, links })
            .collect()
    }

    fn takes(&self, entity: &Entity<'_>) -> bool {
        self.window
            .is_none_or(|window| window.contains(entity.start))
    }

    /// The number of a node of the trace that is added.
    fn service(&mut self, node: usize, nodes: &Nodes<'_>) -> Option<usize> {
        let number = self.places.number(node, &nodes.nodes, &mut self.names);
        let Some(number) = number else {
            self.is_full = true;
            return None;
        };
        if self.services.len() <= number {
            self.services.resize_with(number + 1, ServiceSums::default);
        }
        if let Some((sums, node)) = self.services.get_mut(number).zip(nodes.nodes.get(node)) {
            sums.is_root |= node.is_root;
            sums.is_active |= !node.is_inferred && !node.is_client();
        }
        Some(number)
    }

    fn add_segment(&mut self, number: usize, index: usize, segment: &Entity<'_>) {
        let Some(sums) = self.services.get_mut(number) else {
            return;
        };
        sums.starts.add(segment.start);
        let Some(seconds) = segment.seconds() else {
            return;
        };
        sums.statistics.add(segment.flags.outcome(), seconds);
        sums.response_times.add(seconds);
        let end = self.ends.of(index);
        let duration = end.map_or(seconds, |end| (end - segment.start).max(0.0));
        sums.durations.add(duration);
    }

    fn add_call(&mut self, call: &Call, entity: &Entity<'_>, nodes: &Nodes<'_>) {
        let ends = self.service(call.source, nodes);
        let Some((source, destination)) = ends.zip(self.service(call.destination, nodes)) else {
            return;
        };
        for number in [source, destination] {
            if let Some(sums) = self.services.get_mut(number) {
                sums.calls.add(entity.start);
            }
        }
        let Some(sums) = self.edge(source, destination) else {
            return;
        };
        sums.starts.add(entity.start);
        if let Some(seconds) = entity.seconds() {
            sums.statistics.add(entity.flags.outcome(), seconds);
            sums.response_times.add(seconds);
        }
    }

    /// The edge between two services; `None` where it is new and there are too
    /// many.
    fn edge(&mut self, source: usize, destination: usize) -> Option<&mut EdgeSums> {
        let at = match self.known.get(&(source, destination)) {
            Some(at) => *at,
            None if self.edges.len() >= MOST_EDGES => {
                self.is_full = true;
                return None;
            }
            None => {
                let at = self.edges.len();
                self.known.insert((source, destination), at);
                self.edges.push(EdgeSums::new(source, destination));
                at
            }
        };
        self.edges.get_mut(at)
    }

    fn add_links(&mut self, trace: &Trace<'_>, nodes: &Nodes<'_>) {
        for entity in trace.entities.iter().filter(|it| !it.links.is_empty()) {
            let node = entity.segment.and_then(|it| nodes.node_of(it));
            let number = node.and_then(|node| self.service(node, nodes));
            let Some(sums) = number.and_then(|number| self.services.get_mut(number)) else {
                continue;
            };
            sums.add_links(trace.id, entity.links.iter().copied());
        }
    }

    /// Services and where each stands in the answer.
    fn order(&self) -> Order {
        let keys = self.names.keys();
        let mut numbers: Vec<usize> = (0..self.services.len()).collect();
        numbers.sort_by_key(|number| keys.get(*number));
        let mut references = vec![0; numbers.len()];
        for (reference, number) in numbers.iter().enumerate() {
            if let Some(place) = references.get_mut(*number) {
                *place = reference;
            }
        }
        Order {
            numbers,
            references,
        }
    }

    /// The edges of each service, by its number, ordered by whom they call.
    fn edges_by_source(&self, order: &Order) -> Vec<Vec<Edge>> {
        let mut edges = vec![Vec::new(); self.services.len()];
        for sums in &self.edges {
            let Some(reference) = order.references.get(sums.destination) else {
                continue;
            };
            let (start_time, end_time) = self.times(sums.starts);
            let edge = Edge {
                reference_id: *reference,
                start_time,
                end_time,
                summary_statistics: sums.statistics,
                response_time_histogram: sums.response_times.clone(),
                aliases: [],
                edge_type: None,
                received_event_age_histogram: None,
            };
            if let Some(edges) = edges.get_mut(sums.source) {
                edges.push(edge);
            }
        }
        for edges in &mut edges {
            edges.sort_by_key(|edge: &Edge| edge.reference_id);
        }
        edges
    }

    /// Whole seconds around starts, as AWS has them in graphs with a window.
    fn times(&self, starts: Starts) -> (Option<f64>, Option<f64>) {
        let (Some(_), Some((first, last))) = (self.window, starts.0) else {
            return (None, None);
        };
        (Some(first.floor()), Some(last.floor() + 1.0))
    }
}

/// The order of services in the answer.
struct Order {
    /// Their numbers, in that order.
    numbers: Vec<usize>,
    /// By number, their places in it.
    references: Vec<usize>,
}

fn state(key: &NodeKey<'_>, is_active: bool) -> State {
    let kind = key.kind.as_deref();
    match kind {
        _ if is_active => State::Active,
        Some(inferred::REMOTE | inferred::DATABASE) => State::Passive,
        _ => State::Unknown,
    }
}
