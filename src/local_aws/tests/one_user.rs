use std::fs;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::{folder, open, options};
use crate::local_aws::{Access, LocalAws, LockError, OpenError, Options, access, server};

#[tokio::test]
async fn a_folder_has_one_user_at_a_time() {
    let folder = folder();
    let first = open(&folder);
    let error = LocalAws::open(options(&folder)).expect_err("in use");
    assert!(matches!(error, OpenError::Lock(LockError::Held { .. })));
    assert!(
        error
            .to_string()
            .contains(&*folder.path().to_string_lossy())
    );
    drop(first);
    LocalAws::open(options(&folder)).expect("free again");
}

#[tokio::test]
async fn a_short_user_is_waited_for() {
    let folder = folder();
    let first = open(&folder);
    let second = tokio::spawn(access(options(&folder), Duration::from_secs(20)));
    tokio::time::sleep(Duration::from_millis(60)).await;
    drop(first);
    let access = second.await.expect("no panic").expect("access");
    assert!(matches!(access, Access::InProcess(_)));
}

#[tokio::test]
async fn a_long_user_is_not_waited_for_for_ever() {
    let folder = folder();
    let _first = open(&folder);
    let error = access(options(&folder), Duration::from_millis(50)).await;
    let error = error.expect_err("in use");
    assert!(matches!(error, OpenError::StillHeld { .. }));
    assert!(
        error
            .to_string()
            .contains(&*folder.path().to_string_lossy())
    );
}

#[tokio::test]
async fn a_served_folder_is_reached_through_its_server() {
    let folder = folder();
    let listener = server::bind("127.0.0.1:0".parse().expect("an address")).await;
    let listener = listener.expect("a listener");
    let url = server::url_of(&listener).expect("a URL");
    let (stop, stopped) = oneshot::channel::<()>();
    let local = open(&folder);
    let serving = tokio::spawn(server::serve(Arc::clone(&local), listener, async {
        let _ = stopped.await;
    }));
    let found = access(options(&folder), Duration::from_secs(20)).await;
    assert!(matches!(found, Ok(Access::Served(at)) if at == url));
    stop.send(()).expect("a server");
    serving.await.expect("no panic").expect("served");
    assert!(!folder.path().join("state/endpoint").exists());
    drop(local);
    let found = access(options(&folder), Duration::ZERO).await;
    assert!(matches!(found, Ok(Access::InProcess(_))));
}

#[tokio::test]
async fn an_endpoint_left_by_a_killed_server_means_nothing() {
    let folder = folder();
    drop(open(&folder));
    let endpoint = folder.path().join("state/endpoint");
    fs::write(&endpoint, "http://127.0.0.1:9").expect("a file");
    let found = access(options(&folder), Duration::ZERO).await;
    assert!(matches!(found, Ok(Access::InProcess(_))));
    assert!(!endpoint.exists());
}

/// The endpoint file alone proves nothing: somebody else may answer there.
#[tokio::test]
async fn a_stranger_at_the_endpoint_is_not_taken_for_the_server() {
    let folder = folder();
    let _user = open(&folder);
    let stranger = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let stranger = stranger.expect("a listener");
    let address = stranger.local_addr().expect("an address");
    let answer = tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        while let Ok((mut stream, _)) = stranger.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n{}").await;
        }
    });
    let endpoint = folder.path().join("state/endpoint");
    fs::write(endpoint, format!("http://{address}")).expect("a file");
    let error = access(options(&folder), Duration::from_millis(50)).await;
    assert!(matches!(error, Err(OpenError::StillHeld { .. })));
    answer.abort();
}

#[tokio::test]
async fn options_that_make_no_sense_are_refused() {
    let folder = folder();
    let with = |account: &str, region: &str| Options {
        account_id: account.to_owned(),
        region: region.to_owned(),
        ..options(&folder)
    };
    let open = |options| LocalAws::open(options).expect_err("refused");
    assert!(matches!(
        open(with("1234", "us-east-1")),
        OpenError::Account(_)
    ));
    assert!(matches!(
        open(with("12345678901x", "us-east-1")),
        OpenError::Account(_)
    ));
    for region in ["", "..", "US-EAST-1", "a/b"] {
        assert!(matches!(
            open(with("123456789012", region)),
            OpenError::Region(_)
        ));
    }
    drop(LocalAws::open(options(&folder)).expect("opens"));
    let error = open(with("210987654321", "us-east-1"));
    assert!(matches!(error, OpenError::SecondAccount { .. }));
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let folder = folder();
    fs::write(folder.path().join("file"), "").expect("a file");
    let options = Options::new(folder.path().join("file/state"));
    let error = LocalAws::open(options).expect_err("no folder");
    assert!(error.to_string().contains("file/state"), "{error}");
}
