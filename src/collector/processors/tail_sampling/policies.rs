//! What keeps a trace.

use std::time::Duration;

use crate::collector::processors::bucket::Bucket;
use crate::collector::processors::consistent::{Threshold, randomness};
use crate::collector::processors::matching::{Matching, service_of, written};
use crate::collector_config::processors::{Policy, XrayRule};
use crate::otlp::view::{Kind, Resource, Span};
use crate::sampling::Criteria;

/// The policies, by what they look at.
#[derive(Default)]
pub(super) struct Policies {
    has_error: bool,
    matching: Vec<Matching>,
    rules: Vec<(Criteria, Threshold)>,
    /// Nanoseconds from which a trace is slow.
    latency: Option<u64>,
    share: Option<Threshold>,
    /// Traces a second.
    rates: Vec<f64>,
}

/// What is known of a trace so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    /// From which randomness on its spans let it be kept.
    threshold: Threshold,
    /// Nanoseconds since 1970.
    first: u64,
    last: u64,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            threshold: Threshold::NONE,
            first: u64::MAX,
            last: 0,
        }
    }
}

impl Policies {
    pub(super) fn new(config: &[Policy]) -> Result<Self, regex::Error> {
        let mut policies = Self::default();
        for policy in config {
            match policy {
                Policy::Latency { threshold_ms } => {
                    let nanos = threshold_ms.saturating_mul(1_000_000);
                    let lowest = policies.latency.map_or(nanos, |lowest| lowest.min(nanos));
                    policies.latency = Some(lowest);
                }
                Policy::Error {} => policies.has_error = true,
                Policy::Match(one) => policies.matching.push(Matching::new(one)?),
                Policy::Probabilistic { percentage } => {
                    let share = Threshold::of_percentage(*percentage);
                    let most = policies.share.map_or(share, |most| most.min(share));
                    policies.share = Some(most);
                }
                Policy::RateLimiting { traces_per_second } => {
                    policies.rates.push(*traces_per_second);
                }
                Policy::XrayRule(rule) => policies.rules.push(criteria(rule)),
            }
        }
        Ok(policies)
    }

    /// The buckets of the policies that limit a rate.
    pub(super) fn buckets(&self, now: Duration) -> Vec<Bucket> {
        let rates = self.rates.iter();
        rates.map(|rate| Bucket::new(*rate, None, now)).collect()
    }

    /// Decides on a trace.
    pub(super) fn keep(
        &self,
        trace: [u8; 16],
        facts: &Facts,
        buckets: &mut [Bucket],
        now: Duration,
    ) -> bool {
        let randomness = randomness(trace);
        let took = facts.last.saturating_sub(facts.first);
        facts.threshold.keeps(randomness)
            || self.latency.is_some_and(|slow| took >= slow)
            || self.share.is_some_and(|share| share.keeps(randomness))
            || buckets.iter_mut().any(|bucket| bucket.take(1.0, now))
    }
}

fn criteria(rule: &XrayRule) -> (Criteria, Threshold) {
    let pattern = |field: &str| match field {
        "service_name" => rule.service_name.clone(),
        "host" => rule.host.clone(),
        "http_method" => rule.http_method.clone(),
        "url_path" => rule.url_path.clone(),
        _ => "*".to_owned(),
    };
    let criteria = Criteria::new(pattern, &std::collections::BTreeMap::new());
    (criteria, Threshold::of_fraction(rule.fixed_rate))
}

impl Facts {
    /// Learns of a span.
    pub(super) fn look(&mut self, policies: &Policies, resource: Resource<'_>, span: &Span<'_>) {
        let start = span.start_time_unix_nano;
        self.first = self.first.min(start);
        // What is in progress has not ended yet.
        self.last = self.last.max(start).max(span.end_time_unix_nano);
        if self.threshold == Threshold::EVERYTHING {
            return;
        }
        let is_hit = (policies.has_error && has_failed(span))
            || (policies.matching.iter()).any(|one| one.matches(resource, span));
        if is_hit {
            self.threshold = Threshold::EVERYTHING;
            return;
        }
        if policies.rules.is_empty() || (span.kind != Kind::Server && span.parent().is_some()) {
            return;
        }
        let request = Request::of(resource, span);
        for (criteria, threshold) in &policies.rules {
            if request.meets(criteria) {
                self.threshold = self.threshold.min(*threshold);
            }
        }
    }

    /// Learns what is known of more of the trace.
    pub(super) fn add(&mut self, other: &Self) {
        self.threshold = self.threshold.min(other.threshold);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

fn has_failed(span: &Span<'_>) -> bool {
    span.status.is_error() || {
        let status = first(span, &["http.response.status_code", "http.status_code"]);
        status.parse().is_ok_and(|status: u16| status >= 500)
    }
}

/// A request as sampling rules see it.
struct Request<'a> {
    service: &'a str,
    method: String,
    host: String,
    path: String,
}

impl<'a> Request<'a> {
    fn of(resource: Resource<'a>, span: &Span<'a>) -> Self {
        let url = first(span, &["url.full", "http.url"]);
        let (url_host, url_path) = parts(&url);
        let or = |text: String, other: &str| {
            if text.is_empty() {
                other.to_owned()
            } else {
                text
            }
        };
        let target = first(span, &["url.path", "http.target"]);
        let path = target.split(['?', '#']).next().unwrap_or_default();
        Self {
            service: service_of(resource),
            method: first(span, &["http.request.method", "http.method"]),
            host: or(
                first(span, &["http.host", "server.address", "net.host.name"]),
                url_host,
            ),
            path: or(path.to_owned(), url_path),
        }
    }

    fn meets(&self, criteria: &Criteria) -> bool {
        let matches = |field: &str, text: &str| {
            let pattern = criteria.pattern(field);
            pattern.is_none_or(|pattern| pattern.matches(text))
        };
        matches("service_name", self.service)
            && matches("http_method", &self.method)
            && matches("host", &self.host)
            && matches("url_path", &self.path)
    }
}

/// The first of these attributes that a span has; empty where it has none.
fn first(span: &Span<'_>, keys: &[&str]) -> String {
    let values = keys.iter().find_map(|key| span.attributes().get(key));
    values.and_then(written).unwrap_or_default().into_owned()
}

/// The host and the path of a URL, or of what stands for one.
fn parts(url: &str) -> (&str, &str) {
    let bare = url.split(['?', '#']).next().unwrap_or_default();
    match bare.split_once("://") {
        None => ("", bare),
        Some((_, rest)) => {
            let slash = rest.find('/').unwrap_or(rest.len());
            let (host, path) = rest.split_at(slash);
            (
                host,
                if path.is_empty() && !host.is_empty() {
                    "/"
                } else {
                    path
                },
            )
        }
    }
}
