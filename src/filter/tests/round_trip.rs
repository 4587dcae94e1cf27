//! Random trees and random texts.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::generate::{self, Words, logic};
use crate::filter::{
    AnnotationKey, BooleanKeyword, Condition, EntitySelector, Expression, Number, RootCausePattern,
    parse, parse_entity_selector,
};

/// Any that there can be.
fn words() -> Words {
    Words {
        text: any::<String>().boxed(),
        number: any::<f64>().prop_filter_map("finite", Number::new).boxed(),
        key: "[A-Za-z0-9_.]{1,12}"
            .prop_filter_map("valid key", AnnotationKey::new)
            .boxed(),
        pattern: pattern().boxed(),
    }
}

fn pattern() -> impl Strategy<Value = RootCausePattern> {
    // Eighths are exact in binary: serde_json reads other fractions inexactly
    // unless it is built with `float_roundtrip`.
    let entity = (any::<String>(), any::<bool>(), 0_u8..=8).prop_map(|(name, remote, eighths)| {
        json!({"Name": name, "Remote": remote, "Coverage": f64::from(eighths) / 8.0})
    });
    vec(entity, 0..3)
        .prop_map(|path| RootCausePattern(vec![json!({"EntityPath": path}), Value::Null]))
}

fn expression() -> impl Strategy<Value = Expression> {
    generate::expression(&words())
}

fn entity_selector() -> impl Strategy<Value = EntitySelector> {
    let words = words();
    prop_oneof![
        generate::node(&words).prop_map(EntitySelector::Service),
        generate::endpoints(&words).prop_map(EntitySelector::Edge),
        generate::node_id(&words).prop_map(EntitySelector::Id),
    ]
}

/// Counts how deeply brackets nest in a text whose strings have none.
fn depth(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut deepest = 0;
    for character in text.chars() {
        match character {
            '(' | '{' => depth += 1,
            ')' | '}' => depth -= 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

proptest! {
    #[test]
    fn printed_trees_parse_to_themselves(expression in expression()) {
        let text = expression.to_string();
        prop_assert_eq!(parse(&text), Ok(expression), "{}", text);
    }

    #[test]
    fn printed_selectors_parse_to_themselves(selector in entity_selector()) {
        let text = selector.to_string();
        prop_assume!(text.chars().count() <= 500);
        prop_assert_eq!(parse_entity_selector(&text), Ok(selector), "{}", text);
    }

    #[test]
    fn nesting_is_that_of_the_printed_text(
        block in logic(select(BooleanKeyword::ALL).prop_map(Condition::Boolean)),
    ) {
        prop_assert_eq!(block.nesting(), depth(&block.to_string()));
    }

    #[test]
    fn negating_twice_gives_the_same_tree(expression in expression()) {
        prop_assert_eq!(!!expression.clone(), expression);
    }

    #[test]
    fn arbitrary_text_never_panics(text in any::<String>()) {
        let _ = parse(&text);
        let _ = parse_entity_selector(&text);
    }

    /// Text made of tokens gets further into the grammar than random characters.
    #[test]
    fn errors_point_into_the_text(words in vec(select(WORDS), 0..12)) {
        let text = words.join(" ");
        match parse(&text) {
            Ok(expression) => {
                let printed = expression.to_string();
                prop_assert_eq!(parse(&printed).map(|tree| tree.to_string()), Ok(printed));
            }
            Err(error) => prop_assert!(text.get(error.span).is_some()),
        }
    }
}

const WORDS: &[&str] = &[
    "ok",
    "fault",
    "first",
    "duration",
    "index",
    "user",
    "name",
    "annotation.k",
    "annotation[é]",
    "source.annotation",
    "service",
    "edge",
    "id",
    "rootcause.fault.entity",
    "rootcause.json",
    "group.name",
    "foo",
    "é",
    "AND",
    "OR",
    "!",
    "(",
    ")",
    "{",
    "}",
    ",",
    ":",
    "=",
    "!=",
    "<",
    "CONTAINS",
    "\"é\"",
    "'é'",
    "\"\\q\"",
    "\"",
    "1",
    "1.2.3",
    "true",
    "#[\"é\"]",
    "#[é",
    "=>",
];
