//! What people and programs read of a simulation.

use std::collections::BTreeMap;

use insta::assert_snapshot;

use super::super::{BadLine, BadLines};
use super::*;
use crate::sampling::Criteria;

fn rule(name: &str, priority: i32) -> Rule {
    Rule {
        name: name.to_owned(),
        priority,
        reservoir_size: 1,
        fixed_rate: 0.1,
        criteria: Criteria::new(|_| "*".to_owned(), &BTreeMap::new()),
    }
}

fn kept(requests: f64, by_reservoir: f64, by_rate: f64) -> Kept {
    Kept {
        requests,
        by_reservoir,
        by_rate,
    }
}

#[test]
fn a_log_with_lines_that_are_none() {
    let bad = BadLines {
        count: 1200,
        first: vec![BadLine {
            file: "access.log".to_owned(),
            number: 7,
            reason: "no known format".to_owned(),
            text: "\x1b]0;x\x07 what".to_owned(),
        }],
    };
    let simulation = Simulation {
        traffic: Traffic::Seen {
            name: "access.log",
            told: Told::AccessLog(&bad),
            seconds: Some(7265.0),
            months: Some(361.7),
            late: 3,
        },
        dialect: Dialect::Sdk,
        clients: 2,
        first: Compared {
            origin: "xrayctl.toml",
            rules: &[
                rule("api\u{202e}", 10),
                rule("never", 20),
                rule("Default", 10_000),
            ],
            kept: &[
                kept(10_000.0, 2000.0, 800.0),
                kept(0.0, 0.0, 0.0),
                kept(3.0, 1.0, 0.2),
            ],
        },
        other: None,
    };
    assert_snapshot!(simulation.render(Styles::default()), @r"
    10,003 requests of access.log in 2 h 1 min
    Sampled by 2 clients: X-Ray SDKs for Go, Node.js and Python

    Rules of xrayctl.toml
      priority  rule     requests  by reservoir  by rate  kept  traces a month
            10  api�       10,000         2,000      800  28 %       1,012,760
            20  never           0             0        0   0 %               0
         10000  Default         3             1      0.2  40 %             434
                all        10,003         2,001      800  28 %       1,013,194
      no request met: never

    What rates keep is what is expected of them: nothing was drawn.
    Requests that came more than a minute behind a later one: 3. Sort them by time.
    Lines that tell of no request: 1,200.
      access.log:7: no known format: ␛]0;x␇ what
    ");
    let document = simulation.document();
    assert_eq!(document["result"]["never_matched"], json!(["never"]));
    assert_eq!(document["result"]["total"]["requests"], 10_003.0);
    assert_eq!(document["traffic"]["bad_lines"], 1200);
    assert_eq!(document["compared"], Value::Null);
}

#[test]
fn expected_traffic_by_two_specs() {
    let simulation = Simulation {
        traffic: Traffic::Expected,
        dialect: Dialect::OpenTelemetryJs,
        clients: 1,
        first: Compared {
            origin: "xrayctl.toml",
            rules: &[rule("api", 10), rule("Default", 10_000)],
            kept: &[kept(1e7, 1e6, 9e5), kept(5000.0, 5000.0, 0.0)],
        },
        other: Some(Compared {
            origin: "other.toml",
            rules: &[rule("pay", 5), rule("api", 10), rule("Default", 10_000)],
            kept: &[
                kept(1e5, 1e5, 0.0),
                kept(9.9e6, 1e6, 8.9e5),
                kept(5000.0, 5000.0, 0.0),
            ],
        }),
    };
    assert_snapshot!(simulation.render(Styles::default()), @r"
    10,005,000 requests a month, as `[traffic]` says
    Sampled by 1 client: OpenTelemetry for JavaScript

    Rules of xrayctl.toml
      priority  rule       requests  by reservoir  by rate     kept  traces a month
            10  api      10,000,000     1,000,000  900,000     19 %       1,900,000
         10000  Default       5,000         5,000        0    100 %           5,000
                all      10,005,000     1,005,000  900,000  19.04 %       1,905,000

    Rules of other.toml
      priority  rule       requests  by reservoir  by rate     kept  traces a month
             5  pay         100,000       100,000        0    100 %         100,000
            10  api       9,900,000     1,000,000  890,000  19.09 %       1,890,000
         10000  Default       5,000         5,000        0    100 %           5,000
                all      10,005,000     1,105,000  890,000  19.94 %       1,995,000

    From xrayctl.toml to other.toml
      rule     traces a month       then    change
      api           1,900,000  1,890,000   -10,000
      Default           5,000      5,000         0
      pay                   -    100,000  +100,000
      all           1,905,000  1,995,000   +90,000

    Worked out for requests that come evenly, once clients have their quotas.
    ");
    let document = simulation.document();
    assert_eq!(document["compared"]["total"]["traces_a_month"], 1_995_000.0);
}

#[test]
fn requests_of_one_moment_make_no_month() {
    let simulation = Simulation {
        traffic: Traffic::Seen {
            name: "-",
            told: Told::AccessLog(&BadLines::default()),
            seconds: None,
            months: None,
            late: 0,
        },
        dialect: Dialect::Sdk,
        clients: 1,
        first: Compared {
            origin: "xrayctl.toml",
            rules: &[rule("Default", 10_000)],
            kept: &[kept(4.0, 1.0, 0.3)],
        },
        other: Some(Compared {
            origin: "other.toml",
            rules: &[rule("Default", 10_000)],
            kept: &[kept(4.0, 1.0, 0.3)],
        }),
    };
    assert_snapshot!(simulation.render(Styles::default()), @r"
    4 requests of -
    Sampled by 1 client: X-Ray SDKs for Go, Node.js and Python

    Rules of xrayctl.toml
      priority  rule     requests  by reservoir  by rate    kept  traces a month
         10000  Default         4             1      0.3  32.5 %               ?
                all             4             1      0.3  32.5 %               ?

    Rules of other.toml
      priority  rule     requests  by reservoir  by rate    kept  traces a month
         10000  Default         4             1      0.3  32.5 %               ?
                all             4             1      0.3  32.5 %               ?

    From xrayctl.toml to other.toml
      a month's traces are not known

    What rates keep is what is expected of them: nothing was drawn.
    A month's traces are not known: the requests tell of no stretch of time.
    ");
}

#[test]
fn traces_are_what_was_kept() {
    let simulation = Simulation {
        traffic: Traffic::Seen {
            name: "the traces from noon to one",
            told: Told::Traces { rootless: 1200 },
            seconds: Some(3600.0),
            months: Some(730.0),
            late: 0,
        },
        dialect: Dialect::Sdk,
        clients: 1,
        first: Compared {
            origin: "xrayctl.toml",
            rules: &[rule("Default", 10_000)],
            kept: &[kept(400.0, 100.0, 15.0)],
        },
        other: None,
    };
    assert_snapshot!(simulation.render(Styles::default()), @r"
    400 requests of the traces from noon to one in 1 h
    Sampled by 1 client: X-Ray SDKs for Go, Node.js and Python

    Rules of xrayctl.toml
      priority  rule     requests  by reservoir  by rate     kept  traces a month
         10000  Default       400           100       15  28.75 %          83,950
                all           400           100       15  28.75 %          83,950

    What rates keep is what is expected of them: nothing was drawn.
    Traces are what was kept: at a desk every request, in production only those that were sampled.
    Traces that do not tell of their root: 1,200.
    ");
    let document = simulation.document();
    let traffic = json!({
        "kind": "traces", "name": "the traces from noon to one", "seconds": 3600.0,
        "late": 0, "rootless": 1200,
    });
    assert_eq!(document["traffic"], traffic);
}
