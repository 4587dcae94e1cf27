//! What containers wait for: that it is there, can come to be, and does not
//! wait for them in turn.

use std::collections::BTreeMap;

use super::check::{Checked, links, listed};
use super::document::{Document, objects, text};
use crate::resource::Problems;

/// Checks the dependencies of all containers.
pub(super) fn check(checked: &Checked<'_>, problems: &mut Problems) {
    let all: BTreeMap<&str, &Document> = checked.containers().collect();
    for (name, container) in checked.containers() {
        for dependency in objects(container, "dependsOn") {
            let on = text(dependency, "containerName");
            let place = checked.places.container(name, "dependsOn");
            let Some(other) = all.get(on) else {
                let names: Vec<&str> = checked.containers().map(|(name, _)| name).collect();
                problems
                    .report(
                        &place,
                        format!("the container `{name}` waits for `{on}`, which is not there"),
                    )
                    .hint(format!("the containers are {}", listed(&names)));
                continue;
            };
            if let Some((message, hint)) = never_comes(text(dependency, "condition"), on, other) {
                problems
                    .report(&place, format!("the container `{name}` {message}"))
                    .hint(hint);
            }
        }
    }
    if let Some(circle) = circle(&all) {
        let place = checked.places.container(circle[0], "dependsOn");
        let around: Vec<String> = circle
            .iter()
            .chain(circle.first())
            .map(|name| format!("`{name}`"))
            .collect();
        problems
            .report(
                &place,
                format!(
                    "these containers wait for one another: {}",
                    around.join(" → ")
                ),
            )
            .hint("a link waits as well");
    }
}

/// Tells why a condition on the container `on` cannot come to be.
fn never_comes(condition: &str, on: &str, other: &Document) -> Option<(String, &'static str)> {
    match condition {
        "HEALTHY" if !other.contains_key("healthCheck") => Some((
            format!("waits for `{on}` to be healthy, which has no health check"),
            "wait for `START`, or add a `health_check`",
        )),
        "COMPLETE" | "SUCCESS" if other.get("essential") != Some(&false.into()) => Some((
            format!("waits for the end of `{on}`, with which the task would stop"),
            "set `essential = false` there",
        )),
        "START" | "COMPLETE" | "SUCCESS" | "HEALTHY" => None,
        other => Some((
            format!(
                "waits for `{on}` to be `{}`, which is no condition",
                other.escape_debug()
            ),
            "it is START, COMPLETE, SUCCESS or HEALTHY",
        )),
    }
}

/// Finds containers that wait for one another.
fn circle<'a>(all: &BTreeMap<&'a str, &'a Document>) -> Option<Vec<&'a str>> {
    let after = |name: &str| -> Vec<&'a str> {
        let Some(container) = all.get(name) else {
            return Vec::new();
        };
        let waits = objects(container, "dependsOn").map(|one| text(one, "containerName"));
        let mut names: Vec<&str> = waits.chain(links(container)).collect();
        names.retain(|name| all.contains_key(name));
        names
    };
    all.keys().find_map(|start| {
        let mut from: BTreeMap<&str, &str> = BTreeMap::new();
        let mut open = vec![*start];
        while let Some(name) = open.pop() {
            for next in after(name) {
                if next == *start {
                    return Some(way(&from, start, name));
                }
                if !from.contains_key(next) {
                    from.insert(next, name);
                    open.push(next);
                }
            }
        }
        None
    })
}

/// The way from `start` to `end`, told by where each was come from.
fn way<'a>(from: &BTreeMap<&'a str, &'a str>, start: &'a str, end: &'a str) -> Vec<&'a str> {
    let mut way = vec![end];
    while let Some(last) = way.last().filter(|last| **last != start)
        && let Some(before) = from.get(*last)
    {
        way.push(before);
    }
    way.reverse();
    way
}
