//! Lets AWS SDK clients call an embedded AWS of this process: no socket, no
//! copying beyond the body.

use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;

use super::LocalAws;

/// An HTTP client for AWS SDK configurations; cheap to clone.
#[derive(Debug, Clone)]
pub struct Connector(Arc<LocalAws>);

impl Connector {
    /// A client of `local`.
    pub fn new(local: Arc<LocalAws>) -> Self {
        Self(local)
    }
}

/// A body that is produced while it is sent has no place here.
#[derive(Debug, thiserror::Error)]
#[error("the embedded AWS takes no streamed request bodies")]
struct StreamedBody;

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let local = Arc::clone(&self.0);
        HttpConnectorFuture::new(async move {
            let request = request
                .try_into_http1x()
                .map_err(|error| ConnectorError::user(error.into()))?;
            let (parts, body) = request.into_parts();
            let body = body
                .bytes()
                .map(Bytes::copy_from_slice)
                .ok_or_else(|| ConnectorError::user(StreamedBody.into()))?;
            let response = local.handle(http::Request::from_parts(parts, body)).await;
            HttpResponse::try_from(response.map(SdkBody::from))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

impl HttpClient for Connector {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
