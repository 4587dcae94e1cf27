//! `xrayctl map`.

use super::Outcome;
use super::connection::failed_call;
use super::globals::Globals;
use super::looking::{When, Where, json};
use crate::aws::Aws;
use crate::exit::Exit;
use crate::lookup::{self, Graph, Window};
use crate::model::{Diagnostic, plural};
use crate::view::reading::Reading;
use crate::view::{Terminal, document, service_map};

/// Show what calls what, how often, how fast, and how well
///
/// Draws the service graph of a window as a tree of calls: requests, failures,
/// average and P95 of each, as the caller saw them. Services that X-Ray has no
/// segments of are there as well, as their callers tell of them.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Count traces of this group alone
    #[arg(long, value_name = "NAME")]
    group: Option<String>,

    #[command(flatten)]
    when: When,

    #[command(flatten)]
    form: Form,

    #[command(flatten)]
    pub place: Where,
}

#[derive(Debug, clap::Args)]
#[group(multiple = false)]
struct Form {
    /// Write it for Graphviz
    #[arg(long)]
    dot: bool,

    /// Write it as a Mermaid flowchart
    #[arg(long)]
    mermaid: bool,

    /// Write it as a picture
    #[arg(long)]
    svg: bool,
}

pub(super) async fn run(args: &Args, globals: &Globals, terminal: &Terminal) -> Outcome {
    let form = &args.form;
    if globals.json && (form.dot || form.mermaid || form.svg) {
        let error = Diagnostic::error("--json is a form of its own");
        return Err(error
            .with_hint("leave it out, or --dot, --mermaid, --svg")
            .into());
    }
    let window = args.when.window()?;
    let connected = args.place.connect(globals).await?;
    let graph = read(&connected.aws, window, args.group.as_deref(), terminal).await?;
    let drawn = if globals.json {
        json(document::document(&graph))?
    } else if form.dot {
        service_map::dot(&graph)
    } else if form.mermaid {
        service_map::mermaid(&graph)
    } else if form.svg {
        service_map::svg(&graph)
    } else if graph.services.is_empty() {
        String::new()
    } else {
        service_map::render(&graph, terminal)
    };
    if !drawn.is_empty() {
        terminal.result(&drawn)?;
    }
    if graph.services.is_empty() && !globals.json {
        terminal.status(&nothing(&window));
    }
    Ok(Exit::Success)
}

/// Reads a service graph, and says what is to be known of it.
///
/// # Errors
/// What AWS, the network or the credentials chain said.
pub(super) async fn read(
    aws: &Aws,
    window: Window,
    group: Option<&str>,
    terminal: &Terminal,
) -> Result<Graph, Diagnostic> {
    let reading = Reading::new(*terminal, "the service graph");
    let seen = |count| reading.is_at(&plural::count(count, "service"));
    let read = lookup::graph(aws, window, group, &seen);
    let graph = reading.during(read).await;
    let graph = graph.map_err(|error| failed_call(&error, None))?;
    if graph.contains_old_group_versions {
        let warning =
            Diagnostic::warning("some of this was counted before the group's filter changed");
        let hint = "a window that starts after the change has none of it";
        terminal.diagnostics(&warning.with_hint(hint).into());
    }
    Ok(graph)
}

/// Says that there is nothing.
pub(super) fn nothing(window: &Window) -> String {
    format!("No requests from {} to {}.", window.start, window.end)
}
