//! X-Ray as a service of the embedded AWS: a state machine a region, asked over
//! HTTP, with the neighbours asked first where a request depends on them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

use super::clock::Clock;
use super::queries::{Context, Queries};
use super::reply;
use super::service::{Answer, Service, Siblings, StateError};
use super::trace_sink::{NotKept, Recent, TraceSink};
use super::xray::fault::Fault;
use super::xray::operation::{Operation, Route, route};
use super::xray::peers::{Key, Peers};
use super::xray::{GroupView, Place, State, Surroundings, segments};
use crate::traces::{Source, Window};

/// Name of the service in signatures.
pub const NAME: &str = "xray";

/// The groups of one region.
#[derive(Debug, Clone, PartialEq)]
pub struct RegionGroups {
    /// The region.
    pub region: String,
    /// Its groups, the Default group first.
    pub groups: Vec<GroupView>,
}

/// X-Ray of one account.
pub struct Xray {
    account: String,
    settle: Duration,
    clock: Clock,
    regions: Mutex<HashMap<String, State>>,
    sink: OnceLock<Arc<dyn TraceSink>>,
    recent: Arc<Recent>,
    queries: Queries,
}

impl Xray {
    /// X-Ray of one account, whose changes of encryption and destination take
    /// `settle`.
    pub fn new(account: &str, settle: Duration, clock: Clock) -> Self {
        let recent = Arc::<Recent>::default();
        Self {
            account: account.to_owned(),
            settle,
            clock,
            regions: Mutex::default(),
            sink: OnceLock::new(),
            queries: Queries::new(Arc::clone(&recent)),
            recent,
        }
    }

    /// Sends accepted documents to `sink`; false where there was one before,
    /// which stays.
    pub fn attach(&self, sink: Arc<dyn TraceSink>) -> bool {
        self.sink.set(sink).is_ok()
    }

    /// Reads traces from `source`; false where there was one before, which stays.
    pub fn attach_source(&self, source: Arc<dyn Source>) -> bool {
        self.queries.attach(source)
    }

    /// What was accepted before there was a sink, or without one.
    pub fn recent(&self) -> &Recent {
        &self.recent
    }

    /// `PutTraceSegments`: answers once the documents are kept.
    async fn put_segments(&self, body: &[u8]) -> Result<Bytes, Fault> {
        let mut batch = match segments::read(body) {
            Ok(batch) => batch,
            Err(fault) => {
                self.refused("ParseError").await;
                return Err(fault);
            }
        };
        for rejected in &batch.rejected {
            self.refused(rejected.code).await;
        }
        let accepted = std::mem::take(&mut batch.accepted);
        if accepted.is_empty() {
            return Ok(batch.answer());
        }
        let Some(sink) = self.sink.get() else {
            self.recent.keep(accepted);
            return Ok(batch.answer());
        };
        match sink.put(accepted).await {
            Ok(()) => Ok(batch.answer()),
            Err(NotKept::Full(reason)) => Err(Fault::throttled(reason)),
            Err(NotKept::Failed(reason)) => Err(Fault::not_kept(reason)),
        }
    }

    /// The groups of every region that is in use.
    pub fn groups(&self) -> Vec<RegionGroups> {
        let regions = self.regions();
        let groups = regions.iter().map(|(region, state)| RegionGroups {
            region: region.clone(),
            groups: state.groups(),
        });
        groups.collect()
    }

    /// Counts the traces that began in a window of time, for each of these filter
    /// expressions those that match it, and all of them where it is `None`; or
    /// says why they cannot be counted. An expression may name any group of any
    /// region. Blocks: it reads the traces, once.
    pub fn count_traces(
        &self,
        window: Window,
        filters: &[Option<String>],
    ) -> Vec<Result<u64, String>> {
        let groups = self.groups().into_iter().flat_map(|region| region.groups);
        let context = Context {
            account: self.account.clone(),
            now: self.clock.epoch_seconds(),
            groups: groups.collect(),
        };
        self.queries.count(window, filters, &context)
    }

    /// Puts the rates that clients of rules with a boost were told into
    /// CloudWatch, as AWS does: a value of `SamplingRate` for each.
    async fn put_rates(&self, region: &str, answer: &Value, siblings: &dyn Siblings) {
        let targets = answer["SamplingTargetDocuments"].as_array();
        let data: Vec<Value> = {
            let regions = self.regions();
            let Some(state) = regions.get(region) else {
                return;
            };
            let targets = targets.into_iter().flatten();
            let datum = |target: &Value| {
                let rule = target["RuleName"].as_str()?;
                let boost = target.pointer("/SamplingBoost/BoostRate");
                let rate = boost.and_then(Value::as_f64);
                let rate = rate.or(target["FixedRate"].as_f64())?;
                state.may_boost(rule).then(|| {
                    json!({
                        "MetricName": "SamplingRate", "Value": rate, "Unit": "None",
                        "Dimensions": [{ "Name": "RuleName", "Value": rule }],
                    })
                })
            };
            targets.filter_map(datum).collect()
        };
        if data.is_empty() {
            return;
        }
        let body = json!({ "Namespace": "AWS/X-Ray", "MetricData": data });
        let target = "GraniteServiceVersion20100801.PutMetricData";
        let response = siblings.call("monitoring", target, &body).await;
        if !response.status().is_success() {
            tracing::debug!(region, answer = ?response.body(), "sampling rates are not in CloudWatch");
        }
    }

    async fn refused(&self, code: &str) {
        if let Some(sink) = self.sink.get() {
            sink.refused(code).await;
        }
    }

    fn regions(&self) -> MutexGuard<'_, HashMap<String, State>> {
        self.regions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn factory(&self, region: &str) -> State {
        State::factory(Place {
            account: self.account.clone(),
            region: region.to_owned(),
        })
    }

    /// What questions about traces depend on in a region.
    fn context(&self, region: &str) -> Context {
        let mut regions = self.regions();
        let state = regions
            .entry(region.to_owned())
            .or_insert_with(|| self.factory(region));
        Context {
            account: self.account.clone(),
            now: self.clock.epoch_seconds(),
            groups: state.groups(),
        }
    }

    fn run(
        &self,
        region: &str,
        operation: Operation,
        body: &Bytes,
        peers: &Peers,
    ) -> Result<Value, Fault> {
        let surroundings = Surroundings {
            now: self.clock.epoch_seconds(),
            settle: self.settle.as_secs_f64(),
            peers,
            check_filter: |text| match crate::filter::parse(text) {
                Ok(_) => Ok(()),
                Err(error) => Err(error.to_string()),
            },
            new_id: random_id,
        };
        let mut regions = self.regions();
        let state = regions
            .entry(region.to_owned())
            .or_insert_with(|| self.factory(region));
        state.handle(operation, body, surroundings)
    }
}

/// Random letters and digits of base 32, or none where the system has no
/// randomness to give.
fn random_id(length: usize) -> Option<String> {
    const DIGITS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut bytes = vec![0_u8; length];
    getrandom::fill(&mut bytes).ok()?;
    let digit = |byte: &u8| char::from(DIGITS[usize::from(byte % 32)]);
    Some(bytes.iter().map(digit).collect())
}

/// What the neighbours say to a request; they are asked only where it matters.
async fn ask(operation: Operation, body: &Bytes, siblings: &dyn Siblings) -> Peers {
    let mut peers = Peers::default();
    match operation {
        Operation::PutEncryptionConfig => {
            let body: Value = serde_json::from_slice(body).unwrap_or_default();
            if let Some(id) = body["KeyId"].as_str() {
                peers.key = Some(describe_key(id, siblings).await);
            }
        }
        Operation::UpdateTraceSegmentDestination => {
            peers.log_policies = log_policies(siblings).await;
        }
        _ => {}
    }
    peers
}

async fn describe_key(id: &str, siblings: &dyn Siblings) -> Result<Key, String> {
    let body = json!({ "KeyId": id });
    let response = siblings
        .call("kms", "TrentService.DescribeKey", &body)
        .await;
    let answer = parsed(&response);
    let text = |name: &str| {
        let found = answer["KeyMetadata"][name].as_str();
        found.unwrap_or_default().to_owned()
    };
    if !response.status().is_success() {
        let reason = answer["message"].as_str().unwrap_or("KMS failed");
        return Err(reason.to_owned());
    }
    Ok(Key {
        arn: text("Arn"),
        state: text("KeyState"),
        spec: text("KeySpec"),
        usage: text("KeyUsage"),
    })
}

async fn log_policies(siblings: &dyn Siblings) -> Vec<String> {
    let target = "Logs_20140328.DescribeResourcePolicies";
    let response = siblings.call("logs", target, &json!({})).await;
    let answer = parsed(&response);
    let policies = answer["resourcePolicies"].as_array();
    policies
        .into_iter()
        .flatten()
        .filter_map(|policy| Some(policy["policyDocument"].as_str()?.to_owned()))
        .collect()
}

fn parsed(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap_or_default()
}

#[async_trait]
impl Service for Xray {
    fn name(&self) -> &'static str {
        NAME
    }

    fn needs_turn(&self, request: &Request<Bytes>) -> bool {
        match route(request.method().as_str(), request.uri().path()) {
            Some(Route::Segments | Route::Query(_)) => false,
            Some(Route::Served(operation)) => !operation.is_of_data(),
            None => true,
        }
    }

    async fn handle(
        &self,
        region: &str,
        request: Request<Bytes>,
        siblings: &dyn Siblings,
    ) -> Answer {
        let (method, path) = (request.method().as_str(), request.uri().path());
        let refused = |fault: Fault| Answer {
            response: reply::fault(&fault),
            changed: false,
        };
        let unchanged = |answer: Result<Bytes, Fault>| match answer {
            Ok(body) => Answer {
                response: reply::json_text(200, body),
                changed: false,
            },
            Err(fault) => refused(fault),
        };
        let operation = match route(method, path) {
            Some(Route::Served(operation)) => operation,
            Some(Route::Segments) => {
                return unchanged(self.put_segments(request.body()).await);
            }
            Some(Route::Query(query)) => {
                let body = request.into_body();
                let context = self.context(region);
                return unchanged(self.queries.answer(query, body, context).await);
            }
            None => return refused(Fault::unknown_operation(method, path)),
        };
        let peers = ask(operation, request.body(), siblings).await;
        let body = match self.run(region, operation, request.body(), &peers) {
            Ok(body) => body,
            Err(fault) => return refused(fault),
        };
        if matches!(operation, Operation::GetSamplingTargets) {
            self.put_rates(region, &body, siblings).await;
        }
        Answer {
            response: reply::json(200, &body),
            changed: !operation.is_read(),
        }
    }

    fn snapshot(&self, region: &str) -> Result<Value, StateError> {
        let regions = self.regions();
        let state = match regions.get(region) {
            Some(state) => serde_json::to_value(state),
            None => Ok(Value::Null),
        };
        state.map_err(|error| state_error(&error))
    }

    fn restore(&self, region: &str, state: &Value) -> Result<(), StateError> {
        let mut regions = self.regions();
        if state.is_null() {
            regions.remove(region);
            return Ok(());
        }
        let mut state: State =
            serde::Deserialize::deserialize(state).map_err(|e| state_error(&e))?;
        if let Some(former) = regions.remove(region) {
            state.succeed(former);
        }
        regions.insert(region.to_owned(), state);
        Ok(())
    }
}

fn state_error(reason: &serde_json::Error) -> StateError {
    StateError {
        service: NAME,
        reason: reason.to_string(),
    }
}
