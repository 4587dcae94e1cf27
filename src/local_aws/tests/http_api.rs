use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{authorization, folder, fresh, new_rule, open, rule_names, xray, xray_request};
use crate::local_aws::{LocalAws, server};

const CREATE: &str = "/CreateSamplingRule";
const LIST: &str = "/GetSamplingRules";

#[tokio::test]
async fn answers_look_like_those_of_xray() {
    let (_folder, local) = fresh();
    let response = local.handle(xray_request(None, LIST, &json!({}))).await;
    let header = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok());
    assert_eq!(header("content-type"), Some("application/json"));
    assert_eq!(header("x-amzn-requestid").map(str::len), Some(36));
    assert_eq!(header("x-amzn-errortype"), None);
    let nowhere = local
        .handle(xray_request(None, "/Nowhere", &json!({})))
        .await;
    assert_eq!(nowhere.status(), 404);
    assert_eq!(
        nowhere.headers()["x-amzn-errortype"],
        "UnknownOperationException"
    );
    let bare = local
        .handle(xray_request(None, "/TraceSummaries", &json!({})))
        .await;
    assert_eq!(bare.status(), 400);
    assert_eq!(bare.headers()["x-amzn-errortype"], "ValidationException");
}

#[tokio::test]
async fn regions_keep_to_themselves() {
    let folder = folder();
    let local = open(&folder);
    xray(&local, Some("eu-west-1"), CREATE, &new_rule("european")).await;
    xray(&local, None, CREATE, &new_rule("unsigned")).await;
    assert_eq!(
        rule_names(&local, "eu-west-1").await,
        ["european", "Default"]
    );
    assert_eq!(
        rule_names(&local, "us-east-1").await,
        ["unsigned", "Default"]
    );
    drop(local);
    let local = open(&folder);
    assert_eq!(
        rule_names(&local, "eu-west-1").await,
        ["european", "Default"]
    );
    let (_, answer) = xray(&local, Some("eu-west-1"), LIST, &json!({})).await;
    let arn = "arn:aws:xray:eu-west-1:123456789012:sampling-rule/european";
    assert_eq!(
        answer["SamplingRuleRecords"][0]["SamplingRule"]["RuleARN"],
        arn
    );
}

#[tokio::test]
async fn a_region_cannot_lead_out_of_the_folder() {
    let folder = folder();
    let local = open(&folder);
    for region in ["..", "../../x", "EU", "a.b"] {
        let request = Request::post(CREATE).header(
            "authorization",
            format!("AWS4-HMAC-SHA256 Credential=AKID/20261121/{region}/xray/aws4_request"),
        );
        let body = Bytes::from(new_rule("r").to_string());
        let response = local.handle(request.body(body).expect("a request")).await;
        assert!(!response.status().is_success(), "{region}");
    }
}

#[tokio::test]
async fn services_are_found_by_signature_or_target() {
    let (_folder, local) = fresh();
    let call = async |service: Option<&str>, target: Option<&str>| {
        let mut request = Request::post("/");
        if let Some(service) = service {
            request = request.header("authorization", authorization("us-east-1", service));
        }
        if let Some(target) = target {
            request = request.header("x-amz-target", target);
        }
        let request = request.body(Bytes::from("{}")).expect("a request");
        local.handle(request).await.status().as_u16()
    };
    assert_eq!(call(Some("kms"), Some("TrentService.ListKeys")).await, 200);
    assert_eq!(call(None, Some("TrentService.ListKeys")).await, 200);
    assert_eq!(
        call(None, Some("Logs_20140328.DescribeResourcePolicies")).await,
        200
    );
    assert_eq!(
        call(Some("dynamodb"), Some("DynamoDB_20120810.ListTables")).await,
        501
    );
    assert_eq!(call(None, Some("DynamoDB_20120810.ListTables")).await, 501);
    assert_eq!(call(None, None).await, 404);
}

/// Status line and body of the answer to a request written by hand.
async fn raw(address: &str, request: String) -> (String, String) {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.split_whitespace().nth(1).unwrap_or_default();
    (status.to_owned(), body.to_owned())
}

async fn serve(local: Arc<LocalAws>) -> String {
    let listener = server::bind("127.0.0.1:0".parse().expect("an address")).await;
    let listener = listener.expect("a listener");
    let url = server::url_of(&listener).expect("a URL");
    tokio::spawn(server::serve(local, listener, std::future::pending()));
    url.trim_start_matches("http://").to_owned()
}

fn post(path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\n{headers}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

#[tokio::test]
async fn the_server_answers_this_machine_and_no_web_page() {
    let (_folder, local) = fresh();
    let address = serve(local).await;
    let port = address.rsplit(':').next().expect("a port").to_owned();
    for (headers, expected) in [
        (format!("Host: {address}\r\n"), "200"),
        (format!("Host: localhost:{port}\r\n"), "200"),
        (format!("Host: [::1]:{port}\r\n"), "200"),
        ("Host: LOCALHOST\r\n".to_owned(), "200"),
        ("Host: rebound.example.com\r\n".to_owned(), "403"),
        (format!("Host: localhost.example.com:{port}\r\n"), "403"),
        ("Host: 10.0.0.1\r\n".to_owned(), "403"),
        ("Host: \r\n".to_owned(), "403"),
        (
            "Host: localhost\r\nOrigin: http://localhost:3000\r\n".to_owned(),
            "200",
        ),
        (
            "Host: localhost\r\nOrigin: http://127.0.0.1\r\n".to_owned(),
            "200",
        ),
        (
            "Host: localhost\r\nOrigin: https://example.com\r\n".to_owned(),
            "403",
        ),
        ("Host: localhost\r\nOrigin: null\r\n".to_owned(), "403"),
    ] {
        let (status, body) = raw(&address, post(LIST, &headers, "{}")).await;
        assert_eq!(status, expected, "{headers} {body}");
    }
    let origin = "Host: localhost\r\nOrigin: https://example.com\r\nConnection: close\r\n";
    let request = format!("GET /_xrayctl/status HTTP/1.1\r\n{origin}\r\n");
    assert_eq!(raw(&address, request).await.0, "403");
}

#[tokio::test]
async fn bodies_are_bounded() {
    let (_folder, local) = fresh();
    let address = serve(local).await;
    let head = "POST /GetSamplingRules HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
    let request = format!(
        "{head}Content-Length: 10485761\r\n\r\n{}",
        " ".repeat(10_485_761)
    );
    let mut stream = TcpStream::connect(&address).await.expect("a connection");
    // The server may close before it has read all of it.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = vec![0; 12];
    if stream.read_exact(&mut answer).await.is_ok() {
        assert_eq!(answer, b"HTTP/1.1 413");
    }
    let fits = format!("{{}}{}", " ".repeat(9_000_000));
    let request = post(LIST, "Host: localhost\r\n", &fits);
    assert_eq!(raw(&address, request).await.0, "200");
}

#[tokio::test]
async fn an_address_that_is_taken_is_named() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a listener");
    let address = taken.local_addr().expect("an address");
    let error = server::bind(address).await.expect_err("taken");
    assert_eq!(error.to_string(), format!("listen on {address}"));
}
