//! Secrets that are known by their form.

use regex::Regex;

use super::rules::found_by;
use crate::collector_config::processors::Secrets;

/// Names that a password goes by in front of `=` or `:`.
const NAMES: &str = concat!(
    r"(?:password|passwd|passphrase|pwd|(?:\b|_)pass|secret|api[_-]?key|",
    r"(?:access|refresh|auth|id)[_-]?token|secret[_-]?(?:access[_-]?)?key)",
);

/// Fewest and most digits of a card's number: ISO/IEC 7812-1, and the shortest
/// that were given out.
const CARD_DIGITS: (usize, usize) = (13, 19);

/// Length of a secret access key of AWS.
const AWS_KEY: usize = 40;

/// Finds one kind of secret.
pub(super) enum Finder {
    Cards,
    AwsKeys,
    /// A pattern that finds nothing where there is no mark such as `:`.
    Pattern(Regex),
}

/// What is in a text, as far as a finder needs it to find anything.
#[derive(Clone, Copy, Default)]
pub(super) struct Traits {
    digits: usize,
    /// Tells whether one of the characters is there that every pattern needs.
    pub(super) is_marked: bool,
    /// Tells whether a pattern finds something.
    pub(super) is_suspect: bool,
    longest_word: usize,
}

impl Traits {
    /// One look at every byte.
    pub(super) fn of(text: &[u8]) -> Self {
        let mut traits = Self::default();
        let mut word = 0;
        for byte in text {
            traits.digits += usize::from(byte.is_ascii_digit());
            traits.is_marked |= matches!(byte, b':' | b'=' | b'.')
                || byte.is_ascii_whitespace()
                || !byte.is_ascii();
            word = if is_base64(*byte) { word + 1 } else { 0 };
            traits.longest_word = traits.longest_word.max(word);
        }
        traits
    }
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'+')
}

impl Finder {
    /// The pattern, where it is one.
    pub(super) fn pattern(&self) -> Option<&str> {
        match self {
            Self::Cards | Self::AwsKeys => None,
            Self::Pattern(pattern) => Some(pattern.as_str()),
        }
    }

    /// Tells whether it may find something in a text with these traits.
    pub(super) fn may_find(&self, traits: Traits) -> bool {
        match self {
            Self::Cards => traits.digits >= CARD_DIGITS.0,
            Self::AwsKeys => traits.longest_word >= AWS_KEY,
            Self::Pattern(_) => traits.is_suspect,
        }
    }

    /// Where secrets stand, in order.
    pub(super) fn find(&self, text: &str) -> Vec<(usize, usize)> {
        match self {
            Self::Cards => cards(text.as_bytes()),
            Self::AwsKeys => aws_keys(text.as_bytes()),
            Self::Pattern(pattern) => found_by(pattern, text),
        }
    }
}

/// What finds secrets of a kind.
pub(super) fn finders(secrets: Secrets) -> Result<Vec<Finder>, regex::Error> {
    let patterns = match secrets {
        Secrets::CardNumbers => return Ok(vec![Finder::Cards]),
        Secrets::AwsSecretKeys => return Ok(vec![Finder::AwsKeys]),
        Secrets::BearerTokens => vec![
            r"(?i)\bbearer[\s:=]+([a-z0-9\-._~+/]{6,}=*)".to_owned(),
            r#"(?i)(?:^\s*|authorization\\?["']?\s*[:=]\s*\\?["']?)basic\s+([a-z0-9+/]{4,}=*)"#
                .to_owned(),
            r"\b(eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*)".to_owned(),
        ],
        Secrets::Passwords => vec![
            // The user's part of a URL.
            r"(?i)[a-z][a-z0-9+.-]*://[^\s/:@?#]*:([^\s/?#]+)@".to_owned(),
            named(),
        ],
    };
    let patterns = patterns.iter().map(|pattern| Regex::new(pattern));
    patterns
        .map(|pattern| pattern.map(Finder::Pattern))
        .collect()
}

/// A password behind its name: in JSON, in JSON within JSON, in SQL, and in
/// query strings and all that looks like them. The first form that fits counts.
fn named() -> String {
    let forms = [
        // "password": "…", and that once more within a text of JSON.
        r#""\s*:\s*"((?:[^"\\]|\\.)*)"#,
        r#"\\"\s*:\s*\\"((?:\\\\\\"|\\\\\\\\|\\\\[^"\\]|\\[^"\\]|[^"\\])*)"#,
        // "password": 12345
        r#"\\?"\s*:\s*(-?[0-9][0-9.e+-]*|null|true|false)\b"#,
        // 'password': '…', password='…', PASSWORD '…', with quotes doubled or
        // escaped inside.
        r"'?(?:\s*[:=]\s*|\s+)'((?:[^'\\]|''|\\.)*)",
        r#"\s*[:=]\s*"((?:[^"\\]|\\.)*)"#,
        // password=…, password: …
        r#"\\?["']?\s*[:=]\s*([^\s"'&;<>]*[^\s"'&;<>,}\]])"#,
    ];
    format!("(?is){NAMES}(?:{})", forms.join("|"))
}

/// Numbers of cards: groups of digits with one space or dash in between.
fn cards(text: &[u8]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        if !text[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let groups = groups(text, at);
        at = groups.last().map_or(at + 1, |group| group.1);
        let mut first = 0;
        while first < groups.len() {
            match card(text, &groups[first..]) {
                Some(count) => {
                    found.push((groups[first].0, groups[first + count - 1].1));
                    first += count;
                }
                None => first += 1,
            }
        }
    }
    found
}

/// The groups of digits from `start` on.
fn groups(text: &[u8], start: usize) -> Vec<(usize, usize)> {
    let mut groups = Vec::new();
    let mut from = start;
    loop {
        let digits = text[from..].iter().take_while(|byte| byte.is_ascii_digit());
        let end = from + digits.count();
        groups.push((from, end));
        let next = text.get(end + 1).is_some_and(u8::is_ascii_digit);
        if !next || !matches!(text[end], b' ' | b'-') {
            return groups;
        }
        from = end + 1;
    }
}

/// How many of the groups, from the first on, are a card's number.
fn card(text: &[u8], groups: &[(usize, usize)]) -> Option<usize> {
    let mut digits = Vec::with_capacity(CARD_DIGITS.1);
    let mut longest = None;
    for (index, &(start, end)) in groups.iter().enumerate() {
        if digits.len() + (end - start) > CARD_DIGITS.1 {
            break;
        }
        digits.extend(text[start..end].iter().map(|digit| digit - b'0'));
        if digits.len() >= CARD_DIGITS.0 && is_issued(&digits) && is_checked(&digits) {
            longest = Some(index + 1);
        }
    }
    longest
}

/// Tells whether an issuer of cards has numbers that begin so: without this, one
/// of ten times in milliseconds would be a card.
fn is_issued(digits: &[u8]) -> bool {
    match digits {
        [3..=6, ..] => true,
        // Mastercard, 2221 to 2720.
        [2, a, b, c, ..] => {
            (221..=720).contains(&(u16::from(*a) * 100 + u16::from(*b) * 10 + u16::from(*c)))
        }
        _ => false,
    }
}

/// Luhn's check digit: ISO/IEC 7812-1, annex B.
fn is_checked(digits: &[u8]) -> bool {
    let sum = digits.iter().rev().enumerate().map(|(index, digit)| {
        let weighted = if index % 2 == 1 { digit * 2 } else { *digit };
        u32::from(if weighted > 9 { weighted - 9 } else { weighted })
    });
    sum.sum::<u32>() % 10 == 0
}

/// Words of 40 letters of base64 with both cases and digits: neither a hash in
/// hex nor a word that somebody made up.
fn aws_keys(text: &[u8]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut start = 0;
    for end in 0..=text.len() {
        if text.get(end).copied().is_some_and(is_base64) {
            continue;
        }
        let word = &text[start..end];
        let has = |kind: fn(&u8) -> bool| word.iter().any(kind);
        if word.len() == AWS_KEY
            && has(u8::is_ascii_uppercase)
            && has(u8::is_ascii_lowercase)
            && has(u8::is_ascii_digit)
        {
            found.push((start, end));
        }
        start = end + 1;
    }
    found
}
