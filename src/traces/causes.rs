//! Why a trace went wrong, or was slow: paths from the service that shows it
//! down to the one that it comes from.
//!
//! A segment that failed begins a path, unless what called it failed too and is
//! on a path of its own. From there the path leads down failed children to a
//! call whose far side is inferred, or else to the deepest exception; a child
//! that came before others wins, and where there is neither, there is no root
//! cause. A cause that is another entity's exception leads to that entity. Slow
//! responses lead from the root down the longest children, as long as each takes
//! more than half of the root's time.

use std::collections::HashMap;

use super::trace::{Entity, Kind, Trace};

/// What root causes are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CauseKind {
    /// Of faults.
    Fault,
    /// Of errors.
    Error,
    /// Of slow responses.
    ResponseTime,
}

/// One path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootCause {
    /// The services on it, from above to below.
    pub services: Vec<CauseService>,
    /// Whether it begins at the root, so that the client feels it.
    pub is_client_impacting: bool,
}

/// A service on a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CauseService {
    /// Its segment: an index into [`Trace::entities`].
    pub segment: usize,
    /// The segment and the subsegments of it on the path, from above to below.
    pub entities: Vec<usize>,
}

/// A response's time is made of what takes more than this share of it.
const LEAST_COVERAGE: f64 = 0.5;
/// An exception that an entity names is looked for no further below it.
const MOST_STEPS: usize = 1000;

/// The root causes of a trace, in the order in which their first segments came.
pub fn root_causes(trace: &Trace<'_>, kind: CauseKind) -> Vec<RootCause> {
    if kind == CauseKind::ResponseTime {
        return slow(trace).into_iter().collect();
    }
    let is_failed = |entity: &Entity<'_>| match kind {
        CauseKind::Fault => entity.flags.fault,
        _ => entity.flags.error,
    };
    let mut starts = trace.segments().filter(|(_, it)| is_failed(it)).peekable();
    if starts.peek().is_none() {
        return Vec::new();
    }
    let failures = Failures::of(trace, &is_failed);
    starts
        .filter(|(index, segment)| failures.begin(*index, segment))
        .filter_map(|(index, _)| {
            let path = failures.path(index)?;
            Some(along(trace, path, trace.root == Some(index)))
        })
        .collect()
}

/// Where a failure leads from an entity.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    /// It comes from here.
    Here,
    /// From the entity, which is below, though not always a child.
    Down(usize),
}

/// The failed entities of a trace, and where each leads.
struct Failures<'t, 'a> {
    trace: &'t Trace<'a>,
    is_failed: Vec<bool>,
    steps: Vec<Option<Step>>,
    /// The entity that has an exception, by the exception's id.
    owners: HashMap<&'t str, usize>,
}

impl<'t, 'a> Failures<'t, 'a> {
    fn of(trace: &'t Trace<'a>, is_failed: &dyn Fn(&Entity<'_>) -> bool) -> Self {
        let entities = &trace.entities;
        let mut owners = HashMap::new();
        if entities.iter().any(|it| it.cause.reference.is_some()) {
            for (index, entity) in entities.iter().enumerate() {
                for exception in &entity.cause.exceptions {
                    if let Some(id) = &exception.id {
                        owners.entry(id.as_ref()).or_insert(index);
                    }
                }
            }
        }
        let mut failures = Self {
            trace,
            is_failed: entities.iter().map(is_failed).collect(),
            steps: vec![None; entities.len()],
            owners,
        };
        for index in trace.upwards() {
            let step = failures.step(index);
            if let Some(place) = failures.steps.get_mut(index) {
                *place = step;
            }
        }
        failures
    }

    fn has_failed(&self, index: usize) -> bool {
        self.is_failed.get(index).copied().unwrap_or(false)
    }

    fn leads(&self, index: usize) -> bool {
        self.steps.get(index).is_some_and(Option::is_some)
    }

    /// Where a failure leads from an entity, once that is known of all below it.
    fn step(&self, index: usize) -> Option<Step> {
        let entity = self.trace.get(index)?;
        if !self.has_failed(index) {
            return None;
        }
        if entity.kind == Kind::Inferred {
            return Some(Step::Here);
        }
        if let Some(reference) = &entity.cause.reference {
            let owner = self.owners.get(reference.as_ref()).copied()?;
            let is_open = self.is_failed_between(index, owner) && self.leads(owner);
            return is_open.then_some(Step::Down(owner));
        }
        let mut below = entity.children.iter().copied();
        let mut far_first = below.clone().filter(|at| self.calls_out(*at));
        let next = far_first
            .find(|at| self.leads(*at))
            .or_else(|| below.find(|at| self.leads(*at)));
        match next {
            Some(next) => Some(Step::Down(next)),
            None => (!entity.cause.exceptions.is_empty()).then_some(Step::Here),
        }
    }

    /// Whether it is a call whose far side is inferred.
    fn calls_out(&self, index: usize) -> bool {
        let Some(entity) = self.trace.get(index) else {
            return false;
        };
        let mut below = entity.children.iter().filter_map(|at| self.trace.get(*at));
        below.any(|it| it.kind == Kind::Inferred)
    }

    /// Whether all from below `top` down to `bottom` failed; `false` where that
    /// is not below.
    fn is_failed_between(&self, top: usize, bottom: usize) -> bool {
        let mut way = self.up(bottom).take(MOST_STEPS);
        bottom != top && way.find(|at| *at == top || !self.has_failed(*at)) == Some(top)
    }

    /// Whether a path begins at a segment that failed.
    fn begin(&self, index: usize, segment: &Entity<'_>) -> bool {
        let Some(caller) = segment.parent else {
            return true;
        };
        let above = self.trace.get(caller).and_then(|it| it.parent);
        let above = above.filter(|at| self.has_failed(*at));
        if segment.kind == Kind::Inferred {
            return above.is_none_or(|above| self.leads_elsewhere(above, index));
        }
        let is_call = self
            .trace
            .get(caller)
            .is_some_and(|it| it.namespace.is_some());
        !self.has_failed(caller) || is_call && above.is_none()
    }

    /// Whether an entity names another one than `index` as its cause.
    fn leads_elsewhere(&self, above: usize, index: usize) -> bool {
        let Some(entity) = self.trace.get(above) else {
            return false;
        };
        let Some(reference) = &entity.cause.reference else {
            return false;
        };
        let call = self.trace.get(index).and_then(|it| it.parent);
        let owner = self.owners.get(reference.as_ref());
        owner.is_none_or(|owner| self.up(*owner).take(MOST_STEPS).all(|at| Some(at) != call))
    }

    /// An entity and those above it.
    fn up(&self, index: usize) -> impl Iterator<Item = usize> {
        let above = |at: &usize| self.trace.get(*at).and_then(|it| it.parent);
        std::iter::successors(Some(index), above)
    }

    /// The entities from a segment down to where the failure comes from.
    fn path(&self, start: usize) -> Option<Vec<usize>> {
        let mut path = vec![start];
        let mut at = start;
        while let Step::Down(next) = (*self.steps.get(at)?)? {
            let way = self.up(next).take_while(|lower| *lower != at);
            let first = path.len();
            path.extend(way);
            path.get_mut(first..)?.reverse();
            at = next;
        }
        Some(path)
    }
}

/// What makes the response of the root slow.
fn slow(trace: &Trace<'_>) -> Option<RootCause> {
    let start = trace.root?;
    let whole = trace.root()?.seconds().filter(|seconds| *seconds > 0.0)?;
    let mut path = vec![start];
    let mut at = start;
    loop {
        let mut longest = None;
        let mut most = whole * LEAST_COVERAGE;
        for child in &trace.get(at)?.children {
            let seconds = trace.get(*child).and_then(Entity::seconds);
            if let Some(seconds) = seconds.filter(|it| *it > most && *it <= whole) {
                longest = Some(*child);
                most = seconds;
            }
        }
        let Some(longest) = longest else {
            break;
        };
        path.push(longest);
        at = longest;
    }
    (path.len() > 1).then(|| along(trace, path, true))
}

/// Parts a path into services.
fn along(trace: &Trace<'_>, path: Vec<usize>, is_client_impacting: bool) -> RootCause {
    let mut services: Vec<CauseService> = Vec::new();
    for index in path {
        let is_segment = trace.get(index).is_some_and(Entity::is_segment);
        match services.last_mut().filter(|_| !is_segment) {
            Some(service) => service.entities.push(index),
            None => services.push(CauseService {
                segment: index,
                entities: vec![index],
            }),
        }
    }
    RootCause {
        services,
        is_client_impacting,
    }
}

impl Trace<'_> {
    /// All entities, each after those below it.
    fn upwards(&self) -> Vec<usize> {
        let tops = self.entities.iter().enumerate();
        let tops = tops.filter(|(_, entity)| entity.parent.is_none());
        let mut order: Vec<usize> = tops.map(|(index, _)| index).collect();
        let mut next = 0;
        while let Some(entity) = order.get(next).and_then(|at| self.get(*at)) {
            order.extend(&entity.children);
            next += 1;
        }
        order.reverse();
        order
    }

    /// The name that an entity has on the path of a root cause: that of a call
    /// for its far side too.
    pub(super) fn path_name(&self, index: usize) -> Option<&str> {
        let entity = self.get(index)?;
        let call = entity.parent.filter(|_| entity.place.is_none());
        let named = call.and_then(|call| self.get(call)).unwrap_or(entity);
        Some(&named.name)
    }

    /// Whether an entity calls another service.
    pub(super) fn is_remote(&self, index: usize) -> bool {
        let entity = self.get(index);
        entity.is_some_and(|it| it.kind == Kind::Subsegment && it.namespace.is_some())
    }

    /// Which share of the root's time an entity takes, from 0 to 1; `None`
    /// where either is in progress, or the root took no time.
    pub(super) fn coverage(&self, index: usize) -> Option<f64> {
        let whole = self.root()?.seconds().filter(|seconds| *seconds > 0.0)?;
        Some(self.get(index)?.seconds()? / whole)
    }
}
