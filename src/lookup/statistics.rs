//! What X-Ray counted of services and of the calls between them.

use serde::Serialize;

use super::{FORMAT_VERSION, Graph, Histogram, Point, Service, Window};
use crate::aws::xray::types::{
    EdgeStatistics, ErrorStatistics, FaultStatistics, HistogramEntry, ServiceStatistics,
};

/// Counts that are added up over windows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    requests: u64,
    ok: u64,
    error: u64,
    throttle: u64,
    fault: u64,
    /// Seconds.
    response_time: f64,
    histogram: Histogram,
}

/// Requests by how they ended, and how long they took.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Statistics {
    /// All of them.
    pub requests: u64,
    /// Those that ended well.
    pub ok: u64,
    /// The callers' faults, throttled ones left out.
    pub error: u64,
    /// Throttled ones.
    pub throttle: u64,
    /// The servers' faults.
    pub fault: u64,
    /// Seconds, on the average; `None` where there were no requests.
    pub average: Option<f64>,
    /// Seconds that half of them did not exceed.
    pub p50: Option<f64>,
    /// Seconds that 95 of 100 did not exceed.
    pub p95: Option<f64>,
    /// Seconds that 99 of 100 did not exceed.
    pub p99: Option<f64>,
}

impl Tally {
    /// Adds what X-Ray tells of a service.
    pub fn add_service(&mut self, told: &ServiceStatistics, times: &[HistogramEntry]) {
        self.add(
            [told.total_count(), told.ok_count()],
            told.error_statistics(),
            told.fault_statistics(),
            told.total_response_time(),
        );
        self.histogram.add(times);
    }

    /// Adds what X-Ray tells of the calls along an edge.
    pub fn add_edge(&mut self, told: &EdgeStatistics, times: &[HistogramEntry]) {
        self.add(
            [told.total_count(), told.ok_count()],
            told.error_statistics(),
            told.fault_statistics(),
            told.total_response_time(),
        );
        self.histogram.add(times);
    }

    fn add(
        &mut self,
        [total, ok]: [Option<i64>; 2],
        errors: Option<&ErrorStatistics>,
        faults: Option<&FaultStatistics>,
        seconds: Option<f64>,
    ) {
        let count = |told: Option<i64>| told.and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
        let sums = [
            (&mut self.requests, count(total)),
            (&mut self.ok, count(ok)),
            (
                &mut self.error,
                count(errors.and_then(|told| told.other_count())),
            ),
            (
                &mut self.throttle,
                count(errors.and_then(|told| told.throttle_count())),
            ),
            (
                &mut self.fault,
                count(faults.and_then(|told| told.total_count())),
            ),
        ];
        for (sum, told) in sums {
            *sum = sum.saturating_add(told);
        }
        self.response_time += seconds.filter(|told| told.is_finite()).unwrap_or_default();
    }

    /// The figures.
    #[expect(
        clippy::cast_precision_loss,
        reason = "an average is read, not counted"
    )]
    pub fn statistics(&self) -> Statistics {
        let is_empty = self.requests == 0;
        Statistics {
            requests: self.requests,
            ok: self.ok,
            error: self.error,
            throttle: self.throttle,
            fault: self.fault,
            average: (!is_empty).then(|| self.response_time / self.requests as f64),
            p50: self.histogram.percentile(50),
            p95: self.histogram.percentile(95),
            p99: self.histogram.percentile(99),
        }
    }
}

impl Statistics {
    /// The share of `part` in all requests, 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "a share is read, not counted")]
    pub fn share(&self, part: u64) -> f64 {
        if self.requests == 0 {
            return 0.0;
        }
        part as f64 / self.requests as f64
    }

    /// Requests a second over `window`.
    #[expect(clippy::cast_precision_loss, reason = "a rate is read, not counted")]
    pub fn rate(&self, window: &Window) -> f64 {
        self.requests as f64 / window.seconds()
    }
}

/// Statistics of every service, and of the calls between them where asked for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Version of the document's form.
    pub format_version: &'static str,
    /// What was counted over.
    pub window: Window,
    /// The group that was counted.
    pub group: Option<String>,
    /// Seconds of each point of the series, where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<i32>,
    /// A service each.
    pub services: Vec<ServiceRow>,
    /// A caller and what it calls each; only where asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edges: Option<Vec<EdgeRow>>,
}

/// One service.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ServiceRow {
    /// Which.
    #[serde(flatten)]
    pub service: Service,
    /// Requests a second.
    pub rate: f64,
    /// Its figures.
    #[serde(flatten)]
    pub statistics: Statistics,
    /// The same, period by period.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub series: Vec<Point>,
}

/// The calls of one service to another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EdgeRow {
    /// Who calls.
    pub from: Service,
    /// What is called.
    pub to: Service,
    /// Calls a second.
    pub rate: f64,
    /// Their figures.
    #[serde(flatten)]
    pub statistics: Statistics,
    /// The same, period by period.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub series: Vec<Point>,
}

impl Report {
    /// The figures of a graph. Clients and whatever else answers no request are
    /// left out.
    pub fn of(graph: &Graph, edges: bool) -> Self {
        let window = graph.window;
        let services = graph.services.iter().filter_map(|node| {
            let statistics = node.statistics.clone()?;
            Some(ServiceRow {
                service: node.service.clone(),
                rate: statistics.rate(&window),
                statistics,
                series: Vec::new(),
            })
        });
        let calls = graph.edges.iter().filter_map(|edge| {
            let statistics = edge.statistics.clone()?;
            Some(EdgeRow {
                from: graph.services.get(edge.from)?.service.clone(),
                to: graph.services.get(edge.to)?.service.clone(),
                rate: statistics.rate(&window),
                statistics,
                series: Vec::new(),
            })
        });
        Self {
            format_version: FORMAT_VERSION,
            window,
            group: graph.group.clone(),
            period: None,
            services: services.collect(),
            edges: edges.then(|| calls.collect()),
        }
    }
}
