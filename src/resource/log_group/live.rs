//! Reading and writing log groups. CloudWatch Logs carries out one change of a
//! log group at a time and refuses the second meanwhile, so that each call is
//! tried again for a while.

use std::collections::HashMap;
use std::future::Future;

use serde_json::Value;

use super::{DELIVERY, LogGroup, LogGroupSpec};
use crate::aws::logs::types;
use crate::aws::{Class, LOGS, Patience, call, gone_is_done, until_done};
use crate::resource::read::with_tags;
use crate::resource::{Attributes, Aws, Error, Found, Query, Resource, Tags};

const ARN: &str = "arn";
/// Most log groups of one page.
const PAGE: i32 = 50;

/// Reads every log group.
pub(super) async fn read(
    aws: &Aws,
    query: Query<'_, LogGroupSpec>,
) -> Result<Vec<Found<LogGroupSpec>>, Error> {
    let mut groups = list(aws).await?;
    // `aws/spans` is X-Ray's, and nobody else's to manage.
    groups.retain(|group| {
        !group
            .log_group_name()
            .unwrap_or_default()
            .starts_with("aws/")
    });
    let tagged = with_tags(
        groups,
        |group| query.names(group.log_group_name().unwrap_or_default()),
        |group| read_tags(aws, arn_of(&group)),
    )
    .await?;
    let found = tagged.into_iter().map(|(group, tags)| Found {
        key: group.log_group_name.clone().unwrap_or_default(),
        tags: Some(tags),
        outputs: outputs(&arn_of(&group)),
        spec: LogGroupSpec {
            log_group_name: group.log_group_name,
            retention_in_days: group.retention_in_days,
            kms_key_id: group.kms_key_id,
            log_group_class: group.log_group_class.map(|class| class.as_str().to_owned()),
            deletion_protection_enabled: group.deletion_protection_enabled.unwrap_or_default(),
        },
        deletion_scheduled: false,
        status: Attributes::new(),
    });
    Ok(found.collect())
}

async fn list(aws: &Aws) -> Result<Vec<types::LogGroup>, Error> {
    let mut groups = Vec::new();
    let mut token = None;
    loop {
        let request = aws
            .logs
            .describe_log_groups()
            .limit(PAGE)
            .set_next_token(token);
        let page = call(LOGS, "DescribeLogGroups", request.send()).await?;
        groups.extend(page.log_groups.unwrap_or_default());
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(groups);
        }
    }
}

/// The ARN that tags go by; `arn` of a log group ends in `:*`, which stands for
/// its streams.
fn arn_of(group: &types::LogGroup) -> String {
    let arn = group.log_group_arn().or(group.arn()).unwrap_or_default();
    arn.strip_suffix(":*").unwrap_or(arn).to_owned()
}

fn outputs(arn: &str) -> Attributes {
    Attributes::from_iter([(ARN.to_owned(), Value::from(arn))])
}

async fn read_tags(aws: &Aws, arn: String) -> Result<Option<Tags>, Error> {
    let request = aws.logs.list_tags_for_resource().resource_arn(arn);
    let reply = match call(LOGS, "ListTagsForResource", request.send()).await {
        Err(error) if error.is_not_found() => return Ok(None),
        other => other?,
    };
    Ok(Some(reply.tags.unwrap_or_default().into_iter().collect()))
}

fn tags_to_aws(tags: &Tags) -> HashMap<String, String> {
    let owned = |(key, value): (&String, &String)| (key.clone(), value.clone());
    tags.iter().map(owned).collect()
}

/// Repeats a call while another change of the log group is under way.
async fn in_turn<T, F>(attempt: impl FnMut() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    until_done(Patience::CONSISTENCY, is_busy, attempt).await
}

fn is_busy(error: &Error) -> bool {
    error.code.as_deref() == Some("OperationAbortedException")
}

/// KMS shows a new key, and its policy, everywhere only after some seconds.
fn is_key_unseen(error: &Error) -> bool {
    let text = error.message.to_lowercase();
    error.class == Class::Invalid && (text.contains("kms") || text.contains("key"))
}

/// Makes one and returns its outputs. The tags go with the log group itself, so
/// that one whose retention could not be set any more is found by the next
/// plan.
pub(super) async fn create(
    aws: &Aws,
    name: &str,
    spec: &LogGroupSpec,
    tags: &Tags,
) -> Result<Attributes, Error> {
    let spec = LogGroup::canonical(spec.clone());
    let class = spec.log_group_class.as_deref();
    let identity = aws.identity().await?;
    let arn = format!(
        "arn:{}:logs:{}:{}:log-group:{name}",
        identity.partition,
        aws.region(),
        identity.account
    );
    let is_passing = |error: &Error| spec.kms_key_id.is_some() && is_key_unseen(error);
    let made = until_done(Patience::NEW_KEY, is_passing, || {
        in_turn(|| {
            let protected = spec.deletion_protection_enabled;
            let request = aws
                .logs
                .create_log_group()
                .log_group_name(name)
                .set_kms_key_id(spec.kms_key_id.clone())
                .set_log_group_class(class.map(types::LogGroupClass::from))
                .set_deletion_protection_enabled(protected.then_some(true))
                .set_tags(Some(tags_to_aws(tags)));
            call(LOGS, "CreateLogGroup", request.send())
        })
    })
    .await;
    match made {
        // The answer to a first attempt may have been lost, and it is ours.
        Err(error) if error.class == Class::Conflict => {
            if !carries(aws, &arn, tags).await? {
                return Err(explain_conflict(error, name));
            }
        }
        other => {
            other?;
        }
    }
    if spec.retention_in_days.is_some() {
        set_retention(aws, name, spec.retention_in_days).await?;
    }
    Ok(outputs(&arn))
}

/// Tells whether the log group carries the very tags that were sent.
async fn carries(aws: &Aws, arn: &str, tags: &Tags) -> Result<bool, Error> {
    let found = read_tags(aws, arn.to_owned()).await?.unwrap_or_default();
    let found = found.iter().filter(|(key, _)| !key.starts_with("aws:"));
    Ok(found.eq(tags))
}

fn explain_conflict(mut error: Error, name: &str) -> Error {
    error.message = format!(
        "somebody else made the log group `{name}` since the plan; plan again, and take it into \
         the stack with `xrayctl import` or --adopt"
    );
    error
}

/// Changes what differs.
pub(super) async fn update(
    aws: &Aws,
    name: &str,
    before: &LogGroupSpec,
    after: &LogGroupSpec,
) -> Result<(), Error> {
    let is_delivery = after.log_group_class.as_deref() == Some(DELIVERY);
    if before.retention_in_days != after.retention_in_days && !is_delivery {
        set_retention(aws, name, after.retention_in_days).await?;
    }
    if before.kms_key_id != after.kms_key_id {
        set_key(aws, name, after.kms_key_id.as_deref()).await?;
    }
    if before.deletion_protection_enabled != after.deletion_protection_enabled {
        in_turn(|| {
            let request = aws
                .logs
                .put_log_group_deletion_protection()
                .log_group_identifier(name)
                .deletion_protection_enabled(after.deletion_protection_enabled);
            call(LOGS, "PutLogGroupDeletionProtection", request.send())
        })
        .await?;
    }
    Ok(())
}

async fn set_retention(aws: &Aws, name: &str, days: Option<i32>) -> Result<(), Error> {
    let Some(days) = days else {
        in_turn(|| {
            let request = aws.logs.delete_retention_policy().log_group_name(name);
            call(LOGS, "DeleteRetentionPolicy", request.send())
        })
        .await?;
        return Ok(());
    };
    in_turn(|| {
        let request = aws
            .logs
            .put_retention_policy()
            .log_group_name(name)
            .retention_in_days(days);
        call(LOGS, "PutRetentionPolicy", request.send())
    })
    .await?;
    Ok(())
}

async fn set_key(aws: &Aws, name: &str, key: Option<&str>) -> Result<(), Error> {
    let Some(key) = key else {
        in_turn(|| {
            let request = aws.logs.disassociate_kms_key().log_group_name(name);
            call(LOGS, "DisassociateKmsKey", request.send())
        })
        .await?;
        return Ok(());
    };
    until_done(Patience::NEW_KEY, is_key_unseen, || {
        in_turn(|| {
            let request = aws
                .logs
                .associate_kms_key()
                .log_group_name(name)
                .kms_key_id(key);
            call(LOGS, "AssociateKmsKey", request.send())
        })
    })
    .await?;
    Ok(())
}

/// Deletes one, and the logs in it.
pub(super) async fn delete(aws: &Aws, name: &str) -> Result<(), Error> {
    let result = in_turn(|| {
        let request = aws.logs.delete_log_group().log_group_name(name);
        call(LOGS, "DeleteLogGroup", request.send())
    });
    gone_is_done(result.await)
}

/// Sets and removes tags of the log group with these outputs.
pub(super) async fn retag(
    aws: &Aws,
    outputs: &Attributes,
    set: &Tags,
    remove: &[String],
) -> Result<(), Error> {
    let arn = outputs.get(ARN).and_then(Value::as_str).unwrap_or_default();
    if !remove.is_empty() {
        in_turn(|| {
            let request = aws
                .logs
                .untag_resource()
                .resource_arn(arn)
                .set_tag_keys(Some(remove.to_vec()));
            call(LOGS, "UntagResource", request.send())
        })
        .await?;
    }
    if !set.is_empty() {
        in_turn(|| {
            let request = aws
                .logs
                .tag_resource()
                .resource_arn(arn)
                .set_tags(Some(tags_to_aws(set)));
            call(LOGS, "TagResource", request.send())
        })
        .await?;
    }
    Ok(())
}
