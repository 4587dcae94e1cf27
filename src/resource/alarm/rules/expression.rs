//! Whether an expression names ids that are there. What functions there are,
//! and what they take, is for AWS to say.

use crate::resource::Problems;

/// Reports ids that `expression` names and that are not in `ids`.
pub(super) fn check(expression: &str, ids: &[&str], field: &str, problems: &mut Problems) {
    if is_query(expression) {
        return;
    }
    for (start, word) in names(expression) {
        if ids.contains(&word) {
            continue;
        }
        let problem = problems.report(field, format!("there is no `{word}` in `metrics`"));
        problem.within(start..start + word.len());
        let lower = ids.iter().find(|id| id.eq_ignore_ascii_case(word));
        if let Some(id) = lower {
            problem.hint(format!("did you mean `{id}`?"));
        } else {
            problem.hint(format!("the ids are `{}`", ids.join("`, `")));
        }
    }
}

/// Metrics Insights queries name columns, not ids.
fn is_query(expression: &str) -> bool {
    let first = expression.split_whitespace().next().unwrap_or_default();
    first.eq_ignore_ascii_case("SELECT")
}

/// Lists what can only be ids, with where they begin: words with a lower-case
/// letter in front that are not called as functions.
fn names(expression: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        let start = expression.len() - rest.len();
        let length = match first {
            '"' | '\'' => quoted(rest, first),
            _ if is_word(first) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (word, after) = rest.split_at(length);
        let is_called = after.trim_start().starts_with('(');
        if first.is_ascii_lowercase() && !is_called {
            found.push((start, word));
        }
        rest = after;
    }
    found
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || character == '.'
}

/// The length of the text in quotes that `rest` begins with.
fn quoted(rest: &str, quote: char) -> usize {
    rest[1..].find(quote).map_or(rest.len(), |end| end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_ids_of_an_expression() {
        let found = |text| -> Vec<&str> { names(text).into_iter().map(|(_, word)| word).collect() };
        assert_eq!(
            found("IF(total > 0, 100 * matching/total, 1e3)"),
            ["total", "matching", "total"]
        );
        assert_eq!(found("SUM(METRICS('m1'))"), [""; 0]);
        assert_eq!(found("abs (m1) + m2_é"), ["m1", "m2_é"]);
        assert_eq!(found("'open"), [""; 0]);
    }
}
