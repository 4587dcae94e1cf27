//! Long and deep texts.

use crate::filter::{
    Logic, MAX_NESTING, MAX_SELECTOR_CHARS, ParseErrorKind, parse, parse_entity_selector,
};

fn nested(levels: usize) -> String {
    format!("{}ok{}", "(".repeat(levels), ")".repeat(levels))
}

#[test]
fn nesting_is_bounded() {
    assert_eq!(parse(&nested(MAX_NESTING)), parse("ok"));
    for levels in [MAX_NESTING + 1, 10_000] {
        let error = parse(&nested(levels)).expect_err("too deep");
        assert_eq!(error.kind, ParseErrorKind::TooDeep { limit: MAX_NESTING });
        assert_eq!(error.span, MAX_NESTING..MAX_NESTING + 1);
    }
}

#[test]
fn blocks_count_as_a_level() {
    let block = format!("service() {{ {} }}", nested(MAX_NESTING));
    let error = parse(&block).expect_err("too deep");
    assert_eq!(error.kind, ParseErrorKind::TooDeep { limit: MAX_NESTING });
    let block = format!("service() {{ {} }}", nested(MAX_NESTING - 1));
    assert_eq!(parse(&block), parse("service() { ok }"));
}

#[test]
fn unclosed_nesting_is_bounded() {
    for bracket in ["(", "!(", "service(){(", "rootcause.fault.entity{"] {
        assert!(parse(&bracket.repeat(100_000)).is_err(), "{bracket}");
    }
}

#[test]
fn negations_do_not_nest() {
    let even = format!("{}ok", "!".repeat(100_000));
    assert_eq!(parse(&even), parse("ok"));
    let odd = format!("{}ok", "NOT ".repeat(100_001));
    assert_eq!(parse(&odd), parse("!ok"));
}

#[test]
fn json_nesting_is_bounded() {
    let text = format!("rootcause.json = #{}", "[".repeat(100_000));
    let error = parse(&text).expect_err("too deep");
    assert!(matches!(error.kind, ParseErrorKind::InvalidJson { .. }));
}

/// Parentheses that only the canonical text has count as well, or it would not
/// parse in turn.
#[test]
fn canonical_text_is_within_the_limit() {
    // Each level of the text has one parenthesis and its canonical form two.
    let levels = |count: usize| {
        let open = "(".repeat(count);
        format!("{open}ok{}", " ok OR ok) ok".repeat(count))
    };
    let half = MAX_NESTING / 2;
    let expression = parse(&levels(half)).expect("valid");
    assert_eq!(parse(&expression.to_string()), Ok(expression));
    let text = levels(half + 1);
    let error = parse(&text).expect_err("too deep");
    assert_eq!(error.kind, ParseErrorKind::TooDeep { limit: MAX_NESTING });
    assert_eq!(error.span, 0..text.len());
}

#[test]
fn a_megabyte_parses() {
    let operand = r#"service("checkout") { fault } OR "#;
    let count = (1 << 20) / operand.len();
    let text = format!("{}ok", operand.repeat(count));
    let expression = parse(&text).expect("valid");
    assert!(matches!(&expression, Logic::Or(operands) if operands.len() == count + 1));
    assert_eq!(parse(&expression.to_string()), Ok(expression));
}

#[test]
fn a_megabyte_in_one_token_parses() {
    let long = "x\\n".repeat(1 << 19);
    assert!(parse(&format!("user = \"{long}\"")).is_ok());
    assert!(parse(&"x".repeat(1 << 20)).is_err());
    assert!(parse(&"'".repeat(1 << 20)).is_err());
    assert!(parse(&"1".repeat(1 << 20)).is_err());
}

#[test]
fn entity_selectors_have_a_length_in_characters() {
    let selector = |name: usize| format!("service(\"{}\")", "é".repeat(name));
    let frame = selector(0).len();
    let longest = selector(MAX_SELECTOR_CHARS - frame);
    assert!(parse_entity_selector(&longest).is_ok());
    let text = selector(MAX_SELECTOR_CHARS - frame + 1);
    let error = parse_entity_selector(&text).expect_err("too long");
    assert_eq!(
        error.to_string(),
        "entity selector has 501 characters, more than 500"
    );
    assert_eq!(&text[error.span], ")");
}
