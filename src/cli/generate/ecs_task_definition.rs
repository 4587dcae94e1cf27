//! `xrayctl generate ecs-task-definition`.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::aws::Aws;
use crate::cli::connection::{check_region, connect, failed_call};
use crate::cli::globals::Globals;
use crate::cli::spec_file::{self, DEFAULT_PATH};
use crate::cli::{Failure, Outcome};
use crate::exit::Exit;
use crate::generate::ecs_task_definition as generate;
use crate::model::attributes::put;
use crate::model::{
    Address, Attributes, Desired, Diagnostic, Diagnostics, Reference, SourceFile, SourceRange, Tags,
};
use crate::resource::{Problem, ecs_task_definition};
use crate::spec::{self, Spec};
use crate::view::Terminal;

/// The base that is read from stdin.
const STDIN: &str = "-";

/// Write a task definition with its tracing sidecar as JSON
///
/// Prints what `aws ecs register-task-definition --cli-input-json` takes.
/// Registers nothing. With --base or --from-live it adds the sidecar, and what
/// its users need, to a task definition that exists; what it has already stays
/// as it is, and doing it twice adds nothing.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The task definition of the spec, such as `api`
    #[arg(value_name = "NAME")]
    name: String,

    /// The spec
    #[arg(value_name = "SPEC", default_value = DEFAULT_PATH)]
    spec: PathBuf,

    /// Add the sidecar to the task definition in this file, `-` for stdin: the
    /// input of a registration, or what `describe-task-definition` printed
    #[arg(long, value_name = "FILE", conflicts_with = "from_live")]
    base: Option<PathBuf>,

    /// Add the sidecar to the latest active revision of this family at AWS
    #[arg(long, value_name = "FAMILY")]
    from_live: Option<String>,

    /// Write it to this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) async fn run(args: &Args, globals: &Globals, terminal: &Terminal) -> Outcome {
    let (spec, warnings) = spec_file::load(&args.spec, globals)?;
    check_region(globals, &spec.stack)?;
    let base = args.base.as_deref().map(read_base).transpose()?;
    let desired = named(&spec, &args.name)?;
    let adds = base.is_some() || args.from_live.is_some();
    if adds && desired.written.get("sidecar").is_none_or(Value::is_null) {
        return Err(Failure::from(
            Diagnostic::error(format!("{} has no sidecar to add", desired.address))
                .with_hint("add `sidecar = { kind = \"adot\" }` to it"),
        ));
    }
    let mut fields = desired.written.clone();
    put_in_references(&mut fields, desired, &spec, globals).await?;
    let region = &spec.stack.region;
    let document = match (&base, &args.from_live) {
        (Some(base), _) => generate::onto(&base.document, &args.name, &fields, region)
            .map_err(|problems| told(&problems, Some(&base.source), desired))?,
        (None, Some(family)) => {
            let live = live(family, &spec, globals).await?;
            let text = format!("{:#}", Value::Object(live.clone()));
            let source = SourceFile::new(format!("the task definition {family}"), text);
            generate::onto(&live, &args.name, &fields, region)
                .map_err(|problems| told(&problems, Some(&source), desired))?
        }
        (None, None) => {
            let tags = desired.tags.clone().unwrap_or_else(Tags::new);
            generate::of_spec(&fields, &tags, region)
                .map_err(|problems| told(&problems, None, desired))?
        }
    };
    let concern = |one: &Diagnostic| one.address.as_ref().is_none_or(|of| *of == desired.address);
    terminal.diagnostics(&warnings.into_iter().filter(concern).collect());
    let text = format!("{:#}\n", Value::Object(document));
    match &args.out {
        None => terminal.result(&text)?,
        Some(path) => {
            super::write(path, &text)?;
            let path = path.display();
            terminal.status(&format!(
                "Wrote {path}. Register it with: aws ecs register-task-definition --region {region} --cli-input-json file://{path}"
            ));
        }
    }
    Ok(Exit::Success)
}

/// The task definition that the spec calls `name`.
fn named<'s>(spec: &'s Spec, name: &str) -> Result<&'s Desired, Diagnostic> {
    let address = Address::new(ecs_task_definition::KIND, name);
    let mut all = spec.resources.iter();
    if let Some(found) = all.find(|one| one.address == address) {
        return Ok(found);
    }
    let known = spec
        .resources
        .iter()
        .filter(|one| one.address.kind() == ecs_task_definition::KIND);
    let known: Vec<&str> = known.filter_map(|one| one.address.name()).collect();
    let diagnostic = Diagnostic::error(format!("the spec has no task definition `{name}`"));
    Err(match spec::nearest(name, known.iter().copied()) {
        Some(near) => diagnostic.with_hint(format!("did you mean `{near}`?")),
        None if known.is_empty() => {
            diagnostic.with_hint(format!("add `[ecs.task_definitions.{name}]`"))
        }
        None => diagnostic.with_hint(format!("it has {}", known.join(", "))),
    })
}

/// A task definition that the sidecar is added to.
struct Base {
    document: Map<String, Value>,
    source: Arc<SourceFile>,
}

fn read_base(path: &Path) -> Result<Base, Diagnostic> {
    let source = if path == Path::new(STDIN) {
        let mut text = String::new();
        io::stdin()
            .read_to_string(&mut text)
            .map_err(|error| Diagnostic::error(format!("cannot read stdin: {error}")))?;
        SourceFile::new("stdin", text)
    } else {
        spec_file::read(path).map_err(|mut error| {
            // The hints are for specs.
            error.hint = None;
            error
        })?
    };
    let name = &source.name;
    let hint =
        "give it what `aws ecs describe-task-definition` prints, or the input of a registration";
    match serde_json::from_str(&source.text) {
        Ok(Value::Object(document)) => Ok(Base { document, source }),
        Ok(_) => Err(Diagnostic::error(format!("`{name}` is no task definition"))
            .with_source(SourceRange::new(&source, 0..source.text.len().min(1)))
            .with_hint(hint)),
        Err(error) => {
            let lines = source.text.split_inclusive('\n');
            let before: usize = lines
                .take(error.line().saturating_sub(1))
                .map(str::len)
                .sum();
            let at = (before + error.column().saturating_sub(1)).min(source.text.len());
            let reason = error.to_string();
            let reason = reason.split(" at line ").next().unwrap_or_default();
            Err(Diagnostic::error(format!("`{name}` is not JSON: {reason}"))
                .with_source(SourceRange::new(&source, at..at))
                .with_hint(hint))
        }
    }
}

/// Reads the latest active revision of `family`.
async fn live(
    family: &str,
    spec: &Spec,
    globals: &Globals,
) -> Result<Map<String, Value>, Diagnostic> {
    let connected = connect(globals, &spec.stack).await?;
    let found = ecs_task_definition::registrable_of(&connected.aws, family).await;
    let found = found.map_err(|error| failed_call(&error, None))?;
    found.ok_or_else(|| {
        Diagnostic::error(format!("AWS has no active task definition `{family}`")).with_hint(
            format!(
                "list them with: aws ecs list-task-definition-families --status ACTIVE --region {}",
                spec.stack.region
            ),
        )
    })
}

/// Puts in what the fields take from other resources. ARNs of roles follow
/// from the account, so that they need not exist yet; and where the spec says
/// the account, AWS is not asked.
async fn put_in_references(
    fields: &mut Attributes,
    desired: &Desired,
    spec: &Spec,
    globals: &Globals,
) -> Result<(), Diagnostic> {
    let mut owner = None;
    for reference in desired
        .references
        .iter()
        .filter(|one| !one.field.is_empty())
    {
        if owner.is_none() {
            owner = Some(Owner::of(spec, globals).await?);
        }
        let arn = owner
            .as_ref()
            .and_then(|owner| owner.role_arn(reference, spec));
        let arn = arn.ok_or_else(|| {
            let field = reference.field.trim_start_matches('/');
            Diagnostic::error(format!(
                "`{field}` is the {} of {}, which only AWS knows",
                reference.output, reference.to
            ))
            .at(desired.address.clone())
            .with_hint("give its ARN instead of its name")
        })?;
        put(fields, &reference.field, arn.into());
    }
    Ok(())
}

/// Whose the roles are.
struct Owner {
    partition: String,
    account: String,
}

impl Owner {
    async fn of(spec: &Spec, globals: &Globals) -> Result<Self, Diagnostic> {
        if let Some(account) = &spec.stack.account {
            return Ok(Self {
                partition: partition(&spec.stack.region).to_owned(),
                account: account.clone(),
            });
        }
        let connected = connect(globals, &spec.stack).await?;
        let aws: &Aws = &connected.aws;
        let identity = aws.identity().await.map_err(|error| {
            failed_call(&error, None).with_hint(
                "ARNs of roles hold the account: say `account` in `[stack]`, or give credentials or --local",
            )
        })?;
        Ok(Self {
            partition: identity.partition.clone(),
            account: identity.account.clone(),
        })
    }

    /// The ARN of the role that `reference` leads to.
    fn role_arn(&self, reference: &Reference, spec: &Spec) -> Option<String> {
        if reference.to.kind() != ecs_task_definition::IAM_ROLE || reference.output != "arn" {
            return None;
        }
        let mut all = spec.resources.iter();
        let role = all.find(|one| one.address == reference.to)?;
        let path = role.attributes.get("path").and_then(Value::as_str);
        Some(format!(
            "arn:{}:iam::{}:role{}{}",
            self.partition,
            self.account,
            path.unwrap_or("/"),
            role.key
        ))
    }
}

/// The partition that a region belongs to.
fn partition(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

/// Tells what is wrong, in the base where it lies there.
fn told(problems: &[Problem], base: Option<&Arc<SourceFile>>, desired: &Desired) -> Diagnostics {
    let told = problems.iter().map(|problem| {
        let mut diagnostic = Diagnostic::error(problem.message.clone());
        diagnostic.hint.clone_from(&problem.hint);
        let steps = problem.field.split('/').skip(1);
        let steps: Vec<String> = steps
            .map(|step| step.replace("~1", "/").replace("~0", "~"))
            .collect();
        match (steps.split_first(), base) {
            (Some((first, rest)), Some(base)) if first == "base" => {
                let bytes = spec::place_in_json(&base.text, rest);
                diagnostic.with_source(SourceRange::new(base, bytes))
            }
            _ => {
                diagnostic.summary = format!("{}: {}", desired.address, diagnostic.summary);
                diagnostic.source.clone_from(&desired.source);
                diagnostic.at(desired.address.clone())
            }
        }
    });
    told.collect()
}
