//! In which order things may be done: creations after what they refer to,
//! deletions before it, and no circles.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::{tarjan_scc, toposort};
use petgraph::graph::{DiGraph, NodeIndex};

use super::{Action, Catalog, Mode, Plan};
use crate::model::{Address, Desired, Diagnostic, Diagnostics, Facts, Lifecycle, ReplaceOrder};

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
    /// Indices of the steps that must be done first. Where one of them fails,
    /// this one is not begun.
    pub after: Vec<usize>,
    /// Indices of the steps that should have ended before, done or failed.
    pub follows: Vec<usize>,
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

/// Cuts a spec down to the resources of `only` and those that must go with
/// them: what they need, or, to destroy, what needs them. All of it where
/// `only` is empty.
pub fn selected(desired: Vec<Desired>, only: &[Address], mode: Mode) -> Vec<Desired> {
    if only.is_empty() {
        return desired;
    }
    let mut leads_to: BTreeMap<Address, Vec<Address>> = BTreeMap::new();
    for item in &desired {
        for needed in needs(item) {
            let (from, to) = match mode {
                Mode::Destroy => (needed, &item.address),
                Mode::Apply | Mode::RefreshOnly => (&item.address, needed),
            };
            leads_to.entry(from.clone()).or_default().push(to.clone());
        }
    }
    let mut kept = BTreeSet::new();
    let mut open: Vec<Address> = only.to_vec();
    while let Some(address) = open.pop() {
        if kept.insert(address.clone()) {
            open.extend(leads_to.get(&address).into_iter().flatten().cloned());
        }
    }
    desired
        .into_iter()
        .filter(|item| kept.contains(&item.address))
        .collect()
}

/// Lays out the steps of a plan with what each has to wait for.
pub fn schedule(catalog: &dyn Catalog, plan: &Plan) -> Vec<Step> {
    let mut layout = Layout::new(catalog, plan);
    layout.make_room();
    for index in 0..plan.changes.len() {
        layout.order_halves(index);
        for needed in layout.needed_by(index) {
            layout.put_after(index, needed);
            layout.remove_after_users(index, needed);
        }
    }
    layout.steps
}

/// The steps so far.
struct Layout<'a> {
    catalog: &'a dyn Catalog,
    plan: &'a Plan,
    steps: Vec<Step>,
    /// The step of each half of each change that has it.
    halves: BTreeMap<(usize, Half), usize>,
    by_address: BTreeMap<&'a Address, usize>,
    by_kind: BTreeMap<&'a str, Vec<usize>>,
}

/// A change that another needs, and how firmly.
#[derive(Clone, Copy)]
struct Needed {
    change: usize,
    /// The spec says so; otherwise only the types tell that it may be so.
    is_named: bool,
}

impl<'a> Layout<'a> {
    fn new(catalog: &'a dyn Catalog, plan: &'a Plan) -> Self {
        let mut layout = Self {
            catalog,
            plan,
            steps: Vec::new(),
            halves: BTreeMap::new(),
            by_address: BTreeMap::new(),
            by_kind: BTreeMap::new(),
        };
        for (index, change) in plan.changes.iter().enumerate() {
            layout.by_address.insert(&change.address, index);
            layout
                .by_kind
                .entry(change.address.kind())
                .or_default()
                .push(index);
            for &half in halves(change.action) {
                layout.halves.insert((index, half), layout.steps.len());
                layout.steps.push(Step {
                    change: index,
                    half,
                    after: Vec::new(),
                    follows: Vec::new(),
                });
            }
        }
        layout
    }

    /// Lists what a change needs: what it refers to, and all of the types that
    /// it may refer to, since nothing else is known of what stood before.
    fn needed_by(&self, index: usize) -> Vec<Needed> {
        let change = &self.plan.changes[index];
        let named = change
            .depends_on
            .iter()
            .filter_map(|address| self.by_address.get(address))
            .map(|&change| Needed {
                change,
                is_named: true,
            });
        let facts = self.catalog.facts(change.address.kind());
        let possible = facts
            .into_iter()
            .flat_map(|facts| facts.refers_to)
            .filter_map(|kind| self.by_kind.get(kind))
            .flatten()
            .map(|&change| Needed {
                change,
                is_named: false,
            });
        named.chain(possible).collect()
    }

    fn order_halves(&mut self, index: usize) {
        let (first, second) = match self.replace_order(index) {
            ReplaceOrder::DeleteFirst => (Half::Remove, Half::Put),
            ReplaceOrder::CreateFirst => (Half::Put, Half::Remove),
        };
        self.wait((index, second), (index, first));
    }

    /// What is referred to comes first. Settings come first by their type
    /// alone, as the indexing rule after the destination.
    fn put_after(&mut self, index: usize, needed: Needed) {
        let by_type = self.plan.mode == Mode::Apply && self.is_setting(needed.change);
        if needed.is_named || by_type {
            self.wait((index, Half::Put), (needed.change, Half::Put));
            if self.is_deleted_first(index) && !self.is_deleted_first(needed.change) {
                // Not deleted before it is certain that it can be made anew;
                // but what it needs waits for it, where that is deleted first
                // as well.
                self.wait((index, Half::Remove), (needed.change, Half::Put));
            }
        }
    }

    /// AWS allows few of some types: what goes makes room for what comes. Types
    /// that others refer to are left out, since what goes waits for its users,
    /// and those may wait for what comes.
    fn make_room(&mut self) {
        let kinds: Vec<&str> = self.by_kind.keys().copied().collect();
        for kind in &kinds {
            let is_referred_to = kinds.iter().any(|other| {
                let facts = self.catalog.facts(other);
                facts.is_some_and(|facts| facts.refers_to.contains(kind))
            });
            let facts = self.catalog.facts(kind);
            let is_deleted_first =
                facts.is_some_and(|facts| facts.replace_order == ReplaceOrder::DeleteFirst);
            if is_deleted_first && !is_referred_to {
                let going = self.steps_of(kind, Action::Delete);
                for step in self.steps_of(kind, Action::Create) {
                    self.steps[step].follows.clone_from(&going);
                }
            }
        }
    }

    fn steps_of(&self, kind: &str, action: Action) -> Vec<usize> {
        let changes = self.by_kind.get(kind).into_iter().flatten();
        changes
            .filter(|&&index| self.plan.changes[index].action == action)
            .flat_map(|&index| halves(action).iter().map(move |half| (index, *half)))
            .filter_map(|step| self.halves.get(&step).copied())
            .collect()
    }

    fn is_deleted_first(&self, index: usize) -> bool {
        self.plan.changes[index].action == Action::Replace
            && self.replace_order(index) == ReplaceOrder::DeleteFirst
    }

    /// What is referred to goes last. One that is deleted first to be made
    /// anew cannot wait for those that move to the new one.
    fn remove_after_users(&mut self, index: usize, needed: Needed) {
        let comes_back = self.is_deleted_first(needed.change);
        self.wait((needed.change, Half::Remove), (index, Half::Remove));
        if !comes_back {
            self.wait((needed.change, Half::Remove), (index, Half::Put));
        }
    }

    fn wait(&mut self, later: (usize, Half), earlier: (usize, Half)) {
        let (Some(&later), Some(&earlier)) = (self.halves.get(&later), self.halves.get(&earlier))
        else {
            return;
        };
        if !self.steps[later].after.contains(&earlier) {
            self.steps[later].after.push(earlier);
        }
    }

    fn replace_order(&self, index: usize) -> ReplaceOrder {
        self.facts(index)
            .map_or(ReplaceOrder::DeleteFirst, |facts| facts.replace_order)
    }

    fn is_setting(&self, index: usize) -> bool {
        self.facts(index)
            .is_some_and(|facts| facts.lifecycle == Lifecycle::Setting)
    }

    fn facts(&self, index: usize) -> Option<&'static Facts> {
        self.catalog.facts(self.plan.changes[index].address.kind())
    }
}

fn halves(action: Action) -> &'static [Half] {
    match action {
        Action::NoOp => &[],
        Action::Create | Action::Update | Action::Adopt => &[Half::Put],
        Action::Delete | Action::Release => &[Half::Remove],
        Action::Replace => &[Half::Put, Half::Remove],
    }
}
