//! One HTTP client for all services and for the credentials chain.
//!
//! The SDK's own default makes a client, a TLS configuration and a pool of
//! connections for each service, and reads every root certificate of the
//! machine before the first call, even where all calls go to an `http://`
//! endpoint. Here TLS is set up once, by the first call that needs it.

use std::sync::{Arc, OnceLock};

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, ConnectorBuilder};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

/// Makes the client.
pub(super) fn client() -> SharedHttpClient {
    SharedHttpClient::new(Clients {
        plain: plain(),
        tls: tls(),
    })
}

fn plain() -> SharedHttpClient {
    Builder::new().build_with_connector_fn(|settings, components| {
        let mut builder = ConnectorBuilder::default();
        builder.set_connector_settings(settings.cloned());
        builder.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        builder.set_proxy_config(Some(ProxyConfig::from_env()));
        builder.build_http()
    })
}

fn tls() -> SharedHttpClient {
    Builder::new().build_with_connector_fn(|settings, components| {
        let provider = Provider::Rustls(CryptoMode::AwsLc);
        let mut builder = ConnectorBuilder::default().tls_provider(provider);
        builder.set_connector_settings(settings.cloned());
        builder.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        builder.set_proxy_config(Some(ProxyConfig::from_env()));
        builder.build()
    })
}

#[derive(Debug)]
struct Clients {
    plain: SharedHttpClient,
    tls: SharedHttpClient,
}

impl HttpClient for Clients {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connectors {
            plain: self.plain.http_connector(settings, components),
            tls: OnceLock::new(),
            later: Arc::new((self.tls.clone(), settings.clone(), components.clone())),
        })
    }
}

#[derive(Debug)]
struct Connectors {
    plain: SharedHttpConnector,
    tls: OnceLock<SharedHttpConnector>,
    /// What the one with TLS is made from.
    later: Arc<(SharedHttpClient, HttpConnectorSettings, RuntimeComponents)>,
}

impl HttpConnector for Connectors {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if request.uri().starts_with("http://") {
            return self.plain.call(request);
        }
        let (client, settings, components) = &*self.later;
        let tls = self
            .tls
            .get_or_init(|| client.http_connector(settings, components));
        tls.call(request)
    }
}
