//! What nobody should read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Takes secrets out of traces: out of attributes of spans, events, links,
/// scopes and resources, names of spans and events, messages of errors, and
/// every text of a segment document but its ids. Whole numbers of 13 digits and
/// more are looked at as texts. Names of attributes are not changed, nor is trace
/// state. A document whose values lie in one another too deeply to be looked into
/// is dropped.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_redaction")]
#[serde(default, deny_unknown_fields)]
pub struct Redaction {
    /// Secrets that are known by their form. Default: all of them.
    pub secrets: Vec<Secrets>,
    /// What is done to those: to the secret alone, the text around it stays.
    /// Default: `mask`.
    pub secrets_action: Redact,
    /// Attributes whose value is secret as a whole. Default: none.
    pub keys: Vec<RedactedKey>,
    /// Texts that are secret wherever they stand. Default: none.
    pub values: Vec<RedactedValue>,
    /// What stands in the place of what is masked. Default: `****`.
    pub mask: String,
    /// Goes before a value that is hashed, so that nobody finds short values by
    /// trying them. Default: nothing.
    pub salt: String,
    /// Hex digits of the hash that are kept, 8 to 64. Default: 16.
    pub hash_length: usize,
}

impl Default for Redaction {
    fn default() -> Self {
        Self {
            secrets: vec![
                Secrets::CardNumbers,
                Secrets::BearerTokens,
                Secrets::Passwords,
                Secrets::AwsSecretKeys,
            ],
            secrets_action: Redact::default(),
            keys: Vec::new(),
            values: Vec::new(),
            mask: "****".to_owned(),
            salt: String::new(),
            hash_length: 16,
        }
    }
}

/// Secrets that are known by their form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_secrets")]
#[serde(rename_all = "kebab-case")]
pub enum Secrets {
    /// Numbers of payment cards, 13 to 19 digits whose check digit is right,
    /// also with spaces or dashes in between and as whole numbers.
    CardNumbers,
    /// What follows `Bearer` or `Basic` in an authorization header, and JSON web
    /// tokens.
    BearerTokens,
    /// Passwords in URLs, JSON, query strings and SQL, and attributes that are
    /// named so: `password`, `passwd`, `pwd`, `passphrase`, `client_secret`,
    /// `api_key`, `access_token`, `refresh_token`, `auth_token`, `secret_key`,
    /// `authorization`.
    Passwords,
    /// Secret access keys of AWS: words of 40 letters of base64 that have
    /// letters of both cases and digits.
    AwsSecretKeys,
}

/// What is done to something secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_redact")]
#[serde(rename_all = "kebab-case")]
pub enum Redact {
    /// It is taken away: an attribute as a whole where its key is named, else
    /// the part of a text. A text that would be left empty becomes the mask.
    Drop,
    /// The first digits of its SHA-256 stand in its place: the same value gives
    /// the same digits.
    Hash,
    /// The mask stands in its place.
    #[default]
    Mask,
}

/// Attributes whose value is secret as a whole.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_redacted_key")]
#[serde(deny_unknown_fields)]
pub struct RedactedKey {
    /// The attribute's key, `*` for any characters; letter case does not count:
    /// `http.request.header.*`. Values within values are looked at too. Fields
    /// of a segment document have the name that their attribute has in a span
    /// (`http.url`, `db.statement`, `enduser.id`), or their path
    /// (`http.request.url`).
    pub key: String,
    /// What is done to the value. Default: `mask`.
    #[serde(default)]
    pub action: Redact,
}

/// Texts that are secret wherever they stand.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "collector_redacted_value")]
#[serde(deny_unknown_fields)]
pub struct RedactedValue {
    /// A regular expression (of Rust's `regex`). Where it has groups, what they
    /// find is secret; else all that it finds.
    pub pattern: String,
    /// What is done to what it finds. Default: `mask`.
    #[serde(default)]
    pub action: Redact,
}
