//! What is published works: every spec in `specs/`, in each of its
//! environments, and every block of TOML and JSON in the README and the docs.

#![expect(
    clippy::unwrap_used,
    reason = "a test may stop where something is wrong"
)]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use xrayctl::model::SourceFile;
use xrayctl::resource::REGISTRY;
use xrayctl::spec::{self, Files, Language, Options, Parsed};
use xrayctl::view::diagnostic::render;

/// Stands in for the files that an example names.
struct AnyPolicy;

impl Files for AnyPolicy {
    fn read(&self, _: &str) -> io::Result<String> {
        Ok(r#"{"Version": "2012-10-17", "Statement": []}"#.to_owned())
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|one| one == extension) {
            found.push(path);
        }
    }
    found
}

/// Loads a spec in each of its environments.
fn check(name: &str, text: &str) {
    let source = SourceFile::new(name, text);
    let parsed = Parsed::of(&source);
    let envs = parsed.environments().into_iter().map(Some);
    let language = Language::of(REGISTRY);
    for env in [None].into_iter().chain(envs) {
        let options = Options {
            env,
            // The one variable of the docs that has no default.
            environment_vars: [("owner".to_owned(), "platform".to_owned())].into(),
            ..Options::default()
        };
        let (loaded, found) = parsed.load(&options, &language, &AnyPolicy);
        assert!(loaded.is_some(), "{}", render(&found, false, 100));
    }
}

/// The fenced blocks of one language in a Markdown text.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    text.split(fence.as_str())
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect()
}

#[test]
fn every_spec_loads_and_is_formatted() {
    let specs = files(&root().join("specs"), "toml");
    assert!(specs.len() >= 2);
    for path in specs {
        let text = fs::read_to_string(&path).unwrap();
        check(&path.display().to_string(), &text);
        let source = SourceFile::new("spec", text.as_str());
        assert_eq!(spec::format(&source).unwrap(), text, "{}", path.display());
    }
}

#[test]
fn every_example_in_the_docs_loads() {
    let mut pages = files(&root().join("docs"), "md");
    pages.push(root().join("README.md"));
    let mut checked = 0;
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        for block in blocks(&text, "toml") {
            let stack = "[stack]\nname = \"shop\"\nregion = \"us-east-1\"\n\n";
            let whole = if block.contains("[stack]") {
                block.to_owned()
            } else {
                format!("{stack}{block}")
            };
            check(&page.display().to_string(), &whole);
            checked += 1;
        }
        for block in blocks(&text, "json") {
            let parsed: Result<serde_json::Value, _> = serde_json::from_str(block);
            assert!(parsed.is_ok(), "{}: {parsed:?}", page.display());
        }
    }
    assert!(checked > 10, "only {checked} blocks were found");
}

#[test]
fn every_schema_says_only_what_is_checked() {
    assert!(Language::of(REGISTRY).check_schemas().is_ok());
}

#[test]
fn every_link_of_the_docs_leads_somewhere() {
    let mut pages = files(&root().join("docs"), "md");
    pages.push(root().join("README.md"));
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1) {
            let link = link.split([')', '#']).next().unwrap();
            if link.is_empty() || link.contains("://") {
                continue;
            }
            let target = page.parent().unwrap().join(link);
            assert!(target.exists(), "{}: {link}", page.display());
        }
    }
}
