//! The document of every registered type, and what it says of each action.

mod provider;

use std::collections::BTreeSet;

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::document;
use crate::model::{Desired, Lifecycle};
use crate::plan::Mode;
use crate::resource::REGISTRY;
use crate::view::specimens::{applied, desired, mixed, plan, saved, written};

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
        if kind.facts().lifecycle == Lifecycle::Existing {
            // What others made says itself who it is; the outputs here are made up.
            continue;
        }
        let outputs = applied(&desired).outputs;
        let written = kind.terraform(&desired.key, &desired.attributes, &outputs);
        let companions = kind.terraform_companions(&desired.key, &desired.attributes, &outputs);
        let all = [written.unwrap()].into_iter();
        let all = all.chain(companions.unwrap().into_iter().map(|(_, values)| values));
        let keys: Vec<Option<String>> = all.map(|values| kind.terraform_key(&values)).collect();
        if desired.address.kind() == "iam_role_policy_attachment" {
            // A state's attachments are read as a part of their roles.
            assert_eq!(keys, [None]);
            continue;
        }
        assert!(
            keys.contains(&Some(desired.key.clone())),
            "{}: {keys:?}",
            desired.address
        );
    }
}

#[test]
fn names_are_told_apart() {
    let both = [
        written(
            "group",
            "a.b",
            json!({ "group_name": "one", "filter_expression": "error" }),
        ),
        written(
            "group",
            "a/b",
            json!({ "group_name": "two", "filter_expression": "error" }),
        ),
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

/// Returns the entry of one address.
fn find<'a>(entries: &'a Value, address: &str) -> &'a Value {
    let mut entries = entries.as_array().unwrap().iter();
    let found = entries.find(|entry| entry["address"] == address);
    found.unwrap_or_else(|| panic!("no {address}"))
}

#[test]
fn changes_say_what_is_known_and_what_is_not() {
    let document = document(&saved(mixed()), REGISTRY).unwrap();
    let changes = &document["resource_changes"];
    let lines: Vec<String> = rows(&document, "resource_changes")
        .into_iter()
        .map(|row| format!("{} {}", row["address"], row["change"]["actions"]))
        .collect();
    assert_snapshot!(lines.join("\n"), @r#"
    "aws_kms_alias.traces" ["create"]
    "aws_kms_key.traces" ["create"]
    "aws_xray_encryption_config.encryption" ["update"]
    "aws_xray_group.goes" ["delete"]
    "aws_xray_group.stays" ["no-op"]
    "aws_xray_resource_policy.sns" ["update"]
    "aws_xray_sampling_rule.checkout" ["update"]
    "#);
    assert_snapshot!(format!("{:#}", find(changes, "aws_xray_encryption_config.encryption")), @r#"
    {
      "address": "aws_xray_encryption_config.encryption",
      "mode": "managed",
      "type": "aws_xray_encryption_config",
      "name": "encryption",
      "provider_name": "registry.terraform.io/hashicorp/aws",
      "xrayctl_address": "encryption",
      "change": {
        "actions": [
          "update"
        ],
        "before": {
          "type": "NONE",
          "key_id": null,
          "id": "eu-west-1"
        },
        "after": {
          "type": "KMS",
          "id": "eu-west-1"
        },
        "after_unknown": {
          "key_id": true
        },
        "before_sensitive": {},
        "after_sensitive": {}
      },
      "xrayctl_reason": "differs"
    }
    "#);
    let key = &find(changes, "aws_kms_key.traces")["change"];
    assert_eq!(key["before"], Value::Null);
    assert_eq!(key["after"]["enable_key_rotation"], true);
    assert_eq!(
        key["after_unknown"],
        json!({ "arn": true, "key_id": true, "id": true })
    );
    let rule = &find(changes, "aws_xray_sampling_rule.checkout")["change"];
    assert_eq!(rule["before"]["fixed_rate"], json!(0.5));
    assert_eq!(rule["after"]["fixed_rate"], json!(0.05));
}

#[test]
fn what_goes_is_shown_as_it_stood() {
    let document = document(&saved(mixed()), REGISTRY).unwrap();
    let goes = find(&document["resource_changes"], "aws_xray_group.goes");
    assert_snapshot!(format!("{goes:#}"), @r#"
    {
      "address": "aws_xray_group.goes",
      "mode": "managed",
      "type": "aws_xray_group",
      "name": "goes",
      "provider_name": "registry.terraform.io/hashicorp/aws",
      "xrayctl_address": "group.goes",
      "change": {
        "actions": [
          "delete"
        ],
        "before": {
          "group_name": "goes",
          "filter_expression": "fault",
          "insights_configuration": [
            {
              "insights_enabled": false,
              "notifications_enabled": false
            }
          ],
          "arn": "arn:aws:x:eu-west-1:123456789012:goes",
          "id": "arn:aws:x:eu-west-1:123456789012:goes",
          "tags": {
            "team": "core"
          },
          "tags_all": {
            "team": "core",
            "xrayctl:applied": "30314a44a8cad7a9d83c4d74",
            "xrayctl:name": "goes",
            "xrayctl:stack": "shop"
          }
        },
        "after": null,
        "after_unknown": {},
        "before_sensitive": {},
        "after_sensitive": false
      },
      "action_reason": "delete_because_no_resource_config",
      "xrayctl_reason": "removed_from_spec"
    }
    "#);
}

#[test]
fn the_spec_is_the_configuration() {
    let document = document(&saved(mixed()), REGISTRY).unwrap();
    let module = &document["configuration"]["root_module"]["resources"];
    let alias = find(module, "aws_kms_alias.traces");
    let group = find(module, "aws_xray_group.stays");
    assert_snapshot!(format!("{alias:#}"), @r#"
    {
      "address": "aws_kms_alias.traces",
      "mode": "managed",
      "type": "aws_kms_alias",
      "name": "traces",
      "provider_config_key": "aws",
      "expressions": {
        "name": {
          "constant_value": "alias/traces"
        },
        "target_key_id": {
          "references": [
            "aws_kms_key.traces.key_id",
            "aws_kms_key.traces"
          ]
        }
      },
      "schema_version": 0
    }
    "#);
    assert_snapshot!(format!("{:#}", group["expressions"]), @r#"
    {
      "group_name": {
        "constant_value": "stays"
      },
      "filter_expression": {
        "constant_value": "error"
      },
      "insights_configuration": [
        {
          "insights_enabled": {
            "constant_value": false
          },
          "notifications_enabled": {
            "constant_value": false
          }
        }
      ],
      "tags": {
        "constant_value": {
          "team": "core"
        }
      }
    }
    "#);
}

#[test]
fn a_plan_says_what_it_is() {
    let mut document = document(&saved(mixed()), REGISTRY).unwrap();
    document["xrayctl_version"] = json!("0.0.0");
    document["configuration"]["root_module"].take();
    for bulky in [
        "resource_changes",
        "resource_drift",
        "planned_values",
        "prior_state",
    ] {
        document.as_object_mut().unwrap().remove(bulky).unwrap();
    }
    assert_snapshot!(format!("{document:#}"), @r#"
    {
      "format_version": "1.2",
      "terraform_version": "1.11.4",
      "xrayctl_version": "0.0.0",
      "variables": {
        "rate": {
          "value": "0.2"
        }
      },
      "applyable": true,
      "complete": true,
      "errored": false,
      "output_changes": {},
      "timestamp": "2026-01-31T12:00:00Z",
      "configuration": {
        "provider_config": {
          "aws": {
            "name": "aws",
            "full_name": "registry.terraform.io/hashicorp/aws",
            "expressions": {
              "region": {
                "constant_value": "eu-west-1"
              }
            }
          }
        },
        "root_module": null
      },
      "relevant_attributes": [
        {
          "resource": "aws_kms_key.traces",
          "attribute": [
            "arn"
          ]
        }
      ]
    }
    "#);
}
