//! A server that takes what exporters send and answers what it is told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::collector::{Handler, Listening, Protocols};

/// What came.
#[derive(Clone, Debug)]
pub(super) struct Came {
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// What is answered.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
    pub(super) after: Duration,
}

impl Told {
    pub(super) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
            after: Duration::ZERO,
        }
    }

    pub(super) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

type Answers = Box<dyn Fn(usize, &Came) -> Told + Send + Sync>;

pub(super) struct Sink {
    pub(super) address: SocketAddr,
    came: Arc<Answering>,
    stop: CancellationToken,
}

struct Answering {
    answers: Answers,
    came: Mutex<Vec<Came>>,
}

impl Sink {
    /// Answers the requests by their number, from 1.
    pub(super) async fn start(
        answers: impl Fn(usize, &Came) -> Told + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let came = Arc::new(Answering {
            answers: Box::new(answers),
            came: Mutex::default(),
        });
        let stop = CancellationToken::new();
        let listening = Listening::new(listener, Protocols::Any, Arc::clone(&came));
        tokio::spawn(listening.serve(stop.clone(), Duration::ZERO));
        Self {
            address,
            came,
            stop,
        }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn came(&self) -> Vec<Came> {
        self.came.came.lock().unwrap().clone()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Handler for Answering {
    type Body = Full<Bytes>;

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (parts, body) = request.into_parts();
        let came = Came {
            path: parts.uri.path().to_owned(),
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
        };
        let number = {
            let mut all = self.came.lock().unwrap();
            all.push(came.clone());
            all.len()
        };
        let told = (self.answers)(number, &came);
        tokio::time::sleep(told.after).await;
        let mut response = Response::new(Full::from(told.body));
        *response.status_mut() = StatusCode::from_u16(told.status).unwrap();
        for (name, value) in told.headers {
            response.headers_mut().insert(
                HeaderName::from_static(name),
                HeaderValue::from_str(&value).unwrap(),
            );
        }
        response
    }
}
