//! A trace and what is in it.

use std::borrow::Cow;

use super::inferred::Called;
use super::lenient::Value;
use crate::segment::{SegmentId, TraceId};

/// All that is known of one trace, put together as X-Ray does it: subsegments
/// below their parents, calls without an answer of their own completed by
/// segments that are inferred.
#[derive(Clone, Debug)]
pub struct Trace<'a> {
    /// Its id.
    pub id: TraceId,
    /// Segments, subsegments and inferred segments, in the order in which they
    /// came; those that are inferred last.
    pub entities: Vec<Entity<'a>>,
    /// The segment that it begins with: the earliest that has no parent, or
    /// where all have one, the earliest whose parent is not there. An index
    /// into `entities`.
    pub root: Option<usize>,
    /// How many of its documents could be read.
    pub documents: usize,
}

/// What an entity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The work of a service on one request.
    Segment,
    /// A piece of that work.
    Subsegment,
    /// The far side of a call that sent nothing itself.
    Inferred,
}

/// Whom a subsegment calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Namespace {
    /// A service of AWS.
    Aws,
    /// Another service.
    Remote,
}

/// A segment, a subsegment, or a segment that is inferred from one.
#[derive(Clone, Debug)]
pub struct Entity<'a> {
    /// Its id.
    pub id: SegmentId,
    /// What it says its parent is, which may not be there.
    pub parent_id: Option<SegmentId>,
    /// Its parent, where that is there: an index into [`Trace::entities`].
    pub parent: Option<usize>,
    /// Those below it, segments of other services included: indexes.
    pub children: Vec<usize>,
    /// The segment that it belongs to, itself where it is one; `None` for a
    /// subsegment whose segment is not there.
    pub segment: Option<usize>,
    /// What it is.
    pub kind: Kind,
    /// Its name. That of an inferred segment is the resource's where the call
    /// names one.
    pub name: Cow<'a, str>,
    /// What it runs on, such as `AWS::ECS::Container`; of an inferred segment,
    /// what it is, such as `AWS::DynamoDB::Table`, `remote`, `Database::SQL`.
    pub origin: Option<Cow<'a, str>>,
    /// Whom it calls; of an inferred segment, how it was called.
    pub namespace: Option<Namespace>,
    /// When it began, in epoch seconds.
    pub start: f64,
    /// When it ended, in epoch seconds; `None` while it is in progress.
    pub end: Option<f64>,
    /// How it went, by its flags and its HTTP status.
    pub flags: Flags,
    /// Its request and its response.
    pub http: Http<'a>,
    /// The user on whose behalf it was.
    pub user: Option<Cow<'a, str>>,
    /// The account of the resource that it runs on or calls, where it says so.
    pub account_id: Option<Cow<'a, str>>,
    /// The ARN of what it runs on.
    pub resource_arn: Option<Cow<'a, str>>,
    /// The EC2 instance that it runs on.
    pub instance_id: Option<Cow<'a, str>>,
    /// The availability zone that it runs in.
    pub availability_zone: Option<Cow<'a, str>>,
    /// Its annotations, each name once.
    pub annotations: Vec<(Cow<'a, str>, Value<'a>)>,
    /// Why it went wrong.
    pub cause: Cause<'a>,
    /// Traces that it says it is linked with.
    pub links: Vec<TraceId>,
    /// A call that promises a segment of the far side.
    pub is_traced: bool,
    /// How deep its document has it: 0 for one that came as a document.
    pub depth: usize,
    /// What it says of the one that it calls.
    pub(super) called: Called<'a>,
    /// Where it stands; `None` for one that is inferred here.
    pub(super) place: Option<Place>,
}

/// Where an entity stands in the documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    /// The document, counted from 0, those that cannot be read included.
    pub(super) document: usize,
    /// The entity in it, counted from 0, each before those inside it.
    pub(super) entity: usize,
}

/// How something went. Several may hold: a call that was throttled may make
/// the service that made it fail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// The caller's mistake: HTTP 4xx.
    pub error: bool,
    /// The service's: HTTP 5xx.
    pub fault: bool,
    /// Too many requests: HTTP 429.
    pub throttle: bool,
}

/// How something went, as requests are counted: in one way each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Nothing is said against it.
    Ok,
    /// An error that is no throttle.
    Error,
    /// A throttle, whatever else it is.
    Throttle,
    /// A fault that is no throttle.
    Fault,
}

/// A request and its response.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Http<'a> {
    /// `GET`, `POST`, …
    pub method: Option<Cow<'a, str>>,
    /// The whole URL.
    pub url: Option<Cow<'a, str>>,
    /// What the client says that it is.
    pub user_agent: Option<Cow<'a, str>>,
    /// The client's address.
    pub client_ip: Option<Cow<'a, str>>,
    /// The response's status code.
    pub status: Option<f64>,
}

/// Why an entity went wrong.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cause<'a> {
    /// The id of an exception that another entity has.
    pub reference: Option<Cow<'a, str>>,
    /// What was thrown.
    pub exceptions: Vec<Exception<'a>>,
}

/// What was thrown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exception<'a> {
    /// By which others name it.
    pub id: Option<Cow<'a, str>>,
    /// Its type.
    pub name: Option<Cow<'a, str>>,
    /// What it says.
    pub message: Option<Cow<'a, str>>,
    /// It was thrown on the far side of a call.
    pub is_remote: bool,
}

impl Flags {
    /// The one way in which a request is counted.
    pub fn outcome(self) -> Outcome {
        match self {
            Self { throttle: true, .. } => Outcome::Throttle,
            Self { fault: true, .. } => Outcome::Fault,
            Self { error: true, .. } => Outcome::Error,
            _ => Outcome::Ok,
        }
    }

    /// With what a status code says.
    #[must_use]
    pub(super) fn with_status(self, status: Option<f64>) -> Self {
        let within = |low: f64, high: f64| status.is_some_and(|it| low <= it && it < high);
        Self {
            error: self.error || within(400.0, 500.0),
            fault: self.fault || within(500.0, 600.0),
            throttle: self.throttle || within(429.0, 430.0),
        }
    }
}

impl Entity<'_> {
    /// Whether it is a segment, sent or inferred.
    pub fn is_segment(&self) -> bool {
        self.kind != Kind::Subsegment
    }

    /// Seconds that it took; `None` while it is in progress. One that ends
    /// before it begins took none.
    pub fn seconds(&self) -> Option<f64> {
        self.end.map(|end| (end - self.start).max(0.0))
    }
}

impl<'a> Trace<'a> {
    /// An entity by its index.
    pub fn get(&self, index: usize) -> Option<&Entity<'a>> {
        self.entities.get(index)
    }

    /// The segment that it begins with.
    pub fn root(&self) -> Option<&Entity<'a>> {
        self.root.and_then(|root| self.entities.get(root))
    }

    /// All segments, inferred ones too, with their indexes.
    pub fn segments(&self) -> impl Iterator<Item = (usize, &Entity<'a>)> {
        let all = self.entities.iter().enumerate();
        all.filter(|(_, entity)| entity.is_segment())
    }

    /// When the first thing in it began, in epoch seconds.
    pub fn start(&self) -> Option<f64> {
        let starts = self.entities.iter().map(|entity| entity.start);
        starts.reduce(f64::min)
    }

    /// When the last thing in it ended, in epoch seconds; `None` while anything
    /// is in progress.
    pub fn end(&self) -> Option<f64> {
        let mut ends = self.entities.iter().map(|entity| entity.end);
        let first = ends.next()??;
        ends.try_fold(first, |last, end| end.map(|end| last.max(end)))
    }

    /// Seconds from its first start to its last end; `None` while anything is in
    /// progress, and where there is no segment at all.
    pub fn duration(&self) -> Option<f64> {
        self.root()?;
        Some((self.end()? - self.start()?).max(0.0))
    }

    /// Whether something is still to come: a parent that is named, an end, or
    /// the segment that a call promised.
    pub fn is_partial(&self) -> bool {
        self.entities
            .iter()
            .any(|entity| self.lacks_something(entity))
    }

    /// Whether something of an entity is still to come.
    pub(super) fn lacks_something(&self, entity: &Entity<'_>) -> bool {
        let is_orphan = entity.parent_id.is_some() && entity.parent.is_none();
        is_orphan || entity.end.is_none() || self.lacks_its_segment(entity)
    }

    fn lacks_its_segment(&self, entity: &Entity<'_>) -> bool {
        let mut below = entity.children.iter().filter_map(|at| self.get(*at));
        entity.is_traced && below.all(|child| child.kind != Kind::Segment)
    }

    /// When the last thing below an entity ended, itself and other services
    /// included, in epoch seconds; `None` while it is in progress itself.
    pub fn end_below(&self, index: usize) -> Option<f64> {
        let mut last = self.get(index)?.end?;
        let mut open = vec![index];
        while let Some(entity) = open.pop().and_then(|at| self.get(at)) {
            last = last.max(entity.end.unwrap_or(last));
            open.extend(&entity.children);
        }
        Some(last)
    }

    /// What was thrown in an entity: its own exceptions, or the one of another
    /// entity that it names by its id.
    pub fn exceptions(&self, index: usize) -> &[Exception<'a>] {
        let Some(cause) = self.get(index).map(|entity| &entity.cause) else {
            return &[];
        };
        let Some(id) = &cause.reference else {
            return &cause.exceptions;
        };
        let mut causes = self.entities.iter().map(|entity| &entity.cause.exceptions);
        let named = causes.find_map(|exceptions| {
            exceptions
                .iter()
                .find(|exception| exception.id.as_ref() == Some(id))
        });
        named.map_or(&[], std::slice::from_ref)
    }
}
