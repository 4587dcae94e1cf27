//! What is secret, compiled once.

use std::borrow::Cow;

use regex::{Captures, Regex, RegexSet};
use sha2::{Digest, Sha256};

use super::secrets::{self, Finder};
use crate::collector_config::processors::{Redact, Redaction, Secrets};
use crate::otlp::hex;

/// Ends of attributes' keys whose value is a password.
const PASSWORD_KEYS: &str = concat!(
    r"(?i)(?:password|passwd|passphrase|pwd|client[_.-]?secret|api[_.-]?key|",
    r"(?:access|refresh|auth)[_.-]?token|secret[_.-]?(?:access[_.-]?)?key|authorization)$",
);

/// What is secret, and what is done to it.
pub(super) struct Rules {
    /// One for each of `key_actions`.
    keys: Option<RegexSet>,
    key_actions: Vec<Redact>,
    finders: Vec<Finder>,
    finders_action: Redact,
    /// The patterns among the finders as one, which costs less than each.
    suspect: RegexSet,
    /// The patterns of the configuration, and all of them as one.
    patterns: Vec<(Regex, Redact)>,
    any_pattern: Option<RegexSet>,
    mask: String,
    salt: String,
    hash_length: usize,
}

impl Rules {
    pub(super) fn new(config: &Redaction) -> Result<Self, regex::Error> {
        let mut keys = Vec::new();
        let mut key_actions = Vec::new();
        for key in &config.keys {
            keys.push(wildcard(&key.key));
            key_actions.push(key.action);
        }
        if config.secrets.contains(&Secrets::Passwords) {
            keys.push(PASSWORD_KEYS.to_owned());
            key_actions.push(config.secrets_action);
        }
        let mut finders = Vec::new();
        for secrets in &config.secrets {
            finders.extend(secrets::finders(*secrets)?);
        }
        let suspect = RegexSet::new(finders.iter().filter_map(Finder::pattern))?;
        let mut patterns = Vec::new();
        for value in &config.values {
            patterns.push((Regex::new(&value.pattern)?, value.action));
        }
        let texts = config.values.iter().map(|value| &value.pattern);
        let is_any = !patterns.is_empty();
        Ok(Self {
            keys: (!keys.is_empty())
                .then(|| RegexSet::new(keys))
                .transpose()?,
            key_actions,
            finders,
            finders_action: config.secrets_action,
            suspect,
            any_pattern: is_any.then(|| RegexSet::new(texts)).transpose()?,
            patterns,
            mask: config.mask.clone(),
            salt: config.salt.clone(),
            hash_length: config.hash_length,
        })
    }

    /// What is done to the value of an attribute; `None` where its key does not
    /// make it secret.
    pub(super) fn key(&self, key: &str) -> Option<Redact> {
        let keys = self.keys.as_ref()?;
        if !keys.is_match(key) {
            return None;
        }
        let first = keys.matches(key).into_iter().next()?;
        self.key_actions.get(first).copied()
    }

    /// The text without what is secret in it; `None` where nothing is.
    pub(super) fn text(&self, text: &str) -> Option<String> {
        let mut current = Cow::Borrowed(text);
        let mut traits = secrets::Traits::of(text.as_bytes());
        traits.is_suspect = traits.is_marked && self.suspect.is_match(text);
        for finder in &self.finders {
            if finder.may_find(traits) {
                let ranges = finder.find(&current);
                self.replace(&mut current, &ranges, self.finders_action);
            }
        }
        if let Some(any) = &self.any_pattern
            && any.is_match(&current)
        {
            for (pattern, action) in &self.patterns {
                let ranges = found_by(pattern, &current);
                self.replace(&mut current, &ranges, *action);
            }
        }
        match current {
            Cow::Owned(changed) if changed != text => {
                Some(if changed.is_empty() && !text.is_empty() {
                    self.mask.clone()
                } else {
                    changed
                })
            }
            _ => None,
        }
    }

    /// A whole number's text without what is secret; `None` where nothing is.
    /// Numbers of fewer digits than a card has are counts and sizes.
    pub(super) fn number(&self, number: i64) -> Option<String> {
        let is_long = number.unsigned_abs() >= 1_000_000_000_000;
        is_long.then(|| self.text(&number.to_string()))?
    }

    /// What stands in the place of a value that is secret as a whole; `None`
    /// where it goes.
    pub(super) fn whole(&self, action: Redact, value: &[u8]) -> Option<String> {
        match action {
            Redact::Drop => None,
            Redact::Hash => Some(self.hash(value)),
            Redact::Mask => Some(self.mask.clone()),
        }
    }

    fn replace(&self, text: &mut Cow<'_, str>, ranges: &[(usize, usize)], action: Redact) {
        if ranges.is_empty() {
            return;
        }
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        for &(start, end) in ranges {
            // What two groups of a pattern both find is taken once.
            if start < done {
                continue;
            }
            out.push_str(&text[done..start]);
            let secret = &text[start..end];
            // What was masked before stays as it is.
            if secret == self.mask {
                out.push_str(secret);
            } else if let Some(instead) = self.whole(action, secret.as_bytes()) {
                out.push_str(&instead);
            }
            done = end;
        }
        out.push_str(&text[done..]);
        *text = Cow::Owned(out);
    }

    fn hash(&self, value: &[u8]) -> String {
        let digest = Sha256::new()
            .chain_update(self.salt.as_bytes())
            .chain_update(value)
            .finalize();
        let mut digits = hex(&digest);
        digits.truncate(self.hash_length);
        digits
    }
}

/// A key with `*` in it as a regular expression.
fn wildcard(key: &str) -> String {
    let parts: Vec<String> = key.split('*').map(regex::escape).collect();
    format!("(?is)^{}$", parts.join(".*"))
}

/// The groups of a pattern, or all of it where it has none.
pub(super) fn found_by(pattern: &Regex, text: &str) -> Vec<(usize, usize)> {
    let mut ranges = Vec::new();
    for found in pattern.captures_iter(text) {
        ranges.extend(secret_part(&found));
    }
    ranges.sort_unstable();
    ranges
}

fn secret_part(found: &Captures<'_>) -> Vec<(usize, usize)> {
    let groups = found.iter().skip(1).flatten();
    let mut ranges: Vec<_> = groups.map(|group| (group.start(), group.end())).collect();
    if found.len() == 1 {
        ranges.extend(found.get(0).map(|all| (all.start(), all.end())));
    }
    ranges.retain(|(start, end)| start < end);
    ranges
}
