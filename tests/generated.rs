//! Files that are made from the code and committed: the JSON Schema of the
//! spec, the reference pages and those of lint. `UPDATE_GENERATED=1 cargo test --test
//! generated` writes them anew.

#![expect(
    clippy::unwrap_used,
    reason = "a test may stop where something is wrong"
)]

use std::fs;
use std::path::{Path, PathBuf};

use xrayctl::resource::REGISTRY;
use xrayctl::{generate, lint, spec};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

fn check(path: &Path, expected: &str) {
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, expected).unwrap();
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    assert!(
        found == expected,
        "{} is not what the code makes; run UPDATE_GENERATED=1 cargo test --test generated",
        path.display()
    );
}

#[test]
fn the_schema_is_up_to_date() {
    let schema = format!("{:#}\n", spec::schema(REGISTRY));
    check(&root().join("specs/xrayctl.schema.json"), &schema);
}

#[test]
fn the_reference_pages_are_up_to_date() {
    let folder = root().join("docs/resources");
    let mut expected: Vec<String> = Vec::new();
    for kind in REGISTRY {
        let name = format!("{}.md", kind.facts().kind);
        check(&folder.join(&name), &generate::reference::page(*kind));
        expected.push(name);
    }
    holds_only(&folder, expected);
}

#[test]
fn every_rule_of_lint_has_its_page() {
    let docs = root().join("docs");
    check(&docs.join("lint.md"), &generate::lint::index());
    let mut expected: Vec<String> = Vec::new();
    for rule in lint::RULES {
        let path = root().join(lint::page(rule.code));
        check(&path, &generate::lint::page(rule, REGISTRY));
        expected.push(format!("{}.md", rule.code));
    }
    holds_only(&docs.join("lint"), expected);
}

/// Pages of what is gone are found as well.
fn holds_only(folder: &Path, mut expected: Vec<String>) {
    let mut found: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected, "a page of what is gone");
}
