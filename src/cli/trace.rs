//! `xrayctl trace`.

use super::Outcome;
use super::connection::failed_call;
use super::globals::Globals;
use super::looking::{Where, json};
use crate::exit::Exit;
use crate::lookup::{self, Trace};
use crate::model::{Diagnostic, Diagnostics};
use crate::segment::TraceId;
use crate::view::reading::Reading;
use crate::view::waterfall::{Look, render};
use crate::view::{Terminal, document};

/// Show one trace: when each segment ran, and how it ended
///
/// With `--json` it prints the segments' documents as X-Ray has them.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The trace's id, in the form of X-Ray or W3C, or a header that has it
    #[arg(value_name = "ID", value_parser = id)]
    id: TraceId,

    /// Show ids, annotations, all other fields, and stacks
    #[arg(long, short)]
    verbose: bool,

    /// Show no more levels than this below the first
    #[arg(long, value_name = "N")]
    depth: Option<usize>,

    #[command(flatten)]
    pub place: Where,
}

/// Reads `1-5759e988-bd862e3fe1be46a994272793`, its 32 digits, or one of the
/// headers `X-Amzn-Trace-Id` and `traceparent`.
fn id(text: &str) -> Result<TraceId, String> {
    let root = text
        .split(';')
        .find_map(|part| part.trim().strip_prefix("Root="));
    let parts: Vec<&str> = text.split('-').collect();
    let text = match parts.as_slice() {
        [_, id, _, _] if id.len() == 32 => id,
        _ => root.unwrap_or(text),
    };
    TraceId::parse(text)
        .or_else(|| TraceId::parse_w3c(text))
        .ok_or_else(|| "expected 1-5759e988-bd862e3fe1be46a994272793, or 32 hex digits".to_owned())
}

pub(super) async fn run(args: &Args, globals: &Globals, terminal: &Terminal) -> Outcome {
    let connected = args.place.connect(globals).await?;
    let id = args.id.to_string();
    let reading = Reading::new(*terminal, "the trace");
    let found = reading.during(lookup::trace(&connected.aws, &id)).await;
    let found = found.map_err(|error| failed_call(&error, None))?;
    let trace = found.ok_or_else(|| {
        let region = connected.aws.region();
        Diagnostic::error(format!("there is no trace {id} in {region}")).with_hint(
            "traces are kept for 30 days, and take some seconds to be seen; --region chooses another region",
        )
    })?;
    if globals.json {
        terminal.result(&json(document::document(&trace))?)?;
        return Ok(Exit::Success);
    }
    let mut look = Look::new(terminal);
    look.is_verbose = args.verbose;
    look.deepest = args.depth;
    terminal.result(&render(&trace.waterfall(), look))?;
    terminal.diagnostics(&unreadable(&trace));
    Ok(Exit::Success)
}

/// Tells of documents that are not drawn.
fn unreadable(trace: &Trace) -> Diagnostics {
    let documents = trace.documents.iter();
    documents
        .filter_map(|document| {
            let why = document.unreadable.as_ref()?;
            let text = format!("segment `{}` is not shown: {why}", document.id);
            Some(Diagnostic::warning(text).with_hint("--json prints its document as it came"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::id;

    #[test]
    fn ids_come_in_many_forms() {
        let xray = "1-5759e988-bd862e3fe1be46a994272793";
        for text in [
            xray,
            "1-5759E988-BD862E3FE1BE46A994272793",
            "5759e988bd862e3fe1be46a994272793",
            "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01",
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
            "Self=1-67891234-12456789abcdef012345678; Root=1-5759e988-bd862e3fe1be46a994272793",
        ] {
            assert_eq!(
                id(text).map(|id| id.to_string()).as_deref(),
                Ok(xray),
                "{text}"
            );
        }
        for text in [
            "",
            "1",
            "1-5759e988-bd862e3fe1be46a99427279",
            "Root=",
            "a-b-c-d",
            "é",
        ] {
            assert!(id(text).is_err(), "{text}");
        }
    }
}
