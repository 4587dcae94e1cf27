//! The examples that the rules of lint explain themselves with do what their
//! pages say.

#![expect(
    clippy::unwrap_used,
    reason = "a test may stop where something is wrong"
)]

use std::io;

use xrayctl::generate::lint::has_examples;
use xrayctl::lint::{RULES, Rule};
use xrayctl::model::{Diagnostics, SourceFile};
use xrayctl::resource::REGISTRY;
use xrayctl::spec::{self, Files, Language, Options};
use xrayctl::view::diagnostic::render;

struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &str) -> io::Result<String> {
        Err(io::Error::from(io::ErrorKind::NotFound))
    }
}

fn lint(example: &str) -> Diagnostics {
    let stack = "[stack]\nname = \"shop\"\nregion = \"us-east-1\"\n";
    let source = SourceFile::new("x.toml", format!("{stack}{example}"));
    let (spec, found) = spec::load(
        &source,
        &Options::default(),
        &Language::of(REGISTRY),
        &NoFiles,
    );
    assert!(spec.is_some(), "{}", render(&found, false, 100));
    spec.unwrap().lint()
}

/// Rules of types that are in the registry.
fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().filter(|rule| has_examples(rule, REGISTRY))
}

#[test]
fn what_a_page_calls_found_is_found() {
    assert!(rules().count() >= 6);
    for rule in rules() {
        let found = lint(rule.bad);
        let codes: Vec<_> = found.iter().map(|one| one.code.unwrap()).collect();
        assert_eq!(codes, [rule.code]);
        for one in &found {
            let hint = one.hint.as_deref().unwrap();
            assert!(hint.contains(&xrayctl::lint::page(rule.code)), "{hint}");
            assert!(one.source.is_some() && one.address.is_some());
        }
    }
}

#[test]
fn what_a_page_calls_right_is_not_found() {
    for rule in rules() {
        let found = lint(rule.good);
        assert!(found.is_empty(), "{}", render(&found, false, 100));
    }
}

#[test]
fn every_example_can_be_allowed() {
    for rule in rules() {
        let allow = format!("\n[lint]\nallow = [\"{}\"]\n", rule.code);
        assert!(lint(&format!("{}{allow}", rule.bad)).is_empty());
    }
}
