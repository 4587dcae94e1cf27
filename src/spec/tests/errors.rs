//! Every error of the language, with its place, its words and its hint.

use insta::assert_snapshot;

use super::{Folder, STACK, faults, load_text, options, show};
use crate::spec::Options;

/// Loads a text as it is and shows what is wrong with it.
fn faults_of(text: &str) -> String {
    show(&load_text(text, &Options::default(), &Folder::new()).1)
}

#[test]
fn all_errors_come_at_once_in_the_order_of_the_file() {
    assert_snapshot!(faults(
        r#"
[groups.errors]
filter_expresion = "error"
insights_configuration.insights_enabled = "yes"

[sampling_rules.checkout]
priority = 0
fixed_rate = 1.5
sampling_rate_boost = { max_rate = 2, cooldown = 1 }

[encryption]
type = "KSM"
key_id = "traces"
tags = {}

[sampling_rule.x]
"#
    ), @r#"
    5:1 <[groups.errors]> group `errors`: `filter_expression` is missing
    6:1 <filter_expresion> group `errors`: unknown key `filter_expresion`
         hint: did you mean `filter_expression`?
    7:43 <"yes"> group `errors`: `insights_configuration.insights_enabled`: expected `true` or `false`, found a string
    10:12 <0> sampling rule `checkout`: `priority` 0 is outside 1–9999
    11:14 <1.5> sampling rule `checkout`: `fixed_rate` 1.5 is outside 0–1
         hint: write 5% as 0.05
    12:23 <{ max_rate = 2, cooldown = 1 }> sampling rule `checkout`: `sampling_rate_boost.cooldown_window_minutes` is missing
    12:36 <2> sampling rule `checkout`: `sampling_rate_boost.max_rate` 2 is outside 0–1
    12:39 <cooldown> sampling rule `checkout`: unknown key `sampling_rate_boost.cooldown`
         hint: known are `cooldown_window_minutes` and `max_rate`
    15:8 <"KSM"> encryption: `type` is `KSM`, expected `NONE` or `KMS`
         hint: did you mean `KMS`?
    17:1 <tags> encryption: unknown key `tags`
         hint: AWS keeps no tags on it
    19:2 <sampling_rule> unknown table `sampling_rule`
         hint: did you mean `sampling_rules`?
    "#);
}

#[test]
fn types() {
    assert_snapshot!(faults(
        r#"
[sampling_rules.a]
priority = "7"
fixed_rate = "much"
reservoir_size = 1.0
url_path = 1
attributes = []
sampling_rate_boost = 1

[groups.a]
filter_expression = ["x"]
insights_configuration = { insights_enabled = 1 }
services = "api"

[groups.b]
filter_expression = ""
services = [1, "", "far-too-long"]
"#
    ), @r#"
    6:12 <"7"> sampling rule `a`: `priority`: expected an integer, found a string
         hint: write 7 without quotes
    7:14 <"much"> sampling rule `a`: `fixed_rate`: expected a number, found a string
    8:18 <1.0> sampling rule `a`: `reservoir_size`: expected an integer, found a number
         hint: write 1
    9:12 <1> sampling rule `a`: `url_path`: expected a string, found an integer
         hint: put it in quotes
    10:14 <[]> sampling rule `a`: `attributes`: expected a table, found an array
    11:23 <1> sampling rule `a`: `sampling_rate_boost`: expected a table, found an integer
    14:21 <["x"]> group `a`: `filter_expression`: expected a string, found an array
    15:47 <1> group `a`: `insights_configuration.insights_enabled`: expected `true` or `false`, found an integer
    16:12 <"api"> group `a`: `services`: expected an array, found a string
         hint: put it in square brackets
    20:13 <1> group `b`: `services[0]`: expected a string, found an integer
         hint: put it in quotes
    20:16 <""> group `b`: `services[1]` is empty
    20:20 <"far-too-long"> group `b`: `services[2]` has 12 characters, at most 8 allowed
    "#);
}

#[test]
fn bounds() {
    assert_snapshot!(faults(
        r#"
[sampling_rules.a]
priority = 10000
fixed_rate = -0.1
reservoir_size = -1
http_method = "get"
url_path = "éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé"
attributes = { a = "1", b = "2", c = "3" }

[sampling_rules.b]
priority = 1
reservoir_size = 4294967296
http_method = "OPTIONSANDMORE"

[groups.a]
group_name = ""
filter_expression = "x"
services = ["a", "b", "c", "d"]
"#
    ), @r#"
    6:12 <10000> sampling rule `a`: `priority` 10000 is outside 1–9999
    7:14 <-0.1> sampling rule `a`: `fixed_rate` -0.1 is outside 0–1
         hint: write 5% as 0.05
    8:18 <-1> sampling rule `a`: `reservoir_size` -1 is less than 0
    9:15 <"get"> sampling rule `a`: `http_method` is `get`, which does not match `^[A-Z*?]*$`
    11:14 <{ a = "1", b = "2", c = "3" }> sampling rule `a`: `attributes` has 3 entries, at most 2 allowed
    15:18 <4294967296> sampling rule `b`: `reservoir_size` 4294967296 is more than 4294967295
    16:15 <"OPTIONSANDMORE"> sampling rule `b`: `http_method` has 14 characters, at most 10 allowed
    19:14 <""> group `a`: `group_name` is empty
    21:12 <["a", "b", "c", "d"]> group `a`: `services` has 4 entries, at most 3 allowed
    "#);
}

#[test]
fn tables_and_keys() {
    assert_snapshot!(faults(
        r#"
sampling_rate = 1
[sampling_rules]
priority = 1
[samplingrules.x]
[policies.x]
[iam.policy.x]
[iam]
users = 1
[[groups]]
filter_expression = "x"
[whatever]
"#
    ), @r"
    5:1 <sampling_rate> stack: unknown key `sampling_rate`
         hint: known are `account`, `name`, `region` and `tags`
    7:12 <1> sampling rule `priority`: expected a table, found an integer
         hint: a sampling rule stands under its name: `[sampling_rules.NAME]`
    8:2 <samplingrules> unknown table `samplingrules`
         hint: did you mean `sampling_rules`?
    9:2 <policies> unknown table `policies`
         hint: did you mean `iam.policies`?
    10:6 <policy> unknown table `iam.policy`
         hint: did you mean `iam.policies`?
    12:1 <users> unknown key `iam.users`
         hint: only `iam.policies` is known here
    13:1 <[[groups]]> `groups`: expected a table, found an array
         hint: a group stands under its name: `[groups.NAME]`
    15:2 <whatever> unknown table `whatever`
         hint: known are `stack`, `vars`, `env`, `lint`, `collector`, `traffic`, `encryption`, `groups`, `iam.policies`, `kms_keys` and `sampling_rules`
    ");
    assert_snapshot!(faults("iam = 1\nencryption = \"KMS\"\nsampling_rules = 1\n"), @r"
    4:1 <iam> stack: unknown key `iam`
         hint: known are `account`, `name`, `region` and `tags`
    5:1 <encryption> stack: unknown key `encryption`
         hint: known are `account`, `name`, `region` and `tags`
    6:1 <sampling_rules> stack: unknown key `sampling_rules`
         hint: known are `account`, `name`, `region` and `tags`
    ");
}

#[test]
fn names_of_resources() {
    let long = "x".repeat(129);
    assert_snapshot!(faults(&format!(
        "[groups.\"a b\"]\nfilter_expression = \"x\"\n[groups.\"\"]\nfilter_expression = \"x\"\n\
         [groups.\"/ecs/api.x_y-1\"]\nfilter_expression = \"x\"\n\
         [groups.{long}]\nfilter_expression = \"x\"\n[groups.\"a\\u001b\"]\nfilter_expression = \"x\"\n"
    )), @r#"
    4:9 <"a b"> group `a b`: the name holds ` `
         hint: a name takes letters, digits and `. _ / -`
    6:9 <""> the name of a group is empty
    10:9 <xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx> group `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx`: the name has 129 characters, at most 128 allowed
    12:9 <"a\u001b"> group `a`: the name holds `\u{1b}`
         hint: a name takes letters, digits and `. _ / -`
    "#);
}

#[test]
fn stack() {
    assert_snapshot!(faults_of("[groups.a]\nfilter_expression = \"x\"\n"), @r#"
    1:1 <> the spec has no `[stack]`
         hint: begin it with `[stack]`, `name = "..."` and `region = "..."`
    "#);
    assert_snapshot!(faults_of("stack = 1"), @r"1:9 <1> stack: expected a table, found an integer");
    assert_snapshot!(faults_of("[stack]\nnamee = \"x\"\n"), @r"
    1:1 <[stack]> stack: `name` is missing
    1:1 <[stack]> stack: `region` is missing
    2:1 <namee> stack: unknown key `namee`
         hint: did you mean `name`?
    ");
    assert_snapshot!(faults_of(
        "[stack]\nname = \"a b\"\nregion = \"Virginia\"\naccount = 123456789012\n\
         [stack.tags]\n\"a$b\" = \"x\"\n\"aws:x\" = \"x\"\n\"xrayctl:stack\" = \"x\"\nteam = 1\nok = \"a$\"\n"
    ), @r#"
    2:8 <"a b"> stack: `name` is `a b`, which is not accepted
         hint: a stack name takes letters, digits and `. _ -`
    3:10 <"Virginia"> stack: `region` is `Virginia`, which is not accepted
         hint: a region is written like `us-east-1`
    4:11 <123456789012> stack: `account`: expected a string, found an integer
         hint: put it in quotes
    6:1 <"a$b"> stack: `tags`: the key `a$b` is not accepted
         hint: a tag takes letters, digits, blanks and `_ . : / = + - @`
    7:1 <"aws:x"> stack: `tags.aws:x` starts with `aws:`, which AWS keeps to itself
         hint: choose another key
    8:1 <"xrayctl:stack"> stack: `tags.xrayctl:stack` starts with `xrayctl:`, which xrayctl keeps to itself
         hint: choose another key
    9:8 <1> stack: `tags.team`: expected a string, found an integer
         hint: put it in quotes
    10:6 <"a$"> stack: `tags.ok` is `a$`, which is not accepted
         hint: a tag takes letters, digits, blanks and `_ . : / = + - @`
    "#);
    assert_snapshot!(faults_of("[stack]\nname = \"\"\nregion = \"us-east-1\"\naccount = \"12\"\n"), @r#"
    2:8 <""> stack: `name` is empty
         hint: a stack name takes letters, digits and `. _ -`
    4:11 <"12"> stack: `account` is `12`, which is not accepted
         hint: an account is 12 digits, in quotes
    "#);
}

#[test]
fn tags() {
    let many: String = (0..48).map(|n| format!("t{n} = \"x\"\n")).collect();
    let place = |text: String| text.lines().last().unwrap_or_default().to_owned();
    assert_snapshot!(faults(
        "[sampling_rules.a]\npriority = 1\ntags = { \"aws:x\" = \"1\", \"\" = \"2\", ok = 3, \"€\" = \"😀\" }\n"
    ), @r#"
    6:10 <"aws:x"> sampling rule `a`: `tags.aws:x` starts with `aws:`, which AWS keeps to itself
         hint: choose another key
    6:25 <""> sampling rule `a`: `tags`: the key is empty
         hint: a tag takes letters, digits, blanks and `_ . : / = + - @`
    6:40 <3> sampling rule `a`: `tags.ok`: expected a string, found an integer
         hint: put it in quotes
    6:43 <"€"> sampling rule `a`: `tags`: the key `€` is not accepted
         hint: a tag takes letters, digits, blanks and `_ . : / = + - @`
    6:49 <"😀"> sampling rule `a`: `tags.€` is `😀`, which is not accepted
         hint: a tag takes letters, digits, blanks and `_ . : / = + - @`
    "#);
    assert_snapshot!(place(faults(&format!("[kms_keys.a.tags]\n{many}"))), @r"     detail: AWS keeps 50 tags on a resource; 3 of them say which stack owns it");
    let some: String = (0..40).map(|n| format!("s{n} = \"x\"\n")).collect();
    let text = format!(
        "{STACK}[stack.tags]\n{some}[kms_keys.a.tags]\na=\"1\"\nb=\"1\"\nc=\"1\"\nd=\"1\"\ne=\"1\"\nf=\"1\"\ng=\"1\"\nh=\"1\"\n"
    );
    assert_snapshot!(faults_of(&text), @r"
    45:1 <[kms_keys.a.tags]> KMS key `a`: has 48 tags with those of the stack, at most 47 allowed
         detail: AWS keeps 50 tags on a resource; 3 of them say which stack owns it
    ");
}

#[test]
fn common_fields() {
    assert_snapshot!(faults(
        r#"
[kms_keys.a]
protect = "yes"
ignore = ["descripton", "protect", "tags", "policy", 1]
depends_on = ["group.missing", "group.errors", "nonsense.x", "Not An Address", "encryption"]

[groups.error]
filter_expression = "x"
ignore = "tags"
depends_on = ["kms_key.a"]
"#
    ), @r#"
    6:11 <"yes"> KMS key `a`: `protect`: expected `true` or `false`, found a string
    7:11 <"descripton"> KMS key `a`: `ignore`: a KMS key has no field `descripton`
         hint: did you mean `description`?
    7:25 <"protect"> KMS key `a`: `ignore`: a KMS key has no field `protect`
         hint: known are `description`, `policy` and `tags`
    7:54 <1> KMS key `a`: `ignore[4]`: expected a string, found an integer
         hint: put it in quotes
    8:15 <"group.missing"> KMS key `a`: `depends_on`: the spec has no group `missing`
         hint: add `[groups.missing]`
    8:32 <"group.errors"> KMS key `a`: `depends_on`: the spec has no group `errors`
         hint: did you mean `error`?
    8:48 <"nonsense.x"> KMS key `a`: `depends_on`: there is no type `nonsense`
         hint: known are `sampling_rule`, `group`, `encryption`, `kms_key` and `iam_policy`
    8:62 <"Not An Address"> KMS key `a`: `depends_on`: `Not An Address` is not an address; expected `type.name`, or `type` for a setting
    8:80 <"encryption"> KMS key `a`: `depends_on`: the spec has no `[encryption]`
         hint: add `[encryption]`
    12:10 <"tags"> group `error`: `ignore`: expected an array, found a string
         hint: put it in square brackets
    "#);
}

#[test]
fn references() {
    assert_snapshot!(faults(
        "[kms_keys.traces]\n[encryption]\ntype = \"KMS\"\nkey_id = \"trcaes\"\n"
    ), @r#"
    7:10 <"trcaes"> encryption: `key_id`: the spec has no KMS key `trcaes`
         hint: did you mean `traces`?
    "#);
    assert_snapshot!(faults("[encryption]\ntype = \"KMS\"\nkey_id = \"a.b\"\ndepends_on = [\"encryption.x\"]\n"), @r#"
    6:10 <"a.b"> encryption: `key_id`: the spec has no KMS key `a.b`
         hint: add `[kms_keys."a.b"]`
    7:15 <"encryption.x"> encryption: `depends_on`: there is only one encryption
         hint: write `encryption`
    "#);
    // A resource with errors of its own is no dangling target.
    assert_snapshot!(faults(
        "[kms_keys.traces]\nnonsense = 1\n[encryption]\ntype = \"KMS\"\nkey_id = \"traces\"\n"
    ), @r"
    5:1 <nonsense> KMS key `traces`: unknown key `nonsense`
         hint: known are `depends_on`, `description`, `ignore`, `lint`, `policy`, `protect` and `tags`
    ");
}

#[test]
fn circles() {
    assert_snapshot!(faults(
        r#"
[groups.a]
filter_expression = "x"
depends_on = ["group.b"]
[groups.b]
filter_expression = "x"
depends_on = ["group.c"]
[groups.c]
filter_expression = "x"
depends_on = ["group.a", "group.c"]
[groups.d]
filter_expression = "x"
depends_on = ["group.a"]
"#
    ), @r#"
    13:15 <"group.a"> group `c`: these wait for one another: `group.a` → `group.b` → `group.c` → `group.a`
    13:26 <"group.c"> group `c`: refers to itself
    "#);
}

#[test]
fn names_taken_twice_at_aws() {
    assert_snapshot!(faults(
        r#"
[groups.a]
filter_expression = "x"
group_name = "b"
[groups.b]
filter_expression = "x"
"#
    ), @r"
    8:1 <[groups.b]> group `b`: is `b` at AWS, as group `a` is
         hint: give one of them another `group_name`
    ");
}

#[test]
fn problems_of_a_type() {
    assert_snapshot!(faults(
        r#"
[groups.a]
filter_expression = "error = true ANDD \"x\" = 1"
insights_configuration.notifications_enabled = true

[groups.b]
filter_expression = """
  error = true \
    ANDD fault"""

[groups.c]
filter_expression = 'a = "1" ANDD b'
"#
    ), @r"
    6:35 <ANDD> group `a`: `filter_expression`: unknown word `ANDD`
         hint: did you mean `AND`?
    7:48 <true> group `a`: `insights_configuration.notifications_enabled`: notifications need `insights_enabled`
    12:5 <ANDD> group `b`: `filter_expression`: unknown word `ANDD`
         hint: did you mean `AND`?
    15:30 <ANDD> group `c`: `filter_expression`: unknown word `ANDD`
         hint: did you mean `AND`?
    ");
}

#[test]
fn values_that_cannot_stand_in_a_spec() {
    assert_snapshot!(faults(
        "[sampling_rules.a]\npriority = 99999999999999999999\nfixed_rate = nan\nurl_path = 1979-05-27\nattributes = { a = inf, b = 1e999 }\n"
    ), @r"
    5:12 <99999999999999999999> this integer is beyond 64 bits
    6:14 <nan> infinity and `nan` cannot stand in a spec
         hint: write a finite number
    7:12 <1979-05-27> a date cannot stand in a spec
         hint: put it in quotes
    8:20 <inf> infinity and `nan` cannot stand in a spec
         hint: write a finite number
    8:29 <1e999> infinity and `nan` cannot stand in a spec
         hint: write a finite number
    ");
}

#[test]
fn environments() {
    let body = format!("{STACK}[env.staging.stack]\nname = \"x\"\n[env.production]\n");
    let choose =
        |text: &str, env| show(&load_text(text, &options(Some(env), &[]), &Folder::new()).1);
    assert_snapshot!(choose(&body, "prodution"), @r"
    the spec has no environment `prodution`
         hint: did you mean `production`?
    ");
    assert_snapshot!(choose(&body, "x"), @r"
    the spec has no environment `x`
         hint: known are `production` and `staging`
    ");
    assert_snapshot!(choose(STACK, "x"), @r"
    the spec has no environment `x`
         hint: add `[env.x]` to it, or leave out `--env`
    ");
    assert_snapshot!(choose("env = 1\n[stack]\n", "x"), @r"
    1:7 <1> `env`: expected a table, found an integer
         hint: an environment is a table of its own: `[env.production]`
    the spec has no environment `x`
         hint: add `[env.x]` to it, or leave out `--env`
    ");
    assert_snapshot!(choose("[env]\nx = 1\n[stack]\nname = \"a\"\nregion = \"us-east-1\"\n", "x"), @r"
    2:5 <1> environment `x`: expected a table, found an integer
         hint: it holds any part of the spec: `[env.production.stack]`
    ");
    assert_snapshot!(choose(&format!("{STACK}[env.x.env.y]\n[env.x.groups.a]\nfilter_expression = 1\n"), "x"), @r"
    4:8 <env> unknown table `env`
         hint: an environment holds no environments of its own
    6:21 <1> group `a`: `filter_expression`: expected a string, found an integer
         hint: put it in quotes
    ");
}

#[test]
fn syntax() {
    assert_snapshot!(faults_of("[stack\nname = \"x\n= 1\nregion = us-east-1\na = 1\na = 2\nb = 01\n"), @r"
    1:7 <> syntax error: unclosed table, expected `]`
    3:1 <> syntax error: unquoted keys cannot be empty, expected letters, numbers, `-`, `_`
    ");
    assert_snapshot!(faults_of("a = \"\\q\"\nb = [1,\n"), @r#"
    1:7 <> syntax error: missing escaped value, expected `b`, `e`, `f`, `n`, `r`, `\`, `"`, `x`, `u`, `U`
    2:8 <> syntax error: unclosed array, expected `]`
    "#);
}

#[test]
fn empty() {
    assert_snapshot!(faults_of(""), @r"
    1:1 <> the spec is empty
         hint: run `xrayctl init` for one to start from
    ");
    assert_snapshot!(faults_of(" \n# nothing\n"), @r"
    1:1 <> the spec is empty
         hint: run `xrayctl init` for one to start from
    ");
}
