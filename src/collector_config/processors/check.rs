//! What cannot be meant, said by field and with a hint.

use regex::Regex;

use super::super::Fault;
use super::{
    AttributeAction, Filter, Policy, ProbabilisticSampling, Processor, RateLimiting, Redaction,
    ResourceChanges, SpanMatch, TailSampling,
};

/// Gathers what is wrong with one processor.
struct Found<'a> {
    name: &'a str,
    faults: Vec<Fault>,
}

impl Processor {
    /// Finds what cannot be meant in the processor `name`, all of it.
    pub fn check(&self, name: &str) -> Vec<Fault> {
        let mut found = Found {
            name,
            faults: Vec::new(),
        };
        match self {
            Self::Batch { size, .. } => found.at_least_one("size", *size),
            Self::MemoryLimiter { limit_mib } => found.at_least_one("limit_mib", *limit_mib),
            Self::Resource(resource) => check_resource(resource, &mut found),
            Self::Redaction(redaction) => check_redaction(redaction, &mut found),
            Self::Filter(filter) => check_filter(filter, &mut found),
            Self::ProbabilisticSampling(sampling) => check_sampling(sampling, &mut found),
            Self::RateLimiting(limit) => check_limit(limit, &mut found),
            Self::TailSampling(tail) => check_tail(tail, &mut found),
        }
        found.faults
    }
}

impl Found<'_> {
    fn add(&mut self, field: &str, what: &str, hint: &str) {
        let steps = field.split(['.', '[', ']']);
        let steps = steps.filter(|step| !step.is_empty()).map(str::to_owned);
        let processor = ["processors".to_owned(), self.name.to_owned()];
        self.faults.push(Fault {
            steps: processor.into_iter().chain(steps).collect(),
            message: format!("`processors.{}.{field}`: {what}", self.name),
            hint: hint.to_owned(),
        });
    }

    fn at_least_one(&mut self, field: &str, value: usize) {
        if value == 0 {
            self.add(field, "it is 0", "write 1 or more");
        }
    }

    fn percentage(&mut self, field: &str, value: f64) {
        if !(0.0..=100.0).contains(&value) {
            let hint = "write 5 for 5%";
            self.add(field, &format!("{value} is outside 0–100"), hint);
        }
    }

    fn rate(&mut self, field: &str, value: f64) {
        if !(value.is_finite() && value > 0.0) {
            let hint = "write a number above 0, such as 100";
            self.add(field, &format!("{value} is no rate"), hint);
        }
    }

    fn regex(&mut self, field: &str, pattern: &str) {
        match Regex::new(pattern) {
            Ok(regex) if regex.is_match("") => {
                let what = format!("`{pattern}` finds something in an empty text");
                self.add(field, &what, "write what must be there at least");
            }
            Ok(_) => {}
            Err(error) => {
                // The last line says what is wrong; those before it draw it.
                let text = error.to_string();
                let last = text.lines().last().unwrap_or_default();
                let why = last.trim_start_matches("error: ");
                let what = format!("`{pattern}` is no regular expression ({why})");
                let hint =
                    "escape what is meant as it stands with `\\`, and write it in '…' in TOML";
                self.add(field, &what, hint);
            }
        }
    }
}

fn check_resource(resource: &ResourceChanges, found: &mut Found<'_>) {
    if resource.attributes.is_empty() {
        let hint = "write `attributes = [{ key = \"…\", value = \"…\" }]`";
        found.add("attributes", "it changes nothing", hint);
    }
    for (index, change) in resource.attributes.iter().enumerate() {
        if change.key.is_empty() {
            let field = format!("attributes[{index}].key");
            found.add(&field, "it is empty", "name the attribute");
        }
        let field = format!("attributes[{index}].value");
        match (change.action, &change.value) {
            (AttributeAction::Delete, Some(_)) => {
                let what = "what is deleted has no value".to_owned();
                found.add(&field, &what, "leave it out");
            }
            (AttributeAction::Delete, None) | (_, Some(_)) => {}
            (_, None) => {
                let hint = "write the value, or `action = \"delete\"`";
                found.add(&field, "it is missing", hint);
            }
        }
    }
}

fn check_redaction(redaction: &Redaction, found: &mut Found<'_>) {
    for (index, key) in redaction.keys.iter().enumerate() {
        if key.key.is_empty() {
            let field = format!("keys[{index}].key");
            found.add(&field, "it is empty", "name the attribute");
        }
    }
    for (index, value) in redaction.values.iter().enumerate() {
        found.regex(&format!("values[{index}].pattern"), &value.pattern);
    }
    if redaction.mask.is_empty() {
        let hint = "write `****`, or the action `drop`";
        found.add("mask", "it is empty", hint);
    }
    let length = redaction.hash_length;
    if !(8..=64).contains(&length) {
        let hint = "write 16: fewer digits make different values look the same";
        found.add("hash_length", &format!("{length} is outside 8–64"), hint);
    }
}

fn check_filter(filter: &Filter, found: &mut Found<'_>) {
    if filter.drop.is_empty() {
        let hint = "write `drop = [{ name = \"GET /health\" }]`";
        found.add("drop", "it drops nothing", hint);
    }
    for (index, one) in filter.drop.iter().enumerate() {
        check_match(one, &format!("drop[{index}]"), found);
    }
}

fn check_match(one: &SpanMatch, at: &str, found: &mut Found<'_>) {
    let is_empty = one.service.is_none()
        && one.name.is_none()
        && one.kind.is_none()
        && one.status.is_none()
        && one.attributes.is_empty()
        && one.attributes_regex.is_empty()
        && one.min_duration_ms.is_none()
        && one.max_duration_ms.is_none();
    if is_empty {
        let hint = "say what is meant, such as `service = \"*\"` for all";
        found.add(at, "it says nothing", hint);
    }
    for (key, pattern) in &one.attributes_regex {
        found.regex(&format!("{at}.attributes_regex.{key}"), pattern);
    }
    if let (Some(least), Some(most)) = (one.min_duration_ms, one.max_duration_ms)
        && least > most
    {
        let what = format!("it is above max_duration_ms, {most}");
        let hint = "exchange the two: no span takes longer and shorter";
        found.add(&format!("{at}.min_duration_ms"), &what, hint);
    }
}

fn check_sampling(sampling: &ProbabilisticSampling, found: &mut Found<'_>) {
    found.percentage("percentage", sampling.percentage);
}

fn check_limit(limit: &RateLimiting, found: &mut Found<'_>) {
    found.rate("per_second", limit.per_second);
    if let Some(burst) = limit.burst
        && !(burst.is_finite() && burst >= 1.0)
    {
        let hint = "write 1 or more, or leave it out";
        found.add("burst", &format!("{burst} lets nothing through"), hint);
    }
}

fn check_tail(tail: &TailSampling, found: &mut Found<'_>) {
    found.at_least_one("num_traces", tail.num_traces);
    found.at_least_one("max_mib", tail.max_mib);
    found.at_least_one("decision_cache", tail.decision_cache);
    if tail.decision_wait_ms == 0 {
        let hint = "write milliseconds, such as 10000";
        found.add("decision_wait_ms", "it is 0", hint);
    }
    if tail.policies.is_empty() {
        let hint = "write `policies = [{ type = \"error\" }]`";
        found.add("policies", "nothing is kept", hint);
    }
    for (index, policy) in tail.policies.iter().enumerate() {
        let at = format!("policies[{index}]");
        match policy {
            Policy::Latency { .. } | Policy::Error {} => {}
            Policy::Match(one) => check_match(one, &at, found),
            Policy::Probabilistic { percentage } => {
                found.percentage(&format!("{at}.percentage"), *percentage);
            }
            Policy::RateLimiting { traces_per_second } => {
                found.rate(&format!("{at}.traces_per_second"), *traces_per_second);
            }
            Policy::XrayRule(rule) => {
                if !(0.0..=1.0).contains(&rule.fixed_rate) {
                    let what = format!("{} is outside 0–1", rule.fixed_rate);
                    let field = format!("{at}.fixed_rate");
                    found.add(&field, &what, "write 5% as 0.05");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn said(processor: &Value) -> Vec<String> {
        let processor: Processor = serde_json::from_value(processor.clone()).unwrap();
        let faults = processor.check("p").into_iter();
        faults
            .map(|fault| format!("{}: {}", fault.message, fault.hint))
            .collect()
    }

    #[test]
    fn what_is_meant_is_taken() {
        for good in [
            json!({"type": "batch"}),
            json!({"type": "memory-limiter"}),
            json!({"type": "redaction"}),
            json!({"type": "redaction", "keys": [{"key": "user.*", "action": "hash"}],
                   "values": [{"pattern": r"\b[A-Z]{2}\d{20}\b"}], "salt": "s"}),
            json!({"type": "resource", "attributes": [
                {"key": "a", "value": 1}, {"key": "b", "action": "delete"},
                {"key": "c", "value": true, "action": "insert"}]}),
            json!({"type": "filter", "drop": [{"name": "GET /health*", "kind": "server"}]}),
            json!({"type": "probabilistic-sampling", "percentage": 0.1, "hash_seed": 7}),
            json!({"type": "rate-limiting", "per_second": 10, "unit": "spans"}),
            json!({"type": "tail-sampling", "policies": [
                {"type": "error"}, {"type": "latency", "threshold_ms": 500},
                {"type": "match", "service": "pay"}, {"type": "probabilistic", "percentage": 5},
                {"type": "rate-limiting", "traces_per_second": 1},
                {"type": "xray-rule", "url_path": "/api/*", "fixed_rate": 0.5}]}),
        ] {
            assert_eq!(said(&good), [""; 0], "{good}");
            // What is written is read again.
            let processor: Processor = serde_json::from_value(good).unwrap();
            let again = serde_json::to_value(&processor).unwrap();
            assert_eq!(said(&again), [""; 0], "{again}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_said_with_its_field() {
        let cases = [
            (
                json!({"type": "probabilistic-sampling", "percentage": 120}),
                "`processors.p.percentage`: 120 is outside 0–100: write 5 for 5%",
            ),
            (
                json!({"type": "redaction", "values": [{"pattern": "a"}, {"pattern": "(b"}]}),
                "`processors.p.values[1].pattern`: `(b` is no regular expression (unclosed group): \
                 escape what is meant as it stands with `\\`, and write it in '…' in TOML",
            ),
            (
                json!({"type": "redaction", "values": [{"pattern": "x*"}]}),
                "`processors.p.values[0].pattern`: `x*` finds something in an empty text: \
                 write what must be there at least",
            ),
            (
                json!({"type": "resource", "attributes": [{"key": "a"}]}),
                "`processors.p.attributes[0].value`: it is missing: \
                 write the value, or `action = \"delete\"`",
            ),
            (
                json!({"type": "filter", "drop": [{}]}),
                "`processors.p.drop[0]`: it says nothing: \
                 say what is meant, such as `service = \"*\"` for all",
            ),
            (
                json!({"type": "rate-limiting", "per_second": 0}),
                "`processors.p.per_second`: 0 is no rate: write a number above 0, such as 100",
            ),
            (
                json!({"type": "tail-sampling",
                       "policies": [{"type": "xray-rule", "fixed_rate": 5}]}),
                "`processors.p.policies[0].fixed_rate`: 5 is outside 0–1: write 5% as 0.05",
            ),
        ];
        for (processor, expected) in cases {
            assert_eq!(said(&processor), [expected]);
        }
    }

    #[test]
    fn a_name_may_hold_dots() {
        let redaction = json!({"type": "redaction", "values": [{"pattern": "(b"}]});
        let processor: Processor = serde_json::from_value(redaction).unwrap();
        let steps = &processor.check("a.b")[0].steps;
        assert_eq!(steps, &["processors", "a.b", "values", "0", "pattern"]);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let cases = [
            (json!({"type": "redactoin"}), "unknown variant `redactoin`"),
            (
                json!({"type": "redaction", "key": []}),
                "unknown field `key`",
            ),
            (
                json!({"type": "filter", "drop": [{"nmae": "a"}]}),
                "unknown field `nmae`",
            ),
            (
                json!({"type": "resource", "attributes": [{"key": "a", "value": []}]}),
                "expected a text, a number, `true` or `false`",
            ),
            (
                json!({"type": "tail-sampling", "policies": [{"type": "error", "x": 1}]}),
                "unknown field `x`",
            ),
        ];
        for (processor, expected) in cases {
            let error = serde_json::from_value::<Processor>(processor).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}
