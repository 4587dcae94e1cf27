//! What a sound spec means.

use super::toys::LANGUAGE;
use super::{Folder, STACK, options, resources, show, sound, source};
use crate::spec::{Options, Parsed, load, starter};

fn hash(body: &str) -> String {
    sound(
        &format!("{STACK}{body}"),
        &Options::default(),
        &Folder::new(),
    )
    .hash
}

#[test]
fn resources_are_sorted_and_complete() {
    let resources = resources(
        r#"
[kms_keys.traces]
description = "x"
protect = true
ignore = ["description", "tags"]
[iam.policies.a]
document = {}
depends_on = ["kms_key.traces", "encryption"]
[encryption]
type = "KMS"
key_id = "traces"
"#,
    );
    let addresses: Vec<String> = resources
        .iter()
        .map(|one| one.address.to_string())
        .collect();
    assert_eq!(addresses, ["encryption", "iam_policy.a", "kms_key.traces"]);
    let [encryption, policy, key] = resources.as_slice() else {
        panic!("three resources");
    };
    assert_eq!(encryption.tags, None);
    assert_eq!(encryption.references[0].to.to_string(), "kms_key.traces");
    assert_eq!(policy.depends_on.len(), 2);
    assert!(key.protect && !policy.protect);
    assert_eq!(key.ignore, ["description", "tags"]);
    assert!(key.written.get("protect").is_none());
    let place = key.source.as_ref().unwrap();
    assert_eq!(&place.file.text[place.bytes.clone()], "[kms_keys.traces]");
}

#[test]
fn tags_of_the_stack_are_merged_in() {
    let text = format!(
        "{STACK}tags = {{ team = \"a\", app = \"shop\" }}\n[kms_keys.k]\ntags = {{ team = \"b\" }}\n[kms_keys.l]\n"
    );
    let spec = sound(&text, &Options::default(), &Folder::new());
    let tags = |index: usize| spec.resources[index].tags.clone().unwrap();
    assert_eq!(
        (tags(0)["team"].as_str(), tags(0)["app"].as_str()),
        ("b", "shop")
    );
    assert_eq!(tags(1)["team"], "a");
}

#[test]
fn the_hash_follows_the_meaning() {
    let base = hash("[kms_keys.a]\ndescription = \"x\"\n[kms_keys.b]\n");
    assert_eq!(
        base,
        hash("# c\n[kms_keys.b]\n\n[kms_keys]\na = { 'description' = 'x' } # d\n")
    );
    assert_eq!(
        base,
        hash("[vars]\nx = \"x\"\n[kms_keys.a]\ndescription = \"${var.x}\"\n[kms_keys.b]\n")
    );
    for changed in [
        "[kms_keys.a]\ndescription = \"y\"\n[kms_keys.b]\n",
        "[kms_keys.a]\ndescription = \"x\"\n",
        "[kms_keys.a]\ndescription = \"x\"\nprotect = true\n[kms_keys.b]\n",
        "[kms_keys.a]\ndescription = \"x\"\n[kms_keys.b]\ntags = { a = \"\" }\n",
        "[kms_keys.a]\ndescription = \"x\"\n[kms_keys.c]\n",
    ] {
        assert_ne!(base, hash(changed), "{changed}");
    }
    let text = format!("{STACK}[kms_keys.a]\npolicy = {{ file = \"p.json\" }}\n");
    let of_file = |content| {
        sound(
            &text,
            &Options::default(),
            &Folder::from([("p.json", content)]),
        )
        .hash
    };
    assert_eq!(of_file(r#"{"a": 1, "b": 2}"#), of_file(r#"{ "b":2,"a":1}"#));
    assert_ne!(of_file(r#"{"a": 1}"#), of_file(r#"{"a": 2}"#));
}

#[test]
fn an_environment_leaves_nothing_behind_for_the_next() {
    let text = format!(
        "{STACK}[kms_keys.k]\ndescription = \"all\"\n\
         [env.a.kms_keys.k]\ndescription = \"a\"\n[env.b.kms_keys.l]\n[env.c]\nstack = 1\n"
    );
    let parsed = Parsed::of(&source(&text));
    assert_eq!(parsed.environments(), ["a", "b", "c"]);
    let files = Folder::new();
    for env in [Some("a"), Some("c"), None, Some("b"), Some("z"), Some("a")] {
        let options = options(env, &[]);
        let (spec, found) = parsed.load(&options, &LANGUAGE, &files);
        let (alone, found_alone) = load(&source(&text), &options, &LANGUAGE, &files);
        assert_eq!(spec.map(|one| one.hash), alone.map(|one| one.hash));
        assert_eq!(show(&found), show(&found_alone));
        assert_eq!(found.has_errors(), matches!(env, Some("c" | "z")));
    }
}

#[test]
fn the_starter_is_sound_in_every_environment() {
    let text = starter("shop", "eu-west-1");
    let spec = sound(&text, &Options::default(), &Folder::new());
    assert_eq!(
        (spec.stack.name.as_str(), spec.stack.region.as_str()),
        ("shop", "eu-west-1")
    );
    assert!(spec.resources.len() >= 3);
    for env in Parsed::of(&source(&text)).environments() {
        sound(&text, &options(Some(&env), &[]), &Folder::new());
    }
    assert_eq!(crate::spec::format(&source(&text)).unwrap(), text);
}

#[test]
fn the_schemas_of_all_types_are_checked_whole() {
    assert!(LANGUAGE.check_schemas().is_ok());
}
