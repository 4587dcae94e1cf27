//! Places for services in layers, callers before what they call.
//!
//! The method is that of Sugiyama, Tagawa and Toda ("Methods for Visual
//! Understanding of Hierarchical System Structures", 1981): calls that close a
//! circle are turned around, each service stands one layer behind its last caller,
//! calls over several layers go through a place in each, and layers are put in an
//! order with few crossings by the mean place of the neighbours.

use crate::lookup::Graph;

/// Sweeps over the layers, down and up.
const SWEEPS: usize = 6;
/// The most places that calls over several layers may take; beyond, such calls
/// are drawn straight.
const MOST_PLACES: usize = 20_000;

/// A place: layer and slot in it, from 0.
pub(super) type Slot = (usize, usize);

/// Where everything is.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// The place of each service.
    pub nodes: Vec<Slot>,
    /// The places that each call goes through, from layer to layer; one alone
    /// where a service calls itself.
    pub edges: Vec<Vec<Slot>>,
    /// Which calls go against the order of the layers: their places are those
    /// from what is called to its caller.
    pub turned: Vec<bool>,
    /// Places in each layer.
    pub layers: Vec<usize>,
}

/// Places the services of a graph.
pub(super) fn layout(graph: &Graph) -> Layout {
    let count = graph.services.len();
    let calls: Vec<(usize, usize)> = graph
        .edges
        .iter()
        .map(|edge| (edge.from, edge.to))
        .collect();
    let turned = closing(count, &calls);
    let forward: Vec<(usize, usize)> = calls
        .iter()
        .zip(&turned)
        .map(|(&(from, to), &is_turned)| if is_turned { (to, from) } else { (from, to) })
        .collect();
    let ranks = ranks(count, &forward);
    let mut places = Places::new(&ranks, &forward);
    places.untangle();
    places.layout(count, turned)
}

/// Finds the calls that close a circle: those that lead to a service that the
/// walk is still in.
fn closing(count: usize, calls: &[(usize, usize)]) -> Vec<bool> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        Not,
        In,
        Done,
    }
    let mut out = vec![Vec::new(); count];
    let mut into = vec![0_usize; count];
    for (index, (from, to)) in calls
        .iter()
        .enumerate()
        .filter(|(_, (from, to))| from != to)
    {
        out[*from].push(index);
        into[*to] += 1;
    }
    let mut turned = vec![false; calls.len()];
    let mut seen = vec![Seen::Not; count];
    let mut tops: Vec<usize> = (0..count).collect();
    tops.sort_by_key(|node| into[*node] > 0);
    for top in tops {
        if seen[top] != Seen::Not {
            continue;
        }
        seen[top] = Seen::In;
        let mut way = vec![(top, 0)];
        while let Some((node, next)) = way.last_mut() {
            let Some(&call) = out[*node].get(*next) else {
                seen[*node] = Seen::Done;
                way.pop();
                continue;
            };
            *next += 1;
            let to = calls[call].1;
            match seen[to] {
                Seen::Not => {
                    seen[to] = Seen::In;
                    way.push((to, 0));
                }
                Seen::In => turned[call] = true,
                Seen::Done => {}
            }
        }
    }
    turned
}

/// The layer of each service: one behind its last caller. `calls` have no circle
/// but of a service with itself.
fn ranks(count: usize, calls: &[(usize, usize)]) -> Vec<usize> {
    let mut out = vec![Vec::new(); count];
    let mut missing = vec![0_usize; count];
    for (from, to) in calls.iter().filter(|(from, to)| from != to) {
        out[*from].push(*to);
        missing[*to] += 1;
    }
    let mut ranks = vec![0; count];
    let mut ready: Vec<usize> = (0..count).filter(|node| missing[*node] == 0).collect();
    while let Some(node) = ready.pop() {
        for &to in &out[node] {
            ranks[to] = ranks[to].max(ranks[node] + 1);
            missing[to] -= 1;
            if missing[to] == 0 {
                ready.push(to);
            }
        }
    }
    ranks
}

/// Services, and places for calls on their way, in layers.
struct Places {
    /// What stands in each layer, in order: services first by number, then ways.
    layers: Vec<Vec<usize>>,
    /// The layer of each.
    ranks: Vec<usize>,
    /// Neighbours in the layer before, and in the one behind.
    before: Vec<Vec<usize>>,
    behind: Vec<Vec<usize>>,
    /// What each call goes through.
    edges: Vec<Vec<usize>>,
}

impl Places {
    fn new(ranks: &[usize], calls: &[(usize, usize)]) -> Self {
        let longest = |(from, to): &(usize, usize)| ranks[*to].saturating_sub(ranks[*from]);
        let has_ways = calls.iter().map(longest).sum::<usize>() <= MOST_PLACES;
        let mut ranks = ranks.to_vec();
        let mut edges = Vec::with_capacity(calls.len());
        for &(from, to) in calls {
            let mut through = vec![from];
            if has_ways {
                for rank in ranks[from] + 1..ranks[to].max(1) {
                    through.push(ranks.len());
                    ranks.push(rank);
                }
            }
            if from != to {
                through.push(to);
            }
            edges.push(through);
        }
        let mut layers = vec![Vec::new(); ranks.iter().max().map_or(0, |last| last + 1)];
        for (place, rank) in ranks.iter().enumerate() {
            layers[*rank].push(place);
        }
        let mut before = vec![Vec::new(); ranks.len()];
        let mut behind = vec![Vec::new(); ranks.len()];
        for through in &edges {
            for pair in through.windows(2) {
                behind[pair[0]].push(pair[1]);
                before[pair[1]].push(pair[0]);
            }
        }
        Self {
            layers,
            ranks,
            before,
            behind,
            edges,
        }
    }

    /// Puts each layer in the order of the mean slots of its neighbours.
    fn untangle(&mut self) {
        let mut slots = vec![0; self.ranks.len()];
        let note = |layer: &[usize], slots: &mut [usize]| {
            for (slot, place) in layer.iter().enumerate() {
                slots[*place] = slot;
            }
        };
        for layer in &self.layers {
            note(layer, &mut slots);
        }
        for sweep in 0..SWEEPS {
            let is_down = sweep % 2 == 0;
            let count = self.layers.len();
            for step in 0..count {
                let at = if is_down { step } else { count - 1 - step };
                let neighbours = if is_down { &self.before } else { &self.behind };
                let layer = &mut self.layers[at];
                layer.sort_by(|one, other| {
                    mean(&neighbours[*one], &slots, slots[*one]).total_cmp(&mean(
                        &neighbours[*other],
                        &slots,
                        slots[*other],
                    ))
                });
                note(layer, &mut slots);
            }
        }
    }

    fn layout(self, count: usize, turned: Vec<bool>) -> Layout {
        let mut slots = vec![(0, 0); self.ranks.len()];
        for (rank, layer) in self.layers.iter().enumerate() {
            for (slot, place) in layer.iter().enumerate() {
                slots[*place] = (rank, slot);
            }
        }
        let edges = self.edges.iter();
        Layout {
            edges: edges
                .map(|through| through.iter().map(|place| slots[*place]).collect())
                .collect(),
            layers: self.layers.iter().map(Vec::len).collect(),
            nodes: slots.into_iter().take(count).collect(),
            turned,
        }
    }
}

/// The mean slot of neighbours; one without any stays where it is.
#[expect(clippy::cast_precision_loss, reason = "slots are few")]
fn mean(neighbours: &[usize], slots: &[usize], own: usize) -> f64 {
    if neighbours.is_empty() {
        return own as f64;
    }
    let sum: usize = neighbours.iter().map(|place| slots[*place]).sum();
    sum as f64 / neighbours.len() as f64
}
