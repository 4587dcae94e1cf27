//! Ids, names, kinds, and spans that are two documents.

use super::*;

#[test]
fn the_envelope() {
    let server = plainly(span(Server, &json!({})));
    let expected = json!({
        "id": "70de5b6f19ff9a0a",
        "trace_id": "1-5759e988-bd862e3fe1be46a994272793",
        "parent_id": "53995c3f42cd8ad8",
        "name": "GET /a",
        "start_time": 1_478_293_361.25,
        "end_time": 1_478_293_361.5,
    });
    assert_eq!(server, expected);
    let mut open = span(Internal, &json!({}));
    open.end_time_unix_nano = 0;
    let open = plainly(open);
    assert_eq!(
        (&open["in_progress"], &open["type"]),
        (&json!(true), &json!("subsegment"))
    );
    assert_eq!(open.get("end_time"), None);
    let marked = plainly(span(Server, &json!({"aws.xray.inprogress": true})));
    assert_eq!(marked["in_progress"], true);
    assert_eq!(marked.get("end_time"), None);
}

#[test]
fn kinds_and_namespaces() {
    let aws = json!({"rpc.system": "aws-api"});
    let service = json!({"aws.service": "S3"});
    let remote = json!({"aws.remote.service": "r"});
    let nothing = json!({});
    let cases = [
        (Server, &nothing, None, None),
        (Internal, &nothing, Some("subsegment"), None),
        (Unspecified, &nothing, Some("subsegment"), None),
        (Client, &nothing, Some("subsegment"), Some("remote")),
        (Producer, &nothing, Some("subsegment"), None),
        (Producer, &remote, Some("subsegment"), Some("remote")),
        (Consumer, &remote, Some("subsegment"), Some("remote")),
        (Internal, &remote, Some("subsegment"), None),
        (Client, &aws, Some("subsegment"), Some("aws")),
        (Internal, &service, Some("subsegment"), Some("aws")),
    ];
    for (kind, pairs, expected, namespace) in cases {
        let document = plainly(span(kind, pairs));
        let read = |key: &str| document.get(key).and_then(Value::as_str);
        assert_eq!(
            (read("type"), read("namespace")),
            (expected, namespace),
            "{kind:?} {pairs}"
        );
    }
    let mut root = span(Client, &nothing);
    root.parent_span_id.clear();
    let root = plainly(root);
    assert_eq!((root.get("type"), root.get("parent_id")), (None, None));
}

#[test]
fn names() {
    let resource = json!({"service.name": "shop"});
    let cases = [
        (
            Server,
            json!({"aws.local.service": "l", "peer.service": "p"}),
            "l",
        ),
        (Internal, json!({"aws.local.service": "l"}), "GET /a"),
        (
            Internal,
            json!({"aws.local.service": "l", "aws.span.kind": "LOCAL_ROOT"}),
            "l",
        ),
        (
            Client,
            json!({"aws.remote.service": "AWS::S3", "rpc.system": "aws-api"}),
            "S3",
        ),
        (
            Client,
            json!({"aws.remote.service": "AWS.SDK.S3", "rpc.system": "aws-api"}),
            "S3",
        ),
        (Client, json!({"aws.remote.service": "AWS::S3"}), "AWS::S3"),
        (
            Client,
            json!({"peer.service": "p", "aws.service": "a"}),
            "p",
        ),
        (Client, json!({"aws.service": "a", "db.name": "d"}), "a"),
        (
            Client,
            json!({"db.name": "d", "db.connection_string": "jdbc:mysql://h:3306"}),
            "d@h",
        ),
        (Client, json!({"db.name": "d"}), "d"),
        (Server, json!({"rpc.service": "r"}), "shop"),
        (Client, json!({"rpc.service": "r", "http.host": "h"}), "r"),
        (Client, json!({"http.host": "h", "net.peer.name": "n"}), "h"),
        (Client, json!({"net.peer.name": "n"}), "n"),
        (Client, json!({"peer.service": "a{b}?"}), "ab"),
        (Client, json!({"peer.service": ""}), "GET /a"),
        (Client, json!({"peer.service": "{}"}), "span"),
    ];
    for (kind, pairs, expected) in cases {
        let document = with(&resource, span(kind, &pairs), &Options::default());
        assert_eq!(document["name"], expected, "{pairs}");
    }
}

#[test]
fn a_local_root_that_calls_is_two_documents() {
    let pairs = json!({
        "aws.span.kind": "LOCAL_ROOT", "aws.local.service": "worker",
        "aws.remote.service": "AWS::SQS", "aws.remote.operation": "ReceiveMessage",
        "rpc.system": "aws-api", "rpc.method": "ReceiveMessage", "http.status_code": 200,
        "x": 1,
    });
    let options = Options {
        index_all_attributes: true,
        ..Options::default()
    };
    for (kind, has_links) in [(Consumer, true), (Client, false)] {
        let mut span = span(kind, &pairs);
        span.links.push(Link {
            trace_id: vec![1; 16],
            span_id: vec![2; 8],
            ..Link::default()
        });
        let resource = json!({"service.name": "s", "cloud.platform": "aws_ec2"});
        let documents = documents(&of_span(&resource, span), &options);
        let [call, service] = documents.as_slice() else {
            panic!("{documents:?}");
        };
        assert_eq!(call["id"], "70de5b6f19ff9a0a");
        assert_eq!(call["parent_id"], service["id"]);
        assert_eq!(service["parent_id"], "53995c3f42cd8ad8");
        assert_eq!(
            (&call["name"], &service["name"]),
            (&json!("SQS"), &json!("worker"))
        );
        assert_eq!(
            (&call["type"], &call["namespace"]),
            (&json!("subsegment"), &json!("aws"))
        );
        assert_eq!(call["aws"], json!({"operation": "ReceiveMessage"}));
        assert_eq!(call["http"]["response"]["status"], 200);
        for field in ["type", "namespace", "http", "aws"] {
            assert_eq!(service.get(field), None, "{field}");
        }
        assert_eq!(service["origin"], "AWS::EC2::Instance");
        assert_eq!(
            service["annotations"],
            json!({"otel.resource.service.name": "s",
                   "otel.resource.cloud.platform": "aws_ec2", "x": 1,
                   "aws.span.kind": "LOCAL_ROOT", "aws.local.service": "worker",
                   "rpc.system": "aws-api"})
        );
        assert_eq!(service.get("links").is_some(), has_links);
        assert_eq!(call.get("links").is_some(), !has_links);
    }
}

#[test]
fn a_local_root_that_serves_is_a_segment() {
    for kind in [Server, Internal, Unspecified] {
        let pairs = json!({"aws.span.kind": "LOCAL_ROOT", "rpc.system": "aws-api"});
        let document = plainly(span(kind, &pairs));
        assert_eq!(
            (document.get("type"), document.get("namespace")),
            (None, None)
        );
        assert_eq!(document["parent_id"], "53995c3f42cd8ad8");
    }
}

#[test]
fn spans_without_ids_are_counted() {
    let mut none = span(Server, &json!({}));
    none.span_id = vec![0; 8];
    let request = of_span(&json!({}), none);
    let resource = view::resources(&request).next().unwrap();
    let left_out = from_otlp(resource, &Options::default(), &mut |_| panic!("a document"));
    assert_eq!(left_out, 1);
}
