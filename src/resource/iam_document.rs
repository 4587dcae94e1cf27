//! Policy documents as IAM takes and gives them: what it refuses of one, how
//! it counts one's size, and how it writes one in an answer.
//!
//! Limits: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::{Problems, policy_document};

/// A policy document.
pub(super) type Document = Map<String, Value>;

/// The versions of the policy language.
const VERSIONS: [&str; 2] = ["2012-10-17", "2008-10-17"];
/// The versions, as a hint.
const VERSION_HINT: &str = "write `Version = \"2012-10-17\"`";

/// What a document is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Says what its holder may do.
    Permissions,
    /// Says who may assume a role.
    Trust,
}

/// Reads a document of an answer, which IAM gives percent-encoded. What is no
/// JSON object is shown as it is, so that the plan mends it.
pub(super) fn read(text: &str) -> Document {
    let decoded = if text.trim_start().starts_with('{') {
        text.into()
    } else {
        percent_decode_str(text).decode_utf8_lossy()
    };
    match policy_document::parse(&decoded) {
        Value::Object(document) => document,
        other => Document::from_iter([("Unreadable".to_owned(), other)]),
    }
}

/// Writes a document as it is sent.
pub(super) fn text(document: &Document) -> String {
    Value::Object(document.clone()).to_string()
}

/// Brings a document into the form in which two are compared.
pub(super) fn canonical(document: Document) -> Document {
    match policy_document::normalize(&Value::Object(document)) {
        Value::Object(normal) => normal,
        _ => Document::new(),
    }
}

/// Tells whether two documents say the same.
pub(super) fn is_same(left: &Document, right: &Document) -> bool {
    let normal = |document: &Document| Value::Object(canonical(document.clone()));
    policy_document::is_same(&normal(left), &normal(right))
}

/// Lists the names of the roles that a trust policy names as principals.
pub(super) fn roles_trusted(document: &Document) -> Vec<String> {
    let statements = document.get("Statement").map(policy_document::as_list);
    let principals = statements
        .into_iter()
        .flatten()
        .filter_map(|statement| statement.get("Principal")?.get("AWS"))
        .flat_map(policy_document::as_list);
    let arns = principals.filter_map(Value::as_str);
    arns.filter(|arn| arn.starts_with("arn:") && arn.contains(":role/"))
        .filter_map(|arn| arn.rsplit('/').next())
        .map(str::to_owned)
        .collect()
}

/// Counts the characters of a document as IAM does: white space is free.
pub(super) fn size(document: &Document) -> usize {
    let text = text(document);
    text.chars().filter(|char| !char.is_whitespace()).count()
}

/// Reports where a document has more characters than `most`.
pub(super) fn check_size(size: usize, most: usize, field: &str, problems: &mut Problems) {
    if size > most {
        problems
            .report(
                field,
                format!(
                    "the policy has {size} characters without white space, AWS takes at most {most}"
                ),
            )
            .hint("use wildcards in actions and resources, or split it into several policies");
    }
}

/// Reports what IAM refuses of a document, whatever its size.
pub(super) fn check(document: &Document, purpose: Purpose, field: &str, problems: &mut Problems) {
    if let Some(strange) = text(document).chars().find(|char| !is_allowed(*char)) {
        problems.report(
            field,
            format!(
                "the policy holds `{strange}` (U+{:04X}), IAM takes Latin-1 characters alone",
                u32::from(strange)
            ),
        );
    }
    let version = document.get("Version");
    if version.is_some_and(|version| !VERSIONS.iter().any(|known| version == known)) {
        problems
            .report(
                &format!("{field}/Version"),
                "there is no such version of the policy language",
            )
            .hint(VERSION_HINT);
    }
    match document.get("Statement") {
        None => {
            problems
                .report(field, "the policy has no `Statement`")
                .hint("a policy is `{ Version = \"2012-10-17\", Statement = [ … ] }`");
        }
        Some(Value::Array(statements)) => {
            for (index, statement) in statements.iter().enumerate() {
                let place = format!("{field}/Statement/{index}");
                check_statement(statement, purpose, &place, problems);
            }
        }
        Some(single) => check_statement(single, purpose, &format!("{field}/Statement"), problems),
    }
}

/// The code points that IAM takes:
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html>.
fn is_allowed(char: char) -> bool {
    matches!(char, '\t' | '\n' | '\r' | '\u{20}'..='\u{ff}')
}

fn check_statement(statement: &Value, purpose: Purpose, place: &str, problems: &mut Problems) {
    let Value::Object(fields) = statement else {
        problems.report(place, "a statement of a policy is an object");
        return;
    };
    match fields.get("Effect") {
        Some(effect) if effect == "Allow" || effect == "Deny" => {}
        Some(_) => {
            problems.report(
                &format!("{place}/Effect"),
                "the effect is `Allow` or `Deny`",
            );
        }
        None => {
            problems.report(place, "the statement has no `Effect`");
        }
    }
    let has = |names: [&str; 2]| names.iter().any(|name| fields.contains_key(*name));
    let principal = ["Principal", "NotPrincipal"];
    let resource = ["Resource", "NotResource"];
    let (wanted, refused) = match purpose {
        Purpose::Permissions => (resource, principal),
        Purpose::Trust => (principal, resource),
    };
    for names in [["Action", "NotAction"], wanted] {
        if !has(names) {
            problems.report(place, format!("the statement has no `{}`", names[0]));
        }
    }
    for name in refused.iter().filter(|name| fields.contains_key(**name)) {
        let why = match purpose {
            Purpose::Permissions => "the policy speaks for those that it is attached to",
            Purpose::Trust => "the policy of a role speaks of the role itself",
        };
        problems
            .report(
                &format!("{place}/{name}"),
                format!("a statement has no `{name}` here"),
            )
            .hint(why);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn document(value: &Value) -> Document {
        value.as_object().cloned().unwrap()
    }

    fn found(value: &Value, purpose: Purpose) -> Vec<(String, String)> {
        let mut problems = Problems::new();
        check(&document(value), purpose, "/policy", &mut problems);
        let problems = problems.into_vec().into_iter();
        problems.map(|one| (one.field, one.message)).collect()
    }

    #[test]
    fn reads_what_iam_writes() {
        let wanted = document(&json!({"Version": "2012-10-17", "Statement": []}));
        let plain = r#" {"Version":"2012-10-17","Statement":[]}"#;
        let encoded = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D";
        assert_eq!(read(plain), wanted);
        assert_eq!(read(encoded), wanted);
        assert_eq!(read("no JSON"), document(&json!({"Unreadable": "no JSON"})));
        // A per cent sign of the document's own stays.
        let percent = document(&json!({"Statement": [{"Resource": "arn:aws:s3:::a%20b"}]}));
        assert_eq!(read(&text(&percent)), percent);
    }

    #[test]
    fn white_space_is_free() {
        let compact = document(&json!({"Sid": "ab"}));
        let spaced = document(&json!({"Sid": " a b "}));
        assert_eq!(size(&compact), 12);
        assert_eq!(size(&spaced), 12);
    }

    #[test]
    fn tells_what_iam_refuses() {
        let permissions = json!({"Version": "2012", "Statement": [
            {"Effect": "allow", "Action": "xray:*", "Resource": "*"},
            {"Action": "xray:*", "Principal": "*"},
            "deny"
        ]});
        let place = |place: &str, message: &str| (place.to_owned(), message.to_owned());
        assert_eq!(
            found(&permissions, Purpose::Permissions),
            [
                place(
                    "/policy/Version",
                    "there is no such version of the policy language"
                ),
                place(
                    "/policy/Statement/0/Effect",
                    "the effect is `Allow` or `Deny`"
                ),
                place("/policy/Statement/1", "the statement has no `Effect`"),
                place("/policy/Statement/1", "the statement has no `Resource`"),
                place(
                    "/policy/Statement/1/Principal",
                    "a statement has no `Principal` here"
                ),
                place(
                    "/policy/Statement/2",
                    "a statement of a policy is an object"
                ),
            ]
        );
        let trust = json!({"Statement": {"Effect": "Allow", "Principal": {"Service": "ü→"},
            "Action": "sts:AssumeRole", "Resource": "*"}});
        assert_eq!(
            found(&trust, Purpose::Trust),
            [
                place(
                    "/policy",
                    "the policy holds `→` (U+2192), IAM takes Latin-1 characters alone"
                ),
                place(
                    "/policy/Statement/Resource",
                    "a statement has no `Resource` here"
                ),
            ]
        );
        let good = json!({"Statement": {"Effect": "Allow", "Action": "xray:*", "Resource": "*"}});
        assert_eq!(found(&good, Purpose::Permissions), []);
        assert_eq!(
            found(&json!({}), Purpose::Trust),
            [place("/policy", "the policy has no `Statement`")]
        );
    }

    /// Actions and resources of one statement.
    type Parts = (Vec<String>, Vec<String>);

    fn parts() -> impl Strategy<Value = Parts> {
        let actions = prop::collection::btree_set("xray:[A-Z][a-z]{1,4}", 1..4);
        let resources = prop::collection::btree_set("arn:[a-zA-Z]{1,4}", 1..4);
        (actions, resources).prop_map(|(a, b)| (a.into_iter().collect(), b.into_iter().collect()))
    }

    fn statement((actions, resources): &Parts) -> Value {
        json!({"Effect": "Allow", "Action": actions, "Resource": resources})
    }

    /// The same in another spelling, as IAM may give it back.
    fn respelled((actions, resources): &Parts) -> Value {
        let actions: Vec<String> = actions.iter().rev().map(|one| one.to_uppercase()).collect();
        let resources: Vec<&String> = resources.iter().rev().chain(resources).collect();
        let single = |list: Value| match list.as_array() {
            Some(items) if items.len() == 1 => items[0].clone(),
            _ => list,
        };
        json!({"Resource": resources, "Action": single(json!(actions)), "Effect": "Allow"})
    }

    proptest! {
        #[test]
        fn a_policy_is_the_same_in_any_spelling(all in prop::collection::vec(parts(), 1..4)) {
            let written: Vec<Value> = all.iter().map(statement).collect();
            let mut given: Vec<Value> = all.iter().rev().map(respelled).collect();
            given.push(given[0].clone());
            let version = "2012-10-17";
            let written = document(&json!({"Version": version, "Statement": written}));
            let given = document(&json!({"Statement": given, "Version": version}));
            prop_assert!(is_same(&written, &given));
            prop_assert!(is_same(&canonical(written.clone()), &given));
            prop_assert!(is_same(&read(&text(&written)), &given));
        }

        #[test]
        fn one_more_action_or_resource_is_another_policy(one in parts()) {
            let policy = |parts: &Parts| document(&json!({"Statement": [statement(parts)]}));
            let written = policy(&one);
            let (mut more_actions, mut more_resources) = (one.clone(), one);
            more_actions.0.push("logs:Put".to_owned());
            more_resources.1.push("arn:other".to_owned());
            prop_assert!(!is_same(&written, &policy(&more_actions)));
            prop_assert!(!is_same(&written, &policy(&more_resources)));
        }
    }
}
