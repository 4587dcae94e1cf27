//! What nobody should read.
//!
//! Values of attributes are masked and hashed by the `redaction` processor, in
//! resources, scopes, spans and events. Names of spans and events and messages of
//! errors, which it does not look into, and what is dropped are the `transform`
//! processor's.

use regex::Regex;
use serde_json::{Value, json};

use super::document::Section;
use super::draft::{Draft, at};
use super::ottl;
use super::processors::check_pattern;
use crate::collector_config::processors::{Redact, Redaction, Secrets};

/// What the Collector masks with.
const MASK: &str = "****";
/// Bytes of a key that the Collector takes for a hash at least.
const LEAST_KEY: usize = 32;
/// Hex digits of our hashes, where the spec does not say.
const HASH_LENGTH: usize = 16;

/// A regular expression, and what is done to what it finds.
type Rule = (String, Redact);

/// Describes the processors that do it.
pub(super) fn add(name: &str, redaction: &Redaction, draft: &mut Draft) -> Vec<String> {
    let (keys, values) = rules(name, redaction, draft);
    let mut ids = Vec::new();
    let steps = || at(&["processors", name]);
    if let Some(settings) = transform(redaction, &keys, &values) {
        ids.push(draft.add(Section::Processors, "transform", name, steps(), settings));
    }
    let of = |rules: &[Rule], action| -> Vec<String> {
        let rules = rules.iter().filter(|rule| rule.1 == action);
        rules.map(|rule| rule.0.clone()).collect()
    };
    let hashed = (of(&keys, Redact::Hash), of(&values, Redact::Hash));
    if !(hashed.0.is_empty() && hashed.1.is_empty()) {
        let mut settings = settings(&hashed.0, &hashed.1);
        hash(name, redaction, &mut settings, draft);
        let name = format!("{name}-hash");
        ids.push(draft.add(Section::Processors, "redaction", &name, steps(), settings));
    }
    let masked = (of(&keys, Redact::Mask), of(&values, Redact::Mask));
    if !(masked.0.is_empty() && masked.1.is_empty()) {
        if redaction.mask != MASK {
            draft.warn(
                at(&["processors", name, "mask"]),
                format!("the Collector masks attributes with `{MASK}`, whatever it says here"),
                "leave it out, so that both do the same",
            );
        }
        let settings = settings(&masked.0, &masked.1);
        ids.push(draft.add(Section::Processors, "redaction", name, steps(), settings));
    }
    ids
}

/// Keys whose value is secret, and texts that are.
fn rules(name: &str, redaction: &Redaction, draft: &mut Draft) -> (Vec<Rule>, Vec<Rule>) {
    let keys = redaction.keys.iter();
    let mut keys: Vec<Rule> = keys.map(|key| (wildcard(&key.key), key.action)).collect();
    let mut values = Vec::new();
    for secrets in &redaction.secrets {
        match secrets {
            Secrets::CardNumbers => draft.note(
                "card numbers are told by their first digits and their length: \
                 the Collector works out no check digits, and masks more",
            ),
            Secrets::AwsSecretKeys => draft.note(
                "AWS secret keys are told by their length: other words of 40 letters, such as \
                 SHA-1 in hex, are masked too",
            ),
            Secrets::BearerTokens | Secrets::Passwords => draft.note(
                "passwords and tokens are masked together with what they are told by, such as `password=`",
            ),
        }
        if *secrets == Secrets::Passwords {
            keys.push((PASSWORD_KEYS.to_owned(), redaction.secrets_action));
        }
        let found = patterns(*secrets).iter();
        values.extend(found.map(|&pattern| (pattern.to_owned(), redaction.secrets_action)));
    }
    for (index, value) in redaction.values.iter().enumerate() {
        let index = index.to_string();
        let steps = || at(&["processors", name, "values", &index, "pattern"]);
        check_pattern(&value.pattern, steps(), draft);
        let has_groups = Regex::new(&value.pattern).is_ok_and(|regex| regex.captures_len() > 1);
        if has_groups {
            draft.warn(
                steps(),
                "the Collector takes all that it finds for secret, not its groups alone".to_owned(),
                "write a pattern that finds the secret alone, or `(?:…)` where no group is meant",
            );
        }
        values.push((value.pattern.clone(), value.action));
    }
    (keys, values)
}

fn settings(keys: &[String], values: &[String]) -> Value {
    let mut settings = json!({
        "allow_all_keys": true,
        "redact_all_types": true,
        "summary": "silent",
    });
    if !keys.is_empty() {
        settings["blocked_key_patterns"] = json!(keys);
    }
    if !values.is_empty() {
        settings["blocked_values"] = json!(values);
    }
    settings
}

/// Says how the Collector hashes.
fn hash(name: &str, redaction: &Redaction, settings: &mut Value, draft: &mut Draft) {
    draft.note(
        "hashes are SHA-3, or HMAC-SHA-256 with a salt, of 64 digits: other ones than local-collector's; \
         in names and messages they are masks",
    );
    if redaction.hash_length != HASH_LENGTH {
        draft.warn(
            at(&["processors", name, "hash_length"]),
            "the Collector's hashes have 64 digits, whatever it says here".to_owned(),
            "leave it out",
        );
    }
    if redaction.salt.is_empty() {
        settings["hash_function"] = json!("sha3");
        return;
    }
    if redaction.salt.len() < LEAST_KEY {
        draft.error(
            at(&["processors", name, "salt"]),
            format!("the Collector takes no key for hashes of fewer than {LEAST_KEY} bytes"),
            "write a longer one, such as of `openssl rand -hex 32`",
        );
    }
    settings["hash_function"] = json!("hmac-sha256");
    settings["hmac_key"] = json!(redaction.salt);
}

/// What `transform` does: it drops, and it looks into names and messages.
fn transform(redaction: &Redaction, keys: &[Rule], values: &[Rule]) -> Option<Value> {
    let mut groups = Vec::new();
    for context in ["resource", "scope", "span", "spanevent"] {
        let mut statements = Vec::new();
        for (key, action) in keys {
            if *action == Redact::Drop {
                let key = ottl::text(key);
                statements.push(format!("delete_matching_keys({context}.attributes, {key})"));
            }
        }
        for (pattern, action) in values {
            let pattern = ottl::text(pattern);
            if *action == Redact::Drop {
                statements.push(format!(
                    "replace_all_patterns({context}.attributes, \"value\", {pattern}, \"\")"
                ));
            }
            let instead = match action {
                Redact::Drop => ottl::text(""),
                // `$1` would be a group of the pattern.
                Redact::Hash | Redact::Mask => ottl::text(&redaction.mask.replace('$', "$$")),
            };
            let texts: &[&str] = match context {
                "span" => &["span.name", "span.status.message"],
                "spanevent" => &["spanevent.name"],
                _ => &[],
            };
            for text in texts {
                statements.push(format!("replace_pattern({text}, {pattern}, {instead})"));
            }
        }
        if !statements.is_empty() {
            groups.push(json!({ "context": context, "statements": statements }));
        }
    }
    (!groups.is_empty()).then(|| json!({ "error_mode": "ignore", "trace_statements": groups }))
}

/// A key with `*` in it as a regular expression.
fn wildcard(key: &str) -> String {
    let parts: Vec<String> = key.split('*').map(regex::escape).collect();
    format!("(?is)^{}$", parts.join(".*"))
}

/// Keys of attributes whose value is a password.
const PASSWORD_KEYS: &str = concat!(
    r"(?i)(?:password|passwd|passphrase|pwd|client[_.-]?secret|api[_.-]?key|",
    r"(?:access|refresh|auth)[_.-]?token|secret[_.-]?(?:access[_.-]?)?key|authorization)$",
);

/// What secrets look like, as far as RE2 can say it: where in doubt, more.
fn patterns(secrets: Secrets) -> &'static [&'static str] {
    match secrets {
        // 13 to 19 digits that an issuer has, with blanks or dashes between.
        Secrets::CardNumbers => &[
            r"\b[3-6](?:[ -]?[0-9]){12,18}\b",
            r"\b2[2-7](?:[ -]?[0-9]){11,17}\b",
        ],
        Secrets::BearerTokens => &[
            r"(?i)\bbearer[\s:=]+[a-z0-9\-._~+/]{6,}=*",
            r#"(?i)(?:^\s*|authorization\\?["']?\s*[:=]\s*\\?["']?)basic\s+[a-z0-9+/]{4,}=*"#,
            r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
        ],
        Secrets::Passwords => &[
            r"(?i)[a-z][a-z0-9+.-]*://[^\s/:@?#]*:[^\s/?#]+@",
            concat!(
                r"(?is)(?:password|passwd|passphrase|pwd|secret|api[_-]?key|",
                r"(?:access|refresh|auth|id)[_-]?token|secret[_-]?(?:access[_-]?)?key)",
                r#"(?:\\*["']?\s*[:=]\s*\\*["']|'?\s+')(?:[^"'\\]|\\.)*"#,
            ),
            concat!(
                r"(?i)(?:password|passwd|passphrase|pwd|secret|api[_-]?key|",
                r"(?:access|refresh|auth|id)[_-]?token|secret[_-]?(?:access[_-]?)?key)",
                r#"\\?["']?\s*[:=]\s*[^\s"'&;<>,}\]]+"#,
            ),
        ],
        Secrets::AwsSecretKeys => &[r"\b[A-Za-z0-9/+]{40}\b"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::otel_collector::re2;

    const ALL: [Secrets; 4] = [
        Secrets::CardNumbers,
        Secrets::BearerTokens,
        Secrets::Passwords,
        Secrets::AwsSecretKeys,
    ];

    #[test]
    fn secrets_are_found_and_go_reads_their_patterns() {
        for secrets in ALL {
            for pattern in patterns(secrets) {
                assert_eq!(re2::unknown_to_go(pattern), None, "{pattern}");
            }
        }
        for (text, secret) in [
            ("paid with 4111 1111 1111 1111 today", "4111 1111"),
            ("2223000048400011", "2223000048400011"),
            ("Authorization: Bearer abcdef123456", "abcdef123456"),
            ("authorization=Basic dXNlcjpwdw==", "dXNlcjpwdw"),
            ("postgres://bob:hunter2@db/x", "hunter2"),
            (r#"{"password": "hunter2 x"}"#, "hunter2 x"),
            (r#"{\"password\": \"hunter2\"}"#, "hunter2"),
            ("ALTER USER bob PASSWORD 'hunter2'", "hunter2"),
            ("?user=bob&password=hunter2&x=1", "hunter2"),
            ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "EXAMPLEKEY"),
        ] {
            let all = ALL.iter().flat_map(|one| patterns(*one));
            let masked = all.fold(text.to_owned(), |text, pattern| {
                let regex = Regex::new(pattern).unwrap();
                regex.replace_all(&text, MASK).into_owned()
            });
            assert!(!masked.contains(secret), "{masked}");
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for text in [
            "1700000000000",
            "GET /orders/123456",
            "password reset requested",
            "the bearer of bad news",
            "http://db:5432/x@y",
        ] {
            for pattern in ALL.iter().flat_map(|one| patterns(*one)) {
                let found = Regex::new(pattern)
                    .unwrap()
                    .find(text)
                    .map(|one| one.as_str());
                assert_eq!(found, None, "{pattern}");
            }
        }
    }
}
