//! How long `plan` and `apply` wait for AWS. The embedded AWS takes 50 ms over
//! every call and notes when each began and ended; the built `xrayctl` plans,
//! applies and plans again, from an empty account each time.
//!
//! `cargo bench --bench round_trips`; with `-- --help` it says what can be chosen.
//! Figures and what they should be: `docs/performance.md`.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark may stop where something is wrong"
)]

mod generated_spec;
mod timing;

use std::fs;
use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use clap::Parser;
use http::{Request, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use xrayctl::local_aws::{LocalAws, Options};

use generated_spec::{ENVIRONMENT, Mix};
use timing::{median, milliseconds};

/// How long every call takes at least.
const DELAY: Duration = Duration::from_millis(50);
/// What a plan may take, as a multiple of the waiting that cannot be avoided.
const TARGET: f64 = 1.3;
/// Calls that X-Ray limits: <https://docs.aws.amazon.com/general/latest/gr/xray.html>.
const MOST_RULES: usize = 25;
const MOST_GROUPS: usize = 25;
const MOST_POLICIES: usize = 5;

/// The commands of one round, in this order.
const COMMANDS: [(&str, &[&str]); 3] = [
    ("plan, empty account", &["plan"]),
    ("apply", &["apply", "--auto-approve"]),
    ("plan, no changes", &["plan"]),
];

/// Measure how long plan and apply wait for AWS
#[derive(Debug, Parser)]
struct Arguments {
    /// Resources of the spec, one spec after the other
    #[arg(long, num_args = 1.., default_values_t = [20, 100])]
    resources: Vec<usize>,

    /// Times that each spec goes through all commands
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,

    /// The program that is measured [default: that of this package]
    #[arg(long, default_value = env!("CARGO_BIN_EXE_xrayctl"))]
    program: PathBuf,

    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    if !arguments.bench {
        // `cargo test --all-targets` only wants to know that it builds.
        return Ok(());
    }
    let runtime = Runtime::new()?;
    let rows: Vec<Row> = arguments
        .resources
        .iter()
        .flat_map(|size| measure(&runtime, &arguments, *size))
        .collect();
    let mut out = io::stdout().lock();
    write_table(&mut out, &rows, arguments.rounds)?;
    write_verdicts(&mut out, &rows)
}

/// What was going on, in time since the front was started: one call, or a program.
#[derive(Clone, Copy)]
struct Span {
    began: Duration,
    ended: Duration,
}

impl Span {
    fn time(self) -> Duration {
        self.ended.saturating_sub(self.began)
    }
}

/// Stands before the embedded AWS.
struct Front {
    local: LocalAws,
    started: Instant,
    calls: Mutex<Vec<Span>>,
    bells: mpsc::Sender<Bell>,
}

/// When somebody is to be woken, and how.
type Bell = (Duration, oneshot::Sender<()>);

/// Rings in turn. The runtime's own clock counts whole milliseconds, and would give
/// each call one more.
fn ring(started: Instant, bells: mpsc::Receiver<Bell>) {
    for (due, ring) in bells {
        std::thread::sleep(due.saturating_sub(started.elapsed()));
        // Who hung up needs no waking.
        let _ = ring.send(());
    }
}

impl Front {
    /// Starts an empty account whose state lies in `folder`, and returns its
    /// URL. It serves until the runtime ends.
    fn start(runtime: &Runtime, folder: &Path) -> (Arc<Self>, String) {
        let started = Instant::now();
        let (bells, all) = mpsc::channel();
        std::thread::spawn(move || ring(started, all));
        let front = Arc::new(Self {
            local: LocalAws::open(Options::new(folder.join("state"))).unwrap(),
            started,
            calls: Mutex::default(),
            bells,
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let listener = runtime.block_on(listener).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&front));
        runtime.spawn(async move { axum::serve(listener, router).await });
        (front, url)
    }

    fn take_calls(&self) -> Vec<Span> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }
}

async fn answer(State(front): State<Arc<Front>>, request: Request<Body>) -> Response<Body> {
    let began = front.started.elapsed();
    let (ring, due) = oneshot::channel();
    front.bells.send((began + DELAY, ring)).unwrap();
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let response = front.local.handle(Request::from_parts(parts, body)).await;
    // What the embedded AWS took is part of the delay.
    due.await.unwrap();
    let ended = front.started.elapsed();
    front.calls.lock().unwrap().push(Span { began, ended });
    response.map(Body::from)
}

/// What one command took, in every round.
struct Row {
    size: usize,
    command: &'static str,
    times: Vec<Duration>,
    /// What passed until the first call began.
    before: Vec<Duration>,
    /// What passed since the last call had ended.
    after: Vec<Duration>,
    /// What a call took, in the middle.
    delays: Vec<Duration>,
    calls: Vec<usize>,
    chains: Vec<usize>,
}

impl Row {
    fn of(size: usize, command: &'static str) -> Self {
        Self {
            size,
            command,
            times: Vec::new(),
            before: Vec::new(),
            after: Vec::new(),
            delays: Vec::new(),
            calls: Vec::new(),
            chains: Vec::new(),
        }
    }

    /// Adds what one run of the program took, and the calls that it made.
    fn add(&mut self, program: Span, calls: Vec<Span>) {
        let first = calls.iter().map(|call| call.began).min();
        let last = calls.iter().map(|call| call.ended).max();
        self.times.push(program.time());
        self.before
            .push(first.unwrap_or_default().saturating_sub(program.began));
        self.after
            .push(program.ended.saturating_sub(last.unwrap_or_default()));
        self.delays
            .push(median(calls.iter().map(|call| call.time()).collect()));
        self.calls.push(calls.len());
        self.chains.push(chain(calls));
    }

    fn is_plan(&self) -> bool {
        self.command.starts_with("plan")
    }

    fn chain(&self) -> usize {
        self.chains.iter().copied().max().unwrap_or_default()
    }

    /// The median time as a multiple of the waiting that cannot be avoided.
    fn ratio(&self) -> f64 {
        let chain = u32::try_from(self.chain()).unwrap();
        median(self.times.clone()).as_secs_f64() / (DELAY * chain).as_secs_f64()
    }
}

/// Sends a spec of `size` resources through all commands.
fn measure(runtime: &Runtime, arguments: &Arguments, size: usize) -> Vec<Row> {
    let mut rows: Vec<Row> = COMMANDS
        .into_iter()
        .map(|(command, _)| Row::of(size, command))
        .collect();
    for _ in 0..arguments.rounds {
        round(runtime, &arguments.program, size, &mut rows);
    }
    rows
}

fn round(runtime: &Runtime, program: &Path, size: usize, rows: &mut [Row]) {
    let folder = tempfile::tempdir().unwrap();
    let mix = Mix {
        total: size,
        most_rules: MOST_RULES,
        most_groups: MOST_GROUPS,
        most_policies: MOST_POLICIES,
    };
    fs::write(
        folder.path().join("xrayctl.toml"),
        generated_spec::text(mix),
    )
    .unwrap();
    let (front, url) = Front::start(runtime, folder.path());
    runtime.block_on(make_what_others_make(&front.local, mix));
    for ((_, arguments), row) in COMMANDS.into_iter().zip(rows) {
        let began = front.started.elapsed();
        run(program, &folder, &url, arguments);
        let ended = front.started.elapsed();
        row.add(Span { began, ended }, front.take_calls());
    }
}

/// Makes what the spec takes for granted: functions, a role, a stage.
async fn make_what_others_make(local: &LocalAws, mix: Mix) {
    let trust = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C\
                 %22Principal%22%3A%7B%22Service%22%3A%22ec2.amazonaws.com%22%7D%2C%22Action%22%3A%22sts%3A\
                 AssumeRole%22%7D%5D%7D";
    let role = format!(
        "Action=CreateRole&Version=2010-05-08&RoleName=legacy-task&AssumeRolePolicyDocument={trust}"
    );
    let form = "application/x-www-form-urlencoded";
    ask(local, "iam", "/", form, role).await;
    let text = generated_spec::text(mix);
    let heads = text
        .lines()
        .filter_map(|line| line.strip_prefix("[lambda.functions."));
    for name in heads.filter_map(|line| line.strip_suffix(']')) {
        let function = json!({
            "FunctionName": name,
            "Role": "arn:aws:iam::123456789012:role/legacy-task",
            "Runtime": "nodejs22.x",
            "Handler": "index.handler",
            "Code": { "ZipFile": "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==" },
        });
        let function = function.to_string();
        ask(local, "lambda", "/2015-03-31/functions", JSON, function).await;
    }
    let api = ask(
        local,
        "apigateway",
        "/restapis",
        JSON,
        json!({ "name": "bench" }).to_string(),
    )
    .await;
    let line = format!("/restapis/{}/deployments", api["id"].as_str().unwrap());
    let stage = json!({ "stageName": "prod" }).to_string();
    ask(local, "apigateway", &line, JSON, stage).await;
}

const JSON: &str = "application/json";

/// Calls a service, which must succeed.
async fn ask(local: &LocalAws, service: &str, path: &str, form: &str, body: String) -> Value {
    let scope = format!("AKIDEXAMPLE/20260101/us-east-1/{service}/aws4_request");
    let request = Request::post(format!("http://127.0.0.1{path}"))
        .header("content-type", form)
        .header(
            "authorization",
            format!("AWS4-HMAC-SHA256 Credential={scope}, Signature=none"),
        )
        .body(body.into())
        .unwrap();
    let response = local.handle(request).await;
    assert!(
        response.status().is_success(),
        "{service} {path}: {response:?}"
    );
    serde_json::from_slice(response.body()).unwrap_or_default()
}

/// Runs one command to its end.
fn run(program: &Path, folder: &TempDir, url: &str, arguments: &[&str]) {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .args(["--env", ENVIRONMENT, "--endpoint-url", url])
        .env_clear()
        .env("HOME", folder.path())
        .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "example")
        .current_dir(folder.path())
        .stdout(Stdio::null());
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
}

/// Counts the calls of the longest chain in which each began after the one
/// before it had ended.
fn chain(mut calls: Vec<Span>) -> usize {
    calls.sort_unstable_by_key(|call| call.ended);
    let mut length = 0;
    let mut free_from = Duration::ZERO;
    for call in calls {
        if call.began >= free_from {
            length += 1;
            free_from = call.ended;
        }
    }
    length
}

fn write_table(out: &mut impl Write, rows: &[Row], rounds: u16) -> io::Result<()> {
    writeln!(
        out,
        "every call takes {}; medians of {rounds} rounds, calls and chain their most\n",
        milliseconds(DELAY)
    )?;
    writeln!(
        out,
        "| resources | command | time | before the first call | after the last | a call | calls \
         | chain | time ÷ (chain × delay) |\n\
         | --: | --- | --: | --: | --: | --: | --: | --: | --: |"
    )?;
    for row in rows {
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {:.2} |",
            row.size,
            row.command,
            milliseconds(median(row.times.clone())),
            milliseconds(median(row.before.clone())),
            milliseconds(median(row.after.clone())),
            milliseconds(median(row.delays.clone())),
            row.calls.iter().max().unwrap(),
            row.chain(),
            row.ratio()
        )?;
    }
    writeln!(out)
}

fn write_verdicts(out: &mut impl Write, rows: &[Row]) -> io::Result<()> {
    let mut say = |is_met: bool, text: String| {
        let verdict = if is_met { "PASS" } else { "FAIL" };
        writeln!(out, "{verdict}: {text}")
    };
    for row in rows.iter().filter(|row| row.is_plan()) {
        let ratio = row.ratio();
        say(
            ratio <= TARGET,
            format!(
                "{} of {} resources takes {ratio:.2} × chain × delay, {TARGET} wanted",
                row.command, row.size
            ),
        )?;
    }
    for (command, _) in COMMANDS {
        let chains: Vec<usize> = rows
            .iter()
            .filter(|row| row.is_plan() && row.command == command)
            .map(Row::chain)
            .collect();
        if let (Some(few), Some(many)) = (chains.first(), chains.last()) {
            say(
                few == many,
                format!(
                    "{command}: chain of {few} with the fewest resources, of {many} with the most"
                ),
            )?;
        }
    }
    Ok(())
}
