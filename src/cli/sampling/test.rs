//! `xrayctl sampling test`.

use super::rules::Source;
use crate::cli::Outcome;
use crate::cli::globals::Globals;
use crate::exit::Exit;
use crate::sampling::Request;
use crate::view::Terminal;
use crate::view::sampling::Test;

/// Show which rule a request meets, and why none before it
///
/// Compares a request with the rules of the spec, or with those that stand, as
/// each kind of sampler does it, and says what is traced then. Of what is not
/// given, a sampler is taken to know nothing. Makes no call unless --live is
/// given.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    pub rules: Source,

    #[command(flatten)]
    request: Asked,
}

/// A request, as a sampler sees it.
#[derive(Debug, clap::Args)]
struct Asked {
    /// The HTTP method, such as GET
    #[arg(long, value_name = "METHOD")]
    method: Option<String>,

    /// The path of the URL
    #[arg(long, value_name = "PATH")]
    path: Option<String>,

    /// The host that is asked
    #[arg(long, value_name = "HOST")]
    host: Option<String>,

    /// The service that is asked, as it names itself in its segments
    #[arg(long, value_name = "NAME")]
    service: Option<String>,

    /// Where the service runs, such as `AWS::ECS::Container`
    #[arg(long, value_name = "TYPE")]
    service_type: Option<String>,

    /// The ARN of what the service runs on
    #[arg(long, value_name = "ARN")]
    resource_arn: Option<String>,

    /// An attribute of the request; may be given several times
    #[arg(long = "attribute", value_name = "NAME=VALUE", value_parser = attribute)]
    attributes: Vec<(String, String)>,
}

fn attribute(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}

pub(super) async fn run(args: &Args, globals: &Globals, terminal: &Terminal) -> Outcome {
    let found = args.rules.read(globals).await?;
    let asked = &args.request;
    let attributes = asked.attributes.iter();
    let attributes: Vec<(&str, &str)> = attributes.map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let test = Test {
        origin: &found.origin,
        rules: &found.rules,
        request: Request {
            service_name: asked.service.as_deref(),
            service_type: asked.service_type.as_deref(),
            host: asked.host.as_deref(),
            http_method: asked.method.as_deref(),
            url_path: asked.path.as_deref(),
            resource_arn: asked.resource_arn.as_deref(),
            attributes: &attributes,
        },
    };
    if globals.json {
        terminal.result(&format!("{:#}", test.document()))?;
    } else {
        terminal.result(&test.render(terminal.styles))?;
    }
    Ok(Exit::Success)
}
