//! One span as one document; as two where it is both a service's first span and
//! a call to another.

use super::super::id::{SegmentId, TraceId};
use super::super::json::{block, boolean, field, text};
use super::super::time;
use super::resource::Said;
use super::span::{Known, One, Slot, Use};
use super::{Document, Options, annotations, aws, cause, http, name, parent};
use crate::otlp::view::{Attributes, Kind, Span};

/// Attributes of the call that the service's own document does not show.
const OF_THE_CALL: [&str; 4] = [
    "aws.remote.service",
    "aws.remote.operation",
    "remoteTarget",
    "K8s.RemoteNamespace",
];

/// Writes the documents of one resource's spans.
pub(super) struct Writer<'a> {
    options: &'a Options,
    said: Said<'a>,
    known: Known<'a>,
    buffer: Vec<u8>,
}

/// What a document is of its span.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    /// All of it.
    Whole,
    /// The service that it is the first span of.
    Service,
    /// The call that it makes.
    Call,
}

/// One document.
struct Task<'s, 'a> {
    span: &'s Span<'a>,
    part: Part,
    trace_id: TraceId,
    id: SegmentId,
    parent_id: Option<SegmentId>,
    is_segment: bool,
    is_local_root: bool,
}

impl<'a> Writer<'a> {
    pub(super) fn new(resource: Attributes<'a>, options: &'a Options) -> Self {
        Self {
            options,
            said: Said::of(resource, options),
            known: Known::new(),
            buffer: Vec::new(),
        }
    }

    /// Gives a span's documents to `sink`: the call before its service, as the
    /// OpenTelemetry Collector sends them.
    pub(super) fn span(
        &mut self,
        span: &Span<'a>,
        trace_id: TraceId,
        id: SegmentId,
        sink: &mut dyn FnMut(Document<'_>),
    ) {
        self.known.read(span);
        let parent_id = parent(span);
        let is_local_root = self.known.text(Slot::SpanKind) == Some("LOCAL_ROOT");
        let whole = Task {
            span,
            part: Part::Whole,
            trace_id,
            id,
            parent_id,
            is_segment: span.kind == Kind::Server || parent_id.is_none() || is_local_root,
            is_local_root,
        };
        if !is_local_root || !name::is_dependency(span.kind) {
            return self.document(&whole, sink);
        }
        let service = id.derived(0);
        let call = Task {
            part: Part::Call,
            parent_id: Some(service),
            is_segment: false,
            ..whole
        };
        self.document(&call, sink);
        let service = Task {
            part: Part::Service,
            id: service,
            parent_id,
            is_segment: true,
            ..call
        };
        self.document(&service, sink);
    }

    fn document(&mut self, task: &Task<'_, 'a>, sink: &mut dyn FnMut(Document<'_>)) {
        let mut out = std::mem::take(&mut self.buffer);
        out.clear();
        out.push(b'{');
        let name = self.name(task);
        self.envelope(&mut out, task, &name);
        self.blocks(&mut out, task);
        self.left(&mut out, task, &name);
        out.push(b'}');
        sink(Document {
            trace_id: task.trace_id,
            id: task.id,
            json: &out,
            spans: usize::from(task.part != Part::Service),
        });
        self.buffer = out;
    }

    /// What has a block, or a field, of its own.
    fn blocks(&self, out: &mut Vec<u8>, task: &Task<'_, 'a>) {
        let known = &self.known;
        let is_service = task.part == Part::Service;
        if let Some(origin) = self.said.origin.filter(|_| task.is_segment) {
            field(out, "origin");
            text(out, origin);
        }
        if http::is_http(known) && !is_service {
            http::write(out, task.span, known);
        }
        if self.said.is_aws {
            self.aws(out, task);
        }
        if task.is_segment {
            block(out, "service", |out| {
                out.extend_from_slice(&self.said.service);
            });
        }
        if aws::is_sql(known) && !is_service {
            aws::sql(out, task.span, known);
        }
        cause::write(out, task.span, known, task.id, self.said.language);
        let is_receiver = task.span.kind == Kind::Consumer;
        if task.part == Part::Whole || is_service == is_receiver {
            annotations::links(out, task.span);
        }
    }

    /// Annotations and metadata: what the blocks leave.
    fn left(&mut self, out: &mut Vec<u8>, task: &Task<'_, 'a>, name: &str) {
        let (is_aws, is_service) = (self.said.is_aws, task.part == Part::Service);
        let is_http = http::is_http(&self.known);
        let is_sql = aws::is_sql(&self.known);
        let takes_status = cause::is_of_status(task.span, &self.known);
        let is_left = |one: &One<'a>| match one.taken {
            Use::Rest => true,
            Use::Http => !is_http,
            Use::Sql => !is_sql,
            Use::Aws => !is_aws,
            Use::StatusText => !takes_status,
            Use::Own => false,
        };
        let is_shown = |one: &One<'a>| !is_service || !OF_THE_CALL.contains(&one.key);
        let said = task.is_segment.then_some(&self.said);
        let known = &mut self.known;
        annotations::annotations(out, known, said, self.options, is_left, is_shown);
        let left: Option<&dyn Fn(&One<'a>) -> bool> = (!is_service).then_some(&is_left);
        annotations::metadata(out, task.span, known, said, name, left);
    }

    fn name(&self, task: &Task<'_, 'a>) -> String {
        let special = match task.part {
            Part::Whole => None,
            Part::Service => self.known.text(Slot::LocalService),
            Part::Call => name::remote(&self.known),
        };
        if let Some(special) = special {
            return name::clean(special).into_owned();
        }
        let service = self.said.service_name;
        let name = name::of(task.span, &self.known, service, task.is_local_root);
        name::clean(&name).into_owned()
    }

    /// Ids, name, kind, times, flags and user.
    fn envelope(&self, out: &mut Vec<u8>, task: &Task<'_, 'a>, name: &str) {
        let span = task.span;
        out.extend_from_slice(b"\"id\":\"");
        task.id.write(out);
        out.extend_from_slice(b"\",\"trace_id\":\"");
        task.trace_id.write(out);
        out.push(b'"');
        if let Some(parent) = task.parent_id {
            out.extend_from_slice(b",\"parent_id\":\"");
            parent.write(out);
            out.push(b'"');
        }
        field(out, "name");
        text(out, name);
        if !task.is_segment {
            out.extend_from_slice(b",\"type\":\"subsegment\"");
        }
        if let Some(namespace) = self.namespace(task) {
            field(out, "namespace");
            text(out, namespace);
        }
        out.extend_from_slice(b",\"start_time\":");
        time::write(out, span.start_time_unix_nano);
        if span.end_time_unix_nano == 0 || self.known.is_true(Slot::InProgress) {
            out.extend_from_slice(b",\"in_progress\":true");
        } else {
            out.extend_from_slice(b",\"end_time\":");
            time::write(out, span.end_time_unix_nano);
        }
        cause::flags(out, span, &self.known);
        if self.known.is_true(Slot::Traced) {
            field(out, "traced");
            boolean(out, true);
        }
        if let Some(user) = self.known.text(Slot::User).filter(|user| !user.is_empty()) {
            field(out, "user");
            text(out, user);
        }
    }

    fn namespace(&self, task: &Task<'_, 'a>) -> Option<&'static str> {
        if task.part == Part::Service || task.part == Part::Whole && task.is_local_root {
            return None;
        }
        let kind = task.span.kind;
        let known = &self.known;
        if known.is_aws_call() || known.text(Slot::AwsService).is_some() {
            return Some("aws");
        }
        let is_remote = kind == Kind::Client
            || task.part == Part::Call
            || !task.is_segment
                && name::is_dependency(kind)
                && known.text(Slot::RemoteService).is_some();
        is_remote.then_some("remote")
    }

    fn aws(&self, out: &mut Vec<u8>, task: &Task<'_, 'a>) {
        block(out, "aws", |out| {
            if task.is_segment {
                out.extend_from_slice(&self.said.aws);
            }
            let is_service = task.part == Part::Service;
            let called = self.known.text(Slot::AwsAccount).filter(|_| !is_service);
            let own = self.said.account.filter(|_| task.is_segment);
            if let Some(account) = called.or(own).filter(|account| !account.is_empty()) {
                field(out, "account_id");
                text(out, account);
            }
            if !is_service {
                aws::call(out, &self.known);
            }
        });
    }
}
