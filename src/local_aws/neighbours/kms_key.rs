//! Which key a KMS request means, and what KMS says where there is none.
//!
//! Source: <https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id>.

use winterbaume_kms::views::{KeyView, KmsStateView};

use super::json_call::JsonFault;

/// Operations that take an alias for a key. All others want its id or ARN.
const TAKE_ALIASES: &[&str] = &[
    "Decrypt",
    "DeriveSharedSecret",
    "DescribeKey",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GenerateDataKeyWithoutPlaintext",
    "GenerateMac",
    "GetPublicKey",
    "ReEncrypt",
    "Sign",
    "Verify",
    "VerifyMac",
];

/// The keys of one account and region.
pub struct Keyring<'a> {
    /// Twelve digits.
    pub account: &'a str,
    /// Such as `us-east-1`.
    pub region: &'a str,
    /// State of the service.
    pub view: &'a KmsStateView,
}

impl<'a> Keyring<'a> {
    /// The key that `operation` means by `reference`: an id, an ARN, or an alias
    /// where the operation takes one.
    ///
    /// # Errors
    /// `NotFoundException` in AWS's words.
    pub fn find(&self, operation: &str, reference: &str) -> Result<&'a KeyView, JsonFault> {
        let local = self.local(reference)?;
        if local.starts_with("alias/") {
            if !TAKE_ALIASES.contains(&operation) {
                return Err(not_found(format!("Invalid keyId '{reference}'")));
            }
            let target = self.view.aliases.get(local);
            return target
                .and_then(|alias| self.view.keys.get(&alias.target_key_id))
                .ok_or_else(|| self.no_alias(local));
        }
        let id = local.strip_prefix("key/").unwrap_or(local);
        match self.view.keys.get(id) {
            Some(key) => Ok(key),
            None if is_key_id(id) => Err(not_found(format!(
                "Key '{}' does not exist",
                self.arn(&format!("key/{id}"))
            ))),
            None => Err(not_found(format!("Invalid keyId '{reference}'"))),
        }
    }

    /// `NotFoundException` for an alias.
    pub fn no_alias(&self, alias: &str) -> JsonFault {
        not_found(format!("Alias {} is not found.", self.arn(alias)))
    }

    /// The ARN of a resource of this account and region.
    pub fn arn(&self, resource: &str) -> String {
        let Self {
            account, region, ..
        } = self;
        format!("arn:aws:kms:{region}:{account}:{resource}")
    }

    /// The part of an ARN behind account and region, which must be ours; any
    /// other text as it is.
    fn local<'t>(&self, reference: &'t str) -> Result<&'t str, JsonFault> {
        if !reference.starts_with("arn:") {
            return Ok(reference);
        }
        let parts: Vec<&str> = reference.splitn(6, ':').collect();
        match parts[..] {
            [_, _, "kms", region, account, resource] => {
                if region != self.region {
                    Err(not_found(format!("Invalid arn {region}")))
                } else if account != self.account {
                    Err(not_found(format!("Key '{reference}' does not exist")))
                } else {
                    Ok(resource)
                }
            }
            _ => Err(JsonFault::new(
                "InvalidArnException",
                format!("{reference} is not a valid KMS ARN"),
            )),
        }
    }
}

fn not_found(message: String) -> JsonFault {
    JsonFault::new("NotFoundException", message)
}

/// Whether a text has the form of a key id: a UUID, or `mrk-` and 32 digits.
fn is_key_id(text: &str) -> bool {
    let is_hex = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    if let Some(digits) = text.strip_prefix("mrk-") {
        return is_hex(digits, 32);
    }
    let parts: Vec<&str> = text.split('-').collect();
    parts.len() == 5
        && parts
            .iter()
            .zip([8, 4, 4, 4, 12])
            .all(|(part, length)| is_hex(part, length))
}
