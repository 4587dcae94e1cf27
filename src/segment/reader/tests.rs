//! The reader beside `serde_json`, which reads the same.

use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::*;

fn is_skipped(text: &str) -> bool {
    let mut reader = Reader::of(text);
    reader.skip().and_then(|()| reader.end()).is_ok()
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[a-c\"\\\\\n\u{1}\u{e9}\u{1f600} ]{0,80}".prop_map(Value::from),
    ];
    scalar.prop_recursive(6, 60, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::hash_map("[a-c\"\\\\ ]{0,20}", inner, 0..6)
                .prop_map(|map| map.into_iter().collect()),
        ]
    })
}

#[test]
fn what_json_allows_and_does_not() {
    let texts = [
        "",
        " ",
        "0",
        "-0",
        "-",
        "01",
        "1.",
        ".5",
        "1.5",
        "1e",
        "1e5",
        "1E+5",
        "1e-",
        "+1",
        "- 1",
        "1e999",
        "true",
        "tru",
        "truex",
        "nullnull",
        "false",
        "null",
        "\"",
        "\"\"",
        "\"a",
        "\"\t\"",
        "\"\\\"",
        "\"\\\\\"",
        "\"\\x\"",
        "\"\\u00e9\"",
        "\"\\u00g9\"",
        "\"\\u00\"",
        "\"\\ud800\"",
        "\"\\\\\\\"\"",
        "{",
        "}",
        "{}",
        "{ }",
        "[]",
        "[ ]",
        "[}",
        "{]",
        "[1]",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1,2",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{\"a\":1 \"b\":2}",
        "{1:2}",
        "{\"a\" : [ { } , { \"b\" : [ ] } ] } ",
        "{\"a\":1}}",
        "[[],[[]],{}]",
        "\u{a0}1",
        "1\u{a0}",
        "\r\n\t {\"a\"\n:\t1\r}\n",
        "{\n\"a\":\"\n\"}",
        "\u{feff}1",
        "\u{c}1",
    ];
    for text in texts {
        assert_eq!(is_skipped(text), is_json(text), "{text:?}");
    }
}

#[test]
fn values_are_passed_however_deep() {
    for depth in [1, 63, 64, 65, 127, 128, 129, 20_000] {
        let maps = format!("{}1{}", "{\"a\":[".repeat(depth), "]}".repeat(depth));
        assert!(is_skipped(&maps), "{depth}");
        let crossed = maps.replacen("]}", "}]", 1);
        assert!(!is_skipped(&crossed), "{depth}");
        let short = &maps[..maps.len() - 1];
        assert!(!is_skipped(short), "{depth}");
    }
}

#[test]
fn texts_and_numbers_are_taken() {
    let mut reader =
        Reader::of(" { \"a\\u00e9\" : 17.25 , \"b\" : \"\\ud83d\\ude00\" , \"c\":\"\\ud800\"}");
    assert_eq!(reader.kind(), Ok(Kind::In(Container::Map)));
    assert!(reader.enter(Container::Map));
    assert_eq!(reader.key().and_then(Raw::text), Ok("a\u{e9}".into()));
    assert_eq!(reader.kind(), Ok(Kind::Number));
    assert_eq!(reader.number(), Ok(17.25));
    assert_eq!(reader.more(Container::Map), Ok(true));
    let key = reader.key().and_then(Raw::text);
    assert!(matches!(key, Ok(Cow::Borrowed("b"))));
    assert_eq!(reader.raw().and_then(Raw::text), Ok("\u{1f600}".into()));
    assert_eq!(reader.more(Container::Map), Ok(true));
    assert_eq!(reader.key().and_then(Raw::text), Ok("c".into()));
    // Half a pair is no letter.
    assert_eq!(reader.raw().map(Raw::text), Ok(Err(Malformed)));
    assert_eq!(reader.more(Container::Map), Ok(false));
    assert_eq!(reader.end(), Ok(()));
    assert_eq!(Reader::of("1e999").number(), Err(Malformed));
}

proptest! {
    #[test]
    fn json_is_passed(value in value()) {
        let compact = value.to_string();
        prop_assert!(is_skipped(&compact), "{}", compact);
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        prop_assert!(is_skipped(&pretty), "{}", pretty);
    }

    #[test]
    fn a_changed_text_is_json_or_is_not(
        value in value(),
        at: prop::sample::Index,
        letter in prop_oneof![
            prop::sample::select("\"\\{}[]:,0-.eEtn \nu".chars().collect::<Vec<_>>()),
            any::<char>(),
        ],
        is_added: bool,
    ) {
        let mut letters: Vec<char> = json!({"a": [value]}).to_string().chars().collect();
        let at = at.index(letters.len());
        if is_added {
            letters.insert(at, letter);
        } else {
            letters[at] = letter;
        }
        let text: String = letters.into_iter().collect();
        prop_assert_eq!(is_skipped(&text), is_json(&text), "{}", text);
    }

    #[test]
    fn texts_and_numbers_are_as_written(text: String, number: f64) {
        let written = serde_json::to_string(&text).unwrap();
        prop_assert_eq!(Reader::of(&written).raw().and_then(Raw::text), Ok(text.into()));
        prop_assume!(number.is_finite());
        prop_assert_eq!(Reader::of(&json!(number).to_string()).number(), Ok(number));
    }
}
