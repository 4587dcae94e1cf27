//! The engine without AWS: reading a spec with all its checks, working out a
//! plan, drawing it, for specs of 10, 100 and 1,000 resources.
//!
//! `cargo bench --bench engine`. Figures and what they should be:
//! `docs/performance.md`.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark may stop where something is wrong"
)]

mod generated_spec;

use std::hint::black_box;
use std::io;
use std::sync::Arc;

use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use criterion::{BenchmarkId, Throughput, measurement::WallTime};
use serde_json::{Value, json};
use xrayctl::model::attributes;
use xrayctl::model::{Attributes, Desired, Lifecycle, Live, Owner, SourceFile};
use xrayctl::plan::diff::{self, Request, Sides};
use xrayctl::plan::{Mode, Plan, Target};
use xrayctl::resource::{REGISTRY, Registered};
use xrayctl::spec::{self, Files, Language, Options, Spec};
use xrayctl::view::{self, Styles};

use generated_spec::{ENVIRONMENT, Mix};

const SIZES: [usize; 3] = [10, 100, 1_000];
/// One live resource in so many is not as the spec says.
const ONE_DIFFERS_IN: usize = 10;

/// The generated specs name no files.
struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &str) -> io::Result<String> {
        Err(io::ErrorKind::NotFound.into())
    }
}

fn source(size: usize) -> Arc<SourceFile> {
    let mix = Mix {
        total: size,
        most_rules: size,
        most_groups: size,
        most_policies: size,
    };
    SourceFile::new("bench.toml", generated_spec::text(mix))
}

fn load(source: &Arc<SourceFile>) -> Spec {
    let options = Options {
        env: Some(ENVIRONMENT.to_owned()),
        ..Options::default()
    };
    let (spec, diagnostics) = spec::load(source, &options, &Language::of(REGISTRY), &NoFiles);
    assert!(!diagnostics.has_errors(), "{diagnostics:?}");
    spec.unwrap()
}

/// What stands at AWS after an apply of `spec`, some of it changed since; and how
/// many of them.
fn live(spec: &Spec) -> (Vec<Live>, usize) {
    let mut stands: Vec<Live> = spec
        .resources
        .iter()
        .map(|desired| applied(spec, desired))
        .collect();
    let mut changed = 0;
    for live in stands.iter_mut().step_by(ONE_DIFFERS_IN) {
        let was = live.attributes.clone();
        change(live);
        changed += usize::from(live.attributes != was);
    }
    (stands, changed)
}

fn applied(spec: &Spec, desired: &Desired) -> Live {
    let mut attributes = desired.attributes.clone();
    for reference in &desired.references {
        let mut all = spec.resources.iter();
        let to = all.find(|other| other.address == reference.to).unwrap();
        let value = output(to, &reference.output);
        attributes::put(&mut attributes, &reference.field, value);
    }
    let owner = Owner {
        stack: spec.stack.name.clone(),
        name: desired.address.name().map(str::to_owned),
        applied: Some("0123456789abcdef01234567".to_owned()),
    };
    Live {
        kind: desired.address.kind().to_owned(),
        key: desired.key.clone(),
        attributes,
        tags: desired.tags.clone().map(|mut tags| {
            tags.extend(owner.to_tags());
            tags
        }),
        outputs: outputs(spec, desired),
        deletion_scheduled: false,
        status: Attributes::new(),
    }
}

/// Its ARN, and what others refer to.
fn outputs(spec: &Spec, desired: &Desired) -> Attributes {
    let references = spec.resources.iter().flat_map(|other| &other.references);
    let asked = references
        .filter(|reference| reference.to == desired.address)
        .map(|reference| reference.output.as_str());
    let names = asked.chain(["arn"]);
    names
        .map(|name| (name.to_owned(), output(desired, name)))
        .collect()
}

/// What others refer to is an ARN or a name.
fn output(desired: &Desired, name: &str) -> Value {
    match name {
        "arn" => arn(&desired.address),
        _ => Value::from(desired.key.as_str()),
    }
}

fn arn(address: &xrayctl::model::Address) -> Value {
    Value::from(format!("arn:aws:xray:us-east-1:123456789012:{address}"))
}

/// Changes one field of a live resource: a line of its document, or the first number
/// or flag. Some types have none.
fn change(live: &mut Live) {
    let (field, value) = match live.kind.as_str() {
        "default_sampling_rule" | "sampling_rule" => ("reservoir_size", json!(99)),
        "group" => ("filter_expression", json!("fault")),
        "encryption" => ("type", json!("NONE")),
        "kms_key" => ("description", json!("changed by hand")),
        "trace_segment_destination" => ("destination", json!("XRay")),
        "resource_policy" => {
            let document = live.attributes.get_mut("policy_document").unwrap();
            document["Statement"][0]["Sid"] = json!("ChangedByHand");
            return;
        }
        _ => return change_any(&mut live.attributes),
    };
    live.attributes.insert(field.to_owned(), value);
}

fn change_any(fields: &mut Attributes) {
    let mut plain = fields
        .values_mut()
        .filter(|value| value.is_number() || value.is_boolean());
    if let Some(value) = plain.next() {
        *value = match value {
            Value::Bool(flag) => json!(!*flag),
            _ => json!(99),
        };
    }
}

fn plan(spec: &Spec, live: &[Live]) -> Plan {
    let request = Request {
        mode: Mode::Apply,
        target: Target {
            account: "123456789012".to_owned(),
            region: spec.stack.region.clone(),
        },
        adopt: false,
        delete_data: false,
        only: Vec::new(),
    };
    let sides = Sides {
        catalog: &Registered,
        stack: &spec.stack.name,
        desired: &spec.resources,
        live,
    };
    diff::plan(sides, &request).unwrap()
}

/// Measures `work` on what `prepare` makes of a spec, at every size.
fn at_every_size<I>(
    criterion: &mut Criterion,
    name: &str,
    prepare: impl Fn(Arc<SourceFile>) -> I,
    work: impl Fn(&I),
) {
    let mut group: BenchmarkGroup<'_, WallTime> = criterion.benchmark_group(name);
    for size in SIZES {
        let input = prepare(source(size));
        group.throughput(Throughput::Elements(size as u64));
        group.bench_with_input(
            BenchmarkId::from_parameter(size),
            &input,
            |bencher, input| {
                bencher.iter(|| work(black_box(input)));
            },
        );
    }
    group.finish();
}

/// Text to checked resources.
fn reads(criterion: &mut Criterion) {
    at_every_size(
        criterion,
        "load",
        |source| source,
        |source| {
            black_box(load(source));
        },
    );
}

/// Both sides to a plan: everything stands, up to a tenth of it changed.
fn plans(criterion: &mut Criterion) {
    let prepare = |source| {
        let spec = load(&source);
        let (live, changed) = live(&spec);
        assert_eq!(plan(&spec, &live).actual_changes().count(), changed);
        (spec, live)
    };
    at_every_size(criterion, "diff", prepare, |(spec, live)| {
        black_box(plan(spec, live));
    });
}

/// A plan to text: once a tenth of it changes, once all is new.
fn draws(criterion: &mut Criterion) {
    let draw = |plan: &Plan| {
        black_box(view::plan::render(plan, Styles::default()));
    };
    let some = |source| {
        let spec = load(&source);
        plan(&spec, &live(&spec).0)
    };
    at_every_size(criterion, "render/changed", some, draw);
    // What a stack changes and never makes stands before it.
    let all = |source| {
        let spec = load(&source);
        let (mut stands, _) = live(&spec);
        stands.retain(|live| {
            let kind = REGISTRY.iter().find(|kind| kind.facts().kind == live.kind);
            kind.unwrap().facts().lifecycle == Lifecycle::Existing
        });
        plan(&spec, &stands)
    };
    at_every_size(criterion, "render/new", all, draw);
}

criterion_group!(benches, reads, plans, draws);
criterion_main!(benches);
