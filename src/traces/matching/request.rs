//! Requests that conditions can be about: a trace as a whole, the work of one
//! service, a call.

use std::borrow::Cow;

use super::super::lenient::Value;
use super::super::nodes::{Call, Node, Nodes};
use super::super::trace::{Entity, Exception, Flags, Kind, Trace};
use super::compare::View;
use crate::filter::{Annotation, AnnotationSide, BooleanKeyword, NumberKeyword, StringKeyword};

/// Outside any block.
pub(super) struct TraceView<'m, 'a>(pub(super) &'m Trace<'a>);

/// In a `service` block.
pub(super) struct SegmentView<'m, 'a> {
    pub(super) trace: &'m Trace<'a>,
    pub(super) node: &'m Node<'a>,
    pub(super) segment: usize,
}

/// In an `edge` block.
pub(super) struct CallView<'m, 'a> {
    pub(super) trace: &'m Trace<'a>,
    pub(super) nodes: &'m Nodes<'a>,
    pub(super) call: &'m Call,
}

impl View for TraceView<'_, '_> {
    fn boolean(&self, keyword: BooleanKeyword) -> bool {
        match keyword {
            BooleanKeyword::Partial => self.0.is_partial(),
            BooleanKeyword::Inferred => {
                // Those that are inferred here come last.
                let mut from_end = self.0.entities.iter().rev();
                from_end.any(|entity| entity.kind == Kind::Inferred)
            }
            _ => self.0.root().is_some_and(|root| went(root.flags, keyword)),
        }
    }

    fn number(&self, keyword: NumberKeyword) -> Option<f64> {
        match keyword {
            NumberKeyword::ResponseTime => self.0.root()?.seconds(),
            NumberKeyword::Duration => self.0.duration(),
            NumberKeyword::HttpStatus => self.0.root()?.http.status,
            NumberKeyword::Index | NumberKeyword::Coverage => None,
        }
    }

    fn any_text(&self, keyword: StringKeyword, wanted: &mut dyn FnMut(&str) -> bool) -> bool {
        if let Some(field) = http(keyword) {
            return self.0.root().and_then(field).is_some_and(wanted);
        }
        let Some(field) = of_many(keyword) else {
            return false;
        };
        self.0.entities.iter().filter_map(field).any(wanted)
    }

    fn any_annotation(
        &self,
        annotation: &Annotation,
        wanted: &mut dyn FnMut(&Value<'_>) -> bool,
    ) -> bool {
        let mut entities = self.0.entities.iter();
        entities.any(|entity| is_annotated(entity, annotation, wanted))
    }
}

impl View for SegmentView<'_, '_> {
    fn boolean(&self, keyword: BooleanKeyword) -> bool {
        match keyword {
            BooleanKeyword::Partial => {
                let mut within = Within::of(self.trace, self.segment);
                within.any(|entity| self.trace.lacks_something(entity))
            }
            BooleanKeyword::Inferred => self.node.is_inferred,
            BooleanKeyword::Root => self.node.is_root,
            _ => {
                let segment = self.trace.get(self.segment);
                segment.is_some_and(|segment| went(segment.flags, keyword))
            }
        }
    }

    fn number(&self, keyword: NumberKeyword) -> Option<f64> {
        number(self.trace, self.segment, keyword)
    }

    fn any_text(&self, keyword: StringKeyword, wanted: &mut dyn FnMut(&str) -> bool) -> bool {
        if let Some(field) = http(keyword) {
            let segment = self.trace.get(self.segment);
            return segment.and_then(field).is_some_and(wanted);
        }
        let mut within = Within::of(self.trace, self.segment);
        match (keyword, of_many(keyword)) {
            (StringKeyword::Name, _) => wanted(&self.node.key.name),
            (StringKeyword::Type, _) => self.node.key.kind.as_deref().is_some_and(wanted),
            (StringKeyword::Message, _) => within.flat_map(messages).any(wanted),
            (_, Some(field)) => within.by_ref().filter_map(field).any(wanted),
            (_, None) => false,
        }
    }

    fn any_annotation(
        &self,
        annotation: &Annotation,
        wanted: &mut dyn FnMut(&Value<'_>) -> bool,
    ) -> bool {
        let mut within = Within::of(self.trace, self.segment);
        within.any(|entity| is_annotated(entity, annotation, wanted))
    }
}

impl<'m, 'a> CallView<'m, 'a> {
    fn entity(&self) -> Option<&'m Entity<'a>> {
        self.trace.get(self.call.entity)
    }

    /// The call and what is in the segment that is called.
    fn all(&self) -> impl Iterator<Item = &'m Entity<'a>> {
        // A call without a subsegment is the called segment itself.
        let apart = self
            .entity()
            .filter(|_| self.call.entity != self.call.callee);
        apart
            .into_iter()
            .chain(Within::of(self.trace, self.call.callee))
    }

    /// The segment that calls; `None` where that is the client.
    fn caller(&self) -> Option<usize> {
        let node = self.nodes.nodes.get(self.call.source)?;
        let above = self
            .trace
            .get(self.call.callee)?
            .parent
            .filter(|_| !node.is_client())?;
        self.trace.get(above)?.segment
    }
}

impl View for CallView<'_, '_> {
    fn boolean(&self, keyword: BooleanKeyword) -> bool {
        let entity = self.entity();
        entity.is_some_and(|entity| match keyword {
            BooleanKeyword::Partial => self.trace.lacks_something(entity),
            _ => went(entity.flags, keyword),
        })
    }

    fn number(&self, keyword: NumberKeyword) -> Option<f64> {
        number(self.trace, self.call.entity, keyword)
    }

    fn any_text(&self, keyword: StringKeyword, wanted: &mut dyn FnMut(&str) -> bool) -> bool {
        if let Some(field) = http(keyword) {
            return self.entity().and_then(field).is_some_and(wanted);
        }
        let called = self.nodes.nodes.get(self.call.destination);
        let key = called.map(|node| &node.key);
        match (keyword, of_many(keyword)) {
            (StringKeyword::Name, _) => key.is_some_and(|key| wanted(&key.name)),
            (StringKeyword::Type, _) => key.and_then(|key| key.kind.as_deref()).is_some_and(wanted),
            (StringKeyword::Message, _) => self.all().flat_map(messages).any(wanted),
            (_, Some(field)) => self.all().filter_map(field).any(wanted),
            (_, None) => false,
        }
    }

    fn any_annotation(
        &self,
        annotation: &Annotation,
        wanted: &mut dyn FnMut(&Value<'_>) -> bool,
    ) -> bool {
        let mut has = |entity: &Entity<'_>| is_annotated(entity, annotation, wanted);
        match annotation.side {
            None => self.all().any(has),
            Some(AnnotationSide::Destination) => Within::of(self.trace, self.call.callee).any(has),
            Some(AnnotationSide::Source) => self
                .caller()
                .is_some_and(|caller| Within::of(self.trace, caller).any(&mut has)),
        }
    }
}

/// The subsegments of a segment, and the segment.
struct Within<'m, 'a> {
    trace: &'m Trace<'a>,
    open: Vec<usize>,
}

impl<'m, 'a> Within<'m, 'a> {
    fn of(trace: &'m Trace<'a>, segment: usize) -> Self {
        Self {
            trace,
            open: vec![segment],
        }
    }
}

impl<'m, 'a> Iterator for Within<'m, 'a> {
    type Item = &'m Entity<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let entity = self.trace.get(self.open.pop()?)?;
        let trace = self.trace;
        let is_inside = |at: &&usize| trace.get(**at).is_some_and(|it| !it.is_segment());
        self.open.extend(entity.children.iter().filter(is_inside));
        Some(entity)
    }
}

/// Whether a request went as a keyword says.
fn went(flags: Flags, keyword: BooleanKeyword) -> bool {
    match keyword {
        BooleanKeyword::Ok => flags == Flags::default(),
        BooleanKeyword::Error => flags.error && !flags.throttle,
        BooleanKeyword::Throttle => flags.throttle,
        BooleanKeyword::Fault => flags.fault,
        _ => false,
    }
}

fn number(trace: &Trace<'_>, index: usize, keyword: NumberKeyword) -> Option<f64> {
    let entity = trace.get(index)?;
    match keyword {
        NumberKeyword::ResponseTime => entity.seconds(),
        NumberKeyword::Duration => Some((trace.end_below(index)? - entity.start).max(0.0)),
        NumberKeyword::HttpStatus => entity.http.status,
        NumberKeyword::Index | NumberKeyword::Coverage => None,
    }
}

type Field = for<'e> fn(&'e Entity<'_>) -> Option<&'e str>;

/// The field of a request that a keyword names.
fn http(keyword: StringKeyword) -> Option<Field> {
    Some(match keyword {
        StringKeyword::HttpUrl => |it| it.http.url.as_deref(),
        StringKeyword::HttpMethod => |it| it.http.method.as_deref(),
        StringKeyword::HttpUserAgent => |it| it.http.user_agent.as_deref(),
        StringKeyword::HttpClientIp => |it| it.http.client_ip.as_deref(),
        _ => return None,
    })
}

/// The field that a keyword names, of which any value counts.
fn of_many(keyword: StringKeyword) -> Option<Field> {
    Some(match keyword {
        StringKeyword::User => |it| it.user.as_deref(),
        StringKeyword::AvailabilityZone => |it| it.availability_zone.as_deref(),
        StringKeyword::InstanceId => |it| it.instance_id.as_deref(),
        StringKeyword::ResourceArn => |it| it.resource_arn.as_deref(),
        _ => return None,
    })
}

fn is_annotated(
    entity: &Entity<'_>,
    annotation: &Annotation,
    wanted: &mut dyn FnMut(&Value<'_>) -> bool,
) -> bool {
    let key = annotation.key.as_str();
    let mut annotations = entity.annotations.iter();
    annotations.any(|(name, value)| name == key && wanted(value))
}

/// What the exceptions of an entity say.
fn messages<'m>(entity: &'m Entity<'_>) -> impl Iterator<Item = &'m str> {
    let said = |exception: &'m Exception<'_>| exception.message.as_ref().map(Cow::as_ref);
    entity.cause.exceptions.iter().filter_map(said)
}
