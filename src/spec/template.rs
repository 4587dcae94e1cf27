//! `${...}` inside a text: where it stands and what it names.

use std::ops::Range;

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// Text as it is.
    Plain(&'a str),
    /// `${name}`.
    Reference {
        /// What stands between the braces, without blanks around it.
        name: &'a str,
        /// Its bytes in the text, with dollar sign and braces.
        at: Range<usize>,
    },
    /// `${` without its closing brace.
    Unclosed {
        /// From the dollar sign to the end of the text.
        at: Range<usize>,
    },
}

/// Takes `text` apart. `$${` is a literal `${`. What can only be a policy
/// variable of IAM, `${aws:username}`, `${*}`, is text as well, so that a
/// policy stands in a spec as it stands in the console.
pub(super) fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut plain = 0;
    let mut at = 0;
    while let Some(found) = text[at..].find("${") {
        let start = at + found;
        if text[..start].ends_with('$') && start > plain {
            // The first dollar sign escapes: it goes, the rest stays.
            parts.push(Part::Plain(&text[plain..start - 1]));
            plain = start;
            at = start + 2;
            continue;
        }
        let Some(length) = text[start..].find('}') else {
            parts.push(Part::Plain(&text[plain..start]));
            parts.push(Part::Unclosed {
                at: start..text.len(),
            });
            plain = text.len();
            break;
        };
        let end = start + length + 1;
        let name = text[start + 2..end - 1].trim();
        if !is_policy_variable(name) {
            parts.push(Part::Plain(&text[plain..start]));
            parts.push(Part::Reference {
                name,
                at: start..end,
            });
            plain = end;
        }
        at = end;
    }
    parts.push(Part::Plain(&text[plain..]));
    parts.retain(|part| *part != Part::Plain(""));
    parts
}

/// Names of ours hold no colon; those of IAM do, but for its three escapes.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>,
/// read 2026-11-21.
fn is_policy_variable(name: &str) -> bool {
    name.contains(':') || matches!(name, "*" | "?" | "$")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str) -> String {
        parts(text)
            .into_iter()
            .map(|part| match part {
                Part::Plain(text) => format!("[{text}]"),
                Part::Reference { name, at } => format!("<{name}@{}..{}>", at.start, at.end),
                Part::Unclosed { at } => format!("!{}", at.start),
            })
            .collect()
    }

    #[test]
    fn takes_texts_apart() {
        assert_eq!(show("plain $5 {x}"), "[plain $5 {x}]");
        assert_eq!(show("${var.x}"), "<var.x@0..8>");
        assert_eq!(show("a ${ env } b"), "[a ]<env@2..10>[ b]");
        assert_eq!(show("$${var.x}"), "[${var.x}]");
        assert_eq!(show("a$${b}${env}$"), "[a][${b}]<env@6..12>[$]");
        assert_eq!(show("a ${var.x"), "[a ]!2");
        assert_eq!(show("${aws:username}/${*}"), "[${aws:username}/${*}]");
        assert_eq!(show(""), "");
    }
}
