//! Reading roles. A list of them has neither tags nor boundaries: those are
//! asked for one by one, all at a time; policies of those roles alone whose
//! policies the spec manages.
//!
//! `GetAccountAuthorizationDetails` would give tags, boundaries and policies
//! of all roles in pages. It is not used: it leaves out description and
//! session duration and, for policies, the tags, so that `GetRole` and
//! `ListPolicyTags` stay; it gives every document of the account to whoever
//! may call it, so that credentials for deployments seldom may.

use std::collections::BTreeMap;

use super::inline::InlinePolicy;
use super::{IamRoleSpec, an_hour, outputs};
use crate::aws::{IAM, call, iam};
use crate::model::Owner;
use crate::resource::iam_document;
use crate::resource::iam_write::tags_from_aws;
use crate::resource::read::{in_parallel, with_tags};
use crate::resource::{Aws, Error, Found, Query, Tags};

/// Entries in a page of a list, AWS's most.
const PAGE: i32 = 1000;
/// Paths of roles that AWS makes and that nobody else can tag.
const OF_AWS: [&str; 2] = ["/aws-service-role/", "/aws-reserved/"];

/// A role as a list has it.
#[derive(Clone)]
struct Listed {
    role: iam::types::Role,
    /// It was asked for by its name, so that all of it is known.
    is_whole: bool,
}

/// Which policies of a role are worth a call.
#[derive(Clone, Copy)]
struct Wants {
    managed: bool,
    inline: bool,
}

/// Reads every role that the stack owns or that the spec names. Those that the
/// spec names are asked for by their name at the same time: a list shows a new
/// role later than its name does.
pub(super) async fn read(
    aws: &Aws,
    query: Query<'_, IamRoleSpec>,
) -> Result<Vec<Found<IamRoleSpec>>, Error> {
    let wanted = query.wanted.iter().map(|wanted| wanted.key.clone());
    let wanted: Vec<String> = wanted.collect();
    let (listed, named) = tokio::try_join!(
        list(aws),
        in_parallel(wanted, |name| async move { get(aws, &name).await })
    )?;
    let listed = listed.into_iter().filter(|role| !is_of_aws(role));
    let mut roles: BTreeMap<String, Listed> = BTreeMap::new();
    for (role, is_whole) in listed
        .map(|role| (role, false))
        .chain(named.into_iter().flatten().map(|role| (role, true)))
    {
        roles.insert(role.role_name.clone(), Listed { role, is_whole });
    }
    let tagged = with_tags(
        roles.into_values().collect(),
        |listed| query.names(&listed.role.role_name),
        |listed| read_tags(aws, listed),
    )
    .await?;
    let matter = tagged
        .into_iter()
        .filter(|(listed, tags)| query.matters(&listed.role.role_name, Some(tags)))
        .map(|(listed, tags)| {
            let wants = wants(&query, &listed.role.role_name, &tags);
            (listed, tags, wants)
        });
    let found = in_parallel(matter, |(listed, tags, wants)| {
        describe(aws, listed, tags, wants)
    })
    .await?;
    Ok(found.into_iter().flatten().collect())
}

fn is_of_aws(role: &iam::types::Role) -> bool {
    OF_AWS.iter().any(|path| role.path.starts_with(path))
}

/// Tells which policies the spec manages of the role that it knows by key or,
/// where its key changed since, by its tag.
fn wants(query: &Query<'_, IamRoleSpec>, key: &str, tags: &Tags) -> Wants {
    let owner = Owner::from_tags(tags).filter(|owner| owner.stack == query.stack);
    let name = owner.and_then(|owner| owner.name);
    let mut of_this = query
        .wanted
        .iter()
        .filter(|wanted| wanted.key == key || Some(&wanted.name) == name.as_ref());
    let mut wants = Wants {
        managed: query.everything,
        inline: query.everything,
    };
    if let Some(wanted) = of_this.next() {
        wants.managed |= wanted.spec.managed_policies.is_some();
        wants.inline |= wanted.spec.inline_policies.is_some();
    }
    wants
}

async fn list(aws: &Aws) -> Result<Vec<iam::types::Role>, Error> {
    let mut roles = Vec::new();
    let mut marker = None;
    loop {
        let request = aws.iam.list_roles().max_items(PAGE).set_marker(marker);
        let page = call(IAM, "ListRoles", request.send()).await?;
        roles.extend(page.roles);
        marker = page.marker.filter(|_| page.is_truncated);
        if marker.is_none() {
            return Ok(roles);
        }
    }
}

/// Asks for one role; `None` where it is gone.
pub(super) async fn get(aws: &Aws, name: &str) -> Result<Option<iam::types::Role>, Error> {
    let request = aws.iam.get_role().role_name(name);
    match call(IAM, "GetRole", request.send()).await {
        Ok(reply) => Ok(reply.role),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

async fn read_tags(aws: &Aws, listed: Listed) -> Result<Option<Tags>, Error> {
    if listed.is_whole {
        return Ok(Some(tags_from_aws(listed.role.tags())));
    }
    let mut tags = Tags::new();
    let mut marker = None;
    loop {
        let request = aws
            .iam
            .list_role_tags()
            .role_name(&listed.role.role_name)
            .set_marker(marker);
        let page = match call(IAM, "ListRoleTags", request.send()).await {
            Err(error) if error.is_not_found() => return Ok(None),
            other => other?,
        };
        tags.extend(tags_from_aws(&page.tags));
        marker = page.marker.filter(|_| page.is_truncated);
        if marker.is_none() {
            return Ok(Some(tags));
        }
    }
}

/// Reads one role whole; `None` where it went away meanwhile.
async fn describe(
    aws: &Aws,
    listed: Listed,
    tags: Tags,
    wants: Wants,
) -> Result<Option<Found<IamRoleSpec>>, Error> {
    let name = listed.role.role_name.clone();
    let parts = tokio::try_join!(
        async {
            if listed.is_whole {
                Ok(Some(listed.role))
            } else {
                get(aws, &name).await
            }
        },
        async {
            if wants.managed {
                attached(aws, &name).await.map(Some)
            } else {
                Ok(None)
            }
        },
        async {
            if wants.inline {
                inline(aws, &name).await.map(Some)
            } else {
                Ok(None)
            }
        },
    );
    let (role, managed_policies, inline_policies) = match parts {
        Err(error) if error.is_not_found() => return Ok(None),
        other => other?,
    };
    let Some(role) = role else {
        return Ok(None);
    };
    let trust = role.assume_role_policy_document.as_deref();
    let boundary = role.permissions_boundary;
    Ok(Some(Found {
        key: name,
        outputs: outputs(&role.arn, &role.role_id),
        spec: IamRoleSpec {
            role_name: Some(role.role_name),
            path: role.path,
            description: role.description.unwrap_or_default(),
            max_session_duration: role.max_session_duration.unwrap_or_else(an_hour),
            permissions_boundary: boundary.and_then(|boundary| boundary.permissions_boundary_arn),
            assume_role_policy: trust.map(iam_document::read),
            trust: None,
            managed_policies,
            inline_policies,
        },
        tags: Some(tags),
        deletion_scheduled: false,
        status: crate::model::Attributes::new(),
    }))
}

/// Lists the ARNs of the managed policies of a role.
pub(in crate::resource) async fn attached(aws: &Aws, role: &str) -> Result<Vec<String>, Error> {
    let mut arns = Vec::new();
    let mut marker = None;
    loop {
        let request = aws
            .iam
            .list_attached_role_policies()
            .role_name(role)
            .set_marker(marker);
        let page = call(IAM, "ListAttachedRolePolicies", request.send()).await?;
        let policies = page.attached_policies.unwrap_or_default().into_iter();
        arns.extend(policies.filter_map(|policy| policy.policy_arn));
        marker = page.marker.filter(|_| page.is_truncated);
        if marker.is_none() {
            return Ok(arns);
        }
    }
}

/// Lists the names of the policies that are written into a role.
pub(super) async fn inline_names(aws: &Aws, role: &str) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    let mut marker = None;
    loop {
        let request = aws
            .iam
            .list_role_policies()
            .role_name(role)
            .set_marker(marker);
        let page = call(IAM, "ListRolePolicies", request.send()).await?;
        names.extend(page.policy_names);
        marker = page.marker.filter(|_| page.is_truncated);
        if marker.is_none() {
            return Ok(names);
        }
    }
}

async fn inline(aws: &Aws, role: &str) -> Result<BTreeMap<String, InlinePolicy>, Error> {
    let names = inline_names(aws, role).await?;
    let policies = in_parallel(names, |name| async move {
        let request = aws.iam.get_role_policy().role_name(role).policy_name(&name);
        match call(IAM, "GetRolePolicy", request.send()).await {
            Ok(reply) => {
                let document = iam_document::read(&reply.policy_document);
                Ok(Some((name, InlinePolicy::Table(document))))
            }
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    })
    .await?;
    Ok(policies.into_iter().flatten().collect())
}
