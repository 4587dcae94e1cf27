//! All services of one account: finds the one that a request is for, lets it
//! answer, and stores what changed before the answer leaves.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use serde_json::Value;

use super::neighbours::json_call;
use super::reply;
use super::routing;
use super::service::{Service, Siblings};
use super::state_file::Slot;
use super::store::{Store, StoreError};
use super::xray_service;

/// The services of an account, and where their state is kept.
pub struct Hub {
    /// Twelve digits.
    pub account: String,
    /// Region of requests that name none.
    pub region: String,
    /// X-Ray and its neighbours.
    pub services: Vec<Arc<dyn Service>>,
    /// State on disk.
    pub store: Store,
}

impl Hub {
    /// Answers a request of any service.
    pub async fn dispatch(&self, request: Request<Bytes>) -> Response<Bytes> {
        let address = routing::address(&request);
        let region = address.region.unwrap_or_else(|| self.region.clone());
        if !routing::is_region(&region) {
            let message = format!("Credential should be scoped to a valid region, not '{region}'.");
            let code = "InvalidSignatureException";
            return reply::error(request.headers(), 403, code, &message);
        }
        let prefix = routing::target(request.headers()).map(|(prefix, _)| prefix);
        let service = match (address.service.as_deref(), prefix) {
            (Some(name), _) => self.services.iter().find(|s| s.name() == name),
            (None, Some(prefix)) => {
                let speaks = |s: &&Arc<dyn Service>| s.target_prefix() == Some(prefix);
                self.services.iter().find(speaks)
            }
            (None, None) => self
                .services
                .iter()
                .find(|s| s.name() == xray_service::NAME),
        };
        if let Some(service) = service {
            return self.run(service, &region, request).await;
        }
        let wanted = address.service.as_deref().or(prefix).unwrap_or_default();
        let message = format!("the embedded AWS of this release does not have {wanted}");
        reply::error(request.headers(), 501, "NotImplemented", &message)
    }

    /// Answers a request to X-Ray in the region of requests that name none,
    /// whatever it is signed for.
    pub async fn xray(&self, request: Request<Bytes>) -> Response<Bytes> {
        let mut services = self.services.iter();
        match services.find(|s| s.name() == xray_service::NAME) {
            Some(service) => self.run(service, &self.region, request).await,
            None => reply::error(request.headers(), 501, "NotImplemented", xray_service::NAME),
        }
    }

    /// Calls the AWS JSON operation `target` of `service` in `region`, as any
    /// client would.
    pub async fn call(
        &self,
        region: &str,
        service: &str,
        target: &str,
        body: &Value,
    ) -> Response<Bytes> {
        let siblings = Nearby { hub: self, region };
        siblings.call(service, target, body).await
    }

    async fn run(
        &self,
        service: &Arc<dyn Service>,
        region: &str,
        request: Request<Bytes>,
    ) -> Response<Bytes> {
        if !service.needs_turn(&request) {
            let siblings = Nearby { hub: self, region };
            return service.handle(region, request, &siblings).await.response;
        }
        let headers = request.headers().clone();
        let region = service.home_region().unwrap_or(region);
        let slot = Slot {
            account: self.account.clone(),
            region: region.to_owned(),
            service: service.name().to_owned(),
        };
        let cell = self.store.cell(&slot, service);
        let siblings = Nearby { hub: self, region };
        let mut turn = cell.turn().await;
        let answer = service.handle(region, request, &siblings).await;
        if !answer.changed {
            return answer.response;
        }
        *turn += 1;
        let number = *turn;
        drop(turn);
        match cell.commit(number).await {
            Ok(()) => answer.response,
            Err(error) => not_stored(&headers, &slot, &error),
        }
    }
}

fn not_stored(headers: &HeaderMap, slot: &Slot, error: &StoreError) -> Response<Bytes> {
    let Slot {
        region, service, ..
    } = slot;
    tracing::error!(service, region, error = %chain(error), "state not stored");
    let message = format!("the change was not stored: {}", chain(error));
    reply::error(headers, 500, "InternalFailure", &message)
}

/// An error with its causes on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let texts: Vec<_> = causes.map(ToString::to_string).collect();
    texts.join(": ")
}

/// The services of one region, as one of them sees the others.
struct Nearby<'a> {
    hub: &'a Hub,
    region: &'a str,
}

#[async_trait]
impl Siblings for Nearby<'_> {
    async fn call(&self, service: &str, target: &str, body: &Value) -> Response<Bytes> {
        let request = json_call::request(target, body);
        match self.hub.services.iter().find(|s| s.name() == service) {
            Some(service) => self.hub.run(service, self.region, request).await,
            None => reply::error(request.headers(), 501, "NotImplemented", service),
        }
    }
}
