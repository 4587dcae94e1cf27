//! Made-up traces: a model that tests compute from, and its documents.

use proptest::prelude::*;
use serde_json::json;

use super::{ACCOUNT, texts};
use crate::segment::TraceId;
use crate::traces::graph::Graph;
use crate::traces::{Nodes, Trace};

/// The documents of one trace.
pub(super) type Documents = Vec<Vec<u8>>;

pub(super) fn id(trace: u8) -> TraceId {
    TraceId::from_bytes([trace; 16])
}

/// Adds traces to a graph.
pub(super) fn fill(mut graph: Graph, traces: &[Documents]) -> Graph {
    for (trace, number) in traces.iter().zip(1..) {
        let trace = Trace::of(id(number), trace.iter().map(Vec::as_slice));
        let nodes = Nodes::of(&trace, ACCOUNT);
        graph.add(&trace, &nodes);
    }
    graph
}

/// A segment of a made-up trace, and how its parent calls it.
#[derive(Clone, Debug)]
pub(super) struct Made {
    /// Its parent's place among the segments, where that is before its own.
    pub(super) parent: Option<usize>,
    /// It is below a subsegment of its parent, with or without a namespace.
    pub(super) via: Option<bool>,
    /// It sent nothing: its parent's call is all there is.
    pub(super) is_silent: bool,
    pub(super) name: u8,
    /// Quarters of a second; the call begins and ends one quarter outside.
    pub(super) start: u8,
    pub(super) length: Option<u8>,
    pub(super) status: u16,
    pub(super) call_status: u16,
}

fn made() -> impl Strategy<Value = Made> {
    let status = || prop::sample::select(vec![200_u16, 404, 429, 500, 599]);
    let of = (0..4_u8, 0..40_u8, prop::option::weighted(0.9, 0..20_u8));
    (
        prop::option::weighted(0.8, 0..6_usize),
        prop::option::of(any::<bool>()),
        any::<bool>(),
        of,
        status(),
        status(),
    )
        .prop_map(|(parent, via, is_silent, of, status, call_status)| Made {
            parent,
            via,
            is_silent,
            name: of.0,
            start: of.1,
            length: of.2,
            status,
            call_status,
        })
}

impl Made {
    pub(super) fn start(&self) -> f64 {
        100.0 + f64::from(self.start) / 4.0
    }

    pub(super) fn end(&self) -> Option<f64> {
        let length = self.length?;
        Some(self.start() + f64::from(length) / 4.0)
    }

    pub(super) fn call(&self) -> (f64, Option<f64>) {
        (self.start() - 0.25, self.end().map(|end| end + 0.25))
    }

    pub(super) fn name(&self) -> String {
        format!("service {}", self.name)
    }
}

/// Some made-up traces.
pub(super) fn made_up() -> impl Strategy<Value = Vec<Vec<Made>>> {
    prop::collection::vec(prop::collection::vec(made(), 1..8).prop_map(tidy), 0..6)
}

/// A made-up trace: parents come before their children and always sent
/// something; those that are silent are called with a namespace.
fn tidy(mut made: Vec<Made>) -> Vec<Made> {
    for at in 0..made.len() {
        let parent = made[at]
            .parent
            .filter(|it| *it < at && !made[*it].is_silent);
        made[at].parent = parent;
        let is_silent = made[at].is_silent && parent.is_some();
        made[at].is_silent = is_silent;
        if is_silent {
            made[at].via = Some(true);
        }
        if parent.is_none() {
            made[at].via = None;
        }
    }
    made
}

pub(super) fn documents(made: &[Made]) -> Documents {
    let document = |id: usize, it: (f64, Option<f64>), name: String, status: u16| {
        let mut document = json!({"id": format!("{id:016x}"), "name": name, "start_time": it.0,
            "http": {"response": {"status": status}}});
        match it.1 {
            Some(end) => document["end_time"] = end.into(),
            None => document["in_progress"] = true.into(),
        }
        document
    };
    let mut all = Vec::new();
    for (at, it) in made.iter().enumerate() {
        let mut parent = it.parent.map(|parent| parent + 1);
        if let (Some(above), Some(has_namespace)) = (parent, it.via) {
            let id = at + 1000;
            let mut call = document(id, it.call(), it.name(), it.call_status);
            call["type"] = "subsegment".into();
            call["parent_id"] = format!("{above:016x}").into();
            if has_namespace {
                call["namespace"] = "remote".into();
            }
            all.push(call);
            parent = Some(id);
        }
        if !it.is_silent {
            let mut segment = document(at + 1, (it.start(), it.end()), it.name(), it.status);
            if let Some(parent) = parent {
                segment["parent_id"] = format!("{parent:016x}").into();
            }
            all.push(segment);
        }
    }
    texts(&all)
}
