//! Puts the documents of a trace together.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::inferred;
use super::lenient::{Block, TextOr};
use super::said::{self, Said};
use super::trace::{Cause, Entity, Exception, Flags, Http, Kind, Namespace, Place, Trace};
use crate::segment::{SegmentId, TraceId};

/// The last second of the year 9999, in epoch seconds.
const LAST_TIME: f64 = 253_402_300_799.0;

impl<'a> Trace<'a> {
    /// Puts together what is known of a trace: segment documents in JSON, in the
    /// order in which they came. Of the versions of an entity, told by its id,
    /// the first that is complete counts, or the last where none is. A document
    /// that cannot be read is passed over.
    pub fn of(id: TraceId, documents: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut trace = Self {
            id,
            entities: Vec::new(),
            root: None,
            documents: 0,
        };
        let mut known = HashMap::new();
        for (index, document) in documents.into_iter().enumerate() {
            let Some(said) = Said::read(document) else {
                continue;
            };
            trace.documents += 1;
            trace.add(said, index, &mut known);
        }
        trace.link(&known);
        inferred::complete(&mut trace);
        trace.root = root(&trace.entities);
        trace
    }

    /// Takes an entity and those inside it.
    fn add(&mut self, said: Said<'a>, document: usize, known: &mut HashMap<SegmentId, usize>) {
        // With the id that it is given by the one that it is inside of.
        let mut open = vec![(said, None, 0)];
        let mut count = 0;
        while let Some((mut said, inside, depth)) = open.pop() {
            let below = std::mem::take(&mut said.subsegments.0);
            let place = Place {
                document,
                entity: count,
            };
            count += 1;
            let Some(entity) = entity(said, inside, depth, place) else {
                count += size(below);
                continue;
            };
            let id = entity.id;
            match known.get(&id).and_then(|at| self.entities.get_mut(*at)) {
                Some(other) if other.end.is_some() => {}
                Some(other) => *other = entity,
                None => {
                    known.insert(id, self.entities.len());
                    self.entities.push(entity);
                }
            }
            let below = below.into_iter().rev();
            open.extend(below.map(|said| (said, Some(id), depth + 1)));
        }
    }

    /// Joins children and parents. Where parents go round in a circle, the one
    /// that came first in it has none.
    fn link(&mut self, known: &HashMap<SegmentId, usize>) {
        let parents: Vec<Option<usize>> = self
            .entities
            .iter()
            .map(|entity| known.get(&entity.parent_id?).copied())
            .collect();
        let mut children = vec![Vec::new(); self.entities.len()];
        for (index, parent) in parents.iter().enumerate() {
            if let Some(below) = parent.and_then(|parent| children.get_mut(parent)) {
                below.push(index);
            }
        }
        let tops = (0..parents.len()).filter(|at| parents.get(*at) == Some(&None));
        let mut is_seen = vec![false; parents.len()];
        for top in tops {
            self.take_tree(top, &mut children, &mut is_seen);
        }
        // All that is left is below a circle, or in it.
        for index in 0..parents.len() {
            if is_seen.get(index) == Some(&false) {
                let top = first_of_circle(index, &parents);
                self.take_tree(top, &mut children, &mut is_seen);
            }
        }
    }

    /// Gives the entities below `top` their parents, children and segments.
    fn take_tree(&mut self, top: usize, children: &mut [Vec<usize>], is_seen: &mut [bool]) {
        let mut open = vec![(top, None, None)];
        while let Some((index, parent, segment)) = open.pop() {
            let (Some(is_seen), Some(below)) = (is_seen.get_mut(index), children.get_mut(index))
            else {
                continue;
            };
            if std::mem::replace(is_seen, true) {
                continue;
            }
            let below = std::mem::take(below);
            let Some(entity) = self.entities.get_mut(index) else {
                continue;
            };
            let segment = if entity.is_segment() {
                Some(index)
            } else {
                segment
            };
            entity.parent = parent;
            entity.segment = segment;
            open.extend(below.iter().rev().map(|at| (*at, Some(index), segment)));
            // The one that a circle begins with is nobody's child.
            entity.children = below.into_iter().filter(|at| *at != top).collect();
        }
    }
}

/// How many entities there are, those inside them included.
fn size(mut open: Vec<Said<'_>>) -> usize {
    let mut count = 0;
    while let Some(said) = open.pop() {
        count += 1;
        open.extend(said.subsegments.0);
    }
    count
}

/// The entity that came first of the circle that the parents of one lead into.
fn first_of_circle(index: usize, parents: &[Option<usize>]) -> usize {
    let above = |at: usize| parents.get(at).copied().flatten();
    let mut met = HashSet::new();
    let mut at = index;
    while met.insert(at) {
        at = above(at).unwrap_or(at);
    }
    let circle = std::iter::successors(above(at), |next| above(*next));
    circle.take_while(|next| *next != at).fold(at, usize::min)
}

fn root(entities: &[Entity<'_>]) -> Option<usize> {
    let segments = entities.iter().enumerate();
    let segments = segments.filter(|(_, it)| it.kind == Kind::Segment && it.parent.is_none());
    let place = |(_, it): &(usize, &Entity<'_>)| (it.parent_id.is_some(), it.start);
    let first = segments.min_by(|one, other| {
        let ((one_has, one), (other_has, other)) = (place(one), place(other));
        one_has.cmp(&other_has).then(one.total_cmp(&other))
    });
    first.map(|(index, _)| index)
}

/// An entity without those around it; `None` where it lacks what AWS asks for.
fn entity(
    said: Said<'_>,
    inside: Option<SegmentId>,
    depth: usize,
    place: Place,
) -> Option<Entity<'_>> {
    let id = SegmentId::parse(said.id.0.as_deref()?)?;
    let own_parent = said.parent_id.0.as_deref().and_then(SegmentId::parse);
    let is_subsegment = inside.is_some() || said.kind.0.as_deref() == Some("subsegment");
    let namespace = match said.namespace.0.as_deref() {
        Some("aws") => Some(Namespace::Aws),
        Some("remote") => Some(Namespace::Remote),
        _ => None,
    };
    let http = http(said.http);
    let flags = Flags {
        error: said.error.0,
        fault: said.fault.0,
        throttle: said.throttle.0,
    };
    let aws = said.aws.or_empty();
    let called = inferred::called(&said.name, &aws, namespace, said.sql.0.is_some());
    let ec2 = aws.ec2.or_empty();
    let ecs = aws.ecs.or_empty();
    let end = said.end_time.0.filter(|_| !said.in_progress.0).map(time);
    let links = said.links.0.iter();
    Some(Entity {
        id,
        parent_id: inside.or(own_parent),
        parent: None,
        children: Vec::new(),
        segment: None,
        kind: kind(is_subsegment, said.inferred.0),
        name: said.name.0?,
        origin: said.origin.0,
        namespace,
        start: time(said.start_time.0?),
        end,
        flags: flags.with_status(http.0.status),
        http: http.0,
        user: said.user.0,
        account_id: aws.account_id.0,
        resource_arn: said.resource_arn.0,
        instance_id: ec2.instance_id.0,
        availability_zone: ec2.availability_zone.0.or(ecs.availability_zone.0),
        annotations: said.annotations.0,
        cause: cause(said.cause),
        links: links
            .filter_map(|link| TraceId::parse(link.trace_id.0.as_deref()?))
            .collect(),
        is_traced: said.traced.0 || http.1,
        depth,
        called,
        place: Some(place),
    })
}

/// A time that clients of AWS can read as a date. X-Ray takes segments with any
/// number for a time, and one of them must not hide all others.
fn time(said: f64) -> f64 {
    said.clamp(0.0, LAST_TIME)
}

fn kind(is_subsegment: bool, is_inferred: bool) -> Kind {
    match (is_subsegment, is_inferred) {
        (true, _) => Kind::Subsegment,
        (false, true) => Kind::Inferred,
        (false, false) => Kind::Segment,
    }
}

/// The request and the response, and whether the far side is traced.
fn http(said: Block<said::Http<'_>>) -> (Http<'_>, bool) {
    let said = said.or_empty();
    let request = said.request.or_empty();
    let response = said.response.or_empty();
    let http = Http {
        method: request.method.0,
        url: request.url.0,
        user_agent: request.user_agent.0,
        client_ip: request.client_ip.0,
        status: response.status.0,
    };
    (http, request.traced.0)
}

fn cause<'a>(said: TextOr<'a, said::Cause<'a>>) -> Cause<'a> {
    match said {
        TextOr::Nothing => Cause::default(),
        TextOr::Text(id) => Cause {
            reference: Some(id),
            exceptions: Vec::new(),
        },
        TextOr::Block(cause) => Cause {
            reference: None,
            exceptions: cause.exceptions.0.into_iter().map(exception).collect(),
        },
    }
}

fn exception(said: said::Exception<'_>) -> Exception<'_> {
    Exception {
        id: said.id.0,
        name: said.kind.0,
        message: said.message.0,
        is_remote: said.remote.0,
    }
}

/// A name, or nothing: a resource that is named by nothing has no name.
pub(super) fn filled(text: Option<Cow<'_, str>>) -> Option<Cow<'_, str>> {
    text.filter(|text| !text.is_empty())
}
