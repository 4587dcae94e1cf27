//! Any two texts as a pattern and what it is asked about.

use regex::Regex;

use super::pattern::Pattern;
use crate::fuzz;

fuzz::target!(sampling_pattern, 800, pattern);

/// A pattern takes what the regular expression takes that it stands for; and
/// what it covers, and meets, agrees with what it takes.
fn pattern(input: &[u8]) {
    // Long ones are built more slowly as expressions than they are matched.
    let text = String::from_utf8_lossy(&input[..input.len().min(300)]);
    let (pattern, text) = text.split_once('\n').unwrap_or((&*text, ""));
    let lower = |text: &str| {
        text.chars()
            .flat_map(char::to_lowercase)
            .collect::<String>()
    };
    let lowered = lower(pattern);
    let parts = lowered.chars().map(|letter| match letter {
        '*' => ".*".to_owned(),
        '?' => ".".to_owned(),
        other => regex::escape(&other.to_string()),
    });
    let parts: String = parts.collect();
    let expression = Regex::new(&format!("(?s)^{parts}$")).expect("an expression");
    let is_taken = expression.is_match(&lower(text));
    let (pattern, exact) = (Pattern::new(pattern), Pattern::new(text));
    assert_eq!(pattern.matches(text), is_taken);
    if !text.contains(['*', '?']) {
        assert_eq!(pattern.meets(&exact), is_taken);
        assert!(!pattern.covers(&exact) || is_taken);
    }
    assert!(pattern.covers(&pattern) && pattern.meets(&pattern));
}
