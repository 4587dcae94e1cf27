//! Amazon ECS, with what `winterbaume-ecs` leaves out of task definitions.
//!
//! Corrected, each because xrayctl acts on it:
//! - all members of a task definition are kept and returned, those that we do
//!   not know among them, with what AWS fills in;
//! - what AWS refuses is refused: a size that Fargate has not, its network mode;
//! - a family means its latest active revision;
//! - tags are returned where they are asked for;
//! - lists are filtered, sorted and paged.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html>.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value, json};
use winterbaume_ecs::EcsService;
use winterbaume_ecs::views::{EcsStateView, TaskDefinitionView};

use super::ecs_rules as rules;
use super::engine::{Call, Engine, changes};
use super::json_call::{self, JsonFault};
use crate::local_aws::service::{Answer, Service, Siblings, StateError};
use crate::local_aws::{Clock, reply};

/// What the targets of ECS's calls start with.
const TARGET: &str = "AmazonEC2ContainerServiceV20141113";
/// Where our part of a region's state stands beside the engine's.
const DOCUMENTS: &str = "task_definition_documents";
/// The longest page of a list.
const PAGE: u64 = 100;

/// Task definitions as they were registered, by ARN.
type Documents = BTreeMap<String, Map<String, Value>>;

/// The service with its corrections.
pub struct Ecs {
    engine: Engine<EcsService>,
    clock: Clock,
    documents: Mutex<HashMap<String, Documents>>,
}

impl Ecs {
    /// ECS of one account.
    pub fn new(account: &str, clock: Clock) -> Self {
        Self {
            engine: Engine::new("ecs", account, EcsService::new),
            clock,
            documents: Mutex::default(),
        }
    }

    fn documents(&self) -> MutexGuard<'_, HashMap<String, Documents>> {
        self.documents
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(
        &self,
        region: &str,
        operation: &str,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, JsonFault> {
        let members = json_call::members(&request).unwrap_or_default();
        match operation {
            "RegisterTaskDefinition" => {
                rules::check(&members)?;
                let answer = self.engine.handle(region, request).await;
                Ok(self.registered(region, members, answer))
            }
            "DescribeTaskDefinition" => self.described(region, &members),
            "DeregisterTaskDefinition" => {
                let answer = self.engine.handle(region, request).await;
                Ok(self.deregistered(region, answer))
            }
            "ListTaskDefinitions" => Ok(self.listed(region, &members)),
            "ListTaskDefinitionFamilies" => Ok(self.families(region, &members)),
            _ => Ok(self.engine.handle(region, request).await),
        }
    }

    /// Keeps what was registered, and answers with it.
    fn registered(
        &self,
        region: &str,
        mut members: Map<String, Value>,
        answer: Response<Bytes>,
    ) -> Response<Bytes> {
        let Some(registered) = task_definition(&answer) else {
            return answer;
        };
        let tags = members.shift_remove("tags").unwrap_or_else(|| json!([]));
        rules::fill(&mut members);
        for name in ["taskDefinitionArn", "revision", "status", "compatibilities"] {
            members.insert(name.to_owned(), registered[name].clone());
        }
        let account = self.engine.account();
        let by = format!("arn:aws:iam::{account}:user/local");
        members.insert("registeredBy".to_owned(), by.into());
        let now = self.clock.epoch_seconds();
        members.insert("registeredAt".to_owned(), now.into());
        let arn = registered["taskDefinitionArn"].as_str().unwrap_or_default();
        let mut documents = self.documents();
        let documents = documents.entry(region.to_owned()).or_default();
        documents.insert(arn.to_owned(), members.clone());
        reply::json(200, &json!({ "taskDefinition": members, "tags": tags }))
    }

    fn described(
        &self,
        region: &str,
        members: &Map<String, Value>,
    ) -> Result<Response<Bytes>, JsonFault> {
        let reference = members.get("taskDefinition").and_then(Value::as_str);
        let view = self.engine.view(region);
        let Some(found) = find(&view, reference.unwrap_or_default()) else {
            return Err(JsonFault::new(
                "ClientException",
                "Unable to describe task definition.",
            ));
        };
        let wants_tags = members
            .get("include")
            .and_then(Value::as_array)
            .is_some_and(|parts| parts.contains(&"TAGS".into()));
        let tags = view.resource_tags.get(&found.arn).filter(|_| wants_tags);
        Ok(reply::json(
            200,
            &json!({
                "taskDefinition": self.document(region, found),
                "tags": json!(tags.cloned().unwrap_or_default()),
            }),
        ))
    }

    /// What was registered, as it stands now.
    fn document(&self, region: &str, found: &TaskDefinitionView) -> Map<String, Value> {
        let documents = self.documents();
        let known = documents.get(region).and_then(|all| all.get(&found.arn));
        let mut document = known.cloned().unwrap_or_default();
        for (name, value) in [
            ("taskDefinitionArn", json!(found.arn)),
            ("family", json!(found.family)),
            ("revision", json!(found.revision)),
            ("status", json!(found.status)),
        ] {
            document.insert(name.to_owned(), value);
        }
        document
    }

    fn deregistered(&self, region: &str, answer: Response<Bytes>) -> Response<Bytes> {
        let arn = task_definition(&answer);
        let arn = arn.and_then(|one| Some(one["taskDefinitionArn"].as_str()?.to_owned()));
        let view = self.engine.view(region);
        match arn.and_then(|arn| find(&view, &arn)) {
            Some(found) => {
                let document = self.document(region, found);
                reply::json(200, &json!({ "taskDefinition": document }))
            }
            None => answer,
        }
    }

    fn listed(&self, region: &str, members: &Map<String, Value>) -> Response<Bytes> {
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        let status = text("status").unwrap_or("ACTIVE");
        let family = text("familyPrefix");
        let view = self.engine.view(region);
        let mut found: Vec<&TaskDefinitionView> = view
            .task_definitions
            .values()
            .filter(|one| one.status == status)
            .filter(|one| family.is_none_or(|family| one.family == family))
            .collect();
        let is_descending = text("sort") == Some("DESC");
        found.sort_by(|a, b| {
            let order = (&a.family, a.revision).cmp(&(&b.family, b.revision));
            if is_descending {
                order.reverse()
            } else {
                order
            }
        });
        let arns = found.into_iter().map(|one| one.arn.clone()).collect();
        page("taskDefinitionArns", arns, members)
    }

    fn families(&self, region: &str, members: &Map<String, Value>) -> Response<Bytes> {
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        let prefix = text("familyPrefix").unwrap_or_default();
        let view = self.engine.view(region);
        let mut is_active: BTreeMap<&str, bool> = BTreeMap::new();
        for one in view.task_definitions.values() {
            let active = is_active.entry(&one.family).or_default();
            *active |= one.status == "ACTIVE";
        }
        let families = is_active
            .into_iter()
            .filter(|(family, _)| family.starts_with(prefix))
            .filter(|(_, active)| match text("status") {
                Some("ACTIVE") => *active,
                Some("INACTIVE") => !*active,
                _ => true,
            })
            .map(|(family, _)| family.to_owned());
        page("families", families.collect(), members)
    }
}

/// The task definition of an answer that succeeded.
fn task_definition(answer: &Response<Bytes>) -> Option<Value> {
    let mut body: Value = serde_json::from_slice(answer.body()).ok()?;
    let found = body.get_mut("taskDefinition")?.take();
    found.is_object().then_some(found)
}

/// Finds a revision by ARN or as `family:revision`, and the latest that is
/// active by family.
fn find<'v>(view: &'v EcsStateView, reference: &str) -> Option<&'v TaskDefinitionView> {
    let name = reference.split(":task-definition/").last()?;
    let mut all = view.task_definitions.values();
    match name.split_once(':') {
        Some((family, revision)) => {
            let revision: i32 = revision.parse().ok()?;
            all.find(|one| one.family == family && one.revision == revision)
        }
        None => all
            .filter(|one| one.family == name && one.status == "ACTIVE")
            .max_by_key(|one| one.revision),
    }
}

/// Answers one page of `items`. The token is the last item of the page before.
fn page(name: &str, items: Vec<String>, members: &Map<String, Value>) -> Response<Bytes> {
    let token = members.get("nextToken").and_then(Value::as_str);
    let limit = members.get("maxResults").and_then(Value::as_u64);
    let limit = usize::try_from(limit.unwrap_or(PAGE).clamp(1, PAGE)).unwrap_or(1);
    let start = token.and_then(|token| items.iter().position(|item| item == token));
    let start = start.map_or(0, |last| last + 1);
    let rest = items.len() - start;
    let page: Vec<String> = items.into_iter().skip(start).take(limit).collect();
    let next = page.last().filter(|_| rest > limit).cloned();
    let mut answer = Map::from_iter([(name.to_owned(), json!(page))]);
    if let Some(next) = next {
        answer.insert("nextToken".to_owned(), next.into());
    }
    reply::json(200, &Value::Object(answer))
}

#[async_trait]
impl Service for Ecs {
    fn name(&self) -> &'static str {
        self.engine.name()
    }

    fn target_prefix(&self) -> Option<&'static str> {
        Some(TARGET)
    }

    async fn handle(&self, region: &str, request: Request<Bytes>, _: &dyn Siblings) -> Answer {
        let call = Call::of(&request);
        let operation = call.operation().unwrap_or_default().to_owned();
        let answer = self.answer(region, &operation, request).await;
        let response = answer.unwrap_or_else(|fault| fault.response());
        let changed = changes(&call, &response);
        Answer { response, changed }
    }

    fn snapshot(&self, region: &str) -> Result<Value, StateError> {
        let mut state = self.engine.snapshot(region)?;
        if let (Some(documents), Value::Object(state)) = (self.documents().get(region), &mut state)
        {
            state.insert(DOCUMENTS.to_owned(), json!(documents));
        }
        Ok(state)
    }

    fn restore(&self, region: &str, state: &Value) -> Result<(), StateError> {
        let mut state = state.clone();
        let documents = match &mut state {
            Value::Object(state) => state.shift_remove(DOCUMENTS),
            _ => None,
        };
        let documents: Documents = match documents {
            Some(documents) => serde_json::from_value(documents)
                .map_err(|error| self.engine.state_error(&error))?,
            None => Documents::new(),
        };
        self.engine.restore(region, &state)?;
        self.documents().insert(region.to_owned(), documents);
        Ok(())
    }
}
