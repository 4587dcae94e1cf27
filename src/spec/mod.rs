//! The spec language: one TOML file to the resources that a stack wants.
//!
//! [`load`] reads, merges the chosen environment, puts variables in, checks
//! every table against the JSON Schema of its type, lets each type judge its
//! own resources, and follows references. It reports everything that is wrong
//! at once, each fault at its place in the file.
//!
//! Nothing here does I/O: files that a spec names are read through [`Files`].
//! Nothing here knows a resource type by name: they are handed in.

mod collector;
mod declarations;
mod document;
mod fingerprint;
mod format;
mod json_place;
mod language;
mod lint;
mod literal;
mod nearest;
mod node;
mod overlay;
mod parsed;
mod references;
mod report;
mod resources;
mod schema;
mod shape;
mod stack;
mod starter;
mod syntax;
mod tables;
mod tags;
mod template;
mod traffic;
mod variables;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

pub use format::format;
pub use json_place::find as place_in_json;
pub use language::Language;
pub use nearest::nearest;
pub use parsed::{MAX_BYTES, Parsed};
pub use schema::schema;
pub use shape::ShapeError;
pub use stack::Stack;
pub use starter::starter;
pub use traffic::{MONTH_SECONDS, Traffic};

use crate::collector_config::{CollectorConfig, Fault};
use crate::model::{Desired, Diagnostics, Severity, SourceFile, Tags};
use fingerprint::Fingerprint;
use lint::Linted;
use references::Targets;
use report::Report;
use resources::{Builder, Built};
use tables::Tables;
use variables::Scope;

/// Reads the files that a spec names.
pub trait Files {
    /// Returns the text of the file at `path`, as the spec writes it: relative
    /// to the folder of the spec, or absolute.
    ///
    /// # Errors
    /// What the file system says.
    fn read(&self, path: &str) -> io::Result<String>;
}

/// What the user chose on the command line and in the process environment.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The overlay to merge, of `--env`.
    pub env: Option<String>,
    /// Values by variable, of `--var`. Each must be declared in `[vars]`.
    pub vars: BTreeMap<String, String>,
    /// Values by variable, of `XRAYCTL_VAR_name`. What is not declared is left
    /// alone.
    pub environment_vars: BTreeMap<String, String>,
}

/// A spec without errors.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The text that it was read from.
    pub source: Arc<SourceFile>,
    /// What it is for.
    pub stack: Stack,
    /// The overlay that was merged.
    pub env: Option<String>,
    /// The overlays that there are, sorted.
    pub environments: Vec<String>,
    /// The variables that it declares, sorted.
    pub variables: Vec<String>,
    /// The resources that it wants, sorted by address.
    pub resources: Vec<Desired>,
    /// SHA-256 of what it means, in hexadecimal: comments, blanks and order do
    /// not change it; values, and files that it names, do.
    pub hash: String,
    /// What `local-collector` does.
    pub collector: CollectorConfig,
    /// The requests that are expected, by name.
    pub traffic: BTreeMap<String, Traffic>,
    /// What [`Spec::lint`] needs.
    linted: Linted,
}

/// Reads a spec. It is `None` where there are errors.
pub fn load(
    source: &Arc<SourceFile>,
    options: &Options,
    language: &Language,
    files: &dyn Files,
) -> (Option<Spec>, Diagnostics) {
    Parsed::of(source).load(options, language, files)
}

/// Reads what `[collector]` says, of a spec or of a file that holds nothing else;
/// what else stands in it is not looked at. `None` where there are errors.
pub fn collector(
    source: &Arc<SourceFile>,
    options: &Options,
) -> (Option<CollectorConfig>, Diagnostics) {
    let parsed = Parsed::of(source);
    let mut report = parsed.report();
    let config = parsed.read_collector(options, &mut report);
    let diagnostics = report.finish();
    (config.filter(|_| !diagnostics.has_errors()), diagnostics)
}

/// Tells of `faults` of what `[collector]` of a spec says, each at its place, or
/// as near to it as the spec goes.
pub fn collector_faults(
    source: &Arc<SourceFile>,
    env: Option<&str>,
    faults: &[Fault],
    severity: Severity,
) -> Diagnostics {
    let parsed = Parsed::of(source);
    // What is wrong with the spec itself was told when it was read.
    let root = parsed.tree(env, &mut parsed.report());
    let mut report = Report::new(source);
    collector::tell(&root.unwrap_or_default(), faults, severity, &mut report);
    report.finish()
}

impl Parsed {
    /// Reads the spec for one environment. It is `None` where there are errors.
    pub fn load(
        &self,
        options: &Options,
        language: &Language,
        files: &dyn Files,
    ) -> (Option<Spec>, Diagnostics) {
        let mut report = self.report();
        let spec = self.read(options, language, files, &mut report);
        let diagnostics = report.finish();
        (spec.filter(|_| !diagnostics.has_errors()), diagnostics)
    }

    fn read_collector(&self, options: &Options, report: &mut Report) -> Option<CollectorConfig> {
        let mut root = self.tree(options.env.as_deref(), report)?;
        let environments = self.environments();
        let mut scope = Scope::new(&mut root, options, &environments, report);
        let config = collector::read(&mut root, &mut scope, report);
        Some(config.unwrap_or_default())
    }

    fn read(
        &self,
        options: &Options,
        language: &Language,
        files: &dyn Files,
        report: &mut Report,
    ) -> Option<Spec> {
        let mut root = self.tree(options.env.as_deref(), report)?;
        let environments = self.environments();
        let mut scope = Scope::new(&mut root, options, &environments, report);
        let stack = stack::read(&mut root, &mut scope, report);
        let mut linted = Linted::new(lint::read(&mut root, &mut scope, report));
        let collector = collector::read(&mut root, &mut scope, report);
        let traffic = traffic::read(&mut root, &mut scope, report);
        let written = Tables::sort(root, language.kinds(), report);
        let targets = Targets {
            declared: written.iter().map(|one| one.address.clone()).collect(),
            kinds: language.kinds(),
        };
        let no_tags = Tags::new();
        let mut builder = Builder {
            scope: &mut scope,
            files,
            stack_tags: stack.as_ref().map_or(&no_tags, |stack| &stack.tags),
            report,
            targets: &targets,
            language,
        };
        let mut built: Vec<Built> = written
            .into_iter()
            .filter_map(|one| builder.build(one))
            .collect();
        built.sort_by(|a, b| a.desired.address.cmp(&b.desired.address));
        references::link_mentions(&mut built);
        references::check(&built, &targets, report);
        let stack = stack?;
        for built in &mut built {
            linted.add(built);
        }
        Some(Spec {
            collector: collector.unwrap_or_default(),
            traffic,
            linted,
            source: Arc::clone(report.source()),
            hash: hash(&stack, options.env.as_deref(), &built),
            stack,
            env: options.env.clone(),
            environments: environments.clone(),
            variables: scope.variables(),
            resources: built.into_iter().map(|built| built.desired).collect(),
        })
    }
}

/// Hashes what a spec means.
fn hash(stack: &Stack, env: Option<&str>, resources: &[Built]) -> String {
    let mut fingerprint = Fingerprint::default();
    let resources: Vec<_> = resources
        .iter()
        .map(|built| serde_json::json!([built.desired.address.to_string(), built.hash]))
        .collect();
    fingerprint.add(&serde_json::json!([
        stack.name,
        stack.region,
        stack.account,
        stack.tags,
        env,
        resources
    ]));
    fingerprint.finish()
}
