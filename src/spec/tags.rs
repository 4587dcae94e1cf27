//! Tags: what AWS accepts as one, and how the stack's and a resource's merge.

use serde_json::{Value as Json, json};

use super::node::{Node, Value};
use super::report::{Finding, Span};
use crate::model::Tags;
use crate::model::live::TAG_PREFIX;

/// How many tags AWS keeps on one resource.
/// <https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html>,
/// read 2026-11-21.
const MAX_TAGS: usize = 50;

/// How many of them hold whose the resource is: stack, name, what was applied.
const OUR_TAGS: usize = 3;

/// What of ASCII a tag is made of. Written without classes of Unicode, which
/// not every reader of a JSON Schema knows; the rest is [`is_accepted`]'s.
const CHARACTERS: &str = r"^[^\x00-\x1f!-*,;<>?\[-^`{-\x7f]*$";

const HINT: &str = "a tag takes letters, digits, blanks and `_ . : / = + - @`";

/// Describes a table of tags.
pub(super) fn schema(description: &str) -> Json {
    json!({
        "description": description,
        "type": "object",
        "propertyNames": {
            "type": "string",
            "minLength": 1,
            "maxLength": 128,
            "pattern": CHARACTERS,
            "x-hint": HINT,
        },
        "additionalProperties": {
            "type": "string",
            "maxLength": 256,
            "pattern": CHARACTERS,
            "x-hint": HINT,
        },
    })
}

/// Reads a table of tags that has passed its schema, and lists the keys that
/// belong to others.
pub(super) fn read(node: &Node, findings: &mut Vec<Finding>) -> Tags {
    let mut tags = Tags::new();
    let Value::Table(table) = &node.value else {
        return tags;
    };
    for (key, entry) in table.iter() {
        let owner = match key {
            _ if key.starts_with("aws:") => Some("AWS"),
            _ if key.starts_with(TAG_PREFIX) => Some("xrayctl"),
            _ => None,
        };
        if let Some(owner) = owner {
            let prefix = &key[..=key.find(':').unwrap_or_default()];
            let message =
                format!("`tags.{key}` starts with `{prefix}`, which {owner} keeps to itself");
            findings.push(Finding::new(&entry.key, message).hint("choose another key"));
        }
        if !key.chars().all(is_accepted) {
            let message = format!("`tags`: the key `{key}` is not accepted");
            findings.push(Finding::new(&entry.key, message).hint(HINT));
        }
        if let Some(text) = entry.node.as_text() {
            if !text.text.chars().all(is_accepted) {
                let message = format!("`tags.{key}` is `{}`, which is not accepted", text.text);
                findings.push(Finding::new(&entry.node.span, message).hint(HINT));
            }
            tags.insert(key.to_owned(), text.text.clone());
        }
    }
    tags
}

/// Tells whether AWS takes a character in a tag; of ASCII the schema judges.
fn is_accepted(c: char) -> bool {
    c.is_ascii() || c.is_alphanumeric() || c.is_whitespace()
}

/// Merges a resource's tags over the stack's. `place` is blamed for too many.
pub(super) fn merge(stack: &Tags, own: &Tags, place: &Span) -> Result<Tags, Finding> {
    let mut tags = stack.clone();
    tags.extend(own.iter().map(|(key, value)| (key.clone(), value.clone())));
    let most = MAX_TAGS - OUR_TAGS;
    if tags.len() <= most {
        return Ok(tags);
    }
    let message = format!(
        "has {} tags with those of the stack, at most {most} allowed",
        tags.len()
    );
    Err(Finding::new(place, message).detail(format!(
        "AWS keeps {MAX_TAGS} tags on a resource; {OUR_TAGS} of them say which stack owns it"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_what_aws_does() {
        let pattern = regex::Regex::new(CHARACTERS).unwrap();
        for c in (0..128u8).map(char::from) {
            let is_listed = c.is_ascii_alphanumeric() || " _.:/=+-@".contains(c);
            assert_eq!(pattern.is_match(&c.to_string()), is_listed, "{c:?}");
        }
        assert!(pattern.is_match("é日本"));
        assert!("é日本\u{a0}٣".chars().all(is_accepted));
        assert!(!is_accepted('€') && !is_accepted('😀'));
    }
}
