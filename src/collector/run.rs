//! A collector from its configuration to its end.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::consumer::Consumer;
use super::counters::Counters;
use super::exporters::{self, Metrics, OpenError, Opened, Page, Progress, Setting};
use super::operations::{Health, LocalOnly, Pages, Status};
use super::pipeline::{self, Ends};
use super::queries::{self, Queries};
use super::receivers::{Intake, jaeger, otlp, xray, zipkin};
use super::server::{Handler, Listening, Protocols};
use super::store::{Store, StoreError};
use crate::collector_config::{self, CollectorConfig, Operations};

/// Why a collector did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port is taken, where that is not to be passed over.
    #[error("cannot listen for {what} on {address}")]
    Listen {
        /// What would come in there.
        what: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// An exporter whose configuration cannot be meant.
    #[error(transparent)]
    Exporter(#[from] OpenError),
    /// A pattern of a processor.
    #[error("a processor's pattern is no regular expression")]
    Pattern(#[from] regex::Error),
    /// The traces of before cannot be opened.
    #[error("open the store of traces")]
    Store(#[from] StoreError),
}

/// Tells whether only this machine can ask there.
fn is_loopback(address: Option<SocketAddr>) -> bool {
    address.is_some_and(|address| address.ip().is_loopback())
}

/// A collector that takes traces.
pub struct Collector {
    status: Arc<Status>,
    intake: Intake,
    tasks: JoinSet<()>,
    stop: CancellationToken,
    grace: Duration,
    is_strict: bool,
}

impl Collector {
    /// Starts one that keeps traces in `folder`. A port that is taken is passed
    /// over, and what would come in there goes missing; where `is_strict`, it is
    /// an error.
    ///
    /// # Errors
    /// A store that cannot be opened; a port that is taken, where `is_strict`.
    pub async fn start(
        config: &CollectorConfig,
        folder: &Path,
        is_strict: bool,
    ) -> Result<Self, StartError> {
        let counters = Counters::default();
        let mut registry = Registry::default();
        counters.register(&mut registry);
        let memory = pipeline::memory(config);
        let store = if config.store.enabled {
            Some(Store::open(folder, &config.store, counters.clone())?)
        } else {
            None
        };
        let grace = Duration::from_secs(config.operations.shutdown_seconds);
        let progress = Progress::default();
        progress.register(&mut registry);
        let setting = Setting {
            counters: counters.clone(),
            progress,
            grace,
        };
        let Opened { fan_out, pages } = exporters::open(&config.exporters, &setting)?;
        let exports = !config.exporters.is_empty();
        let ends = Ends {
            store: store.clone().map(|store| -> Arc<dyn Consumer> { store }),
            exporters: exports.then(|| -> Arc<dyn Consumer> { Arc::new(fan_out) }),
        };
        let intake = Intake {
            next: pipeline::chain(config, &counters, ends)?,
            memory: Arc::clone(&memory),
            counters,
            waits: store.is_some(),
        };
        let registry = Arc::new(registry);
        let mut collector = Self {
            status: Arc::new(Status::new(memory, Arc::clone(&registry), store)),
            intake,
            tasks: JoinSet::new(),
            stop: CancellationToken::new(),
            grace,
            is_strict,
        };
        match collector.listen(config, pages, &registry).await {
            Ok(()) => {
                collector.status.set_ready();
                Ok(collector)
            }
            Err(error) => {
                // Its ports are free again when that is told.
                collector.finish().await;
                Err(error)
            }
        }
    }

    /// Listens for traces, and for those who ask how it is.
    async fn listen(
        &mut self,
        config: &CollectorConfig,
        pages: Vec<Page>,
        registry: &Arc<Registry>,
    ) -> Result<(), StartError> {
        let store = self.status.store().cloned();
        // Where nothing is kept there is nothing to read.
        let queries = store.map(|store| Arc::new(Queries::new(store)));
        self.receive(config, queries.as_ref()).await?;
        if let Some(queries) = queries {
            self.answer(&config.queries, &queries).await?;
        }
        for page in pages {
            let metrics = Arc::new(Metrics::new(page.counts, Arc::clone(registry)));
            let address = Some(page.address);
            self.show("Prometheus", address, metrics).await?;
        }
        self.tell(&config.operations).await
    }

    /// Starts the receivers.
    async fn receive(
        &mut self,
        config: &CollectorConfig,
        queries: Option<&Arc<Queries>>,
    ) -> Result<(), StartError> {
        let at = &config.receivers;
        let queries = queries.filter(|_| config.queries.zipkin);
        let queries = queries.map(|queries| {
            queries::zipkin::Zipkin::new(Arc::clone(queries), is_loopback(at.zipkin.address()))
        });
        let intake = || self.intake.clone();
        let grpc = Arc::new(otlp::Grpc::new(intake()));
        let http = Arc::new(otlp::Http::new(intake()));
        let jaeger_grpc = Arc::new(jaeger::Grpc::new(intake()));
        let jaeger_http = Arc::new(jaeger::Http::new(intake()));
        let zipkin = Arc::new(zipkin::Zipkin::new(intake(), queries));
        let (any, http2) = (Protocols::Any, Protocols::Http2);
        self.serve("OTLP over gRPC", at.otlp_grpc.address(), http2, grpc)
            .await?;
        self.serve("OTLP over HTTP", at.otlp_http.address(), any, http)
            .await?;
        self.serve(
            "Jaeger over gRPC",
            at.jaeger_grpc.address(),
            http2,
            jaeger_grpc,
        )
        .await?;
        self.serve(
            "Jaeger over HTTP",
            at.jaeger_http.address(),
            any,
            jaeger_http,
        )
        .await?;
        self.serve("Zipkin", at.zipkin.address(), any, zipkin)
            .await?;
        self.take_datagrams("X-Ray over UDP", at.xray_udp.address(), xray::serve)?;
        self.take_datagrams(
            "Jaeger's compact Thrift",
            at.jaeger_compact.address(),
            jaeger::serve_compact,
        )?;
        self.take_datagrams(
            "Jaeger's binary Thrift",
            at.jaeger_binary.address(),
            jaeger::serve_binary,
        )
    }

    /// Starts what answers those who ask for traces.
    async fn answer(
        &mut self,
        at: &collector_config::Queries,
        queries: &Arc<Queries>,
    ) -> Result<(), StartError> {
        let address = at.jaeger_grpc.address();
        let grpc = queries::jaeger::Grpc::new(Arc::clone(queries), is_loopback(address));
        let http = Arc::new(queries::jaeger::Http::new(Arc::clone(queries)));
        let (what, http2) = ("Jaeger's queries over gRPC", Protocols::Http2);
        self.serve(what, address, http2, Arc::new(grpc)).await?;
        let address = at.jaeger_http.address();
        self.show("Jaeger's queries", address, http).await
    }

    /// Starts the pages that tell how it is.
    async fn tell(&mut self, at: &Operations) -> Result<(), StartError> {
        let health = Arc::new(Health::new(Arc::clone(&self.status)));
        let pages = Arc::new(Pages::new(Arc::clone(&self.status)));
        let any = Protocols::Any;
        // Those who probe name this machine as they know it, and learn little.
        self.serve("health", at.health.address(), any, health)
            .await?;
        self.show("zPages", at.zpages.address(), pages).await
    }

    /// Serves pages that other sites must not read.
    async fn show<H: Handler<Body = Full<Bytes>>>(
        &mut self,
        what: &'static str,
        address: Option<SocketAddr>,
        pages: Arc<H>,
    ) -> Result<(), StartError> {
        let pages = Arc::new(LocalOnly::new(pages, is_loopback(address)));
        self.serve(what, address, Protocols::Any, pages).await
    }

    /// Where traces go in, for receivers of others.
    pub fn intake(&self) -> &Intake {
        &self.intake
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
            self.intake.next.drain().await;
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
    ) -> Result<(), StartError> {
        let Some(address) = address else {
            return Ok(());
        };
        let listener = TcpListener::bind(address).await;
        let bound = |listener: &TcpListener| listener.local_addr();
        if let Some(listener) = self.bound(what, address, listener, bound)? {
            let listening = Listening::new(listener, protocols, handler);
            self.tasks
                .spawn(listening.serve(self.stop.clone(), self.grace));
        }
        Ok(())
    }

    /// Takes datagrams on `address`, where there is one.
    fn take_datagrams<F>(
        &mut self,
        what: &'static str,
        address: Option<SocketAddr>,
        serve: impl FnOnce(std::net::UdpSocket, Intake, CancellationToken) -> F,
    ) -> Result<(), StartError>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let Some(address) = address else {
            return Ok(());
        };
        let socket = std::net::UdpSocket::bind(address);
        let bound = |socket: &std::net::UdpSocket| socket.local_addr();
        if let Some(socket) = self.bound(what, address, socket, bound)? {
            let (intake, stop) = (self.intake.clone(), self.stop.clone());
            self.tasks.spawn(serve(socket, intake, stop));
        }
        Ok(())
    }

    /// Notes what is listened on, or goes missing.
    fn bound<S>(
        &self,
        what: &'static str,
        address: SocketAddr,
        socket: io::Result<S>,
        local: impl FnOnce(&S) -> io::Result<SocketAddr>,
    ) -> Result<Option<S>, StartError> {
        match socket {
            Ok(socket) => {
                let bound = local(&socket).unwrap_or(address);
                self.status.add_listening(what, bound);
                Ok(Some(socket))
            }
            Err(source) if self.is_strict => Err(StartError::Listen {
                what,
                address,
                source,
            }),
            Err(_) => {
                self.status.add_missing(what, address);
                Ok(None)
            }
        }
    }
}
