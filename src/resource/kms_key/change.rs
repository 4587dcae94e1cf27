//! Changing KMS keys: the calls, in the order and with the patience that KMS
//! asks for.

use serde_json::Value;

use super::{KmsKeySpec, POLICY_NAME, live};
use crate::aws::{Class, KMS, Patience, call, gone_is_done, kms, until_done, without_retries};
use crate::model::Owner;
use crate::resource::{Aws, Error, Tags, policy_document};

fn policy_text(policy: &serde_json::Map<String, Value>) -> String {
    Value::Object(policy.clone()).to_string()
}

pub(super) fn tags_to_aws(tags: &Tags) -> Result<Vec<kms::types::Tag>, Error> {
    tags.iter()
        .map(|(key, value)| {
            kms::types::Tag::builder()
                .tag_key(key)
                .tag_value(value)
                .build()
                .map_err(|error| Error::internal("tag", error.to_string()))
        })
        .collect()
}

/// IAM shows KMS a new role or user only after some seconds.
fn is_principal_unseen(error: &Error) -> bool {
    error.code.as_deref() == Some("MalformedPolicyDocumentException")
        && error.message.contains("principal")
}

pub(super) fn is_pending_already(error: &Error) -> bool {
    error.code.as_deref() == Some("KMSInvalidStateException")
        && error.message.contains("pending deletion")
}

/// KMS shows a key everywhere only some seconds after it was made.
fn is_unseen(error: &Error) -> bool {
    error.is_not_found()
}

/// Makes a key and returns its ARN and id. A key has no name that AWS would
/// refuse to take twice, so that the SDK must not try again by itself: after a
/// failure that tells nothing, the key is looked for by its tags.
pub(super) async fn make_key(
    aws: &Aws,
    spec: &KmsKeySpec,
    tags: &Tags,
) -> Result<(String, String), Error> {
    let policy = spec.policy.as_ref().map(policy_text);
    let tag_list = tags_to_aws(tags)?;
    let may_pass = |error: &Error| {
        is_principal_unseen(error) || matches!(error.class, Class::Throttled | Class::Unavailable)
    };
    until_done(Patience::CREATION, may_pass, || async {
        let request = aws
            .kms
            .create_key()
            .description(&spec.description)
            .multi_region(spec.multi_region)
            .set_policy(policy.clone())
            .set_tags(Some(tag_list.clone()))
            .customize()
            .config_override(kms::config::Builder::new().retry_config(without_retries()));
        let metadata = match call(KMS, "CreateKey", request.send()).await {
            Ok(reply) => reply.key_metadata,
            Err(error) if error.class == Class::Unavailable => {
                match live::find_tagged(aws, tags).await? {
                    Some(id) => Some(live::read_metadata(aws, &id).await?),
                    None => return Err(error),
                }
            }
            Err(error) => return Err(error),
        };
        let metadata =
            metadata.ok_or_else(|| Error::internal("kms_key", "CreateKey gave no key"))?;
        Ok((metadata.arn.unwrap_or_default(), metadata.key_id))
    })
    .await
}

pub(super) async fn enable_rotation(aws: &Aws, id: &str, days: i32) -> Result<(), Error> {
    until_done(Patience::NEW_KEY, is_unseen, || {
        let request = aws
            .kms
            .enable_key_rotation()
            .key_id(id)
            .rotation_period_in_days(days);
        call(KMS, "EnableKeyRotation", request.send())
    })
    .await?;
    Ok(())
}

/// Cancels the deletion of a key, which leaves it disabled, and reads what
/// KMS does not tell of a key that is scheduled for deletion.
pub(super) async fn bring_back(aws: &Aws, id: &str, before: &mut KmsKeySpec) -> Result<(), Error> {
    let request = aws.kms.cancel_key_deletion().key_id(id);
    call(KMS, "CancelKeyDeletion", request.send()).await?;
    (before.key_rotation_enabled, before.rotation_period_in_days) =
        live::read_rotation(aws, id).await?;
    before.enabled = false;
    Ok(())
}

pub(super) fn rotation_differs(before: &KmsKeySpec, after: &KmsKeySpec) -> bool {
    let period_differs = before.rotation_period_in_days != after.rotation_period_in_days;
    before.key_rotation_enabled != after.key_rotation_enabled
        || (after.key_rotation_enabled && period_differs)
}

pub(super) async fn update_rotation(
    aws: &Aws,
    id: &str,
    before: &KmsKeySpec,
    after: &KmsKeySpec,
) -> Result<(), Error> {
    if !rotation_differs(before, after) {
        return Ok(());
    }
    if after.key_rotation_enabled {
        return enable_rotation(aws, id, after.rotation_period_in_days).await;
    }
    let request = aws.kms.disable_key_rotation().key_id(id);
    call(KMS, "DisableKeyRotation", request.send()).await?;
    Ok(())
}

pub(super) async fn update_policy(
    aws: &Aws,
    id: &str,
    before: &KmsKeySpec,
    after: &KmsKeySpec,
) -> Result<(), Error> {
    let Some(policy) = &after.policy else {
        return Ok(());
    };
    let normal = |policy: &serde_json::Map<String, Value>| {
        policy_document::normalize(&Value::Object(policy.clone()))
    };
    if before.policy.as_ref().map(normal) == Some(normal(policy)) {
        return Ok(());
    }
    until_done(Patience::CONSISTENCY, is_principal_unseen, || {
        let request = aws
            .kms
            .put_key_policy()
            .key_id(id)
            .policy_name(POLICY_NAME)
            .policy(policy_text(policy));
        call(KMS, "PutKeyPolicy", request.send())
    })
    .await?;
    Ok(())
}

/// The new alias is made before the old one goes, so that the key is never
/// without one.
pub(super) async fn update_alias(
    aws: &Aws,
    id: &str,
    before: &KmsKeySpec,
    after: &KmsKeySpec,
) -> Result<(), Error> {
    if before.alias == after.alias {
        return Ok(());
    }
    if let Some(alias) = &after.alias {
        let tags = live::read_tags(aws, id).await?.unwrap_or_default();
        put_alias(aws, alias, id, &tags).await?;
    }
    if let Some(alias) = &before.alias {
        delete_alias(aws, alias, id).await?;
    }
    Ok(())
}

/// Points `alias` at the key `id`. An alias that exists is moved only where
/// the key that it points at belongs to the same stack.
pub(super) async fn put_alias(aws: &Aws, alias: &str, id: &str, tags: &Tags) -> Result<(), Error> {
    let created = until_done(Patience::NEW_KEY, is_unseen, || {
        let request = aws.kms.create_alias().alias_name(alias).target_key_id(id);
        call(KMS, "CreateAlias", request.send())
    })
    .await;
    let error = match created {
        Err(error) if error.class == Class::Conflict => error,
        other => return other.map(drop),
    };
    let holder = live::read_tags(aws, &alias_target(aws, alias).await?).await?;
    let holder = holder.as_ref().and_then(Owner::from_tags);
    let is_ours = holder.is_some()
        && holder.map(|owner| owner.stack) == Owner::from_tags(tags).map(|owner| owner.stack);
    if !is_ours {
        return Err(error);
    }
    let request = aws.kms.update_alias().alias_name(alias).target_key_id(id);
    call(KMS, "UpdateAlias", request.send()).await?;
    Ok(())
}

async fn alias_target(aws: &Aws, alias: &str) -> Result<String, Error> {
    let request = aws.kms.describe_key().key_id(alias);
    let reply = call(KMS, "DescribeKey", request.send()).await?;
    let metadata = reply.key_metadata;
    Ok(metadata.map(|key| key.key_id).unwrap_or_default())
}

/// Deletes `alias` where it still points at the key `id`: after a replacement
/// it points at the new key.
pub(super) async fn delete_alias(aws: &Aws, alias: &str, id: &str) -> Result<(), Error> {
    match alias_target(aws, alias).await {
        Ok(target) if target == id => {}
        Ok(_) => return Ok(()),
        Err(error) if error.is_not_found() => return Ok(()),
        Err(error) => return Err(error),
    }
    let request = aws.kms.delete_alias().alias_name(alias);
    gone_is_done(call(KMS, "DeleteAlias", request.send()).await)
}
