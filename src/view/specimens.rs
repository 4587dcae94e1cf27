//! Plans for the tests of the views.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::model::live::{APPLIED_TAG, NAME_TAG, STACK_TAG};
use crate::model::{Attributes, Desired, Lifecycle, Live, Tags};
use crate::plan::diff::{self, Request, Sides};
use crate::plan::saved::{Origin, SavedPlan};
use crate::plan::{Mode, Plan, Target, fingerprint};
use crate::resource::{Kind, REGISTRY, Registered};

/// The plan as it is saved: on 2026-01-31 at noon.
pub(super) fn saved(plan: Plan) -> SavedPlan {
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

/// Plans for the stack `shop`.
pub(super) fn plan(mode: Mode, desired: &[Desired], live: &[Live]) -> Plan {
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

/// The type of that name.
pub(super) fn kind(name: &str) -> &'static dyn Kind {
    let mut kinds = REGISTRY.iter().copied();
    kinds.find(|kind| kind.facts().kind == name).unwrap()
}

/// A resource of the spec.
pub(super) fn desired(kind: &dyn Kind, name: &str, fields: Attributes) -> Desired {
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

/// A resource of the spec, from its table.
pub(super) fn written(kind_name: &str, name: &str, fields: Value) -> Desired {
    let Value::Object(fields) = fields else {
        panic!("{fields} is no table");
    };
    desired(kind(kind_name), name, fields)
}

/// What stands after an apply of `desired`.
pub(super) fn applied(desired: &Desired) -> Live {
    let kind = kind(desired.address.kind());
    let name = desired.address.name().unwrap_or_default();
    let tags = desired.tags.clone().map(|mut tags| {
        let managed: Vec<String> = desired.attributes.keys().cloned().collect();
        let print = fingerprint::of_resource(&managed, &desired.attributes, Some(&tags));
        tags.insert(STACK_TAG.to_owned(), "shop".to_owned());
        tags.insert(NAME_TAG.to_owned(), name.to_owned());
        tags.insert(APPLIED_TAG.to_owned(), print);
        tags
    });
    let has_arn =
        kind.facts().lifecycle == Lifecycle::Collection && kind.new_outputs().contains(&"arn");
    let arn = has_arn.then(|| {
        let arn = format!("arn:aws:x:eu-west-1:123456789012:{}", desired.key);
        ("arn".to_owned(), arn.into())
    });
    Live {
        kind: desired.address.kind().to_owned(),
        key: desired.key.clone(),
        attributes: desired.attributes.clone(),
        tags,
        outputs: arn.into_iter().collect(),
        deletion_scheduled: false,
        status: Attributes::new(),
    }
}

/// What stands where someone changed a field after an apply of `desired`.
pub(super) fn changed(desired: &Desired, field: &str, value: Value) -> Live {
    let mut live = applied(desired);
    live.attributes.insert(field.to_owned(), value);
    live
}

/// A plan of every kind of change: created, updated with a value that is not
/// known yet, updated within a document, deleted, and left as it is.
pub(super) fn mixed() -> Plan {
    let policy = |action: &str| {
        json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Sid": "Sns",
                "Effect": "Allow",
                "Principal": { "Service": "sns.amazonaws.com" },
                "Action": action,
                "Resource": "*",
            }],
        })
    };
    let rule = json!({ "priority": 10, "fixed_rate": 0.05 });
    let rule = written("sampling_rule", "checkout", rule);
    let stays = json!({ "filter_expression": "error" });
    let stays = written("group", "stays", stays);
    let goes = json!({ "filter_expression": "fault" });
    let goes = written("group", "goes", goes);
    let key = written("kms_key", "traces", json!({ "description": "traces" }));
    let encryption = json!({ "type": "KMS", "key_id": "traces" });
    let encryption = written("encryption", "", encryption);
    let sns = json!({ "policy_document": policy("xray:PutTraceSegments") });
    let sns = written("resource_policy", "sns", sns);
    let was = json!({ "policy_document": policy("xray:*") });
    let was = written("resource_policy", "sns", was);
    let plain = written("encryption", "", json!({ "type": "NONE" }));
    let live = [
        changed(&rule, "fixed_rate", json!(0.5)),
        applied(&stays),
        applied(&goes),
        applied(&was),
        applied(&plain),
    ];
    plan(Mode::Apply, &[rule, stays, key, encryption, sns], &live)
}
