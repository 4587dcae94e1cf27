//! `generate otel-collector`: the shipped specs, and what is told of a spec.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::{Output, Scenario};

/// Jaeger and X-Ray at once.
const SPEC: &str = r#"[stack]
name = "shop"
region = "us-east-1"

[vars]
share = 100.0

[env.prod.vars]
share = 10.0

[collector]
pipeline = ["memory-limiter", "share", "batch"]

[collector.processors.share]
type = "probabilistic-sampling"
percentage = "${var.share}"

[collector.exporters.jaeger]
type = "otlp-grpc"
endpoint = "http://127.0.0.1:14317"
headers = { key = "a$b" }

[collector.exporters.xray]
type = "xray"
"#;

fn scenario() -> Scenario {
    Scenario::local(SPEC)
}

fn generate(scenario: &Scenario, words: &[&str]) -> Output {
    let mut line = vec!["generate", "otel-collector"];
    line.extend(words);
    scenario.run_words(&line)
}

#[test]
fn it_is_printed_or_written_to_a_file() {
    let scenario = scenario();
    let printed = generate(&scenario, &["--env", "prod", "--var", "share=5.0"]).succeeds();
    assert!(
        printed.stdout.starts_with(
            "# Made by `xrayctl generate otel-collector` of the stack shop (prod): the single tier, \
             for the OpenTelemetry Collector (contrib) 0.155.0 and later.\n"
        ),
        "{printed}"
    );
    let printed = printed
        .prints("    sampling_percentage: 5.0\n")
        .prints("      key: a$$b\n");
    assert_eq!(printed.stderr, "");
    let words = ["--env", "prod", "--var", "share=5.0", "--out", "otel.yaml"];
    for _ in 0..2 {
        generate(&scenario, &words)
            .succeeds()
            .says("Wrote otel.yaml. Try it with: otelcol-contrib validate --config=otel.yaml");
        assert_eq!(scenario.read("otel.yaml"), printed.stdout);
    }
    generate(&scenario, &["--local"])
        .ends_with(1)
        .says("`xrayctl generate` makes no use of --local");
}

#[test]
fn what_the_collector_cannot_do_is_told_at_its_place() {
    let scenario = scenario();
    scenario.edit(
        "type = \"probabilistic-sampling\"\npercentage = \"${var.share}\"",
        "type = \"rate-limiting\"\nper_second = 10.0\nunit = \"traces\"",
    );
    generate(&scenario, &[])
        .ends_with(1)
        .says(
            "error: collector: `processors.share.unit`: the Collector cannot limit traces a second",
        )
        .says("--> xrayctl.toml:17:8")
        .says("write `unit = \"spans\"`, or take `probabilistic-sampling`");
    scenario.edit("unit = \"traces\"", "unit = \"spans\"");
    generate(&scenario, &[])
        .succeeds()
        .prints("spans_per_second: 10\n")
        .says("warning: collector: `processors.share`: the Collector holds traces for a second");
    scenario.spec("[stack]\nname = \"shop\"\nregion = \"us-east-1\"\n");
    generate(&scenario, &[])
        .ends_with(1)
        .says("collector: `exporters`: traces go nowhere");
}

#[test]
fn tiers_are_asked_for_as_they_are_meant() {
    let scenario = scenario();
    generate(&scenario, &["--tier", "agent"])
        .ends_with(1)
        .says("`--tier agent` does not say which gateways it sends to");
    generate(&scenario, &["--gateway", "g"])
        .ends_with(1)
        .says("only an agent makes use of `--gateway`");
    for bad in ["g:0", "g:x", "http://g", ""] {
        generate(&scenario, &["--tier", "agent", "--gateway", bad]).ends_with(1);
    }
    generate(
        &scenario,
        &["--tier", "agent", "--gateway", "g.internal:4319"],
    )
    .succeeds()
    .prints("        hostname: g.internal\n        port: \"4319\"\n")
    .says("`pipeline`: nothing in it needs whole traces");
}

/// Each of the shipped specs that has a collector, as its people run it. Written
/// anew with `UPDATE_GENERATED=1`.
#[test]
fn shipped_specs_make_the_files_that_are_kept() {
    let agent = ["--tier", "agent", "--gateway", "traces.afirgen.internal"];
    for (file, spec, words) in [
        ("ananta", "ananta", &[][..]),
        ("ananta-production", "ananta", &["--env", "production"]),
        (
            "atom-production",
            "atom",
            &["--env", "production", "--distribution", "adot"],
        ),
        ("afirgen-production", "afirgen", &["--env", "production"]),
        (
            "afirgen-production-agent",
            "afirgen",
            &[&["--env", "production"][..], &agent[..]].concat(),
        ),
        (
            "afirgen-production-gateway",
            "afirgen",
            &["--env", "production", "--tier", "gateway"],
        ),
        ("pmp-production", "pmp", &["--env", "production"]),
    ] {
        let scenario = Scenario::local(&shipped(spec));
        let made = generate(&scenario, words).succeeds();
        assert_eq!(made.stderr, "", "{file}: {made}");
        let path = root().join(format!("tests/data/otel_collector/{file}.yaml"));
        if std::env::var_os("UPDATE_GENERATED").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &made.stdout).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(made.stdout, kept, "{file}: run it with UPDATE_GENERATED=1");
    }
    let scenario = Scenario::local(&shipped("pmp"));
    generate(&scenario, &["--distribution", "adot"])
        .ends_with(1)
        .says("`processors.sensitive`: ADOT has no `transform` processor");
}

fn shipped(name: &str) -> String {
    fs::read_to_string(root().join(format!("specs/{name}.toml"))).unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}
