//! Reading Lambda functions. Those that the spec names are asked for by name,
//! all others only for their tags: of what people keep in environment
//! variables, nothing that the spec does not name goes any further.

use std::collections::{BTreeMap, HashMap};

use super::{ARN, LambdaFunctionSpec, TracingMode, layers, tracing};
use crate::aws::{Class, LAMBDA, Patience, call, lambda, until_done};
use crate::resource::read::{in_parallel, with_tags};
use crate::resource::{Attributes, Aws, Error, Found, Query, Tags, Wanted};

/// Functions in a page of `ListFunctions`, AWS's most.
const PAGE: i32 = 50;

/// What Lambda says of a function, as far as it concerns us.
#[derive(Clone, Debug, Default)]
pub(super) struct Standing {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) revision_id: Option<String>,
    pub(super) configuration: Configuration,
    pub(super) environment_error: Option<lambda::types::EnvironmentError>,
    pub(super) last_update: Option<lambda::types::LastUpdateStatus>,
    pub(super) last_update_reason: Option<String>,
}

/// What xrayctl changes of a function.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Configuration {
    pub(super) tracing_mode: TracingMode,
    pub(super) layers: Vec<String>,
    /// All variables, those of others among them.
    pub(super) variables: HashMap<String, String>,
}

/// The SDK has a type of its own for each operation, with the same fields.
macro_rules! standing {
    ($function:expr) => {{
        let function = $function;
        let mode = function.tracing_config.and_then(|config| config.mode);
        let layers = function.layers.unwrap_or_default().into_iter();
        let (variables, environment_error) =
            function.environment.map_or((None, None), |environment| {
                (environment.variables, environment.error)
            });
        Standing {
            name: function.function_name.unwrap_or_default(),
            arn: function.function_arn.unwrap_or_default(),
            revision_id: function.revision_id,
            configuration: Configuration {
                tracing_mode: TracingMode::from_aws(mode.as_ref()),
                layers: layers.filter_map(|layer| layer.arn).collect(),
                variables: variables.unwrap_or_default(),
            },
            environment_error,
            last_update: function.last_update_status,
            last_update_reason: function.last_update_status_reason,
        }
    }};
}

impl Standing {
    /// Returns the variables; an error where Lambda could not decrypt them.
    /// Who took that for none would wipe them all out.
    pub(super) fn variables(&self) -> Result<&HashMap<String, String>, Error> {
        let Some(error) = &self.environment_error else {
            return Ok(&self.configuration.variables);
        };
        Err(Error {
            class: Class::Denied,
            service: LAMBDA.title,
            operation: "GetFunctionConfiguration",
            iam_action: "kms:Decrypt".to_owned(),
            code: error.error_code.clone(),
            message: format!(
                "the environment variables of `{}` cannot be read: {}",
                self.name,
                error.message.as_deref().unwrap_or("AWS does not say why")
            ),
            request_id: None,
        })
    }
}

/// Reads the functions that the spec names, and those that the stack owns.
pub(super) async fn read(
    aws: &Aws,
    query: Query<'_, LambdaFunctionSpec>,
) -> Result<Vec<Found<LambdaFunctionSpec>>, Error> {
    let wanted: Vec<String> = query.wanted.iter().map(|one| one.key.clone()).collect();
    let named = in_parallel(wanted, |name| async move { get(aws, &name).await });
    let (named, listed) = tokio::try_join!(named, list(aws))?;
    let others = listed
        .into_iter()
        .filter(|function| !query.names(&function.name));
    let all: Vec<Standing> = named.into_iter().flatten().chain(others).collect();
    let tagged = with_tags(
        all,
        |function| query.names(&function.name),
        |function| async move { read_tags(aws, &function.arn).await },
    )
    .await?;
    tagged
        .into_iter()
        .filter(|(function, tags)| query.matters(&function.name, Some(tags)))
        .map(|(function, tags)| found(&function, tags, &query))
        .collect()
}

/// Reads one function; `None` where there is none of that name.
pub(super) async fn get(aws: &Aws, name: &str) -> Result<Option<Standing>, Error> {
    let request = aws.lambda.get_function_configuration().function_name(name);
    match call(LAMBDA, "GetFunctionConfiguration", request.send()).await {
        Ok(reply) => Ok(Some(standing!(reply))),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

async fn list(aws: &Aws) -> Result<Vec<Standing>, Error> {
    let mut functions = Vec::new();
    let mut marker = None;
    loop {
        let request = aws.lambda.list_functions().max_items(PAGE);
        let request = request.set_marker(marker);
        let page = call(LAMBDA, "ListFunctions", request.send()).await?;
        let page_functions = page.functions.unwrap_or_default().into_iter();
        functions.extend(page_functions.map(|function| standing!(function)));
        marker = page.next_marker.filter(|marker| !marker.is_empty());
        if marker.is_none() {
            return Ok(functions);
        }
    }
}

/// Reads the tags of one function; `None` where it is gone. Lambda takes few
/// such calls a second, so that each is tried for itself until it gets through.
async fn read_tags(aws: &Aws, arn: &str) -> Result<Option<Tags>, Error> {
    let tags = until_done(Patience::THROTTLED, Error::is_throttled, || {
        let request = aws.lambda.list_tags().resource(arn);
        call(LAMBDA, "ListTags", request.send())
    });
    match tags.await {
        Ok(reply) => Ok(Some(reply.tags.unwrap_or_default().into_iter().collect())),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Takes of a function what the spec speaks of; of one that it does not name,
/// its tracing mode, and where everything is asked for what else traces.
fn found(
    function: &Standing,
    tags: Tags,
    query: &Query<'_, LambdaFunctionSpec>,
) -> Result<Found<LambdaFunctionSpec>, Error> {
    let wanted = query.wanted.iter().find(|one| one.key == function.name);
    let configuration = &function.configuration;
    let (layers, environment) = match wanted {
        Some(wanted) => named(function, wanted)?,
        // Variables that cannot be decrypted come as none.
        None if query.everything => (
            tracing::layers(&configuration.layers),
            tracing::variables(&configuration.variables),
        ),
        None => (None, None),
    };
    Ok(Found {
        key: function.name.clone(),
        spec: LambdaFunctionSpec {
            function_name: Some(function.name.clone()),
            tracing_mode: configuration.tracing_mode,
            layers,
            environment,
        },
        tags: Some(tags),
        outputs: Attributes::from_iter([(ARN.to_owned(), function.arn.as_str().into())]),
        deletion_scheduled: false,
        status: Attributes::new(),
    })
}

type Variables = BTreeMap<String, String>;

/// Takes the layers and variables that the spec names.
fn named(
    function: &Standing,
    wanted: &Wanted<LambdaFunctionSpec>,
) -> Result<(Option<Vec<String>>, Option<Variables>), Error> {
    let layers = wanted.spec.layers.as_ref();
    let layers = layers.map(|wanted| layers::named(&function.configuration.layers, wanted));
    let Some(environment) = &wanted.spec.environment else {
        return Ok((layers, None));
    };
    let variables = function.variables()?;
    let named = environment.keys().filter_map(|name| {
        let value = variables.get(name)?;
        Some((name.clone(), value.clone()))
    });
    Ok((layers, Some(named.collect())))
}
