//! Commands that work without AWS: validate, fmt, init, schema, completions,
//! man.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::Scenario;
use crate::specs::{FULL, RULE};

#[test]
fn a_valid_spec() {
    let scenario = Scenario::local(FULL);
    assert_snapshot!(scenario.run("validate").snapshot(), @r"
    $ xrayctl validate
    xrayctl.toml is valid: stack `shop` with 8 resources.
    --- exit 0
    ");
    assert!(!scenario.path(".xrayctl").exists());
}

#[test]
fn a_valid_spec_for_programs() {
    let scenario = Scenario::local(FULL);
    let validate = scenario.run("--json validate").succeeds();
    let document: Value = serde_json::from_str(&validate.stdout).unwrap();
    let expected = json!({
        "format_version": "1.0",
        "valid": true,
        "error_count": 0,
        "warning_count": 0,
        "diagnostics": [],
    });
    assert_eq!(document, expected);
}

#[test]
fn a_spec_with_errors_for_programs() {
    let scenario = Scenario::local(&RULE.replace("0.1", "1.5").replace("priority", "priorty"));
    let validate = scenario.run("--json validate").ends_with(1);
    assert_eq!(validate.stderr, "");
    assert_snapshot!(validate.stdout, @r#"
    {
      "format_version": "1.0",
      "valid": false,
      "error_count": 3,
      "warning_count": 0,
      "diagnostics": [
        {
          "severity": "error",
          "summary": "sampling rule `checkout`: `priority` is missing",
          "detail": "",
          "address": "sampling_rule.checkout",
          "range": {
            "filename": "xrayctl.toml",
            "start": {
              "line": 5,
              "column": 1,
              "byte": 44
            },
            "end": {
              "line": 5,
              "column": 26,
              "byte": 69
            }
          },
          "snippet": {
            "context": null,
            "code": "[sampling_rules.checkout]",
            "start_line": 5,
            "highlight_start_offset": 0,
            "highlight_end_offset": 25,
            "values": []
          }
        },
        {
          "severity": "error",
          "summary": "sampling rule `checkout`: unknown key `priorty`",
          "detail": "",
          "address": "sampling_rule.checkout",
          "range": {
            "filename": "xrayctl.toml",
            "start": {
              "line": 6,
              "column": 1,
              "byte": 70
            },
            "end": {
              "line": 6,
              "column": 8,
              "byte": 77
            }
          },
          "snippet": {
            "context": null,
            "code": "priorty = 100",
            "start_line": 6,
            "highlight_start_offset": 0,
            "highlight_end_offset": 7,
            "values": []
          },
          "hint": "did you mean `priority`?"
        },
        {
          "severity": "error",
          "summary": "sampling rule `checkout`: `fixed_rate` 1.5 is outside 0–1",
          "detail": "",
          "address": "sampling_rule.checkout",
          "range": {
            "filename": "xrayctl.toml",
            "start": {
              "line": 7,
              "column": 14,
              "byte": 97
            },
            "end": {
              "line": 7,
              "column": 17,
              "byte": 100
            }
          },
          "snippet": {
            "context": null,
            "code": "fixed_rate = 1.5",
            "start_line": 7,
            "highlight_start_offset": 13,
            "highlight_end_offset": 16,
            "values": []
          },
          "hint": "write 5% as 0.05"
        }
      ]
    }
    "#);
}

#[test]
fn a_spec_with_errors_for_people_says_the_same_as_plan() {
    let scenario = Scenario::local(&RULE.replace("0.1", "1.5"));
    let validate = scenario.run("validate").ends_with(1);
    assert_eq!(validate.stderr, scenario.run("plan").stderr);
}

const UNTIDY: &str = r#"# The shop.
[stack]
name="shop"   # its name
region    = "us-east-1"
[sampling_rules.checkout]   # what customers pay through
priority=100


fixed_rate   = 0.1 # one in ten
# the end
"#;

#[test]
fn fmt_keeps_every_comment_and_the_meaning() {
    let scenario = Scenario::local(UNTIDY);
    scenario.apply();
    scenario
        .run("fmt --check")
        .ends_with(3)
        .prints("xrayctl.toml");
    assert_eq!(scenario.read("xrayctl.toml"), UNTIDY);
    scenario.run("fmt").succeeds().prints("xrayctl.toml");
    assert_snapshot!(scenario.read("xrayctl.toml"), @r#"
    # The shop.
    [stack]
    name = "shop" # its name
    region = "us-east-1"

    [sampling_rules.checkout] # what customers pay through
    priority = 100

    fixed_rate = 0.1 # one in ten
    # the end
    "#);
    scenario.is_settled();
    let again = scenario.run("fmt").succeeds();
    assert_eq!(again.stdout, "");
    scenario.run("fmt --check").succeeds();
}

#[test]
fn fmt_of_several_files_names_those_that_would_change() {
    let scenario = Scenario::local(UNTIDY);
    scenario.run("fmt").succeeds();
    scenario.write("other.toml", UNTIDY);
    let check = scenario
        .run("fmt --check xrayctl.toml other.toml")
        .ends_with(3);
    assert_eq!(check.stdout, "other.toml\n");
}

#[test]
fn fmt_changes_nothing_in_what_it_cannot_read() {
    let broken = "[stack\n";
    let scenario = Scenario::local(broken);
    scenario.run("fmt").ends_with(1).says("xrayctl.toml:1:");
    assert_eq!(scenario.read("xrayctl.toml"), broken);
}

#[test]
fn shipped_specs_are_formatted() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("specs");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            let scenario = Scenario::local(&std::fs::read_to_string(&path).unwrap());
            scenario.run("fmt --check").succeeds();
        }
    }
}

#[test]
fn what_init_writes_is_valid_and_can_be_applied() {
    let scenario = Scenario::local(RULE);
    std::fs::remove_file(scenario.path("xrayctl.toml")).unwrap();
    scenario.run("init").succeeds().says("Wrote xrayctl.toml");
    scenario.run("validate").succeeds();
    scenario.run("fmt --check").succeeds();
    scenario.plan().ends_with(2);
    scenario.apply();
    scenario.is_settled();
}

#[test]
fn init_never_overwrites() {
    let scenario = Scenario::local(RULE);
    let init = scenario.run("init").ends_with(1);
    assert_snapshot!(init.snapshot(), @r"
    $ xrayctl init
    --- stderr
    error: `xrayctl.toml` exists already
      hint: choose another name, or remove it first
    --- exit 1
    ");
    assert_eq!(scenario.read("xrayctl.toml"), RULE);
}

#[test]
fn init_writes_name_and_region() {
    let scenario = Scenario::local(RULE);
    scenario
        .run("--region eu-west-1 init new.toml --name bank")
        .succeeds()
        .says("Wrote new.toml");
    let spec: toml::Table = scenario.read("new.toml").parse().unwrap();
    assert_eq!(spec["stack"]["name"].as_str(), Some("bank"));
    assert_eq!(spec["stack"]["region"].as_str(), Some("eu-west-1"));
    scenario.run("fmt --check new.toml").succeeds();
}

#[test]
fn the_schema_is_the_one_that_is_published() {
    let scenario = Scenario::local(RULE);
    let schema = scenario.run("schema").succeeds();
    let printed: Value = serde_json::from_str(&schema.stdout).unwrap();
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("specs/xrayctl.schema.json");
    let published = std::fs::read_to_string(path).unwrap();
    assert_eq!(printed, serde_json::from_str::<Value>(&published).unwrap());
    let tables = printed["properties"].as_object().unwrap();
    for table in [
        "stack",
        "sampling_rules",
        "groups",
        "kms_keys",
        "encryption",
    ] {
        assert!(tables.contains_key(table), "{table}");
    }
}

#[test]
fn completions_for_every_shell() {
    let scenario = Scenario::local(RULE);
    for shell in ["bash", "zsh", "fish"] {
        let script = scenario.run(&format!("completions {shell}")).succeeds();
        assert!(script.stdout.contains("detailed-exitcode"), "{shell}");
        assert_eq!(script.stderr, "");
    }
    scenario.run("completions csh").ends_with(1);
}

#[test]
fn the_completions_for_bash_are_a_script_that_bash_reads() {
    let scenario = Scenario::local(RULE);
    let script = scenario.run("completions bash").succeeds();
    scenario.write("completions.bash", &script.stdout);
    let bash = std::process::Command::new("bash")
        .arg("-n")
        .arg(scenario.path("completions.bash"))
        .output();
    // A machine without bash has nothing to say.
    if let Ok(bash) = bash {
        assert!(bash.status.success(), "{bash:?}");
    }
}

#[test]
fn the_manual_names_every_command() {
    let scenario = Scenario::local(RULE);
    let manual = scenario.run("man").succeeds();
    assert!(manual.stdout.contains(".TH"), "{manual}");
    for command in ["plan", "apply", "destroy", "import"] {
        assert!(manual.stdout.contains(command), "{command}");
    }
}
