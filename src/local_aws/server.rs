//! The embedded AWS over HTTP, for any AWS client on this machine.
//!
//! Anything that runs in a browser is kept out: requests must name a loopback
//! host (against DNS rebinding) and may not come from another site.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::serve::ListenerExt;
use axum::{Router, routing::get};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, Uri};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::LocalAws;
use super::reply;
use crate::guard;

/// Most bytes of a request body; no AWS API here takes more.
const MOST_BYTES: usize = 10 * 1024 * 1024;
/// Path that tells one process that another serves the embedded AWS.
const STATUS: &str = "/_xrayctl/status";
/// Names the server in its status.
const PRODUCT: &str = "xrayctl-local-aws";
/// How long to wait for the status of a server.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long requests in flight may take to finish when the server stops.
const GRACE: Duration = Duration::from_secs(5);

/// Why the API cannot be served.
#[derive(Debug, thiserror::Error)]
#[error("listen on {address}")]
pub struct BindError {
    address: SocketAddr,
    #[source]
    source: io::Error,
}

/// Opens `address` for [`serve`]; port 0 stands for any free port.
///
/// # Errors
/// Where the address is taken or is not one of this machine.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, BindError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| BindError { address, source })
}

/// URL at which clients of this machine reach `listener`.
///
/// # Errors
/// Where the socket does not know its address.
pub fn url_of(listener: &TcpListener) -> io::Result<String> {
    let mut address = listener.local_addr()?;
    if address.ip().is_unspecified() {
        let loopback: IpAddr = match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        };
        address.set_ip(loopback);
    }
    Ok(format!("http://{address}"))
}

/// Serves `local` on `listener` until `shutdown` completes, then finishes the
/// requests in flight. The folder's endpoint file names the URL meanwhile.
///
/// # Errors
/// Where the endpoint file cannot be written or the listener fails.
pub async fn serve(
    local: Arc<LocalAws>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let url = url_of(&listener)?;
    local.advertise(&url).map_err(io::Error::other)?;
    let router = Router::new()
        .route(STATUS, get(status))
        .fallback(answer)
        .with_state(Arc::clone(&local));
    let served = run(listener, router, shutdown).await;
    local.lock.withdraw();
    served
}

/// Serves X-Ray's API on `listener` as the X-Ray daemon does (TCP 2000): every
/// request is one to X-Ray in the region of `local`, signed or not, until
/// `shutdown` completes; then it finishes the requests in flight.
///
/// On a loopback address, requests must name a loopback host as they must in
/// [`serve`]. On any other the daemon is meant for other machines, such as
/// containers beside it, which name it as they know it; requests from web pages
/// are refused there too.
///
/// # Errors
/// Where the listener fails.
pub async fn serve_daemon(
    local: Arc<LocalAws>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let is_loopback = listener.local_addr()?.ip().is_loopback();
    let daemon = Daemon { local, is_loopback };
    let router = Router::new().fallback(answer_daemon).with_state(daemon);
    run(listener, router, shutdown).await
}

/// What the daemon's port knows.
#[derive(Clone)]
struct Daemon {
    local: Arc<LocalAws>,
    is_loopback: bool,
}

async fn run(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY not set");
        }
    });
    let (stopping, stopped) = oneshot::channel();
    let shutdown = async move {
        shutdown.await;
        // Nobody listens where the server has failed already.
        let _ = stopping.send(());
    };
    let serving = axum::serve(listener, router).with_graceful_shutdown(shutdown);
    tokio::select! {
        served = serving.into_future() => served,
        () = grace(stopped) => Ok(()),
    }
}

/// Completes a while after the server was told to stop: clients that keep a
/// connection open without asking for anything are not waited for.
async fn grace(stopped: oneshot::Receiver<()>) {
    match stopped.await {
        Ok(()) => tokio::time::sleep(GRACE).await,
        Err(_) => std::future::pending().await,
    }
}

async fn status(
    State(local): State<Arc<LocalAws>>,
    uri: Uri,
    headers: HeaderMap,
) -> Response<Body> {
    if let Some(reason) = guard::refusal(&uri, &headers) {
        return refused(&headers, reason).map(Body::from);
    }
    let body = json!({
        "product": PRODUCT, "account": local.account_id(), "region": local.region()
    });
    reply::json(200, &body).map(Body::from)
}

async fn answer(State(local): State<Arc<LocalAws>>, request: Request<Body>) -> Response<Body> {
    let response = match whole(request, guard::refusal).await {
        Ok(request) => local.handle(request).await,
        Err(response) => response,
    };
    response.map(Body::from)
}

async fn answer_daemon(State(daemon): State<Daemon>, request: Request<Body>) -> Response<Body> {
    let refusal = if daemon.is_loopback {
        guard::refusal
    } else {
        |_: &Uri, headers: &HeaderMap| guard::refusal_of_origin(headers)
    };
    let response = match whole(request, refusal).await {
        Ok(request) => daemon.local.handle_daemon(request).await,
        Err(response) => response,
    };
    response.map(Body::from)
}

/// A request with all of its body, or the answer to one that must not be heard.
async fn whole(
    request: Request<Body>,
    refusal: fn(&Uri, &HeaderMap) -> Option<&'static str>,
) -> Result<Request<Bytes>, Response<Bytes>> {
    let (parts, body) = request.into_parts();
    if let Some(reason) = refusal(&parts.uri, &parts.headers) {
        return Err(refused(&parts.headers, reason));
    }
    let Ok(body) = axum::body::to_bytes(body, MOST_BYTES).await else {
        let message = format!("the body is incomplete or longer than {MOST_BYTES} bytes");
        let code = "RequestEntityTooLarge";
        return Err(reply::error(&parts.headers, 413, code, &message));
    };
    Ok(Request::from_parts(parts, body))
}

fn refused(headers: &HeaderMap, reason: &str) -> Response<Bytes> {
    reply::error(headers, 403, "AccessDeniedException", reason)
}

/// Whether an embedded AWS answers at `url`.
pub(super) async fn is_serving(url: &str) -> bool {
    let Some(address) = url.strip_prefix("http://") else {
        return false;
    };
    let status = timeout(PATIENCE, read_status(address)).await;
    matches!(status, Ok(Ok(text)) if text.contains(PRODUCT))
}

async fn read_status(address: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {STATUS} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(4096).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
