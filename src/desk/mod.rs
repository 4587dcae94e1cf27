//! All that stands on a developer's desk: the embedded AWS, served to this
//! machine, and a collector of traces beside it. Used by `local-collector` and by
//! `xrayctl dev`. Prints nothing, and knows nothing of specs.

mod daemon;
mod sink;
mod trace_counts;
mod traces;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::collector::{Collector, StartError};
use crate::collector_config::CollectorConfig;
use crate::local_aws::{ListenError, Listening, LocalAws, Options};
use daemon::Daemon;
use sink::Sink;
use trace_counts::{Publisher, Timing};
use traces::Kept;

/// How long another process may use the state folder before this one gives up.
const WAIT: Duration = Duration::from_secs(5);

/// An embedded AWS that is served, and a collector beside it, if there is one.
pub struct Desk {
    local: Arc<LocalAws>,
    announcement: String,
    sink: Arc<Sink>,
    kept: Arc<Kept>,
    running: Option<Running>,
    publisher: Option<Publisher>,
    /// The minute up to which traces are counted, in epoch seconds.
    counted: Arc<AtomicI64>,
    /// Cancelled when clients may have answers.
    answering: CancellationToken,
    stop: CancellationToken,
    /// `None` when its end was seen.
    serving: Option<JoinHandle<io::Result<()>>>,
}

struct Running {
    collector: Collector,
    daemon: Option<Daemon>,
}

/// Where traces come in and pages are, and where they do not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// What is listened for, and where.
    pub listening: Vec<(&'static str, SocketAddr)>,
    /// What goes missing, since others listen there.
    pub missing: Vec<(&'static str, SocketAddr)>,
}

impl Places {
    /// A line for each place that is listened on.
    pub fn told(&self) -> impl Iterator<Item = String> {
        self.listening
            .iter()
            .map(|(what, address)| format!("{what} listening on {address}"))
    }

    /// A line for each place that others have.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        self.missing
            .iter()
            .map(|(what, address)| format!("{what} goes missing: another program has {address}"))
    }
}

impl Desk {
    /// Opens the embedded AWS of `options` and takes `address` for it. Clients may
    /// connect; they have answers from [`Desk::serve`] on.
    ///
    /// # Errors
    /// Where the address is taken, or the folder is in use or unreadable.
    pub async fn open(options: Options, address: SocketAddr) -> Result<Self, ListenError> {
        let listening = Listening::open(options, address, WAIT).await?;
        let local = Arc::clone(listening.local());
        let announcement = listening.announcement();
        let (answering, stop) = (CancellationToken::new(), CancellationToken::new());
        let (is_answering, stopped) = (answering.clone(), stop.clone());
        let serving = tokio::spawn(async move {
            tokio::select! {
                () = is_answering.cancelled() => {}
                () = stopped.cancelled() => return Ok(()),
            }
            listening.serve(stopped.cancelled_owned()).await
        });
        Ok(Self {
            local,
            announcement,
            sink: Arc::default(),
            kept: Arc::default(),
            running: None,
            publisher: None,
            counted: trace_counts::never(),
            answering,
            stop,
            serving: Some(serving),
        })
    }

    /// The embedded AWS itself.
    pub fn local(&self) -> &Arc<LocalAws> {
        &self.local
    }

    /// What the user is told of the embedded AWS.
    pub fn announcement(&self) -> &str {
        &self.announcement
    }

    /// Answers the clients of the embedded AWS.
    pub fn serve(&self) {
        self.answering.cancel();
    }

    /// Starts a collector, which keeps traces in the state folder; one that ran
    /// before finishes first. A port that is taken is passed over, or where
    /// `is_strict`, an error.
    ///
    /// # Errors
    /// Why it did not start. There is none then.
    pub async fn collect(
        &mut self,
        config: &CollectorConfig,
        is_strict: bool,
    ) -> Result<Places, StartError> {
        self.rest().await;
        let collector = Collector::start(config, self.local.state_dir(), is_strict).await?;
        let address = config.receivers.xray_tcp.address();
        let daemon = match address {
            Some(address) => Daemon::start(&self.local, address, is_strict).await,
            None => Ok(None),
        };
        let daemon = match daemon {
            Ok(daemon) => daemon,
            Err(error) => {
                collector.finish().await;
                return Err(error);
            }
        };
        let mut places = Places::default();
        match (&daemon, address) {
            (Some(daemon), _) => places.listening.push((daemon::WHAT, daemon.address)),
            (None, Some(address)) => places.missing.push((daemon::WHAT, address)),
            (None, None) => {}
        }
        places.listening.extend(collector.listening());
        places.missing.extend(collector.missing());
        self.sink.connect(collector.intake().clone()).await;
        // It is the only one, and stays attached.
        let sink: Arc<Sink> = Arc::clone(&self.sink);
        self.local.attach_trace_sink(sink);
        self.kept.follow(config, self.local.state_dir());
        let kept: Arc<Kept> = Arc::clone(&self.kept);
        self.local.attach_traces(kept);
        if config.store.enabled {
            let (local, counted) = (Arc::clone(&self.local), Arc::clone(&self.counted));
            let traces = Arc::clone(&self.local);
            self.publisher = Some(Publisher::start(local, traces, counted, Timing::default()));
        }
        self.running = Some(Running { collector, daemon });
        Ok(places)
    }

    async fn end_counts(&mut self) {
        if let Some(publisher) = self.publisher.take() {
            publisher.finish().await;
        }
    }

    /// Completes where the embedded AWS is served no longer.
    ///
    /// # Errors
    /// Why it is not.
    pub async fn ended(&mut self) -> io::Result<()> {
        let Some(serving) = &mut self.serving else {
            return Ok(());
        };
        let ended = serving.await;
        self.serving = None;
        ended.unwrap_or_else(|error| Err(io::Error::other(error)))
    }

    /// Stops: nobody new is taken, and what was taken is given time to finish.
    ///
    /// # Errors
    /// Where the embedded AWS could not be served to its end.
    pub async fn finish(mut self) -> io::Result<()> {
        self.stop.cancel();
        let ended = self.ended().await;
        self.rest().await;
        ended
    }

    /// Lets the collector finish.
    async fn rest(&mut self) {
        self.end_counts().await;
        let Some(Running { collector, daemon }) = self.running.take() else {
            return;
        };
        if let Some(daemon) = daemon {
            daemon.finish().await;
        }
        self.sink.disconnect().await;
        collector.finish().await;
    }
}

/// Completes at the first SIGINT or SIGTERM; watches from now on.
///
/// # Errors
/// Where the system does not let it.
pub fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
