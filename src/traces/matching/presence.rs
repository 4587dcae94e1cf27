//! What must stand in a trace's documents, as text, for an expression to hold: a
//! look at the bytes tells of most traces that they are not meant, many times
//! faster than putting them together would.

use memchr::memmem::{self, Finder};

use super::super::source::Documents;
use crate::filter::{
    AnnotationTest, Block, BooleanKeyword, Condition, Expression, Logic, NodeField, NodePattern,
    RootCauseList, StringKeyword, StringOperator, Term,
};

/// What must be there.
#[derive(Clone, Debug)]
pub(super) enum Need {
    /// Nothing that can be told from the text.
    Nothing,
    /// A text.
    Text(Finder<'static>),
    /// A flag, or an HTTP status with this first digit.
    Outcome(Finder<'static>, u8),
    All(Vec<Need>),
    Any(Vec<Need>),
}

impl Need {
    /// What an expression needs.
    pub(super) fn of(expression: &Expression) -> Self {
        joined(expression, &|term| match term {
            Term::Condition(condition) => of_condition(condition),
            Term::Service(selector) => Self::All(vec![
                selector.node.as_ref().map_or(Self::Nothing, of_node),
                of_block(selector.block.as_ref()),
            ]),
            Term::Edge(selector) => {
                let mut all = vec![of_block(selector.block.as_ref())];
                if let Some(ends) = &selector.endpoints {
                    all.extend([of_node(&ends.source), of_node(&ends.destination)]);
                }
                Self::All(all)
            }
            Term::RootCause(selector) => Self::All(vec![
                of_list(selector.list),
                of_block(Some(&selector.block)),
            ]),
            Term::RootCauseJson(_) | Term::Group { .. } => Self::Nothing,
        })
    }

    /// Whether it is there, as far as can be told.
    pub(super) fn may_be_met(&self, documents: &Documents<'_>) -> bool {
        // Any letter may be written as `\u…`, where no text would be found.
        self.is_met(documents)
            || documents
                .iter()
                .any(|document| memmem::find(document, b"\\u").is_some())
    }

    fn is_met(&self, documents: &Documents<'_>) -> bool {
        let mut documents_with = documents.iter();
        match self {
            Self::Nothing => true,
            Self::Text(finder) => documents_with.any(|it| finder.find(it).is_some()),
            Self::Outcome(flag, digit) => {
                documents_with.any(|it| flag.find(it).is_some() || has_status(it, *digit))
            }
            Self::All(needs) => needs.iter().all(|need| need.is_met(documents)),
            Self::Any(needs) => needs.iter().any(|need| need.is_met(documents)),
        }
    }
}

fn joined<T>(logic: &Logic<T>, leaf: &dyn Fn(&T) -> Need) -> Need {
    let all = |operands: &[Logic<T>]| operands.iter().map(|it| joined(it, leaf)).collect();
    match logic {
        Logic::Or(operands) => Need::Any(all(operands)),
        Logic::And(operands) => Need::All(all(operands)),
        Logic::Not(_) => Need::Nothing,
        Logic::Leaf(it) => leaf(it),
    }
}

fn of_block(block: Option<&Block>) -> Need {
    block.map_or(Need::Nothing, |block| joined(block, &of_condition))
}

fn of_node(pattern: &NodePattern) -> Need {
    match pattern {
        NodePattern::Name(name) => text(name),
        // A type may be one that is inferred, an account one's own.
        NodePattern::Id(id) => id.get(NodeField::Name).map_or(Need::Nothing, text),
    }
}

fn of_list(list: RootCauseList) -> Need {
    match list {
        RootCauseList::FaultService
        | RootCauseList::FaultEntity
        | RootCauseList::FaultException => outcome("\"fault\"", b'5'),
        RootCauseList::ErrorService
        | RootCauseList::ErrorEntity
        | RootCauseList::ErrorException => outcome("\"error\"", b'4'),
        RootCauseList::ResponseTimeService | RootCauseList::ResponseTimeEntity => Need::Nothing,
    }
}

fn of_condition(condition: &Condition) -> Need {
    match condition {
        Condition::Boolean(BooleanKeyword::Fault) => outcome("\"fault\"", b'5'),
        Condition::Boolean(BooleanKeyword::Error) => outcome("\"error\"", b'4'),
        Condition::Boolean(BooleanKeyword::Throttle) => outcome("\"throttle\"", b'4'),
        Condition::String {
            keyword,
            test: Some(test),
        } if *keyword != StringKeyword::Type && test.operator != StringOperator::NotEqual => {
            text(&test.value)
        }
        Condition::Annotation { annotation, test } => {
            let key = text(annotation.key.as_str());
            match test {
                Some(AnnotationTest::String(test)) if test.operator != StringOperator::NotEqual => {
                    Need::All(vec![key, text(&test.value)])
                }
                _ => key,
            }
        }
        _ => Need::Nothing,
    }
}

fn outcome(flag: &'static str, digit: u8) -> Need {
    Need::Outcome(Finder::new(flag), digit)
}

/// The longest part of a text that JSON has but one way to write, `\u…` aside.
fn text(text: &str) -> Need {
    let is_plain =
        |letter: char| matches!(letter, ' '..='~') && !matches!(letter, '"' | '\\' | '/');
    let parts = text.split(|letter| !is_plain(letter));
    match parts.max_by_key(|part| part.len()) {
        None | Some("") => Need::Nothing,
        Some(part) => Need::Text(Finder::new(part).into_owned()),
    }
}

/// Whether a field `status` may have a value with this first digit.
fn has_status(document: &[u8], digit: u8) -> bool {
    const NAME: &[u8] = b"\"status\"";
    memmem::find_iter(document, NAME).any(|at| {
        let value = document.get(at + NAME.len()..).unwrap_or_default();
        let mut value = value
            .iter()
            .skip_while(|it| it.is_ascii_whitespace() || **it == b':');
        let first = value.next();
        let mut rest = value.skip_while(|it| it.is_ascii_digit());
        // `0.5e3` is a status too, and 499.99… may be read as 500.
        let is_whole = matches!(
            rest.next(),
            Some(b',' | b'}' | b' ' | b'\n' | b'\t' | b'\r')
        );
        first == Some(&digit) || !is_whole
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::parse;

    fn may(expression: &str, document: &str) -> bool {
        let need = Need::of(&parse(expression).unwrap());
        need.may_be_met(&[b"{}", document.as_bytes()])
    }

    #[test]
    fn what_lacks_a_text_is_not_meant() {
        let document = r#"{"name":"shop","annotations":{"tier":"gold"},"http":{"response":
            {"status" : 404}},"user":"a\/b"}"#;
        for expression in [
            r#"service("shop")"#,
            r#"annotation.tier = "gold" AND error"#,
            r#"annotation.tier != "gold""#,
            r#"fault OR user = "a/b""#,
            r#"!service("pay")"#,
            r#"edge("shop", id(type: "remote")) { throttle }"#,
            "rootcause.error.service { name }",
            r#"service() { type = "remote" }"#,
            r#"user CONTAINS "" AND duration > 1"#,
        ] {
            assert!(may(expression, document), "{expression}");
        }
        for expression in [
            "fault",
            r#"service("pay")"#,
            r#"edge("shop", "pay")"#,
            "annotation.colour",
            r#"annotation.tier = "silver""#,
            r#"user = "c" AND service("shop")"#,
            r#"service("pay") OR fault"#,
            "rootcause.fault.exception { message }",
            "edge { destination.annotation.colour > 1 }",
        ] {
            assert!(!may(expression, document), "{expression}");
            let escaped = format!("{document}\\u0066");
            assert!(may(expression, &escaped), "{expression}");
        }
    }

    #[test]
    fn a_status_may_be_written_in_many_ways() {
        for status in ["500", " 599 ", "0.5e3", "499.99999999999999999", "[5]"] {
            let document = format!("{{\"status\":{status}}}");
            assert!(may("fault", &document), "{status}");
        }
        for status in ["200", " 404 ", "99999", "null,"] {
            let document = format!("{{\"status\":{status}}}");
            assert_eq!(may("fault", &document), status == "null,", "{status}");
        }
    }
}
