//! Reading stages: the APIs in one list, and the stages of each, which come
//! with their tags.

use std::collections::HashMap;
use std::sync::Arc;

use super::{ARN, ApiGatewayStageSpec, REST_API_ID, key_of};
use crate::aws::{API_GATEWAY, Patience, apigateway, call, until_done};
use crate::resource::read::in_parallel;
use crate::resource::{Attributes, Aws, Error, Found, Query, Wanted};

/// APIs in a page of `GetRestApis`, AWS's most.
const PAGE: i32 = 500;

/// A stage, and the API that it is of.
struct Standing {
    api: Arc<apigateway::types::RestApi>,
    stage: apigateway::types::Stage,
}

impl Standing {
    fn id(&self) -> &str {
        self.api.id().unwrap_or_default()
    }

    /// Its API's name, where no other API is called so.
    fn only_name(&self, counts: &HashMap<String, usize>) -> Option<String> {
        let name = self.api.name().filter(|name| counts.get(*name) == Some(&1));
        name.map(str::to_owned)
    }

    fn stage_name(&self) -> &str {
        self.stage.stage_name().unwrap_or_default()
    }

    /// Tells whether `wanted` speaks of it, by the API's id or by its name.
    fn is(&self, wanted: &ApiGatewayStageSpec) -> bool {
        wanted.stage_name == self.stage_name()
            && match &wanted.rest_api_id {
                Some(id) => id == self.id(),
                None => wanted.rest_api_name.as_deref() == self.api.name(),
            }
    }
}

/// Reads the stages that the spec names, and those that the stack owns.
pub(super) async fn read(
    aws: &Aws,
    query: Query<'_, ApiGatewayStageSpec>,
) -> Result<Vec<Found<ApiGatewayStageSpec>>, Error> {
    let (apis, identity) = tokio::try_join!(list_apis(aws), aws.identity())?;
    refuse_ambiguous(&apis, query.wanted)?;
    let counts = count_names(&apis);
    let partition = &identity.partition;
    let stages = in_parallel(apis, |api| list_stages(aws, api)).await?;
    let mut found = Vec::new();
    for standing in stages.into_iter().flatten() {
        let arn = format!(
            "arn:{partition}:apigateway:{}::/restapis/{}/stages/{}",
            aws.region(),
            standing.id(),
            standing.stage_name()
        );
        let named = query.wanted.iter().filter(|one| standing.is(&one.spec));
        let keys: Vec<String> = named.map(|one| one.key.clone()).collect();
        let tags = standing.stage.tags().cloned().unwrap_or_default();
        let tags = tags.into_iter().collect();
        let by_id = key_of(standing.id(), standing.stage_name());
        match keys.as_slice() {
            // For an export, named so that another account's can be meant.
            [] if query.everything => {
                let name = standing.only_name(&counts);
                let key = name
                    .as_deref()
                    .map(|name| key_of(name, standing.stage_name()));
                let mut one = as_found(&standing, key.unwrap_or(by_id), arn, tags);
                one.spec.rest_api_id = one.spec.rest_api_id.filter(|_| name.is_none());
                one.spec.rest_api_name = name;
                found.push(one);
            }
            [] if query.matters(&by_id, Some(&tags)) => {
                found.push(as_found(&standing, by_id, arn, tags));
            }
            [] => {}
            [key] => found.push(as_found(&standing, key.clone(), arn, tags)),
            several => {
                return Err(Error::refused(
                    "GetStages",
                    format!(
                        "`{}` are one API Gateway stage, {arn}; name it once in the spec",
                        several.join("` and `")
                    ),
                ));
            }
        }
    }
    Ok(found)
}

fn as_found(
    standing: &Standing,
    key: String,
    arn: String,
    tags: crate::resource::Tags,
) -> Found<ApiGatewayStageSpec> {
    let outputs = [
        (ARN.to_owned(), arn.into()),
        (REST_API_ID.to_owned(), standing.id().into()),
    ];
    Found {
        key,
        spec: ApiGatewayStageSpec {
            rest_api_id: Some(standing.id().to_owned()),
            rest_api_name: standing.api.name().map(str::to_owned),
            stage_name: standing.stage_name().to_owned(),
            tracing_enabled: standing.stage.tracing_enabled(),
        },
        tags: Some(tags),
        outputs: Attributes::from_iter(outputs),
        deletion_scheduled: false,
        status: Attributes::new(),
    }
}

fn count_names(apis: &[apigateway::types::RestApi]) -> HashMap<String, usize> {
    let mut names = HashMap::new();
    for name in apis.iter().filter_map(apigateway::types::RestApi::name) {
        *names.entry(name.to_owned()).or_default() += 1;
    }
    names
}

/// Refuses to guess which of several APIs of one name is meant.
fn refuse_ambiguous(
    apis: &[apigateway::types::RestApi],
    wanted: &[Wanted<ApiGatewayStageSpec>],
) -> Result<(), Error> {
    for name in wanted
        .iter()
        .filter_map(|one| one.spec.rest_api_name.as_deref())
    {
        let ids: Vec<&str> = apis
            .iter()
            .filter(|api| api.name() == Some(name))
            .filter_map(|api| api.id())
            .collect();
        if ids.len() > 1 {
            return Err(Error::refused(
                "GetRestApis",
                format!(
                    "{} REST APIs are called `{name}`: {}; give `rest_api_id` in the spec",
                    ids.len(),
                    ids.join(", ")
                ),
            ));
        }
    }
    Ok(())
}

async fn list_apis(aws: &Aws) -> Result<Vec<apigateway::types::RestApi>, Error> {
    let mut apis = Vec::new();
    let mut position = None;
    loop {
        let request = aws.apigateway.get_rest_apis().limit(PAGE);
        let request = request.set_position(position);
        let page = call(API_GATEWAY, "GetRestApis", request.send()).await?;
        apis.extend(page.items.unwrap_or_default());
        position = page.position.filter(|position| !position.is_empty());
        if position.is_none() {
            return Ok(apis);
        }
    }
}

/// Lists the stages of one API; none where it is gone meanwhile. API Gateway
/// takes few such calls a second, so that each is tried for itself until it gets
/// through.
async fn list_stages(aws: &Aws, api: apigateway::types::RestApi) -> Result<Vec<Standing>, Error> {
    let stages = until_done(Patience::THROTTLED, Error::is_throttled, || {
        let request = aws.apigateway.get_stages();
        let request = request.rest_api_id(api.id().unwrap_or_default());
        call(API_GATEWAY, "GetStages", request.send())
    });
    let stages = match stages.await {
        Ok(reply) => reply.item.unwrap_or_default(),
        Err(error) if error.is_not_found() => Vec::new(),
        Err(error) => return Err(error),
    };
    let api = Arc::new(api);
    let standing = |stage| Standing {
        api: Arc::clone(&api),
        stage,
    };
    Ok(stages.into_iter().map(standing).collect())
}
