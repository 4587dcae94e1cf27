//! The rules of composite alarms: `ALARM("a") AND NOT (OK("b") OR FALSE)`.
//!
//! Grammar: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html>,
//! read on 2026-11-21. AWS does not say which of AND and OR binds closer, so
//! that the parentheses of a rule are never touched.

use std::fmt::Write;
use std::ops::Range;

/// Most alarms that one rule may name.
const MOST_CHILDREN: usize = 100;
/// How deep parentheses may be nested here; nobody writes that many.
const MAX_NESTING: usize = 100;
/// Words that ask for the state of an alarm.
const STATES: [&str; 3] = ["ALARM", "OK", "INSUFFICIENT_DATA"];

/// A rule that AWS takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    /// The one form in which rules are compared: single blanks, all names in
    /// quotes.
    pub(super) text: String,
    /// The alarms that it names, as it names them: by name or ARN.
    pub(super) children: Vec<String>,
}

/// Why a text is no rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RuleError {
    /// What is wrong.
    pub(super) message: String,
    /// The bytes at fault.
    pub(super) span: Range<usize>,
    /// What to do.
    pub(super) hint: Option<String>,
}

/// Asks for an alarm to be in a state; `name` is its name or ARN.
pub(super) fn in_alarm(name: &str) -> String {
    format!("ALARM({})", quoted(name))
}

fn quoted(name: &str) -> String {
    let mut text = String::from("\"");
    for character in name.chars() {
        if matches!(character, '"' | '\\') {
            text.push('\\');
        }
        text.push(character);
    }
    text.push('"');
    text
}

/// Reads a rule.
///
/// # Errors
/// The first thing in it that AWS does not take.
pub(super) fn parse(text: &str) -> Result<Rule, RuleError> {
    let mut parser = Parser {
        source: text,
        at: 0,
        rule: Rule {
            text: String::new(),
            children: Vec::new(),
        },
    };
    parser.expression(0)?;
    match parser.peek() {
        (_, "") => {}
        (start, ")") => {
            return Err(parser.error(start..start + 1, "this parenthesis closes nothing"));
        }
        (start, word) => {
            let message = format!("expected AND or OR, found `{word}`");
            let mut error = parser.error(start..start + word.len(), &message);
            error.hint = upper_case_hint(word, &["AND", "OR"]);
            return Err(error);
        }
    }
    let rule = parser.rule;
    if rule.children.len() > MOST_CHILDREN {
        return Err(RuleError {
            message: format!(
                "the rule names {} alarms, AWS takes at most {MOST_CHILDREN}",
                rule.children.len()
            ),
            span: 0..text.len(),
            hint: Some("group some of them in a composite alarm of their own".to_owned()),
        });
    }
    Ok(rule)
}

struct Parser<'a> {
    source: &'a str,
    at: usize,
    rule: Rule,
}

impl<'a> Parser<'a> {
    /// Reads operands with AND and OR between them.
    fn expression(&mut self, depth: usize) -> Result<(), RuleError> {
        loop {
            self.operand(depth)?;
            let (_, word) = self.peek();
            if !matches!(word, "AND" | "OR") {
                return Ok(());
            }
            self.take(word);
            // Writing to a String cannot fail.
            let _ = write!(self.rule.text, " {word} ");
        }
    }

    fn operand(&mut self, depth: usize) -> Result<(), RuleError> {
        let (start, word) = self.peek();
        match word {
            "NOT" => {
                self.take(word);
                self.rule.text.push_str("NOT ");
                self.deeper(start, depth)?;
                self.operand(depth + 1)
            }
            "(" => {
                self.take(word);
                self.rule.text.push('(');
                self.deeper(start, depth)?;
                self.expression(depth + 1)?;
                self.close(start)
            }
            "TRUE" | "FALSE" => {
                self.take(word);
                self.rule.text.push_str(word);
                Ok(())
            }
            _ if STATES.contains(&word) => {
                self.take(word);
                self.rule.text.push_str(word);
                self.alarm(word)
            }
            _ => Err(self.no_operand(start, word)),
        }
    }

    fn deeper(&self, start: usize, depth: usize) -> Result<(), RuleError> {
        if depth < MAX_NESTING {
            return Ok(());
        }
        let message = format!("the rule is nested deeper than {MAX_NESTING} levels");
        Err(self.error(start..start + 1, &message))
    }

    fn no_operand(&self, start: usize, word: &str) -> RuleError {
        let expected = "expected ALARM(…), OK(…), INSUFFICIENT_DATA(…), TRUE, FALSE, NOT or `(`";
        let message = match word {
            "" => format!("{expected}, found the end"),
            word => format!("{expected}, found `{word}`"),
        };
        let mut error = self.error(start..start + word.len().max(1), &message);
        let words = ["ALARM", "OK", "INSUFFICIENT_DATA", "TRUE", "FALSE", "NOT"];
        error.hint = upper_case_hint(word, &words);
        let begins = |character: char| character.is_alphanumeric() || character == '"';
        if error.hint.is_none() && word.starts_with(begins) {
            let name = word.trim_matches('"');
            error.hint = Some(format!("name an alarm as `ALARM(\"{name}\")`"));
        }
        error
    }

    /// Reads the alarm that a state is asked of.
    fn alarm(&mut self, state: &str) -> Result<(), RuleError> {
        let (open, word) = self.peek();
        if word != "(" {
            let message = format!("expected `(` and an alarm after {state}");
            return Err(self.error(open..open + word.len().max(1), &message));
        }
        self.take("(");
        self.blank();
        let start = self.at;
        let name = if self.rest().starts_with('"') {
            self.quoted_name()?
        } else {
            let is_end = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"');
            let length = self.rest().find(is_end).unwrap_or(self.rest().len());
            self.at += length;
            self.source[start..self.at].to_owned()
        };
        if name.is_empty() {
            let span = start..(start + 1).min(self.source.len());
            return Err(self.error(span, &format!("{state} names no alarm")));
        }
        let end = self.at;
        let (_, next) = self.peek();
        if next != ")" && !next.is_empty() {
            let mut error = self.error(start..end, "expected `)` after the name of the alarm");
            error.hint = Some("put a name that holds blanks into quotes".to_owned());
            return Err(error);
        }
        let _ = write!(self.rule.text, "({}", quoted(&name));
        if !self.rule.children.contains(&name) {
            self.rule.children.push(name);
        }
        self.close(open)
    }

    fn quoted_name(&mut self) -> Result<String, RuleError> {
        let start = self.at;
        let mut name = String::new();
        let mut characters = self.rest().char_indices().skip(1);
        while let Some((index, character)) = characters.next() {
            match character {
                '"' => {
                    self.at = start + index + 1;
                    return Ok(name);
                }
                '\\' => name.extend(characters.next().map(|(_, escaped)| escaped)),
                other => name.push(other),
            }
        }
        Err(self.error(start..start + 1, "these quotes are never closed"))
    }

    fn close(&mut self, open: usize) -> Result<(), RuleError> {
        match self.peek() {
            (_, ")") => {
                self.take(")");
                self.rule.text.push(')');
                Ok(())
            }
            (_, "") => Err(self.error(open..open + 1, "this parenthesis is never closed")),
            (start, word) => {
                let message = format!("expected AND, OR or `)`, found `{word}`");
                let mut error = self.error(start..start + word.len(), &message);
                error.hint = upper_case_hint(word, &["AND", "OR"]);
                Err(error)
            }
        }
    }

    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    fn blank(&mut self) {
        self.at = self.source.len() - self.rest().trim_start().len();
    }

    /// Returns the next word, or parenthesis, and where it begins; an empty
    /// text at the end.
    fn peek(&mut self) -> (usize, &'a str) {
        self.blank();
        let rest = self.rest();
        let is_end = |c: char| c.is_whitespace() || matches!(c, '(' | ')');
        let length = match rest.find(is_end) {
            Some(0) => 1,
            Some(length) => length,
            None => rest.len(),
        };
        (self.at, &rest[..length])
    }

    fn take(&mut self, word: &str) {
        self.at += word.len();
    }

    /// An error at `span`, which may end within a character.
    fn error(&self, span: Range<usize>, message: &str) -> RuleError {
        let inside = |index: usize| {
            let mut index = index.min(self.source.len());
            while !self.source.is_char_boundary(index) {
                index += 1;
            }
            index
        };
        RuleError {
            message: message.to_owned(),
            span: inside(span.start)..inside(span.end),
            hint: None,
        }
    }
}

fn upper_case_hint(word: &str, known: &[&str]) -> Option<String> {
    let upper = word.to_ascii_uppercase();
    known
        .contains(&upper.as_str())
        .then(|| format!("write `{upper}`"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canonical(text: &str) -> String {
        parse(text).unwrap().text
    }

    #[test]
    fn blanks_and_quotes_make_no_difference() {
        let expected = r#"(ALARM("a") OR OK("b")) AND NOT INSUFFICIENT_DATA("c")"#;
        for text in [
            expected,
            "(ALARM(a) OR OK(b)) AND NOT INSUFFICIENT_DATA(c)",
            " ( ALARM( a )\n  OR OK(\"b\") )AND NOT  INSUFFICIENT_DATA ( c ) ",
        ] {
            assert_eq!(canonical(text), expected);
        }
        assert_eq!(canonical("TRUE"), "TRUE");
        assert_eq!(canonical("NOT NOT (FALSE)"), "NOT NOT (FALSE)");
    }

    #[test]
    fn names_may_hold_anything() {
        let arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:x";
        let rule = parse(&format!(
            r#"ALARM({arn}) OR OK("a \"b\" (c)") OR ALARM({arn})"#
        ))
        .unwrap();
        assert_eq!(rule.children, [arn, "a \"b\" (c)"]);
        assert!(rule.text.contains(r#"OK("a \"b\" (c)")"#), "{}", rule.text);
        assert_eq!(in_alarm("a\"b"), "ALARM(\"a\\\"b\")");
    }

    #[test]
    fn faults_are_told_with_their_place() {
        for (text, at, message) in [
            ("", 0..0, "found the end"),
            ("ALARM(a) OR", 11..11, "found the end"),
            ("ALARM(a) OK(b)", 9..11, "expected AND or OR, found `OK`"),
            ("ALARM(a) or OK(b)", 9..11, "expected AND or OR, found `or`"),
            ("(ALARM(a)", 0..1, "never closed"),
            ("ALARM(a))", 8..9, "closes nothing"),
            ("ALARM(a", 5..6, "never closed"),
            ("ALARM()", 6..7, "names no alarm"),
            ("ALARM", 5..5, "after ALARM"),
            ("ALARM(\"a)", 6..7, "quotes"),
            ("ALARM(a b)", 6..7, "expected `)`"),
            ("a OR b", 0..1, "found `a`"),
            ("()", 1..2, "found `)`"),
            ("(TRUE é)", 6..8, "found `é`"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.message.contains(message), "{text}: {error:?}");
            assert_eq!(error.span, at, "{text}: {error:?}");
        }
        let error = parse("alarm(a)").unwrap_err();
        assert_eq!(error.hint.as_deref(), Some("write `ALARM`"));
        let error = parse("errors OR TRUE").unwrap_err();
        let hint = "name an alarm as `ALARM(\"errors\")`";
        assert_eq!(error.hint.as_deref(), Some(hint));
    }

    #[test]
    fn limits() {
        let rule = |count: usize| {
            let alarms: Vec<String> = (0..count).map(|n| format!("ALARM(a{n})")).collect();
            alarms.join(" OR ")
        };
        assert_eq!(parse(&rule(100)).unwrap().children.len(), 100);
        assert!(parse(&rule(101)).unwrap_err().message.contains("101"));
        let deep = format!("{}TRUE{}", "(".repeat(5000), ")".repeat(5000));
        assert!(parse(&deep).unwrap_err().message.contains("nested"));
    }

    fn rules() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("TRUE".to_owned()),
            "[ -~]{1,8}".prop_map(|name| in_alarm(&name)),
            "[a-z]{1,4}".prop_map(|name| format!("OK ( {name})")),
        ];
        leaf.prop_recursive(4, 24, 3, |inner| {
            prop_oneof![
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} AND  {b}")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}\tOR {b}")),
                inner.clone().prop_map(|a| format!("NOT {a}")),
                inner.prop_map(|a| format!("( {a} )")),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_canonical_form_is_stable(text in rules()) {
            let once = parse(&text).unwrap();
            let twice = parse(&once.text).unwrap();
            prop_assert_eq!(once, twice);
        }

        #[test]
        fn no_text_is_too_odd(text in "\\PC{0,40}") {
            if let Err(error) = parse(&text) {
                prop_assert!(text.get(error.span).is_some());
            }
        }
    }
}
