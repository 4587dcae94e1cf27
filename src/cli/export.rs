//! `xrayctl export`.

use std::path::PathBuf;
use std::sync::Arc;

use super::connection::{connect, failed_call, region};
use super::globals::Globals;
use super::{Failure, Outcome, spec_file};
use crate::aws::Aws;
use crate::exit::Exit;
use crate::export::{self, Export, Head};
use crate::model::{Diagnostic, Diagnostics, Live, SourceFile, Tags, plural};
use crate::resource::read::{Scope, read_all};
use crate::resource::{Kind, REGISTRY};
use crate::spec::{self, Stack};
use crate::view::Terminal;

/// Write a spec of what stands in the account
///
/// Reads every resource of the types that xrayctl knows and prints a spec of
/// them. `xrayctl apply --adopt` then takes them into the stack as they are.
/// What another stack owns is left out, and so are settings as AWS ships them,
/// and Lambda functions and API Gateway stages that are not traced, unless
/// `--only` asks for them.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    what: What,

    /// Export this type alone, such as `group`; may be given several times
    #[arg(long, value_name = "TYPE", value_parser = kind)]
    only: Vec<&'static str>,

    /// Export what carries this tag alone; may be given several times
    #[arg(long = "tag", value_name = "KEY[=VALUE]")]
    tags: Vec<String>,
}

/// What a spec made of what stands is called, and where it goes.
#[derive(Debug, clap::Args)]
pub(super) struct What {
    /// Call the stack by this name
    #[arg(long, value_name = "NAME", default_value = "exported")]
    pub stack: String,

    /// Write the spec to this file, which must not exist yet
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// The name of a type as addresses have it.
fn kind(text: &str) -> Result<&'static str, String> {
    let kinds = || REGISTRY.iter().map(|kind| kind.facts().kind);
    kinds().find(|kind| *kind == text).ok_or_else(|| {
        let known: Vec<&str> = kinds().collect();
        format!("there is no such type; xrayctl knows {}", known.join(", "))
    })
}

pub(super) async fn run(args: &Args, globals: &Globals, terminal: &Terminal) -> Outcome {
    let kinds: Vec<&'static dyn Kind> = REGISTRY
        .iter()
        .copied()
        .filter(|kind| args.only.is_empty() || args.only.contains(&kind.facts().kind))
        .collect();
    let standing = Standing::read(globals, &args.what.stack, &kinds).await?;
    let live: Vec<Live> = standing
        .live
        .iter()
        .filter(|live| args.tags.iter().all(|tag| carries(live, tag)))
        .filter(|live| !args.only.is_empty() || has_a_place(live, &kinds))
        .cloned()
        .collect();
    let written = standing.write(&kinds, &live)?;
    terminal.diagnostics(&written.warnings);
    match &args.what.out {
        None => terminal.result(&written.text)?,
        Some(path) => {
            spec_file::create(path, &written.text)?;
            terminal.status(&format!(
                "Wrote {} with {}. Take them into the stack with: xrayctl apply --adopt {0}",
                path.display(),
                plural::count(written.addresses.len(), "resource"),
            ));
        }
    }
    Ok(Exit::Success)
}

/// Tells whether `live` has a place in a spec without being asked for.
fn has_a_place(live: &Live, kinds: &[&'static dyn Kind]) -> bool {
    let kind = kinds.iter().find(|kind| kind.facts().kind == live.kind);
    live.owner().is_some() || kind.is_some_and(|kind| kind.is_worth_exporting(live))
}

/// Tells whether `live` carries a tag, given as `key` or `key=value`.
fn carries(live: &Live, tag: &str) -> bool {
    let empty = Tags::new();
    let tags = live.tags.as_ref().unwrap_or(&empty);
    match tag.split_once('=') {
        Some((key, value)) => tags.get(key).is_some_and(|found| found == value),
        None => tags.contains_key(tag),
    }
}

/// Everything that stands in an account and region.
pub(super) struct Standing {
    pub live: Vec<Live>,
    head: Head,
}

impl Standing {
    /// Reads everything of `kinds`.
    ///
    /// # Errors
    /// Where no region is given, or a type cannot be read.
    pub(super) async fn read(
        globals: &Globals,
        stack: &str,
        kinds: &[&'static dyn Kind],
    ) -> Result<Self, Diagnostics> {
        let stack = Stack {
            name: stack.to_owned(),
            region: region(globals).await?,
            account: None,
            tags: Tags::new(),
        };
        let connected = connect(globals, &stack).await?;
        let account = account(&connected.aws).await?;
        let scope = Scope {
            stack: &stack.name,
            resolve: false,
            everything: true,
        };
        let reading = read_all(&connected.aws, kinds, scope, &mut []).await;
        let failed = reading.failed.iter().chain(&reading.unknown);
        let failed: Diagnostics = failed
            .map(|(kind, error)| {
                let mut diagnostic = failed_call(error, None);
                diagnostic.summary = format!("cannot read any {kind}: {}", diagnostic.summary);
                diagnostic
            })
            .collect();
        if !failed.is_empty() {
            return Err(failed);
        }
        Ok(Self {
            live: reading.live,
            head: Head {
                stack: stack.name,
                region: stack.region,
                account,
            },
        })
    }

    /// Writes a spec of `live`, in the one form in which specs are written.
    ///
    /// # Errors
    /// Where the spec is not sound, which is a fault of ours.
    pub(super) fn write(
        &self,
        kinds: &[&'static dyn Kind],
        live: &[Live],
    ) -> Result<Export, Failure> {
        let mut written = export::spec(&self.head, kinds, live);
        let source = SourceFile::new("the exported spec", written.text.as_str());
        written.text = spec::format(&source)?;
        let source: Arc<SourceFile> = SourceFile::new("the exported spec", written.text.as_str());
        spec_file::check(&source, "".as_ref(), &spec::Options::default())?;
        Ok(written)
    }
}

async fn account(aws: &Aws) -> Result<String, Diagnostic> {
    let identity = aws.identity().await;
    let identity = identity.map_err(|error| failed_call(&error, None))?;
    Ok(identity.account.clone())
}
