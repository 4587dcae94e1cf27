//! Insights: rises of faults in a group of traces, and whose fault they are.
//!
//! [`Insights`] adds up requests and faults by the minute, for clients and for
//! each service, and forgets the traces; [`Insights::found`] looks for rises in
//! the sums. The time is passed in, and the order of traces does not show as long
//! as there are fewer services than a graph holds and fewer sums than
//! [`MOST_SUMS`].
//!
//! The method, with its numbers, stands in `docs/insights.md`; AWS documents none.

mod baseline;
mod detect;
mod id;
mod impact;
mod shape;

use std::collections::{BTreeMap, HashMap};

pub use baseline::LOOKBACK;
pub(super) use baseline::{Baseline, Counts};
pub use detect::{CLOSES_AFTER, EVENT_EVERY, OPENS_AFTER};
pub use id::started;
pub use impact::ImpactGraph;
pub use shape::{
    AnomalousService, Category, Insight, InsightEvent, InsightImpactGraphEdge,
    InsightImpactGraphService, InsightState, InsightSummary, MOST_TOP_SERVICES,
    RequestImpactStatistics,
};

use super::graph::table::{Names, Places};
use super::nodes::{NodeKey, Nodes};
use super::source::Window;
use super::summary::ServiceId;
use super::trace::{Entity, Outcome, Trace};
use detect::{ByUnit, Rise, SoFar, Sums, Unit};

/// Sums of one minute and one service that are held. Those that come later are
/// left out.
pub const MOST_SUMS: usize = 1_000_000;

/// The group that insights belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its ARN.
    pub arn: &'a str,
}

/// An insight and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The insight; its summary in a list.
    pub summary: InsightSummary,
    /// How far it had come from time to time, oldest first.
    pub events: Vec<InsightEvent>,
}

/// Sums by the minute that grow trace by trace: those of the group alone.
#[derive(Clone, Debug)]
pub struct Insights {
    window: Window,
    names: Names,
    clients: HashMap<i64, Counts>,
    /// By the minute since 1970 and the number of the service.
    services: HashMap<(i64, usize), Sums>,
    is_full: bool,
    places: Places,
}

impl Insights {
    /// No sums yet, to find the insights of a window.
    pub fn new(window: Window) -> Self {
        Self {
            window,
            names: Names::default(),
            clients: HashMap::new(),
            services: HashMap::new(),
            is_full: false,
            places: Places::default(),
        }
    }

    /// What must be added: all that has to do with this window. It begins with a
    /// quarter of a day, two before the one that was asked for: an insight lasts
    /// some [`LOOKBACK`], and what is compared with lies as long before it. So
    /// windows that overlap find the same insights.
    pub fn reads(&self) -> Window {
        // Exact: far below 2^53.
        #[expect(clippy::cast_precision_loss, reason = "six hours")]
        let quarter = LOOKBACK as f64;
        Window {
            start: ((self.window.start / quarter).floor() - 2.0) * quarter,
            end: self.window.end,
        }
    }

    /// Adds a trace.
    pub fn add(&mut self, trace: &Trace<'_>, nodes: &Nodes<'_>) {
        let window = self.reads();
        if let Some(root) = trace.root().filter(|root| window.contains(root.start))
            && let Some(counts) = counts(root)
        {
            self.add_client(minute(root.start), counts);
        }
        let led_to = led_to(trace, nodes);
        self.places.reset(nodes.nodes.len());
        for (at, node) in nodes.nodes.iter().enumerate() {
            for index in &node.segments {
                let segment = trace.get(*index).filter(|it| window.contains(it.start));
                let Some((start, counts)) = segment.and_then(|it| Some((it.start, counts(it)?)))
                else {
                    continue;
                };
                let is_led_to = led_to.get(*index).copied().unwrap_or_default();
                let number = self.places.number(at, &nodes.nodes, &mut self.names);
                let own_faults = if is_led_to { 0 } else { counts.faults };
                self.add_sums(minute(start), number, Sums { counts, own_faults });
            }
        }
    }

    /// Adds all that the sums of other traces hold, so that traces can be read in
    /// parts, and parts that do not change any more can be kept.
    pub fn merge(&mut self, other: &Self) {
        self.is_full |= other.is_full;
        let keys = other.names.keys().iter();
        let numbers: Vec<Option<usize>> = keys.map(|key| self.names.number(key)).collect();
        for (minute, counts) in &other.clients {
            self.add_client(*minute, *counts);
        }
        for ((minute, number), sums) in &other.services {
            self.add_sums(*minute, numbers.get(*number).copied().flatten(), *sums);
        }
    }

    /// Whether services or sums were left out because there were too many.
    pub fn is_full(&self) -> bool {
        self.is_full
    }

    /// The insights that any moment of the window belongs to, oldest first, as
    /// they are at a time in epoch seconds.
    pub fn found(&self, group: Group<'_>, now: f64) -> Vec<Found> {
        let now = minute(now);
        // By rank, so that the order in which services came does not show.
        let mut order: Vec<usize> = (0..self.names.keys().len()).collect();
        order.sort_by_key(|number| self.names.keys().get(*number));
        let rises = detect::rises(self.minutes(&order, now), now);
        let keys = order.iter().filter_map(|it| self.names.keys().get(*it));
        let told = Told {
            group,
            now,
            services: keys.collect(),
        };
        let found = rises.iter().filter_map(|rise| told.found(rise));
        let is_in_window = |found: &Found| {
            let insight = &found.summary.insight;
            insight.start_time < self.window.end
                && insight.end_time.is_none_or(|end| end > self.window.start)
        };
        found.filter(is_in_window).collect()
    }

    fn add_client(&mut self, minute: i64, counts: Counts) {
        if self.clients.len() < MOST_SUMS || self.clients.contains_key(&minute) {
            self.clients.entry(minute).or_default().add(counts);
        } else {
            self.is_full = true;
        }
    }

    fn add_sums(&mut self, minute: i64, service: Option<usize>, sums: Sums) {
        let Some(service) = service else {
            self.is_full = true;
            return;
        };
        let key = (minute, service);
        if self.services.len() >= MOST_SUMS && !self.services.contains_key(&key) {
            self.is_full = true;
            return;
        }
        self.services.entry(key).or_default().add(sums);
    }

    /// The minutes before `now`, ascending.
    fn minutes(&self, order: &[usize], now: i64) -> BTreeMap<i64, ByUnit> {
        let mut ranks = vec![0; order.len()];
        for (rank, number) in order.iter().enumerate() {
            if let Some(place) = ranks.get_mut(*number) {
                *place = rank;
            }
        }
        let mut minutes: BTreeMap<i64, ByUnit> = BTreeMap::new();
        for (minute, counts) in self.clients.iter().filter(|(minute, _)| **minute < now) {
            let sums = minutes.entry(*minute).or_default();
            let client = Sums {
                counts: *counts,
                own_faults: 0,
            };
            sums.insert(Unit::Client, client);
        }
        let services = self.services.iter();
        for ((minute, number), sums) in services.filter(|((minute, _), _)| *minute < now) {
            let rank = ranks.get(*number).copied().unwrap_or_default();
            let minute = minutes.entry(*minute).or_default();
            minute.insert(Unit::Service(rank), *sums);
        }
        minutes
    }
}

/// What is needed to tell of rises.
struct Told<'a> {
    group: Group<'a>,
    now: i64,
    /// By rank.
    services: Vec<&'a NodeKey<'static>>,
}

impl Told<'_> {
    fn found(&self, rise: &Rise) -> Option<Found> {
        let root_cause = rise.so_far.root_cause()?;
        let is_closed = rise.closed.is_some();
        let insight = Insight {
            insight_id: id::id(self.group.arn, rise.first),
            group_arn: self.group.arn.to_owned(),
            group_name: self.group.name.to_owned(),
            root_cause_service_id: self.service(root_cause)?,
            categories: [Category::Fault],
            state: if is_closed {
                InsightState::Closed
            } else {
                InsightState::Active
            },
            start_time: seconds(rise.first),
            end_time: is_closed.then(|| seconds(rise.last + 1)),
            summary: self.sentence(&rise.so_far)?,
            client_request_impact_statistics: rise.so_far.counts(Unit::Client).into(),
            root_cause_service_request_impact_statistics: counts_of(&rise.so_far, root_cause),
            top_anomalous_services: self.top_services(&rise.so_far),
        };
        let events = rise.events.iter();
        Some(Found {
            summary: InsightSummary {
                insight,
                last_update_time: rise.closed.map_or(seconds(self.now), |it| seconds(it + 1)),
            },
            events: events
                .filter_map(|(minute, so_far)| self.event(*minute, so_far))
                .collect(),
        })
    }

    fn event(&self, minute: i64, so_far: &SoFar) -> Option<InsightEvent> {
        let root_cause = so_far.root_cause()?;
        Some(InsightEvent {
            summary: self.sentence(so_far)?,
            event_time: seconds(minute + 1),
            client_request_impact_statistics: so_far.counts(Unit::Client).into(),
            root_cause_service_request_impact_statistics: counts_of(so_far, root_cause),
            top_anomalous_services: self.top_services(so_far),
        })
    }

    fn service(&self, rank: usize) -> Option<ServiceId> {
        self.services.get(rank).map(|key| ServiceId::of(key))
    }

    fn top_services(&self, so_far: &SoFar) -> Vec<AnomalousService> {
        let services = so_far.top_services().into_iter();
        let services = services.filter_map(|rank| self.service(rank));
        let services = services.map(|service_id| AnomalousService { service_id });
        services.take(MOST_TOP_SERVICES).collect()
    }

    /// What happened. AWS documents no wording.
    fn sentence(&self, so_far: &SoFar) -> Option<String> {
        let root_cause = so_far.root_cause()?;
        let name = &self.services.get(root_cause)?.name;
        let own = so_far.counts(Unit::Service(root_cause));
        let client = so_far.counts(Unit::Client);
        Some(format!(
            "{name} faulted in {}. Clients saw faults in {}.",
            share(own),
            share(client)
        ))
    }
}

/// `7 of 20 requests (35%)`
fn share(counts: Counts) -> String {
    let Counts { requests, faults } = counts;
    let noun = if requests == 1 { "request" } else { "requests" };
    if requests == 0 {
        return format!("0 of 0 {noun}");
    }
    let percent = (u128::from(faults) * 200 + u128::from(requests)) / (u128::from(requests) * 2);
    format!("{faults} of {requests} {noun} ({percent}%)")
}

fn counts_of(so_far: &SoFar, service: usize) -> RequestImpactStatistics {
    so_far.counts(Unit::Service(service)).into()
}

/// A request that is finished.
fn counts(segment: &Entity<'_>) -> Option<Counts> {
    segment.end?;
    Some(Counts::of(segment.flags.outcome()))
}

/// For each entity, whether it is a segment that another one's fault may have
/// led to: one that it calls.
fn led_to(trace: &Trace<'_>, nodes: &Nodes<'_>) -> Vec<bool> {
    let mut led_to = vec![false; trace.entities.len()];
    for call in &nodes.calls {
        let called = trace.get(call.callee);
        let Some(called) = called.filter(|it| it.flags.outcome() == Outcome::Fault) else {
            continue;
        };
        let above = called.parent.and_then(|at| trace.get(at));
        let segment = above.and_then(|it| it.segment);
        if let Some(is_led_to) = segment.and_then(|at| led_to.get_mut(at)) {
            *is_led_to = true;
        }
    }
    led_to
}

/// The minute since 1970 that a time is in.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast of what is too great gives the greatest"
)]
fn minute(time: f64) -> i64 {
    (time / 60.0).floor() as i64
}

/// When a minute begins, in epoch seconds.
#[expect(
    clippy::cast_precision_loss,
    reason = "minutes are numbered by times that were floats"
)]
fn seconds(minute: i64) -> f64 {
    minute as f64 * 60.0
}
