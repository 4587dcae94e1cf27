//! Amazon CloudWatch. Metrics, alarms, dashboards and their tags are our own;
//! everything else is `winterbaume-cloudwatch`'s.
//!
//! AWS takes CloudWatch's operations in CBOR, as the SDKs of today send them,
//! in JSON, as the AWS CLI and boto3 do, and as forms, as both did until 2025.
//! `winterbaume-cloudwatch` knows CBOR and forms; a call in JSON is put to it in
//! CBOR, which carries the same members.
//!
//! Its alarms have no percentiles, metric math, missing data or number of
//! datapoints, are not paged, and tell no types; its composite alarms have no
//! tags and no suppressor, and their children can be deleted; its dashboards
//! have no tags, an ARN with a region, and any body. So few of their members
//! would be left to it that it is not asked at all: [`alarms`], [`composites`]
//! and [`dashboards`] answer as AWS does. Dashboards are kept by region here,
//! while AWS shows one account's in all regions. Of metrics ([`metrics`]) it has
//! no statistics, and never evaluates an alarm ([`evaluation`]).

mod alarms;
mod composites;
mod dashboards;
mod evaluation;
mod history;
mod metrics;
mod protocol;
mod rule;
mod state;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value};
use winterbaume_cloudwatch::CloudWatchService;

use super::engine::{Call, Engine, changes};
use crate::local_aws::Clock;
use crate::local_aws::routing;
use crate::local_aws::service::{Answer, Service, Siblings, StateError};
use protocol::{Fault, Protocol};
use state::{Scope, State};

/// What `X-Amz-Target` names before the dot, and the path of a call in CBOR
/// names as its service.
const SERVICE: &str = "GraniteServiceVersion20100801";
/// The member of a snapshot that holds our own state.
const OWN: &str = "xrayctl";

/// An answer of our own.
struct Own {
    answer: Result<Value, Fault>,
    /// Whether states of alarms changed with it.
    changed: bool,
}

/// The service with its corrections.
pub struct CloudWatch {
    engine: Engine<CloudWatchService>,
    clock: Clock,
    states: Mutex<HashMap<String, State>>,
}

impl CloudWatch {
    /// CloudWatch of one account.
    pub fn new(account: &str, clock: Clock) -> Self {
        Self {
            engine: Engine::new("monitoring", account, CloudWatchService::new),
            clock,
            states: Mutex::default(),
        }
    }

    fn states(&self) -> MutexGuard<'_, HashMap<String, State>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers an operation of our own, with whether it changed what is kept
    /// on disk beyond what its name says; `None` for all others.
    fn own(&self, region: &str, operation: &str, members: &Map<String, Value>) -> Option<Own> {
        let mut states = self.states();
        let state = states.entry(region.to_owned()).or_default();
        let scope = Scope {
            account: self.engine.account(),
            region,
            now: self.clock.epoch_seconds(),
        };
        let mut changed = evaluation::comes_before(operation) && evaluation::refresh(state, scope);
        let answer = alarms::answer(operation, members, state, scope)
            .or_else(|| composites::answer(operation, members, state, scope))
            .or_else(|| metrics::answer(operation, members, state, scope))
            .or_else(|| history::answer(operation, members, state))
            .or_else(|| dashboards::answer(operation, members, state, scope))
            .or_else(|| state::answer_tags(operation, members, state))?;
        changed |= evaluation::comes_after(operation) && evaluation::refresh(state, scope);
        Some(Own { answer, changed })
    }

    async fn pass_on(&self, region: &str, request: Request<Bytes>) -> Response<Bytes> {
        if routing::target(request.headers()).is_none() {
            return self.engine.handle(region, request).await;
        }
        let Some(request) = protocol::to_cbor(SERVICE, &request) else {
            let text = "the body is not JSON";
            return Protocol::Json.fault(&Fault::new("SerializationException", text));
        };
        protocol::from_cbor(self.engine.handle(region, request).await)
    }
}

#[async_trait]
impl Service for CloudWatch {
    fn name(&self) -> &'static str {
        self.engine.name()
    }

    fn target_prefix(&self) -> Option<&'static str> {
        Some(SERVICE)
    }

    async fn handle(&self, region: &str, request: Request<Bytes>, _: &dyn Siblings) -> Answer {
        let call = Call::of(&request);
        let operation = call.operation().unwrap_or_default();
        let asked = Protocol::of(&request);
        let own = match &asked {
            Some((_, members)) => self.own(region, operation, members),
            // A form, of which nothing is read here but whether it is ours.
            None => self.own(region, operation, &Map::new()).map(|own| Own {
                answer: Err(protocol::no_form(operation)),
                ..own
            }),
        };
        let evaluated = own.as_ref().is_some_and(|own| own.changed);
        let own = own.map(|own| own.answer);
        let response = match (own, asked) {
            (Some(Ok(answer)), Some((protocol, _))) => protocol.answer(&answer),
            (Some(Err(fault)), Some((protocol, _))) => protocol.fault(&fault),
            (Some(answer), None) => {
                let fault = answer.err().unwrap_or_else(|| protocol::no_form(operation));
                protocol::form_fault(request.headers(), &fault)
            }
            (None, _) => self.pass_on(region, request).await,
        };
        // Values are not kept on disk, and are put every minute.
        let is_kept = operation != "PutMetricData";
        let changed = evaluated || (is_kept && changes(&call, &response));
        Answer { response, changed }
    }

    fn snapshot(&self, region: &str) -> Result<Value, StateError> {
        let mut snapshot = self.engine.snapshot(region)?;
        let own = self.states().get(region).map(serde_json::to_value);
        let own = own.transpose();
        let own = own.map_err(|error| self.engine.state_error(&error))?;
        if let (Some(own), Value::Object(members)) = (own, &mut snapshot) {
            members.insert(OWN.to_owned(), own);
        }
        Ok(snapshot)
    }

    fn restore(&self, region: &str, state: &Value) -> Result<(), StateError> {
        let mut state = state.clone();
        let own = state.as_object_mut().and_then(|all| all.shift_remove(OWN));
        let mut own: State = match own {
            Some(own) => {
                serde_json::from_value(own).map_err(|error| self.engine.state_error(&error))?
            }
            None => State::default(),
        };
        self.engine.restore(region, &state)?;
        let mut states = self.states();
        if let Some(former) = states.remove(region) {
            // What is not on disk outlives a change that did not get there.
            own.metrics = former.metrics;
            own.touched = former.touched;
        }
        states.insert(region.to_owned(), own);
        Ok(())
    }
}
