//! AWS Lambda, with what `winterbaume-lambda` leaves out.
//!
//! Corrected, each because xrayctl acts on it:
//! - tracing mode and layers are kept and returned;
//! - a change of a configuration takes a moment, in which `LastUpdateStatus` is
//!   `InProgress` and another change is refused with 409;
//! - more than five layers are refused;
//! - functions are listed in order and in pages.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html>.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use serde_json::{Map, Value, json};
use winterbaume_lambda::LambdaService;

use super::engine::{Call, Engine, changes};
use super::json_call::{self, members};
use super::rest_call::{self, amended};
use crate::local_aws::service::{Answer, Service, Siblings, StateError};
use crate::local_aws::{Clock, reply};

/// Most functions of a page.
const PAGE: usize = 50;
/// Most layers of a function.
const MOST_LAYERS: usize = 5;
/// Where the engine keeps what it is given for a function and returns nowhere:
/// it has no place for layers.
const LAYERS: &str = "Layers";

/// The service with its corrections.
pub struct Lambda {
    engine: Engine<LambdaService>,
    clock: Clock,
    settle: Duration,
    /// When the last update of a function is done, in epoch seconds; by region
    /// and name. It outlives no restart: the update is done by then.
    updates: Mutex<HashMap<(String, String), f64>>,
}

/// The operations that are corrected.
enum Operation {
    Create,
    List,
    /// `GetFunction`, which wraps the configuration.
    Get,
    /// Answers with the configuration itself.
    Configuration,
    Update(String),
}

impl Operation {
    fn of(request: &Request<Bytes>) -> Option<Self> {
        let steps = rest_call::steps(request);
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        match (request.method(), steps.as_slice()) {
            (&Method::GET, ["2015-03-31", "functions"]) => Some(Self::List),
            (&Method::POST, ["2015-03-31", "functions"]) => Some(Self::Create),
            (&Method::GET, ["2015-03-31", "functions", _]) => Some(Self::Get),
            (&Method::GET, ["2015-03-31", "functions", _, "configuration"])
            | (&Method::PUT, ["2015-03-31", "functions", _, "code"]) => Some(Self::Configuration),
            (&Method::PUT, ["2015-03-31", "functions", name, "configuration"]) => {
                Some(Self::Update(plain_name(name).to_owned()))
            }
            _ => None,
        }
    }
}

/// The name in an ARN, or in a name with a version.
fn plain_name(name: &str) -> &str {
    let name = name.split_once(":function:").map_or(name, |(_, name)| name);
    name.split(':').next().unwrap_or(name)
}

impl Lambda {
    /// Lambda of one account, whose updates take `settle`.
    pub fn new(account: &str, clock: Clock, settle: Duration) -> Self {
        Self {
            engine: Engine::new("lambda", account, LambdaService::new),
            clock,
            settle,
            updates: Mutex::default(),
        }
    }

    fn updates(&self) -> MutexGuard<'_, HashMap<(String, String), f64>> {
        self.updates.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_under_way(&self, region: &str, name: &str) -> bool {
        let key = (region.to_owned(), name.to_owned());
        let until = self.updates().get(&key).copied();
        until.is_some_and(|until| self.clock.epoch_seconds() < until)
    }

    /// What AWS refuses and the engine takes.
    fn refusal(
        &self,
        region: &str,
        operation: &Operation,
        headers: &HeaderMap,
        asked: &Map<String, Value>,
    ) -> Option<Response<Bytes>> {
        if let Operation::Update(name) = operation
            && self.is_under_way(region, name)
        {
            let account = self.engine.account();
            let message = format!(
                "The operation cannot be performed at this time. An update is in progress for \
                 resource: arn:aws:lambda:{region}:{account}:function:{name}"
            );
            let code = "ResourceConflictException";
            return Some(reply::error(headers, 409, code, &message));
        }
        let layers = asked.get(LAYERS).and_then(Value::as_array);
        if layers.is_some_and(|layers| layers.len() > MOST_LAYERS) {
            let message = format!("Cannot reference more than {MOST_LAYERS} layers.");
            let code = "InvalidParameterValueException";
            return Some(reply::error(headers, 400, code, &message));
        }
        None
    }

    /// Keeps tracing mode and layers where the engine keeps the first, for no
    /// use of its own.
    fn keep(&self, region: &str, name: &str, asked: &Map<String, Value>) -> Result<(), StateError> {
        let mut view = self.engine.view(region);
        let Some(function) = view.functions.get_mut(name) else {
            return Ok(());
        };
        let mut kept = match function.tracing_config.take() {
            Some(Value::Object(kept)) => kept,
            _ => Map::new(),
        };
        if let Some(mode) = asked
            .get("TracingConfig")
            .and_then(|config| config.get("Mode"))
        {
            kept.insert("Mode".to_owned(), mode.clone());
        }
        if let Some(layers) = asked.get(LAYERS) {
            kept.insert(LAYERS.to_owned(), layers.clone());
        }
        function.tracing_config = Some(Value::Object(kept));
        self.engine.set_view(region, view)
    }

    /// Completes what the engine says of a function.
    fn complete(&self, region: &str, function: &mut Map<String, Value>) {
        let name = function.get("FunctionName").and_then(Value::as_str);
        let name = name.unwrap_or_default().to_owned();
        let view = self.engine.view(region);
        let kept = view.functions.get(&name);
        let kept = kept.and_then(|function| function.tracing_config.clone());
        let kept = kept.unwrap_or_default();
        let mode = kept["Mode"].as_str().unwrap_or("PassThrough");
        function.insert("TracingConfig".to_owned(), json!({ "Mode": mode }));
        let layers = kept[LAYERS].as_array().cloned().unwrap_or_default();
        let layers: Vec<Value> = layers
            .into_iter()
            .map(|arn| json!({ "Arn": arn, "CodeSize": 0 }))
            .collect();
        function.insert(LAYERS.to_owned(), Value::from(layers));
        if self.is_under_way(region, &name) {
            function.insert("LastUpdateStatus".to_owned(), json!("InProgress"));
        }
    }

    async fn corrected(
        &self,
        region: &str,
        operation: Operation,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, StateError> {
        let asked = members(&request).unwrap_or_default();
        if let Some(refusal) = self.refusal(region, &operation, request.headers(), &asked) {
            return Ok(refusal);
        }
        let page = Page::of(&request);
        let response = self.engine.handle(region, request).await;
        if response.status().is_success() {
            match &operation {
                Operation::Create => {
                    let name = asked.get("FunctionName").and_then(Value::as_str);
                    self.keep(region, name.unwrap_or_default(), &asked)?;
                }
                Operation::Update(name) => {
                    self.keep(region, name, &asked)?;
                    let until = self.clock.epoch_seconds() + self.settle.as_secs_f64();
                    let key = (region.to_owned(), name.clone());
                    self.updates().insert(key, until);
                }
                _ => {}
            }
        }
        Ok(amended(response, |answer| match operation {
            Operation::List => self.list(region, &page, answer),
            Operation::Get => {
                if let Some(Value::Object(function)) = answer.get_mut("Configuration") {
                    self.complete(region, function);
                }
            }
            _ => self.complete(region, answer),
        }))
    }

    fn list(&self, region: &str, page: &Page, answer: &mut Map<String, Value>) {
        let mut all = match answer.remove("Functions") {
            Some(Value::Array(functions)) => functions,
            _ => Vec::new(),
        };
        let key = "FunctionName";
        all.sort_by(|a, b| a[key].as_str().cmp(&b[key].as_str()));
        let cut = json_call::page(&all, key, page.marker.as_deref(), page.limit);
        let mut functions = cut.items.to_vec();
        for function in functions.iter_mut().filter_map(Value::as_object_mut) {
            self.complete(region, function);
        }
        answer.insert("Functions".to_owned(), Value::from(functions));
        if let Some(next) = cut.next {
            answer.insert("NextMarker".to_owned(), json!(next));
        }
    }
}

/// Which part of a list is asked for.
struct Page {
    marker: Option<String>,
    limit: usize,
}

impl Page {
    fn of(request: &Request<Bytes>) -> Self {
        let first = |name| rest_call::query(request, name).into_iter().next();
        let limit = first("MaxItems").and_then(|text| text.parse().ok());
        Self {
            marker: first("Marker"),
            limit: limit.unwrap_or(PAGE).clamp(1, PAGE),
        }
    }
}

#[async_trait]
impl Service for Lambda {
    fn name(&self) -> &'static str {
        self.engine.name()
    }

    async fn handle(&self, region: &str, request: Request<Bytes>, _: &dyn Siblings) -> Answer {
        let call = Call::of(&request);
        let headers = request.headers().clone();
        let response = match Operation::of(&request) {
            Some(operation) => self.corrected(region, operation, request).await,
            None => Ok(self.engine.handle(region, request).await),
        };
        let response = response.unwrap_or_else(|error| {
            reply::error(&headers, 500, "ServiceException", &error.to_string())
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
