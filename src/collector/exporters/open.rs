//! Exporters as the configuration has them.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::{
    Debug, Destination, FanOut, File, OtlpGrpc, OtlpHttp, Progress, Prometheus, Queue, Settings,
    Xray, Zipkin,
};
use crate::collector::Counters;
use crate::collector_config::{self as config, Exporter};

/// What exporters count, and how long they have at the end.
#[derive(Clone)]
pub struct Setting {
    /// What is lost.
    pub counters: Counters,
    /// What is sent, and what waits.
    pub progress: Progress,
    /// How long they may send what waits when the collector stops.
    pub grace: Duration,
}

/// Exporters that have begun.
pub struct Opened {
    /// Gives parcels to all.
    pub fan_out: FanOut,
    /// Pages to serve with [`super::Metrics`].
    pub pages: Vec<Page>,
}

/// A page for Prometheus.
pub struct Page {
    /// The exporter's name.
    pub name: &'static str,
    /// Where it is to be served.
    pub address: SocketAddr,
    /// What it shows.
    pub counts: Arc<Prometheus>,
}

/// An exporter that cannot begin.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("exporter {name}: {why}")]
pub struct OpenError {
    /// Its name.
    pub name: String,
    /// What is wrong, with a hint.
    pub why: String,
}

/// Begins all exporters. Nobody is called before the first trace comes.
///
/// # Errors
/// Where an exporter's configuration cannot be meant.
pub fn open(
    exporters: &BTreeMap<String, Exporter>,
    setting: &Setting,
) -> Result<Opened, OpenError> {
    let (mut queues, mut pages) = (Vec::new(), Vec::new());
    for (name, exporter) in exporters {
        // Counters name it for as long as the process lives.
        let name: &'static str = name.clone().leak();
        let starting = Starting { name, setting };
        let started = starting.exporter(exporter, &mut pages);
        queues.push(started.map_err(|why| OpenError {
            name: name.to_owned(),
            why,
        })?);
    }
    let fan_out = FanOut::new(queues, setting.grace);
    Ok(Opened { fan_out, pages })
}

struct Starting<'a> {
    name: &'static str,
    setting: &'a Setting,
}

impl Starting<'_> {
    fn exporter(&self, exporter: &Exporter, pages: &mut Vec<Page>) -> Result<Arc<Queue>, String> {
        let (name, counters) = (self.name, &self.setting.counters);
        let own = config::Queue::default();
        let retry = config::Retry::default();
        Ok(match exporter {
            Exporter::Xray(one) => {
                let settings = Settings::new(&one.queue, &one.retry, one.in_flight);
                self.queue(settings, Xray::new(name, one, counters))
            }
            Exporter::OtlpGrpc(one) => {
                let settings = Settings::new(&one.queue, &one.retry, one.in_flight);
                self.queue(settings, OtlpGrpc::new(name, one, counters)?)
            }
            Exporter::OtlpHttp(one) => {
                let settings = Settings::new(&one.queue, &one.retry, one.in_flight);
                self.queue(settings, OtlpHttp::new(name, one, counters)?)
            }
            Exporter::Zipkin(one) => {
                let settings = Settings::new(&one.queue, &one.retry, one.in_flight);
                self.queue(settings, Zipkin::new(name, one, counters)?)
            }
            Exporter::Prometheus(one) => {
                let counts = Arc::new(Prometheus::new(name, one, counters));
                pages.extend(one.listen.address().map(|address| Page {
                    name,
                    address,
                    counts: Arc::clone(&counts),
                }));
                self.shared(Settings::new(&own, &retry, 1), counts)
            }
            Exporter::Debug(one) => {
                let debug = Debug::new(one, Box::new(io::stderr()));
                self.queue(Settings::new(&own, &retry, 1), debug)
            }
            // Lines are written one after another.
            Exporter::File(one) => {
                let settings = Settings::new(&one.queue, &one.retry, 1);
                self.queue(settings, File::new(name, one, counters))
            }
        })
    }

    fn queue<D: Destination>(&self, settings: Settings, destination: D) -> Arc<Queue> {
        self.shared(settings, Arc::new(destination))
    }

    fn shared<D: Destination>(&self, settings: Settings, destination: Arc<D>) -> Arc<Queue> {
        let Setting {
            counters, progress, ..
        } = self.setting.clone();
        Queue::start(self.name, settings, destination, counters, progress)
    }
}
