//! A collector from its configuration to its end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::consumer::Consumer;
use super::counters::Counters;
use super::operations::{Health, Pages, Status};
use super::pipeline;
use super::receivers::{Intake, otlp};
use super::server::{Handler, Listening, Protocols};
use crate::collector_config::CollectorConfig;

/// Why a collector did not start.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen for {what} on {address}")]
pub struct StartError {
    /// What would come in there.
    pub what: &'static str,
    /// The address.
    pub address: SocketAddr,
    /// What the system says.
    pub source: io::Error,
}

/// A collector that takes traces.
pub struct Collector {
    status: Arc<Status>,
    next: Arc<dyn Consumer>,
    tasks: JoinSet<()>,
    stop: CancellationToken,
    grace: Duration,
}

impl Collector {
    /// Starts one. A port that is taken is told, and what would come in there
    /// goes missing; where `is_strict`, it is an error.
    ///
    /// # Errors
    /// A port that is taken, where `is_strict`.
    pub async fn start(config: &CollectorConfig, is_strict: bool) -> Result<Self, StartError> {
        let counters = Counters::default();
        let mut registry = Registry::default();
        counters.register(&mut registry);
        let memory = pipeline::memory(config);
        let next = pipeline::chain(config, Vec::new());
        let status = Arc::new(Status::new(Arc::clone(&memory), registry));
        let mut collector = Self {
            status: Arc::clone(&status),
            next: Arc::clone(&next),
            tasks: JoinSet::new(),
            stop: CancellationToken::new(),
            grace: Duration::from_secs(config.operations.shutdown_seconds),
        };
        let intake = Intake {
            next,
            memory,
            counters,
            waits: false,
        };
        let receivers = &config.receivers;
        let grpc = Arc::new(otlp::Grpc::new(intake.clone()));
        let http = Arc::new(otlp::Http::new(intake));
        let (grpc_at, http_at) = (receivers.otlp_grpc.address(), receivers.otlp_http.address());
        collector
            .serve("OTLP over gRPC", grpc_at, Protocols::Http2, grpc, is_strict)
            .await?;
        collector
            .serve("OTLP over HTTP", http_at, Protocols::Any, http, is_strict)
            .await?;
        let operations = &config.operations;
        let health = Arc::new(Health::new(Arc::clone(&status)));
        let pages = Arc::new(Pages::new(Arc::clone(&status)));
        let (health_at, pages_at) = (operations.health.address(), operations.zpages.address());
        collector
            .serve("health", health_at, Protocols::Any, health, is_strict)
            .await?;
        collector
            .serve("zPages", pages_at, Protocols::Any, pages, is_strict)
            .await?;
        status.set_ready();
        Ok(collector)
    }

    /// What it listens on, and for what.
    pub fn listening(&self) -> Vec<(&'static str, SocketAddr)> {
        self.status.listening()
    }

    /// What it does not listen on since others do.
    pub fn missing(&self) -> Vec<(&'static str, SocketAddr)> {
        self.status.missing()
    }

    /// Stops: nobody new is taken, and what was taken is given time to finish.
    pub async fn finish(mut self) {
        self.status.set_stopping();
        self.stop.cancel();
        let finishing = async {
            while self.tasks.join_next().await.is_some() {}
            self.next.drain().await;
        };
        if tokio::time::timeout(self.grace, finishing).await.is_err() {
            tracing::warn!("traces were still under way when the time to stop was over");
        }
    }

    /// Answers on `address`, where there is one.
    async fn serve<H: Handler>(
        &mut self,
        what: &'static str,
        address: Option<SocketAddr>,
        protocols: Protocols,
        handler: Arc<H>,
        is_strict: bool,
    ) -> Result<(), StartError> {
        let Some(address) = address else {
            return Ok(());
        };
        match TcpListener::bind(address).await {
            Ok(listener) => {
                let bound = listener.local_addr().unwrap_or(address);
                self.status.add_listening(what, bound);
                let listening = Listening::new(listener, protocols, handler);
                self.tasks
                    .spawn(listening.serve(self.stop.clone(), self.grace));
            }
            Err(source) if is_strict => {
                return Err(StartError {
                    what,
                    address,
                    source,
                });
            }
            Err(error) => {
                tracing::warn!(%error, %address, "{what} goes missing: the port is taken");
                self.status.add_missing(what, address);
            }
        }
        Ok(())
    }
}
