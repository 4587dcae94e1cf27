//! Bad input for alarms, dashboards and log groups: each a clear located error,
//! and no call to AWS.

use insta::assert_snapshot;

use crate::cloud::Cloud;
use crate::proxy::Proxy;

/// Plans the small spec with `more`, which must be refused without a call.
fn refused(more: &str) -> String {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let stack = "[stack]\nname = \"shop\"\nregion = \"us-east-1\"\n\n";
    let scenario = proxy.scenario(&format!("{stack}{more}"));
    scenario.write("dashboard.json", "{ \"widgets\": [ }");
    let plan = scenario.run("plan").ends_with(1);
    assert_eq!(plan.stdout, "", "{plan}");
    assert_eq!(proxy.take_calls().len(), 0);
    plan.snapshot()
}

const ONE_METRIC: &str = r#"[alarms.slow]
namespace = "AWS/X-Ray"
metric_name = "ApproximateTraceCount"
period = 60
evaluation_periods = 2
threshold = 1
comparison_operator = "GreaterThanThreshold"
"#;

#[test]
fn a_retention_that_aws_does_not_offer() {
    assert_snapshot!(refused("[log_groups.api]\nretention_in_days = 42\n"), @r"
    $ xrayctl plan
    --- stderr
    error: log group `api`: `retention_in_days`: AWS keeps log events for certain numbers of days, and 42 is none of them
     --> xrayctl.toml:6:21
      |
    6 | retention_in_days = 42
      |                     ^^
      |
      = hint: the nearest is 30; around it are 30 and 60
    --- exit 1
    ");
}

#[test]
fn an_alarm_with_two_statistics() {
    let both = format!("{ONE_METRIC}statistic = \"Sum\"\nextended_statistic = \"p95\"\n");
    assert_snapshot!(refused(&both), @r#"
    $ xrayctl plan
    --- stderr
    error: alarm `slow`: `extended_statistic`: `statistic` is `Sum` already; an alarm has one statistic
      --> xrayctl.toml:13:22
       |
    13 | extended_statistic = "p95"
       |                      ^^^^^
       |
       = hint: leave out `statistic` to watch `p95`, or `extended_statistic`
    --- exit 1
    "#);
}

#[test]
fn an_alarm_without_a_statistic() {
    assert_snapshot!(refused(ONE_METRIC), @r"
    $ xrayctl plan
    --- stderr
    error: alarm `slow`: an alarm on one metric needs a statistic
     --> xrayctl.toml:5:1
      |
    5 | [alarms.slow]
      | ^^^^^^^^^^^^^
      |
      = hint: give `statistic`, such as `Sum`, or `extended_statistic`, such as `p95`
    --- exit 1
    ");
}

#[test]
fn an_alarm_on_a_group_that_is_not_there() {
    let spec = "[groups.errors]\nfilter_expression = \"error\"\n\n\
                [alarms.errors]\npreset = \"error-rate\"\ngroup = \"eror\"\n";
    assert_snapshot!(refused(spec), @r#"
    $ xrayctl plan
    --- stderr
    error: alarm `errors`: `group`: the spec has no group `eror`
      --> xrayctl.toml:10:9
       |
    10 | group = "eror"
       |         ^^^^^^
       |
       = hint: add `[groups.eror]`
    --- exit 1
    "#);
}

#[test]
fn a_composite_alarm_on_an_alarm_that_is_not_there() {
    let spec =
        format!("{ONE_METRIC}statistic = \"Sum\"\n\n[composite_alarms.down]\nany_of = [\"slo\"]\n");
    assert_snapshot!(refused(&spec), @r#"
    $ xrayctl plan
    --- stderr
    error: composite alarm `down`: `any_of.0`: the spec has no alarm `slo`
      --> xrayctl.toml:15:11
       |
    15 | any_of = ["slo"]
       |           ^^^^^
       |
       = hint: did you mean `slow`?
    --- exit 1
    "#);
}

#[test]
fn a_rule_that_does_not_end() {
    let spec = "[composite_alarms.down]\nalarm_rule = 'ALARM(slow) and'\n";
    assert_snapshot!(refused(spec), @r"
    $ xrayctl plan
    --- stderr
    error: composite alarm `down`: `alarm_rule`: expected AND or OR, found `and`
     --> xrayctl.toml:6:27
      |
    6 | alarm_rule = 'ALARM(slow) and'
      |                           ^^^
      |
      = hint: write `AND`
    --- exit 1
    ");
}

#[test]
fn a_dashboard_file_that_is_not_json() {
    let spec = "[dashboards.api]\ndashboard_body = { file = \"dashboard.json\" }\n";
    assert_snapshot!(refused(spec), @r#"
    $ xrayctl plan
    --- stderr
    error: dashboard `api`: `dashboard_body` is not JSON: expected value
     --> dashboard.json:1:16
      |
    1 | { "widgets": [ }
      |                ^
    --- exit 1
    "#);
}

#[test]
fn a_dashboard_that_cloudwatch_would_refuse() {
    let spec = "[dashboards.api]\ndashboard_body.widgets = [{ type = \"map\", x = 3 }]\n";
    assert_snapshot!(refused(spec), @r#"
    $ xrayctl plan
    --- stderr
    error: dashboard `api`: `dashboard_body.widgets.0`: the widget has no `properties`
     --> xrayctl.toml:6:27
      |
    6 | dashboard_body.widgets = [{ type = "map", x = 3 }]
      |                           ^^^^^^^^^^^^^^^^^^^^^^^

    error: dashboard `api`: `dashboard_body.widgets.0.type`: `type` is "map", expected one of `metric`, `text`, `log`, `alarm`, `explorer`, `custom`, `chart`, `timeline`
     --> xrayctl.toml:6:36
      |
    6 | dashboard_body.widgets = [{ type = "map", x = 3 }]
      |                                    ^^^^^

    error: dashboard `api`: `dashboard_body.widgets.0.x`: `x` needs `y`
     --> xrayctl.toml:6:47
      |
    6 | dashboard_body.widgets = [{ type = "map", x = 3 }]
      |                                               ^
      |
      = hint: a widget has both, or none and goes where there is room

    Found 3 errors.
    --- exit 1
    "#);
}
