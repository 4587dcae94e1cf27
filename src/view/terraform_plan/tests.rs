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

#[test]
fn a_plan_says_what_is_known_and_what_is_not() {
    let mut document = document(&saved(mixed()), REGISTRY).unwrap();
    document["xrayctl_version"] = json!("0.0.0");
    let changes = document["resource_changes"].as_array().unwrap();
    let find = |address: &str| {
        let mut changes = changes.iter();
        let found = changes.find(|row| row["address"] == address);
        found.unwrap_or_else(|| panic!("no {address}"))
    };
    let addresses: Vec<String> = changes
        .iter()
        .map(|row| format!("{} {}", row["address"], row["change"]["actions"]))
        .collect();
    assert_snapshot!(addresses.join("\n"), @r#"
    "aws_kms_alias.traces" ["create"]
    "aws_kms_key.traces" ["create"]
    "aws_xray_encryption_config.encryption" ["update"]
    "aws_xray_group.goes" ["delete"]
    "aws_xray_group.stays" ["no-op"]
    "aws_xray_resource_policy.sns" ["update"]
    "aws_xray_sampling_rule.checkout" ["update"]
    "#);
    assert_snapshot!(format!("{:#}", find("aws_xray_encryption_config.encryption")), @r#"
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
    assert_snapshot!(format!("{:#}", find("aws_xray_group.goes")), @r#"
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
    assert_snapshot!(format!("{:#}", find("aws_kms_key.traces")["change"]), @r#"
    {
      "actions": [
        "create"
      ],
      "before": null,
      "after": {
        "description": "traces",
        "is_enabled": true,
        "enable_key_rotation": true,
        "rotation_period_in_days": 365,
        "multi_region": false,
        "policy": null,
        "deletion_window_in_days": null,
        "key_usage": "ENCRYPT_DECRYPT",
        "customer_master_key_spec": "SYMMETRIC_DEFAULT",
        "tags": {
          "team": "core"
        },
        "tags_all": {
          "team": "core",
          "xrayctl:applied": "155bca1c2e43caa0d557ce10",
          "xrayctl:name": "traces",
          "xrayctl:stack": "shop"
        }
      },
      "after_unknown": {
        "arn": true,
        "key_id": true,
        "id": true
      },
      "before_sensitive": false,
      "after_sensitive": {}
    }
    "#);
    let sampling_rule = &find("aws_xray_sampling_rule.checkout")["change"];
    assert_eq!(sampling_rule["before"]["fixed_rate"], json!(0.5));
    assert_eq!(sampling_rule["after"]["fixed_rate"], json!(0.05));
    for bulky in ["resource_changes", "planned_values", "prior_state"] {
        document.as_object_mut().unwrap().remove(bulky);
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
      "complete": true,
      "resource_drift": [
        {
          "address": "aws_xray_sampling_rule.checkout",
          "mode": "managed",
          "type": "aws_xray_sampling_rule",
          "name": "checkout",
          "provider_name": "registry.terraform.io/hashicorp/aws",
          "xrayctl_address": "sampling_rule.checkout",
          "change": {
            "actions": [
              "update"
            ],
            "before": {
              "rule_name": "checkout",
              "priority": 10,
              "fixed_rate": 0.05,
              "reservoir_size": 1,
              "service_name": "*",
              "service_type": "*",
              "host": "*",
              "http_method": "*",
              "url_path": "*",
              "resource_arn": "*",
              "attributes": {},
              "sampling_rate_boost": [],
              "arn": "arn:aws:x:eu-west-1:123456789012:checkout",
              "id": "checkout",
              "version": 1,
              "tags": {
                "team": "core"
              },
              "tags_all": {
                "team": "core",
                "xrayctl:applied": "d83caee1c99b676e835be1fb",
                "xrayctl:name": "checkout",
                "xrayctl:stack": "shop"
              }
            },
            "after": {
              "rule_name": "checkout",
              "priority": 10,
              "fixed_rate": 0.5,
              "reservoir_size": 1,
              "service_name": "*",
              "service_type": "*",
              "host": "*",
              "http_method": "*",
              "url_path": "*",
              "resource_arn": "*",
              "attributes": {},
              "sampling_rate_boost": [],
              "arn": "arn:aws:x:eu-west-1:123456789012:checkout",
              "id": "checkout",
              "version": 1,
              "tags": {
                "team": "core"
              },
              "tags_all": {
                "team": "core",
                "xrayctl:applied": "d83caee1c99b676e835be1fb",
                "xrayctl:name": "checkout",
                "xrayctl:stack": "shop"
              }
            },
            "after_unknown": {},
            "before_sensitive": {},
            "after_sensitive": {}
          },
          "xrayctl_reason": "drift"
        }
      ],
      "errored": false,
      "output_changes": {},
      "applyable": true,
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
        "root_module": {
          "resources": [
            {
              "address": "aws_xray_encryption_config.encryption",
              "mode": "managed",
              "type": "aws_xray_encryption_config",
              "name": "encryption",
              "provider_config_key": "aws",
              "expressions": {
                "type": {
                  "constant_value": "KMS"
                },
                "key_id": {
                  "references": [
                    "aws_kms_key.traces.arn",
                    "aws_kms_key.traces"
                  ]
                }
              },
              "schema_version": 0
            },
            {
              "address": "aws_xray_group.stays",
              "mode": "managed",
              "type": "aws_xray_group",
              "name": "stays",
              "provider_config_key": "aws",
              "expressions": {
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
              },
              "schema_version": 0
            },
            {
              "address": "aws_kms_key.traces",
              "mode": "managed",
              "type": "aws_kms_key",
              "name": "traces",
              "provider_config_key": "aws",
              "expressions": {
                "description": {
                  "constant_value": "traces"
                },
                "is_enabled": {
                  "constant_value": true
                },
                "enable_key_rotation": {
                  "constant_value": true
                },
                "rotation_period_in_days": {
                  "constant_value": 365
                },
                "multi_region": {
                  "constant_value": false
                },
                "key_usage": {
                  "constant_value": "ENCRYPT_DECRYPT"
                },
                "customer_master_key_spec": {
                  "constant_value": "SYMMETRIC_DEFAULT"
                },
                "tags": {
                  "constant_value": {
                    "team": "core"
                  }
                }
              },
              "schema_version": 0
            },
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
            },
            {
              "address": "aws_xray_resource_policy.sns",
              "mode": "managed",
              "type": "aws_xray_resource_policy",
              "name": "sns",
              "provider_config_key": "aws",
              "expressions": {
                "policy_name": {
                  "constant_value": "sns"
                },
                "policy_document": {
                  "constant_value": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Action\":[\"xray:PutTraceSegments\"],\"Effect\":\"Allow\",\"Principal\":{\"Service\":[\"sns.amazonaws.com\"]},\"Resource\":[\"*\"],\"Sid\":\"Sns\"}]}"
                },
                "bypass_policy_lockout_check": {
                  "constant_value": false
                }
              },
              "schema_version": 0
            },
            {
              "address": "aws_xray_sampling_rule.checkout",
              "mode": "managed",
              "type": "aws_xray_sampling_rule",
              "name": "checkout",
              "provider_config_key": "aws",
              "expressions": {
                "rule_name": {
                  "constant_value": "checkout"
                },
                "priority": {
                  "constant_value": 10
                },
                "fixed_rate": {
                  "constant_value": 0.05
                },
                "reservoir_size": {
                  "constant_value": 1
                },
                "service_name": {
                  "constant_value": "*"
                },
                "service_type": {
                  "constant_value": "*"
                },
                "host": {
                  "constant_value": "*"
                },
                "http_method": {
                  "constant_value": "*"
                },
                "url_path": {
                  "constant_value": "*"
                },
                "resource_arn": {
                  "constant_value": "*"
                },
                "attributes": {
                  "constant_value": {}
                },
                "version": {
                  "constant_value": 1
                },
                "tags": {
                  "constant_value": {
                    "team": "core"
                  }
                }
              },
              "schema_version": 0
            }
          ]
        }
      },
      "relevant_attributes": [
        {
          "resource": "aws_kms_key.traces",
          "attribute": [
            "arn"
          ]
        }
      ],
      "timestamp": "2026-01-31T12:00:00Z"
    }
    "#);
}
