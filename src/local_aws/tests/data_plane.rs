use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::{folder, fresh, new_rule, open, rule_names, xray};
use crate::local_aws::{LocalAws, NotKept, TraceSink, server};

const PUT: &str = "/TraceSegments";

fn segment(id: &str) -> String {
    json!({
        "id": id, "name": "api", "start_time": 1.5, "end_time": 2.5,
        "trace_id": "1-5759e988-bd862e3fe1be46a994272793",
    })
    .to_string()
}

fn put(documents: &[&str]) -> Value {
    json!({ "TraceSegmentDocuments": documents })
}

/// Keeps what it gets for as long as it is not told to fail.
#[derive(Debug, Default)]
struct Kept {
    documents: Mutex<Vec<Bytes>>,
    failure: Mutex<Option<NotKept>>,
    refused: Mutex<Vec<String>>,
}

#[async_trait]
impl TraceSink for Kept {
    async fn put(&self, documents: Vec<Bytes>) -> Result<(), NotKept> {
        if let Some(failure) = self.failure.lock().expect("a lock").clone() {
            return Err(failure);
        }
        self.documents.lock().expect("a lock").extend(documents);
        Ok(())
    }

    async fn refused(&self, code: &str) {
        self.refused.lock().expect("a lock").push(code.to_owned());
    }
}

#[tokio::test]
async fn accepted_segments_go_to_the_sink() {
    let (_folder, local) = fresh();
    let good = segment("53995c3f42cd8ad8");
    let early = segment("1111111111111111");
    xray(&local, None, PUT, &put(&[&early])).await;
    let kept = Arc::new(Kept::default());
    assert!(local.attach_trace_sink(Arc::<Kept>::clone(&kept)));
    assert!(!local.attach_trace_sink(Arc::new(Kept::default())));
    let (status, answer) = xray(&local, Some("eu-west-1"), PUT, &put(&[&good, "{}"])).await;
    assert_eq!(status, 200);
    assert_eq!(
        answer["UnprocessedTraceSegments"][0]["ErrorCode"],
        "MissingId"
    );
    assert_eq!(*kept.documents.lock().expect("a lock"), [good.as_str()]);
    assert_eq!(xray(&local, None, PUT, &put(&[])).await.0, 400);
    assert_eq!(
        *kept.refused.lock().expect("a lock"),
        ["MissingId", "ParseError"]
    );
    assert_eq!(local.recent_segments().documents(), [early]);
    for (failure, status, member) in [
        (NotKept::Full("no room".to_owned()), 429, "Message"),
        (NotKept::Failed("no room".to_owned()), 500, "message"),
    ] {
        *kept.failure.lock().expect("a lock") = Some(failure);
        let answer = xray(&local, None, PUT, &put(&[&good])).await;
        assert_eq!(answer, (status, json!({ member: "no room" })));
        // There is nothing to keep of this one.
        assert_eq!(xray(&local, None, PUT, &put(&["{}"])).await.0, 200);
    }
    assert_eq!(kept.documents.lock().expect("a lock").len(), 1);
}

/// A sink that takes nothing until it is let.
#[derive(Debug)]
struct Slow(tokio::sync::Semaphore);

#[async_trait]
impl TraceSink for Slow {
    async fn put(&self, _: Vec<Bytes>) -> Result<(), NotKept> {
        let permit = self.0.acquire().await;
        permit
            .map(drop)
            .map_err(|_| NotKept::Failed("closed".to_owned()))
    }
}

#[tokio::test]
async fn a_slow_sink_holds_up_its_own_clients_alone() {
    let (_folder, local) = fresh();
    let slow = Arc::new(Slow(tokio::sync::Semaphore::new(0)));
    local.attach_trace_sink(Arc::<Slow>::clone(&slow));
    let waiting = tokio::spawn({
        let local = Arc::clone(&local);
        async move {
            xray(&local, None, PUT, &put(&[&segment("53995c3f42cd8ad8")]))
                .await
                .0
        }
    });
    tokio::task::yield_now().await;
    let others = async {
        xray(&local, None, "/CreateSamplingRule", &new_rule("api")).await;
        rule_names(&local, "us-east-1").await
    };
    let names = tokio::time::timeout(Duration::from_secs(5), others).await;
    assert_eq!(names.expect("nobody waits"), ["api", "Default"]);
    assert!(!waiting.is_finished());
    slow.0.add_permits(1);
    assert_eq!(waiting.await.expect("an answer"), 200);
}

#[tokio::test]
async fn the_data_plane_leaves_no_state() {
    let folder = folder();
    let local = open(&folder);
    let report = json!({ "SamplingStatisticsDocuments": [{
        "RuleName": "Default", "ClientID": "0123456789abcdef01234567", "Timestamp": 1,
        "RequestCount": 1, "SampledCount": 1,
    }]});
    let telemetry = json!({ "TelemetryRecords": [{ "Timestamp": 1 }] });
    for (path, body) in [
        (PUT, &put(&[&segment("53995c3f42cd8ad8")])),
        ("/SamplingTargets", &report),
        ("/TelemetryRecords", &telemetry),
        ("/SamplingStatisticSummaries", &json!({})),
    ] {
        assert_eq!(xray(&local, None, path, body).await.0, 200, "{path}");
    }
    let files = std::fs::read_dir(local.state_dir()).expect("the folder");
    let names: Vec<_> = files
        .map(|file| file.expect("a file").file_name())
        .collect();
    assert_eq!(names, ["lock"], "{names:?}");
}

/// Serves `local` as the daemon does for as long as the sender lives.
async fn daemon(local: &Arc<LocalAws>, address: &str) -> (SocketAddr, oneshot::Sender<()>) {
    let address: SocketAddr = address.parse().expect("an address");
    let listener = server::bind(address).await.expect("binds");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = oneshot::channel();
    let stopped = async {
        let _ = stopped.await;
    };
    tokio::spawn(server::serve_daemon(Arc::clone(local), listener, stopped));
    (address, stop)
}

/// Status and body of the answer to `POST path` on the daemon's port.
async fn ask(at: SocketAddr, path: &str, headers: &str, body: &str) -> (String, String) {
    let to = SocketAddr::from(([127, 0, 0, 1], at.port()));
    let mut stream = TcpStream::connect(to).await.expect("connects");
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {length}\r\n\
         {headers}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.expect("writes");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("reads");
    let status = answer.split(' ').nth(1).unwrap_or_default().to_owned();
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    (status, body.to_owned())
}

#[tokio::test]
async fn the_daemon_serves_unsigned_requests_of_its_region() {
    let (_folder, local) = fresh();
    xray(
        &local,
        Some("us-east-1"),
        "/CreateSamplingRule",
        &new_rule("here"),
    )
    .await;
    xray(
        &local,
        Some("eu-west-1"),
        "/CreateSamplingRule",
        &new_rule("there"),
    )
    .await;
    let (at, _stop) = daemon(&local, "127.0.0.1:0").await;
    let elsewhere = super::authorization("eu-west-1", "sts");
    for headers in [
        "Host: localhost:2000".to_owned(),
        format!("Host: 127.0.0.1\r\nAuthorization: {elsewhere}"),
        "Host: 127.0.0.1\r\nAuthorization: Bearer none".to_owned(),
    ] {
        let (status, body) = ask(at, "/GetSamplingRules", &headers, "{}").await;
        assert_eq!(status, "200");
        assert!(
            body.contains("\"here\"") && !body.contains("\"there\""),
            "{body}"
        );
    }
    let host = "Host: localhost";
    let body = put(&[&segment("53995c3f42cd8ad8")]).to_string();
    assert_eq!(ask(at, PUT, host, &body).await.0, "200");
    assert_eq!(local.recent_segments().documents().len(), 1);
    let report = r#"{"SamplingStatisticsDocuments":[]}"#;
    assert_eq!(ask(at, "/SamplingTargets", host, report).await.0, "200");
    assert_eq!(ask(at, "/Nowhere", host, "{}").await.0, "404");
}

#[tokio::test]
async fn web_pages_do_not_reach_the_daemon() {
    let (_folder, local) = fresh();
    let rules = "/GetSamplingRules";
    let (at, _stop) = daemon(&local, "127.0.0.1:0").await;
    assert_eq!(ask(at, rules, "Host: xray:2000", "{}").await.0, "403");
    let page = "Host: localhost\r\nOrigin: https://example.com";
    assert_eq!(ask(at, rules, page, "{}").await.0, "403");
    // Containers beside it name it as they know it.
    let (at, _stop) = daemon(&local, "0.0.0.0:0").await;
    assert_eq!(ask(at, rules, "Host: xray:2000", "{}").await.0, "200");
    assert_eq!(ask(at, rules, page, "{}").await.0, "403");
}
