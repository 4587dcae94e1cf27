//! Traces that are kept for what they turn out to be.

use serde_json::{Value, json};

use super::document::milliseconds;
use super::draft::{Draft, at};
use super::ottl;
use super::processors::check_match;
use crate::collector_config::processors::{Policy, TailSampling};

/// MiB that traces may take, where the spec does not say.
const MIB: usize = 64;

/// What `tail_sampling` is told.
pub(super) fn settings(name: &str, tail: &TailSampling, draft: &mut Draft) -> Value {
    if tail.max_mib != MIB {
        draft.warn(
            at(&["processors", name, "max_mib"]),
            "the Collector limits the number of traces that it holds, not their size".to_owned(),
            "lower `num_traces`, and leave the rest to the memory limiter",
        );
    }
    draft.note(
        "`tail_sampling` lets the oldest trace go undecided where it holds `num_traces`; \
         local-collector decides it early",
    );
    let policies = tail.policies.iter().enumerate();
    let policies: Vec<Value> = policies
        .filter_map(|(index, one)| policy(name, index, one, draft))
        .collect();
    json!({
        "decision_wait": milliseconds(tail.decision_wait_ms),
        "num_traces": tail.num_traces,
        "decision_cache": {
            "sampled_cache_size": tail.decision_cache,
            "non_sampled_cache_size": tail.decision_cache,
        },
        "policies": policies,
    })
}

fn policy(name: &str, index: usize, policy: &Policy, draft: &mut Draft) -> Option<Value> {
    let index_text = index.to_string();
    let steps = |field: &[&str]| {
        let mut steps = at(&["processors", name, "policies", &index_text]);
        steps.extend(at(field));
        steps
    };
    let called = |kind: &str| format!("{kind}-{}", index + 1);
    Some(match policy {
        Policy::Latency { threshold_ms } => json!({
            "name": called("latency"),
            "type": "latency",
            "latency": { "threshold_ms": (*threshold_ms).min(i64::MAX.unsigned_abs()) },
        }),
        Policy::Error {} => conditions(&called("error"), &ottl::failed()),
        Policy::Match(one) => {
            check_match(one, &steps(&[]), draft);
            conditions(&called("match"), &[ottl::of_match(one)])
        }
        Policy::Probabilistic { percentage } => share(&called("probabilistic"), *percentage, draft),
        Policy::RateLimiting { .. } => {
            draft.error(
                steps(&["traces_per_second"]),
                "the Collector cannot limit traces a second".to_owned(),
                "take a `probabilistic` policy in its place",
            );
            return None;
        }
        Policy::XrayRule(rule) => {
            let condition = conditions(&called("xray-rule"), &[ottl::of_rule(rule)]);
            if rule.fixed_rate >= 1.0 {
                return Some(condition);
            }
            let share = share(&called("share"), rule.fixed_rate * 100.0, draft);
            json!({
                "name": called("xray-rule-share"),
                "type": "and",
                "and": { "and_sub_policy": [condition, share] },
            })
        }
    })
}

/// Keeps a trace where a span of it meets any of these.
fn conditions(name: &str, conditions: &[String]) -> Value {
    json!({
        "name": name,
        "type": "ottl_condition",
        "ottl_condition": { "error_mode": "ignore", "span": conditions },
    })
}

fn share(name: &str, percentage: f64, draft: &mut Draft) -> Value {
    draft.note(
        "`probabilistic` policies of `tail_sampling` keep the same share as local-collector, \
         but other traces: they go by a hash of the trace id",
    );
    json!({
        "name": name,
        "type": "probabilistic",
        "probabilistic": { "sampling_percentage": percentage },
    })
}

/// A rate as a whole number, at least 1.
pub(super) fn whole_rate(rate: f64, steps: Vec<String>, draft: &mut Draft) -> i64 {
    if rate.fract() != 0.0 {
        draft.warn(
            steps,
            format!("{rate} is rounded up: the Collector counts whole spans"),
            "write a whole number",
        );
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a rate beyond the largest number is that number"
    )]
    let whole = rate.ceil() as i64;
    whole.max(1)
}
