//! In which order things may be done: creations after what they refer to,
//! deletions before it, and no circles.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::{tarjan_scc, toposort};
use petgraph::graph::{DiGraph, NodeIndex};

use super::{Action, Catalog, Change, Mode, Plan};
use crate::model::{Address, Desired, Diagnostic, Diagnostics, Lifecycle, ReplaceOrder};

/// One half of a change: a replacement has both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Half {
    /// Create, update or adopt.
    Put,
    /// Delete.
    Remove,
}

/// One thing to do, and what must be done before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The index of the change in the plan.
    pub change: usize,
    /// Which half of it.
    pub half: Half,
    /// Indices of the steps that must be done first.
    pub after: Vec<usize>,
}

/// Orders resources so that each comes after those that it refers to.
///
/// # Errors
/// Circles, each told with its members.
pub fn by_dependency(desired: &[Desired]) -> Result<Vec<&Desired>, Diagnostics> {
    let mut graph = DiGraph::<usize, ()>::new();
    let nodes: BTreeMap<&Address, NodeIndex> = desired
        .iter()
        .enumerate()
        .map(|(index, item)| (&item.address, graph.add_node(index)))
        .collect();
    for item in desired {
        for needed in needs(item) {
            if let (Some(&from), Some(&to)) = (nodes.get(needed), nodes.get(&item.address)) {
                graph.add_edge(from, to, ());
            }
        }
    }
    if let Ok(order) = toposort(&graph, None) {
        return Ok(order
            .into_iter()
            .map(|node| &desired[graph[node]])
            .collect());
    }
    let circles = tarjan_scc(&graph).into_iter().filter(|members| {
        let first = members[0];
        members.len() > 1 || graph.contains_edge(first, first)
    });
    Err(circles
        .map(|members| {
            let members: Vec<&Desired> = members
                .into_iter()
                .map(|node| &desired[graph[node]])
                .collect();
            circle(&members)
        })
        .collect())
}

fn needs(item: &Desired) -> impl Iterator<Item = &Address> {
    item.references
        .iter()
        .map(|reference| &reference.to)
        .chain(&item.depends_on)
}

fn circle(members: &[&Desired]) -> Diagnostic {
    let mut names: Vec<String> = members
        .iter()
        .map(|item| item.address.to_string())
        .collect();
    names.sort();
    let first = members.iter().min_by_key(|item| &item.address);
    let names = if names.len() == 1 {
        format!("{} refers to itself", names[0])
    } else {
        format!("{} refer to one another in a circle", names.join(", "))
    };
    let mut diagnostic =
        Diagnostic::error(names).with_hint("take one reference or `depends_on` out");
    if let Some(first) = first {
        diagnostic = diagnostic.at(first.address.clone());
        diagnostic.source.clone_from(&first.source);
    }
    diagnostic
}

/// Returns `wanted` and everything that they need, directly or not.
pub fn with_dependencies(changes: &[Change], wanted: &[Address]) -> BTreeSet<Address> {
    let by_address: BTreeMap<&Address, &Change> = changes
        .iter()
        .map(|change| (&change.address, change))
        .collect();
    let mut kept = BTreeSet::new();
    let mut open: Vec<Address> = wanted.to_vec();
    while let Some(address) = open.pop() {
        if let Some(change) = by_address.get(&address) {
            open.extend(change.depends_on.iter().cloned());
        }
        if !kept.insert(address) {
            // Seen already: its needs were added then.
        }
    }
    kept
}

/// Lays out the steps of a plan with what each has to wait for.
pub fn schedule(catalog: &dyn Catalog, plan: &Plan) -> Vec<Step> {
    let mut steps = Vec::new();
    for (index, change) in plan.changes.iter().enumerate() {
        for half in halves(change.action) {
            steps.push(Step {
                change: index,
                half: *half,
                after: Vec::new(),
            });
        }
    }
    let waits: Vec<Vec<usize>> = (0..steps.len())
        .map(|later| {
            (0..steps.len())
                .filter(|earlier| {
                    *earlier != later && goes_first(catalog, plan, &steps[*earlier], &steps[later])
                })
                .collect()
        })
        .collect();
    for (step, after) in steps.iter_mut().zip(waits) {
        step.after = after;
    }
    steps
}

fn halves(action: Action) -> &'static [Half] {
    match action {
        Action::NoOp => &[],
        Action::Create | Action::Update | Action::Adopt => &[Half::Put],
        Action::Delete => &[Half::Remove],
        Action::Replace => &[Half::Put, Half::Remove],
    }
}

/// Tells whether `earlier` has to be done before `later`.
fn goes_first(catalog: &dyn Catalog, plan: &Plan, earlier: &Step, later: &Step) -> bool {
    let (first, second) = (&plan.changes[earlier.change], &plan.changes[later.change]);
    if earlier.change == later.change {
        return match replace_order(catalog, first) {
            ReplaceOrder::DeleteFirst => earlier.half == Half::Remove,
            ReplaceOrder::CreateFirst => earlier.half == Half::Put,
        };
    }
    match (earlier.half, later.half) {
        // What is referred to comes first.
        (Half::Put, Half::Put) => {
            second.depends_on.contains(&first.address)
                || (plan.mode == Mode::Apply
                    && is_setting(catalog, first)
                    && refers_to_type(catalog, second, first))
        }
        // What refers to it goes first; so does whatever else might.
        (_, Half::Remove) => {
            let holds = first.depends_on.contains(&second.address)
                || refers_to_type(catalog, first, second);
            // One that is deleted first is made anew before its users move.
            let comes_back = second.action == Action::Replace
                && replace_order(catalog, second) == ReplaceOrder::DeleteFirst;
            holds && !(comes_back && earlier.half == Half::Put)
        }
        (Half::Remove, Half::Put) => false,
    }
}

fn replace_order(catalog: &dyn Catalog, change: &Change) -> ReplaceOrder {
    catalog
        .facts(change.address.kind())
        .map_or(ReplaceOrder::DeleteFirst, |facts| facts.replace_order)
}

fn is_setting(catalog: &dyn Catalog, change: &Change) -> bool {
    catalog
        .facts(change.address.kind())
        .is_some_and(|facts| facts.lifecycle == Lifecycle::Setting)
}

fn refers_to_type(catalog: &dyn Catalog, from: &Change, to: &Change) -> bool {
    catalog
        .facts(from.address.kind())
        .is_some_and(|facts| facts.refers_to.contains(&to.address.kind()))
}
