//! The document of every registered type, and what it says of each action.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::document;
use crate::model::live::{NAME_TAG, STACK_TAG};
use crate::model::{Attributes, Desired, Lifecycle, Live, Tags};
use crate::plan::diff::{self, Request, Sides};
use crate::plan::saved::{Origin, SavedPlan};
use crate::plan::{Mode, Plan, Target};
use crate::resource::{Kind, REGISTRY, Registered};

fn saved(plan: Plan) -> SavedPlan {
    let origin = Origin {
        spec_path: "xrayctl.toml".to_owned(),
        spec_hash: String::new(),
        env: None,
        vars: BTreeMap::from([("rate".to_owned(), "0.2".to_owned())]),
        environment_vars: BTreeMap::from([("rate".to_owned(), "0.1".to_owned())]),
        adopt: false,
        delete_data: false,
        only: Vec::new(),
    };
    SavedPlan::new(plan, origin, 1_769_860_800)
}

fn plan(mode: Mode, desired: &[Desired], live: &[Live]) -> Plan {
    let sides = Sides {
        catalog: &Registered,
        stack: "shop",
        desired,
        live,
    };
    let request = Request {
        mode,
        target: Target {
            account: "123456789012".to_owned(),
            region: "eu-west-1".to_owned(),
        },
        adopt: false,
        delete_data: true,
        only: Vec::new(),
    };
    diff::plan(sides, &request).unwrap()
}

fn desired(kind: &dyn Kind, name: &str, fields: Attributes) -> Desired {
    let facts = kind.facts();
    let prepared = kind.prepare(name, fields).unwrap();
    Desired {
        address: facts.address(name),
        key: prepared.key,
        written: prepared.written,
        attributes: prepared.attributes,
        tags: facts
            .taggable
            .then(|| Tags::from([("team".to_owned(), "core".to_owned())])),
        references: prepared.references,
        depends_on: Vec::new(),
        protect: false,
        ignore: Vec::new(),
        source: None,
    }
}

/// The examples of every type, one plan each: references lead out of it.
fn examples() -> Vec<Desired> {
    let kinds = REGISTRY.iter().copied();
    kinds
        .flat_map(|kind| {
            let examples = kind.examples().into_iter();
            examples.map(move |(name, fields)| desired(kind, name, fields))
        })
        .collect()
}

/// What stands after an apply of `desired`.
fn applied(desired: &Desired) -> Live {
    let name = desired.address.name().unwrap_or_default();
    let tags = desired.tags.clone().map(|mut tags| {
        tags.insert(STACK_TAG.to_owned(), "shop".to_owned());
        tags.insert(NAME_TAG.to_owned(), name.to_owned());
        tags
    });
    let arn = "arn:aws:x:eu-west-1:123456789012:key/1";
    Live {
        kind: desired.address.kind().to_owned(),
        key: desired.key.clone(),
        attributes: desired.attributes.clone(),
        tags,
        outputs: Attributes::from_iter([("arn".to_owned(), arn.into())]),
        deletion_scheduled: false,
    }
}

fn rows<'a>(document: &'a Value, list: &str) -> Vec<&'a Value> {
    document[list].as_array().unwrap().iter().collect()
}

fn addresses(resources: &Value) -> BTreeSet<String> {
    let resources = resources["root_module"]["resources"].as_array().unwrap();
    let addresses = resources.iter().map(|one| one["address"].as_str().unwrap());
    addresses.map(str::to_owned).collect()
}

#[test]
fn every_type_is_written_when_it_is_new() {
    for desired in examples() {
        let kind = desired.address.kind().to_owned();
        let facts = REGISTRY.iter().map(|kind| kind.facts());
        let facts = facts.into_iter().find(|facts| facts.kind == kind).unwrap();
        if facts.lifecycle != Lifecycle::Collection {
            continue;
        }
        let document = document(&saved(plan(Mode::Apply, &[desired], &[])), REGISTRY).unwrap();
        let text = document.to_string();
        assert!(!text.contains('\u{e000}'), "{kind}: {text}");
        let changes = rows(&document, "resource_changes");
        assert!(changes.iter().any(|row| row["type"] == facts.terraform));
        for row in changes {
            assert_eq!(row["change"]["actions"], json!(["create"]), "{kind}");
            assert_eq!(row["change"]["before"], Value::Null);
            let unknown = row["change"]["after_unknown"].as_object().unwrap();
            for name in unknown.keys().filter(|name| unknown[*name] == true) {
                assert_eq!(row["change"]["after"].get(name), None, "{kind} {name}");
            }
        }
        assert_eq!(
            addresses(&document["planned_values"]),
            addresses(&document["configuration"]),
            "{kind}"
        );
        assert_eq!(addresses(&document["prior_state"]["values"]).len(), 0);
    }
}

#[test]
fn what_stays_and_what_goes_is_the_same_before_and_after() {
    for desired in examples() {
        let kind = desired.address.kind().to_owned();
        let live = [applied(&desired)];
        let stays = plan(Mode::Apply, std::slice::from_ref(&desired), &live);
        let document = document(&saved(stays), REGISTRY).unwrap();
        for row in rows(&document, "resource_changes") {
            // A field that refers to something else is not known, and differs.
            let actions = &row["change"]["actions"];
            if *actions == json!(["no-op"]) {
                assert_eq!(row["change"]["before"], row["change"]["after"], "{kind}");
                assert_eq!(row["change"]["after_unknown"], json!({}));
            }
        }
        let goes = plan(Mode::Apply, &[], &live);
        let document = super::document(&saved(goes), REGISTRY).unwrap();
        for row in rows(&document, "resource_changes") {
            assert_eq!(row["change"]["after"], Value::Null, "{kind}");
            assert_ne!(row["change"]["before"], Value::Null, "{kind}");
        }
        assert_eq!(addresses(&document["planned_values"]).len(), 0);
        assert_eq!(addresses(&document["configuration"]).len(), 0);
    }
}

#[test]
fn a_state_names_what_the_plan_wrote() {
    for desired in examples() {
        let kind = REGISTRY
            .iter()
            .find(|kind| kind.facts().kind == desired.address.kind())
            .unwrap();
        let outputs = applied(&desired).outputs;
        let written = kind.terraform(&desired.key, &desired.attributes, &outputs);
        let companions = kind.terraform_companions(&desired.key, &desired.attributes, &outputs);
        let all = [written.unwrap()].into_iter();
        let all = all.chain(companions.unwrap().into_iter().map(|(_, values)| values));
        let keys: Vec<Option<String>> = all.map(|values| kind.terraform_key(&values)).collect();
        assert!(
            keys.contains(&Some(desired.key.clone())),
            "{}: {keys:?}",
            desired.address
        );
    }
}

#[test]
fn names_are_told_apart() {
    let kind = *REGISTRY
        .iter()
        .find(|kind| kind.facts().kind == "group")
        .unwrap();
    let fields = |name: &str| {
        let fields = json!({ "group_name": name, "filter_expression": "error" });
        fields.as_object().cloned().unwrap()
    };
    let both = [
        desired(kind, "a.b", fields("one")),
        desired(kind, "a/b", fields("two")),
    ];
    let document = document(&saved(plan(Mode::Apply, &both, &[])), REGISTRY).unwrap();
    let names: Vec<_> = rows(&document, "resource_changes")
        .into_iter()
        .map(|row| {
            (
                row["address"].as_str().unwrap(),
                row["xrayctl_address"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        names,
        [
            ("aws_xray_group.a_b", "group.a.b"),
            ("aws_xray_group.a_b_2", "group.a/b")
        ]
    );
    assert_eq!(document["variables"], json!({ "rate": { "value": "0.2" } }));
    assert_eq!(document["timestamp"], "2026-01-31T12:00:00Z");
}
