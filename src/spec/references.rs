//! What can only be judged once all resources are known: references that lead
//! nowhere, names that AWS would see twice, circles.

use std::collections::{BTreeMap, BTreeSet};

use super::nearest;
use super::node::{Node, pointer_steps};
use super::report::{Finding, Report, Span};
use super::resources::{Built, locate};
use crate::model::{Address, Facts, Lifecycle};
use crate::resource::Kind;

/// Checks the resources of a spec together.
pub(super) fn check(resources: &[Built], targets: &Targets<'_>, report: &mut Report) {
    targets.check_fields(resources, report);
    let resources = in_order(resources);
    check_keys(&resources, targets.kinds, report);
    check_circles(&resources, report);
}

/// Makes each resource depend on those of the spec that it mentions by the
/// names that AWS knows them by. A mention that would close a circle orders
/// nothing: AWS lets roles trust one another, and a role itself.
pub(super) fn link_mentions(resources: &mut [Built]) {
    let by_key: BTreeMap<(String, String), usize> = resources
        .iter()
        .enumerate()
        .map(|(index, resource)| {
            let desired = &resource.desired;
            let kind = desired.address.kind().to_owned();
            ((kind, desired.key.clone()), index)
        })
        .collect();
    let by_address: BTreeMap<Address, usize> = resources
        .iter()
        .enumerate()
        .map(|(index, resource)| (resource.desired.address.clone(), index))
        .collect();
    for index in 0..resources.len() {
        for mention in std::mem::take(&mut resources[index].mentions) {
            let Some(&to) = by_key.get(&(mention.kind.to_owned(), mention.key)) else {
                continue;
            };
            if is_needed_by(to, index, resources, &by_address) {
                continue;
            }
            let address = resources[to].desired.address.clone();
            let resource = &mut resources[index];
            let desired = &mut resource.desired;
            let is_named = desired.references.iter().any(|one| one.to == address);
            if !is_named && !desired.depends_on.contains(&address) {
                desired.depends_on.push(address);
                resource.depends_on.push(resource.key.clone());
            }
        }
    }
}

/// Tells whether the resource at `user` needs the one at `needed`, itself or
/// through others.
fn is_needed_by(
    user: usize,
    needed: usize,
    resources: &[Built],
    by_address: &BTreeMap<Address, usize>,
) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![user];
    while let Some(index) = open.pop() {
        if index == needed {
            return true;
        }
        if seen.insert(index) {
            let desired = &resources[index].desired;
            let references = desired.references.iter().map(|reference| &reference.to);
            let next = references.chain(&desired.depends_on);
            open.extend(next.filter_map(|address| by_address.get(address)));
        }
    }
    false
}

/// What references may lead to.
pub(super) struct Targets<'a> {
    /// The addresses of all resources, those with errors of their own among
    /// them.
    pub(super) declared: BTreeSet<Address>,
    /// All types.
    pub(super) kinds: &'a [&'static dyn Kind],
}

impl Targets<'_> {
    /// Tells what is wrong where `field` refers to what the spec does not have.
    pub(super) fn check(&self, field: &str, to: &Address, place: &Span) -> Option<Finding> {
        if self.declared.contains(to) {
            return None;
        }
        let kinds = self.kinds.iter().map(|kind| kind.facts());
        let Some(facts) = kinds.clone().find(|facts| facts.kind == to.kind()) else {
            let message = format!("`{field}`: there is no type `{}`", to.kind());
            let hint = nearest::hint(to.kind(), kinds.map(|facts| facts.kind));
            return Some(Finding::new(place, message).maybe_hint(hint));
        };
        let (message, hint) = match (facts.lifecycle, to.name()) {
            (Lifecycle::Setting, Some(_)) => (
                format!("`{field}`: there is only one {}", facts.title),
                format!("write `{}`", facts.kind),
            ),
            (Lifecycle::Setting, None) => (
                format!("`{field}`: the spec has no `[{}]`", facts.table),
                format!("add `[{}]`", facts.table),
            ),
            (Lifecycle::Collection | Lifecycle::Existing, name) => {
                let name = name.unwrap_or_default();
                (
                    format!("`{field}`: the spec has no {} `{name}`", facts.title),
                    self.missing_name_hint(facts, name),
                )
            }
        };
        Some(Finding::new(place, message).hint(hint))
    }

    fn missing_name_hint(&self, facts: &Facts, name: &str) -> String {
        let same_kind = self
            .declared
            .iter()
            .filter(|address| address.kind() == facts.kind);
        match nearest(name, same_kind.filter_map(Address::name)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("add `[{}.{}]`", facts.table, toml_key(name)),
        }
    }

    /// Reports fields that refer to what the spec does not have.
    fn check_fields(&self, resources: &[Built], report: &mut Report) {
        for resource in resources {
            for reference in &resource.desired.references {
                let field = pointer_steps(&reference.field)
                    .collect::<Vec<_>>()
                    .join(".");
                let place = place_of(&resource.node, &reference.field);
                if let Some(finding) = self.check(&field, &reference.to, &place) {
                    report.add(&resource.subject, finding);
                }
            }
        }
    }
}

/// Writes a name as a TOML key.
fn toml_key(name: &str) -> String {
    let is_bare = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if is_bare {
        name.to_owned()
    } else {
        format!("\"{name}\"")
    }
}

/// Reports resources that are one and the same at AWS.
fn check_keys(resources: &[&Built], kinds: &[&'static dyn Kind], report: &mut Report) {
    let mut seen: BTreeMap<(&str, &str), &Built> = BTreeMap::new();
    for resource in resources.iter().copied() {
        let address = &resource.desired.address;
        let first = match seen.entry((address.kind(), &resource.desired.key)) {
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(resource);
                continue;
            }
            std::collections::btree_map::Entry::Occupied(entry) => *entry.get(),
        };
        let field = kinds
            .iter()
            .map(|kind| kind.facts())
            .find(|facts| facts.kind == address.kind())
            .and_then(|facts| facts.name_field);
        let message = format!(
            "is `{}` at AWS, as {} is",
            resource.desired.key,
            first.subject.words()
        );
        let place = field.map_or(&resource.key, |field| {
            &locate(&resource.node, &[field.to_owned()]).0.span
        });
        let hint = field.map(|field| format!("give one of them another `{field}`"));
        report.add(
            &resource.subject,
            Finding::new(place, message).maybe_hint(hint),
        );
    }
}

/// Lists resources in the order of the file.
fn in_order(resources: &[Built]) -> Vec<&Built> {
    let mut ordered: Vec<&Built> = resources.iter().collect();
    ordered.sort_by_key(|resource| resource.key.start);
    ordered
}

/// One edge of the graph of references.
struct Edge {
    to: usize,
    place: Span,
}

/// Reports resources that wait for one another, each circle once.
fn check_circles(resources: &[&Built], report: &mut Report) {
    let edges = edges(resources);
    let mut state = vec![State::New; resources.len()];
    for start in 0..resources.len() {
        if state[start] != State::New {
            continue;
        }
        // Depth first without recursion: a chain may be as long as the spec.
        let mut path = vec![(start, 0)];
        state[start] = State::OnPath;
        while let Some((at, next)) = path.last_mut() {
            let from = *at;
            let Some(edge) = edges[from].get(*next) else {
                state[from] = State::Done;
                path.pop();
                continue;
            };
            *next += 1;
            match state[edge.to] {
                State::New => {
                    state[edge.to] = State::OnPath;
                    path.push((edge.to, 0));
                }
                State::OnPath => {
                    let circle = path.iter().map(|(index, _)| *index);
                    let circle = circle.skip_while(|index| *index != edge.to);
                    let addresses: Vec<_> = circle
                        .map(|index| &resources[index].desired.address)
                        .collect();
                    let message = describe_circle(&addresses);
                    report.add(&resources[from].subject, Finding::new(&edge.place, message));
                }
                State::Done => {}
            }
        }
    }
}

/// Says who waits for whom; the last waits for the first.
fn describe_circle(addresses: &[&Address]) -> String {
    if addresses.len() == 1 {
        return "refers to itself".to_owned();
    }
    let around = addresses.iter().chain(addresses.first());
    let names: Vec<String> = around.map(|address| format!("`{address}`")).collect();
    format!("these wait for one another: {}", names.join(" → "))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    OnPath,
    Done,
}

fn edges(resources: &[&Built]) -> Vec<Vec<Edge>> {
    let index: BTreeMap<&Address, usize> = resources
        .iter()
        .enumerate()
        .map(|(index, resource)| (&resource.desired.address, index))
        .collect();
    resources
        .iter()
        .map(|resource| {
            let desired = &resource.desired;
            let references = desired.references.iter().filter_map(|reference| {
                let to = *index.get(&reference.to)?;
                let place = place_of(&resource.node, &reference.field);
                Some(Edge { to, place })
            });
            let ordered = desired.depends_on.iter().zip(&resource.depends_on);
            let ordered = ordered.filter_map(|(to, place)| {
                let to = *index.get(to)?;
                Some(Edge {
                    to,
                    place: place.clone(),
                })
            });
            references.chain(ordered).collect()
        })
        .collect()
}

fn place_of(node: &Node, pointer: &str) -> Span {
    let steps: Vec<String> = pointer_steps(pointer).collect();
    locate(node, &steps).0.span.clone()
}
