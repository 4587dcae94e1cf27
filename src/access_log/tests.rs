//! Lines as servers write them, and lines that are none.

use super::{Bad, Entry, read};

/// 2026-10-10T20:55:36Z
const AT: f64 = 1_791_665_736.0;

fn entry<'a>(at: f64, method: &'a str, host: Option<&'a str>, path: &'a str) -> Entry<'a> {
    Entry {
        at: Some(at),
        method: Some(method.into()),
        host: host.map(Into::into),
        path: Some(path.into()),
        service: None,
    }
}

#[test]
fn lines_of_apache_and_nginx() {
    let cases = [
        r#"127.0.0.1 - frank [10/Oct/2026:13:55:36 -0700] "GET /a.gif?x=1 HTTP/1.0" 200 2326"#,
        r#"::1 - - [10/Oct/2026:20:55:36 +0000] "GET /a.gif HTTP/2.0" 200 1 "http://b/\"" "agent [x]""#,
        r#"1.2.3.4 - - [10/Oct/2026:20:55:36 +0000] "GET /a.gif" 400 0"#,
    ];
    for line in cases {
        assert_eq!(read(line), Ok(entry(AT, "GET", None, "/a.gif")), "{line}");
    }
    let absolute =
        r#"p - - [10/Oct/2026:20:55:36 +0000] "POST http://a.example:80/x HTTP/1.1" 200 1"#;
    assert_eq!(
        read(absolute),
        Ok(entry(AT, "POST", Some("a.example"), "/x"))
    );
}

#[test]
fn lines_of_a_load_balancer() {
    let line = r#"h2 2026-10-10T20:55:36.250000Z app/lb/1 10.0.1.252:48160 10.0.0.66:9000 0.000 0.002 0.000 200 200 5 257 "GET https://10.0.2.105:773/api/x?y HTTP/2.0" "curl/7.46.0" ECDHE TLSv1.2 arn "Root=1-58337327-72bd00b0343d75b906739c42" "-" "-" 1 2018-11-30T22:22:48.364000Z "redirect" "https://example.com:80/" "-" "#;
    let expected = entry(AT + 0.25, "GET", Some("10.0.2.105"), "/api/x");
    assert_eq!(read(line), Ok(expected));
    assert_eq!(
        read("http 2026-10-10T20:55:36Z x \"GET / HTTP/1.1\""),
        Err(Bad::Format)
    );
    // A request that the load balancer could not read.
    let line = line.replace(
        "GET https://10.0.2.105:773/api/x?y HTTP/2.0",
        "- http://a:80- -",
    );
    assert_eq!(read(&line), Ok(entry(AT + 0.25, "-", Some("a:80-"), "/")));
}

#[test]
fn json_lines() {
    let cases = [
        r#"{"time":"2026-10-10T20:55:36Z","method":"GET","path":"/x?a=b"}"#,
        r#"{"@timestamp":"2026-10-10 13:55:36-07:00","request_method":"GET","request_uri":"/x"}"#,
        r#"{"msec":1791665736,"request":"GET /x HTTP/1.1","status":200}"#,
        r#"{"ts":1791665736000,"verb":"GET","uri":"/x"}"#,
        r#"{"requestTime":"10/Oct/2026:20:55:36 +0000","httpMethod":"GET","path":"/x"}"#,
    ];
    for line in cases {
        assert_eq!(read(line), Ok(entry(AT, "GET", None, "/x")), "{line}");
    }
    let line = r#"{"url":"https://a.example/x\u0079","service":"api","host":"[::1]:80"}"#;
    let found = read(line).unwrap();
    assert_eq!(found.at, None);
    assert_eq!(found.path.as_deref(), Some("/xy"));
    assert_eq!(found.host.as_deref(), Some("[::1]"));
    assert_eq!(found.service.as_deref(), Some("api"));
}

#[test]
fn lines_that_are_none() {
    let cases = [
        ("", Bad::Format),
        ("# comment", Bad::Format),
        ("{", Bad::Json),
        ("{}", Bad::Request),
        ("[]", Bad::Format),
        (r#"{"method":"GET","path":"x"}"#, Bad::Request),
        (r#"{"method":"GET","time":"soon"}"#, Bad::Time),
        (r#"{"method":"GET","time":-1}"#, Bad::Time),
        (
            r#"a - - [10/Oct/2026:20:55:36 +0000] "-" 400 0"#,
            Bad::Request,
        ),
        (
            r#"a - - [10/Oct/2026:20:55:36 +0000] "\x16\x03 x" 400 0"#,
            Bad::Request,
        ),
        (
            r#"a - - [10/Okt/2026:20:55:36 +0000] "GET / HTTP/1.1" 1 1"#,
            Bad::Time,
        ),
        (
            r#"a - - [10/Oct/2026:20:55:36 +9900] "GET / HTTP/1.1" 1 1"#,
            Bad::Time,
        ),
        (
            r#"a - - [10/Oct/2026:20:55:36 +0000] "GET / HTTP/1.1"#,
            Bad::Format,
        ),
    ];
    for (line, bad) in cases {
        assert_eq!(read(line), Err(bad), "{line}");
    }
}
