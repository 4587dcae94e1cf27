//! Changing Lambda functions beside those who make them. Each attempt starts
//! from what stands and is bound to the revision that it was made from, so
//! that nothing is lost that others change at the same time.

use super::live::{self, Configuration, Standing};
use crate::aws::{Class, LAMBDA, Patience, call, lambda, until, until_done};
use crate::resource::{Aws, Error};

const OPERATION: &str = "UpdateFunctionConfiguration";

/// Makes the function `name` as `wanted` makes it of what stands, and waits
/// until Lambda has carried it out.
pub(super) async fn converge(
    aws: &Aws,
    name: &str,
    wanted: impl Fn(&Configuration) -> Configuration,
) -> Result<(), Error> {
    let may_pass = |error: &Error| is_under_way(error) || is_overtaken(error);
    until_done(Patience::STATE_CHANGE, may_pass, || async {
        let standing = live::get(aws, name).await?.ok_or_else(|| gone(name))?;
        let wanted = wanted(&standing.configuration);
        send(aws, &standing, &wanted).await
    })
    .await?;
    settled(aws, name).await
}

/// Lambda takes no change of a function while it carries out another.
pub(super) fn is_under_way(error: &Error) -> bool {
    error.code.as_deref() == Some("ResourceConflictException")
}

/// Someone changed the function since it was read.
fn is_overtaken(error: &Error) -> bool {
    error.code.as_deref() == Some("PreconditionFailedException")
}

fn gone(name: &str) -> Error {
    Error {
        class: Class::NotFound,
        message: format!("the Lambda function `{name}` is gone"),
        ..Error::refused(OPERATION, "")
    }
}

/// Sends what differs, if anything does.
async fn send(aws: &Aws, standing: &Standing, wanted: &Configuration) -> Result<(), Error> {
    let before = &standing.configuration;
    let mut request = aws
        .lambda
        .update_function_configuration()
        .function_name(&standing.name)
        .set_revision_id(standing.revision_id.clone());
    if wanted.tracing_mode != before.tracing_mode {
        let mode = wanted.tracing_mode.to_aws();
        let tracing = lambda::types::TracingConfig::builder().mode(mode).build();
        request = request.tracing_config(tracing);
    }
    if wanted.layers != before.layers {
        request = request.set_layers(Some(wanted.layers.clone()));
    }
    if wanted.variables != before.variables {
        // What could not be read must not be written over.
        standing.variables()?;
        let environment = lambda::types::Environment::builder()
            .set_variables(Some(wanted.variables.clone()))
            .build();
        request = request.environment(environment);
    }
    if wanted == before {
        return Ok(());
    }
    call(LAMBDA, OPERATION, request.send()).await?;
    Ok(())
}

/// Waits until no update is under way any more.
async fn settled(aws: &Aws, name: &str) -> Result<(), Error> {
    let done = until(Patience::STATE_CHANGE, || async {
        let standing = live::get(aws, name).await?.ok_or_else(|| gone(name))?;
        match standing.last_update {
            Some(lambda::types::LastUpdateStatus::InProgress) => Ok(None),
            Some(lambda::types::LastUpdateStatus::Failed) => Err(Error::refused(
                OPERATION,
                format!(
                    "Lambda could not update `{name}`: {}",
                    standing
                        .last_update_reason
                        .as_deref()
                        .unwrap_or("AWS does not say why")
                ),
            )),
            _ => Ok(Some(())),
        }
    });
    done.await?.ok_or_else(|| {
        Error::refused(
            OPERATION,
            format!("the update of `{name}` is still under way after 15 minutes; plan again later"),
        )
    })
}
