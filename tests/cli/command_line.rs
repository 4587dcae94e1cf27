//! The command line itself: what is wrong with it, and what it says of itself.

use std::process::{Command, Stdio};

use insta::assert_snapshot;

use crate::cloud::Cloud;
use crate::harness::Scenario;
use crate::proxy::Proxy;
use crate::specs::RULE;

/// Runs words, which must be refused with 1 and nothing on stdout.
fn refused(words: &[&str]) -> String {
    let scenario = Scenario::local(RULE);
    let output = scenario.run_words(words).ends_with(1);
    assert_eq!(output.stdout, "", "{output}");
    assert!(!scenario.path(".xrayctl").exists());
    output.snapshot()
}

#[test]
fn an_unknown_command() {
    assert_snapshot!(refused(&["plna"]), @r"
    $ xrayctl plna
    --- stderr
    error: unrecognized subcommand 'plna'

      tip: a similar subcommand exists: 'plan'

    Usage: xrayctl [OPTIONS] <COMMAND>

    For more information, try '--help'.
    --- exit 1
    ");
}

#[test]
fn an_unknown_option() {
    assert_snapshot!(refused(&["plan", "--detailed-exit-code"]), @r"
    $ xrayctl plan --detailed-exit-code
    --- stderr
    error: unexpected argument '--detailed-exit-code' found

      tip: a similar argument exists: '--detailed-exitcode'

    Usage: xrayctl plan --detailed-exitcode [SPEC]

    For more information, try '--help'.
    --- exit 1
    ");
}

#[test]
fn no_command() {
    let scenario = Scenario::local(RULE);
    let output = scenario.run_words(&[]).ends_with(1);
    assert_eq!(output.stdout, "", "{output}");
    assert!(output.stderr.contains("Usage: xrayctl"), "{output}");
}

#[test]
fn too_many_arguments() {
    assert_snapshot!(refused(&["plan", "a.toml", "b.toml"]), @r"
    $ xrayctl plan a.toml b.toml
    --- stderr
    error: unexpected argument 'b.toml' found

    Usage: xrayctl plan [OPTIONS] [SPEC]

    For more information, try '--help'.
    --- exit 1
    ");
}

#[test]
fn two_places_to_work_on() {
    assert_snapshot!(
        refused(&["--local", "--endpoint-url", "http://127.0.0.1:1", "plan"]), @r"
    $ xrayctl --local --endpoint-url [url] plan
    --- stderr
    error: the argument '--local' cannot be used with '--endpoint-url <URL>'

    Usage: xrayctl --local <COMMAND>

    For more information, try '--help'.
    --- exit 1
    "
    );
}

#[test]
fn an_option_that_the_command_makes_no_use_of() {
    assert_snapshot!(refused(&["--env", "test", "--local", "fmt"]), @r"
    $ xrayctl --env test --local fmt
    --- stderr
    error: `xrayctl fmt` makes no use of --env

    error: `xrayctl fmt` makes no use of --local

    Found 2 errors.
    --- exit 1
    ");
    refused(&["--env", "test", "init", "new.toml"]);
    refused(&["--local", "validate"]);
    refused(&["--var", "a=b", "schema"]);
    refused(&["--region", "us-east-1", "validate"]);
}

#[test]
fn values_that_cannot_be() {
    assert_snapshot!(refused(&["--local", "apply", "--parallelism", "0"]), @r"
    $ xrayctl --local apply --parallelism 0
    --- stderr
    error: invalid value '0' for '--parallelism <N>': 0 is not in 1..=65535

    For more information, try '--help'.
    --- exit 1
    ");
    assert_snapshot!(refused(&["--local", "--var", "rate", "plan"]), @r"
    $ xrayctl --local --var rate plan
    --- stderr
    error: invalid value 'rate' for '--var <NAME=VALUE>': expected NAME=VALUE

    For more information, try '--help'.
    --- exit 1
    ");
    assert_snapshot!(refused(&["--local", "plan", "--target", "Errors"]), @r"
    $ xrayctl --local plan --target Errors
    --- stderr
    error: invalid value 'Errors' for '--target <ADDR>': `Errors` is not an address; expected `type.name`, or `type` for a setting

    For more information, try '--help'.
    --- exit 1
    ");
}

#[test]
fn options_that_exclude_each_other() {
    refused(&["--local", "plan", "--destroy", "--refresh-only"]);
    refused(&["--local", "plan", "--refresh-only", "--out", "plan.json"]);
    refused(&["--state", "there", "plan"]);
}

#[test]
fn a_wrong_command_line_makes_no_call() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(RULE);
    scenario.run("plan --nonsense").ends_with(1);
    scenario.run("--json plan --region").ends_with(1);
    scenario.run("--local plan").ends_with(1);
    assert_eq!(proxy.take_calls().len(), 0);
}

#[test]
fn help_and_version_are_results() {
    let scenario = Scenario::local(RULE);
    for words in [&["--help"][..], &["help"], &["plan", "--help"], &["-h"]] {
        let help = scenario.run_words(words).succeeds();
        assert!(help.stdout.contains("Usage: xrayctl"), "{help}");
        assert_eq!(help.stderr, "");
    }
    let version = scenario.run_words(&["--version"]).succeeds();
    let expected = format!("xrayctl {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(version.stdout, expected);
}

#[test]
fn help_names_every_command() {
    let scenario = Scenario::local(RULE);
    let help = scenario.run_words(&["--help"]).succeeds();
    for command in [
        "init",
        "validate",
        "fmt",
        "plan",
        "apply",
        "destroy",
        "show",
        "import",
        "completions",
        "man",
        "schema",
    ] {
        let line = format!("\n  {command} ");
        assert!(help.stdout.contains(&line), "no {command} in {help}");
    }
}

/// The right end of `xrayctl ... | head -1` closes the pipe.
#[test]
fn a_closed_pipe_ends_quietly() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_xrayctl"))
        .arg("schema")
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(stderr, "");
}

#[test]
fn no_colour_where_there_is_no_terminal() {
    let scenario = Scenario::local(RULE);
    let plan = scenario.plan().ends_with(2);
    assert!(!plan.stdout.contains('\u{1b}'), "{plan}");
    scenario.edit("fixed_rate = 0.1", "fixed_rate = 1.5");
    let plan = scenario.plan().ends_with(1);
    assert!(!plan.stderr.contains('\u{1b}'), "{plan}");
}
