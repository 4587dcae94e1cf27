//! Patterns of sampling rules: `*` stands for any characters, also none, `?`
//! for exactly one; letter case does not count.
//!
//! X-Ray's SDKs match so on every field. Of OpenTelemetry's samplers some take
//! letter case as it is: [`Case`].

use std::collections::VecDeque;

/// The most states that [`Pattern::covers`] looks at. Patterns that people
/// write need a few dozen.
const MOST_STATES: usize = 20_000;

/// Where letter case counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// Nowhere.
    Ignored,
    /// In patterns with wildcards.
    OfWildcards,
    /// Everywhere.
    Counts,
}

/// A pattern for one field of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    parts: Vec<Part>,
    /// With letters as they are written.
    written: Vec<Part>,
}

/// One step of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// `*`: any characters, also none.
    Many,
    /// `?`: exactly one character, whichever it is.
    One,
    /// This character.
    Just(char),
}

impl Part {
    fn is_just(self) -> bool {
        matches!(self, Self::Just(_))
    }

    /// Tells whether there is a character that both take as one.
    fn meets(self, other: Self) -> bool {
        match (self, other) {
            (Self::Just(left), Self::Just(right)) => left == right,
            _ => true,
        }
    }

    /// Tells whether it takes every character that `other` takes as one.
    fn takes(self, other: Self) -> bool {
        match (self, other) {
            (Self::Just(left), Self::Just(right)) => left == right,
            (Self::Just(_), _) => false,
            _ => true,
        }
    }
}

fn parts(text: impl Iterator<Item = char>) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for character in text {
        let part = match character {
            '*' => Part::Many,
            '?' => Part::One,
            other => Part::Just(other),
        };
        // `**` says no more than `*`.
        if part != Part::Many || parts.last() != Some(&Part::Many) {
            parts.push(part);
        }
    }
    parts
}

/// Tells whether a text matches, as a whole. Where it does not go on, the last
/// star takes one character more; what an earlier one takes more could be taken
/// by the last as well.
fn is_match(parts: &[Part], text: &[char]) -> bool {
    let (mut place, mut at) = (0, 0);
    // Behind the last star, and how far what it takes goes.
    let mut star: Option<(usize, usize)> = None;
    while at < text.len() {
        match parts.get(place) {
            Some(Part::Many) => {
                place += 1;
                star = Some((place, at));
                continue;
            }
            Some(Part::One) => {}
            Some(Part::Just(character)) if *character == text[at] => {}
            _ => {
                let Some((behind, taken)) = star else {
                    return false;
                };
                star = Some((behind, taken + 1));
                (place, at) = (behind, taken + 1);
                continue;
            }
        }
        place += 1;
        at += 1;
    }
    parts[place..].iter().all(|part| *part == Part::Many)
}

impl Pattern {
    /// Reads a pattern; there is none that is wrong.
    pub fn new(text: &str) -> Self {
        Self {
            parts: parts(text.chars().flat_map(char::to_lowercase)),
            written: parts(text.chars()),
        }
    }

    /// Tells whether every text matches.
    pub fn is_any(&self) -> bool {
        self.parts == [Part::Many]
    }

    /// Tells whether `text` matches, as a whole.
    pub fn matches(&self, text: &str) -> bool {
        self.matches_with(text, Case::Ignored)
    }

    /// Tells whether `text` matches, as a whole, to a sampler for which letter
    /// case counts in this way.
    pub fn matches_with(&self, text: &str, case: Case) -> bool {
        let counts = match case {
            Case::Ignored => false,
            Case::OfWildcards => self.written.iter().any(|part| !part.is_just()),
            Case::Counts => true,
        };
        if self.is_any() {
            true
        } else if counts {
            let text: Vec<char> = text.chars().collect();
            is_match(&self.written, &text)
        } else {
            let text: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
            is_match(&self.parts, &text)
        }
    }

    /// Tells whether some text matches both.
    pub fn meets(&self, other: &Self) -> bool {
        let (left, right) = (&self.parts, &other.parts);
        let width = right.len() + 1;
        let mut reached = vec![false; (left.len() + 1) * width];
        reached[0] = true;
        // Every move goes on in one of the two, or in both, so that a walk in
        // this order has seen all that leads to a place before the place.
        for i in 0..=left.len() {
            for j in 0..=right.len() {
                if !reached[i * width + j] {
                    continue;
                }
                let (a, b) = (left.get(i).copied(), right.get(j).copied());
                if a == Some(Part::Many) {
                    // It ends here, or takes what the other takes as one.
                    reached[(i + 1) * width + j] = true;
                    if b.is_some() {
                        reached[i * width + j + 1] = true;
                    }
                }
                if b == Some(Part::Many) {
                    reached[i * width + j + 1] = true;
                    if a.is_some() {
                        reached[(i + 1) * width + j] = true;
                    }
                }
                if let (Some(a), Some(b)) = (a, b)
                    && a != Part::Many
                    && b != Part::Many
                    && a.meets(b)
                {
                    reached[(i + 1) * width + j + 1] = true;
                }
            }
        }
        reached[left.len() * width + right.len()]
    }

    /// Tells whether it matches every text that `other` matches.
    ///
    /// The hardest of those texts have, wherever `other` leaves a character
    /// open, one that stands in neither pattern: it is taken by a wildcard or
    /// not at all, and what a wildcard takes may as well be another character.
    /// So only the lengths that the stars of `other` stand for are left to
    /// try. The walk goes through `other` and keeps, at each place, all the
    /// places in this pattern that the text so far may have led to; it fails
    /// where the text ends at none of them that is the end. A set that holds
    /// another one's places is easier than that one, and not tried.
    pub fn covers(&self, other: &Self) -> bool {
        if self.is_any() || self.parts == other.parts {
            return true;
        }
        let target = &other.parts;
        let mut tried: Vec<Vec<Positions>> = vec![Vec::new(); target.len() + 1];
        let mut open = VecDeque::from([(0, Positions::start(&self.parts))]);
        let mut states = 0;
        while let Some((place, here)) = open.pop_front() {
            let known = &mut tried[place];
            if known.iter().any(|one| one.is_within(&here)) {
                continue;
            }
            known.retain(|one| !here.is_within(one));
            known.push(here.clone());
            states += 1;
            // Rather silent than wrong, should anyone write such a pattern.
            if here.is_empty() || states > MOST_STATES {
                return false;
            }
            match target.get(place).copied() {
                None if here.is_end(&self.parts) => {}
                None => return false,
                Some(Part::Many) => {
                    open.push_back((place, here.step(&self.parts, Part::One)));
                    open.push_back((place + 1, here));
                }
                Some(part) => open.push_back((place + 1, here.step(&self.parts, part))),
            }
        }
        true
    }
}

/// Places in a pattern, as bits: before its first part, before its second, and
/// so on to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Positions(Vec<u64>);

impl Positions {
    fn none(parts: &[Part]) -> Self {
        Self(vec![0; parts.len() / 64 + 1])
    }

    fn start(parts: &[Part]) -> Self {
        let mut positions = Self::none(parts);
        positions.add(parts, 0);
        positions
    }

    /// Adds a place, and those that stars let it go on to at once.
    fn add(&mut self, parts: &[Part], mut place: usize) {
        loop {
            self.0[place / 64] |= 1 << (place % 64);
            if parts.get(place) != Some(&Part::Many) {
                return;
            }
            place += 1;
        }
    }

    fn has(&self, place: usize) -> bool {
        self.0[place / 64] & (1 << (place % 64)) != 0
    }

    /// The places that one more character leads to, whichever of those it is
    /// that `text` stands for.
    fn step(&self, parts: &[Part], text: Part) -> Self {
        let mut next = Self::none(parts);
        for (place, part) in parts.iter().enumerate() {
            if !self.has(place) {
                continue;
            }
            if *part == Part::Many {
                next.add(parts, place);
            } else if part.takes(text) {
                next.add(parts, place + 1);
            }
        }
        next
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    fn is_end(&self, parts: &[Part]) -> bool {
        self.has(parts.len())
    }

    fn is_within(&self, other: &Self) -> bool {
        let mut words = self.0.iter().zip(&other.0);
        words.all(|(one, other)| one & !other == 0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::new(text)
    }

    #[test]
    fn matches_as_the_sdks_do() {
        let cases = [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "anything", true),
            ("?", "", false),
            ("?", "é", true),
            ("/api/*", "/api/", true),
            ("/api/*", "/api", false),
            ("/API/*", "/api/x", true),
            ("a*b*c", "abbbc", true),
            ("a*b*c", "abcb", false),
            ("*.example.com", "shop.example.com", true),
            ("AWS::ECS::*", "AWS::ECS::Container", true),
        ];
        for (text, subject, is_match) in cases {
            assert_eq!(
                pattern(text).matches(subject),
                is_match,
                "{text:?} {subject:?}"
            );
        }
    }

    #[test]
    fn letter_case_counts_for_some() {
        let cases = [
            ("/API", "/api", [true, true, false]),
            ("/API*", "/api/x", [true, false, false]),
            ("/api?x", "/api/x", [true, true, true]),
            ("*", "", [true, true, true]),
            ("", "", [true, true, true]),
        ];
        for (text, subject, expected) in cases {
            let found = [Case::Ignored, Case::OfWildcards, Case::Counts]
                .map(|case| pattern(text).matches_with(subject, case));
            assert_eq!(found, expected, "{text:?} {subject:?}");
        }
    }

    #[test]
    fn covers_what_is_narrower() {
        let cases = [
            ("*", "/api/*", true),
            ("**", "", true),
            ("/api/*", "/api/orders*", true),
            ("/api/orders*", "/api/*", false),
            ("/api*", "/API/x", true),
            ("a*b*", "a*bb", true),
            ("*a*", "*ba*", true),
            ("?*", "*", false),
            ("?*", "*?", true),
            ("*?*", "?*?", true),
            ("??*", "?*", false),
            ("*ab*", "*a*b*", false),
            ("*?a", "*a", false),
        ];
        for (wide, narrow, is_covered) in cases {
            assert_eq!(
                pattern(wide).covers(&pattern(narrow)),
                is_covered,
                "{wide:?} {narrow:?}"
            );
        }
    }

    #[test]
    fn meets_what_it_shares_a_text_with() {
        let cases = [
            ("/api/*", "*/health", true),
            ("GET", "POST", false),
            ("get", "GET", true),
            ("a*b", "*c*", true),
            ("a*b", "a?", true),
            ("a*bb", "a?", false),
            ("?", "", false),
        ];
        for (one, other, share) in cases {
            assert_eq!(
                pattern(one).meets(&pattern(other)),
                share,
                "{one:?} {other:?}"
            );
            assert_eq!(
                pattern(other).meets(&pattern(one)),
                share,
                "{other:?} {one:?}"
            );
        }
    }

    /// Many stars and single characters behind them are the worst case of a
    /// walk through sets.
    #[test]
    fn long_patterns_take_no_time() {
        let wide = pattern(&format!("{}*", "*a?????????".repeat(40)));
        let narrow = pattern(&format!("*{}", "a*?b*".repeat(100)));
        let started = std::time::Instant::now();
        assert!(!wide.covers(&narrow));
        assert!(wide.covers(&wide.clone()));
        assert!(wide.meets(&narrow));
        assert!(started.elapsed().as_secs() < 5);
    }

    /// Every text over the alphabet up to a length. `c` stands for all that no
    /// pattern of these tests names.
    fn texts() -> Vec<String> {
        let mut all = vec![String::new()];
        let mut last = all.clone();
        for _ in 0..7 {
            last = last
                .iter()
                .flat_map(|text| ["a", "b", "c"].map(|letter| format!("{text}{letter}")))
                .collect();
            all.extend(last.iter().cloned());
        }
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn says_of_two_patterns_what_all_texts_say(wide in "[ab*?]{0,5}", narrow in "[ab*?]{0,5}") {
            let (left, right) = (pattern(&wide), pattern(&narrow));
            let mut shared = false;
            let mut missed = false;
            for text in texts() {
                let (by_left, by_right) = (left.matches(&text), right.matches(&text));
                shared |= by_left && by_right;
                missed |= by_right && !by_left;
            }
            prop_assert_eq!(left.covers(&right), !missed);
            prop_assert_eq!(left.meets(&right), shared);
        }

        #[test]
        fn matches_what_a_regular_expression_matches(text in "[ab*?.]{0,8}", subject in "[abAB.]{0,8}") {
            let escaped = regex::escape(&text).replace(r"\*", ".*").replace(r"\?", ".");
            let expression = regex::Regex::new(&format!("(?i)^{escaped}$")).unwrap();
            prop_assert_eq!(pattern(&text).matches(&subject), expression.is_match(&subject));
        }

        #[test]
        fn covering_is_an_order(one in "[ab*?]{0,6}", two in "[ab*?]{0,6}", three in "[ab*?]{0,6}") {
            let [one, two, three] = [one, two, three].map(|text| pattern(&text));
            prop_assert!(one.covers(&one));
            if one.covers(&two) && two.covers(&three) {
                prop_assert!(one.covers(&three));
            }
        }
    }
}
