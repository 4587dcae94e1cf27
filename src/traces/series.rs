//! Statistics in periods: what `GetTimeSeriesServiceStatistics` answers.

use std::collections::BTreeMap;

use serde::Serialize;

use super::histogram::Histogram;
use super::insights::{Baseline, Counts, LOOKBACK};
use super::nodes::{NodeKey, Nodes};
use super::source::Window;
use super::statistics::Statistics;
use super::trace::{Entity, Trace};
use crate::filter::{EntitySelector, NodeField, NodeId, NodePattern};

/// Periods that a series holds: as many minutes as X-Ray keeps traces for, and
/// some more. Those that come later are left out.
pub const MOST_PERIODS: usize = 50_000;

/// How long a period is.
///
/// Source: what the API takes; its page names no values.
/// <https://docs.aws.amazon.com/xray/latest/api/API_GetTimeSeriesServiceStatistics.html>
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Period {
    /// 60 seconds.
    #[default]
    Minute,
    /// 300 seconds.
    FiveMinutes,
}

/// What of the traces is counted.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The services or the edges; all edges where it is absent.
    pub selector: Option<EntitySelector>,
    /// One's own account, which selectors may name.
    pub account: String,
    /// What begins in it is counted.
    pub window: Window,
    /// How long periods are.
    pub period: Period,
    /// Whether to tell how many faults were to be expected.
    pub has_forecast: bool,
}

/// Statistics in periods that grow trace by trace.
#[derive(Clone, Debug)]
pub struct Series {
    selection: Selection,
    /// By the number of a period since 1970.
    periods: BTreeMap<i64, Sums>,
    /// Requests of the periods that forecasts are told from.
    counts: BTreeMap<i64, Counts>,
    is_full: bool,
}

#[derive(Clone, Debug, Default)]
struct Sums {
    statistics: Statistics,
    response_times: Histogram,
}

/// Statistics of one period: AWS's `TimeSeriesServiceStatistics`.
///
/// Source: <https://docs.aws.amazon.com/xray/latest/api/API_TimeSeriesServiceStatistics.html>
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PeriodStatistics {
    /// When the period begins, in epoch seconds.
    pub timestamp: f64,
    /// How calls went, where edges are selected.
    pub edge_summary_statistics: Option<Statistics>,
    /// How requests went, where services are selected.
    pub service_summary_statistics: Option<Statistics>,
    /// How many faults were to be expected.
    pub service_forecast_statistics: Forecast,
    /// Seconds that requests or calls took.
    pub response_time_histogram: Histogram,
}

/// How many faults were to be expected, by the requests that came before; absent
/// where it is not asked for, or where too few came.
///
/// Source: <https://docs.aws.amazon.com/xray/latest/api/API_ForecastStatistics.html>
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Forecast {
    /// More are an anomaly.
    pub fault_count_high: Option<u64>,
    /// Fewer are unusual.
    pub fault_count_low: Option<u64>,
}

impl Period {
    /// The period of so many seconds.
    pub fn of(seconds: i64) -> Option<Self> {
        match seconds {
            60 => Some(Self::Minute),
            300 => Some(Self::FiveMinutes),
            _ => None,
        }
    }

    /// Its seconds.
    pub fn seconds(self) -> i32 {
        match self {
            Self::Minute => 60,
            Self::FiveMinutes => 300,
        }
    }

    /// The number of the period that a time is in.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a cast of what is too great gives the greatest"
    )]
    fn number(self, time: f64) -> i64 {
        (time / f64::from(self.seconds())).floor() as i64
    }

    /// When a period begins, in epoch seconds.
    #[expect(
        clippy::cast_precision_loss,
        reason = "periods are numbered by times that were floats"
    )]
    fn start(self, number: i64) -> f64 {
        number as f64 * f64::from(self.seconds())
    }
}

impl Series {
    /// An empty series.
    pub fn new(selection: Selection) -> Self {
        Self {
            selection,
            periods: BTreeMap::new(),
            counts: BTreeMap::new(),
            is_full: false,
        }
    }

    /// What must be added: all that has to do with this window, which begins
    /// before the one that was asked for where forecasts are.
    pub fn reads(&self) -> Window {
        let mut window = self.selection.window;
        if self.selection.has_forecast {
            // Exact: far below 2^53.
            #[expect(clippy::cast_precision_loss, reason = "six hours")]
            let lookback = LOOKBACK as f64;
            window.start -= lookback;
        }
        window
    }

    /// Adds a trace.
    pub fn add(&mut self, trace: &Trace<'_>, nodes: &Nodes<'_>) {
        if self.has_edges() {
            for call in &nodes.calls {
                let node = |at: usize| nodes.nodes.get(at).map(|node| &node.key);
                let ends = node(call.source).zip(node(call.destination));
                if ends.is_some_and(|(source, destination)| self.selects_edge(source, destination))
                    && let Some(entity) = trace.get(call.entity)
                {
                    self.count(entity);
                }
            }
            return;
        }
        for node in &nodes.nodes {
            if self.selects_service(&node.key) {
                for segment in node.segments.iter().filter_map(|at| trace.get(*at)) {
                    self.count(segment);
                }
            }
        }
    }

    /// Adds all that another series of the same selection holds, so that traces
    /// can be read in parts.
    pub fn merge(&mut self, other: &Self) {
        self.is_full |= other.is_full;
        for (number, sums) in &other.periods {
            if let Some(own) = self.period(*number) {
                own.statistics.merge(&sums.statistics);
                own.response_times.merge(&sums.response_times);
            }
        }
        for (number, counts) in &other.counts {
            self.add_counts(*number, *counts);
        }
    }

    /// Whether periods were left out because there were too many.
    pub fn is_full(&self) -> bool {
        self.is_full
    }

    /// The periods in which anything finished began, oldest first.
    pub fn periods(&self) -> Vec<PeriodStatistics> {
        let forecasts = self.forecasts();
        let has_edges = self.has_edges();
        let shown = |(number, sums): (&i64, &Sums)| PeriodStatistics {
            timestamp: self.selection.period.start(*number),
            edge_summary_statistics: has_edges.then_some(sums.statistics),
            service_summary_statistics: (!has_edges).then_some(sums.statistics),
            service_forecast_statistics: forecasts.get(number).copied().unwrap_or_default(),
            response_time_histogram: sums.response_times.clone(),
        };
        self.periods.iter().map(shown).collect()
    }

    fn forecasts(&self) -> BTreeMap<i64, Forecast> {
        let mut baseline = Baseline::new(self.selection.period.seconds().into());
        let judged = self.counts.iter().map(|(number, counts)| {
            let bounds = baseline.judge(*number, *counts).bounds;
            let forecast = Forecast {
                fault_count_high: bounds.map(|it| it.high),
                fault_count_low: bounds.map(|it| it.low),
            };
            (*number, forecast)
        });
        judged.collect()
    }

    fn has_edges(&self) -> bool {
        matches!(
            self.selection.selector,
            None | Some(EntitySelector::Edge(_))
        )
    }

    fn selects_edge(&self, source: &NodeKey<'_>, destination: &NodeKey<'_>) -> bool {
        match &self.selection.selector {
            None => true,
            Some(EntitySelector::Edge(ends)) => {
                self.is_node(&ends.source, source) && self.is_node(&ends.destination, destination)
            }
            Some(EntitySelector::Service(_) | EntitySelector::Id(_)) => false,
        }
    }

    fn selects_service(&self, key: &NodeKey<'_>) -> bool {
        match &self.selection.selector {
            Some(EntitySelector::Service(pattern)) => self.is_node(pattern, key),
            Some(EntitySelector::Id(id)) => self.has_id(id, key),
            Some(EntitySelector::Edge(_)) | None => false,
        }
    }

    fn is_node(&self, pattern: &NodePattern, key: &NodeKey<'_>) -> bool {
        match pattern {
            NodePattern::Name(name) => *name == key.name,
            NodePattern::Id(id) => self.has_id(id, key),
        }
    }

    fn has_id(&self, id: &NodeId, key: &NodeKey<'_>) -> bool {
        let account = key.account_id.as_deref().unwrap_or(&self.selection.account);
        let is = |field, value: Option<&str>| id.get(field).is_none_or(|it| Some(it) == value);
        is(NodeField::Name, Some(&key.name))
            && is(NodeField::Type, key.kind.as_deref())
            && is(NodeField::AccountId, Some(account))
    }

    /// Counts a request or a call where it is finished and begins in time.
    fn count(&mut self, entity: &Entity<'_>) {
        let Some(seconds) = entity.seconds() else {
            return;
        };
        let number = self.selection.period.number(entity.start);
        let outcome = entity.flags.outcome();
        if self.selection.has_forecast && self.reads().contains(entity.start) {
            self.add_counts(number, Counts::of(outcome));
        }
        if !self.selection.window.contains(entity.start) {
            return;
        }
        if let Some(sums) = self.period(number) {
            sums.statistics.add(outcome, seconds);
            sums.response_times.add(seconds);
        }
    }

    fn add_counts(&mut self, number: i64, counts: Counts) {
        if self.counts.len() < MOST_PERIODS || self.counts.contains_key(&number) {
            self.counts.entry(number).or_default().add(counts);
        } else {
            self.is_full = true;
        }
    }

    /// A period; `None` where it is new and there are too many.
    fn period(&mut self, number: i64) -> Option<&mut Sums> {
        if self.periods.len() >= MOST_PERIODS && !self.periods.contains_key(&number) {
            self.is_full = true;
            return None;
        }
        Some(self.periods.entry(number).or_default())
    }
}
