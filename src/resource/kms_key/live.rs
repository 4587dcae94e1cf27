//! Reading KMS keys. AWS lists keys by id alone; tags, aliases, policy and
//! rotation take calls of their own, so they are asked for only of the keys
//! that some stack owns or that the spec names.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{KmsKeySpec, POLICY_NAME, a_year, outputs};
use crate::aws::{Class, KMS, call, kms};
use crate::model::Owner;
use crate::resource::read::in_parallel;
use crate::resource::{Aws, Error, Found, Tags, Wanted, policy_document};

/// Keys in a page of `ListKeys`, AWS's most.
const PAGE: i32 = 1000;

/// A key that is worth reading whole.
struct Candidate {
    id: String,
    tags: Tags,
    /// The alias that the spec knows it by, where it does.
    alias: Option<String>,
    /// Whether the spec manages its policy.
    wants_policy: bool,
}

/// Reads every key that a stack owns or that the spec names by its alias.
pub(super) async fn read(
    aws: &Aws,
    wanted: &[Wanted<KmsKeySpec>],
) -> Result<Vec<Found<KmsKeySpec>>, Error> {
    let (ids, named) = tokio::try_join!(list_ids(aws), find_named(aws, wanted))?;
    let tagged = in_parallel(ids, |id| async move {
        let tags = read_tags(aws, &id).await?;
        Ok((id, tags))
    })
    .await?;
    let candidates = tagged
        .into_iter()
        .filter_map(|(id, tags)| candidate(id, tags?, &named, wanted));
    let found = in_parallel(candidates, |candidate| describe(aws, candidate)).await?;
    Ok(found.into_iter().flatten().collect())
}

async fn list_ids(aws: &Aws) -> Result<BTreeSet<String>, Error> {
    let mut ids = BTreeSet::new();
    let mut marker = None;
    loop {
        let request = aws.kms.list_keys().limit(PAGE).set_marker(marker);
        let page = call(KMS, "ListKeys", request.send()).await?;
        let keys = page.keys.unwrap_or_default();
        ids.extend(keys.into_iter().filter_map(|key| key.key_id));
        marker = page.next_marker.filter(|_| page.truncated);
        if marker.is_none() {
            return Ok(ids);
        }
    }
}

/// Finds the keys behind the aliases of the spec; by key id.
async fn find_named(
    aws: &Aws,
    wanted: &[Wanted<KmsKeySpec>],
) -> Result<BTreeMap<String, String>, Error> {
    let aliases: Vec<String> = wanted.iter().map(|wanted| wanted.key.clone()).collect();
    let found = in_parallel(aliases, |alias| async move {
        let request = aws.kms.describe_key().key_id(&alias);
        match call(KMS, "DescribeKey", request.send()).await {
            Ok(reply) => Ok(reply.key_metadata.map(|key| (key.key_id, alias))),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    })
    .await?;
    Ok(found.into_iter().flatten().collect())
}

/// Reads the tags of one key; `None` where we may not: such a key is another
/// team's, or AWS's own.
async fn read_tags(aws: &Aws, id: &str) -> Result<Option<Tags>, Error> {
    let request = aws.kms.list_resource_tags().key_id(id);
    match call(KMS, "ListResourceTags", request.send()).await {
        Ok(reply) => Ok(Some(tags_from_aws(reply.tags))),
        Err(error) if matches!(error.class, Class::Denied | Class::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads tags in KMS's form.
pub(super) fn tags_from_aws(tags: Option<Vec<kms::types::Tag>>) -> Tags {
    tags.unwrap_or_default()
        .into_iter()
        .map(|tag| (tag.tag_key, tag.tag_value))
        .collect()
}

fn candidate(
    id: String,
    tags: Tags,
    named: &BTreeMap<String, String>,
    wanted: &[Wanted<KmsKeySpec>],
) -> Option<Candidate> {
    let alias = named.get(&id).cloned();
    let owner = Owner::from_tags(&tags);
    if alias.is_none() && owner.is_none() {
        return None;
    }
    let owned_name = owner.and_then(|owner| owner.name);
    let wants_policy = wanted.iter().any(|wanted| {
        let is_this =
            Some(&wanted.key) == alias.as_ref() || Some(&wanted.name) == owned_name.as_ref();
        is_this && wanted.spec.policy.is_some()
    });
    Some(Candidate {
        id,
        tags,
        alias,
        wants_policy,
    })
}

/// Reads one key whole; `None` where it went away meanwhile.
async fn describe(aws: &Aws, candidate: Candidate) -> Result<Option<Found<KmsKeySpec>>, Error> {
    let id = candidate.id.as_str();
    let parts = tokio::try_join!(
        read_metadata(aws, id),
        read_rotation(aws, id),
        read_alias(aws, id, candidate.alias),
        read_policy(aws, id, candidate.wants_policy),
    );
    let (metadata, (rotates, period), alias, policy) = match parts {
        Err(error) if error.is_not_found() => return Ok(None),
        other => other?,
    };
    let state = metadata.key_state.clone();
    let mut outputs = outputs(metadata.arn.as_deref().unwrap_or_default(), id);
    let state_text = state.as_ref().map(|state| state.as_str().to_owned());
    outputs.insert("key_state".to_owned(), Value::from(state_text));
    Ok(Some(Found {
        key: alias.clone().unwrap_or_default(),
        spec: KmsKeySpec {
            alias,
            description: metadata.description.unwrap_or_default(),
            enabled: metadata.enabled,
            key_rotation_enabled: rotates,
            rotation_period_in_days: period,
            multi_region: metadata.multi_region.unwrap_or_default(),
            policy,
            pending_window_in_days: None,
        },
        tags: Some(candidate.tags),
        outputs,
        deletion_scheduled: state == Some(kms::types::KeyState::PendingDeletion),
    }))
}

async fn read_metadata(aws: &Aws, id: &str) -> Result<kms::types::KeyMetadata, Error> {
    let request = aws.kms.describe_key().key_id(id);
    let reply = call(KMS, "DescribeKey", request.send()).await?;
    reply
        .key_metadata
        .ok_or_else(|| Error::internal("kms_key", "DescribeKey gave no key"))
}

async fn read_rotation(aws: &Aws, id: &str) -> Result<(bool, i32), Error> {
    let request = aws.kms.get_key_rotation_status().key_id(id);
    match call(KMS, "GetKeyRotationStatus", request.send()).await {
        Ok(reply) => Ok((
            reply.key_rotation_enabled,
            reply.rotation_period_in_days.unwrap_or_else(a_year),
        )),
        // KMS does not tell it of a key that is scheduled for deletion.
        Err(error) if error.code.as_deref() == Some("KMSInvalidStateException") => {
            Ok((false, a_year()))
        }
        Err(error) => Err(error),
    }
}

async fn read_alias(aws: &Aws, id: &str, known: Option<String>) -> Result<Option<String>, Error> {
    if known.is_some() {
        return Ok(known);
    }
    let request = aws.kms.list_aliases().key_id(id);
    let reply = call(KMS, "ListAliases", request.send()).await?;
    let names = reply.aliases.unwrap_or_default();
    Ok(names.into_iter().filter_map(|alias| alias.alias_name).min())
}

async fn read_policy(
    aws: &Aws,
    id: &str,
    is_wanted: bool,
) -> Result<Option<serde_json::Map<String, Value>>, Error> {
    if !is_wanted {
        return Ok(None);
    }
    let request = aws.kms.get_key_policy().key_id(id).policy_name(POLICY_NAME);
    let reply = call(KMS, "GetKeyPolicy", request.send()).await?;
    let text = reply.policy.unwrap_or_default();
    match policy_document::parse(&text) {
        Value::Object(policy) => Ok(Some(policy)),
        other => Ok(Some(serde_json::Map::from_iter([(
            "Unreadable".to_owned(),
            other,
        )]))),
    }
}
