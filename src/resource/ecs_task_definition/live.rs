//! Task definitions at AWS: reading the latest revision of each family,
//! registering another, and deregistering ours.
//!
//! Both ways as raw JSON: the SDK drops members that it does not know.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::EcsTaskDefinitionSpec;
use super::document::{Document, registrable, text};
use crate::aws::{Class, ECS, Patience, RawJson, call, ecs, until_done};
use crate::model::live::{APPLIED_TAG, NAME_TAG, STACK_TAG};
use crate::resource::read::in_parallel;
use crate::resource::{Attributes, Aws, Error, Found, Query, Tags};

const ARN: &str = "arn";
/// The stack that owns the family, which tells our revisions from others.
const STACK: &str = "stack";
/// Ownership tags that stand on an older revision alone.
const INHERITED: &str = "inherited_tags";
/// How many revisions are looked at for the stack's tags, where the latest
/// has none.
const LOOK_BACK: usize = 25;

/// One revision with its tags.
struct Revision {
    document: Document,
    tags: Tags,
}

impl Revision {
    fn arn(&self) -> &str {
        text(&self.document, "taskDefinitionArn")
    }

    fn stack(&self) -> Option<&String> {
        self.tags.get(STACK_TAG)
    }
}

/// Reads the families that the spec names, and those whose latest revision
/// carries the tags of a stack.
pub(super) async fn read(
    aws: &Aws,
    query: Query<'_, EcsTaskDefinitionSpec>,
) -> Result<Vec<Found<EcsTaskDefinitionSpec>>, Error> {
    let wanted: Vec<String> = query.wanted.iter().map(|one| one.key.clone()).collect();
    let named = in_parallel(wanted, |family| named_family(aws, family, query.stack));
    let (named, others) = tokio::try_join!(named, other_families(aws, &query))?;
    Ok(named.into_iter().flatten().chain(others).collect())
}

/// Reads a family that the spec names. Someone may have registered a revision
/// after ours without our tags: the family stays ours where an older revision
/// that is active says so.
async fn named_family(
    aws: &Aws,
    family: String,
    stack: &str,
) -> Result<Option<Found<EcsTaskDefinitionSpec>>, Error> {
    let Some(latest) = latest(aws, &family).await? else {
        return Ok(None);
    };
    let mut inherited = Tags::new();
    if latest.stack().is_none() && latest.document.get("revision") != Some(&1.into()) {
        let arns = active(aws, &family, Some(LOOK_BACK)).await?;
        let revisions = in_parallel(arns, |arn| describe(aws, arn)).await?;
        let ours = revisions
            .into_iter()
            .flatten()
            .find(|one| one.stack().is_some_and(|owner| owner == stack));
        inherited = ours.map(|one| one.tags).unwrap_or_default();
        inherited.retain(|name, _| name == STACK_TAG || name == APPLIED_TAG);
    }
    Ok(found(latest, inherited))
}

/// Reads the families that the spec does not name. What others keep to
/// themselves is left out, unless nothing can be seen at all.
async fn other_families(
    aws: &Aws,
    query: &Query<'_, EcsTaskDefinitionSpec>,
) -> Result<Vec<Found<EcsTaskDefinitionSpec>>, Error> {
    let mut families = families(aws).await?;
    families.retain(|family| !query.names(family));
    let read = in_parallel(families, |family| async move {
        match latest(aws, &family).await {
            Err(error) if error.class == Class::Denied => Ok(Err(error)),
            other => other.map(Ok),
        }
    })
    .await?;
    let sees_any = read.iter().any(Result::is_ok);
    let mut all = Vec::new();
    for result in read {
        match result {
            Ok(Some(revision)) => {
                let matters =
                    query.matters(text(&revision.document, "family"), Some(&revision.tags));
                all.extend(matters.then(|| found(revision, Tags::new())).flatten());
            }
            Err(error) if !sees_any => return Err(error),
            Ok(None) | Err(_) => {}
        }
    }
    Ok(all)
}

fn found(revision: Revision, inherited: Tags) -> Option<Found<EcsTaskDefinitionSpec>> {
    let mut outputs = outputs(&revision.document);
    let mut tags = revision.tags;
    if !inherited.is_empty() {
        outputs.insert(INHERITED.to_owned(), json!(inherited));
        tags.extend(inherited);
    }
    if let Some(stack) = tags.get(STACK_TAG) {
        outputs.insert(STACK.to_owned(), stack.as_str().into());
    }
    Some(Found {
        key: text(&revision.document, "family").to_owned(),
        spec: EcsTaskDefinitionSpec::from_document(&registrable(&revision.document))?,
        tags: Some(tags),
        outputs,
        deletion_scheduled: false,
        status: Attributes::new(),
    })
}

/// What others need of a revision.
fn outputs(document: &Document) -> Attributes {
    let mut outputs =
        Attributes::from_iter([(ARN.to_owned(), text(document, "taskDefinitionArn").into())]);
    for name in ["family", "revision"] {
        if let Some(value) = document.get(name) {
            outputs.insert(name.to_owned(), value.clone());
        }
    }
    outputs
}

/// Lists the families that have an active revision.
async fn families(aws: &Aws) -> Result<Vec<String>, Error> {
    let mut families = Vec::new();
    let mut token = None;
    loop {
        let request = aws
            .ecs
            .list_task_definition_families()
            .status(ecs::types::TaskDefinitionFamilyStatus::Active)
            .set_next_token(token);
        let page = call(ECS, "ListTaskDefinitionFamilies", request.send()).await?;
        families.extend(page.families.unwrap_or_default());
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(families);
        }
    }
}

/// Lists the active revisions of a family, the latest first; the first page
/// alone where `limit` says how long that is.
async fn active(aws: &Aws, family: &str, limit: Option<usize>) -> Result<Vec<String>, Error> {
    let mut arns = Vec::new();
    let mut token = None;
    loop {
        let request = aws
            .ecs
            .list_task_definitions()
            .family_prefix(family)
            .status(ecs::types::TaskDefinitionStatus::Active)
            .sort(ecs::types::SortOrder::Desc)
            .set_max_results(limit.and_then(|limit| i32::try_from(limit).ok()))
            .set_next_token(token);
        let page = call(ECS, "ListTaskDefinitions", request.send()).await?;
        arns.extend(page.task_definition_arns.unwrap_or_default());
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() || limit.is_some() {
            break;
        }
    }
    // Families are listed by their whole name, but not everywhere; and not
    // every ECS sorts them.
    let of_family = format!("/{family}");
    let revision = |arn: &str| -> Option<u64> {
        let (name, revision) = arn.rsplit_once(':')?;
        name.ends_with(&of_family).then(|| revision.parse().ok())?
    };
    arns.retain(|arn| revision(arn).is_some());
    arns.sort_by_key(|arn| std::cmp::Reverse(revision(arn)));
    arns.truncate(limit.unwrap_or(usize::MAX));
    Ok(arns)
}

/// Reads the latest active revision of a family; `None` where it has none.
async fn latest(aws: &Aws, family: &str) -> Result<Option<Revision>, Error> {
    let latest = describe(aws, family.to_owned()).await?;
    Ok(latest.filter(|one| text(&one.document, "status") != "INACTIVE"))
}

/// Reads one revision, by ARN, or the latest by family.
async fn describe(aws: &Aws, name: String) -> Result<Option<Revision>, Error> {
    let raw = RawJson::answer();
    let request = aws
        .ecs
        .describe_task_definition()
        .task_definition(name)
        .include(ecs::types::TaskDefinitionField::Tags)
        .customize()
        .interceptor(raw.clone());
    match call(ECS, "DescribeTaskDefinition", request.send()).await {
        Err(error) if error.is_not_found() => return Ok(None),
        other => drop(other?),
    }
    let mut answer = raw.take();
    let Value::Object(document) = answer["taskDefinition"].take() else {
        return Err(Error::internal(
            "ecs_task_definition",
            "DescribeTaskDefinition gave no task definition",
        ));
    };
    let tags = answer["tags"].as_array().into_iter().flatten();
    let tags = tags.filter_map(|tag| {
        let value = tag["value"].as_str().unwrap_or_default();
        Some((tag["key"].as_str()?.to_owned(), value.to_owned()))
    });
    Ok(Some(Revision {
        tags: tags.collect(),
        document,
    }))
}

/// Reads the latest active revision of `family` as it can be registered, the
/// tags that are people's own with it; `None` where there is none.
pub(crate) async fn registrable_of(aws: &Aws, family: &str) -> Result<Option<Document>, Error> {
    let Some(revision) = latest(aws, family).await? else {
        return Ok(None);
    };
    let mut document = registrable(&revision.document);
    let tags: Vec<Value> = revision
        .tags
        .iter()
        .filter(|(name, _)| !name.starts_with("aws:") && !name.starts_with("xrayctl:"))
        .map(|(name, value)| json!({ "key": name, "value": value }))
        .collect();
    if !tags.is_empty() {
        document.insert("tags".to_owned(), tags.into());
    }
    Ok(Some(document))
}

/// The tags of the revision that was read, as they stand now.
pub(super) async fn tags(aws: &Aws, outputs: &Attributes) -> Result<Tags, Error> {
    let arn = text(outputs, ARN);
    let mut tags = match describe(aws, arn.to_owned()).await? {
        Some(revision) => revision.tags,
        None => Tags::new(),
    };
    for (name, value) in inherited(outputs) {
        tags.entry(name).or_insert(value);
    }
    tags.retain(|name, _| !name.starts_with("aws:"));
    Ok(tags)
}

fn inherited(outputs: &Attributes) -> BTreeMap<String, String> {
    let inherited = outputs.get(INHERITED).cloned();
    inherited
        .and_then(|tags| serde_json::from_value(tags).ok())
        .unwrap_or_default()
}

/// Registers a revision.
pub(super) async fn register(
    aws: &Aws,
    spec: &EcsTaskDefinitionSpec,
    tags: &Tags,
) -> Result<Attributes, Error> {
    let mut document = spec.document(Some(aws.region()));
    let family = text(&document, "family").to_owned();
    let tags: Vec<Value> = tags
        .iter()
        .map(|(name, value)| json!({ "key": name, "value": value }))
        .collect();
    // ECS takes no empty list of tags.
    if !tags.is_empty() {
        document.insert("tags".to_owned(), tags.into());
    }
    let body = Value::Object(document);
    let attempt = || async {
        let raw = RawJson::of(&body);
        let request = aws
            .ecs
            .register_task_definition()
            .family(&family)
            .set_container_definitions(Some(Vec::new()))
            .customize()
            .interceptor(raw.clone());
        call(ECS, "RegisterTaskDefinition", request.send()).await?;
        Ok(raw.take())
    };
    // ECS sees a role only some seconds after IAM made it.
    let is_new_role = |error: &Error| error.message.contains("Role is not valid");
    let answer = until_done(Patience::NEW_ROLE, is_new_role, attempt).await?;
    match answer.get("taskDefinition") {
        Some(Value::Object(document)) => Ok(outputs(document)),
        _ => Err(Error::internal(
            "ecs_task_definition",
            "RegisterTaskDefinition gave no task definition",
        )),
    }
}

/// Sets and removes tags of the latest revision.
pub(super) async fn retag(
    aws: &Aws,
    outputs: &Attributes,
    set: &Tags,
    remove: &[String],
) -> Result<(), Error> {
    let arn = text(outputs, ARN);
    if !remove.is_empty() {
        let request = aws
            .ecs
            .untag_resource()
            .resource_arn(arn)
            .set_tag_keys(Some(remove.to_vec()));
        call(ECS, "UntagResource", request.send()).await?;
    }
    // What stood on an older revision alone comes along.
    let mut all = inherited(outputs);
    all.extend(set.clone());
    all.retain(|name, _| !remove.contains(name));
    if all.is_empty() {
        return Ok(());
    }
    let tags = all
        .into_iter()
        .map(|(key, value)| ecs::types::Tag::builder().key(key).value(value).build());
    let request = aws
        .ecs
        .tag_resource()
        .resource_arn(arn)
        .set_tags(Some(tags.collect()));
    call(ECS, "TagResource", request.send()).await?;
    Ok(())
}

/// Takes our tags off a revision that someone else registered, once another has
/// them: a deletion of what is ours leaves it alone.
pub(super) async fn give_back(aws: &Aws, outputs: &Attributes) -> Result<(), Error> {
    if inherited(outputs).is_empty() {
        return Ok(());
    }
    let ours = [STACK_TAG, NAME_TAG, APPLIED_TAG].map(str::to_owned);
    let request = aws
        .ecs
        .untag_resource()
        .resource_arn(text(outputs, ARN))
        .set_tag_keys(Some(ours.to_vec()));
    call(ECS, "UntagResource", request.send()).await?;
    Ok(())
}

/// Deregisters the revisions of a family that the stack registered. Tasks that
/// run go on; nothing is deleted, since services may refer to it.
///
/// The one that was read goes last: it is what a later plan finds the others
/// by, should this be cut short.
pub(super) async fn deregister(aws: &Aws, family: &str, outputs: &Attributes) -> Result<(), Error> {
    let stack = text(outputs, STACK);
    let read = text(outputs, ARN);
    let mut arns = active(aws, family, None).await?;
    arns.retain(|arn| arn != read);
    let revisions = in_parallel(arns, |arn| describe(aws, arn)).await?;
    let ours: Vec<String> = revisions
        .iter()
        .flatten()
        .filter(|one| !stack.is_empty() && one.stack().is_some_and(|owner| owner == stack))
        .map(|one| one.arn().to_owned())
        .collect();
    in_parallel(ours, |arn| deregister_one(aws, arn)).await?;
    // Someone else's, where it has our tags from an older one alone.
    if inherited(outputs).is_empty() {
        deregister_one(aws, read.to_owned()).await?;
    }
    Ok(())
}

async fn deregister_one(aws: &Aws, arn: String) -> Result<(), Error> {
    until_done(Patience::THROTTLED, Error::is_throttled, || async {
        let request = aws.ecs.deregister_task_definition().task_definition(&arn);
        match call(ECS, "DeregisterTaskDefinition", request.send()).await {
            Err(error) if error.is_not_found() => Ok(()),
            other => other.map(drop),
        }
    })
    .await
}
