//! `GetTraceSummaries`.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::super::xray::fault::Fault;
use super::{Task, selection, token, unread};
use crate::segment::TraceId;
use crate::traces::{Filter, Nodes, Summary, TimeRange, Trace, Window};

/// Summaries on a page.
const PAGE: usize = 1000;
/// Seconds that are looked through in one go, the last ones first.
const SLICE: f64 = 3600.0;

/// `GetTraceSummaries`
#[derive(Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Request {
    start_time: f64,
    end_time: f64,
    time_range_type: Option<RangeType>,
    #[serde(default)]
    sampling: bool,
    sampling_strategy: Option<Strategy>,
    filter_expression: Option<String>,
    next_token: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
enum RangeType {
    TraceId,
    Event,
    Service,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Strategy {
    name: Option<StrategyName>,
    value: Option<f64>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
enum StrategyName {
    PartialScan,
    FixedRate,
}

/// What `GetTraceSummaries` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Answer {
    trace_summaries: Vec<Summary>,
    approximate_time: f64,
    traces_processed_count: u64,
    next_token: Option<String>,
}

/// Which of the traces that match are given.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Share {
    All,
    /// One page of them.
    OnePage,
    /// This share of them.
    Rate(f64),
}

/// The place of a trace in the list: later ones first, then by id. A start is
/// kept as bits that are ordered as numbers are.
type Place = (Reverse<u64>, TraceId);

/// Answers `GetTraceSummaries`: those that began last first.
pub(super) fn get(task: &Task, request: &Request) -> Result<Answer, Fault> {
    let window = selection::window(request.start_time, request.end_time)?;
    let range = request.time_range_type.unwrap_or(RangeType::TraceId);
    let share = share(request, range)?;
    let filter = selection::filter(&task.context, request.filter_expression.as_deref())?;
    let asked = asked(request, range, share);
    let after = request.next_token.as_deref();
    let after = after.map(|token| place(&asked, token)).transpose()?;
    let mut search = Search {
        task,
        filter,
        window,
        range,
        share,
        after,
        processed: 0,
        found: BTreeMap::new(),
    };
    search.run().map_err(unread)?;
    let is_more = search.found.len() > PAGE;
    let processed = search.processed;
    let mut found: Vec<(Place, Summary)> = search.found.into_iter().collect();
    found.truncate(PAGE);
    let last = found.last().map(|(place, _)| *place);
    let next = last.filter(|_| is_more && share != Share::OnePage);
    Ok(Answer {
        trace_summaries: found.into_iter().map(|(_, summary)| summary).collect(),
        approximate_time: task.context.now,
        traces_processed_count: processed,
        next_token: next.map(|place| token::write(&asked, &written(place))),
    })
}

/// Which share of the traces is asked for. A strategy without `Sampling` is
/// passed over, as AWS does.
fn share(request: &Request, range: RangeType) -> Result<Share, Fault> {
    let strategy = request.sampling_strategy.as_ref();
    let strategy = strategy.filter(|_| request.sampling);
    match strategy {
        None if request.sampling => Ok(Share::OnePage),
        None => Ok(Share::All),
        Some(Strategy {
            name: Some(StrategyName::FixedRate),
            value,
        }) => {
            let value = value.filter(|value| (0.0..=1.0).contains(value));
            if range != RangeType::Event {
                let message = "FixedRate sampling requires TimeRangeType Event";
                return Err(Fault::invalid_request(message));
            }
            let message = "FixedRate sampling requires a Value between 0 and 1";
            value
                .map(Share::Rate)
                .ok_or_else(|| Fault::invalid_request(message))
        }
        Some(_) => Ok(Share::OnePage),
    }
}

/// All that tells the question from others.
fn asked(request: &Request, range: RangeType, share: Share) -> Vec<u8> {
    let Request {
        start_time,
        end_time,
        filter_expression,
        ..
    } = request;
    let filter = filter_expression.as_deref().unwrap_or_default();
    format!("{start_time} {end_time} {range:?} {share:?} {filter}").into_bytes()
}

fn written((Reverse(start), id): Place) -> Vec<u8> {
    let mut bytes = start.to_be_bytes().to_vec();
    bytes.extend_from_slice(&id.bytes());
    bytes
}

fn place(asked: &[u8], token: &str) -> Result<Place, Fault> {
    let bytes = token::read(asked, token)?;
    let (start, id) = bytes.split_first_chunk().ok_or_else(Fault::internal)?;
    let id = id.try_into().map_err(|_| Fault::internal())?;
    Ok((Reverse(u64::from_be_bytes(*start)), TraceId::from_bytes(id)))
}

/// Bits of a time, in the order of times; none is before 1970.
fn bits(time: f64) -> u64 {
    time.max(0.0).to_bits()
}

struct Search<'t> {
    task: &'t Task,
    filter: Option<Filter>,
    window: Window,
    range: RangeType,
    share: Share,
    after: Option<Place>,
    processed: u64,
    /// The first of the page, and one more where there is one.
    found: BTreeMap<Place, Summary>,
}

impl Search<'_> {
    fn run(&mut self) -> Result<(), String> {
        match self.range {
            RangeType::TraceId => self.by_start(),
            RangeType::Event => self.read(self.window, TimeRange::Arrival),
            RangeType::Service => self.read(self.window, TimeRange::GoingOn),
        }
    }

    /// Reads the last hour first, so that a page needs not all that is asked for.
    fn by_start(&mut self) -> Result<(), String> {
        let mut end = self.window.end;
        if let Some((Reverse(start), _)) = self.after {
            // Those that began in the same moment come after it by their ids.
            end = end.min(f64::from_bits(start.saturating_add(1)) + 1e-6);
        }
        while end > self.window.start && self.found.len() <= PAGE {
            let start = (end - SLICE).max(self.window.start);
            self.read(Window { start, end }, TimeRange::Start)?;
            end = start;
        }
        Ok(())
    }

    fn read(&mut self, window: Window, range: TimeRange) -> Result<(), String> {
        let source = std::sync::Arc::clone(&self.task.source);
        source.traces(window, range, &mut |id, documents| {
            self.processed += 1;
            let filter = self.filter.as_ref();
            let may_match = filter.is_none_or(|filter| filter.may_match(documents));
            if may_match && self.is_of_share(id) {
                self.consider(&Trace::of(id, documents.iter().copied()));
            }
            ControlFlow::Continue(())
        })
    }

    /// Whether a trace is one of those that are looked at. Which ones they are
    /// does not change from one question to the next.
    #[expect(clippy::cast_precision_loss, reason = "a share needs no 53 digits")]
    fn is_of_share(&self, id: TraceId) -> bool {
        let Share::Rate(rate) = self.share else {
            return true;
        };
        let [.., a, b, c, d] = id.bytes();
        let drawn = u32::from_be_bytes([a, b, c, d]);
        f64::from(drawn) < rate * (u64::from(u32::MAX) + 1) as f64
    }

    fn consider(&mut self, trace: &Trace<'_>) {
        let Some(start) = trace.start() else {
            return;
        };
        let place = (Reverse(bits(start)), trace.id);
        let last = self.found.last_key_value();
        let is_beyond = self.found.len() > PAGE && last.is_some_and(|(last, _)| place > *last);
        if is_beyond || self.after.is_some_and(|after| place <= after) || !self.is_in_time(trace) {
            return;
        }
        let nodes = Nodes::of(trace, &self.task.context.account);
        let is_meant = |filter: &Filter| filter.matches(trace, &nodes);
        if self.filter.as_ref().is_none_or(is_meant) {
            let matched = trace.end().filter(|_| self.range == RangeType::Event);
            self.found
                .insert(place, Summary::of(trace, &nodes, matched));
            if self.found.len() > PAGE + 1 {
                self.found.pop_last();
            }
        }
    }

    /// Whether a trace lies in the window; that something of it came in then is
    /// known before it is read.
    fn is_in_time(&self, trace: &Trace<'_>) -> bool {
        let is_in = |time: f64| self.window.contains(time);
        match self.range {
            RangeType::TraceId => trace.start().is_some_and(is_in),
            RangeType::Service => trace
                .segments()
                .any(|(_, segment)| segment.end.is_some_and(is_in)),
            RangeType::Event => true,
        }
    }
}
