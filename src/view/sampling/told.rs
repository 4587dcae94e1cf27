//! What tells of requests that were made.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::view::figures;
use crate::view::visible::visible;

/// Characters that are shown of a line.
const SHOWN: usize = 60;

/// What tells of requests that were made.
#[derive(Clone, Copy, Debug)]
pub enum Told<'a> {
    /// Access logs, with what told of no request.
    AccessLog(&'a BadLines),
    /// Stored traces.
    Traces {
        /// Those that do not tell of their root.
        rootless: u64,
    },
}

/// Lines that tell of no request.
#[derive(Clone, Debug, Default)]
pub struct BadLines {
    /// All of them.
    pub count: u64,
    /// The first few.
    pub first: Vec<BadLine>,
}

/// A line that tells of no request.
#[derive(Clone, Debug)]
pub struct BadLine {
    /// The file, as it was named.
    pub file: String,
    /// From 1.
    pub number: u64,
    /// Why, without a full stop.
    pub reason: String,
    /// How it begins.
    pub text: String,
}

impl Told<'_> {
    /// Writes it for programs.
    pub(super) fn document(self) -> Value {
        match self {
            Self::AccessLog(bad) => {
                let first = bad.first.iter().map(|line| {
                    json!({
                        "file": line.file, "line": line.number,
                        "reason": line.reason, "text": line.text,
                    })
                });
                json!({
                    "kind": "access-log", "bad_lines": bad.count,
                    "first_bad_lines": first.collect::<Vec<_>>(),
                })
            }
            Self::Traces { rootless } => json!({ "kind": "traces", "rootless": rootless }),
        }
    }

    /// Writes what is to be known of it for people.
    pub(super) fn write_notes(self, out: &mut String) -> std::fmt::Result {
        match self {
            Self::AccessLog(bad) if bad.count > 0 => {
                let count = figures::count(bad.count);
                writeln!(out, "Lines that tell of no request: {count}.")?;
                for line in &bad.first {
                    let text: String = line.text.chars().take(SHOWN).collect();
                    writeln!(
                        out,
                        "  {}:{}: {}: {}",
                        visible(&line.file),
                        line.number,
                        visible(&line.reason),
                        visible(&text)
                    )?;
                }
                Ok(())
            }
            Self::AccessLog(_) => Ok(()),
            Self::Traces { rootless } => {
                writeln!(
                    out,
                    "Traces are what was kept: at a desk every request, in production only those \
                     that were sampled."
                )?;
                if rootless > 0 {
                    let count = figures::count(rootless);
                    writeln!(out, "Traces that do not tell of their root: {count}.")?;
                }
                Ok(())
            }
        }
    }
}
