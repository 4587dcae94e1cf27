//! The X-Ray daemon's TCP port: X-Ray's API for SDKs that sign nothing.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use xrayctl::collector::StartError;
use xrayctl::local_aws::{LocalAws, server};

/// What comes in there.
const WHAT: &str = "X-Ray over TCP";

/// Serves `local` on `address` until `stop`. A port that is taken is told and
/// passed over, unless `is_strict`.
pub(crate) async fn start(
    local: &Arc<LocalAws>,
    address: SocketAddr,
    is_strict: bool,
    stop: CancellationToken,
) -> Result<(), StartError> {
    let listener = match TcpListener::bind(address).await {
        Ok(listener) => listener,
        Err(source) if is_strict => {
            return Err(StartError::Listen {
                what: WHAT,
                address,
                source,
            });
        }
        Err(_) => {
            let taken = format!("warning: {WHAT} goes missing: another program has {address}");
            let _ = writeln!(io::stderr(), "{taken}");
            return Ok(());
        }
    };
    let bound = listener.local_addr().unwrap_or(address);
    let _ = writeln!(io::stdout(), "{WHAT} listening on {bound}");
    let local = Arc::clone(local);
    tokio::spawn(async move {
        let served = server::serve_daemon(local, listener, stop.cancelled_owned()).await;
        if let Err(error) = served {
            let _ = writeln!(io::stderr(), "error: {WHAT} on {bound}: {error}");
        }
    });
    Ok(())
}
