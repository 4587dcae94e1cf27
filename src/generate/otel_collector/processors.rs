//! What is done to traces, in the order of the configuration.

use serde_json::{Map, Value, json};

use super::document::{Section, milliseconds};
use super::draft::{Draft, at};
use super::{Tier, ottl, re2, redaction, tail_sampling};
use crate::collector_config::processors::{
    AttributeAction, Filter, ProbabilisticSampling, RateLimiting, ResourceChanges, SpanMatch, Unit,
};
use crate::collector_config::{CollectorConfig, Processor};

/// Describes the processors of a tier, and says what pipelines call them: the
/// memory limiter first, batches last (as `local-collector` has them, wherever
/// they stand), the others between them in their order. What needs whole traces,
/// and all behind it, is done by a gateway, what comes before by its agents.
pub(super) fn all(config: &CollectorConfig, tier: &Tier, draft: &mut Draft) -> Vec<String> {
    let (mut batches, mut limit, mut others) = (Vec::new(), None, Vec::new());
    for (name, processor) in listed(config) {
        match processor {
            Processor::MemoryLimiter { limit_mib } => {
                limit = Some(limit.map_or(limit_mib, |least: usize| least.min(limit_mib)));
            }
            Processor::Batch { .. } => batches.push((name, processor)),
            other => others.push((name, other)),
        }
    }
    let wants_whole = |processor: &Processor| {
        matches!(
            processor,
            Processor::TailSampling(_) | Processor::RateLimiting(_)
        )
    };
    let split = others.iter().position(|(_, one)| wants_whole(one));
    if split.is_none() && *tier != Tier::Single {
        draft.warn(
            at(&["pipeline"]),
            "nothing in it needs whole traces: a gateway only hands them on".to_owned(),
            "take `--tier single`, which sends to the exporters itself, or add `tail-sampling`",
        );
    }
    let behind = others.split_off(split.unwrap_or(others.len()));
    let here = match tier {
        Tier::Single => others.into_iter().chain(behind).collect(),
        Tier::Agent { .. } => others,
        Tier::Gateway => behind,
    };
    let mut ids = Vec::new();
    ids.extend(limit.map(|limit| memory_limiter(limit, draft)));
    for (name, processor) in here.into_iter().chain(batches) {
        ids.extend(one(&name, &processor, draft));
    }
    ids
}

/// The processors of the pipeline, in their order.
fn listed(config: &CollectorConfig) -> impl Iterator<Item = (String, Processor)> {
    config.pipeline.iter().filter_map(|name| {
        let described = config.processors.get(name).cloned();
        let processor = described.or_else(|| Processor::built_in(name))?;
        Some((name.clone(), processor))
    })
}

fn one(name: &str, processor: &Processor, draft: &mut Draft) -> Vec<String> {
    match processor {
        Processor::Batch { size, timeout_ms } => {
            let settings = json!({
                "timeout": milliseconds(*timeout_ms),
                "send_batch_size": u32::try_from(*size).unwrap_or(u32::MAX),
            });
            let own = if name == "batch" { "" } else { name };
            vec![describe("batch", own, name, settings, draft)]
        }
        Processor::MemoryLimiter { limit_mib } => vec![memory_limiter(*limit_mib, draft)],
        Processor::Resource(changes) => {
            vec![describe("resource", name, name, resource(changes), draft)]
        }
        Processor::Redaction(redaction) => redaction::add(name, redaction, draft),
        Processor::Filter(filter) => vec![filter_of(name, filter, draft)],
        Processor::ProbabilisticSampling(sampling) => {
            let settings = probabilistic(sampling, draft);
            vec![describe(
                "probabilistic_sampler",
                name,
                name,
                settings,
                draft,
            )]
        }
        Processor::RateLimiting(limit) => rate_limit(name, limit, draft).into_iter().collect(),
        Processor::TailSampling(tail) => {
            let settings = tail_sampling::settings(name, tail, draft);
            vec![describe("tail_sampling", name, name, settings, draft)]
        }
    }
}

/// Describes the processor `name` of the spec, which is called `own` here.
fn describe(
    kind: &'static str,
    own: &str,
    name: &str,
    settings: Value,
    draft: &mut Draft,
) -> String {
    let steps = at(&["processors", name]);
    draft.add(Section::Processors, kind, own, steps, settings)
}

/// It looks at the process's whole memory, where ours counts traces.
fn memory_limiter(limit_mib: usize, draft: &mut Draft) -> String {
    draft.note("`memory_limiter` counts all of the process's memory, not traces alone");
    let settings = json!({
        "check_interval": "1s",
        "limit_mib": u32::try_from(limit_mib).unwrap_or(u32::MAX),
    });
    let steps = at(&["pipeline"]);
    draft.add(Section::Processors, "memory_limiter", "", steps, settings)
}

fn resource(changes: &ResourceChanges) -> Value {
    let changes = changes.attributes.iter().map(|change| {
        let action = match change.action {
            AttributeAction::Insert => "insert",
            AttributeAction::Update => "update",
            AttributeAction::Upsert => "upsert",
            AttributeAction::Delete => "delete",
        };
        let mut settings = Map::new();
        settings.insert("key".to_owned(), change.key.as_str().into());
        settings.insert("action".to_owned(), action.into());
        if let Some(value) = &change.value {
            settings.insert("value".to_owned(), json!(value));
        }
        Value::Object(settings)
    });
    json!({ "attributes": changes.collect::<Vec<_>>() })
}

fn filter_of(name: &str, filter: &Filter, draft: &mut Draft) -> String {
    for (index, one) in filter.drop.iter().enumerate() {
        let steps = at(&["processors", name, "drop", &index.to_string()]);
        check_match(one, &steps, draft);
    }
    let conditions: Vec<String> = filter.drop.iter().map(ottl::of_match).collect();
    let settings = json!({ "error_mode": "ignore", "trace_conditions": conditions });
    describe("filter", name, name, settings, draft)
}

/// Tells of regular expressions that the Collector does not read.
pub(super) fn check_match(one: &SpanMatch, steps: &[String], draft: &mut Draft) {
    for (key, pattern) in &one.attributes_regex {
        let mut steps = steps.to_vec();
        steps.extend(at(&["attributes_regex", key]));
        check_pattern(pattern, steps, draft);
    }
}

/// Tells of a regular expression that the Collector does not read.
pub(super) fn check_pattern(pattern: &str, steps: Vec<String>, draft: &mut Draft) {
    if let Some(what) = re2::unknown_to_go(pattern) {
        let message = format!("the Collector's regular expressions do not know {what}");
        draft.error(steps, message, "say it without, as RE2 has it");
    }
}

fn probabilistic(sampling: &ProbabilisticSampling, draft: &mut Draft) -> Value {
    match sampling.hash_seed {
        None => json!({
            "mode": "proportional",
            "sampling_percentage": sampling.percentage,
            // All of the 56 bits, so that the same traces are kept.
            "sampling_precision": 14,
            "fail_closed": false,
        }),
        Some(seed) => {
            draft.note(
                "`hash_seed` goes into another hash: Collectors keep the same traces as one another, \
                 but not those of local-collector",
            );
            json!({
                "mode": "hash_seed",
                "sampling_percentage": sampling.percentage,
                "hash_seed": seed,
                "fail_closed": false,
            })
        }
    }
}

/// The Collector limits spans a second, and keeps or drops traces as a whole.
fn rate_limit(name: &str, limit: &RateLimiting, draft: &mut Draft) -> Option<String> {
    let steps = |field: &str| at(&["processors", name, field]);
    if limit.unit == Unit::Traces {
        draft.error(
            steps("unit"),
            "the Collector cannot limit traces a second".to_owned(),
            "write `unit = \"spans\"`, or take `probabilistic-sampling`",
        );
        return None;
    }
    draft.warn(
        at(&["processors", name]),
        "the Collector holds traces for a second and keeps or drops them as a whole".to_owned(),
        "nothing to do where that is well; `probabilistic-sampling` holds nothing",
    );
    let mut settings = Map::new();
    let rate = tail_sampling::whole_rate(limit.per_second, steps("per_second"), draft);
    settings.insert("spans_per_second".to_owned(), rate.into());
    if let Some(burst) = limit.burst {
        let burst = tail_sampling::whole_rate(burst, steps("burst"), draft);
        settings.insert("burst_capacity".to_owned(), burst.into());
    }
    let settings = json!({
        "decision_wait": "1s",
        "policies": [{
            "name": "rate-limiting",
            "type": "rate_limiting",
            "rate_limiting": settings,
        }],
    });
    Some(describe("tail_sampling", name, name, settings, draft))
}
