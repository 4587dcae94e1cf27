//! Amazon API Gateway (REST APIs), with what `winterbaume-apigateway` leaves
//! out.
//!
//! Corrected, each because xrayctl acts on it:
//! - `CreateDeployment` with a stage's name makes the stage, or moves it to the
//!   deployment;
//! - tags of a stage are one thing, whether they are given with the stage, set
//!   by its ARN, or read with it; a stage that is not there takes none;
//! - `UpdateStage` takes no other value than `true` and `false` for tracing;
//! - APIs are listed in pages.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/api/API_CreateDeployment.html>.

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use serde_json::{Map, Value, json};
use winterbaume_apigateway::ApiGatewayService;

use super::engine::{Call, Engine, changes};
use super::json_call::{self, members};
use super::rest_call::{self, amended};
use crate::local_aws::reply;
use crate::local_aws::service::{Answer, Service, Siblings, StateError};

/// APIs in a page where the caller does not say, and at most.
const PAGE: usize = 25;
const LARGEST_PAGE: usize = 500;

/// The service with its corrections.
pub struct ApiGateway {
    engine: Engine<ApiGatewayService>,
}

impl ApiGateway {
    /// API Gateway of one account.
    pub fn new(account: &str) -> Self {
        Self {
            engine: Engine::new("apigateway", account, ApiGatewayService::new),
        }
    }

    async fn answer(
        &self,
        region: &str,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, StateError> {
        let steps = rest_call::steps(&request);
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        match (request.method(), steps.as_slice()) {
            (&Method::GET, ["restapis"]) => Ok(self.list(region, request).await),
            (&Method::POST, ["restapis", api, "deployments"]) => {
                Ok(self.deploy(region, api, request).await)
            }
            (&Method::PATCH, ["restapis", _, "stages", _]) => {
                match wrong_tracing(&members(&request).unwrap_or_default()) {
                    Some(value) => Ok(bad_request(request.headers(), &value)),
                    None => Ok(self.engine.handle(region, request).await),
                }
            }
            (_, ["tags", arn]) => match stage_of(arn) {
                Some(stage) => self.tags(region, &stage, &request),
                None => Ok(self.engine.handle(region, request).await),
            },
            _ => Ok(self.engine.handle(region, request).await),
        }
    }

    async fn list(&self, region: &str, request: Request<Bytes>) -> Response<Bytes> {
        let first = |name| rest_call::query(&request, name).into_iter().next();
        let limit = first("limit").and_then(|text| text.parse().ok());
        let limit = limit.unwrap_or(PAGE).clamp(1, LARGEST_PAGE);
        let position = first("position");
        let response = self.engine.handle(region, request).await;
        amended(response, |answer| {
            let mut all = match answer.remove("item") {
                Some(Value::Array(items)) => items,
                _ => Vec::new(),
            };
            all.sort_by(|a, b| a["id"].as_str().cmp(&b["id"].as_str()));
            let page = json_call::page(&all, "id", position.as_deref(), limit);
            answer.insert("item".to_owned(), json!(page.items));
            if let Some(next) = page.next {
                answer.insert("position".to_owned(), json!(next));
            }
        })
    }

    /// Makes the deployment, and the stage that is to show it.
    async fn deploy(&self, region: &str, api: &str, request: Request<Bytes>) -> Response<Bytes> {
        let asked = members(&request).unwrap_or_default();
        let response = self.engine.handle(region, request).await;
        let deployment: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        let stage = asked.get("stageName").and_then(Value::as_str);
        let stage = stage.filter(|stage| !stage.is_empty() && response.status().is_success());
        let Some(stage) = stage else {
            return response;
        };
        let path = format!("/restapis/{api}/stages");
        let view = self.engine.view(region);
        let request = if view.stages.contains_key(&format!("{api}/{stage}")) {
            let moved = json!({ "patchOperations": [
                { "op": "replace", "path": "/deploymentId", "value": deployment["id"] },
            ]});
            rest_call::request(Method::PATCH, &format!("{path}/{stage}"), &moved)
        } else {
            rest_call::request(Method::POST, &path, &new_stage(&asked, &deployment))
        };
        let staged = self.engine.handle(region, request).await;
        if staged.status().is_success() {
            response
        } else {
            staged
        }
    }

    /// Reads, sets and removes the tags of a stage.
    fn tags(
        &self,
        region: &str,
        stage: &str,
        request: &Request<Bytes>,
    ) -> Result<Response<Bytes>, StateError> {
        let mut view = self.engine.view(region);
        let Some(found) = view.stages.get_mut(stage) else {
            let message = "Invalid stage identifier specified";
            return Ok(reply::error(
                request.headers(),
                404,
                "NotFoundException",
                message,
            ));
        };
        if request.method() == Method::GET {
            return Ok(reply::json(200, &json!({ "tags": found.tags })));
        }
        if request.method() == Method::DELETE {
            for key in rest_call::query(request, "tagKeys") {
                found.tags.remove(&key);
            }
        } else {
            let asked = members(request).unwrap_or_default();
            let tags = asked.get("tags").and_then(Value::as_object);
            for (key, value) in tags.into_iter().flatten() {
                let value = value.as_str().unwrap_or_default();
                found.tags.insert(key.clone(), value.to_owned());
            }
        }
        self.engine.set_view(region, view)?;
        Ok(reply::json(204, &Value::Null))
    }
}

/// The request that makes the stage of a deployment.
fn new_stage(asked: &Map<String, Value>, deployment: &Value) -> Value {
    let mut stage = json!({ "deploymentId": deployment["id"] });
    for (from, to) in [
        ("stageName", "stageName"),
        ("stageDescription", "description"),
        ("tracingEnabled", "tracingEnabled"),
        ("variables", "variables"),
        ("cacheClusterEnabled", "cacheClusterEnabled"),
        ("cacheClusterSize", "cacheClusterSize"),
    ] {
        if let Some(value) = asked.get(from).filter(|value| !value.is_null()) {
            stage[to] = value.clone();
        }
    }
    stage
}

/// The stage that an ARN names, as the engine calls it: `API/STAGE`.
fn stage_of(arn: &str) -> Option<String> {
    let (_, path) = arn.split_once("::/restapis/")?;
    let (api, stage) = path.split_once("/stages/")?;
    Some(format!("{api}/{stage}"))
}

/// The value for tracing that is none.
fn wrong_tracing(asked: &Map<String, Value>) -> Option<String> {
    let operations = asked.get("patchOperations")?.as_array()?;
    operations
        .iter()
        .filter(|one| one["path"] == "/tracingEnabled")
        .filter_map(|one| one["value"].as_str())
        .find(|value| !["true", "false"].contains(value))
        .map(str::to_owned)
}

fn bad_request(headers: &HeaderMap, value: &str) -> Response<Bytes> {
    let message = format!("Invalid patch value '{value}' specified for path '/tracingEnabled'");
    reply::error(headers, 400, "BadRequestException", &message)
}

#[async_trait]
impl Service for ApiGateway {
    fn name(&self) -> &'static str {
        self.engine.name()
    }

    async fn handle(&self, region: &str, request: Request<Bytes>, _: &dyn Siblings) -> Answer {
        let call = Call::of(&request);
        let headers = request.headers().clone();
        let response = self.answer(region, request).await;
        let response = response.unwrap_or_else(|error| {
            reply::error(&headers, 500, "InternalFailure", &error.to_string())
        });
        let changed = changes(&call, &response);
        Answer { response, changed }
    }

    fn snapshot(&self, region: &str) -> Result<Value, StateError> {
        self.engine.snapshot(region)
    }

    fn restore(&self, region: &str, state: &Value) -> Result<(), StateError> {
        self.engine.restore(region, state)
    }
}
