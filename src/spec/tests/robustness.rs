//! Texts that are large, deep or nonsense end in an answer, not in a crash.

use std::time::Instant;

use proptest::prelude::*;

use super::{Folder, STACK, load_text, show};
use crate::spec::{MAX_BYTES, Options};

fn faults_of(text: &str) -> String {
    show(&load_text(text, &Options::default(), &Folder::new()).1)
}

#[test]
fn too_large() {
    let text = "#".repeat(MAX_BYTES + 1);
    insta::assert_snapshot!(faults_of(&text), @r"`specs/shop.toml` is larger than 8 MiB, which no spec is");
}

#[test]
fn too_deep() {
    let brackets = format!("a = {}", "[".repeat(10_000));
    insta::assert_snapshot!(faults_of(&brackets), @r"1:85 <[> arrays and tables are nested too deeply");
    let closed = format!("a = {}{}", "[".repeat(10_000), "]".repeat(10_000));
    insta::assert_snapshot!(faults_of(&closed), @r"1:85 <[> arrays and tables are nested too deeply");
    let dotted = format!("{} = 1", vec!["a"; 10_000].join("."));
    assert!(faults_of(&dotted).contains("nested too deeply"));
    // The parser's limit counts brackets and dots apart, ours both together.
    let key = vec!["a"; 70].join(".");
    let mixed = format!(
        "{}b = 1{}",
        format!("{key} = {{ ").repeat(70),
        " }".repeat(70)
    );
    assert!(faults_of(&mixed).contains("nested too deeply"));
    let json = "[".repeat(10_000);
    let document = format!("{STACK}[kms_keys.a]\npolicy = '{json}'\n");
    assert!(faults_of(&document).contains("recursion limit exceeded"));
}

#[test]
fn a_thousand_resources_take_milliseconds() {
    let mut text = STACK.to_owned();
    for number in 0..1000 {
        text += &format!(
            "[sampling_rules.rule-{number}]\npriority = {}\nfixed_rate = 0.05\nurl_path = \"/x/{number}\"\n\
             tags = {{ team = \"a\" }}\n[groups.group-{number}]\nfilter_expression = \"x\"\ndepends_on = [\"sampling_rule.rule-{number}\"]\n",
            number + 1
        );
    }
    let start = Instant::now();
    assert_eq!(faults_of(&text), "");
    // Two thousand resources, without optimisation, on a busy machine.
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
}

#[test]
fn a_long_chain_of_references_is_followed() {
    let mut text = STACK.to_owned();
    for number in 0..3000 {
        text += &format!(
            "[kms_keys.k{number}]\ndepends_on = [\"kms_key.k{}\"]\n",
            (number + 1) % 3001
        );
    }
    text += "[kms_keys.k3000]\n";
    assert_eq!(faults_of(&text), "");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever the text, there is an answer, and its places lie in the text.
    #[test]
    fn any_text_has_an_answer(text in r#"([a-z\[\]{}="'.,\n\\$# é0-9]|\[sampling_rules\.a\]|\[stack\]|name|\$\{var\.|""")*"#) {
        let (spec, diagnostics) = load_text(&text, &Options::default(), &Folder::new());
        prop_assert_eq!(spec.is_none(), diagnostics.has_errors());
        for diagnostic in &diagnostics {
            if let Some(place) = &diagnostic.source {
                prop_assert!(place.file.text.get(place.bytes.clone()).is_some(), "{place:?}");
            }
        }
    }

    /// Broken copies of a sound spec are judged without a crash as well.
    #[test]
    fn cut_specs_have_an_answer(from in 0usize..400, length in 0usize..60) {
        let text = format!("{STACK}{}", include_str!("sample.toml"));
        let from = (0..=from.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let to = (from + length..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
        let cut = format!("{}{}", &text[..from], &text[to..]);
        let (spec, diagnostics) = load_text(&cut, &Options::default(), &Folder::new());
        prop_assert_eq!(spec.is_none(), diagnostics.has_errors());
    }
}
