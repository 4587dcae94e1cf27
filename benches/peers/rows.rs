//! What is measured, and what it should come to.

use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::contender::{Found, Job, Program};
use crate::load::{self, Load, Protocol, process};
use crate::sink::Sink;

/// A piece of work that programs do in turn.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) programs: &'static [Program],
    pub(crate) work: Work,
    /// What is wanted of ours.
    pub(crate) wanted: &'static [Wanted],
}

/// Who sends what, and what becomes of it.
#[derive(Clone, Copy)]
pub(crate) struct Work {
    pub(crate) protocol: Protocol,
    pub(crate) spans: u64,
    /// Spans a second; 0: as fast as it goes.
    pub(crate) rate: u64,
    pub(crate) end: End,
    /// Whether a tenth of it goes before, to see whether memory grows.
    pub(crate) is_long: bool,
}

/// Where it ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Nowhere,
    Disk,
    /// At the X-Ray API, which takes so many milliseconds over an answer.
    Xray {
        delay_ms: u64,
    },
}

/// What was measured of one program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Figure {
    /// Spans or segments that a second of processor time moves.
    PerCpuSecond,
    /// Spans or segments that a second moves.
    PerSecond,
    /// The share of a core, in percent.
    CpuShare,
    /// The most memory that was resident, in MiB.
    PeakMib,
    /// The memory that is resident in the end, as a multiple of what was before, or
    /// after a tenth of the work.
    Growth,
    /// Spans or segments that never arrived, in percent.
    LostShare,
    /// Bytes on disk for a span.
    BytesPerSpan,
    /// Milliseconds from the start until the last receiver listens.
    StartMs,
    /// Requests that were refused, and sent again.
    Refused,
}

/// What a figure of ours should be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted {
    /// At least this many times the other's.
    Times(Figure, f64, Program),
    /// At most this share of the other's.
    Share(Figure, f64, Program),
    /// At most this.
    AtMost(Figure, f64),
}

/// The figures of one run.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Measured {
    pub(crate) per_cpu_second: f64,
    pub(crate) per_second: f64,
    pub(crate) cpu_share: f64,
    pub(crate) peak_mib: f64,
    pub(crate) growth: f64,
    pub(crate) lost_share: f64,
    pub(crate) bytes_per_span: f64,
    pub(crate) start_ms: f64,
    pub(crate) refused: f64,
}

impl Measured {
    pub(crate) fn figure(&self, figure: Figure) -> f64 {
        match figure {
            PerCpuSecond => self.per_cpu_second,
            PerSecond => self.per_second,
            CpuShare => self.cpu_share,
            PeakMib => self.peak_mib,
            Growth => self.growth,
            LostShare => self.lost_share,
            BytesPerSpan => self.bytes_per_span,
            StartMs => self.start_ms,
            Refused => self.refused,
        }
    }
}

use Figure::{
    BytesPerSpan, CpuShare, Growth, LostShare, PeakMib, PerCpuSecond, PerSecond, Refused, StartMs,
};
use Program::{Collector, CollectorXray, Daemon, Jaeger, Ours, Rotel};
use Wanted::{AtMost, Share, Times};

pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "otlp-http",
        what: "OTLP/HTTP in, nothing out, as fast as it goes",
        programs: &[Ours, Collector, Rotel],
        work: work(Protocol::OtlpHttp, 1_000_000, 0, End::Nowhere),
        wanted: OTLP_WANTED,
    },
    Row {
        name: "otlp-grpc",
        what: "OTLP/gRPC in, nothing out, as fast as it goes",
        programs: &[Ours, Collector],
        work: work(Protocol::OtlpGrpc, 1_000_000, 0, End::Nowhere),
        wanted: OTLP_WANTED,
    },
    Row {
        name: "otlp-long",
        what: "the same over HTTP, ten times as long",
        programs: &[Ours],
        work: Work {
            is_long: true,
            ..work(Protocol::OtlpHttp, 10_000_000, 0, End::Nowhere)
        },
        wanted: &[AtMost(Growth, 1.05)],
    },
    Row {
        name: "steady",
        what: "OTLP/HTTP in at 10,000 a second, nothing out",
        programs: &[Ours, Collector, Rotel],
        work: work(Protocol::OtlpHttp, 150_000, 10_000, End::Nowhere),
        wanted: &[
            Share(CpuShare, 0.5, Collector),
            Share(CpuShare, 1.0, Rotel),
            AtMost(PeakMib, 16.0),
        ],
    },
    Row {
        name: "steady-kept",
        what: "the same, kept",
        programs: &[Ours],
        work: work(Protocol::OtlpHttp, 150_000, 10_000, End::Disk),
        wanted: &[],
    },
    Row {
        name: "xray-4000",
        what: "X-Ray/UDP in at 4,000 a second, X-Ray API out",
        programs: &[Ours, Daemon],
        work: work(Protocol::Xray, 60_000, 4_000, XRAY_AT_ONCE),
        wanted: XRAY_WANTED,
    },
    Row {
        name: "xray-10000",
        what: "X-Ray/UDP in at 10,000 a second, X-Ray API out",
        programs: &[Ours, Daemon],
        work: work(Protocol::Xray, 150_000, 10_000, XRAY_AT_ONCE),
        wanted: XRAY_WANTED,
    },
    Row {
        name: "xray-slow",
        what: "the same, each answer after 44 ms",
        programs: &[Ours, Daemon],
        work: work(Protocol::Xray, 150_000, 10_000, End::Xray { delay_ms: 44 }),
        wanted: &[AtMost(PeakMib, 25.0), AtMost(LostShare, 0.0)],
    },
    Row {
        name: "otlp-xray",
        what: "OTLP/HTTP in, X-Ray API out, as fast as it goes",
        programs: &[Ours, CollectorXray],
        work: work(Protocol::OtlpHttp, 100_000, 0, XRAY_AT_ONCE),
        wanted: &[Times(PerCpuSecond, 4.0, CollectorXray)],
    },
    Row {
        name: "otlp-xray-slow",
        what: "the same, each answer after 20 ms",
        programs: &[Ours, CollectorXray],
        work: work(Protocol::OtlpHttp, 25_000, 0, End::Xray { delay_ms: 20 }),
        wanted: &[Times(PerSecond, 10.0, CollectorXray)],
    },
    Row {
        name: "stored",
        what: "OTLP/HTTP in, kept to be queried, as fast as it goes",
        programs: &[Ours, Jaeger],
        work: work(Protocol::OtlpHttp, 300_000, 0, End::Disk),
        wanted: &[
            Times(PerSecond, 5.0, Jaeger),
            Share(PeakMib, 0.1, Jaeger),
            Share(BytesPerSpan, 0.5, Jaeger),
            AtMost(StartMs, 50.0),
        ],
    },
];

const XRAY_AT_ONCE: End = End::Xray { delay_ms: 0 };
const OTLP_WANTED: &[Wanted] = &[
    Times(PerCpuSecond, 4.0, Collector),
    Share(PeakMib, 1.0 / 3.0, Collector),
];
const XRAY_WANTED: &[Wanted] = &[
    Times(PerCpuSecond, 4.0, Daemon),
    AtMost(PeakMib, 25.0),
    AtMost(LostShare, 0.0),
];

const fn work(protocol: Protocol, spans: u64, rate: u64, end: End) -> Work {
    Work {
        protocol,
        spans,
        rate,
        end,
        is_long: false,
    }
}

/// Has a program, started anew, do the work once.
#[expect(clippy::cast_precision_loss, reason = "figures for people")]
pub(crate) fn measure(runtime: &Runtime, found: &Found, program: Program, work: Work) -> Measured {
    let sink = match work.end {
        End::Xray { delay_ms } => Some(Sink::start(runtime, Duration::from_millis(delay_ms))),
        End::Nowhere | End::Disk => None,
    };
    let job = match (&sink, work.end) {
        (Some(sink), _) => Job::Xray(&sink.url),
        (None, End::Disk) => Job::Keep,
        (None, _) => Job::Nothing,
    };
    let running = found.start(program, job);
    process::wait_until_idle(running.pid());
    let address = match work.protocol {
        Protocol::OtlpHttp => running.at.http,
        Protocol::OtlpGrpc => running.at.grpc,
        Protocol::Xray => running.at.xray,
    };
    let load = Load {
        protocol: work.protocol,
        address,
        spans: work.spans,
        rate: work.rate,
        connections: 4,
    };
    let tenth = Load {
        spans: load.spans / 10,
        ..load.clone()
    };
    if work.is_long {
        runtime.block_on(load::send(&tenth));
    }
    let before = process::usage(running.pid());
    let started = Instant::now();
    let refused = runtime.block_on(load::send(&load));
    // Whole requests are sent: a few spans more than were asked for.
    let sent = load::size(&load);
    let arrived = sink.as_ref().map(|sink| sink.wait_for(sent));
    let idle = process::wait_until_idle(running.pid());
    let after = process::usage(running.pid());
    let (arrived, last) = arrived.unwrap_or((sent, idle));
    let cpu = (after.cpu.saturating_sub(before.cpu))
        .as_secs_f64()
        .max(0.01);
    let seconds = last.duration_since(started).as_secs_f64();
    Measured {
        per_cpu_second: arrived as f64 / cpu,
        per_second: arrived as f64 / seconds,
        cpu_share: 100.0 * cpu / seconds,
        peak_mib: after.peak_mib,
        growth: after.resident_mib / before.resident_mib,
        refused: refused as f64,
        lost_share: 100.0 * (sent - arrived.min(sent)) as f64 / sent as f64,
        bytes_per_span: running.bytes_on_disk() as f64 / sent as f64,
        start_ms: running.listens_after.as_secs_f64() * 1000.0,
    }
}
