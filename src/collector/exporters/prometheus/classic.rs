//! The page for those who do not ask for `OpenMetrics`: `promtool`, a browser,
//! many agents.

use std::collections::HashSet;

/// A page of `OpenMetrics` in the text format before it, 0.0.4
/// (<https://prometheus.io/docs/instrumenting/exposition_formats/>): comments name
/// a counter with the `_total` of its lines, and there are no units and no end.
pub(super) fn of(page: &str) -> String {
    let counters: HashSet<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter"))
        .collect();
    let mut text = String::with_capacity(page.len());
    for line in page.lines() {
        let mut words = line.splitn(4, ' ');
        match [words.next(), words.next(), words.next(), words.next()] {
            [Some("#"), Some("UNIT" | "EOF"), ..] => continue,
            [Some("#"), Some(what), Some(name), Some(rest)] if counters.contains(name) => {
                text.extend(["# ", what, " ", name, "_total ", rest]);
            }
            _ => text.push_str(line),
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn counters_have_one_name_and_nothing_is_lost() {
        let page = "# HELP calls How many # EOF.\n\
                    # TYPE calls counter\n\
                    calls_total{name=\"# TYPE calls counter\"} 3\n\
                    # HELP took_seconds How long.\n\
                    # TYPE took_seconds histogram\n\
                    # UNIT took_seconds seconds\n\
                    took_seconds_count 3\n\
                    # EOF\n";
        let text = "# HELP calls_total How many # EOF.\n\
                    # TYPE calls_total counter\n\
                    calls_total{name=\"# TYPE calls counter\"} 3\n\
                    # HELP took_seconds How long.\n\
                    # TYPE took_seconds histogram\n\
                    took_seconds_count 3\n";
        assert_eq!(super::of(page), text);
    }
}
