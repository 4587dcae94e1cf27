//! Encryption at rest of the traces of an account and region.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Attributes, Aws, Error, Facts, Found, Lifecycle, Problems, Query, Reference, ReplaceOrder,
    Resource, Tags, Update, kms_reference, terraform,
};
use crate::aws::{Class, Patience, XRAY, call, until, until_done, xray};

/// The type.
pub(super) struct Encryption;

/// How X-Ray encrypts traces at rest. Traces that are stored already stay as
/// they are. AWS keeps no tags on it; `destroy` puts it back to `NONE`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "encryption")]
#[serde(deny_unknown_fields)]
pub(super) struct EncryptionSpec {
    /// `NONE` for AWS's own encryption, `KMS` for a key of yours.
    r#type: EncryptionType,
    /// The key, with type `KMS`: its name in `[kms_keys]`, or a key id, alias
    /// or ARN. A symmetric one; `alias/aws/xray` is the one that AWS manages.
    #[serde(default)]
    #[schemars(length(min = 1, max = 3000))]
    key_id: Option<String>,
}

/// Whose key encrypts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "encryption_type")]
enum EncryptionType {
    /// AWS's own encryption.
    #[serde(rename = "NONE")]
    None,
    /// A KMS key.
    #[serde(rename = "KMS")]
    Kms,
}

impl Resource for Encryption {
    const FACTS: Facts = Facts {
        kind: "encryption",
        table: "encryption",
        title: "encryption",
        terraform: "aws_xray_encryption_config",
        docs: "https://docs.aws.amazon.com/xray/latest/api/API_PutEncryptionConfig.html",
        lifecycle: Lifecycle::Setting,
        taggable: false,
        name_field: None,
        replace_on: &[],
        replace_order: ReplaceOrder::DeleteFirst,
        documents: &[],
        unmanaged_when_absent: &[],
        refers_to: &["kms_key"],
        holds_data: false,
    };

    type Spec = EncryptionSpec;

    fn key(_: &str, _: &Self::Spec) -> String {
        String::new()
    }

    fn validate(_: &str, spec: &Self::Spec, problems: &mut Problems) {
        match (spec.r#type, &spec.key_id) {
            (EncryptionType::Kms, None) => {
                problems
                    .report("/type", "type `KMS` needs a `key_id`")
                    .hint("name a key of `[kms_keys]`, or `alias/aws/xray` for the one that AWS manages");
            }
            (EncryptionType::None, Some(_)) => {
                problems
                    .report("/key_id", "type `NONE` takes no `key_id`")
                    .hint("write `type = \"KMS\"`, or leave the key out");
            }
            _ => {}
        }
    }

    fn canonical(spec: Self::Spec) -> Self::Spec {
        spec
    }

    fn references(spec: &Self::Spec) -> Vec<Reference> {
        spec.key_id
            .iter()
            .filter_map(|key| kms_reference::reference("/key_id", key))
            .collect()
    }

    fn aws_default() -> Option<Self::Spec> {
        Some(EncryptionSpec {
            r#type: EncryptionType::None,
            key_id: None,
        })
    }

    /// AWS answers with the key's ARN whatever form it was given.
    async fn resolve(aws: &Aws, mut spec: Self::Spec) -> Result<Self::Spec, Error> {
        if let Some(key) = &spec.key_id
            && kms_reference::reference("/key_id", key).is_none()
        {
            spec.key_id = Some(kms_reference::to_arn(aws, key).await?);
        }
        Ok(spec)
    }

    async fn read(aws: &Aws, _: Query<'_, Self::Spec>) -> Result<Vec<Found<Self::Spec>>, Error> {
        let configuration = get(aws).await?;
        let is_kms = configuration.r#type == Some(xray::types::EncryptionType::Kms);
        let mut spec = EncryptionSpec {
            r#type: if is_kms {
                EncryptionType::Kms
            } else {
                EncryptionType::None
            },
            key_id: configuration.key_id.filter(|_| is_kms),
        };
        if let Some(key) = &spec.key_id {
            // A key that KMS no longer knows is compared as AWS names it.
            if let Ok(arn) = kms_reference::to_arn(aws, key).await {
                spec.key_id = Some(arn);
            }
        }
        Ok(vec![Found {
            key: String::new(),
            outputs: Attributes::from_iter([(
                "key_arn".to_owned(),
                spec.key_id.clone().map_or(Value::Null, Value::from),
            )]),
            spec,
            tags: None,
            deletion_scheduled: false,
            status: Attributes::new(),
        }])
    }

    async fn create(aws: &Aws, _: &str, spec: &Self::Spec, _: &Tags) -> Result<Attributes, Error> {
        put(aws, spec).await
    }

    async fn update(aws: &Aws, update: Update<'_, Self::Spec>) -> Result<Attributes, Error> {
        put(aws, update.after).await
    }

    async fn delete(_: &Aws, _: &str, _: &Attributes, _: &Self::Spec) -> Result<(), Error> {
        Err(Error::refused(
            "PutEncryptionConfig",
            "the encryption setting cannot be deleted, only put back to `NONE`",
        ))
    }

    fn terraform(key: &str, spec: &Self::Spec, outputs: &Attributes) -> Attributes {
        let mut attributes = terraform::plain(&Self::FACTS, key, spec, outputs);
        terraform::identify_by_region(&mut attributes, outputs);
        attributes
    }

    fn terraform_key(_: &Attributes) -> Option<String> {
        Some(String::new())
    }

    fn examples() -> Vec<(&'static str, Self::Spec)> {
        vec![(
            "",
            EncryptionSpec {
                r#type: EncryptionType::Kms,
                key_id: Some("alias/aws/xray".to_owned()),
            },
        )]
    }
}

/// Reads the setting.
pub(super) async fn get(aws: &Aws) -> Result<xray::types::EncryptionConfig, Error> {
    let request = aws.xray.get_encryption_config();
    let reply = call(XRAY, "GetEncryptionConfig", request.send()).await?;
    reply
        .encryption_config
        .ok_or_else(|| Error::internal("encryption", "GetEncryptionConfig gave nothing"))
}

/// Reads the setting once no change of it is under way any more.
pub(super) async fn settled(aws: &Aws) -> Result<xray::types::EncryptionConfig, Error> {
    let active = until(Patience::STATE_CHANGE, || async {
        let configuration = get(aws).await?;
        let is_active = configuration.status != Some(xray::types::EncryptionStatus::Updating);
        Ok(is_active.then_some(configuration))
    })
    .await?;
    active.ok_or_else(|| {
        Error::refused(
            "PutEncryptionConfig",
            "X-Ray's encryption stayed UPDATING for 15 minutes; plan again later",
        )
    })
}

/// Changes the setting and waits until it is in force: while X-Ray says
/// `UPDATING`, traces may still be encrypted in the old way.
async fn put(aws: &Aws, spec: &EncryptionSpec) -> Result<Attributes, Error> {
    let r#type = match spec.r#type {
        EncryptionType::None => xray::types::EncryptionType::None,
        EncryptionType::Kms => xray::types::EncryptionType::Kms,
    };
    until_done(
        Patience::NEW_KEY,
        |error| spec.key_id.is_some() && is_new_key_unseen(error),
        || {
            let request = aws
                .xray
                .put_encryption_config()
                .r#type(r#type.clone())
                .set_key_id(spec.key_id.clone());
            call(XRAY, "PutEncryptionConfig", request.send())
        },
    )
    .await?;
    let configuration = settled(aws).await?;
    Ok(Attributes::from_iter([(
        "key_arn".to_owned(),
        configuration.key_id.map_or(Value::Null, Value::from),
    )]))
}

/// KMS shows a new key everywhere only after some seconds.
fn is_new_key_unseen(error: &Error) -> bool {
    let text = error.message.to_lowercase();
    matches!(error.class, Class::NotFound | Class::Invalid)
        && (text.contains("key") || text.contains("kms"))
}
