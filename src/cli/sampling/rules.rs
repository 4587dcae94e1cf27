//! The rules that are tried out: those of a spec, or those that stand at AWS.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::cli::connection::region;
use crate::cli::connection::{connect, failed_call};
use crate::cli::globals::Globals;
use crate::cli::spec_file::{self, DEFAULT_PATH};
use crate::model::{Attributes, Desired, Diagnostics, Tags};
use crate::resource::standing_sampling_rules;
use crate::sampling::{Criteria, Rule, sort};
use crate::spec::{Spec, Stack};

/// The name of the rule that AWS ships.
const DEFAULT: &str = "Default";
/// It is tried after all others.
const LAST: i32 = 10_000;

/// Where the rules come from.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Source {
    /// The spec
    #[arg(value_name = "SPEC")]
    pub spec: Option<PathBuf>,

    /// Take the rules that stand at AWS, or on the embedded AWS with --local or
    /// --endpoint-url, and not those of the spec, which then tells the region
    #[arg(long)]
    pub live: bool,
}

/// Rules, in the order in which they are tried.
pub(super) struct Rules {
    pub rules: Vec<Rule>,
    /// Where they stand, as in `rules of …`.
    pub origin: String,
    /// The spec that was read on the way.
    pub spec: Option<Spec>,
}

impl Source {
    /// Reads the rules.
    ///
    /// # Errors
    /// Where there is no sound spec, or AWS does not answer.
    pub(super) async fn read(&self, globals: &Globals) -> Result<Rules, Diagnostics> {
        let path = self.spec.as_deref().unwrap_or(Path::new(DEFAULT_PATH));
        if !self.live {
            return of_spec(path, globals);
        }
        let is_read = self.spec.is_some() || path.exists();
        let spec = match is_read {
            true => Some(spec_file::load(path, globals)?.0),
            false => None,
        };
        let stack = match &spec {
            Some(spec) => spec.stack.clone(),
            None => Stack {
                name: "sampling".to_owned(),
                region: region(globals).await?,
                account: None,
                tags: Tags::new(),
            },
        };
        let connected = connect(globals, &stack).await?;
        let standing = standing_sampling_rules(&connected.aws).await;
        let standing = standing.map_err(|error| failed_call(&error, None))?;
        let mut rules: Vec<Rule> = standing.iter().map(|fields| rule(fields, None)).collect();
        sort(&mut rules);
        Ok(Rules {
            rules,
            origin: format!("AWS in {}", stack.region),
            spec,
        })
    }
}

/// Reads the rules of the spec at `path`.
///
/// # Errors
/// Where it is not sound.
pub(super) fn of_spec(path: &Path, globals: &Globals) -> Result<Rules, Diagnostics> {
    let (spec, _) = spec_file::load(path, globals)?;
    let of_kind = |kind: &'static str| {
        let resources = spec.resources.iter();
        resources.filter(move |desired| desired.address.kind() == kind)
    };
    let custom = of_kind("sampling_rule").map(|desired| rule(&desired.written, Some(&desired.key)));
    let mut rules: Vec<Rule> = custom.collect();
    rules.push(default_rule(of_kind("default_sampling_rule").next()));
    sort(&mut rules);
    Ok(Rules {
        rules,
        origin: path.display().to_string(),
        spec: Some(spec),
    })
}

/// The rule that AWS ships: as the spec wants it, or as it comes.
fn default_rule(desired: Option<&Desired>) -> Rule {
    let shipped = Attributes::from_iter([
        ("fixed_rate".to_owned(), 0.05.into()),
        ("reservoir_size".to_owned(), 1.into()),
    ]);
    rule(
        desired.map_or(&shipped, |desired| &desired.written),
        Some(DEFAULT),
    )
}

/// Makes a rule of the fields of one as a spec has them; `name` goes before that
/// in the fields.
fn rule(fields: &Attributes, name: Option<&str>) -> Rule {
    let text = |field: &str| fields.get(field).and_then(Value::as_str);
    let attributes = fields.get("attributes").and_then(Value::as_object);
    let attributes: BTreeMap<String, String> = attributes
        .into_iter()
        .flatten()
        .filter_map(|(name, text)| Some((name.clone(), text.as_str()?.to_owned())))
        .collect();
    let number = |field: &str| fields.get(field).and_then(Value::as_i64);
    let priority = number("priority").and_then(|number| i32::try_from(number).ok());
    let reservoir = number("reservoir_size").and_then(|number| u32::try_from(number).ok());
    let rate = fields.get("fixed_rate").and_then(Value::as_f64);
    Rule {
        name: name.or(text("rule_name")).unwrap_or(DEFAULT).to_owned(),
        priority: priority.unwrap_or(LAST),
        fixed_rate: rate.unwrap_or(0.0),
        reservoir_size: reservoir.unwrap_or(0),
        criteria: Criteria::new(|field| text(field).unwrap_or("*").to_owned(), &attributes),
    }
}
