//! Sampling rules tried out: on one request, and on traffic.

use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::harness::{Output, PAUSE, Scenario};
use crate::lookups::{DESK, send, start_desk};

const SPEC: &str = r#"
[stack]
name = "shop"
region = "us-east-1"

[sampling_rules.gold]
priority = 5
fixed_rate = 1
attributes = { tier = "gold" }

[sampling_rules.orders]
priority = 10
fixed_rate = "${var.rate}"
reservoir_size = 10
url_path = "/orders/*"

[sampling_rules.never]
rule_name = "never-met"
priority = 20
fixed_rate = 0.5
url_path = "/nowhere"

[vars]
rate = 0.1

[env.prod.vars]
rate = 0.01

[traffic.orders]
requests_per_second = 100
http_method = "POST"
url_path = "/orders/1"

[env.prod.traffic.orders]
requests_per_second = 1000
"#;

fn parsed(output: &Output) -> Value {
    serde_json::from_str(&output.stdout).unwrap()
}

#[test]
fn which_rule_a_request_meets() {
    let scenario = Scenario::local(SPEC);
    let test = "sampling test --path /Orders/7 --attribute tier=gold";
    scenario
        .run(test)
        .succeeds()
        .prints("gold       passed over: X-Ray SDKs know no attributes\n")
        .prints("orders     decides\n")
        .prints("and 10 % of the rest\n")
        .prints("OpenTelemetry for JavaScript,");
    scenario
        .run(&format!("{test} --env prod"))
        .succeeds()
        .prints("and 1 % of the rest\n");
    let document = parsed(&scenario.run(&format!("{test} --json")).succeeds());
    assert_eq!(document["rules_of"], "xrayctl.toml");
    assert_eq!(document["samplers"][0]["rule"], "orders");
    assert_eq!(document["samplers"][2]["rule"], "gold");
    let default = parsed(&scenario.run("sampling test --path / --json").succeeds());
    assert_eq!(default["samplers"][0]["rule"], "Default");
    assert_eq!(default["samplers"][0]["fixed_rate"], 0.05);
}

#[test]
fn rules_that_stand_decide_where_that_is_asked_for() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(SPEC);
    let test = "sampling test --live --path /orders/7";
    let met = |output: &Output| parsed(output)["samplers"][0]["rule"].clone();
    let before = scenario.run(&format!("{test} --json")).succeeds();
    assert_eq!(met(&before), "Default");
    scenario.apply();
    let after = scenario.run(&format!("{test} --json")).succeeds();
    assert_eq!(met(&after), "orders");
    // A spec is not needed, but a region is.
    std::fs::remove_file(scenario.path("xrayctl.toml")).unwrap();
    scenario
        .run(test)
        .ends_with(1)
        .says("there is no region to read");
    scenario
        .run(&format!("{test} --region us-east-1"))
        .succeeds()
        .prints("Rules of AWS in us-east-1\n")
        .prints("never-met");
}

#[test]
fn options_of_a_connection_need_live() {
    let scenario = Scenario::local(SPEC);
    let refused = scenario
        .run("sampling test --region eu-west-1")
        .ends_with(1);
    let refused = refused.says("makes no use of --region");
    refused.says("hint: give --live to take the rules that stand there\n");
    scenario
        .run("sampling test --local")
        .ends_with(1)
        .says("makes no use of --local\n  hint: give --live to");
    scenario
        .run("sampling simulate --local")
        .ends_with(1)
        .says("makes no use of --local\n  hint: give --live to")
        .says("--traces to take the requests");
    for option in ["--since 5m", "--start 2026-01-31", "--end 2026-01-31"] {
        scenario
            .run(&format!("sampling simulate {option}"))
            .ends_with(1)
            .says("--traces");
    }
    scenario
        .run("sampling simulate --log a.log --traces")
        .ends_with(1)
        .says("cannot be used with");
    scenario
        .run("sampling simulate --clients 0")
        .ends_with(1)
        .says("--clients");
    scenario
        .run("sampling simulate --service a")
        .ends_with(1)
        .says("--log");
}

#[test]
fn expected_traffic_is_worked_out() {
    let scenario = Scenario::local(SPEC);
    scenario
        .run("sampling simulate --clients 4")
        .succeeds()
        .prints("262,800,000 requests a month, as `[traffic]` says\n")
        .prints("no request met: gold, never-met, Default\n");
    let document = parsed(&scenario.run("sampling simulate --json").succeeds());
    let total = &document["result"]["total"];
    let month = 730.0 * 3600.0;
    let traces = total["traces_a_month"].as_f64().unwrap();
    assert!((traces - 19.0 * month).abs() < 1.0, "{traces}");
    assert!((total["share"].as_f64().unwrap() - 0.19).abs() < 1e-9);
    scenario.write("other.toml", SPEC.replace("rate = 0.1\n", "rate = 0.2\n"));
    let compared = scenario.run("sampling simulate --compare other.toml --json");
    let traces = &parsed(&compared.succeeds())["compared"]["total"]["traces_a_month"];
    assert!((traces.as_f64().unwrap() - 28.0 * month).abs() < 1.0);
    scenario
        .run("sampling simulate --compare other.toml")
        .succeeds()
        .prints("From xrayctl.toml to other.toml\n")
        .prints("+23,652,000\n");
}

#[test]
fn a_log_is_replayed() {
    let scenario = Scenario::local(SPEC);
    let mut log = String::from("what\x1b[31m\n");
    for second in 0..60 {
        for part in 0..20 {
            let at = 1_790_159_515.0 + f64::from(second) + f64::from(part) / 20.0;
            let line = json!({ "time": at, "method": "POST", "path": "/orders/1?x" });
            log += &line.to_string();
            log.push('\n');
        }
    }
    scenario.write("a.log", &log);
    let run = scenario.run("sampling simulate --log a.log").succeeds();
    assert!(!run.stdout.contains('\x1b'), "{run}");
    let run = run
        .prints("1,200 requests of a.log in 1 min\n")
        .prints("  a.log:1: no known format: what␛[31m\n");
    assert_eq!(run.stderr, "");
    let document = parsed(
        &scenario
            .run("sampling simulate --log a.log --json")
            .succeeds(),
    );
    let orders = &document["result"]["rules"][1];
    // One a second is borrowed for 20 seconds, then the reservoir is all there.
    assert_eq!(orders["kept_by_reservoir"], 420.0);
    assert_eq!(orders["requests"], 1200.0);
    assert_eq!(
        document["result"]["never_matched"],
        json!(["gold", "never-met", "Default"])
    );
    scenario.write("none.log", "what\n");
    scenario
        .run("sampling simulate --log none.log")
        .ends_with(1)
        .says("no line of none.log tells of a request");
    scenario
        .run("sampling simulate --log nowhere.log")
        .ends_with(1)
        .says("cannot read `nowhere.log`");
}

/// Segments of four orders a second, the newest first, and one of a job.
fn orders(start: u64, seconds: u64) -> Vec<String> {
    let order = |(second, part): (u64, u32)| {
        let at = f64::from(u32::try_from(start + second).unwrap()) + f64::from(part) / 4.0;
        let n = second * 4 + u64::from(part) + 1;
        json!({
            "id": format!("{n:016x}"), "trace_id": format!("1-{:08x}-{n:024x}", start + second),
            "name": "shop", "start_time": at, "end_time": at + 0.125,
            "http": {"request": {"method": "POST", "url": "https://shop.example/orders/1?x"}},
        })
        .to_string()
    };
    let job = json!({
        "id": "00000000000fffff", "trace_id": format!("1-{start:08x}-{:024x}", 0x000f_ffff),
        "name": "job", "start_time": start, "end_time": start + 1,
        "http": {"request": {"method": "POST", "url": "https://shop.example/jobs"}},
    });
    let all = (0..seconds).rev();
    let all = all.flat_map(|second| (0..4).rev().map(move |part| (second, part)));
    all.map(order).chain([job.to_string()]).collect()
}

#[test]
fn traces_of_a_desk_are_replayed() {
    let rules = SPEC.split_once("[sampling_rules.gold]").unwrap().1;
    let scenario = Scenario::local(&format!("{DESK}\n[sampling_rules.gold]{rules}"));
    let simulate = "sampling simulate --traces";
    scenario
        .run(simulate)
        .ends_with(1)
        .says("no local-collector serves the traces in `.xrayctl/local`");
    let (desk, address) = start_desk(&scenario);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let start = now.as_secs() - 120;
    for some in orders(start, 40).chunks(40) {
        send(&address, some);
    }
    // What was taken is found a moment later.
    let traces = || parsed(&scenario.run("traces --spec xrayctl.toml --limit 999 --json"));
    while traces()["traces"].as_array().unwrap().len() < 161 {
        thread::sleep(PAUSE);
    }
    let document = parsed(&scenario.run(&format!("{simulate} --json")).succeeds());
    let traffic = &document["traffic"];
    assert_eq!(traffic["kind"], "traces");
    assert_eq!(
        (&traffic["late"], &traffic["rootless"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(traffic["seconds"], 39.75);
    let orders = &document["result"]["rules"][1];
    assert_eq!(orders["requests"], 160.0);
    // One a second is borrowed for 20 seconds, then there is room for all four.
    assert_eq!(orders["kept_by_reservoir"], 100.0);
    assert_eq!(document["result"]["rules"][3]["requests"], 1.0);
    let told = scenario.run(&format!("{simulate} --since 5m")).succeeds();
    told.prints("161 requests of the traces from ")
        .prints("in production only those that were sampled.\n")
        .prints("no request met: gold, never-met\n");
    let window = "--start 2026-01-01 --end 2026-01-02";
    scenario
        .run(&format!("{simulate} {window}"))
        .ends_with(1)
        .says("of the traces from 2026-01-01T00:00:00Z to 2026-01-02T00:00:00Z there are none")
        .says("--since, --start, --end");
    desk.interrupt();
    desk.finish().ends_with(0);
}

#[test]
fn without_traffic_there_is_nothing_to_simulate() {
    let spec = SPEC.split("[traffic").next().unwrap();
    Scenario::local(spec)
        .run("sampling simulate")
        .ends_with(1)
        .says("there is no traffic to simulate")
        .says("`[traffic.NAME]`");
}

#[test]
fn traffic_is_checked_like_the_rest_of_the_spec() {
    let scenario = Scenario::local(&format!(
        "{SPEC}\n[traffic.none]\nhost = \"a\"\n\n[traffic.\"c d\"]\nrequests_per_month = -1\n"
    ));
    scenario
        .run("validate")
        .ends_with(1)
        .says("traffic `none`: says not how many requests there are")
        .says("the name holds ` `")
        .says("`requests_per_month` -1 is less than 0");
    Scenario::local(&SPEC.replace("[traffic.orders]", "[traffics.orders]"))
        .run("validate")
        .ends_with(1)
        .says("did you mean `traffic`?");
}
