//! Tests of the whole language: a text goes in, resources or located errors
//! come out.

#![expect(
    clippy::format_push_string,
    clippy::format_collect,
    reason = "specs of these tests are short, and read best in one piece"
)]

mod documents;
mod errors;
mod fuzz;
mod language;
mod meaning;
mod published_schema;
mod robustness;
mod toys;
mod variables;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use super::{Files, Options, Spec, load};
use crate::model::{Desired, Diagnostics, SourceFile};

/// Files by path.
type Folder = BTreeMap<&'static str, &'static str>;

impl Files for Folder {
    fn read(&self, path: &str) -> io::Result<String> {
        match self.get(path) {
            Some(text) => Ok((*text).to_owned()),
            None => Err(io::Error::new(io::ErrorKind::NotFound, "no such file")),
        }
    }
}

/// What every spec of these tests starts with; it is the first three lines.
const STACK: &str = "[stack]\nname = \"shop\"\nregion = \"us-east-1\"\n";

fn load_text(text: &str, options: &Options, files: &Folder) -> (Option<Spec>, Diagnostics) {
    let source = SourceFile::new("specs/shop.toml", text);
    load(&source, options, &toys::LANGUAGE, files)
}

/// Loads a spec that must be sound.
fn sound(text: &str, options: &Options, files: &Folder) -> Spec {
    let (spec, diagnostics) = load_text(text, options, files);
    assert_eq!(show(&diagnostics), "");
    spec.unwrap()
}

/// Loads a spec that has a stack and must be sound.
fn resources(body: &str) -> Vec<Desired> {
    sound(
        &format!("{STACK}{body}"),
        &Options::default(),
        &Folder::new(),
    )
    .resources
}

/// Loads a spec with a stack and shows everything wrong with it.
fn faults(body: &str) -> String {
    faults_with(body, &Options::default(), &Folder::new())
}

fn faults_with(body: &str, options: &Options, files: &Folder) -> String {
    let (spec, diagnostics) = load_text(&format!("{STACK}{body}"), options, files);
    assert_eq!(spec.is_none(), diagnostics.has_errors());
    show(&diagnostics)
}

/// Shows each diagnostic as `line:column <what is marked> summary`, with hint
/// and detail below.
fn show(diagnostics: &Diagnostics) -> String {
    let mut shown = String::new();
    for diagnostic in diagnostics {
        if let Some(place) = &diagnostic.source {
            if place.file.name != "specs/shop.toml" {
                shown += &format!("{}:", place.file.name);
            }
            let start = place.start();
            let marked = &place.file.text[place.bytes.clone()];
            shown += &format!("{}:{} <{marked}> ", start.line, start.column);
        }
        shown += &diagnostic.summary;
        for (word, text) in [("detail", &diagnostic.detail), ("hint", &diagnostic.hint)] {
            if let Some(text) = text {
                shown += &format!("\n     {word}: {text}");
            }
        }
        shown.push('\n');
    }
    shown
}

/// Chooses an environment and variables.
fn options(env: Option<&str>, vars: &[(&str, &str)]) -> Options {
    Options {
        env: env.map(str::to_owned),
        vars: vars
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        environment_vars: BTreeMap::new(),
    }
}

fn source(text: &str) -> Arc<SourceFile> {
    SourceFile::new("specs/shop.toml", text)
}
