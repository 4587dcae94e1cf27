//! Whether a trace is what a filter expression asks for.
//!
//! Where AWS's guide leaves it open:
//! - What is missing matches nothing, `!=` included; `!(…)` around it holds.
//! - At trace level, outcomes and `http` are the root's, `duration` the trace's;
//!   what many entities have (users, annotations, …) matches if any value does.
//! - A `service` block holds if it does for one segment of the node, with the
//!   subsegments of it; the client has none. An `edge` block holds if it does for
//!   one call: outcome, times and `http` are the caller's subsegment's, `name` and
//!   `type` those of the called node, and what many entities have is looked for in
//!   the call and in the segment that is called.
//! - `error` is not for what is a throttle, as in a trace's summary.
//! - A group that nobody knows, or whose filter leads back to itself, matches
//!   nothing, with `!=` too.
//!
//! The guide:
//! <https://docs.aws.amazon.com/xray/latest/devguide/xray-console-filters.html>.

mod causes;
mod compare;
mod groups;
mod presence;
mod request;

use std::cell::OnceCell;

use serde_json::Value as Json;

use self::groups::Groups;
use self::presence::Need;
use self::request::{CallView, SegmentView, TraceView};
use super::causes::{CauseKind, RootCause, root_causes};
use super::nodes::{Call, Node, Nodes};
use super::source::Documents;
use super::summary;
use super::trace::Trace;
use crate::filter::{
    EdgeSelector, Equality, Expression, GroupField, Logic, NodeField, NodePattern, ServiceSelector,
    Term, Test,
};

pub use self::groups::GroupFilter;

/// A filter expression that is ready to be asked.
#[derive(Clone, Debug)]
pub struct Filter {
    expression: Expression,
    groups: Groups,
    account: String,
    asks_for_nodes: bool,
    need: Need,
}

impl Filter {
    /// Makes an expression ready. `account` is one's own; `group` tells the filter
    /// of a group by its name or its ARN, `None` where there is no such group.
    pub fn new(
        expression: Expression,
        account: &str,
        group: &dyn Fn(GroupField, &str) -> Option<GroupFilter>,
    ) -> Self {
        let groups = Groups::named_by(&expression, group);
        let asks = |expression: &Expression| leaves(expression).into_iter().any(asks_for_nodes);
        let asks_for_nodes = asks(&expression) || groups.expressions().any(asks);
        Self {
            need: Need::of(&expression),
            expression,
            groups,
            account: account.to_owned(),
            asks_for_nodes,
        }
    }

    /// Whether documents may be those of a trace that is asked for; `false` only
    /// where [`Self::matches`] would be `false` too. It is much faster than that
    /// and putting the trace together.
    pub fn may_match(&self, documents: &Documents<'_>) -> bool {
        self.need.may_be_met(documents)
    }

    /// Whether [`Self::matches`] looks at the nodes; where it does not, any will
    /// do, `Nodes::default()` too.
    pub fn asks_for_nodes(&self) -> bool {
        self.asks_for_nodes
    }

    /// Whether a trace is what is asked for. `nodes` are the trace's.
    pub fn matches(&self, trace: &Trace<'_>, nodes: &Nodes<'_>) -> bool {
        let mut asked = Asked {
            filter: self,
            trace,
            nodes,
            groups: Vec::new(),
            causes: Default::default(),
            told: Default::default(),
        };
        for group in self.groups.in_order() {
            let is_in = group.is_none_or(|expression| asked.expression(expression));
            asked.groups.push(is_in);
        }
        asked.expression(&self.expression)
    }
}

/// A filter and the trace that it is asked of, with what is worked out only if
/// the expression asks for it.
struct Asked<'m, 'a> {
    filter: &'m Filter,
    trace: &'m Trace<'a>,
    nodes: &'m Nodes<'a>,
    /// Whether the trace is in each of the groups, in their order.
    groups: Vec<bool>,
    /// Faults, errors, slow responses.
    causes: [OnceCell<Vec<RootCause>>; 3],
    /// The same as a summary tells them.
    told: [OnceCell<Vec<Json>>; 3],
}

impl<'a> Asked<'_, 'a> {
    fn expression(&self, expression: &Expression) -> bool {
        holds(expression, &|term| self.term(term))
    }

    fn term(&self, term: &Term) -> bool {
        match term {
            Term::Condition(condition) => compare::condition(&TraceView(self.trace), condition),
            Term::Service(selector) => self.service(selector),
            Term::Edge(selector) => self.edge(selector),
            Term::RootCause(selector) => self.root_cause(selector),
            Term::RootCauseJson(test) => self.root_cause_json(test),
            Term::Group { field, test } => self.group(*field, test),
        }
    }

    fn service(&self, selector: &ServiceSelector) -> bool {
        let is_meant = |node: &&Node<'a>| {
            let pattern = selector.node.as_ref();
            pattern.is_none_or(|pattern| self.is_node(pattern, node))
        };
        let mut nodes = self.nodes.nodes.iter().filter(is_meant);
        let Some(block) = &selector.block else {
            return nodes.next().is_some();
        };
        nodes.any(|node| {
            node.segments.iter().any(|segment| {
                let view = SegmentView {
                    trace: self.trace,
                    node,
                    segment: *segment,
                };
                holds(block, &|condition| compare::condition(&view, condition))
            })
        })
    }

    fn edge(&self, selector: &EdgeSelector) -> bool {
        let is_end = |pattern: &NodePattern, index: usize| {
            let node = self.nodes.nodes.get(index);
            node.is_some_and(|node| self.is_node(pattern, node))
        };
        let is_meant = |call: &&Call| {
            selector.endpoints.as_ref().is_none_or(|ends| {
                is_end(&ends.source, call.source) && is_end(&ends.destination, call.destination)
            })
        };
        let mut calls = self.nodes.calls.iter().filter(is_meant);
        let Some(block) = &selector.block else {
            return calls.next().is_some();
        };
        calls.any(|call| {
            let view = CallView {
                trace: self.trace,
                nodes: self.nodes,
                call,
            };
            holds(block, &|condition| compare::condition(&view, condition))
        })
    }

    fn is_node(&self, pattern: &NodePattern, node: &Node<'_>) -> bool {
        let id = match pattern {
            NodePattern::Name(name) => return node.key.name == name.as_str(),
            NodePattern::Id(id) => id,
        };
        let is = |field, value: Option<&str>| {
            let wanted = id.get(field);
            wanted.is_none_or(|wanted| value == Some(wanted))
        };
        let account = node.key.account_id.as_deref();
        is(NodeField::Name, Some(&node.key.name))
            && is(NodeField::Type, node.key.kind.as_deref())
            && is(
                NodeField::AccountId,
                Some(account.unwrap_or(&self.filter.account)),
            )
    }

    fn group(&self, field: GroupField, test: &Test<Equality, String>) -> bool {
        let group = self.filter.groups.place(field, &test.value);
        let is_in = group.and_then(|group| self.groups.get(group));
        is_in.is_some_and(|is_in| *is_in == (test.operator == Equality::Equal))
    }

    fn causes(&self, kind: CauseKind) -> &[RootCause] {
        let [fault, error, slow] = &self.causes;
        let cell = match kind {
            CauseKind::Fault => fault,
            CauseKind::Error => error,
            CauseKind::ResponseTime => slow,
        };
        cell.get_or_init(|| root_causes(self.trace, kind))
    }

    fn told(&self, kind: CauseKind) -> &[Json] {
        let [fault, error, slow] = &self.told;
        let cell = match kind {
            CauseKind::Fault => fault,
            CauseKind::Error => error,
            CauseKind::ResponseTime => slow,
        };
        cell.get_or_init(|| {
            let causes = summary::causes(self.trace, self.nodes, kind);
            let told = causes.iter().map(serde_json::to_value);
            told.filter_map(Result::ok).collect()
        })
    }
}

/// Joins what leaves say. Goes as deep as the expression, which its parser bounds.
fn holds<T>(logic: &Logic<T>, leaf: &dyn Fn(&T) -> bool) -> bool {
    match logic {
        Logic::Or(operands) => operands.iter().any(|operand| holds(operand, leaf)),
        Logic::And(operands) => operands.iter().all(|operand| holds(operand, leaf)),
        Logic::Not(operand) => !holds(operand, leaf),
        Logic::Leaf(it) => leaf(it),
    }
}

/// All leaves of a tree.
fn leaves<T>(logic: &Logic<T>) -> Vec<&T> {
    let mut found = Vec::new();
    let mut open = vec![logic];
    while let Some(next) = open.pop() {
        match next {
            Logic::Or(operands) | Logic::And(operands) => open.extend(operands.iter()),
            Logic::Not(operand) => open.push(operand),
            Logic::Leaf(leaf) => found.push(leaf),
        }
    }
    found
}

fn asks_for_nodes(term: &Term) -> bool {
    match term {
        Term::Service(_) | Term::Edge(_) | Term::RootCauseJson(_) => true,
        Term::Condition(_) | Term::RootCause(_) | Term::Group { .. } => false,
    }
}
