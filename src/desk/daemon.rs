//! The X-Ray daemon's TCP port: X-Ray's API for SDKs that sign nothing.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::collector::StartError;
use crate::local_aws::{LocalAws, server};

/// What comes in there.
pub(super) const WHAT: &str = "X-Ray over TCP";

/// The port, served.
pub(super) struct Daemon {
    /// The address that was taken.
    pub(super) address: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

impl Daemon {
    /// Serves `local` on `address`; `None` where another program has it.
    ///
    /// # Errors
    /// Where another program has it, if that `is_strict`ly an error.
    pub(super) async fn start(
        local: &Arc<LocalAws>,
        address: SocketAddr,
        is_strict: bool,
    ) -> Result<Option<Self>, StartError> {
        let listener = match TcpListener::bind(address).await {
            Ok(listener) => listener,
            Err(source) if is_strict => {
                return Err(StartError::Listen {
                    what: WHAT,
                    address,
                    source,
                });
            }
            Err(_) => return Ok(None),
        };
        let address = listener.local_addr().unwrap_or(address);
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        let local = Arc::clone(local);
        let serving = tokio::spawn(async move {
            if let Err(error) = server::serve_daemon(local, listener, stopped).await {
                tracing::error!(%error, "{WHAT} on {address} is served no longer");
            }
        });
        Ok(Some(Self {
            address,
            stop,
            serving,
        }))
    }

    /// Finishes what was asked, and gives the port back.
    pub(super) async fn finish(self) {
        self.stop.cancel();
        // A task that failed has given it back.
        let _ = self.serving.await;
    }
}
