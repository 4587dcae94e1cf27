//! How a spec names a KMS key: by its name in the spec, or in any of the forms
//! that AWS takes. Two forms are the same key where KMS says so.

use super::{Aws, Error, Reference};
use crate::aws::{KMS, call};

/// The type that a bare name refers to.
const KMS_KEY: &str = "kms_key";

/// Reads `text` in field `field` as a reference to a key of the spec; `None`
/// where it names a key in one of AWS's forms.
pub(super) fn reference(field: &str, text: &str) -> Option<Reference> {
    (!is_aws_form(text)).then(|| Reference {
        field: field.to_owned(),
        to: crate::model::Address::new(KMS_KEY, text),
        output: "arn".to_owned(),
    })
}

/// Tells whether `text` is an ARN, an alias or a key id; what is neither is
/// the name of a key in the spec.
fn is_aws_form(text: &str) -> bool {
    text.starts_with("arn:") || text.starts_with("alias/") || is_key_id(text)
}

/// Key ids are UUIDs; those of multi-region keys start with `mrk-`:
/// <https://docs.aws.amazon.com/kms/latest/developerguide/concepts-key-id-ARN.html>.
fn is_key_id(text: &str) -> bool {
    let is_hex = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    if let Some(rest) = text.strip_prefix("mrk-") {
        return rest.len() == 32 && is_hex(rest);
    }
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.split('-').all(is_hex)
}

/// Returns the ARN of the key that `text`, in one of AWS's forms, stands for.
/// A key's ARN is taken as it is, since the key may belong to another account.
///
/// # Errors
/// Where there is no such key, or KMS cannot be asked.
pub(super) async fn to_arn(aws: &Aws, text: &str) -> Result<String, Error> {
    if text.starts_with("arn:") && text.contains(":key/") {
        return Ok(text.to_owned());
    }
    let request = aws.kms.describe_key().key_id(text);
    let reply = call(KMS, "DescribeKey", request.send())
        .await
        .map_err(|mut error| {
            if error.is_not_found() {
                error.message = format!(
                    "there is no KMS key `{text}` in this account and region; a key of this \
                     spec is named by its name in `[kms_keys]`"
                );
            }
            error
        })?;
    reply
        .key_metadata
        .and_then(|metadata| metadata.arn)
        .ok_or_else(|| Error::internal("kms_key", "DescribeKey gave no ARN"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_names_from_aws_forms() {
        for form in [
            "alias/aws/xray",
            "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "1234abcd-12ab-34cd-56ef-1234567890ab",
            "mrk-1234abcd12ab34cd56ef1234567890ab",
        ] {
            assert!(reference("/key_id", form).is_none(), "{form}");
        }
        for name in ["traces", "traces-key-for-me", "mrk-traces"] {
            assert!(reference("/key_id", name).is_some(), "{name}");
        }
    }
}
