//! A page for Prometheus: what passes, counted, and the collector's own
//! counters.

mod classic;
mod series;

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::registry::Registry;

use self::series::Series;
use super::destination::{Destination, Outcome, Piece, Pieces};
use crate::collector::{Counters, Handler, Parcel, Reason};
use crate::collector_config as config;
use crate::segment;

/// The type of a page in the text format of `OpenMetrics`.
const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// The type of one in the text format before it.
const CLASSIC: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// Counts requests, errors and durations by service and operation.
pub struct Prometheus {
    name: &'static str,
    series: Mutex<Series>,
    counters: Counters,
}

impl Prometheus {
    /// As the configuration has it.
    pub fn new(name: &'static str, config: &config::Prometheus, counters: &Counters) -> Self {
        Self {
            name,
            series: Mutex::new(Series::new(&config.buckets, config.series)),
            counters: counters.clone(),
        }
    }

    /// Counts the spans and segments of a parcel; says how many could be read.
    fn count(&self, parcel: &Parcel) -> usize {
        for request in &parcel.requests {
            self.add(request);
        }
        let (mut request, mut unreadable) = (Vec::new(), 0);
        for document in &parcel.documents {
            request.clear();
            if segment::to_otlp(document, &mut request).is_ok() {
                self.add(&request);
            } else {
                unreadable += 1;
            }
        }
        if unreadable > 0 {
            let reason = Reason::InvalidSegment;
            self.counters.dropped(self.name, reason, unreadable);
        }
        parcel.len() - unreadable
    }

    fn add(&self, request: &[u8]) {
        let mut series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        series.add(request);
    }

    /// The page, with the collector's own counters in front.
    ///
    /// # Errors
    /// Where a counter cannot be written.
    pub fn page(&self, own: &Registry) -> Result<String, std::fmt::Error> {
        let mut page = String::new();
        encode_registry(&mut page, own)?;
        let series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        series.write(&mut page)?;
        drop(series);
        encode_eof(&mut page)?;
        Ok(page)
    }
}

impl Destination for Prometheus {
    /// Nothing is sent.
    type Body = ();

    fn pieces<'a>(&'a self, parcel: &'a Parcel) -> Pieces<'a, ()> {
        let items = self.count(parcel);
        Box::new(std::iter::once(Piece { body: (), items }))
    }

    async fn send(&self, (): &()) -> Outcome {
        Outcome::Sent { rejected: 0 }
    }
}

/// Answers scrapes.
pub struct Metrics {
    counts: Arc<Prometheus>,
    own: Arc<Registry>,
}

impl Metrics {
    /// Serves what `counts` has, and the collector's own counters.
    pub fn new(counts: Arc<Prometheus>, own: Arc<Registry>) -> Self {
        Self { counts, own }
    }
}

impl Handler for Metrics {
    type Body = Full<Bytes>;

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let is_read = [Method::GET, Method::HEAD].contains(request.method());
        if !is_read || request.uri().path() != "/metrics" {
            let known = "counters are at GET /metrics\n";
            return response(StatusCode::NOT_FOUND, known.to_owned());
        }
        match self.counts.page(&self.own) {
            Ok(page) => {
                let (page, kind) = if wants_open_metrics(request.headers()) {
                    (page, OPEN_METRICS)
                } else {
                    (classic::of(&page), CLASSIC)
                };
                let mut response = response(StatusCode::OK, page);
                response.headers_mut().insert(CONTENT_TYPE, kind);
                response
            }
            Err(error) => response(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
        }
    }
}

/// Prometheus asks for it before all else, and others do not know it.
fn wants_open_metrics(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(ACCEPT).iter();
    accepted.any(|value| {
        let known = value.to_str().unwrap_or_default();
        known.contains("application/openmetrics-text")
    })
}

fn response(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    response
}
