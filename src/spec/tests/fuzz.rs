//! Any text as a spec.

use std::sync::LazyLock;

use super::{Folder, load_text};
use crate::fuzz;
use crate::model::SourceFile;
use crate::resource::REGISTRY;
use crate::spec::{Language, Options, format, load};

static REAL: LazyLock<Language> = LazyLock::new(|| Language::of(REGISTRY));

fuzz::target!(spec_text, 60, text);
fuzz::target!(spec_format, 1000, formatted);

/// There is a spec or an error, and every place that is named is in the text.
fn text(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let options = Options {
        env: text.contains("[env.dev").then(|| "dev".to_owned()),
        ..Options::default()
    };
    let source = SourceFile::new("x.toml", &*text);
    let files = Folder::from([("a.json", "{}")]);
    let toys = load_text(&text, &options, &files);
    let real = load(&source, &options, &REAL, &files);
    for (spec, diagnostics) in [toys, real] {
        assert_eq!(spec.is_none(), diagnostics.has_errors());
        for diagnostic in &diagnostics {
            if let Some(place) = &diagnostic.source {
                let marked = place.file.text.get(place.bytes.clone());
                assert!(marked.is_some(), "{place:?}");
            }
        }
    }
}

/// What is TOML is formatted once and for all, and means the same.
fn formatted(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let format = |text: &str| format(&SourceFile::new("x.toml", text));
    let Ok(once) = format(&text) else {
        return;
    };
    assert_eq!(format(&once).ok().as_ref(), Some(&once));
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    // A number that is too large is TOML, and no value: it stays as written.
    let meaning = |text: &str| text.parse::<toml::Table>().ok();
    // Not compared as they are: `nan` equals nothing.
    let shown = [meaning(text), meaning(&once)].map(|table| format!("{table:?}"));
    assert_eq!(shown[0], shown[1]);
}
