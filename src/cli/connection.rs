//! Reaching the AWS that a command is for.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::SharedHttpClient;

use super::globals::Globals;
use crate::aws::{self, Aws, Connection};
use crate::local_aws::connector::Connector;
use crate::local_aws::{self, Access, LocalAws};
use crate::model::{Address, Diagnostic};
use crate::spec::Stack;

/// How long another xrayctl may use the state folder before this one gives up.
const WAIT_FOR_FOLDER: Duration = Duration::from_secs(30);

/// Clients, and the embedded AWS where they talk to one in this process.
pub(super) struct Connected {
    pub aws: Aws,
    /// Holds the state folder for as long as the clients are used.
    _embedded: Option<Arc<LocalAws>>,
}

/// Refuses a region on the command line that is not the stack's.
///
/// # Errors
/// Where `--region` names another region.
pub(super) fn check_region(globals: &Globals, stack: &Stack) -> Result<(), Diagnostic> {
    if let Some(region) = globals
        .region
        .as_ref()
        .filter(|region| **region != stack.region)
    {
        return Err(Diagnostic::error(format!(
            "the stack `{}` is for region {}, but the command line says {region}",
            stack.name, stack.region
        ))
        .with_hint("change `region` in `[stack]`, or choose another environment with --env"));
    }
    Ok(())
}

/// Connects to the AWS of `stack`. Makes no call to it.
///
/// # Errors
/// Where `--region` names another region, or the embedded AWS cannot be opened.
pub(super) async fn connect(globals: &Globals, stack: &Stack) -> Result<Connected, Diagnostic> {
    check_region(globals, stack)?;
    let mut connection = connection(globals, stack);
    if globals.local {
        match open_embedded(globals, stack).await? {
            Access::InProcess(local) => return Ok(connect_in_process(local, stack).await),
            Access::Served(url) => connection.serve_from(url),
        }
    }
    Ok(Connected {
        aws: connection.open().await,
        _embedded: None,
    })
}

/// Connects to where the traces of `stack` are. Makes no call to it.
///
/// # Errors
/// Where `--region` names another region, or nobody serves the traces of the
/// state folder: they are read by the process that takes them.
pub(super) async fn connect_to_read(
    globals: &Globals,
    stack: &Stack,
) -> Result<Connected, Diagnostic> {
    check_region(globals, stack)?;
    let mut connection = connection(globals, stack);
    if globals.local {
        let folder = globals.state();
        let access = if folder.is_dir() {
            Some(open_embedded(globals, stack).await?)
        } else {
            None
        };
        match access {
            Some(Access::Served(url)) => connection.serve_from(url),
            Some(Access::InProcess(_)) | None => return Err(not_served(folder)),
        }
    }
    Ok(Connected {
        aws: connection.open().await,
        _embedded: None,
    })
}

fn not_served(folder: &Path) -> Diagnostic {
    let folder = folder.display();
    Diagnostic::error(format!(
        "no local-collector serves the traces in `{folder}`"
    ))
    .with_hint("start `local-collector` or `xrayctl dev` there, or name its folder with --state")
}

/// As whom, and where, unless the embedded AWS is meant.
fn connection(globals: &Globals, stack: &Stack) -> Connection {
    Connection {
        region: stack.region.clone(),
        profile: globals.profile.clone(),
        endpoint_url: globals.endpoint_url.clone(),
        ..Connection::default()
    }
}

/// The region that is worked in, where no spec says it.
///
/// # Errors
/// Where neither command line, environment nor profile says one.
pub(super) async fn region(globals: &Globals) -> Result<String, Diagnostic> {
    if let Some(region) = globals.region.clone().filter(|region| !region.is_empty()) {
        return Ok(region);
    }
    let configured = aws::configured_region(globals.profile.as_deref()).await;
    configured.ok_or_else(|| {
        Diagnostic::error("there is no region to read")
            .with_hint("give one with --region, or set AWS_REGION")
    })
}

/// Connects to an embedded AWS of this process, in the region of `stack`.
pub(super) async fn connect_in_process(local: Arc<LocalAws>, stack: &Stack) -> Connected {
    let connector = Connector::new(Arc::clone(&local));
    let connection = Connection {
        region: stack.region.clone(),
        embedded_credentials: true,
        in_process: Some(SharedHttpClient::new(connector)),
        ..Connection::default()
    };
    Connected {
        aws: connection.open().await,
        _embedded: Some(local),
    }
}

/// The embedded AWS that `stack` is for.
pub(super) fn embedded_options(globals: &Globals, stack: &Stack) -> local_aws::Options {
    let mut options = local_aws::Options::new(globals.state());
    options.region.clone_from(&stack.region);
    if let Some(account) = &stack.account {
        options.account_id.clone_from(account);
    }
    options
}

async fn open_embedded(globals: &Globals, stack: &Stack) -> Result<Access, Diagnostic> {
    let options = embedded_options(globals, stack);
    local_aws::access(options, WAIT_FOR_FOLDER)
        .await
        .map_err(|error| {
            let folder = globals.state().display();
            Diagnostic::error(format!(
                "failed to open the embedded AWS in `{folder}`: {}",
                with_causes(&error)
            ))
            .with_hint("choose another folder with --state, or remove this one to start anew")
        })
}

/// An error with what caused it, on one line.
pub(super) fn with_causes(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    let causes: Vec<String> = causes.map(|cause| format!(": {cause}")).collect();
    format!("{error}{}", causes.concat())
}

/// Tells of a call that failed.
pub(super) fn failed_call(error: &aws::Error, address: Option<&Address>) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(error.to_string());
    diagnostic.hint = error.hint();
    diagnostic.address = address.cloned();
    diagnostic
}
