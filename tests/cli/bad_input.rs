//! Bad input: each a clear located error, exit 1, and no call to AWS.

use insta::assert_snapshot;

use crate::cloud::Cloud;
use crate::harness::Scenario;
use crate::proxy::Proxy;
use crate::specs::RULE;

/// Plans `spec`, which must fail with 1 and make no call, neither to a served
/// AWS nor to one in a folder.
fn refused(spec: impl AsRef<[u8]>) -> String {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let remote = proxy.scenario("");
    remote.write("xrayctl.toml", spec.as_ref());
    let plan = remote.run("plan").ends_with(1);
    assert_eq!(plan.stdout, "", "{plan}");
    assert_eq!(proxy.take_calls().len(), 0);
    let apply = remote.run("apply --auto-approve").ends_with(1);
    assert_eq!(apply.stderr, plan.stderr);
    assert_eq!(proxy.take_calls().len(), 0);
    let local = Scenario::local("");
    local.write("xrayctl.toml", spec.as_ref());
    local.run("plan").ends_with(1);
    assert!(!local.path(".xrayctl").exists(), "a state folder was made");
    plan.snapshot()
}

/// The small spec with one text changed, which must be refused.
fn refused_with(from: &str, to: &str) -> String {
    assert!(RULE.contains(from));
    refused(RULE.replace(from, to))
}

/// The small spec with more at its end, which must be refused.
fn refused_with_more(more: &str) -> String {
    refused(format!("{RULE}{more}"))
}

#[test]
fn an_unknown_key() {
    assert_snapshot!(refused_with("priority", "priorty"), @r"
    $ xrayctl plan
    --- stderr
    error: sampling rule `checkout`: `priority` is missing
     --> xrayctl.toml:5:1
      |
    5 | [sampling_rules.checkout]
      | ^^^^^^^^^^^^^^^^^^^^^^^^^

    error: sampling rule `checkout`: unknown key `priorty`
     --> xrayctl.toml:6:1
      |
    6 | priorty = 100
      | ^^^^^^^
      |
      = hint: did you mean `priority`?

    Found 2 errors.
    --- exit 1
    ");
}

#[test]
fn an_unknown_table() {
    assert_snapshot!(refused_with("sampling_rules.", "sampling_rule."), @r"
    $ xrayctl plan
    --- stderr
    error: unknown table `sampling_rule`
     --> xrayctl.toml:5:2
      |
    5 | [sampling_rule.checkout]
      |  ^^^^^^^^^^^^^
      |
      = hint: did you mean `sampling_rules`?
    --- exit 1
    ");
}

#[test]
fn a_wrong_type() {
    assert_snapshot!(refused_with("priority = 100", "priority = \"high\""), @r#"
    $ xrayctl plan
    --- stderr
    error: sampling rule `checkout`: `priority`: expected an integer, found a string
     --> xrayctl.toml:6:12
      |
    6 | priority = "high"
      |            ^^^^^^
    --- exit 1
    "#);
}

#[test]
fn a_rate_beyond_one() {
    assert_snapshot!(refused_with("fixed_rate = 0.1", "fixed_rate = 1.5"), @r"
    $ xrayctl plan
    --- stderr
    error: sampling rule `checkout`: `fixed_rate` 1.5 is outside 0–1
     --> xrayctl.toml:7:14
      |
    7 | fixed_rate = 1.5
      |              ^^^
      |
      = hint: write 5% as 0.05
    --- exit 1
    ");
}

#[test]
fn a_name_of_33_characters() {
    let name = "a".repeat(33);
    assert_snapshot!(refused_with("rules.checkout", &format!("rules.{name}")), @r"
    $ xrayctl plan
    --- stderr
    error: sampling rule `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa`: the name has 33 characters, AWS takes at most 32
     --> xrayctl.toml:5:1
      |
    5 | [sampling_rules.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: shorten it, or give AWS a shorter name with `rule_name`
    --- exit 1
    ");
}

#[test]
fn a_name_of_32_characters_is_fine() {
    let name = "a".repeat(32);
    let scenario = Scenario::local(&RULE.replace("rules.checkout", &format!("rules.{name}")));
    scenario.apply();
    scenario.is_settled();
}

#[test]
fn an_unknown_reference() {
    let more = "\n[kms_keys.traces]\n\n[encryption]\ntype = \"KMS\"\nkey_id = \"tracez\"\n";
    assert_snapshot!(refused_with_more(more), @r#"
    $ xrayctl plan
    --- stderr
    error: encryption: `key_id`: the spec has no KMS key `tracez`
      --> xrayctl.toml:13:10
       |
    13 | key_id = "tracez"
       |          ^^^^^^^^
       |
       = hint: did you mean `traces`?
    --- exit 1
    "#);
}

#[test]
fn an_unknown_dependency() {
    assert_snapshot!(refused_with_more("depends_on = [\"group.errors\"]\n"), @r#"
    $ xrayctl plan
    --- stderr
    error: sampling rule `checkout`: `depends_on`: the spec has no group `errors`
     --> xrayctl.toml:8:15
      |
    8 | depends_on = ["group.errors"]
      |               ^^^^^^^^^^^^^^
      |
      = hint: add `[groups.errors]`
    --- exit 1
    "#);
}

#[test]
fn a_cycle() {
    let more = "depends_on = [\"group.errors\"]\n\n\
                [groups.errors]\nfilter_expression = \"error\"\n\
                depends_on = [\"sampling_rule.checkout\"]\n";
    assert_snapshot!(refused_with_more(more), @r#"
    $ xrayctl plan
    --- stderr
    error: group `errors`: these wait for one another: `sampling_rule.checkout` → `group.errors` → `sampling_rule.checkout`
      --> xrayctl.toml:12:15
       |
    12 | depends_on = ["sampling_rule.checkout"]
       |               ^^^^^^^^^^^^^^^^^^^^^^^^
    --- exit 1
    "#);
}

#[test]
fn a_bad_filter_expression_has_its_caret_at_the_fault() {
    let more = "\n[groups.slow]\nfilter_expression = 'service(\"api\") AND responsetme > 2'\n";
    assert_snapshot!(refused_with_more(more), @r#"
    $ xrayctl plan
    --- stderr
    error: group `slow`: `filter_expression`: unknown keyword `responsetme`
      --> xrayctl.toml:10:41
       |
    10 | filter_expression = 'service("api") AND responsetme > 2'
       |                                         ^^^^^^^^^^^
       |
       = hint: did you mean `responsetime`?
    --- exit 1
    "#);
}

#[test]
fn a_filter_expression_that_stops_short() {
    let more = "\n[groups.slow]\nfilter_expression = \"responsetime >\"\n";
    assert_snapshot!(refused_with_more(more), @r#"
    $ xrayctl plan
    --- stderr
    error: group `slow`: `filter_expression`: expected a number, found the end
      --> xrayctl.toml:10:36
       |
    10 | filter_expression = "responsetime >"
       |                                    ^
    --- exit 1
    "#);
}

#[test]
fn a_missing_file_of_a_document() {
    let more = "\n[resource_policies.sns]\npolicy_document = { file = \"gone.json\" }\n";
    assert_snapshot!(refused_with_more(more), @r#"
    $ xrayctl plan
    --- stderr
    error: resource policy `sns`: cannot read `gone.json`: No such file or directory (os error 2)
      --> xrayctl.toml:10:28
       |
    10 | policy_document = { file = "gone.json" }
       |                            ^^^^^^^^^^^
       |
       = hint: the path starts at the folder of the spec
    --- exit 1
    "#);
}

#[test]
fn a_document_that_is_no_json() {
    let more = "\n[resource_policies.sns]\npolicy_document = '{ \"Version\": }'\n";
    assert_snapshot!(refused_with_more(more), @r#"
    $ xrayctl plan
    --- stderr
    error: resource policy `sns`: `policy_document` is not JSON: expected value
      --> xrayctl.toml:10:33
       |
    10 | policy_document = '{ "Version": }'
       |                                 ^
       |
       = hint: for a file, write `{ file = "PATH" }`
    --- exit 1
    "#);
}

#[test]
fn a_toml_syntax_error() {
    assert_snapshot!(refused_with("priority = 100", "priority = = 100"), @r"
    $ xrayctl plan
    --- stderr
    error: syntax error: extra `=`
     --> xrayctl.toml:6:12
      |
    6 | priority = = 100
      |            ^

    error: syntax error: unexpected key or value, expected newline, `#`
     --> xrayctl.toml:6:14
      |
    6 | priority = = 100
      |              ^

    Found 2 errors.
    --- exit 1
    ");
}

#[test]
fn an_empty_file() {
    assert_snapshot!(refused(""), @r"
    $ xrayctl plan
    --- stderr
    error: the spec is empty
     --> xrayctl.toml:1:1
      |
    1 |
      | ^
      |
      = hint: run `xrayctl init` for one to start from
    --- exit 1
    ");
}

#[test]
fn invalid_utf_8() {
    assert_snapshot!(refused(b"[stack]\nname = \"sh\xffop\"\n"), @r#"
    $ xrayctl plan
    --- stderr
    error: the file is not valid UTF-8
     --> xrayctl.toml:2:11
      |
    2 | name = "sh�op"
      |           ^
      |
      = hint: save it as UTF-8
    --- exit 1
    "#);
}

#[test]
fn an_unknown_variable() {
    let to = "fixed_rate = \"${var.rate}\"";
    assert_snapshot!(refused_with("fixed_rate = 0.1", to), @r#"
    $ xrayctl plan
    --- stderr
    error: sampling rule `checkout`: `${var.rate}` is unknown
     --> xrayctl.toml:7:15
      |
    7 | fixed_rate = "${var.rate}"
      |               ^^^^^^^^^^^
      |
      = hint: declare it in `[vars]`, or write `$${` for a plain `${`
    --- exit 1
    "#);
}

#[test]
fn all_errors_at_once() {
    let spec = RULE
        .replace("priority = 100", "priority = 10000\nhots = \"x\"")
        .replace("fixed_rate = 0.1", "fixed_rate = -1");
    let more = "\n[groups.Default]\nfilter_expression = \"error\"\n";
    assert_snapshot!(refused(format!("{spec}{more}")), @r#"
    $ xrayctl plan
    --- stderr
    error: sampling rule `checkout`: `priority` 10000 is outside 1–9999
     --> xrayctl.toml:6:12
      |
    6 | priority = 10000
      |            ^^^^^

    error: sampling rule `checkout`: unknown key `hots`
     --> xrayctl.toml:7:1
      |
    7 | hots = "x"
      | ^^^^
      |
      = hint: did you mean `host`?

    error: sampling rule `checkout`: `fixed_rate` -1 is outside 0–1
     --> xrayctl.toml:8:14
      |
    8 | fixed_rate = -1
      |              ^^
      |
      = hint: write 5% as 0.05

    error: group `Default`: AWS reserves the name `Default`
      --> xrayctl.toml:10:1
       |
    10 | [groups.Default]
       | ^^^^^^^^^^^^^^^^
       |
       = hint: the Default group holds all traces and its filter cannot be changed

    Found 4 errors.
    --- exit 1
    "#);
}

#[test]
fn a_spec_that_is_not_there() {
    let scenario = Scenario::local(RULE);
    assert_snapshot!(scenario.run("plan gone.toml").ends_with(1).snapshot(), @r"
    $ xrayctl plan gone.toml
    --- stderr
    error: cannot read `gone.toml`: No such file or directory (os error 2)
      hint: name the spec, or write a new one with `xrayctl init`
    --- exit 1
    ");
    assert!(!scenario.path(".xrayctl").exists());
}

#[test]
fn a_spec_that_cannot_be_read() {
    let scenario = Scenario::local(RULE);
    std::fs::create_dir(scenario.path("folder")).unwrap();
    assert_snapshot!(scenario.run("plan folder").ends_with(1).snapshot(), @r"
    $ xrayctl plan folder
    --- stderr
    error: cannot read `folder`: Is a directory (os error 21)
      hint: name the spec in that folder
    --- exit 1
    ");
    let through_a_file = scenario.run("plan xrayctl.toml/spec.toml").ends_with(1);
    assert_snapshot!(through_a_file.snapshot(), @r"
    $ xrayctl plan xrayctl.toml/spec.toml
    --- stderr
    error: cannot read `xrayctl.toml/spec.toml`: Not a directory (os error 20)
    --- exit 1
    ");
    assert!(!scenario.path(".xrayctl").exists());
}

/// Sound tables, about `size` bytes of them, with one fault at the end.
fn large(size: usize) -> String {
    let service = "x".repeat(900);
    let filter = format!("filter_expression = 'service(\"{service}\")'");
    let group = |number| format!("[groups.g{number}]\n{filter}\n");
    let groups: String = (0..size / group(1000).len()).map(group).collect();
    format!("{RULE}{groups}[groups.last]\nfilter_expression = \"nonsense\"\n")
}

#[test]
fn a_spec_of_ten_megabytes() {
    assert_snapshot!(refused(large(10_000_000)), @r"
    $ xrayctl plan
    --- stderr
    error: `xrayctl.toml` is larger than 8 MiB, which no spec is
    --- exit 1
    ");
}

/// Read, checked and told of in little time, and without the megabytes in the
/// message.
#[test]
fn a_fault_at_the_end_of_eight_megabytes() {
    let scenario = Scenario::local(&large(8_000_000));
    let started = std::time::Instant::now();
    let output = scenario.run("plan").ends_with(1);
    let elapsed = started.elapsed();
    assert!(elapsed.as_secs() < 60, "{elapsed:?}");
    assert!(output.stderr.contains("nonsense"), "{output}");
    assert!(output.stderr.len() < 2_000, "{}", output.stderr.len());
    assert!(!scenario.path(".xrayctl").exists());
}
