//! Hints for words and operators that the language does not have.

use super::keyword::{NodeField, RootCauseList};
use super::name;
use super::value::AnnotationKey;

/// Most edits between a misspelt word and the word that was meant.
const MAX_EDITS: usize = 3;

/// Suggests the operator that was meant.
pub(super) fn operator(text: &str) -> Option<String> {
    let meant = match text {
        "==" | "===" => "=",
        "<>" | "!==" => "!=",
        "=>" => ">=",
        "=<" => "<=",
        "&" | "&&" => "AND",
        "|" | "||" => "OR",
        "~" | "=~" => "CONTAINS",
        _ => return None,
    };
    Some(format!("did you mean `{meant}`?"))
}

/// Suggests what a text that begins like a number was meant to be.
pub(super) fn number(text: &str) -> String {
    let amount = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    match text.strip_prefix(amount) {
        Some("s" | "ms") => "times are seconds without a unit".to_owned(),
        _ => format!("text goes in double quotes: `\"{text}\"`"),
    }
}

/// Suggests what an unknown word at the start of a condition was meant to be.
pub(super) fn keyword(word: &str) -> Option<String> {
    // `status` and the like: the last part of a longer keyword.
    let by_part = name::all().find(|name| {
        name.rsplit_once('.')
            .is_some_and(|(_, part)| part.eq_ignore_ascii_case(word))
    });
    if let Some(name) = by_part.or_else(|| closest(word, name::all())) {
        return Some(did_you_mean(name));
    }
    let key = AnnotationKey::new(word)?;
    let written = if key.has_dot() {
        format!("annotation[{word}]")
    } else {
        format!("annotation.{word}")
    };
    Some(format!("an annotation is written `{written}`"))
}

/// Suggests the root cause list that was meant.
pub(super) fn root_cause_list(word: &str) -> String {
    if word.eq_ignore_ascii_case("rootcause.responsetime.exception") {
        return "slow responses have services and entities, no exceptions".to_owned();
    }
    let names = RootCauseList::ALL.iter().map(|list| list.as_str());
    closest(word, names).map_or_else(
        || "lists are named as in `rootcause.fault.service`".to_owned(),
        did_you_mean,
    )
}

/// Suggests the field of `id(…)` that was meant.
pub(super) fn node_field(word: &str) -> String {
    let names = NodeField::ALL.iter().map(|field| field.as_str());
    closest(word, names).map_or_else(
        || "the fields are `name`, `type` and `account.id`".to_owned(),
        did_you_mean,
    )
}

fn did_you_mean(name: &str) -> String {
    format!("did you mean `{name}`?")
}

fn closest(word: &str, names: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    // A third of the letters, or else every short word resembles some keyword.
    let limit = (word.len() / 3).clamp(1, MAX_EDITS);
    let word = word.to_ascii_lowercase();
    names
        .filter(|name| name.len().abs_diff(word.len()) <= limit)
        .map(|name| (strsim::osa_distance(&word, name), name))
        .filter(|&(edits, _)| edits <= limit)
        .min_by_key(|&(edits, _)| edits)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_keywords_are_recognised() {
        let cases = [
            ("falut", "did you mean `fault`?"),
            ("Response_Time", "did you mean `responsetime`?"),
            ("status", "did you mean `http.status`?"),
            ("groupname", "did you mean `group.name`?"),
            ("services", "did you mean `service`?"),
            ("tier", "an annotation is written `annotation.tier`"),
            ("a.b", "an annotation is written `annotation[a.b]`"),
        ];
        for (word, hint) in cases {
            assert_eq!(keyword(word).as_deref(), Some(hint), "{word}");
        }
        assert_eq!(keyword("größe"), None);
    }

    #[test]
    fn endless_words_are_not_measured() {
        assert_eq!(closest(&"x".repeat(1 << 20), name::all()), None);
    }
}
