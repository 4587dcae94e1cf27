//! `xrayctl dev`: a desk that follows its spec.

use std::net::{TcpListener, UdpSocket};
use std::thread;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::harness::{Output, PATIENCE, PAUSE, Running, Scenario};
use crate::http::Message;

/// Every port is a free one.
const SPEC: &str = r#"[stack]
name = "shop"
region = "eu-west-1"

[sampling_rules.checkout]
priority = 100
fixed_rate = 0.1

[collector.receivers]
otlp_grpc = "127.0.0.1:0"
otlp_http = "127.0.0.1:0"
xray_udp = "127.0.0.1:0"
xray_tcp = "127.0.0.1:0"
jaeger_grpc = "off"
jaeger_http = "off"
jaeger_compact = "off"
jaeger_binary = "off"
zipkin = "off"

[collector.operations]
health = "127.0.0.1:0"
zpages = "127.0.0.1:0"

[collector.queries]
jaeger_http = "off"
jaeger_grpc = "off"
"#;

/// A desk that runs.
struct Desk(Running);

impl Desk {
    /// Starts one, which must come up.
    fn start(scenario: &Scenario) -> Self {
        Self::start_with(scenario, "")
    }

    fn start_with(scenario: &Scenario, options: &str) -> Self {
        let mut desk = Self::begin(scenario, options);
        desk.until("it follows the spec", |desk| {
            desk.0.stdout().contains("Following xrayctl.toml: ")
        });
        desk
    }

    /// Starts one, which may not come up.
    fn begin(scenario: &Scenario, options: &str) -> Self {
        Self(scenario.start(&format!("dev --aws-listen 127.0.0.1:0 {options}")))
    }

    /// Waits for something.
    fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let started = Instant::now();
        while !is_so(self) {
            let is_over = self.0.has_ended() || started.elapsed() > PATIENCE;
            assert!(
                !is_over,
                "not seen: {what}\n{}\n{}",
                self.0.stdout(),
                self.0.stderr()
            );
            thread::sleep(PAUSE);
        }
    }

    /// Waits for a text on stdout.
    fn prints(&mut self, text: &str) {
        self.until(text, |desk| desk.0.stdout().contains(text));
    }

    /// Waits for a text on stderr.
    fn says(&mut self, text: &str) {
        self.until(text, |desk| desk.0.stderr().contains(text));
    }

    /// Where it last said that something listens.
    fn address(&self, what: &str) -> String {
        let stdout = self.0.stdout();
        let start = format!("{what} listening on ");
        let line = stdout
            .lines()
            .rev()
            .find_map(|line| line.strip_prefix(&start));
        let address = line.unwrap_or_else(|| panic!("no {what} in {stdout}"));
        let address = address.split(' ').next().unwrap();
        address.trim_start_matches("http://").to_owned()
    }

    fn ask(&self, what: &str, line: &str, body: &Value) -> Message {
        self.ask_as(&self.address(what), what, line, body)
    }

    /// Asks in the name of `host`.
    fn ask_as(&self, host: &str, what: &str, line: &str, body: &Value) -> Message {
        let address = self.address(what);
        let request = Message {
            start: format!("{line} HTTP/1.1"),
            headers: vec![
                ("host".to_owned(), host.to_owned()),
                ("content-type".to_owned(), "application/json".to_owned()),
            ],
            body: body.to_string().into_bytes(),
        };
        request.exchange(&address).unwrap()
    }

    /// The rate of the rule of the spec, as an SDK at `what` reads it.
    fn rate(&self, what: &str) -> Value {
        let answer = self.ask(what, "POST /GetSamplingRules", &json!({}));
        let answer: Value = serde_json::from_slice(&answer.body).unwrap();
        let records = answer["SamplingRuleRecords"].as_array().unwrap();
        let mut rules = records.iter().map(|record| &record["SamplingRule"]);
        let rule = rules.find(|rule| rule["RuleName"] == "checkout");
        rule.unwrap_or(&Value::Null)["FixedRate"].clone()
    }

    /// Sends a span by OTLP, which must be taken.
    fn send(&self, name: &str) {
        let span = json!({
            "traceId": "0af7651916cd43dd8448eb211c80319c",
            "spanId": "b7ad6b7169203331",
            "name": name,
            "startTimeUnixNano": "1790000000000000000",
            "endTimeUnixNano": "1790000000250000000",
        });
        let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]});
        let answer = self.ask("OTLP over HTTP", "POST /v1/traces", &body);
        assert_eq!(answer.second_word(), "200", "{answer:?}");
    }

    /// The page of what came.
    fn tracez(&self) -> String {
        let answer = self.ask("zPages", "GET /debug/tracez", &Value::Null);
        assert_eq!(answer.second_word(), "200", "{answer:?}");
        String::from_utf8(answer.body).unwrap()
    }

    /// Presses Ctrl-C, which must end it in order.
    fn end(self) -> Output {
        self.0.interrupt();
        self.0.finish().succeeds()
    }
}

#[test]
fn rules_are_served_traces_are_taken_and_nothing_is_lost() {
    let scenario = Scenario::local(SPEC);
    let desk = Desk::start(&scenario);
    for what in ["AWS API", "X-Ray over TCP"] {
        assert_eq!(desk.rate(what), json!(0.1), "{what}");
    }
    desk.send("GET /cart");
    assert!(desk.tracez().contains("GET /cart"));
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let segment = json!({
        "name": "by-api", "id": "70de5b6f19ff9a0a", "start_time": now, "end_time": now,
        "trace_id": format!("1-{now:08x}-5759e988bd862e3fe1be46a9"),
    });
    let segments = json!({"TraceSegmentDocuments": [segment.to_string()]});
    let answer = desk.ask("AWS API", "POST /TraceSegments", &segments);
    assert_eq!(
        answer.body, br#"{"UnprocessedTraceSegments":[]}"#,
        "{answer:?}"
    );
    desk.end()
        .prints("AWS API listening on http://127.0.0.1:")
        .prints("(account 123456789012, region eu-west-1, state .xrayctl/local)")
        .prints("Plan: 1 to add, 0 to change, 0 to destroy.\n")
        .prints("Apply complete! Resources: 1 added, 0 changed, 0 destroyed.\n");
    // The next one finds all that it took and made.
    let desk = Desk::start(&scenario);
    let page = desk.tracez();
    assert!(
        page.contains("GET /cart") && page.contains("by-api"),
        "{page}"
    );
    desk.end().prints("No changes.\n");
    scenario.is_settled();
}

#[test]
fn a_rule_that_is_changed_in_the_file_arrives() {
    let scenario = Scenario::local(SPEC);
    let mut desk = Desk::start(&scenario);
    scenario.edit("fixed_rate = 0.1", "fixed_rate = 0.25");
    desk.until("the new rate", |desk| desk.rate("AWS API") == json!(0.25));
    desk.prints(
        "xrayctl.toml changed. Apply complete! Resources: 0 added, 1 changed, 0 destroyed.\n",
    );
    // As editors do that write beside the file.
    scenario.write(
        "xrayctl.toml~",
        scenario.read("xrayctl.toml").replace("0.25", "0.75"),
    );
    std::fs::rename(
        scenario.path("xrayctl.toml~"),
        scenario.path("xrayctl.toml"),
    )
    .unwrap();
    desk.until("the newest rate", |desk| {
        desk.rate("AWS API") == json!(0.75)
    });
    scenario.edit(
        "[sampling_rules.checkout]",
        "# nothing but a remark\n[sampling_rules.checkout]",
    );
    desk.prints("xrayctl.toml changed. No changes.\n");
    // Others work on the same folder through it.
    scenario.is_settled();
    desk.end();
}

#[test]
fn an_edit_with_errors_is_told_with_its_line_and_changes_nothing() {
    let scenario = Scenario::local(SPEC);
    let mut desk = Desk::start(&scenario);
    scenario.edit("fixed_rate = 0.1", "fixed_rate = 1.5");
    desk.says("xrayctl.toml:7:");
    desk.says("xrayctl.toml changed, and was not taken over: what was applied before goes on");
    assert_eq!(desk.rate("AWS API"), json!(0.1));
    desk.send("GET /still");
    std::fs::remove_file(scenario.path("xrayctl.toml")).unwrap();
    desk.says("cannot read `xrayctl.toml`");
    scenario.spec(&SPEC.replace("fixed_rate = 0.1", "fixed_rate = 0.5"));
    desk.until("the mended rate", |desk| desk.rate("AWS API") == json!(0.5));
    desk.end();
}

#[test]
fn a_file_that_the_spec_names_is_followed_too() {
    let policy = "\n[resource_policies.sns]\npolicy_document = { file = \"policy.json\" }\n";
    let scenario = Scenario::local(&format!("{SPEC}{policy}"));
    let document = |sid: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"{sid}","Effect":"Allow","Principal":{{"Service":"sns.amazonaws.com"}},"Action":"xray:PutTraceSegments","Resource":"*"}}]}}"#
        )
    };
    scenario.write("policy.json", document("One"));
    let mut desk = Desk::start(&scenario);
    scenario.write("policy.json", document("Two"));
    desk.prints(
        "xrayctl.toml changed. Apply complete! Resources: 0 added, 1 changed, 0 destroyed.\n",
    );
    desk.end();
}

#[test]
fn the_collector_starts_anew_where_its_table_changes() {
    let scenario = Scenario::local(SPEC);
    let mut desk = Desk::start(&scenario);
    desk.send("GET /before");
    let before = desk.address("OTLP over HTTP");
    scenario.edit("zipkin = \"off\"", "zipkin = \"127.0.0.1:0\"");
    desk.prints("[collector] changed: the collector finishes what it has and starts anew\n");
    desk.prints("Zipkin listening on ");
    desk.until("all its ports", |desk| {
        desk.0.stdout().matches("zPages listening on ").count() == 2
    });
    assert_ne!(desk.address("OTLP over HTTP"), before);
    desk.send("GET /after");
    let page = desk.tracez();
    assert!(
        page.contains("GET /before") && page.contains("GET /after"),
        "{page}"
    );
    assert_eq!(desk.rate("X-Ray over TCP"), json!(0.1));
    desk.end();
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap();
    let spec = SPEC.replace(
        "otlp_http = \"127.0.0.1:0\"",
        &format!("otlp_http = \"{port}\""),
    );
    let scenario = Scenario::local(&spec);
    let warning = format!("OTLP over HTTP goes missing: another program has {port}");
    Desk::start(&scenario).end().says(&warning);
    let strict = Desk::begin(&scenario, "--strict").0.finish().ends_with(1);
    strict.says(&format!(
        "failed to start the collector: cannot listen for OTLP over HTTP on {port}: "
    ));
}

/// One that runs goes on as it was where the new table cannot be.
#[test]
fn a_table_that_cannot_be_is_not_taken_over() {
    let scenario = Scenario::local(SPEC);
    let mut desk = Desk::start_with(&scenario, "--strict");
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap();
    scenario.edit(
        "jaeger_binary = \"off\"",
        &format!("jaeger_binary = \"{port}\""),
    );
    desk.says(&format!("Jaeger's binary Thrift on {port}"));
    desk.says("was not taken over");
    desk.send("GET /cart");
    desk.end();
}

#[test]
fn what_is_wrong_at_the_start_ends_it() {
    let scenario = Scenario::local(&SPEC.replace("fixed_rate = 0.1", "fixed_rate = 1.5"));
    Desk::begin(&scenario, "")
        .0
        .finish()
        .ends_with(1)
        .says("xrayctl.toml:7:");
    assert!(!scenario.path(".xrayctl").exists());
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap();
    scenario.spec(SPEC);
    scenario
        .run(&format!("dev --aws-listen {port}"))
        .ends_with(1)
        .says(&format!(
            "failed to serve the embedded AWS: listen on {port}: "
        ));
    for option in ["--local", "--profile=x", "--region=us-east-1"] {
        scenario
            .run(&format!("dev {option}"))
            .ends_with(1)
            .says("`xrayctl dev` makes no use of --");
    }
}

#[test]
fn environments_and_variables_are_those_of_the_command_line() {
    let spec = SPEC.replace("fixed_rate = 0.1", "fixed_rate = \"${var.rate}\"");
    let spec = format!(
        "{spec}\n[vars]\nrate = 0.1\n\n[env.desk.sampling_rules.checkout]\nreservoir_size = 7\n"
    );
    let scenario = Scenario::local(&spec);
    let desk = Desk::start_with(&scenario, "--env desk --var rate=0.3 --state here");
    assert_eq!(desk.rate("AWS API"), json!(0.3));
    assert!(scenario.path("here").exists());
    assert!(!scenario.path(".xrayctl").exists());
    desk.end();
}

/// A name of somebody else's may lead here (DNS rebinding).
#[test]
fn pages_are_not_for_web_pages_of_others() {
    let scenario = Scenario::local(SPEC);
    let desk = Desk::start(&scenario);
    let status = |host: &str, what: &str, line: &str| {
        let answer = desk.ask_as(host, what, line, &Value::Null);
        answer.second_word().to_owned()
    };
    for page in ["tracez", "servicez", "pipelinez"] {
        let line = format!("GET /debug/{page}");
        assert_eq!(status("localhost", "zPages", &line), "200", "{page}");
        assert_eq!(status("evil.example", "zPages", &line), "403", "{page}");
    }
    // Who probes names this machine in its own way.
    assert_eq!(status("collector", "health", "GET /health"), "200");
    desk.end();
}
