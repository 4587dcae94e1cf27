//! Reading KMS keys. AWS lists keys by id alone; tags, aliases, policy and
//! rotation take calls of their own, so they are asked for only of the keys
//! that some stack owns or that the spec names.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{KEY_STATE, KmsKeySpec, POLICY_NAME, a_year, outputs};
use crate::aws::{Class, KMS, call, kms};
use crate::model::Owner;
use crate::resource::read::{in_parallel, with_tags};
use crate::resource::{Aws, Error, Found, Query, Tags, Wanted, policy_document};

/// Keys in a page of `ListKeys`, AWS's most.
const PAGE: i32 = 1000;
/// Aliases in a page of `ListAliases`, AWS's most.
const ALIAS_PAGE: i32 = 100;

/// A key that is worth reading whole.
struct Candidate {
    id: String,
    tags: Tags,
    /// What is known of it where the spec names it.
    named: Option<Named>,
    /// Whether the spec manages its policy.
    wants_policy: bool,
    /// Whether its policy matters where it is not the one that AWS gives.
    wants_own_policy: bool,
}

/// A key that the spec names.
#[derive(Clone)]
struct Named {
    alias: String,
    /// What was read of it already.
    metadata: Option<kms::types::KeyMetadata>,
}

/// Reads every key that the stack owns or that the spec names by its alias.
pub(super) async fn read(
    aws: &Aws,
    query: Query<'_, KmsKeySpec>,
) -> Result<Vec<Found<KmsKeySpec>>, Error> {
    let find = async {
        if query.everything {
            first_aliases(aws).await
        } else {
            find_named(aws, query.wanted).await
        }
    };
    let (mut ids, named) = tokio::try_join!(list_ids(aws), find)?;
    // The list shows a new key later than its alias does.
    ids.extend(named.keys().cloned());
    let tagged = with_tags(
        ids.into_iter().collect(),
        |id| named.contains_key(id),
        |id| async move { read_tags(aws, &id).await },
    )
    .await?;
    let candidates = tagged
        .into_iter()
        .filter_map(|(id, tags)| candidate(id, tags, &named, &query));
    let found = in_parallel(candidates, |candidate| describe(aws, candidate)).await?;
    Ok(found.into_iter().flatten().collect())
}

/// Finds a key that carries exactly these tags.
pub(super) async fn find_tagged(aws: &Aws, tags: &Tags) -> Result<Option<String>, Error> {
    let ids: Vec<String> = list_ids(aws).await?.into_iter().collect();
    let tagged = with_tags(
        ids,
        |_| false,
        |id| async move { read_tags(aws, &id).await },
    );
    let mut tagged = tagged.await?.into_iter();
    let found = tagged.find(|(_, found)| found == tags);
    Ok(found.map(|(id, _)| id))
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

/// Finds the keys behind the aliases of the spec; by key id. One page of
/// aliases tells of all in most accounts. Where there are more, or we may not
/// list them, each alias is asked for, so that the calls that wait for one
/// another do not grow in number with the aliases of others.
async fn find_named(
    aws: &Aws,
    wanted: &[Wanted<KmsKeySpec>],
) -> Result<BTreeMap<String, Named>, Error> {
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let aliases: BTreeSet<String> = wanted.iter().map(|wanted| wanted.key.clone()).collect();
    let request = aws.kms.list_aliases().limit(ALIAS_PAGE);
    match call(KMS, "ListAliases", request.send()).await {
        Ok(page) if !page.truncated => Ok(pick(page.aliases, &aliases)),
        Err(error) if error.class != Class::Denied => Err(error),
        _ => describe_each(aws, aliases).await,
    }
}

/// Finds an alias for every key that has one; of several, the first by name.
async fn first_aliases(aws: &Aws) -> Result<BTreeMap<String, Named>, Error> {
    let mut first: BTreeMap<String, Named> = BTreeMap::new();
    let mut marker = None;
    loop {
        let request = aws.kms.list_aliases().limit(ALIAS_PAGE).set_marker(marker);
        let page = call(KMS, "ListAliases", request.send()).await?;
        for entry in page.aliases.unwrap_or_default() {
            let (Some(alias), Some(id)) = (entry.alias_name, entry.target_key_id) else {
                continue;
            };
            let named = Named {
                alias,
                metadata: None,
            };
            let known = first.entry(id).or_insert_with(|| named.clone());
            if named.alias < known.alias {
                *known = named;
            }
        }
        marker = page.next_marker.filter(|_| page.truncated);
        if marker.is_none() {
            return Ok(first);
        }
    }
}

/// Picks the keys of the wanted aliases out of a list of all.
fn pick(
    listed: Option<Vec<kms::types::AliasListEntry>>,
    wanted: &BTreeSet<String>,
) -> BTreeMap<String, Named> {
    let listed = listed.unwrap_or_default().into_iter();
    listed
        .filter_map(|entry| {
            let alias = entry.alias_name.filter(|alias| wanted.contains(alias))?;
            let named = Named {
                alias,
                metadata: None,
            };
            Some((entry.target_key_id?, named))
        })
        .collect()
}

async fn describe_each(
    aws: &Aws,
    aliases: BTreeSet<String>,
) -> Result<BTreeMap<String, Named>, Error> {
    let found = in_parallel(aliases, |alias| async move {
        let request = aws.kms.describe_key().key_id(&alias);
        match call(KMS, "DescribeKey", request.send()).await {
            Ok(reply) => Ok(reply.key_metadata.map(|metadata| {
                let id = metadata.key_id.clone();
                let metadata = Some(metadata);
                (id, Named { alias, metadata })
            })),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    })
    .await?;
    Ok(found.into_iter().flatten().collect())
}

/// Reads the tags of one key; `None` where it is gone.
pub(super) async fn read_tags(aws: &Aws, id: &str) -> Result<Option<Tags>, Error> {
    let mut tags = Tags::new();
    let mut marker = None;
    loop {
        let request = aws.kms.list_resource_tags().key_id(id).set_marker(marker);
        let page = match call(KMS, "ListResourceTags", request.send()).await {
            Err(error) if error.is_not_found() => return Ok(None),
            other => other?,
        };
        let page_tags = page.tags.unwrap_or_default().into_iter();
        tags.extend(page_tags.map(|tag| (tag.tag_key, tag.tag_value)));
        marker = page.next_marker.filter(|_| page.truncated);
        if marker.is_none() {
            return Ok(Some(tags));
        }
    }
}

fn candidate(
    id: String,
    tags: Tags,
    named: &BTreeMap<String, Named>,
    query: &Query<'_, KmsKeySpec>,
) -> Option<Candidate> {
    let named = named.get(&id).cloned();
    let owner = Owner::from_tags(&tags).filter(|owner| owner.stack == query.stack);
    if named.is_none() && owner.is_none() && !query.everything {
        return None;
    }
    let alias = named.as_ref().map(|named| &named.alias);
    let owned_name = owner.and_then(|owner| owner.name);
    let wants_policy = query.wanted.iter().any(|wanted| {
        let is_this = Some(&wanted.key) == alias || Some(&wanted.name) == owned_name.as_ref();
        is_this && wanted.spec.policy.is_some()
    });
    Some(Candidate {
        id,
        tags,
        named,
        wants_policy,
        wants_own_policy: query.everything,
    })
}

/// Reads one key whole; `None` where it went away meanwhile.
async fn describe(aws: &Aws, candidate: Candidate) -> Result<Option<Found<KmsKeySpec>>, Error> {
    let id = candidate.id.as_str();
    let (alias, metadata) = match candidate.named {
        Some(named) => (Some(named.alias), named.metadata),
        None => (None, None),
    };
    let parts = tokio::try_join!(
        async {
            match metadata {
                Some(known) => Ok(known),
                None => read_metadata(aws, id).await,
            }
        },
        read_rotation(aws, id),
        read_alias(aws, id, alias),
        read_policy(
            aws,
            id,
            candidate.wants_policy || candidate.wants_own_policy
        ),
    );
    let (metadata, (rotates, period), alias, policy) = match parts {
        Err(error) if error.is_not_found() => return Ok(None),
        other => other?,
    };
    let policy = policy.filter(|policy| candidate.wants_policy || !is_aws_policy(policy));
    // AWS's own keys are nobody's to change.
    if metadata.key_manager == Some(kms::types::KeyManagerType::Aws) {
        return Ok(None);
    }
    let state = metadata.key_state.clone();
    let mut outputs = outputs(metadata.arn.as_deref().unwrap_or_default(), id);
    let state_text = state.as_ref().map(|state| state.as_str().to_owned());
    outputs.insert(KEY_STATE.to_owned(), Value::from(state_text));
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
        status: crate::model::Attributes::new(),
    }))
}

/// Reads what KMS tells of a key itself.
pub(super) async fn read_metadata(aws: &Aws, id: &str) -> Result<kms::types::KeyMetadata, Error> {
    let request = aws.kms.describe_key().key_id(id);
    let reply = call(KMS, "DescribeKey", request.send()).await?;
    reply
        .key_metadata
        .ok_or_else(|| Error::internal("kms_key", "DescribeKey gave no key"))
}

/// Reads whether the key is rotated, and how often.
pub(super) async fn read_rotation(aws: &Aws, id: &str) -> Result<(bool, i32), Error> {
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

/// Reads the alias of a key. Of several, none that the spec names, nothing
/// tells which one is ours, and none is taken for it: it might be deleted.
async fn read_alias(aws: &Aws, id: &str, known: Option<String>) -> Result<Option<String>, Error> {
    if known.is_some() {
        return Ok(known);
    }
    let mut names = Vec::new();
    let mut marker = None;
    loop {
        let request = aws.kms.list_aliases().key_id(id).set_marker(marker);
        let page = call(KMS, "ListAliases", request.send()).await?;
        let aliases = page.aliases.unwrap_or_default().into_iter();
        names.extend(aliases.filter_map(|alias| alias.alias_name));
        marker = page.next_marker.filter(|_| page.truncated);
        if marker.is_none() {
            break;
        }
    }
    Ok(names.pop().filter(|_| names.is_empty()))
}

/// Tells whether a key policy is the one that AWS gives a key made without
/// one, which leaves access to IAM:
/// <https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html>.
fn is_aws_policy(policy: &serde_json::Map<String, Value>) -> bool {
    let policy = policy_document::normalize(&Value::Object(policy.clone()));
    let Some([statement]) = policy["Statement"].as_array().map(Vec::as_slice) else {
        return false;
    };
    let principals = statement["Principal"]["AWS"].as_array();
    let is_account = |principal: &Value| {
        let text = principal.as_str().unwrap_or_default();
        text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    statement["Effect"] == "Allow"
        && statement["Action"] == serde_json::json!(["kms:*"])
        && statement["Resource"] == serde_json::json!(["*"])
        && statement.get("Condition").is_none()
        && principals.is_some_and(|all| all.len() == 1 && all.iter().all(is_account))
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
