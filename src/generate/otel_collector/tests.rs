use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn config(value: Value) -> CollectorConfig {
    let config: CollectorConfig = serde_json::from_value(value).unwrap();
    assert_eq!(config.check(), [], "the spec would not take it");
    config
}

fn made_of(
    config: &CollectorConfig,
    tier: &Tier,
    distribution: Distribution,
) -> Result<Generated, Vec<Fault>> {
    generate(&Request {
        config,
        stack: "shop",
        env: None,
        region: "eu-west-1",
        tier,
        distribution,
    })
}

fn single(value: Value) -> Result<Generated, Vec<Fault>> {
    made_of(&config(value), &Tier::Single, Distribution::Contrib)
}

/// What is said, as `message: hint`.
fn said(faults: &[Fault]) -> Vec<String> {
    let said = faults.iter();
    said.map(|fault| format!("{}: {}", fault.message, fault.hint))
        .collect()
}

/// A pipeline of one processor, `p`.
fn of_processor(processor: Value) -> Value {
    let mut config = json!({
        "pipeline": ["p"],
        "processors": {},
        "exporters": { "log": { "type": "debug" } },
    });
    config["processors"]["p"] = processor;
    config
}

#[test]
fn what_is_on_without_a_word_is_there_with_the_same_figures() {
    let made = single(json!({ "exporters": {
        "jaeger": { "type": "otlp-grpc", "endpoint": "http://jaeger:4317" } } }))
    .unwrap();
    assert_eq!(made.warnings, []);
    let value = made.document.to_value();
    assert_eq!(
        value["receivers"],
        json!({
            "otlp": { "protocols": {
                "grpc": { "endpoint": "127.0.0.1:4317" },
                "http": { "endpoint": "127.0.0.1:4318" } } },
            "awsxray": {
                "endpoint": "127.0.0.1:2000", "transport": "udp",
                "proxy_server": { "endpoint": "127.0.0.1:2000", "region": "eu-west-1" } },
            "jaeger": { "protocols": {
                "grpc": { "endpoint": "127.0.0.1:14250" },
                "thrift_http": { "endpoint": "127.0.0.1:14268" },
                "thrift_compact": { "endpoint": "127.0.0.1:6831" },
                "thrift_binary": { "endpoint": "127.0.0.1:6832" } } },
            "zipkin": { "endpoint": "127.0.0.1:9411" },
        })
    );
    assert_eq!(
        value["processors"],
        json!({
            "memory_limiter": { "check_interval": "1s", "limit_mib": 128 },
            "batch": { "timeout": "200ms", "send_batch_size": 8192 },
        })
    );
    assert_eq!(
        value["exporters"]["otlp/jaeger"],
        json!({
            "endpoint": "jaeger:4317",
            "tls": { "insecure": true },
            "compression": "none",
            "timeout": "10s",
            "sending_queue": {
                "sizer": "bytes", "queue_size": 33_554_432, "num_consumers": 4,
                "block_on_overflow": false,
                "batch": { "sizer": "bytes", "min_size": 0, "max_size": 2_097_152,
                           "flush_timeout": "200ms" } },
            "retry_on_failure": {
                "enabled": true, "initial_interval": "1s", "multiplier": 2,
                "randomization_factor": 0.5, "max_interval": "30s", "max_elapsed_time": "300s" },
        })
    );
    assert_eq!(
        value["service"],
        json!({
            "extensions": ["health_check", "zpages"],
            "pipelines": { "traces": {
                "receivers": ["otlp", "awsxray", "jaeger", "zipkin"],
                "processors": ["memory_limiter", "batch"],
                "exporters": ["otlp/jaeger"] } },
        })
    );
    assert!(
        made.yaml.contains("# - traces are not kept"),
        "{}",
        made.yaml
    );
}

#[test]
fn processors_keep_their_order_but_for_the_limiter_and_batches() {
    let made = single(json!({
        "pipeline": ["batch", "b", "memory-limiter", "a"],
        "processors": {
            "a": { "type": "probabilistic-sampling", "percentage": 12.5 },
            "b": { "type": "filter", "drop": [{ "service": "x*" }] } },
        "exporters": { "log": { "type": "debug" } },
    }))
    .unwrap();
    assert_eq!(
        made.document.pipelines[0].processors,
        [
            "memory_limiter",
            "filter/b",
            "probabilistic_sampler/a",
            "batch"
        ]
    );
}

#[test]
fn conditions_say_what_a_match_says() {
    let made = single(of_processor(json!({ "type": "filter", "drop": [
        { "name": "GET /health*", "kind": "server", "min_duration_ms": 5 },
        { "service": "*", "status": "error" },
        { "attributes": { "a\"b": "x\\y" }, "attributes_regex": { "k": "^\\d+$" } },
        { "service": "*" } ] })))
    .unwrap();
    let value = made.document.to_value();
    let expected = [
        r#"span.kind == SPAN_KIND_SERVER and span.end_time_unix_nano >= span.start_time_unix_nano and span.end_time_unix_nano - span.start_time_unix_nano >= 5000000 and IsMatch(span.name, "(?is)^GET /health.*$")"#,
        "span.status.code == STATUS_CODE_ERROR",
        r#"(String(span.attributes["a\"b"]) == "x\\y" or String(resource.attributes["a\"b"]) == "x\\y") and (IsMatch(span.attributes["k"], "^\\d+$") or IsMatch(resource.attributes["k"], "^\\d+$"))"#,
        "span.name != nil",
    ];
    assert_eq!(
        value["processors"]["filter/p"],
        json!({ "error_mode": "ignore", "trace_conditions": expected })
    );
}

#[test]
fn every_policy_is_there() {
    let made = single(of_processor(json!({ "type": "tail-sampling", "policies": [
        { "type": "latency", "threshold_ms": 500 },
        { "type": "error" },
        { "type": "match", "service": "pay" },
        { "type": "probabilistic", "percentage": 5 },
        { "type": "xray-rule", "http_method": "POST", "fixed_rate": 0.5 } ] })))
    .unwrap();
    let settings = &made.document.to_value()["processors"]["tail_sampling/p"];
    assert_eq!(settings["decision_wait"], "10s");
    assert_eq!(settings["num_traces"], 50_000);
    assert_eq!(
        settings["decision_cache"]["non_sampled_cache_size"],
        100_000
    );
    let policies = settings["policies"].as_array().unwrap();
    let kinds: Vec<&str> = policies
        .iter()
        .filter_map(|policy| policy["type"].as_str())
        .collect();
    assert_eq!(
        kinds,
        [
            "latency",
            "ottl_condition",
            "ottl_condition",
            "probabilistic",
            "and"
        ]
    );
    let rule = &policies[4]["and"]["and_sub_policy"];
    assert_eq!(
        rule[0]["ottl_condition"]["span"][0],
        "(span.kind == SPAN_KIND_SERVER or IsRootSpan()) and \
         (IsMatch(span.attributes[\"http.request.method\"], \"(?is)^POST$\") or \
         IsMatch(span.attributes[\"http.method\"], \"(?is)^POST$\"))"
    );
    assert_eq!(rule[1]["probabilistic"]["sampling_percentage"], 50.0);
}

#[test]
fn secrets_are_masked_hashed_and_dropped() {
    let salt = "0123456789abcdef0123456789abcdef";
    let made = single(of_processor(json!({
        "type": "redaction", "secrets": [], "salt": salt,
        "keys": [{ "key": "user.*", "action": "hash" }, { "key": "card", "action": "drop" }],
        "values": [{ "pattern": "tok-\\w+" }],
    })))
    .unwrap();
    assert_eq!(
        made.document.pipelines[0].processors,
        ["transform/p", "redaction/p-hash", "redaction/p"]
    );
    let value = made.document.to_value();
    let processors = &value["processors"];
    assert_eq!(
        processors["redaction/p"]["blocked_values"],
        json!(["tok-\\w+"])
    );
    let hash = &processors["redaction/p-hash"];
    assert_eq!(hash["hash_function"], "hmac-sha256");
    assert_eq!(hash["hmac_key"], salt);
    assert_eq!(hash["blocked_key_patterns"], json!([r"(?is)^user\..*$"]));
    let statements = &processors["transform/p"]["trace_statements"];
    assert_eq!(
        statements[0],
        json!({ "context": "resource", "statements": [
            r#"delete_matching_keys(resource.attributes, "(?is)^card$")"#] })
    );
    assert_eq!(
        statements[2]["statements"][1],
        r#"replace_pattern(span.name, "tok-\\w+", "****")"#
    );
}

#[test]
fn metrics_have_a_pipeline_of_their_own() {
    let made = single(json!({ "exporters": { "red": {
        "type": "prometheus", "buckets": [0.005, 0.25, 2.5], "series": 50 } } }))
    .unwrap();
    let value = made.document.to_value();
    assert_eq!(
        value["connectors"]["spanmetrics/red"]["histogram"],
        json!({ "unit": "s", "explicit": { "buckets": ["5ms", "250ms", "2500ms"] } })
    );
    assert_eq!(
        value["service"]["pipelines"]["metrics/red"],
        json!({ "receivers": ["spanmetrics/red"], "exporters": ["prometheus/red"] })
    );
    let traces = &value["service"]["pipelines"]["traces"];
    assert_eq!(traces["exporters"], json!(["spanmetrics/red"]));
}

#[test]
fn agents_work_on_spans_and_gateways_on_traces() {
    let config = config(json!({
        "pipeline": ["memory-limiter", "secrets", "whole", "named", "batch"],
        "receivers": { "otlp_grpc": "0.0.0.0:4317" },
        "processors": {
            "secrets": { "type": "redaction" },
            "whole": { "type": "tail-sampling", "policies": [{ "type": "error" }] },
            "named": { "type": "resource", "attributes": [{ "key": "a", "value": "b" }] } },
        "exporters": { "xray": { "type": "xray" } },
    }));
    let agent = Tier::Agent {
        host: "gateway.internal".to_owned(),
        port: 4319,
    };
    let made = made_of(&config, &agent, Distribution::Contrib).unwrap();
    assert_eq!(
        made.document.pipelines,
        [Pipeline {
            name: "traces".to_owned(),
            receivers: ["otlp", "awsxray", "jaeger", "zipkin"]
                .map(str::to_owned)
                .into(),
            processors: [
                "memory_limiter",
                "transform/secrets",
                "redaction/secrets",
                "batch"
            ]
            .map(str::to_owned)
            .into(),
            exporters: vec!["loadbalancing".to_owned()],
        }]
    );
    let value = made.document.to_value();
    let balancing = &value["exporters"]["loadbalancing"];
    assert_eq!(balancing["routing_key"], "traceID");
    assert_eq!(
        balancing["resolver"]["dns"],
        json!({ "hostname": "gateway.internal", "port": "4319" })
    );
    let made = made_of(&config, &Tier::Gateway, Distribution::Contrib).unwrap();
    assert_eq!(made.warnings, []);
    let traces = &made.document.pipelines[0];
    assert_eq!(traces.receivers, ["otlp"]);
    assert_eq!(
        traces.processors,
        [
            "memory_limiter",
            "tail_sampling/whole",
            "resource/named",
            "batch"
        ]
    );
    assert_eq!(traces.exporters, ["awsxray/xray"]);
}

#[test]
fn what_the_collector_cannot_do_is_said_with_its_field() {
    let refused = |value: Value| said(&single(value).unwrap_err());
    assert_eq!(
        refused(json!({})),
        [
            "`exporters`: traces go nowhere: the Collector keeps none, and does not start without an \
          exporter: describe one, such as `[collector.exporters.xray]` with `type = \"xray\"`"
        ]
    );
    assert_eq!(
        refused(of_processor(
            json!({ "type": "rate-limiting", "per_second": 5 })
        )),
        [
            "`processors.p.unit`: the Collector cannot limit traces a second: \
          write `unit = \"spans\"`, or take `probabilistic-sampling`"
        ]
    );
    assert_eq!(
        refused(of_processor(json!({ "type": "tail-sampling", "policies": [
            { "type": "error" }, { "type": "rate-limiting", "traces_per_second": 1 }] }))),
        [
            "`processors.p.policies[1].traces_per_second`: the Collector cannot limit traces a \
          second: take a `probabilistic` policy in its place"
        ]
    );
    assert_eq!(
        refused(of_processor(json!({ "type": "redaction", "salt": "short",
                                      "keys": [{ "key": "a", "action": "hash" }] }))),
        [
            "`processors.p.salt`: the Collector takes no key for hashes of fewer than 32 bytes: \
          write a longer one, such as of `openssl rand -hex 32`"
        ]
    );
    assert_eq!(
        refused(of_processor(json!({ "type": "filter", "drop": [
            { "attributes_regex": { "k": "[a-z&&[^b]]" } }] }))),
        [
            "`processors.p.drop[0].attributes_regex.k`: the Collector's regular expressions do not \
          know `&&`, `--` and `~~` in classes: say it without, as RE2 has it"
        ]
    );
}

#[test]
fn what_the_collector_does_otherwise_is_a_warning() {
    let made = single(json!({
        "receivers": { "xray_tcp": "off" },
        "pipeline": ["few", "hide"],
        "processors": {
            "few": { "type": "rate-limiting", "per_second": 2.5, "unit": "spans" },
            "hide": { "type": "redaction", "mask": "#", "values": [{ "pattern": "a(b)" }] } },
        "exporters": {
            "x": { "type": "xray", "profile": "ops", "sign": false },
            "z": { "type": "zipkin", "endpoint": "http://z:9411/", "queue": { "batches": 7 } } },
    }))
    .unwrap();
    let fields: Vec<&str> = made
        .warnings
        .iter()
        .filter_map(|fault| fault.message.split('`').nth(1))
        .collect();
    assert_eq!(
        fields,
        [
            "receivers.xray_tcp",
            "processors.few",
            "processors.few.per_second",
            "processors.hide.values[0].pattern",
            "processors.hide.mask",
            "exporters.x.profile",
            "exporters.x.sign",
            "exporters.z.queue.batches",
        ]
    );
}

#[test]
fn adot_says_what_it_lacks() {
    let config = config(json!({
        "pipeline": ["hide"],
        "processors": { "hide": { "type": "redaction" } },
        "exporters": {
            "x": { "type": "xray" },
            "red": { "type": "prometheus" },
            "z": { "type": "zipkin", "endpoint": "http://z:9411" } },
    }));
    let faults = made_of(&config, &Tier::Single, Distribution::Adot).unwrap_err();
    let said: Vec<&str> = faults.iter().map(|fault| fault.message.as_str()).collect();
    assert_eq!(
        said,
        [
            "`processors.hide`: ADOT has no `transform` processor",
            "`exporters.red`: ADOT has no `spanmetrics` connector",
            "`exporters.z`: ADOT has no `zipkin` exporter",
        ]
    );
}

#[test]
fn names_that_the_collector_does_not_take_are_made_fit() {
    let made = single(json!({ "exporters": {
        "a b": { "type": "debug" }, "a/b": { "type": "debug" }, "": { "type": "debug" } } }))
    .unwrap();
    assert_eq!(
        made.document.pipelines[0].exporters,
        ["debug", "debug/a_b", "debug/a_b-2"]
    );
}

/// Configurations that the spec takes.
fn configs() -> impl Strategy<Value = Value> {
    let text = "[a-zA-Z0-9 $*?{}\"'\\\\:#é\n-]{1,12}";
    let processor = prop_oneof![
        (1..9000_u64, 0..5000_u64)
            .prop_map(|(size, ms)| json!({ "type": "batch", "size": size, "timeout_ms": ms })),
        (1..4096_u64).prop_map(|mib| json!({ "type": "memory-limiter", "limit_mib": mib })),
        (text, text).prop_map(|(key, value)| json!({ "type": "resource",
            "attributes": [{ "key": key, "value": value }, { "key": "x", "action": "delete" }] })),
        (text, "mask|hash|drop", any::<bool>()).prop_map(|(key, action, all)| json!({
            "type": "redaction", "secrets": if all { vec!["passwords"] } else { vec![] },
            "keys": [{ "key": key, "action": action }],
            "values": [{ "pattern": "x[0-9]+$", "action": action }] })),
        (text, text).prop_map(|(name, value)| json!({ "type": "filter",
            "drop": [{ "name": name, "attributes": { "k": value } }] })),
        (0.0..100.0_f64, any::<Option<u32>>()).prop_map(|(percentage, seed)| json!({
            "type": "probabilistic-sampling", "percentage": percentage, "hash_seed": seed })),
        (1..50_u64).prop_map(|rate| json!({
            "type": "rate-limiting", "per_second": rate, "unit": "spans" })),
        (text, 0.0..1.0_f64).prop_map(|(path, rate)| json!({ "type": "tail-sampling",
            "policies": [{ "type": "error" },
                         { "type": "xray-rule", "url_path": path, "fixed_rate": rate }] })),
    ];
    let exporter = prop_oneof![
        text.prop_map(|group| json!({ "type": "xray", "log_groups": [group] })),
        (text, 1..64_u64).prop_map(|(value, mib)| json!({ "type": "otlp-grpc",
            "endpoint": "https://h:4317", "headers": { "k": value }, "queue": { "mib": mib } })),
        (0..900_u64).prop_map(|give_up| json!({ "type": "otlp-http",
            "endpoint": "http://h/v1/traces", "retry": { "give_up_seconds": give_up } })),
        Just(json!({ "type": "zipkin", "endpoint": "http://h:9411" })),
        Just(json!({ "type": "prometheus" })),
        text.prop_map(|path| json!({ "type": "file", "path": path })),
        any::<bool>().prop_map(|detailed| json!({ "type": "debug", "detailed": detailed })),
    ];
    let named = |values| prop::collection::btree_map("[a-z0-9./ -]{0,6}", values, 0..5);
    (
        named(processor.boxed()),
        named(exporter.boxed()),
        any::<[bool; 3]>(),
    )
        .prop_map(|(mut processors, exporters, on)| {
            // These two names mean something already.
            processors.retain(|name, _| name != "batch" && name != "memory-limiter");
            let mut pipeline: Vec<&str> = processors.keys().map(String::as_str).collect();
            pipeline.push("batch");
            let switch = |on: bool, address: &str| {
                if on {
                    address.to_owned()
                } else {
                    "off".to_owned()
                }
            };
            json!({
                "pipeline": pipeline,
                "processors": processors,
                "exporters": exporters,
                "receivers": {
                    "otlp_grpc": switch(on[0], "0.0.0.0:4317"),
                    "xray_udp": switch(on[1], "127.0.0.1:2000"),
                    "zipkin": switch(on[2], "127.0.0.1:0"),
                },
            })
        })
}

/// Undoes what the Collector undoes.
fn unescaped(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace("$$", "$")),
        Value::Array(items) => items.into_iter().map(unescaped).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter();
            fields.map(|(key, value)| (key, unescaped(value))).collect()
        }
        other => other,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What the file says is what was meant, and pipelines hold together.
    #[test]
    fn files_say_what_was_meant(value in configs(), tier in 0..3_u8, adot in any::<bool>()) {
        let config = config(value);
        let tier = match tier {
            0 => Tier::Single,
            1 => Tier::Agent { host: "g".to_owned(), port: 4317 },
            _ => Tier::Gateway,
        };
        let distribution = if adot { Distribution::Adot } else { Distribution::Contrib };
        match made_of(&config, &tier, distribution) {
            Ok(made) => {
                let read: Value = serde_saphyr::from_str(&made.yaml).unwrap();
                prop_assert_eq!(unescaped(read), made.document.to_value());
                holds_together(&made.document);
                let again = made_of(&config, &tier, distribution).unwrap();
                prop_assert_eq!(made.yaml, again.yaml);
            }
            Err(faults) => prop_assert!(!faults.is_empty()),
        }
    }
}

/// Every component that a pipeline names is described, and the other way round.
fn holds_together(document: &Document) {
    let named = |parts: fn(&Pipeline) -> &Vec<String>| {
        let names = document.pipelines.iter().flat_map(parts);
        names.cloned().collect::<std::collections::BTreeSet<_>>()
    };
    let described = |section| {
        let ids = document.section(section).map(|one| one.id.clone());
        ids.collect::<std::collections::BTreeSet<_>>()
    };
    let connectors = described(Section::Connectors);
    let with = |section| described(section).union(&connectors).cloned().collect();
    assert_eq!(named(|one| &one.processors), described(Section::Processors));
    assert_eq!(named(|one| &one.receivers), with(Section::Receivers));
    assert_eq!(named(|one| &one.exporters), with(Section::Exporters));
}
