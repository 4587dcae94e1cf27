//! Texts that are expressions, and what they mean.

use crate::filter::{
    Annotation, AnnotationKey, AnnotationTest, BooleanKeyword, Condition, EntitySelector, Logic,
    NodeField, NodeId, NodePattern, Number, NumberKeyword, NumberOperator, ParseError,
    StringKeyword, StringOperator, Term, Test, parse, parse_entity_selector,
};

/// Each example and its canonical text, or nothing where they are the same.
const EXAMPLES: &[(&str, &str)] = &[
    // Simple conditions.
    ("ok", ""),
    ("!ok", ""),
    ("ok = false", "!ok"),
    ("fault != true", "!fault"),
    ("throttle", ""),
    ("partial", ""),
    ("responsetime > 5", ""),
    ("duration >= 5 AND duration <= 8", ""),
    ("http.status != 200", ""),
    (
        "ok !partial duration <3",
        "ok AND !partial AND duration < 3",
    ),
    (r#"http.url CONTAINS "/api/game/""#, ""),
    (
        r#"http.url BEGINSWITH "https://" AND http.url ENDSWITH "/fault""#,
        "",
    ),
    (r#"http.method = "POST" AND http.status >= 500"#, ""),
    (r#"user CONTAINS """#, ""),
    (r#"user = "alice" OR user = "bob""#, ""),
    ("(error OR fault) AND responsetime > 2", ""),
    (
        "http.url AND responseTime > 2",
        "http.url AND responsetime > 2",
    ),
    (r#"http.clientip = "192.0.2.17""#, ""),
    (r#"http.useragent CONTAINS "curl""#, ""),
    (r#"availabilityzone = "us-west-2a""#, ""),
    (r#"instance.id = "i-0123456789abcdef0""#, ""),
    (r#"resource.arn CONTAINS ":function:checkout""#, ""),
    // Annotations.
    (r#"annotation.gameid = "817DL6VO""#, ""),
    ("annotation.age > 29", ""),
    ("annotation.age", ""),
    ("!annotation.age", ""),
    ("annotation.is_premium = true", ""),
    (
        r#"annotation[environment] = "staging""#,
        r#"annotation.environment = "staging""#,
    ),
    (r#"annotation[request.id] = "abc""#, ""),
    (
        "annotation[rank] > 0 AND annotation[rank] <= 20",
        "annotation.rank > 0 AND annotation.rank <= 20",
    ),
    // Services and edges.
    (r#"service("api.example.com")"#, ""),
    (r#"service("api.example.com") { fault }"#, ""),
    ("service() { fault }", ""),
    ("service { fault }", "service() { fault }"),
    (r#"!service("api.example.com")"#, ""),
    (
        r#"service("data-plane") {root = true and fault = true}"#,
        r#"service("data-plane") { root AND fault }"#,
    ),
    (
        r#"service(id(name: "random-name", type: "AWS::Lambda::Function")) { error }"#,
        "",
    ),
    (
        r#"service(id(type: "AWS::Lambda::Function")) { error }"#,
        "",
    ),
    (r#"service(id(account.id: "123456789012"))"#, ""),
    (
        r#"edge("api.example.com", "backend.example.com") { error }"#,
        "",
    ),
    (
        r#"edge(id(name: "a", type: "client"), id(name: "a")) { error }"#,
        "",
    ),
    (r#"service("checkout") { responsetime > 3 }"#, ""),
    (
        r#"http.url BEGINSWITH "http://api.example.com/" AND http.url CONTAINS "/v2/" AND !service("api.example.com")"#,
        "",
    ),
    (
        r#"service { annotation[request.id] = "x" }"#,
        r#"service() { annotation[request.id] = "x" }"#,
    ),
    ("edge { source.annotation.k = 1 }", ""),
    (
        "edge() { destination.annotation[k] = true }",
        "edge { destination.annotation.k = true }",
    ),
    // Groups and root causes.
    (
        r#"group.name = "high_response_time" AND user = "alice""#,
        "",
    ),
    (
        r#"group.arn = "arn:aws:xray:us-west-2:111122223333:group/x/ABC" AND fault"#,
        "",
    ),
    (r#"rootcause.fault.service { name = "Auth" }"#, ""),
    (
        r#"rootcause.fault.entity { last and name = "deserialize" }"#,
        r#"rootcause.fault.entity { last AND name = "deserialize" }"#,
    ),
    (
        r#"rootcause.responsetime.entity { remote and coverage > 0.7 and name = "traces" }"#,
        r#"rootcause.responsetime.entity { remote AND coverage > 0.7 AND name = "traces" }"#,
    ),
    ("rootcause.fault.service { index > 5 }", ""),
    (
        r#"rootcause.fault.exception { last and message = "Access Denied for account_id: 1234567890" }"#,
        r#"rootcause.fault.exception { last AND message = "Access Denied for account_id: 1234567890" }"#,
    ),
    (
        r#"rootcause.responsetime.service { last and type = "AWS::DynamoDB" }"#,
        r#"rootcause.responsetime.service { last AND type = "AWS::DynamoDB" }"#,
    ),
    (
        r#"rootcause.json = #[{ "Services": [ { "Name": "GetWeatherData", "EntityPath": [{ "Name": "GetWeatherData" }] } ] }]"#,
        r#"rootcause.json = #[{"Services":[{"Name":"GetWeatherData","EntityPath":[{"Name":"GetWeatherData"}]}]}]"#,
    ),
    // Queries of teams that use X-Ray.
    (
        r#"service("afirgen-main-backend") AND responsetime > 5"#,
        "",
    ),
    (
        r#"service("afirgen-main-backend") AND error = true"#,
        r#"service("afirgen-main-backend") AND error"#,
    ),
    (r#"annotation.model_name = "summariser""#, ""),
    (r#"annotation.endpoint = "/process""#, ""),
];

/// Texts of one meaning, the canonical one first.
const SYNONYMS: &[&[&str]] = &[
    &[
        "fault",
        "FAULT",
        "fault = true",
        "fault != FALSE",
        "!!fault",
    ],
    &["fault", "((fault))", "fault = \"true\"", "NOT not fault"],
    &[
        "!fault",
        "fault=false",
        "fault!=true",
        "!(fault)",
        "!!!fault",
    ],
    &["!fault", "!(fault = true)", "NOT fault", "!(!(!fault))"],
    &[
        "ok AND error AND fault",
        "ok error fault",
        "ok (error fault)",
    ],
    &[
        "ok AND error AND fault",
        "(ok and error) AND fault",
        "ok(error)fault",
    ],
    &[
        "ok OR error OR fault",
        "ok or (error or fault)",
        "((ok) OR error) oR fault",
    ],
    &[
        "ok OR (error AND fault)",
        "ok OR error fault",
        "ok OR error AND fault",
    ],
    &["(ok OR error) AND fault", "(ok OR error) fault"],
    &[
        "(ok AND error) OR (fault AND partial)",
        "ok error OR fault partial",
    ],
    &["!(ok AND error)", "!(ok error)", "!!!(ok error)"],
    &["!(user = \"a\")", "!user=\"a\"", "not user = \"a\""],
    &[
        "duration < 0.5",
        "duration<.5",
        "Duration < 5e-1",
        "duration < 0.50",
    ],
    &["http.status != 0", "http.status!=-0"],
    &[
        "user BEGINSWITH \"a\\\"é\"",
        "user beginswith \"\\u0061\\\"\\u00E9\"",
    ],
    &["annotation.k", "Annotation[ k ]", "ANNOTATION.k"],
    &["service()", "service", "SERVICE ( )"],
    &["edge", "edge()", "Edge( )"],
    &[
        "service(id(name: \"a\", type: \"b\"))",
        "service(ID(Type:\"b\",NAME:\"a\"))",
    ],
    &[
        "rootcause.json != #[]",
        "json != #[ ]",
        "RootCause.JSON!=#[]",
    ],
];

/// Texts that resemble each other and differ in meaning.
const DIFFERENT: &[(&str, &str)] = &[
    ("user = \"a\"", "user = \"A\""),
    ("annotation.k", "annotation.K"),
    ("annotation.k", "annotation.k = true"),
    ("annotation.k = \"1\"", "annotation.k = 1"),
    ("annotation.k != true", "annotation.k = false"),
    ("user != \"a\"", "!(user = \"a\")"),
    ("edge(\"a\", \"b\")", "edge(\"b\", \"a\")"),
    ("service(\"a\")", "service(id(name: \"a\"))"),
    ("service(\"a\")", "service(\"a\") { ok }"),
    ("(ok OR error) AND fault", "ok OR error AND fault"),
    ("!(ok AND error)", "!ok AND error"),
];

/// Entity selectors and their canonical text, or nothing where it is the same.
const SELECTORS: &[(&str, &str)] = &[
    (r#"service("a")"#, ""),
    (r#"edge("a","b")"#, r#"edge("a", "b")"#),
    (r#"id(name: "a", type: "b")"#, ""),
    (
        r#" Service( ID(account.id:"1") ) "#,
        r#"service(id(account.id: "1"))"#,
    ),
    (r#"edge(id(name: "a"), "b")"#, ""),
];

fn canonical<'a>(text: &'a str, canonical: &'a str) -> &'a str {
    if canonical.is_empty() {
        text
    } else {
        canonical
    }
}

#[test]
fn every_example_of_the_guide_parses() {
    for &(text, expected) in EXAMPLES {
        let printed = parse(text).map(|expression| expression.to_string());
        assert_eq!(printed.as_deref(), Ok(canonical(text, expected)), "{text}");
    }
}

#[test]
fn texts_of_one_meaning_give_one_tree() {
    for texts in SYNONYMS {
        let (canonical, others) = texts.split_first().expect("a canonical text");
        let expected = parse(canonical).expect("valid");
        assert_eq!(expected.to_string(), *canonical);
        for text in others {
            assert_eq!(parse(text).as_ref(), Ok(&expected), "{text}");
        }
    }
}

#[test]
fn texts_of_different_meanings_give_different_trees() {
    for (left, right) in DIFFERENT {
        let left = parse(left).expect("valid");
        let right = parse(right).expect("valid");
        assert_ne!(left, right);
    }
}

#[test]
fn entity_selectors_parse() {
    for &(text, expected) in SELECTORS {
        let printed = parse_entity_selector(text).map(|selector| selector.to_string());
        assert_eq!(printed.as_deref(), Ok(canonical(text, expected)), "{text}");
    }
}

#[test]
fn the_tree_is_what_the_text_says() -> Result<(), ParseError> {
    let text = r#"fault AND responsetime > 1.5 AND http.url AND annotation.tier CONTAINS "x""#;
    let annotation = Annotation {
        side: None,
        key: AnnotationKey::new("tier").expect("valid key"),
    };
    let conditions = [
        Condition::Number {
            keyword: NumberKeyword::ResponseTime,
            test: Number::new(1.5).map(|value| Test {
                operator: NumberOperator::Greater,
                value,
            }),
        },
        Condition::String {
            keyword: StringKeyword::HttpUrl,
            test: None,
        },
        Condition::Annotation {
            annotation,
            test: Some(AnnotationTest::String(Test {
                operator: StringOperator::Contains,
                value: "x".to_owned(),
            })),
        },
    ];
    let first = Logic::Leaf(Term::Condition(Condition::Boolean(BooleanKeyword::Fault)));
    let rest = conditions.map(|condition| Logic::Leaf(Term::Condition(condition)));
    assert_eq!(parse(text)?, Logic::all_of(first, rest));
    Ok(())
}

#[test]
fn entity_selectors_are_what_the_text_says() -> Result<(), ParseError> {
    let id = NodeId::new(NodeField::Name, "a").with(NodeField::Type, "b");
    let selector = parse_entity_selector(r#"id(name: "a", type: "b")"#)?;
    assert_eq!(selector, EntitySelector::Id(id));
    let selector = parse_entity_selector(r#"service("a")"#)?;
    let name = NodePattern::Name("a".to_owned());
    assert_eq!(selector, EntitySelector::Service(name));
    Ok(())
}
