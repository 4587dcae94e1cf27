//! Scenario tests: the built programs, run as a user runs them, against the
//! embedded AWS.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops where something is not as it must be"
)]

mod cloud;
mod harness;
mod http;
mod iam_account;
mod proxy;
mod specs;
mod xray_answers;

mod api_gateway;
mod apply;
mod bad_input;
mod cloudwatch;
mod cloudwatch_drift;
mod cloudwatch_input;
mod command_line;
mod destination;
mod destroy;
mod dev;
mod drift;
mod ecs;
mod embedded;
mod encryption;
mod export;
mod faults;
mod iam;
mod iam_bad_input;
mod iam_drift;
mod iam_policies;
mod iam_roles;
mod kill;
mod kms;
mod lambda;
mod lint;
mod lookups;
mod machine;
mod otel_collector;
mod ownership;
mod policies;
mod refresh;
mod replace;
mod run_time_errors;
mod sampling;
mod saved_plans;
mod selection;
mod shipped;
mod show;
mod tags;
mod texts_and_files;

/// A file that no `mod` names is never compiled, and its tests never run.
#[test]
fn every_file_is_part_of_the_test_crate() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    let root = std::fs::read_to_string(folder.join("main.rs")).unwrap();
    let mut files = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(module) = name.strip_suffix(".rs").filter(|module| *module != "main") else {
            continue;
        };
        let declaration = format!("mod {module};");
        let is_declared = root.lines().any(|line| line == declaration);
        assert!(is_declared, "main.rs does not say `{declaration}`");
        files += 1;
    }
    assert!(files > 3, "looked in the wrong folder");
}
