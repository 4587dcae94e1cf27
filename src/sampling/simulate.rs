//! What rules keep of traffic.
//!
//! Nothing is drawn: of what goes beyond a reservoir, the fixed rate keeps the
//! fraction that is expected, so that the same traffic always comes to the same.
//! Requests that come one by one go through samplers ([`client`](super::client))
//! that report to a [`Service`], which splits each reservoir among them as the
//! embedded AWS does. Traffic that is given as a rate is worked out.

use std::collections::BTreeMap;

use super::client::{Reason, Report, Sampler};
use super::service::{INTERVAL, Service, Terms};
use super::share::split;
use super::{Dialect, Request, Rule, first_match, sort, whole_seconds};

/// Seconds after which clients look for rules anew.
const REFRESH_SECONDS: u64 = 300;
/// Seconds by which a request may come behind a later one without being counted
/// as out of order: a log is in the order in which requests end.
const LATE_SECONDS: f64 = 60.0;
/// Never drawn below any rate.
const NEVER: f64 = 1.0;

/// What one rule kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// Requests that met it.
    pub requests: f64,
    /// Those that its reservoir kept, borrowed ones among them.
    pub by_reservoir: f64,
    /// Those that its fixed rate kept, as expected.
    pub by_rate: f64,
}

impl Kept {
    /// All that it kept.
    pub fn kept(&self) -> f64 {
        self.by_reservoir + self.by_rate
    }

    /// All of it so many times.
    #[must_use]
    pub fn times(&self, factor: f64) -> Self {
        Self {
            requests: self.requests * factor,
            by_reservoir: self.by_reservoir * factor,
            by_rate: self.by_rate * factor,
        }
    }
}

/// A fleet of samplers with one service, which takes requests one by one.
#[derive(Clone, Debug)]
pub struct Fleet {
    rules: Vec<Rule>,
    places: BTreeMap<String, usize>,
    service: Service,
    samplers: Vec<Sampler>,
    tallies: Vec<Tally>,
    turn: usize,
    clock: Option<Clock>,
    late: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    requests: u64,
    by_reservoir: u64,
}

#[derive(Clone, Copy, Debug)]
struct Clock {
    first: f64,
    last: f64,
    report_at: u64,
    refresh_at: u64,
}

impl Fleet {
    /// So many clients of `dialect`, at least one. The rules should end with one
    /// that every request meets, as those of X-Ray do.
    pub fn new(mut rules: Vec<Rule>, dialect: Dialect, clients: usize) -> Self {
        sort(&mut rules);
        let names = rules.iter().map(|rule| rule.name.clone());
        Self {
            places: names.enumerate().map(|(at, name)| (name, at)).collect(),
            tallies: vec![Tally::default(); rules.len()],
            samplers: vec![Sampler::new(dialect); clients.max(1)],
            service: Service::default(),
            rules,
            turn: 0,
            clock: None,
            late: 0,
        }
    }

    /// Takes a request, which the clients answer in turn. `at` is epoch seconds;
    /// times should ascend.
    pub fn take(&mut self, request: &Request<'_>, at: f64) {
        self.pass(at);
        let turn = self.turn;
        self.turn = (turn + 1) % self.samplers.len();
        let decision = self.samplers[turn].decide(request, at, NEVER);
        let place = decision.rule.and_then(|name| self.places.get(name));
        if let Some(tally) = place.and_then(|place| self.tallies.get_mut(*place)) {
            tally.requests += 1;
            tally.by_reservoir += u64::from(decision.reason != Reason::Passed);
        }
    }

    /// Lets time go on: rules are looked for and reports made as they are due.
    fn pass(&mut self, at: f64) {
        let second = whole_seconds(at);
        let Some(clock) = self.clock.as_mut() else {
            for sampler in &mut self.samplers {
                sampler.set_rules(self.rules.clone(), at);
            }
            self.clock = Some(Clock {
                first: at,
                last: at,
                report_at: second + INTERVAL,
                refresh_at: second + REFRESH_SECONDS,
            });
            return;
        };
        self.late += u64::from(at < clock.last - LATE_SECONDS);
        clock.first = clock.first.min(at);
        clock.last = clock.last.max(at);
        if second >= clock.refresh_at {
            clock.refresh_at = second + REFRESH_SECONDS;
            for sampler in &mut self.samplers {
                sampler.confirm_rules(at);
            }
        }
        if second >= clock.report_at {
            clock.report_at = second + INTERVAL;
            self.report(at);
        }
    }

    fn report(&mut self, at: f64) {
        for (client, sampler) in self.samplers.iter_mut().enumerate() {
            let client = client.to_string();
            for Report { rule, counts } in sampler.reports(at) {
                let Some(known) = self.places.get(&rule).map(|place| &self.rules[*place]) else {
                    continue;
                };
                let terms = Terms {
                    fixed_rate: known.fixed_rate,
                    reservoir_size: known.reservoir_size,
                    boost: None,
                };
                let target = self.service.report(&rule, terms, &client, counts, at);
                sampler.set_target(&rule, target, at);
            }
        }
    }

    /// The rules in the order in which they are tried.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What each rule kept, in their order.
    #[expect(
        clippy::cast_precision_loss,
        reason = "nobody counts as many requests as that"
    )]
    pub fn kept(&self) -> Vec<Kept> {
        let pairs = self.rules.iter().zip(&self.tallies);
        let kept = pairs.map(|(rule, tally)| Kept {
            requests: tally.requests as f64,
            by_reservoir: tally.by_reservoir as f64,
            by_rate: (tally.requests - tally.by_reservoir) as f64 * rule.fixed_rate,
        });
        kept.collect()
    }

    /// Seconds from the first request to the last; `None` where all came in the
    /// same second.
    pub fn seconds(&self) -> Option<f64> {
        let clock = self.clock?;
        Some(clock.last - clock.first).filter(|seconds| *seconds >= 1.0)
    }

    /// Requests that came more than a minute behind a later one.
    pub fn late(&self) -> u64 {
        self.late
    }
}

/// Requests that come evenly.
#[derive(Clone, Copy, Debug)]
pub struct Flow<'a> {
    /// What they are like.
    pub request: Request<'a>,
    /// How many come in a second.
    pub per_second: f64,
}

/// What each of `rules`, which are in the order of [`sort`], keeps in a second,
/// once so many clients of `dialect`, at least one, have their quotas and share
/// the requests evenly.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a cast of a float saturates, and no fleet is that large"
)]
pub fn steady(rules: &[Rule], flows: &[Flow<'_>], dialect: Dialect, clients: usize) -> Vec<Kept> {
    let mut requests = vec![0.0; rules.len()];
    for flow in flows {
        let place = first_match(rules, &flow.request, dialect);
        if let Some(sum) = place.and_then(|place| requests.get_mut(place)) {
            *sum += flow.per_second;
        }
    }
    let clients = clients.max(1);
    let pairs = rules.iter().zip(requests);
    let kept = pairs.map(|(rule, requests)| {
        let each = requests / clients as f64;
        let demands = vec![each.ceil() as u32; clients];
        let parts = split(rule.reservoir_size, &demands).into_iter();
        let by_reservoir: f64 = parts.map(|part| each.min(f64::from(part))).sum();
        Kept {
            requests,
            by_reservoir,
            by_rate: (requests - by_reservoir) * rule.fixed_rate,
        }
    });
    kept.collect()
}

#[cfg(test)]
mod tests {
    use super::super::Criteria;
    use super::*;

    /// A time within a second, in 2026.
    const NOW: f64 = 1_790_159_515.0;

    fn rule(name: &str, priority: i32, reservoir_size: u32, fixed_rate: f64, path: &str) -> Rule {
        let text = |field: &str| if field == "url_path" { path } else { "*" }.to_owned();
        Rule {
            name: name.to_owned(),
            priority,
            fixed_rate,
            reservoir_size,
            criteria: Criteria::new(text, &BTreeMap::new()),
        }
    }

    fn rules() -> Vec<Rule> {
        vec![
            rule("Default", 10_000, 1, 0.05, "*"),
            rule("api", 10, 10, 0.1, "/api/*"),
            rule("never", 20, 10, 0.1, "/never"),
        ]
    }

    fn path(path: &str) -> Request<'_> {
        Request {
            url_path: Some(path),
            ..Request::default()
        }
    }

    /// Twenty requests a second for so many seconds.
    fn fleet(clients: usize, seconds: u32) -> Fleet {
        let mut fleet = Fleet::new(rules(), Dialect::Sdk, clients);
        for second in 0..seconds {
            for part in 0..20 {
                let at = NOW + f64::from(second) + f64::from(part) / 20.0;
                fleet.take(&path("/api/x"), at);
            }
        }
        fleet
    }

    #[test]
    fn a_client_borrows_first_and_has_the_reservoir_then() {
        let found = fleet(1, 100);
        let kept = found.kept();
        assert_eq!(found.rules()[0].name, "api");
        // Twenty seconds at one a second, as the first report brings no quota.
        assert_eq!(
            kept[0],
            Kept {
                requests: 2000.0,
                by_reservoir: 20.0 + 80.0 * 10.0,
                by_rate: (2000.0 - 820.0) * 0.1,
            }
        );
        assert!(kept[1].requests < 1.0 && kept[2].requests < 1.0);
        assert_eq!(found.seconds().map(f64::round), Some(100.0));
        assert_eq!(found.late(), 0);
    }

    #[test]
    fn several_clients_share_the_reservoir() {
        let (one, four) = (fleet(1, 2000).kept(), fleet(4, 2000).kept());
        assert!((one[0].by_reservoir - 19_820.0).abs() < 1.0);
        // They borrow one each at first; the quotas together are the reservoir.
        assert!((four[0].by_reservoir - 19_880.0).abs() < 21.0, "{four:?}");
    }

    #[test]
    fn rules_stay_good_over_a_quiet_day() {
        let mut fleet = Fleet::new(rules(), Dialect::Sdk, 1);
        for day in 0..3 {
            fleet.take(&path("/api/x"), NOW + f64::from(day) * 86_400.0);
        }
        assert!((fleet.kept()[0].requests - 3.0).abs() < 0.1);
        fleet.take(&path("/api/x"), NOW);
        assert_eq!(fleet.late(), 1);
        assert_eq!(Fleet::new(rules(), Dialect::Sdk, 1).seconds(), None);
    }

    #[test]
    fn a_steady_flow_keeps_the_reservoir_and_its_share() {
        let mut rules = rules();
        sort(&mut rules);
        let flow = |to: &'static str, per_second| Flow {
            request: path(to),
            per_second,
        };
        let flows = [flow("/api/a", 60.0), flow("/api/b", 40.0), flow("/", 0.5)];
        let kept = steady(&rules, &flows, Dialect::Sdk, 1);
        assert_eq!(
            kept[0],
            Kept {
                requests: 100.0,
                by_reservoir: 10.0,
                by_rate: 9.0
            }
        );
        assert!(kept[1].kept() < 0.01);
        assert!((kept[2].kept() - 0.5).abs() < 1e-9);
        // Of four clients two get three, and two get two.
        let four = steady(&rules, &flows, Dialect::Sdk, 4);
        assert!((four[0].by_reservoir - 10.0).abs() < 1e-9);
    }

    #[test]
    fn what_comes_one_by_one_nears_the_steady_flow() {
        let mut rules = rules();
        sort(&mut rules);
        let flow = Flow {
            request: path("/api/x"),
            per_second: 20.0,
        };
        let steady = steady(&rules, &[flow], Dialect::Sdk, 3);
        let kept = fleet(3, 5000).kept();
        let share = kept[0].kept() / kept[0].requests;
        assert!((share - steady[0].kept() / 20.0).abs() < 0.01);
    }
}
