//! KMS keys, symmetric, for the encryption of traces and log groups.

mod change;
mod in_terraform;
mod live;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Attributes, Aws, Error, Facts, Found, Lifecycle, Problems, Query, ReplaceOrder, Resource, Tags,
    Update, encryption, policy_document, terraform,
};
use crate::aws::{KMS, call};

const ARN: &str = "arn";
const KEY_ID: &str = "key_id";
const KEY_STATE: &str = "key_state";
/// The days that AWS waits before it deletes a key, where nothing else is said.
const DEFAULT_WINDOW: i32 = 30;

/// The one name that a key policy can have. AWS assumes it where it is left
/// out; not every other KMS does.
const POLICY_NAME: &str = "default";

/// The type.
pub(super) struct KmsKey;

/// A symmetric KMS key with one alias.
///
/// AWS deletes no key at once: it is scheduled for deletion, and brought back
/// when the spec names it again in time.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "kms_key")]
#[serde(deny_unknown_fields)]
pub(super) struct KmsKeySpec {
    /// The key's alias. Default: `alias/` and its name in the spec.
    #[serde(default)]
    #[schemars(length(min = 7, max = 256), regex(pattern = r"^alias/[a-zA-Z0-9/_-]+$"), extend("x-hint" = "an alias is `alias/` followed by letters, digits and `/_-`"))]
    alias: Option<String>,
    /// What the key is for, at most 8192 characters. Default: nothing.
    #[serde(default)]
    #[schemars(length(max = 8192))]
    description: String,
    /// Whether the key can be used. While a key that X-Ray encrypts with is
    /// disabled, X-Ray stores no traces. Default: true.
    #[serde(default = "yes")]
    enabled: bool,
    /// Whether AWS makes new key material at regular times. Default: true.
    #[serde(default = "yes")]
    key_rotation_enabled: bool,
    /// Days between two rotations, 90 to 2560. Default: 365.
    #[serde(default = "a_year")]
    #[schemars(range(min = 90, max = 2560))]
    rotation_period_in_days: i32,
    /// Whether the key can be copied to other regions. AWS cannot change it: a
    /// change replaces the key. Default: false.
    #[serde(default)]
    multi_region: bool,
    /// The key policy: a table, JSON in a text, or `{ file = "policy.json" }`.
    /// Left out, it is left to others; a new key gets AWS's own, which leaves
    /// access to IAM.
    #[serde(default)]
    policy: Option<serde_json::Map<String, Value>>,
    /// Days that a deleted key can still be brought back, 7 to 30. Default: 30.
    #[serde(default)]
    #[schemars(range(min = 7, max = 30))]
    pending_window_in_days: Option<i32>,
}

fn yes() -> bool {
    true
}

fn a_year() -> i32 {
    365
}

impl Resource for KmsKey {
    const FACTS: Facts = Facts {
        kind: "kms_key",
        table: "kms_keys",
        title: "KMS key",
        terraform: "aws_kms_key",
        docs: "https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html",
        lifecycle: Lifecycle::Collection,
        taggable: true,
        name_field: Some("alias"),
        replace_on: &["multi_region"],
        replace_order: ReplaceOrder::CreateFirst,
        documents: &["policy"],
        unmanaged_when_absent: &["policy", "pending_window_in_days"],
        refers_to: &[],
        holds_data: false,
    };

    type Spec = KmsKeySpec;

    fn key(name: &str, spec: &Self::Spec) -> String {
        spec.alias
            .clone()
            .unwrap_or_else(|| format!("alias/{name}"))
    }

    fn validate(name: &str, spec: &Self::Spec, problems: &mut Problems) {
        let alias = Self::key(name, spec);
        let field = if spec.alias.is_some() { "/alias" } else { "" };
        if alias.starts_with("alias/aws/") {
            problems
                .report(field, "AWS keeps aliases that start with `alias/aws/` for itself")
                .hint("choose another alias, or refer to AWS's key by its alias where a key is wanted");
        }
        let is_allowed =
            |character: char| character.is_ascii_alphanumeric() || "/_-".contains(character);
        if spec.alias.is_none() && !name.chars().all(is_allowed) {
            problems
                .report("", format!("`{alias}` is no alias that KMS takes"))
                .hint("use letters, digits and `/_-`, or set `alias`");
        }
        if let Some(policy) = &spec.policy
            && !policy.contains_key("Statement")
        {
            problems
                .report("/policy", "the policy has no `Statement`")
                .hint("a policy is `{ Version = \"2012-10-17\", Statement = [ … ] }`");
        }
    }

    fn canonical(mut spec: Self::Spec) -> Self::Spec {
        if let Some(policy) = spec.policy.take() {
            match policy_document::normalize(&Value::Object(policy)) {
                Value::Object(normal) => spec.policy = Some(normal),
                _ => spec.policy = None,
            }
        }
        if !spec.key_rotation_enabled {
            // AWS forgets the period of a key that it does not rotate.
            spec.rotation_period_in_days = a_year();
        }
        // How to delete it, not what it is.
        spec.pending_window_in_days = None;
        spec
    }

    async fn read(
        aws: &Aws,
        query: Query<'_, Self::Spec>,
    ) -> Result<Vec<Found<Self::Spec>>, Error> {
        live::read(aws, query).await
    }

    /// The tags go with the key itself, so that a key whose alias could not be
    /// made any more is found by the next plan.
    async fn create(
        aws: &Aws,
        key: &str,
        spec: &Self::Spec,
        tags: &Tags,
    ) -> Result<Attributes, Error> {
        let (arn, id) = change::make_key(aws, spec, tags).await?;
        change::put_alias(aws, key, &id, tags).await?;
        if spec.key_rotation_enabled {
            change::enable_rotation(aws, &id, spec.rotation_period_in_days).await?;
        }
        if !spec.enabled {
            let request = aws.kms.disable_key().key_id(&id);
            call(KMS, "DisableKey", request.send()).await?;
        }
        Ok(outputs(&arn, &id))
    }

    async fn update(aws: &Aws, update: Update<'_, Self::Spec>) -> Result<Attributes, Error> {
        let after = update.after;
        let id = text(update.outputs, KEY_ID);
        let mut before = update.before.clone();
        if text(update.outputs, KEY_STATE) == "PendingDeletion" {
            change::bring_back(aws, id, &mut before).await?;
        }
        // KMS rotates no disabled key: such a one is enabled for the change.
        let is_enabled =
            before.enabled || after.enabled || change::rotation_differs(&before, after);
        if is_enabled && !before.enabled {
            let request = aws.kms.enable_key().key_id(id);
            call(KMS, "EnableKey", request.send()).await?;
        }
        if after.description != before.description {
            let request = aws
                .kms
                .update_key_description()
                .key_id(id)
                .description(&after.description);
            call(KMS, "UpdateKeyDescription", request.send()).await?;
        }
        change::update_policy(aws, id, &before, after).await?;
        change::update_rotation(aws, id, &before, after).await?;
        change::update_alias(aws, id, &before, after).await?;
        if is_enabled && !after.enabled {
            let request = aws.kms.disable_key().key_id(id);
            call(KMS, "DisableKey", request.send()).await?;
        }
        Ok(outputs(text(update.outputs, ARN), id))
    }

    /// Refuses to delete the key that X-Ray encrypts with: X-Ray would stop
    /// storing traces, and nobody could read those that it has.
    async fn delete(
        aws: &Aws,
        key: &str,
        outputs: &Attributes,
        spec: &Self::Spec,
    ) -> Result<(), Error> {
        let (arn, id) = (text(outputs, ARN), text(outputs, KEY_ID));
        // A change that is still carried out may still need the key.
        let in_use = encryption::settled(aws).await?.key_id;
        if in_use.is_some_and(|used| used == arn || used == id || used.ends_with(id)) {
            return Err(Error::refused(
                "ScheduleKeyDeletion",
                format!(
                    "X-Ray encrypts traces with the KMS key {arn}; set `[encryption]` to another \
                     key or to `type = \"NONE\"` first"
                ),
            ));
        }
        if !key.is_empty() {
            change::delete_alias(aws, key, id).await?;
        }
        let request = aws
            .kms
            .schedule_key_deletion()
            .key_id(id)
            .pending_window_in_days(spec.pending_window_in_days.unwrap_or(DEFAULT_WINDOW));
        match call(KMS, "ScheduleKeyDeletion", request.send()).await {
            Err(error) if !error.is_not_found() && !change::is_pending_already(&error) => {
                Err(error)
            }
            _ => Ok(()),
        }
    }

    fn terraform(_: &str, spec: &Self::Spec, outputs: &Attributes) -> Attributes {
        in_terraform::key(spec, outputs)
    }

    fn terraform_companions(
        key: &str,
        _: &Self::Spec,
        outputs: &Attributes,
    ) -> Vec<(&'static str, Attributes)> {
        in_terraform::alias(key, outputs).into_iter().collect()
    }

    fn new_outputs() -> &'static [&'static str] {
        &[ARN, KEY_ID]
    }

    /// A key goes by its alias, which is a resource of its own there: the
    /// values of an `aws_kms_alias` tell it, those of an `aws_kms_key` do not.
    fn terraform_key(values: &Attributes) -> Option<String> {
        terraform::text(values, "name").filter(|name| name.starts_with("alias/"))
    }

    async fn retag(
        aws: &Aws,
        outputs: &Attributes,
        set: &Tags,
        remove: &[String],
    ) -> Result<(), Error> {
        let id = text(outputs, KEY_ID);
        if !remove.is_empty() {
            let request = aws
                .kms
                .untag_resource()
                .key_id(id)
                .set_tag_keys(Some(remove.to_vec()));
            call(KMS, "UntagResource", request.send()).await?;
        }
        if !set.is_empty() {
            let request = aws
                .kms
                .tag_resource()
                .key_id(id)
                .set_tags(Some(change::tags_to_aws(set)?));
            call(KMS, "TagResource", request.send()).await?;
        }
        Ok(())
    }

    fn examples() -> Vec<(&'static str, Self::Spec)> {
        let plain = KmsKeySpec {
            alias: None,
            description: String::new(),
            enabled: true,
            key_rotation_enabled: true,
            rotation_period_in_days: a_year(),
            multi_region: false,
            policy: None,
            pending_window_in_days: None,
        };
        let policy = json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Sid": "Administration",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": "kms:*",
                "Resource": "*"
            }]
        });
        let full = KmsKeySpec {
            alias: Some("alias/team/traces".to_owned()),
            description: "traces at rest".to_owned(),
            key_rotation_enabled: true,
            rotation_period_in_days: 180,
            policy: policy.as_object().cloned(),
            pending_window_in_days: Some(7),
            ..plain.clone()
        };
        vec![("traces", plain), ("shared", full)]
    }
}

fn text<'a>(outputs: &'a Attributes, name: &str) -> &'a str {
    outputs
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn outputs(arn: &str, id: &str) -> Attributes {
    Attributes::from_iter([
        (ARN.to_owned(), Value::from(arn)),
        (KEY_ID.to_owned(), Value::from(id)),
    ])
}
