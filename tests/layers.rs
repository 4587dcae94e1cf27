//! Dependencies between modules point one way. This test reads `use crate::…`
//! and `crate::…` in every file of `src/` and fails on an edge that is not in
//! the table, so that a new edge is a decision and not an accident.

#![expect(
    clippy::unwrap_used,
    reason = "a test may stop where something is wrong"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What each module may name. `exit`, `fuzz` and `model` stand below everything;
/// `fuzz` is for tests alone.
const MAY_USE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("exit", &[]),
    ("fuzz", &[]),
    ("guard", &[]),
    ("log", &[]),
    ("filter", &["fuzz", "model"]),
    ("access_log", &["fuzz"]),
    ("collector_config", &["model"]),
    ("sampling", &["fuzz"]),
    ("lint", &["model", "sampling"]),
    ("plan", &["model"]),
    ("aws", &["model"]),
    ("resource", &["aws", "filter", "model", "plan"]),
    (
        "spec",
        &["collector_config", "fuzz", "lint", "model", "resource"],
    ),
    ("apply", &["aws", "model", "plan", "resource"]),
    (
        "generate",
        &["collector_config", "lint", "model", "resource"],
    ),
    ("export", &["model", "resource"]),
    ("otlp", &["fuzz"]),
    ("segment", &["fuzz", "otlp"]),
    ("traces", &["filter", "fuzz", "segment"]),
    (
        "collector",
        &[
            "aws",
            "collector_config",
            "fuzz",
            "guard",
            "otlp",
            "sampling",
            "segment",
            "traces",
        ],
    ),
    (
        "local_aws",
        &[
            "filter", "fuzz", "guard", "model", "otlp", "sampling", "segment", "traces",
        ],
    ),
    (
        "desk",
        &[
            "collector",
            "collector_config",
            "local_aws",
            "segment",
            "traces",
        ],
    ),
    ("lookup", &["aws", "filter", "model"]),
    (
        "view",
        &[
            "apply", "aws", "lint", "lookup", "model", "plan", "resource", "sampling", "spec",
        ],
    ),
    (
        "cli",
        &[
            "access_log",
            "apply",
            "aws",
            "collector_config",
            "desk",
            "exit",
            "export",
            "generate",
            "local_aws",
            "log",
            "lookup",
            "model",
            "plan",
            "resource",
            "sampling",
            "segment",
            "spec",
            "view",
        ],
    ),
];

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The module below `src/` that a file belongs to; `None` for `lib.rs` and the
/// binaries, which may name anything.
fn module(root: &Path, file: &Path) -> Option<String> {
    let first = file.strip_prefix(root).unwrap().components().next()?;
    let name = first.as_os_str().to_str()?.trim_end_matches(".rs");
    (!["lib", "main", "bin"].contains(&name)).then(|| name.to_owned())
}

/// The modules that a text names by `crate::`, doc links left out.
fn named(text: &str) -> BTreeSet<String> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.split("crate::").skip(1))
        .flat_map(|rest| {
            // `use crate::{a::b, c}` names several.
            let list = rest
                .strip_prefix('{')
                .map_or(vec![rest], |list| list.split(", ").collect());
            list.into_iter().map(|item| {
                item.chars()
                    .take_while(|character| character.is_ascii_lowercase() || *character == '_')
                    .collect::<String>()
            })
        })
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn modules_use_only_what_is_below_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let allowed: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let mut wrong = Vec::new();
    for file in rust_files(&root) {
        let Some(module) = module(&root, &file) else {
            continue;
        };
        let Some(allowed) = allowed.get(module.as_str()) else {
            wrong.push(format!("`{module}` is not in the table of tests/layers.rs"));
            continue;
        };
        for used in named(&fs::read_to_string(&file).unwrap()) {
            if used != module && !allowed.contains(&used.as_str()) {
                wrong.push(format!("{} uses `crate::{used}`", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_has_no_circle() {
    let order: Vec<&str> = MAY_USE.iter().map(|(module, _)| *module).collect();
    for (index, (module, uses)) in MAY_USE.iter().enumerate() {
        for used in *uses {
            let place = order.iter().position(|one| one == used).unwrap();
            assert!(
                place < index,
                "`{module}` uses `{used}`, which is not above it"
            );
        }
    }
}

#[test]
fn sdk_crates_are_named_in_one_module_alone() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in rust_files(&root) {
        if file.components().any(|part| part.as_os_str() == "tests") {
            continue;
        }
        let is_aws = module(&root, &file).as_deref() == Some("aws");
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        let named = code
            .lines()
            .any(|line| !line.trim_start().starts_with("//") && line.contains("aws_sdk_"));
        assert!(is_aws || !named, "{} names an SDK crate", file.display());
    }
}

#[test]
fn every_resource_file_is_registered() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/resource");
    let registry = fs::read_to_string(folder.join("mod.rs")).unwrap();
    let mut types = 0;
    for file in rust_files(&folder) {
        let text = fs::read_to_string(&file).unwrap();
        let implements = text
            .lines()
            .find_map(|line| line.strip_prefix("impl Resource for "));
        if let Some(name) = implements.and_then(|rest| rest.split_whitespace().next()) {
            types += 1;
            let entry = format!("::{name}>::NEW");
            assert!(registry.contains(&entry), "{name} is not in REGISTRY");
        }
    }
    assert!(types >= 8, "found only {types} types");
}
