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

#[path = "../benches/load/mod.rs"]
mod load;

use std::net::SocketAddr;
use std::time::Instant;

use clap::Parser;

use load::{Load, Protocol, process};

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

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    let load = Load {
        protocol: arguments.protocol,
        address: arguments.address,
        spans: arguments.spans,
        rate: arguments.rate,
        connections: arguments.connections,
    };
    let before = arguments.pid.map(process::usage);
    let started = Instant::now();
    let refused = load::send(&load).await;
    let took = started.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let spans = load::size(&load) as f64;
    println!("spans          {spans:.0}");
    println!("refused        {refused}");
    println!("seconds        {took:.3}");
    println!("spans/s        {:.0}", spans / took);
    if let (Some(pid), Some(before)) = (arguments.pid, before) {
        process::wait_until_idle(pid);
        let after = process::usage(pid);
        let cpu = after
            .cpu
            .saturating_sub(before.cpu)
            .as_secs_f64()
            .max(0.001);
        println!("cpu seconds    {cpu:.3}");
        println!("spans/cpu s    {:.0}", spans / cpu);
        println!("cpu share      {:.2} %", 100.0 * cpu / took);
        println!("peak MiB       {:.1}", after.peak_mib);
        println!("resident MiB   {:.1}", after.resident_mib);
    }
}
