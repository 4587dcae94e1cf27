//! Stack traces of each language, as they come out of `from_otlp`.

use opentelemetry_proto::tonic::trace::v1::span::Event;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// The exceptions of a trace, without their ids, and whether each is linked to
/// the next.
fn exceptions(language: &str, trace: &str) -> Vec<Value> {
    let pairs = json!({"exception.type": "Top", "exception.message": "top",
                       "exception.stacktrace": trace});
    let span = Span {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        events: vec![Event {
            name: "exception".to_owned(),
            attributes: attributes(&pairs),
            ..Event::default()
        }],
        ..Span::default()
    };
    let request = of_span(&json!({"telemetry.sdk.language": language}), span);
    let documents = documents(&request, &Options::default());
    let mut exceptions: Vec<Value> = documents[0]["cause"]["exceptions"]
        .as_array()
        .unwrap()
        .clone();
    let next = exceptions.iter().skip(1).map(|next| next.get("id"));
    for (exception, next) in exceptions.iter().zip(next.chain([None])) {
        assert_eq!(exception.get("cause"), next);
    }
    for exception in &mut exceptions {
        let fields = exception.as_object_mut().unwrap();
        fields.remove("id");
        fields.remove("cause");
    }
    exceptions
}

fn frames(stack: &[(&str, i64, &str)]) -> Value {
    stack
        .iter()
        .map(|(path, line, label)| json!({"path": path, "line": line, "label": label}))
        .collect()
}

fn thrown(name: &str, message: &str, stack: &[(&str, i64, &str)]) -> Value {
    let mut exception = json!({"type": name, "message": message});
    if !stack.is_empty() {
        exception["stack"] = frames(stack);
    }
    exception
}

#[test]
fn java() {
    let trace = "java.lang.IllegalStateException: top\r
\tat app//com.shop.Cart.add(Cart.java:45)\r
\tat java.base/java.lang.Thread.run(Native Method)
\tSuppressed: java.io.IOException: not shown
\t\tat com.shop.Cart.close(Cart.java:50)
\t... 20 more
Caused by: java.sql.SQLException: no
such table
\tat com.shop.Db.query(Db.java:7)
Caused by: java.lang.NullPointerException
\tat com.shop.Db.open(Db.java:3)
\t... 2 more";
    let expected = [
        thrown(
            "Top",
            "top",
            &[
                ("Cart.java", 45, "com.shop.Cart.add"),
                ("Native Method", 0, "java.lang.Thread.run"),
            ],
        ),
        thrown(
            "java.sql.SQLException",
            "no\nsuch table",
            &[("Db.java", 7, "com.shop.Db.query")],
        ),
        thrown(
            "java.lang.NullPointerException",
            "",
            &[("Db.java", 3, "com.shop.Db.open")],
        ),
    ];
    assert_eq!(exceptions("java", trace), expected);
    assert_eq!(exceptions("php", trace), expected);
}

#[test]
fn python() {
    let trace = "Traceback (most recent call last):
  File \"/app/a, b.py\", line 3, in inner
    raise KeyError(\"x\")
KeyError: 'x'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File \"/app/b.py\", line 5, in middle
    inner()
    ~~~~~^^
ValueError: two
lines

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File \"/app/c.py\", line 9, in <module>
    middle()
  File \"/app/c.py\", line 7, in outer
    raise Top
Top: top
";
    let expected = [
        thrown(
            "Top",
            "top",
            &[("/app/c.py", 7, "outer"), ("/app/c.py", 9, "<module>")],
        ),
        thrown("ValueError", "two\nlines", &[("/app/b.py", 5, "middle")]),
        thrown("KeyError", "'x'", &[("/app/a, b.py", 3, "inner")]),
    ];
    assert_eq!(exceptions("python", trace), expected);
}

#[test]
fn javascript() {
    let trace = "Error: top
    at Cart.add [as put] (/app/cart.js:10:5)
    at /app/index.js:3:1
    at async run (node:internal/main:23:47)
    at Array.map (native)
    at new Promise (<anonymous>)";
    let expected = [thrown(
        "Top",
        "top",
        &[
            ("/app/cart.js", 10, "Cart.add [as put]"),
            ("/app/index.js", 3, ""),
            ("node:internal/main", 23, "async run"),
            ("native", 0, "Array.map"),
            ("<anonymous>", 0, "new Promise"),
        ],
    )];
    for language in ["nodejs", "webjs", "javascript"] {
        assert_eq!(exceptions(language, trace), expected);
    }
}

#[test]
fn dotnet() {
    let trace = "System.Exception: top
   at Shop.Cart.Add(String item) in C:\\app\\Cart.cs:line 25
   at System.Threading.Thread.Start()
--- End of inner exception stack trace ---";
    let expected = [thrown(
        "Top",
        "top",
        &[
            ("C:\\app\\Cart.cs", 25, "Shop.Cart.Add(String item)"),
            ("", 0, "System.Threading.Thread.Start()"),
        ],
    )];
    assert_eq!(exceptions("dotnet", trace), expected);
}

#[test]
fn go() {
    let trace = "goroutine 1 [running]:
main.inner(0x1)
\t/app/main.go:12 +0x1d
main.main()
\t/app/main.go:5 +0x20
created by main.start
\t/app/main.go:3";
    let expected = [thrown(
        "Top",
        "top",
        &[
            ("/app/main.go", 12, "main.inner(0x1)"),
            ("/app/main.go", 5, "main.main()"),
            ("/app/main.go", 3, "created by main.start"),
        ],
    )];
    assert_eq!(exceptions("go", trace), expected);
}

#[test]
fn other_languages_have_no_frames() {
    assert_eq!(
        exceptions("cobol", "a\n\tat b(c:1)"),
        [thrown("Top", "top", &[])]
    );
}

proptest! {
    #[test]
    fn any_text_is_read(
        language in proptest::sample::select(["java", "python", "nodejs", "dotnet", "go"].as_slice()),
        lines in proptest::collection::vec(
            prop_oneof![
                any::<String>(),
                Just("\tat ".to_owned()),
                Just("\tat )(".to_owned()),
                Just("    at )".to_owned()),
                Just("Caused by: ".to_owned()),
                Just("  File \"".to_owned()),
                Just("  File \"a\", line 1, in b".to_owned()),
                Just("During handling of the above exception, another exception occurred:".to_owned()),
                Just("at ) in :line".to_owned()),
                Just("\t:".to_owned()),
            ],
            0..12,
        ),
    ) {
        exceptions(language, &lines.join("\n"));
    }
}
