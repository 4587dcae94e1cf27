//! The nearest known name to one that is not known, for hints.

/// Finds the name that `wanted` was probably meant to be. Letter case and the
/// difference between `-` and `_` do not count; about one slip in three
/// characters is forgiven.
pub fn nearest<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = fold(wanted);
    let length = folded.chars().count();
    let limit = (length / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in known {
        let other = fold(candidate);
        let beats = best.map_or(limit + 1, |(distance, _)| distance);
        // A distance is at least the difference in length: this spares the
        // comparison for most names of a large spec.
        if other.chars().count().abs_diff(length) >= beats {
            continue;
        }
        let distance = strsim::osa_distance(&folded, &other);
        if distance < beats {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Writes the hint for an unknown name: the nearest one or, where nothing is
/// near, those that exist.
pub(super) fn hint<'a>(
    wanted: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
) -> Option<String> {
    if let Some(name) = nearest(wanted, known.clone()) {
        return Some(format!("did you mean `{name}`?"));
    }
    let names: Vec<&str> = known.into_iter().collect();
    match names.as_slice() {
        [] => None,
        [only] => Some(format!("only `{only}` is known here")),
        _ => Some(format!("known are {}", list(&names, "and"))),
    }
}

/// Writes names in backticks, the last joined with `word`: `a`, `b` and `c`.
/// A long list is cut.
pub(super) fn list<S: AsRef<str>>(names: &[S], word: &str) -> String {
    const SHOWN: usize = 24;
    let quoted: Vec<String> = names
        .iter()
        .take(SHOWN)
        .map(|name| format!("`{}`", name.as_ref()))
        .collect();
    if names.len() > SHOWN {
        return format!("{} {word} {} more", quoted.join(", "), names.len() - SHOWN);
    }
    match quoted.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [start @ .., last] => format!("{} {word} {last}", start.join(", ")),
    }
}

fn fold(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c == '-' {
                '_'
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgives_slips_and_spelling() {
        let known = ["fixed_rate", "reservoir_size", "host"];
        assert_eq!(nearest("fixed_rte", known), Some("fixed_rate"));
        assert_eq!(nearest("Fixed-Rate", known), Some("fixed_rate"));
        assert_eq!(nearest("hots", known), Some("host"));
        assert_eq!(nearest("priority", known), None);
    }

    #[test]
    fn lists_what_exists_where_nothing_is_near() {
        assert_eq!(
            hint("zzzzzz", ["a", "b", "c"]).as_deref(),
            Some("known are `a`, `b` and `c`")
        );
        assert_eq!(hint("zzzzzz", []), None);
        let many: Vec<String> = (0..30).map(|n| format!("name{n}")).collect();
        assert!(list(&many, "and").ends_with("`name23` and 6 more"));
    }
}
