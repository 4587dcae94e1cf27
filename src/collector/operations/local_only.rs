//! Pages that web pages of other sites must not read.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;

use crate::collector::Handler;
use crate::guard;

/// Answers for another handler those who may ask: on loopback, requests that name
/// this machine; on any other address, which is meant for other machines, all that
/// do not come from a web page.
pub struct LocalOnly<H> {
    handler: Arc<H>,
    is_loopback: bool,
}

impl<H> LocalOnly<H> {
    /// Guards `handler`, which is served on a loopback address or on another.
    pub fn new(handler: Arc<H>, is_loopback: bool) -> Self {
        Self {
            handler,
            is_loopback,
        }
    }
}

impl<H: Handler<Body = Full<Bytes>>> Handler for LocalOnly<H> {
    type Body = Full<Bytes>;

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let refusal = if self.is_loopback {
            guard::refusal(request.uri(), request.headers())
        } else {
            guard::refusal_of_origin(request.headers())
        };
        let Some(reason) = refusal else {
            return self.handler.answer(request).await;
        };
        let mut response = Response::new(Full::from(format!("{reason}\n")));
        *response.status_mut() = StatusCode::FORBIDDEN;
        response
    }
}
