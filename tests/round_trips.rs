//! How often a plan waits for AWS, by a clock that stands still while anything
//! is worked on: every call takes a second of it and nothing else takes any, so
//! that the seconds of a plan are the calls that waited for one another.
//!
//! `benches/round_trips.rs` measures the same with the built binary and a real
//! clock.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test may stop where something is wrong"
)]

#[path = "../benches/generated_spec/mod.rs"]
mod generated_spec;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use xrayctl::apply::{self, Context, Event, Observer};
use xrayctl::aws::{Aws, Connection};
use xrayctl::local_aws::connector::Connector;
use xrayctl::local_aws::{LocalAws, Options};
use xrayctl::model::SourceFile;
use xrayctl::plan::diff::{self, Request, Sides};
use xrayctl::plan::{Mode, Plan, Target};
use xrayctl::resource::read::{Scope, read_all};
use xrayctl::resource::{REGISTRY, Registered};
use xrayctl::spec::{self, Files, Language, Spec};

use generated_spec::{ENVIRONMENT, Mix};

const CALL: Duration = Duration::from_secs(1);

/// The embedded AWS, a second away.
#[derive(Clone, Debug)]
struct FarAway {
    connector: Connector,
    calls: Calls,
}

/// What was asked: the operation and what it was given.
type Calls = Arc<Mutex<Vec<String>>>;

fn asked(request: &HttpRequest) -> String {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default());
    format!("{} {} {target} {body}", request.method(), request.uri())
}

impl HttpConnector for FarAway {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.calls.lock().unwrap().push(asked(&request));
        let answer = self.connector.call(request);
        HttpConnectorFuture::new(async move {
            tokio::time::sleep(CALL).await;
            answer.await
        })
    }
}

impl HttpClient for FarAway {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &str) -> io::Result<String> {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// Counts the steps that are under way.
#[derive(Default)]
struct Steps {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Observer for Steps {
    fn notice(&self, event: Event<'_>) {
        match event {
            Event::Started { .. } => {
                let now = self.now.fetch_add(1, Ordering::Relaxed) + 1;
                self.most.fetch_max(now, Ordering::Relaxed);
            }
            Event::Finished { .. } | Event::Failed { .. } => {
                self.now.fetch_sub(1, Ordering::Relaxed);
            }
            _ => {}
        }
    }
}

/// An account with a spec for it.
struct World {
    aws: Aws,
    spec: Spec,
    calls: Calls,
    _folder: tempfile::TempDir,
}

/// What a plan cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cost {
    /// Calls that waited for one another.
    chain: u64,
    calls: usize,
}

impl World {
    async fn of(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            settle: Duration::ZERO,
            ..Options::new(folder.path())
        };
        let local = LocalAws::open(options).unwrap();
        let calls = Calls::default();
        let far_away = FarAway {
            connector: Connector::new(Arc::new(local)),
            calls: Arc::clone(&calls),
        };
        let connection = Connection {
            region: "us-east-1".to_owned(),
            embedded_credentials: true,
            in_process: Some(SharedHttpClient::new(far_away)),
            ..Connection::default()
        };
        let source = SourceFile::new("generated.toml", text);
        let options = spec::Options {
            env: Some(ENVIRONMENT.to_owned()),
            ..spec::Options::default()
        };
        let (spec, _) = spec::load(&source, &options, &Language::of(REGISTRY), &NoFiles);
        Self {
            aws: connection.open().await,
            spec: spec.expect("a spec without errors"),
            calls,
            _folder: folder,
        }
    }

    /// Plans, and tells what it cost.
    async fn plan(&self) -> (Plan, Cost) {
        let began = Instant::now();
        self.calls.lock().unwrap().clear();
        let mut desired = self.spec.resources.clone();
        let scope = Scope {
            stack: &self.spec.stack.name,
            resolve: true,
            everything: false,
        };
        let reading = read_all(&self.aws, REGISTRY, scope, &mut desired).await;
        assert!(reading.failed.is_empty(), "{:?}", reading.failed);
        let cost = Cost {
            chain: began.elapsed().as_secs(),
            calls: self.calls.lock().unwrap().len(),
        };
        let identity = self.aws.identity().await.unwrap();
        let request = Request {
            mode: Mode::Apply,
            target: Target {
                account: identity.account.clone(),
                region: self.aws.region().to_owned(),
            },
            adopt: false,
            delete_data: false,
            only: Vec::new(),
        };
        let sides = Sides {
            catalog: &Registered,
            stack: &self.spec.stack.name,
            desired: &desired,
            live: &reading.live,
        };
        (diff::plan(sides, &request).unwrap(), cost)
    }

    /// Applies with so many steps at a time, and returns the most that were
    /// under way at once.
    async fn apply(&self, plan: &Plan, parallelism: usize) -> usize {
        let steps = Steps::default();
        let context = Context {
            aws: &self.aws,
            kinds: REGISTRY,
            catalog: &Registered,
            parallelism,
            observer: &steps,
            stop: &CancellationToken::new(),
        };
        let outcome = apply::run(plan, context).await;
        assert!(outcome.is_complete(), "{:?}", outcome.failed);
        steps.most.into_inner()
    }
}

/// A spec with `total` resources of all types, without those that others make.
fn of_size(total: usize) -> String {
    let text = generated_spec::text(Mix {
        total,
        most_rules: 25,
        most_groups: 25,
        most_policies: 5,
    });
    let others = [
        "[lambda.functions.",
        "[api_gateway.",
        "[iam.role_policy_attachments.",
    ];
    let tables = text.split_inclusive("\n\n");
    let own = tables.filter(|table| {
        !others
            .iter()
            .any(|other| table.trim_start().starts_with(other))
    });
    own.collect()
}

#[tokio::test(start_paused = true)]
async fn a_plan_waits_as_often_for_500_resources_as_for_20() {
    let mut costs = Vec::new();
    for total in [20, 100, 500] {
        let world = World::of(&of_size(total)).await;
        let (plan, empty) = world.plan().await;
        world.apply(&plan, 10).await;
        let (again, settled) = world.plan().await;
        assert!(!again.has_changes(), "{:#?}", again.actual_changes().next());
        costs.push((empty, settled));
    }
    let chains: Vec<(u64, u64)> = costs
        .iter()
        .map(|cost| (cost.0.chain, cost.1.chain))
        .collect();
    assert_eq!(chains, [chains[0]; 3], "{costs:?}");
    // A list, then details of what it shows, then details of those.
    assert!(chains[0].0 <= 2 && chains[0].1 <= 4, "{costs:?}");
}

#[tokio::test(start_paused = true)]
async fn an_apply_has_as_many_steps_under_way_as_it_may() {
    let mut text =
        "[stack]\nname = \"many\"\nregion = \"us-east-1\"\n\n[env.production.vars]\n".to_owned();
    for index in 0..100 {
        writeln!(text, "[log_groups.group-{index}]\nretention_in_days = 7").unwrap();
    }
    for parallelism in [1, 10, 37] {
        let world = World::of(&text).await;
        let (plan, _) = world.plan().await;
        assert_eq!(world.apply(&plan, parallelism).await, parallelism);
    }
}

#[tokio::test(start_paused = true)]
async fn an_export_asks_nothing_twice() {
    let world = World::of(&of_size(1_000)).await;
    let (plan, _) = world.plan().await;
    world.apply(&plan, 50).await;
    world.calls.lock().unwrap().clear();
    let scope = Scope {
        stack: "export",
        resolve: false,
        everything: true,
    };
    let reading = read_all(&world.aws, REGISTRY, scope, &mut []).await;
    assert!(reading.live.len() >= 900, "{}", reading.live.len());
    let mut times = BTreeMap::<String, usize>::new();
    for call in world.calls.lock().unwrap().drain(..) {
        *times.entry(call).or_default() += 1;
    }
    let twice: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "{twice:#?}");
}
