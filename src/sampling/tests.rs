//! Rules, sampler and service, alone and together.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::client::{Reason, Report, Sampler};
use super::service::{MOST_CLIENTS, QUOTA_SECONDS, Service, Summary, Terms};
use super::{
    Counts, Criteria, Dialect, Quota, Request, Rule, Step, Target, explain, first_match, sort,
};

/// A time within a second, in 2026.
const NOW: f64 = 1_790_159_515.0;
const SECOND: u64 = 1_790_159_515;

fn rule(name: &str, priority: i32, fields: &[(&str, &str)], attributes: &[(&str, &str)]) -> Rule {
    let fields: BTreeMap<&str, &str> = fields.iter().copied().collect();
    let attributes = attributes
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect();
    Rule {
        name: name.to_owned(),
        priority,
        fixed_rate: 0.1,
        reservoir_size: 3,
        criteria: Criteria::new(
            |field| fields.get(field).copied().unwrap_or("*").to_owned(),
            &attributes,
        ),
    }
}

fn met<'a>(rules: &'a [Rule], request: &Request<'_>, dialect: Dialect) -> Option<&'a str> {
    first_match(rules, request, dialect).map(|at| rules[at].name.as_str())
}

fn requests(requests: u64) -> Counts {
    Counts {
        requests,
        ..Counts::default()
    }
}

#[test]
fn the_first_rule_by_priority_and_name_decides() {
    let mut rules = vec![
        rule("Default", 10_000, &[], &[]),
        rule("zebra", 5, &[("url_path", "/api/*")], &[]),
        rule("ant", 5, &[("url_path", "/api/pay*")], &[]),
        rule("first", 1, &[("http_method", "post")], &[]),
    ];
    sort(&mut rules);
    let names: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(names, ["first", "ant", "zebra", "Default"]);
    let at = |method, path| Request {
        http_method: Some(method),
        url_path: Some(path),
        ..Request::default()
    };
    for dialect in [Dialect::Sdk, Dialect::OpenTelemetryJs] {
        assert_eq!(met(&rules, &at("GET", "/api/pay/1"), dialect), Some("ant"));
        assert_eq!(met(&rules, &at("GET", "/api/x"), dialect), Some("zebra"));
        assert_eq!(met(&rules, &at("POST", "/api/x"), dialect), Some("first"));
        assert_eq!(met(&rules, &at("GET", "/"), dialect), Some("Default"));
        assert_eq!(met(&[], &at("GET", "/"), dialect), None);
    }
}

#[test]
fn every_field_is_compared_with_its_own_pattern() {
    let request = Request {
        service_name: Some("name"),
        service_type: Some("type"),
        host: Some("host"),
        http_method: Some("method"),
        url_path: Some("path"),
        resource_arn: Some("arn"),
        attributes: &[("tier", "gold"), ("team", "core")],
    };
    let dialect = Dialect::OpenTelemetryJs;
    for (field, value) in [
        ("service_name", "name"),
        ("service_type", "type"),
        ("host", "host"),
        ("http_method", "method"),
        ("url_path", "path"),
        ("resource_arn", "arn"),
    ] {
        let rules = [
            rule("other", 1, &[(field, "other")], &[]),
            rule(field, 2, &[(field, value)], &[]),
        ];
        assert_eq!(met(&rules, &request, dialect), Some(field));
    }
    let rules = [
        rule("missing", 1, &[], &[("tier", "gold"), ("region", "*")]),
        rule("other", 2, &[], &[("tier", "silver")]),
        rule("both", 3, &[], &[("tier", "g*"), ("team", "core")]),
    ];
    assert_eq!(met(&rules, &request, dialect), Some("both"));
}

#[test]
fn dialects_differ_in_what_is_not_known() {
    let rules = [
        rule("gold", 1, &[], &[("tier", "gold")]),
        rule("arn", 2, &[("resource_arn", "arn:*")], &[]),
        rule("host", 3, &[("host", "a.example")], &[]),
        rule("Default", 10_000, &[], &[]),
    ];
    let request = Request {
        resource_arn: Some("arn:x"),
        attributes: &[("tier", "gold")],
        ..Request::default()
    };
    assert_eq!(met(&rules, &request, Dialect::Sdk), Some("host"));
    assert_eq!(
        met(&rules, &request, Dialect::OpenTelemetryJs),
        Some("gold")
    );
    let unknown = Request::default();
    assert_eq!(
        met(&rules, &unknown, Dialect::OpenTelemetryJs),
        Some("Default")
    );
}

const TERMS: Terms = Terms {
    fixed_rate: 0.1,
    reservoir_size: 3,
    boost: None,
};

fn quota(per_second: u32, second: u64) -> Quota {
    Quota {
        per_second,
        expires_at: second + QUOTA_SECONDS,
        interval: 10,
    }
}

#[test]
fn a_client_gets_its_quota_after_ten_seconds() {
    let mut service = Service::default();
    let mut report = |client: &str, now: f64| {
        let target = service.report("api", TERMS, client, requests(1000), now);
        assert!((target.fixed_rate - 0.1).abs() < f64::EPSILON);
        target.quota
    };
    assert_eq!(report("a", NOW), None);
    assert_eq!(report("a", NOW + 9.0), None);
    assert_eq!(report("a", NOW + 10.0), Some(quota(3, SECOND + 10)));
    // All of it is leased: the second client goes on to borrow for a while.
    assert_eq!(report("b", NOW + 11.0), None);
    assert_eq!(report("b", NOW + 21.0), None);
    assert_eq!(report("a", NOW + 22.0), Some(quota(1, SECOND + 22)));
    assert_eq!(report("b", NOW + 31.0), Some(quota(2, SECOND + 31)));
    // `a` is gone. Its part comes back once it can no longer use it. (`b` asked
    // for less a second meanwhile than `a` did at last, who is still counted.)
    assert_eq!(report("b", NOW + 322.0), Some(quota(1, SECOND + 322)));
    assert_eq!(report("b", NOW + 323.0), Some(quota(3, SECOND + 323)));
}

#[test]
fn a_reservoir_of_nothing_and_too_many_clients_get_quotas_of_nothing() {
    let mut service = Service::default();
    let none = Terms {
        reservoir_size: 0,
        ..TERMS
    };
    service.report("api", none, "a", requests(9), NOW);
    let target = service.report("api", none, "a", requests(9), NOW + 10.0);
    assert_eq!(target.quota, Some(quota(0, SECOND + 10)));
    for client in 0..MOST_CLIENTS + 5 {
        service.report("busy", TERMS, &client.to_string(), requests(1), NOW);
    }
    let stranger = service.report("busy", TERMS, "stranger", requests(1), NOW + 20.0);
    assert_eq!(stranger.quota, None);
    // They are forgotten, and then there is room again.
    let later = NOW + 400.0;
    service.report("busy", TERMS, "stranger", requests(1), later);
    let target = service.report("busy", TERMS, "stranger", requests(1), later + 10.0);
    assert_eq!(target.quota, Some(quota(3, SECOND + 410)));
}

#[test]
fn a_smaller_reservoir_takes_quotas_back() {
    let mut service = Service::default();
    for client in ["a", "b"] {
        service.report("api", TERMS, client, requests(100), NOW);
    }
    let mut report = |reservoir_size: u32, client: &str, after: f64| {
        let terms = Terms {
            reservoir_size,
            ..TERMS
        };
        let target = service.report("api", terms, client, requests(100), NOW + after);
        target.quota.map(|quota| quota.per_second)
    };
    assert_eq!(report(8, "a", 10.0), Some(4));
    assert_eq!(report(8, "b", 10.0), Some(4));
    // `b` holds more than there is: `a` must not keep what it has.
    assert_eq!(report(2, "a", 20.0), Some(0));
    assert_eq!(report(2, "b", 20.0), Some(1));
    assert_eq!(report(2, "a", 30.0), Some(1));
}

#[test]
fn statistics_are_of_the_last_ten_seconds_that_are_over() {
    let mut service = Service::default();
    let counts = Counts {
        requests: 10,
        sampled: 3,
        borrowed: 1,
    };
    let start = SECOND - 5;
    assert_eq!(service.summaries(NOW), []);
    service.report("api", TERMS, "a", counts, NOW);
    service.report("api", TERMS, "b", counts, NOW + 4.9);
    assert_eq!(service.summaries(NOW + 4.9), []);
    let summary = |start: u64, times: u64| Summary {
        rule: "api".to_owned(),
        start,
        counts: Counts {
            requests: 10 * times,
            sampled: 3 * times,
            borrowed: times,
        },
    };
    assert_eq!(service.summaries(NOW + 5.0), [summary(start, 2)]);
    service.report("api", TERMS, "a", counts, NOW + 5.0);
    assert_eq!(service.summaries(NOW + 6.0), [summary(start, 2)]);
    service.report("api", TERMS, "a", counts, NOW + 65.0);
    assert_eq!(service.summaries(NOW + 66.0), [summary(start + 10, 1)]);
    service.retain(|name| name != "api");
    assert_eq!(service.summaries(NOW + 99.0), []);
}

fn sampler(dialect: Dialect) -> Sampler {
    let mut sampler = Sampler::new(dialect);
    sampler.set_rules(vec![rule("Default", 10_000, &[], &[])], NOW);
    sampler
}

fn decide(sampler: &mut Sampler, now: f64, draw: f64) -> Reason {
    let decision = sampler.decide(&Request::default(), now, draw);
    assert_eq!(decision.rule, Some("Default"));
    decision.reason
}

#[test]
fn a_sampler_borrows_until_it_has_a_quota_and_again_once_that_is_over() {
    let mut sampler = sampler(Dialect::Sdk);
    assert_eq!(decide(&mut sampler, NOW, 0.9), Reason::Borrowed);
    assert_eq!(decide(&mut sampler, NOW + 0.5, 0.9), Reason::Passed);
    assert_eq!(decide(&mut sampler, NOW + 0.5, 0.0999), Reason::FixedRate);
    assert_eq!(decide(&mut sampler, NOW + 1.0, 0.9), Reason::Borrowed);
    let target = Target {
        fixed_rate: 0.5,
        quota: Some(Quota {
            per_second: 2,
            expires_at: SECOND + 3,
            interval: 20,
        }),
        boost: None,
    };
    sampler.set_target("Default", target, NOW + 1.0);
    sampler.set_target("unknown", target, NOW + 1.0);
    // What was borrowed in this second counts.
    assert_eq!(decide(&mut sampler, NOW + 1.1, 0.9), Reason::Quota);
    assert_eq!(decide(&mut sampler, NOW + 1.2, 0.49), Reason::FixedRate);
    assert_eq!(decide(&mut sampler, NOW + 1.3, 0.5), Reason::Passed);
    assert_eq!(decide(&mut sampler, NOW + 3.9, 0.9), Reason::Quota);
    // A clock that goes back gives no second twice.
    assert_eq!(decide(&mut sampler, NOW + 2.0, 0.9), Reason::Quota);
    assert_eq!(decide(&mut sampler, NOW + 2.1, 0.9), Reason::Passed);
    assert_eq!(decide(&mut sampler, NOW + 4.0, 0.9), Reason::Borrowed);
}

#[test]
fn a_sampler_reports_what_it_counted_when_it_is_due() {
    let counted = |dialect: Dialect| {
        let mut sampler = sampler(dialect);
        assert_eq!(sampler.reports(NOW), []);
        for draw in [0.9, 0.0, 0.9] {
            decide(&mut sampler, NOW, draw);
        }
        (sampler.reports(NOW), sampler)
    };
    let report = |sampled: u64| Report {
        rule: "Default".to_owned(),
        counts: Counts {
            requests: 3,
            sampled,
            borrowed: 1,
        },
    };
    assert_eq!(counted(Dialect::OpenTelemetryJs).0, [report(2)]);
    let (reports, mut sampler) = counted(Dialect::Sdk);
    assert_eq!(reports, [report(1)]);
    assert_eq!(sampler.reports(NOW), []);
    let target = Target {
        fixed_rate: 0.1,
        quota: None,
        boost: None,
    };
    sampler.set_target("Default", target, NOW);
    decide(&mut sampler, NOW + 1.0, 0.9);
    assert_eq!(sampler.reports(NOW + 9.0), []);
    // New rules leave counts and time alone.
    sampler.set_rules(vec![rule("Default", 10_000, &[], &[])], NOW + 9.0);
    let [report] = &sampler.reports(NOW + 10.0)[..] else {
        panic!("one report is due");
    };
    assert_eq!(report.counts.requests, 1);
}

#[test]
fn without_good_rules_one_a_second_and_five_percent_are_sampled() {
    let mut fresh = Sampler::new(Dialect::Sdk);
    let reason = |sampler: &mut Sampler, now: f64, draw: f64| {
        let decision = sampler.decide(&Request::default(), now, draw);
        assert_eq!(decision.rule, None);
        decision.reason
    };
    assert_eq!(reason(&mut fresh, NOW, 0.9), Reason::Quota);
    assert_eq!(reason(&mut fresh, NOW, 0.049), Reason::FixedRate);
    assert_eq!(reason(&mut fresh, NOW, 0.05), Reason::Passed);
    assert!(fresh.is_outdated(0.0));
    let mut old = sampler(Dialect::Sdk);
    decide(&mut old, NOW + 3600.9, 0.9);
    assert_eq!(reason(&mut old, NOW + 3601.0, 0.9), Reason::Quota);
    assert!(!old.is_outdated(NOW - 1.0));
    assert!(old.is_outdated(NOW));
}

/// What one client believes that it may sample.
#[derive(Clone, Copy, Default)]
struct Held(u32, u64);

/// A few texts that meet and miss each other, of any letter case.
fn text() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["", "*", "a", "A", "a*", "?b", "ab", "Ab", "**"])
        .prop_map(str::to_owned)
}

proptest! {
    /// What is explained is what is decided, for every sampler.
    #[test]
    fn an_explanation_ends_with_the_rule_that_decides(
        patterns in prop::collection::vec(prop::collection::vec(text(), 7), 1..6),
        values in prop::collection::vec(prop::option::of(text()), 7),
    ) {
        let rules: Vec<Rule> = patterns.iter().map(|texts| {
            let fields: Vec<(&str, &str)> =
                super::FIELDS.into_iter().zip(texts.iter().map(String::as_str)).collect();
            let attributes = [("tier", texts[6].as_str())];
            rule("any", 1, &fields, if texts[6].is_empty() { &[] } else { &attributes })
        }).collect();
        let values: Vec<Option<&str>> = values.iter().map(Option::as_deref).collect();
        let attributes: Vec<(&str, &str)> = values[6].map(|value| ("tier", value)).into_iter().collect();
        let request = Request {
            service_name: values[0],
            service_type: values[1],
            host: values[2],
            http_method: values[3],
            url_path: values[4],
            resource_arn: values[5],
            attributes: &attributes,
        };
        for dialect in Dialect::ALL {
            let steps = explain(&rules, &request, dialect);
            let decided = steps.iter().position(|step| *step == Step::Matched);
            prop_assert_eq!(decided, first_match(&rules, &request, dialect));
            let tried = decided.map_or(steps.len(), |at| at + 1);
            prop_assert!(steps[tried..].iter().all(|step| *step == Step::NotTried));
            let empty = Step::Mismatched(Vec::new());
            prop_assert!(!steps.contains(&empty));
        }
    }

    /// Whoever reports, whenever, with whatever: what all clients together
    /// believe that they may sample is never more than the reservoir.
    #[test]
    fn quotas_together_stay_within_the_reservoir(
        reservoir in 0_u32..40,
        steps in prop::collection::vec((0_usize..8, 0_u64..400, 0_u64..5000), 1..200),
        pace in 1_u64..200,
    ) {
        let mut service = Service::default();
        let terms = Terms { fixed_rate: 0.05, reservoir_size: reservoir, boost: None };
        let mut held = [Held::default(); 8];
        let mut second = SECOND;
        for (client, wait, count) in steps {
            second += wait / pace;
            #[expect(clippy::cast_precision_loss, reason = "small enough")]
            let now = second as f64 + 0.5;
            let target = service.report("api", terms, &client.to_string(), requests(count), now);
            if let Some(quota) = target.quota {
                held[client] = Held(quota.per_second, quota.expires_at);
            }
            let sum: u32 = held.iter().filter(|one| second <= one.1).map(|one| one.0).sum();
            prop_assert!(sum <= reservoir, "{} of {}", sum, reservoir);
        }
    }

    /// A sampler alone: in each second, no more than its part and what the
    /// fixed rate draws.
    #[test]
    fn a_sampler_stays_within_reservoir_and_fixed_rate(
        reservoir in 0_u32..5,
        quotas in prop::collection::vec((0_u32..5, 0_u64..20), 0..5),
        steps in prop::collection::vec((0.0_f64..2.0, 0.0_f64..1.0), 1..300),
        rate in 0.0_f64..1.0,
    ) {
        let mut sampler = Sampler::new(Dialect::Sdk);
        let mut only = rule("Default", 10_000, &[], &[]);
        (only.reservoir_size, only.fixed_rate) = (reservoir, rate);
        sampler.set_rules(vec![only], NOW);
        let mut seconds: BTreeMap<u64, (u32, u32)> = BTreeMap::new();
        let mut now = NOW;
        let every = steps.len() / (quotas.len() + 1) + 1;
        for (index, (wait, draw)) in steps.iter().enumerate() {
            now += wait * wait;
            if let Some((per_second, life)) = quotas.get(index / every)
                && index % every == 0
            {
                let quota = Quota {
                    per_second: (*per_second).min(reservoir),
                    expires_at: super::whole_seconds(now) + life,
                    interval: 10,
                };
                let target = Target { fixed_rate: rate, quota: Some(quota), boost: None };
                sampler.set_target("Default", target, now);
            }
            let reason = decide(&mut sampler, now, *draw);
            let entry = seconds.entry(super::whole_seconds(now)).or_default();
            entry.0 += u32::from(reason.is_sampled());
            entry.1 += u32::from(*draw < rate);
        }
        for (sampled, drawn) in seconds.values() {
            prop_assert!(*sampled <= reservoir + drawn);
        }
    }

    /// A fleet and the service together, by the second: quotas stay within the
    /// reservoir, borrowers take one each, all else is by the fixed rate.
    #[test]
    fn a_fleet_stays_within_reservoir_and_fixed_rate(
        reservoir in 0_u32..12,
        loads in prop::collection::vec((0_u32..20, 0_u64..60), 1..5),
        rate in 0.0_f64..0.5,
        seed in any::<u64>(),
    ) {
        let mut service = Service::default();
        let terms = Terms { fixed_rate: rate, reservoir_size: reservoir, boost: None };
        let mut only = rule("Default", 10_000, &[], &[]);
        (only.reservoir_size, only.fixed_rate) = (reservoir, rate);
        let mut fleet: Vec<Sampler> = loads.iter().map(|_| {
            let mut sampler = Sampler::new(Dialect::Sdk);
            sampler.set_rules(vec![only.clone()], NOW);
            sampler
        }).collect();
        let mut random = seed | 1;
        let mut draw = || {
            // xorshift64
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            f64::from(u32::try_from(random >> 33).unwrap_or(0)) / f64::from(1_u32 << 31)
        };
        let mut by_quota_at_last = 0;
        for second in SECOND..SECOND + 120 {
            #[expect(clippy::cast_precision_loss, reason = "small enough")]
            let now = second as f64;
            let mut sums = BTreeMap::from([(0, 0_u32), (1, 0)]);
            for (client, sampler) in fleet.iter_mut().enumerate() {
                for report in sampler.reports(now) {
                    let name = client.to_string();
                    let target = service.report(&report.rule, terms, &name, report.counts, now);
                    sampler.set_target(&report.rule, target, now);
                }
            }
            for (sampler, (load, start)) in fleet.iter_mut().zip(&loads) {
                if second < SECOND + start {
                    continue;
                }
                for _ in 0..*load {
                    match decide(sampler, now, draw()) {
                        Reason::Quota => *sums.entry(0).or_default() += 1,
                        Reason::Borrowed => *sums.entry(1).or_default() += 1,
                        Reason::FixedRate | Reason::Passed => {}
                    }
                }
            }
            prop_assert!(sums[&0] <= reservoir);
            prop_assert!(sums[&1] as usize <= fleet.len());
            by_quota_at_last = sums[&0];
        }
        // In the end all of the reservoir is used that the fleet has use for.
        let load: u32 = loads.iter().map(|(load, _)| load).sum();
        prop_assert_eq!(by_quota_at_last, load.min(reservoir));
    }
}
