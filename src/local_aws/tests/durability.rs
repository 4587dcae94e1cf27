use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use futures::future::join_all;
use serde_json::json;
use tempfile::TempDir;

use super::{folder, fresh, new_rule, open, options, rule_names, sdk, xray};
use crate::local_aws::{LocalAws, OpenError, RestoreError};

const CREATE: &str = "/CreateSamplingRule";

fn xray_file(folder: &TempDir) -> PathBuf {
    folder.path().join("state/123456789012/us-east-1/xray.json")
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_reopening() {
    let folder = folder();
    let local = open(&folder);
    let kms = aws_sdk_kms::Client::new(&sdk(&local, "us-east-1"));
    let key = kms.create_key().send().await.expect("a key");
    let key = key.key_metadata.expect("metadata").key_id;
    let rotation = kms.enable_key_rotation().key_id(&key);
    let rotation = rotation.rotation_period_in_days(90).send().await;
    rotation.expect("rotation");
    let logs = aws_sdk_cloudwatchlogs::Client::new(&sdk(&local, "us-east-1"));
    let policy = logs.put_resource_policy().policy_name("p");
    policy.policy_document("{}").send().await.expect("a policy");
    xray(&local, None, CREATE, &new_rule("kept")).await;
    drop((kms, logs, local));

    let local = open(&folder);
    assert_eq!(rule_names(&local, "us-east-1").await, ["kept", "Default"]);
    let kms = aws_sdk_kms::Client::new(&sdk(&local, "us-east-1"));
    let status = kms.get_key_rotation_status().key_id(&key).send().await;
    assert_eq!(status.expect("status").rotation_period_in_days, Some(90));
    let logs = aws_sdk_cloudwatchlogs::Client::new(&sdk(&local, "us-east-1"));
    let policies = logs.describe_resource_policies().send().await;
    assert_eq!(policies.expect("policies").resource_policies().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parallel_changes_are_all_stored() {
    let folder = folder();
    let local = open(&folder);
    let create = |number: usize| {
        let local = Arc::clone(&local);
        async move {
            xray(&local, None, CREATE, &new_rule(&format!("r{number:02}")))
                .await
                .0
        }
    };
    let statuses = join_all((0..40).map(create)).await;
    let created = statuses.iter().filter(|status| **status == 200).count();
    assert_eq!(created, 25);
    let before = rule_names(&local, "us-east-1").await;
    drop(local);
    assert_eq!(rule_names(&open(&folder), "us-east-1").await, before);
}

/// A task that asks for more than its share of the scheduler at once must not
/// bring the neighbours to a halt.
#[tokio::test]
async fn hundreds_of_calls_of_one_task_come_back() {
    let (_folder, local) = fresh();
    let kms = aws_sdk_kms::Client::new(&sdk(&local, "us-east-1"));
    let lists = join_all((0..400).map(|_| kms.list_keys().send())).await;
    assert!(lists.iter().all(Result::is_ok));
}

#[tokio::test]
async fn reading_writes_nothing() {
    let folder = folder();
    let local = open(&folder);
    rule_names(&local, "us-east-1").await;
    let kms = aws_sdk_kms::Client::new(&sdk(&local, "us-east-1"));
    kms.list_keys().send().await.expect("a list");
    assert!(!xray_file(&folder).parent().expect("a folder").exists());
}

#[tokio::test]
async fn folder_and_files_are_for_their_user_alone() {
    let folder = folder();
    let local = open(&folder);
    xray(&local, None, CREATE, &new_rule("r")).await;
    let mode = |path: PathBuf| {
        let metadata = fs::metadata(path).expect("metadata");
        metadata.permissions().mode() & 0o777
    };
    assert_eq!(mode(folder.path().join("state")), 0o700);
    assert_eq!(mode(folder.path().join("state/lock")), 0o600);
    assert_eq!(mode(xray_file(&folder)), 0o600);
}

#[tokio::test]
async fn a_change_that_cannot_be_stored_is_undone_and_reported() {
    let folder = folder();
    let local = open(&folder);
    assert_eq!(xray(&local, None, CREATE, &new_rule("stored")).await.0, 200);
    // A folder where the unfinished file would lie makes every write fail.
    let obstacle = xray_file(&folder).with_extension("tmp");
    fs::create_dir(&obstacle).expect("an obstacle");
    let (status, body) = xray(&local, None, CREATE, &new_rule("lost")).await;
    assert_eq!((status, &body["__type"]), (500, &json!("InternalFailure")));
    let message = body["message"].as_str().expect("a message");
    assert!(message.contains("xray.tmp"), "{message}");
    assert_eq!(rule_names(&local, "us-east-1").await, ["stored", "Default"]);
    fs::remove_dir(&obstacle).expect("no obstacle");
    assert_eq!(xray(&local, None, CREATE, &new_rule("lost")).await.0, 200);
    drop(local);
    let names = rule_names(&open(&folder), "us-east-1").await;
    assert_eq!(names, ["lost", "stored", "Default"]);
}

#[tokio::test]
async fn the_first_change_of_a_region_can_be_undone_too() {
    let folder = folder();
    let local = open(&folder);
    let region = folder.path().join("state/123456789012/us-east-1");
    fs::create_dir_all(region.join("xray.tmp")).expect("an obstacle");
    fs::create_dir_all(region.join("kms.tmp")).expect("an obstacle");
    assert_eq!(xray(&local, None, CREATE, &new_rule("lost")).await.0, 500);
    assert_eq!(rule_names(&local, "us-east-1").await, ["Default"]);
    let kms = aws_sdk_kms::Client::new(&sdk(&local, "us-east-1"));
    kms.create_key().send().await.expect_err("no key");
    let keys = kms.list_keys().send().await.expect("a list");
    assert_eq!(keys.keys().len(), 0);
}

#[tokio::test]
async fn a_write_that_was_cut_short_leaves_the_old_state() {
    let folder = folder();
    let local = open(&folder);
    xray(&local, None, CREATE, &new_rule("old")).await;
    drop(local);
    let unfinished = xray_file(&folder).with_extension("tmp");
    fs::write(unfinished, "{\"format\":1,\"sta").expect("a file");
    let local = open(&folder);
    assert_eq!(rule_names(&local, "us-east-1").await, ["old", "Default"]);
    xray(&local, None, CREATE, &new_rule("new")).await;
    drop(local);
    let names = rule_names(&open(&folder), "us-east-1").await;
    assert_eq!(names, ["new", "old", "Default"]);
}

#[tokio::test]
async fn a_corrupt_file_is_named_and_left_alone() {
    for content in [
        "",
        "{",
        "[]",
        r#"{"format":1,"service":"xray","state":{"rules":5}}"#,
        r#"{"format":1,"service":"kms","state":{}}"#,
        r#"{"format":2,"service":"xray","state":{}}"#,
    ] {
        let folder = folder();
        drop(open(&folder));
        let file = xray_file(&folder);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(&file, content).expect("a file");
        let error = LocalAws::open(options(&folder)).expect_err("corrupt");
        assert!(matches!(
            error,
            OpenError::Restore(RestoreError::Snapshot(_) | RestoreError::State { .. })
        ));
        assert!(error.to_string().contains("us-east-1/xray.json"), "{error}");
        assert_eq!(fs::read_to_string(&file).expect("a file"), content);
    }
}

#[tokio::test]
async fn files_of_other_accounts_and_services_are_left_alone() {
    let folder = folder();
    drop(open(&folder));
    for path in [
        "210987654321/us-east-1/xray.json",
        "123456789012/us-east-1/other.json",
    ] {
        let file = folder.path().join("state").join(path);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, "not ours").expect("a file");
    }
    assert_eq!(rule_names(&open(&folder), "us-east-1").await, ["Default"]);
}

#[tokio::test]
async fn a_folder_that_was_removed_is_not_made_again() {
    let (folder, local) = fresh();
    fs::remove_dir_all(folder.path().join("state")).expect("removed");
    let (status, body) = xray(&local, None, CREATE, &new_rule("r")).await;
    assert_eq!(status, 500);
    let message = body["message"].as_str().expect("a message");
    assert!(
        message.contains("was removed while it was in use"),
        "{message}"
    );
    assert!(!folder.path().join("state").exists());
}
