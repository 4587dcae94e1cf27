//! What can only be judged once all resources are known: references that lead
//! nowhere, names that AWS would see twice, circles.

use std::collections::{BTreeMap, BTreeSet};

use super::nearest;
use super::report::{Finding, Report, Span};
use super::resources::{Built, locate};
use crate::model::{Address, Facts, Lifecycle};
use crate::resource::Kind;

/// Reports references to what the spec does not have. `declared` are the
/// addresses of all resources, those with errors of their own among them.
pub(super) fn check_targets(
    resources: &[Built],
    declared: &BTreeSet<Address>,
    kinds: &[&'static dyn Kind],
    report: &mut Report,
) {
    for resource in resources {
        let mut findings = Vec::new();
        for reference in &resource.desired.references {
            if !declared.contains(&reference.to) {
                let place = locate(&resource.node, &reference.field);
                let name = reference.field.trim_start_matches('/').replace('/', ".");
                findings.push(dangling(&name, &reference.to, declared, kinds, &place.span));
            }
        }
        let ordered = resource.desired.depends_on.iter().zip(&resource.depends_on);
        for (to, place) in ordered {
            if !declared.contains(to) {
                findings.push(dangling("depends_on", to, declared, kinds, place));
            }
        }
        for finding in findings {
            report.add(&resource.subject, finding);
        }
    }
}

fn dangling(
    field: &str,
    to: &Address,
    declared: &BTreeSet<Address>,
    kinds: &[&'static dyn Kind],
    place: &Span,
) -> Finding {
    let Some(facts) = kinds
        .iter()
        .map(|kind| kind.facts())
        .find(|facts| facts.kind == to.kind())
    else {
        let known = kinds.iter().map(|kind| kind.facts().kind);
        return Finding::new(
            place,
            format!("`{field}`: there is no type `{}`", to.kind()),
        )
        .maybe_hint(nearest::hint(to.kind(), known));
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
        (Lifecycle::Collection, name) => {
            let name = name.unwrap_or_default();
            let same_kind = declared
                .iter()
                .filter(|address| address.kind() == to.kind());
            let names: Vec<&str> = same_kind.filter_map(Address::name).collect();
            (
                format!("`{field}`: the spec has no {} `{name}`", facts.title),
                missing_name_hint(facts, name, &names),
            )
        }
    };
    Finding::new(place, message).hint(hint)
}

fn missing_name_hint(facts: &Facts, name: &str, names: &[&str]) -> String {
    match nearest::nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("add `[{}.{}]`, or give an ARN", facts.table, toml_key(name)),
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
pub(super) fn check_keys(resources: &[Built], kinds: &[&'static dyn Kind], report: &mut Report) {
    let mut seen: BTreeMap<(&str, &str), &Built> = BTreeMap::new();
    for resource in in_order(resources) {
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
            &locate(&resource.node, &format!("/{field}")).span
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
pub(super) fn check_circles(resources: &[Built], report: &mut Report) {
    let resources = in_order(resources);
    let edges = edges(&resources);
    let mut state = vec![State::New; resources.len()];
    for start in 0..resources.len() {
        if state[start] != State::New {
            continue;
        }
        // Depth first without recursion: a chain may be as long as the spec.
        let mut path = vec![(start, 0)];
        state[start] = State::OnPath;
        while let Some((at, next)) = path.last_mut() {
            let Some(edge) = edges[*at].get(*next) else {
                state[*at] = State::Done;
                path.pop();
                continue;
            };
            *next += 1;
            let from = *at;
            match state[edge.to] {
                State::New => {
                    state[edge.to] = State::OnPath;
                    path.push((edge.to, 0));
                }
                State::OnPath => {
                    let circle = path
                        .iter()
                        .map(|(index, _)| *index)
                        .skip_while(|index| *index != edge.to);
                    let mut names: Vec<String> = circle
                        .map(|index| format!("`{}`", resources[index].desired.address))
                        .collect();
                    names.push(format!("`{}`", resources[edge.to].desired.address));
                    let message = match names.as_slice() {
                        [_, _] => "refers to itself".to_owned(),
                        names => format!("these wait for one another: {}", names.join(" → ")),
                    };
                    report.add(&resources[from].subject, Finding::new(&edge.place, message));
                }
                State::Done => {}
            }
        }
    }
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
                let place = locate(&resource.node, &reference.field).span.clone();
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
