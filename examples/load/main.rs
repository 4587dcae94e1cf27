//! Drives a collector, ours or another: OTLP over HTTP or gRPC, or X-Ray
//! segments over UDP, as fast as it goes or at a steady rate, and says what
//! that cost the process that took them.
//!
//! ```sh
//! cargo run --release --example load -- otlp-http 127.0.0.1:4318 --spans 1000000 --pid 4711
//! cargo run --release --example load -- xray 127.0.0.1:2000 --spans 100000 --rate 10000
//! ```

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for developers that may stop where something is wrong"
)]

mod otlp;
mod process;
mod send;
mod xray;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};

/// Drive a collector and say what it cost
#[derive(Clone, Debug, Parser)]
struct Arguments {
    /// What is sent
    protocol: Protocol,

    /// Where to
    address: SocketAddr,

    /// Send this many spans or segments
    #[arg(long, default_value_t = 1_000_000)]
    spans: u64,

    /// Send this many a second; 0: as fast as it goes
    #[arg(long, default_value_t = 0)]
    rate: u64,

    /// Use this many connections
    #[arg(long, default_value_t = 4)]
    connections: u64,

    /// The process that takes them, whose time and memory are told
    #[arg(long)]
    pid: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Protocol {
    OtlpHttp,
    OtlpGrpc,
    Xray,
}

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    let before = arguments.pid.map(process::usage);
    let started = Instant::now();
    let refused = match arguments.protocol {
        Protocol::OtlpHttp | Protocol::OtlpGrpc => send::otlp(&arguments).await,
        Protocol::Xray => xray::send(&arguments).await,
    };
    let took = started.elapsed();
    if let Some(pid) = arguments.pid {
        process::wait_until_idle(pid);
    }
    let after = arguments.pid.map(process::usage);
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let spans = arguments.spans as f64;
    println!("spans          {}", arguments.spans);
    println!("refused        {refused}");
    println!("seconds        {:.3}", took.as_secs_f64());
    println!("spans/s        {:.0}", spans / took.as_secs_f64());
    if let (Some(before), Some(after)) = (before, after) {
        let cpu = after
            .cpu
            .saturating_sub(before.cpu)
            .max(Duration::from_millis(1));
        println!("cpu seconds    {:.3}", cpu.as_secs_f64());
        println!("spans/cpu s    {:.0}", spans / cpu.as_secs_f64());
        println!(
            "cpu share      {:.2} %",
            100.0 * cpu.as_secs_f64() / took.as_secs_f64()
        );
        println!("peak MiB       {:.1}", after.peak_mib);
        println!("resident MiB   {:.1}", after.resident_mib);
    }
}
