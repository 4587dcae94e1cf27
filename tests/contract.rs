//! What every resource type has to keep, whatever it is: a second plan after
//! an apply is empty, one changed field is one change of that field, what the
//! stack creates it deletes, and settings go back to AWS's default. All of it
//! over a network that loses answers.
//!
//! Runs over the registry on the embedded AWS. `CONTRACT_ENDPOINT` and
//! `CONTRACT_KINDS` run it against another AWS, for the types that it has, and
//! `CONTRACT_LACKS` names the fields that it does not keep: `tests/run.sh` does
//! so with moto.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may stop where something is wrong"
)]

#[path = "contract/standing.rs"]
mod standing;

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use tokio::sync::{Mutex, MutexGuard};
use tokio_util::sync::CancellationToken;
use xrayctl::apply::{self, Context, Event, Observer};
use xrayctl::aws::{Aws, Connection};
use xrayctl::local_aws::connector::Connector;
use xrayctl::local_aws::{LocalAws, Options};
use xrayctl::model::{Attributes, Desired, Lifecycle, Tags};
use xrayctl::plan::diff::{self, Request, Sides};
use xrayctl::plan::{Action, Mode, Plan, Target};
use xrayctl::resource::read::{Scope, read_all};
use xrayctl::resource::{Kind, REGISTRY, Registered};

const STACK: &str = "contract";

/// An AWS for one test, and what keeps it alive.
struct World {
    aws: Aws,
    _folder: tempfile::TempDir,
    _turn: Option<MutexGuard<'static, ()>>,
}

/// Tests that share an account take turns: some things, such as those of IAM,
/// stand in no region.
static TURN: Mutex<()> = Mutex::const_new(());

/// The embedded AWS behind a network that loses the answer to the first
/// attempt at every create, when AWS has carried it out already.
#[derive(Clone, Debug)]
struct LossyClient(Connector);

/// Calls that create something under a name, which AWS takes once: by their
/// path, or by the action of a form.
const CREATES: [&str; 5] = [
    "/CreateSamplingRule",
    "/CreateGroup",
    "/PutResourcePolicy",
    "Action=CreatePolicy&",
    "Action=CreateRole&",
];

impl HttpConnector for LossyClient {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let form = request.body().bytes().unwrap_or_default();
        let is_create = CREATES
            .iter()
            .any(|create| request.uri().ends_with(create) || form.starts_with(create.as_bytes()));
        let attempt = request.headers().get("amz-sdk-request").unwrap_or_default();
        let is_lost = is_create && attempt.starts_with("attempt=1;");
        let answer = self.0.call(request);
        HttpConnectorFuture::new(async move {
            let answer = answer.await?;
            if !is_lost {
                return Ok(answer);
            }
            let status = StatusCode::try_from(500).unwrap();
            Ok(HttpResponse::new(status, SdkBody::from("{}")))
        })
    }
}

impl HttpClient for LossyClient {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

struct Silent;

impl Observer for Silent {
    fn notice(&self, _: Event<'_>) {}
}

impl World {
    /// Each test has a region of its own, since all may share one account.
    async fn new(region: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = Connection {
            region: region.to_owned(),
            embedded_credentials: true,
            ..Connection::default()
        };
        let mut turn = None;
        if let Ok(endpoint) = std::env::var("CONTRACT_ENDPOINT") {
            connection.endpoint_url = Some(endpoint);
            turn = Some(TURN.lock().await);
        } else {
            let local = LocalAws::open(Options::new(folder.path())).unwrap();
            let connector = Connector::new(Arc::new(local));
            connection.in_process = Some(SharedHttpClient::new(LossyClient(connector)));
        }
        Self {
            aws: connection.open().await,
            _folder: folder,
            _turn: turn,
        }
    }

    /// Makes what the examples of a type take for granted: what others own.
    async fn prepare(&self, kind: &str) {
        if kind == "iam_role_policy_attachment" {
            let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
            let role = self.aws.iam.create_role().role_name("legacy-task-role");
            let role = role.assume_role_policy_document(trust);
            // On an AWS that outlives the test, it may be there already.
            let _ = role.send().await;
        }
    }

    async fn plan(&self, desired: &[Desired], mode: Mode) -> Plan {
        let mut desired = desired.to_vec();
        let scope = Scope {
            stack: STACK,
            resolve: mode != Mode::Destroy,
            everything: false,
        };
        let reading = read_all(&self.aws, &kinds(), scope, &mut desired).await;
        assert!(reading.failed.is_empty(), "{:?}", reading.failed);
        let identity = self.aws.identity().await.unwrap();
        let request = Request {
            mode,
            target: Target {
                account: identity.account.clone(),
                region: self.aws.region().to_owned(),
            },
            adopt: false,
            delete_data: true,
            only: Vec::new(),
        };
        let sides = Sides {
            catalog: &Registered,
            stack: STACK,
            desired: &desired,
            live: &reading.live,
        };
        diff::plan(sides, &request).unwrap()
    }

    async fn apply(&self, plan: &Plan) {
        let context = Context {
            aws: &self.aws,
            kinds: &kinds(),
            catalog: &Registered,
            parallelism: 4,
            observer: &Silent,
            stop: &CancellationToken::new(),
        };
        let outcome = apply::run(plan, context).await;
        assert!(
            outcome.is_complete(),
            "{:?} {:?}",
            outcome.failed,
            outcome.skipped
        );
    }

    /// Takes away what a test made, for the next one.
    async fn clear(&self, desired: &[Desired]) {
        let plan = self.plan(desired, Mode::Destroy).await;
        self.apply(&plan).await;
    }

    /// Makes AWS as `desired` says and sees that nothing is left to do.
    async fn converge(&self, desired: &[Desired]) {
        let plan = self.plan(desired, Mode::Apply).await;
        self.apply(&plan).await;
        let again = self.plan(desired, Mode::Apply).await;
        let left: Vec<_> = again.actual_changes().collect();
        assert!(left.is_empty(), "a second plan still has {left:#?}");
    }
}

/// The types that the AWS under test has.
fn kinds() -> Vec<&'static dyn Kind> {
    let wanted: Option<BTreeSet<String>> = std::env::var("CONTRACT_KINDS")
        .ok()
        .map(|list| list.split(',').map(str::to_owned).collect());
    let kinds: Vec<_> = REGISTRY
        .iter()
        .copied()
        .filter(|kind| {
            wanted
                .as_ref()
                .is_none_or(|wanted| wanted.contains(kind.facts().kind))
        })
        .collect();
    assert!(!kinds.is_empty(), "CONTRACT_KINDS names no type");
    kinds
}

/// The fields of a type that the AWS under test does not keep.
fn lacking(kind: &str) -> Vec<String> {
    let list = std::env::var("CONTRACT_LACKS").unwrap_or_default();
    list.split(',')
        .filter_map(|entry| entry.strip_prefix(kind)?.strip_prefix('.'))
        .map(str::to_owned)
        .collect()
}

fn desired(kind: &dyn Kind, name: &str, fields: Attributes) -> Result<Desired, String> {
    let prepared = kind
        .prepare(name, fields)
        .map_err(|problems| format!("{problems:?}"))?;
    Ok(Desired {
        address: kind.facts().address(name),
        key: prepared.key,
        written: prepared.written,
        attributes: prepared.attributes,
        tags: kind
            .facts()
            .taggable
            .then(|| Tags::from([("team".to_owned(), "traces".to_owned())])),
        references: prepared.references,
        depends_on: Vec::new(),
        protect: false,
        ignore: lacking(kind.facts().kind),
        source: None,
    })
}

/// Two states of one resource: the first example, and another.
fn two_states(kind: &dyn Kind) -> (&'static str, Attributes, Attributes) {
    let examples = kind.examples();
    let (name, first) = examples[0].clone();
    let other = match kind.aws_default() {
        Some(default) => default,
        None => examples.last().unwrap().1.clone(),
    };
    (name, first, other)
}

#[tokio::test]
async fn a_second_plan_is_empty_and_destroy_leaves_nothing() {
    for kind in kinds() {
        let world = World::new("eu-west-1").await;
        world.prepare(kind.facts().kind).await;
        for (name, fields) in kind.examples() {
            standing::make(&world.aws, kind, name, &fields).await;
            let desired = [desired(kind, name, fields).unwrap()];
            let first = world.plan(&desired, Mode::Apply).await;
            assert!(first.has_changes(), "{} {name}", kind.facts().kind);
            world.converge(&desired).await;

            let plan = world.plan(&desired, Mode::Destroy).await;
            assert_eq!(plan.actual_changes().count(), 1, "{name}");
            world.apply(&plan).await;
            let again = world.plan(&desired, Mode::Destroy).await;
            assert!(!again.has_changes(), "{again:#?}");
        }
    }
}

#[tokio::test]
async fn a_changed_field_is_one_change_of_that_field() {
    let mut checked = 0;
    for kind in kinds() {
        let world = World::new("eu-central-1").await;
        world.prepare(kind.facts().kind).await;
        let (name, first, other) = two_states(kind);
        // The layers of the other state are there to be taken.
        standing::make(&world.aws, kind, name, &first).await;
        standing::make(&world.aws, kind, name, &other).await;
        let start = [desired(kind, name, first.clone()).unwrap()];
        world.converge(&start).await;
        for (field, value) in &other {
            if standing::is_identity(kind, name, &first, field, value) {
                continue;
            }
            let mut fields = first.clone();
            fields.insert(field.clone(), value.clone());
            // Two fields may only change together, as a type and its key.
            let Ok(changed) = desired(kind, name, fields) else {
                continue;
            };
            let is_left_alone = (value.is_null() && kind.facts().is_unmanaged_when_absent(field))
                || changed.ignore.contains(field);
            if changed.attributes == start[0].attributes || is_left_alone {
                continue;
            }
            let changed = [changed];
            let plan = world.plan(&changed, Mode::Apply).await;
            let planned: Vec<_> = plan.actual_changes().collect();
            assert_eq!(planned.len(), 1, "{}.{field}", kind.facts().kind);
            let roots: BTreeSet<&str> = planned[0]
                .fields
                .iter()
                .map(|change| change.path[0].as_str())
                .collect();
            assert!(roots.contains(field.as_str()), "{field}: {roots:?}");
            let replaces = kind.facts().replace_on.contains(&field.as_str());
            let action = if replaces {
                Action::Replace
            } else {
                Action::Update
            };
            assert_eq!(planned[0].action, action, "{}.{field}", kind.facts().kind);
            world.converge(&changed).await;
            world.converge(&start).await;
            checked += 1;
        }
        world.clear(&start).await;
    }
    assert!(checked > 0, "no field was changed");
}

#[tokio::test]
async fn tags_are_added_changed_and_removed() {
    for kind in kinds() {
        if !kind.facts().taggable {
            continue;
        }
        let world = World::new("us-west-2").await;
        let (name, fields) = kind.examples()[0].clone();
        standing::make(&world.aws, kind, name, &fields).await;
        let mut desired = desired(kind, name, fields).unwrap();
        world.converge(std::slice::from_ref(&desired)).await;
        for tags in [
            Tags::from([
                ("team".to_owned(), "sre".to_owned()),
                ("tier".to_owned(), String::new()),
            ]),
            Tags::from([("tier".to_owned(), "gold".to_owned())]),
            Tags::new(),
        ] {
            // On what others made, tags that the spec no longer names stay.
            let is_left = kind.facts().lifecycle == Lifecycle::Existing && tags.is_empty();
            desired.tags = Some(tags);
            let one = std::slice::from_ref(&desired);
            let plan = world.plan(one, Mode::Apply).await;
            if is_left {
                assert!(!plan.has_changes(), "{plan:#?}");
                continue;
            }
            let change = plan.actual_changes().next().unwrap();
            assert_eq!(change.action, Action::Update);
            assert!(change.fields.iter().all(|field| field.path[0] == "tags"));
            world.converge(one).await;
        }
        world.clear(&[desired]).await;
    }
}

#[test]
fn canonical_form_is_stable() {
    for kind in REGISTRY {
        for (name, fields) in kind.examples() {
            let once = kind.prepare(name, fields).unwrap();
            let twice = kind.prepare(name, once.attributes.clone()).unwrap();
            assert_eq!(once.attributes, twice.attributes, "{}", kind.facts().kind);
            assert_eq!(once.key, twice.key);
        }
    }
}

#[test]
fn facts_name_fields_that_the_type_has() {
    for kind in REGISTRY {
        let facts = kind.facts();
        let known: BTreeSet<String> = kind
            .examples()
            .into_iter()
            .flat_map(|(_, fields)| fields.into_iter().map(|(name, _)| name))
            .collect();
        let named = facts
            .replace_on
            .iter()
            .chain(facts.documents)
            .chain(facts.unmanaged_when_absent)
            .chain(facts.name_field.as_ref());
        for field in named {
            assert!(known.contains(*field), "{}: {field}", facts.kind);
        }
        assert_eq!(
            kind.aws_default().is_some(),
            facts.lifecycle == Lifecycle::Setting,
            "{}",
            facts.kind
        );
        assert!(facts.docs.starts_with("https://docs.aws.amazon.com/"));
    }
}
