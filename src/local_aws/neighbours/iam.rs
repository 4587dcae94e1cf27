//! AWS IAM, with what `winterbaume-iam` leaves out.
//!
//! Corrected, each because xrayctl acts on it:
//! - policies that AWS manages can be attached, read and used as boundaries;
//! - documents that are not JSON, or too long, are refused, and so is a trust
//!   policy that names a role which does not exist;
//! - a role is given back with description, boundary and tags, and made with
//!   its boundary;
//! - documents are percent-encoded in answers;
//! - lists of roles and policies are sorted and paged, the latter by scope;
//! - a policy is not deleted while it bounds something or has more than its
//!   default version, and what it bounds is listed;
//! - names are taken once, whatever their case and path;
//! - versions of policies count on after a restart;
//! - texts outside ASCII come back whole.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html>.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use serde_json::Value;
use winterbaume_iam::IamService;
use winterbaume_iam::views::{IamStateView, PolicyVersionView};

use super::engine::{Call, Engine, changes};
use super::iam_answers::{self as answers, Extent};
use super::iam_form::{self, Form, bytewise, mended_answer};
use super::iam_rules::{self as rules, Refusal};
use super::{HOME, aws_managed_policies};
use crate::local_aws::service::{Answer, Service, Siblings, StateError};
use crate::local_aws::{Clock, reply};

/// The most versions that AWS keeps of a policy.
const MOST_VERSIONS: usize = 5;

/// The service with its corrections.
pub struct Iam {
    engine: Engine<IamService>,
    clock: Clock,
    /// The state as it was last looked at, by region: a plan asks for every
    /// role by itself, and copying all of them each time would tell.
    views: Mutex<HashMap<String, Arc<IamStateView>>>,
}

impl Iam {
    /// IAM of one account.
    pub fn new(account: &str, clock: Clock) -> Self {
        Self {
            clock,
            engine: Engine::new("iam", account, IamService::new),
            views: Mutex::default(),
        }
    }

    fn views(&self) -> MutexGuard<'_, HashMap<String, Arc<IamStateView>>> {
        self.views.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn view(&self, region: &str) -> Arc<IamStateView> {
        let mut views = self.views();
        let view = views
            .entry(region.to_owned())
            .or_insert_with(|| Arc::new(self.engine.view(region)));
        Arc::clone(view)
    }

    fn set_view(&self, region: &str, view: IamStateView) -> Result<(), StateError> {
        self.views().remove(region);
        self.engine.set_view(region, view)
    }

    /// Brings a policy of AWS's own into the state when a call names it. Says
    /// whether it did.
    fn bring_in(&self, region: &str, operation: &str, form: &Form) -> Result<bool, StateError> {
        let state = self.view(region);
        let arn = form.get("PolicyArn").or(form.get("PermissionsBoundary"));
        let Some(arn) = arn.filter(|arn| !state.policies.contains_key(*arn)) else {
            return Ok(false);
        };
        // To attach it says that it exists; to read it does not.
        let is_believed = operation.starts_with("Attach")
            || form.get("PermissionsBoundary").is_some()
            || aws_managed_policies::is_known(arn);
        let Some(policy) = aws_managed_policies::find(arn).filter(|_| is_believed) else {
            return Ok(false);
        };
        let mut state = IamStateView::clone(&state);
        state.policies.insert(arn.to_owned(), policy);
        self.set_view(region, state)?;
        Ok(true)
    }

    async fn corrected(
        &self,
        region: &str,
        operation: &str,
        form: &Form,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, Refusal> {
        let state = &*self.view(region);
        rules::check(operation, form, state)?;
        let role = || state.roles.get(form.text("RoleName"));
        let policy = || state.policies.get(form.text("PolicyArn"));
        let version = || {
            let id = form.text("VersionId");
            let mut versions = policy()?.versions.iter();
            versions.find(|version| version.version_id == id)
        };
        let inline = || {
            let name = form.text("PolicyName");
            let mut policies = role()?.inline_policies.iter();
            policies.find(|policy| policy.policy_name == name)
        };
        Ok(match operation {
            "CreateRole" => self.create_role(region, form, request).await,
            "GetRole" if let Some(role) = role() => {
                answers::answer("GetRole", &wrapped(&answers::role(role, Extent::Whole)))
            }
            "ListRoles" => answers::list_roles(form, state),
            "ListPolicies" => answers::list_policies(form, state),
            "GetPolicyVersion" if let Some(version) = version() => {
                answers::answer("GetPolicyVersion", &answers::version(version, true))
            }
            "GetRolePolicy" if let (Some(role), Some(policy)) = (role(), inline()) => {
                answers::role_policy(&role.name, &policy.policy_name, &policy.policy_document)
            }
            "ListEntitiesForPolicy" if policy().is_some() => answers::entities(form, state),
            "CreatePolicyVersion" if policy().is_some() => {
                self.create_version(region, form, IamStateView::clone(state))?
            }
            _ => mended_answer(self.engine.handle(region, request).await),
        })
    }

    /// The engine drops the boundary that a new role is given.
    async fn create_role(
        &self,
        region: &str,
        form: &Form,
        request: Request<Bytes>,
    ) -> Response<Bytes> {
        let created = self.engine.handle(region, request).await;
        if !created.status().is_success() {
            return created;
        }
        let name = form.text("RoleName");
        if let Some(boundary) = form.get("PermissionsBoundary") {
            let parameters = [("RoleName", name), ("PermissionsBoundary", boundary)];
            let put = iam_form::request("PutRolePermissionsBoundary", &parameters);
            let put = self.engine.handle(region, put).await;
            if !put.status().is_success() {
                return put;
            }
        }
        match self.engine.view(region).roles.get(name) {
            Some(role) => {
                answers::answer("CreateRole", &wrapped(&answers::role(role, Extent::Whole)))
            }
            None => created,
        }
    }

    /// The engine counts from the start again when it is given a state.
    fn create_version(
        &self,
        region: &str,
        form: &Form,
        mut state: IamStateView,
    ) -> Result<Response<Bytes>, Refusal> {
        let now = DateTime::from_secs_f64(self.clock.epoch_seconds())
            .fmt(Format::DateTime)
            .ok();
        let fault = |message: String| Refusal {
            status: 500,
            code: "ServiceFailure",
            message,
        };
        let policy = state.policies.get_mut(form.text("PolicyArn"));
        let policy = policy.ok_or_else(|| fault("the policy went away".to_owned()))?;
        if policy.versions.len() >= MOST_VERSIONS {
            return Err(Refusal {
                status: 409,
                code: "LimitExceeded",
                message: format!(
                    "A managed policy can have up to {MOST_VERSIONS} versions. Before you create \
                     a new version, you must delete an existing version."
                ),
            });
        }
        let number = |version: &PolicyVersionView| version.version_id[1..].parse::<u32>().ok();
        let last = policy.versions.iter().filter_map(number).max().unwrap_or(0);
        let version = PolicyVersionView {
            version_id: format!("v{}", last + 1),
            document: bytewise(form.text("PolicyDocument")),
            is_default_version: form.text("SetAsDefault") == "true",
            create_date: now.clone(),
        };
        if version.is_default_version {
            for other in &mut policy.versions {
                other.is_default_version = false;
            }
            policy.default_version_id.clone_from(&version.version_id);
            policy.document.clone_from(&version.document);
            policy.update_date = now;
        }
        policy.versions.push(version.clone());
        self.set_view(region, state)
            .map_err(|error| fault(error.to_string()))?;
        let result = answers::version(&version, false);
        Ok(answers::answer("CreatePolicyVersion", &result))
    }
}

fn wrapped(role: &str) -> String {
    format!("<Role>{role}</Role>")
}

fn refused(headers: &HeaderMap, refusal: &Refusal) -> Response<Bytes> {
    reply::error(headers, refusal.status, refusal.code, &refusal.message)
}

#[async_trait]
impl Service for Iam {
    fn name(&self) -> &'static str {
        self.engine.name()
    }

    fn home_region(&self) -> Option<&'static str> {
        Some(HOME)
    }

    async fn handle(&self, region: &str, request: Request<Bytes>, _: &dyn Siblings) -> Answer {
        let call = Call::of(&request);
        let operation = call.operation().unwrap_or_default().to_owned();
        let headers = request.headers().clone();
        let form = Form::of(&request);
        let brought_in = match self.bring_in(region, &operation, &form) {
            Ok(brought_in) => brought_in,
            Err(error) => {
                let message = error.to_string();
                return Answer {
                    response: reply::error(&headers, 500, "ServiceFailure", &message),
                    changed: false,
                };
            }
        };
        let response = self
            .corrected(region, &operation, &form, request)
            .await
            .unwrap_or_else(|refusal| refused(&headers, &refusal));
        if !["Get", "List", "Simulate"]
            .iter()
            .any(|verb| operation.starts_with(verb))
        {
            self.views().remove(region);
        }
        let changed = brought_in || changes(&call, &response);
        Answer { response, changed }
    }

    fn snapshot(&self, region: &str) -> Result<Value, StateError> {
        self.engine.snapshot(region)
    }

    fn restore(&self, region: &str, state: &Value) -> Result<(), StateError> {
        self.views().remove(region);
        self.engine.restore(region, state)
    }
}
