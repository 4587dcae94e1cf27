//! AWS STS, with the caller's identity as AWS writes it.
//!
//! `winterbaume-sts` names every caller by an ARN that no AWS caller has, and
//! forgets who assumed a role; tools take account and role from that ARN.
//!
//! Source: <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>.

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use serde_json::Value;
use winterbaume_core::xml_escape;
use winterbaume_sts::StsService;
use winterbaume_sts::views::AssumedRoleView;

use super::engine::{Call, Engine, changes};
use crate::local_aws::routing;
use crate::local_aws::service::{Answer, Service, Siblings, StateError};

/// The service with its correction.
pub struct Sts {
    engine: Engine<StsService>,
}

impl Sts {
    /// STS of one account.
    pub fn new(account: &str) -> Self {
        Self {
            engine: Engine::new("sts", account, StsService::new),
        }
    }

    /// The role behind the access key of the request, or else a user of the
    /// account: there are no users here, and every key is good.
    fn identity(&self, region: &str, request: &Request<Bytes>) -> Response<Bytes> {
        let access_key = routing::access_key(request.headers()).unwrap_or_default();
        let roles = self.engine.view(region).assumed_roles;
        let role = roles.iter().find(|role| role.access_key_id == access_key);
        let account = self.engine.account();
        let (arn, user_id, account) = match role {
            Some(role) => (
                xml_escape(&role_arn(role)),
                xml_escape(&format!(
                    "{}:{}",
                    role.assumed_role_id, role.role_session_name
                )),
                role.account_id.as_str(),
            ),
            None => (
                format!("arn:aws:iam::{account}:user/local"),
                "AIDALOCALLOCALLOCAL00".to_owned(),
                account,
            ),
        };
        let body = format!(
            "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
             <GetCallerIdentityResult><Arn>{arn}</Arn><UserId>{user_id}</UserId>\
             <Account>{account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
        );
        let mut response = Response::new(Bytes::from(body));
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml"));
        response
    }
}

/// The ARN of a session; the path of the role is not part of it.
fn role_arn(role: &AssumedRoleView) -> String {
    let name = role.role_arn.rsplit('/').next().unwrap_or_default();
    let AssumedRoleView {
        account_id,
        role_session_name,
        ..
    } = role;
    format!("arn:aws:sts::{account_id}:assumed-role/{name}/{role_session_name}")
}

#[async_trait]
impl Service for Sts {
    fn name(&self) -> &'static str {
        self.engine.name()
    }

    async fn handle(&self, region: &str, request: Request<Bytes>, _: &dyn Siblings) -> Answer {
        let call = Call::of(&request);
        if call.operation() == Some("GetCallerIdentity") {
            return Answer {
                response: self.identity(region, &request),
                changed: false,
            };
        }
        let response = self.engine.handle(region, request).await;
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
