//! Variables, environments, and what goes before what.

use insta::assert_snapshot;

use super::{Folder, STACK, faults, faults_with, options, resources, sound};
use crate::spec::Options;

const RATE: &str = r#"
[vars]
rate = 0.05
[sampling_rules.a]
priority = 1
fixed_rate = "${var.rate}"
url_path = "/${stack.name}/${stack.region}/${var.rate}"
[env.production.vars]
rate = 0.1
"#;

#[test]
fn a_lone_variable_keeps_its_type() {
    let rule = &resources(RATE)[0];
    assert_eq!(rule.written["fixed_rate"], 0.05);
    assert_eq!(rule.written["url_path"], "/shop/us-east-1/0.05");
}

#[test]
fn the_command_line_goes_first_then_the_environment_then_the_overlay() {
    let text = format!("{STACK}{RATE}");
    let rate = |options: &Options| {
        let spec = sound(&text, options, &Folder::new());
        spec.resources[0].written["fixed_rate"].clone()
    };
    let mut chosen = options(Some("production"), &[]);
    assert_eq!(rate(&chosen), 0.1);
    chosen
        .environment_vars
        .insert("rate".to_owned(), "0.2".to_owned());
    chosen
        .environment_vars
        .insert("other".to_owned(), "x".to_owned());
    assert_eq!(rate(&chosen), 0.2);
    chosen.vars.insert("rate".to_owned(), "0.3".to_owned());
    assert_eq!(rate(&chosen), 0.3);
}

#[test]
fn overlays_merge_tables_and_replace_the_rest() {
    let text = format!(
        r#"{STACK}
[groups.a]
filter_expression = "x"
services = ["a", "b"]
tags = {{ one = "1", two = "2" }}
[env.p]
stack.account = "123456789012"
[env.p.groups.a]
services = ["c"]
tags = {{ two = "two" }}
[env.p.groups.b]
filter_expression = "y"
"#
    );
    let spec = sound(&text, &options(Some("p"), &[]), &Folder::new());
    assert_eq!(spec.environments, ["p"]);
    assert_eq!(spec.stack.account.as_deref(), Some("123456789012"));
    assert_eq!(spec.resources.len(), 2);
    let group = &spec.resources[0];
    assert_eq!(group.written["services"], serde_json::json!(["c"]));
    let tags: Vec<_> = group
        .tags
        .iter()
        .flatten()
        .map(|(k, v)| format!("{k}={v}"))
        .collect();
    assert_eq!(tags, ["one=1", "two=two"]);
}

#[test]
fn the_stack_may_be_made_from_variables() {
    let text = r#"
[vars]
base = "shop"
full = "${var.base}-${env}"
[stack]
name = "${var.full}"
region = "us-east-1"
tags = { stack = "${stack.name}" }
[env.p]
"#;
    let spec = sound(text, &options(Some("p"), &[]), &Folder::new());
    assert_eq!(spec.stack.name, "shop-p");
    assert_eq!(spec.stack.tags["stack"], "shop-p");
}

#[test]
fn texts_of_the_command_line_take_the_type_of_the_default() {
    let body = r#"
[vars]
text = "x"
whole = 1
part = 1.0
flag = true
needed = { type = "number" }
"#;
    assert_snapshot!(faults_with(
        body,
        &options(None, &[("text", "${var.x}"), ("whole", "0.5"), ("part", "x"), ("flag", "yes"), ("needed", "inf"), ("txt", "1")]),
        &Folder::new(),
    ), @r"
    `--var txt`: the spec has no such variable
         hint: did you mean `text`?
    `--var flag`: expected `true` or `false`, found `yes`
    `--var needed`: expected a number, found `inf`
    `--var part`: expected a number, found `x`
    `--var whole`: expected an integer, found `0.5`
         hint: write its default with a point, `1.0`, for a variable that takes fractions
    ");
    assert_snapshot!(faults(body), @r"
    10:1 <needed> variable `needed`: has no value
         hint: give it with `--var needed=...` or in `XRAYCTL_VAR_needed`
    ");
}

#[test]
fn unknown_and_unclosed() {
    assert_snapshot!(faults(
        r#"
[vars]
rate = 0.05
[groups.a]
filter_expression = "a \"${var.rte}\" ${rate} ${nonsense}"
[groups.b]
filter_expression = "${env} ${stack.account} ${stack.nam}"
[groups.c]
filter_expression = "x ${var.rate"
services = ["${var.x}", "$${var.x}"]
[env.a]
[env.b]
"#
    ), @r#"
    8:26 <${var.rte}> group `a`: `${var.rte}` is unknown
         hint: did you mean `${var.rate}`?
    8:39 <${rate}> group `a`: `${rate}` is unknown
         hint: write `${var.rate}`
    8:47 <${nonsense}> group `a`: `${nonsense}` is unknown
         hint: declare it in `[vars]`, or write `$${` for a plain `${`
    10:22 <${env}> group `b`: `${env}` has no value: no environment is chosen
         hint: choose `a` or `b` with `--env`
    10:29 <${stack.account}> group `b`: `${stack.account}` has no value: the stack names no account
         hint: add `account = "123456789012"` to `[stack]`
    10:46 <${stack.nam}> group `b`: `${stack.nam}` is unknown
         hint: did you mean `${stack.name}`?
    12:24 <${var.rate> group `c`: `${` is not closed
         hint: close it with `}`, or write `$${` for a plain `${`
    13:14 <${var.x}> group `c`: `${var.x}` is unknown
         hint: declare it in `[vars]`, or write `$${` for a plain `${`
    "#);
    assert_snapshot!(faults("[groups.a]\nfilter_expression = '${env}'\n"), @r"
    5:22 <${env}> group `a`: `${env}` has no value: no environment is chosen
         hint: add an environment, `[env.NAME]`, and choose it with `--env NAME`
    ");
}

#[test]
fn circles() {
    assert_snapshot!(faults(
        r#"
[vars]
a = "${var.b}"
b = "x${var.c}"
c = "${var.a}"
d = "${var.a}"
[groups.a]
filter_expression = "${var.a} ${var.d}"
"#
    ), @r"
    8:6 <${var.a}> variable `c`: `${var.a}` is made from itself
         hint: give one of the variables on the way a value of its own
    ");
    let chain: String = (0..50)
        .map(|n| format!("v{n} = \"${{var.v{}}}\"\n", n + 1))
        .collect();
    assert_snapshot!(faults(&format!("[vars]\n{chain}v50 = 1\n")), @r#"37:7 <"${var.v33}"> variable `v32`: more than 32 variables stand in one another"#);
}

#[test]
fn declarations() {
    assert_snapshot!(faults(
        r#"
[vars]
a = [1]
b = { type = "float" }
c = { kind = "number" }
d = {}
e = { type = 1 }
"#
    ), @r#"
    6:5 <[1]> variable `a`: expected a string, a number, a boolean or `{ type = ... }`, found an array
    7:14 <"float"> variable `b`: `type` is `float`, expected `string`, `number`, `integer` or `bool`
    8:7 <kind> variable `c`: unknown key `kind`
         hint: a variable is a value, or `{ type = "number" }` for one that must be given
    9:5 <{}> variable `d`: `type` is missing
         hint: it is `string`, `number`, `integer` or `bool`
    10:14 <1> variable `e`: `type` is an integer, expected `string`, `number`, `integer` or `bool`
    "#);
    assert_snapshot!(faults("vars = 1\n"), @r"
    4:1 <vars> stack: unknown key `vars`
         hint: known are `account`, `name`, `region` and `tags`
    ");
}

#[test]
fn faults_of_values_are_shown_where_they_are_used() {
    assert_snapshot!(faults(
        r#"
[vars]
rate = 1.5
word = "x"
bad = "ANDD"
[sampling_rules.a]
priority = "${var.word}"
fixed_rate = "${var.rate}"
[groups.a]
filter_expression = "a ${var.bad} b"
"#
    ), @r#"
    10:12 <"${var.word}"> sampling rule `a`: `priority`: expected an integer, found a string
    11:14 <"${var.rate}"> sampling rule `a`: `fixed_rate` 1.5 is outside 0–1
         hint: write 5% as 0.05
    13:21 <"a ${var.bad} b"> group `a`: `filter_expression`: unknown word `ANDD`
         hint: did you mean `AND`?
    "#);
}
