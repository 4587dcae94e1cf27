//! What a policy is attached to.

use super::live;
use crate::aws::{IAM, call, iam};
use crate::model::Owner;
use crate::resource::iam_write::tags_from_aws;
use crate::resource::read::in_parallel;
use crate::resource::{Aws, Error};

/// What uses a policy.
#[derive(Debug, Default)]
pub(super) struct Users {
    /// Roles of the same stack that it is attached to. They go with it, or
    /// move to the one that takes its place.
    pub(super) own_roles: Vec<String>,
    /// Anything else, in words.
    pub(super) others: Vec<String>,
}

/// Tells what uses the policy `arn`; `None` where it is gone.
///
/// # Errors
/// Where IAM does not tell.
pub(super) async fn of(aws: &Aws, arn: &str) -> Result<Option<Users>, Error> {
    let mut users = Users::default();
    let mut roles = Vec::new();
    let mut marker = None;
    loop {
        let request = aws
            .iam
            .list_entities_for_policy()
            .policy_arn(arn)
            .set_marker(marker);
        let page = match call(IAM, "ListEntitiesForPolicy", request.send()).await {
            Err(error) if error.is_not_found() => return Ok(None),
            other => other?,
        };
        let names = page
            .policy_users()
            .iter()
            .filter_map(|user| user.user_name());
        users
            .others
            .extend(names.map(|name| format!("policy of user `{name}`")));
        let names = page
            .policy_groups()
            .iter()
            .filter_map(|one| one.group_name());
        users
            .others
            .extend(names.map(|name| format!("policy of group `{name}`")));
        let names = page.policy_roles.into_iter().flatten();
        roles.extend(names.filter_map(|role| role.role_name));
        marker = page.marker.filter(|_| page.is_truncated);
        if marker.is_none() {
            break;
        }
    }
    if roles.is_empty() {
        return Ok(Some(users));
    }
    let (tags, roles) = tokio::try_join!(
        live::tags_of(aws, arn),
        in_parallel(roles, |name| async move { role(aws, &name).await })
    )?;
    let stack = stack_of(&tags.unwrap_or_default());
    for role in roles.into_iter().flatten() {
        let is_boundary = boundary(&role) == Some(arn);
        let is_own = stack.is_some() && stack_of(&tags_from_aws(role.tags())) == stack;
        let name = role.role_name;
        if is_boundary {
            users
                .others
                .push(format!("permissions boundary of role `{name}`"));
        } else if is_own {
            users.own_roles.push(name);
        } else {
            users.others.push(format!("policy of role `{name}`"));
        }
    }
    Ok(Some(users))
}

/// Reads a role; `None` where it is gone.
async fn role(aws: &Aws, name: &str) -> Result<Option<iam::types::Role>, Error> {
    let request = aws.iam.get_role().role_name(name);
    match call(IAM, "GetRole", request.send()).await {
        Ok(reply) => Ok(reply.role),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

fn boundary(role: &iam::types::Role) -> Option<&str> {
    role.permissions_boundary()?.permissions_boundary_arn()
}

fn stack_of(tags: &crate::resource::Tags) -> Option<String> {
    Owner::from_tags(tags).map(|owner| owner.stack)
}
