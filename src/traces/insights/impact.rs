//! Which services the faults of an insight went through.

use std::collections::{BTreeSet, HashMap};

use super::shape::{InsightImpactGraphEdge, InsightImpactGraphService};
use crate::traces::graph::MOST_EDGES;
use crate::traces::graph::table::{Names, Places};
use crate::traces::nodes::{NodeKey, Nodes};
use crate::traces::source::Window;
use crate::traces::summary::ServiceId;
use crate::traces::trace::{Outcome, Trace};

/// The services that faulted in the traces in which one certain service did, and
/// the calls between them, growing trace by trace.
#[derive(Clone, Debug)]
pub struct ImpactGraph {
    window: Window,
    root_cause: ServiceId,
    names: Names,
    services: BTreeSet<usize>,
    edges: BTreeSet<(usize, usize)>,
    places: Places,
}

impl ImpactGraph {
    /// An empty graph of what begins in a window, for an insight with this root
    /// cause.
    pub fn new(window: Window, root_cause: ServiceId) -> Self {
        Self {
            window,
            root_cause,
            names: Names::default(),
            services: BTreeSet::new(),
            edges: BTreeSet::new(),
            places: Places::default(),
        }
    }

    /// Adds a trace.
    pub fn add(&mut self, trace: &Trace<'_>, nodes: &Nodes<'_>) {
        let faulted = |segment: usize| {
            let segment = trace.get(segment).filter(|it| it.end.is_some());
            segment.is_some_and(|it| {
                it.flags.outcome() == Outcome::Fault && self.window.contains(it.start)
            })
        };
        let all = nodes.nodes.iter();
        let faulty: Vec<bool> = all
            .map(|it| it.segments.iter().any(|at| faulted(*at)))
            .collect();
        let is_faulty = |node: usize| faulty.get(node) == Some(&true);
        let mut named = nodes.nodes.iter().enumerate();
        if !named.any(|(at, node)| is_faulty(at) && is_service(&self.root_cause, &node.key)) {
            return;
        }
        let failed = nodes.calls.iter().filter(|call| {
            faulted(call.callee) && is_faulty(call.source) && is_faulty(call.destination)
        });
        let failed: Vec<(usize, usize)> =
            failed.map(|call| (call.source, call.destination)).collect();
        self.places.reset(nodes.nodes.len());
        for at in (0..nodes.nodes.len()).filter(|at| is_faulty(*at)) {
            let number = self.places.number(at, &nodes.nodes, &mut self.names);
            self.services.extend(number);
        }
        for (source, destination) in failed {
            let source = self.places.number(source, &nodes.nodes, &mut self.names);
            let destination = self
                .places
                .number(destination, &nodes.nodes, &mut self.names);
            if self.edges.len() < MOST_EDGES {
                self.edges.extend(source.zip(destination));
            }
        }
    }

    /// The services, ordered by name, type and account. Clients are not among
    /// them.
    pub fn services(&self) -> Vec<InsightImpactGraphService> {
        let mut order: Vec<usize> = self.services.iter().copied().collect();
        order.sort_by_key(|number| self.names.keys().get(*number));
        let places: HashMap<usize, usize> = order.iter().copied().zip(0..).collect();
        let mut services = Vec::with_capacity(order.len());
        for number in &order {
            let Some(key) = self.names.keys().get(*number) else {
                continue;
            };
            let ServiceId {
                name,
                names,
                account_id,
                kind,
            } = ServiceId::of(key);
            let called = self.edges.range((*number, 0)..=(*number, usize::MAX));
            let mut edges: Vec<_> = called
                .filter_map(|(_, destination)| places.get(destination))
                .map(|place| InsightImpactGraphEdge {
                    reference_id: *place,
                })
                .collect();
            edges.sort_unstable_by_key(|edge| edge.reference_id);
            services.push(InsightImpactGraphService {
                reference_id: services.len(),
                kind,
                name,
                names,
                account_id,
                edges,
            });
        }
        services
    }
}

fn is_service(id: &ServiceId, key: &NodeKey<'_>) -> bool {
    id.name == key.name
        && id.kind.as_deref() == key.kind.as_deref()
        && id.account_id.as_deref() == key.account_id.as_deref()
}
