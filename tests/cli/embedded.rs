//! The embedded AWS: its folder, and the processes that work on it.

use std::process::{Command, Stdio};

use crate::cloud::Cloud;
use crate::harness::Scenario;
use crate::specs::{FULL, RULE};

#[test]
fn a_state_folder_that_cannot_be_made() {
    let scenario = Scenario::local(RULE);
    scenario
        .run("--state xrayctl.toml/state plan")
        .ends_with(1)
        .says("failed to open the embedded AWS in `xrayctl.toml/state`: ");
}

#[test]
fn a_folder_that_does_not_hold_a_state() {
    let scenario = Scenario::local(RULE);
    scenario.apply();
    let mut damaged = 0;
    damage(&scenario.path(".xrayctl/local"), &mut damaged);
    assert!(damaged > 0, "no state was kept");
    scenario
        .plan()
        .ends_with(1)
        .says("failed to open the embedded AWS in `.xrayctl/local`: ");
}

/// Cuts every JSON file below `folder` short.
fn damage(folder: &std::path::Path, damaged: &mut usize) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            damage(&path, damaged);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            std::fs::write(path, "{").unwrap();
            *damaged += 1;
        }
    }
}

/// Both work on one folder at once, and neither loses anything.
#[test]
fn two_local_commands_wait_for_each_other() {
    let scenario = Scenario::local(RULE);
    let other = RULE.replace("shop", "bank").replace("checkout", "payment");
    scenario.write("other.toml", other);
    let first = scenario.start("apply --auto-approve");
    let second = scenario.start("apply --auto-approve other.toml");
    first.finish().succeeds();
    second.finish().succeeds();
    scenario.is_settled();
    scenario
        .run("plan --detailed-exitcode other.toml")
        .succeeds();
}

#[test]
fn a_local_command_goes_to_the_collector_that_serves_its_folder() {
    let cloud = Cloud::start();
    let scenario = Scenario::local(FULL);
    let state = cloud.state().display().to_string();
    scenario
        .run(&format!("--state {state} apply --auto-approve"))
        .succeeds();
    assert_eq!(cloud.rules().len(), 1, "the collector knows of it");
    scenario
        .run(&format!("--state {state} plan --detailed-exitcode"))
        .succeeds();
}

#[test]
fn what_was_applied_survives_a_kill_of_the_collector() {
    let cloud = Cloud::start();
    cloud.scenario(FULL).apply();
    let before = cloud.inventory();
    let cloud = cloud.restart();
    assert_eq!(cloud.inventory(), before);
    cloud.scenario(FULL).is_settled();
}

#[test]
fn a_folder_outlives_the_collector_and_serves_local_commands() {
    let cloud = Cloud::start();
    cloud.scenario(RULE).apply();
    let scenario = Scenario::local(RULE);
    let copy = scenario.path("copy");
    copy_folder(&cloud.state(), &copy);
    scenario
        .run("--state copy plan --detailed-exitcode")
        .succeeds()
        .prints("No changes.");
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
fn a_second_collector_on_one_folder_is_refused() {
    let cloud = Cloud::start();
    let second = Command::new(env!("CARGO_BIN_EXE_local-collector"))
        .args(["--aws-only", "--aws-listen", "127.0.0.1:0", "--state"])
        .arg(cloud.state())
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(1));
    let stderr = String::from_utf8(second.stderr).unwrap();
    assert!(stderr.contains(&cloud.url()), "{stderr}");
}

#[test]
fn a_wrong_command_line_of_the_collector_ends_with_1() {
    for words in [&["--nonsense"][..], &["--account", "12"], &["surplus"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_local-collector"))
            .args(["--aws-only", "--aws-listen", "127.0.0.1:0"])
            .args(words)
            .current_dir(tempfile::tempdir().unwrap().path())
            .env_clear()
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(!output.stderr.is_empty());
    }
}

#[test]
fn a_state_folder_that_cannot_be_made_says_why() {
    let scenario = Scenario::local(RULE);
    scenario
        .run("--state xrayctl.toml/state plan")
        .ends_with(1)
        .says("Not a directory");
}
