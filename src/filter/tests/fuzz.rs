//! Any text as a filter expression.

use crate::filter::{ParseError, parse, parse_entity_selector};
use crate::fuzz;

fuzz::target!(filter_expression, 2000, expression);

/// What is taken has a canonical text that says the same; what is refused is
/// refused at a place in the text.
fn expression(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    match parse(&text) {
        Ok(expression) => {
            let printed = expression.to_string();
            assert_eq!(parse(&printed), Ok(expression));
            fuzz::bounded(text.as_bytes(), printed.len(), 16);
        }
        Err(error) => is_in(&text, &error),
    }
    match parse_entity_selector(&text) {
        Ok(selector) => {
            let printed = selector.to_string();
            assert_eq!(parse_entity_selector(&printed), Ok(selector));
        }
        Err(error) => is_in(&text, &error),
    }
}

fn is_in(text: &str, error: &ParseError) {
    assert!(text.get(error.span.clone()).is_some(), "{error:?}");
}
