//! The encryption setting of an account and region.
//!
//! Source: <https://docs.aws.amazon.com/xray/latest/api/API_PutEncryptionConfig.html>.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::fault::Fault;
use super::peers::Key;
use super::{Input, State, typed};

/// The setting and when it was last put.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Encryption {
    /// ARN of the key; none for AWS's own encryption.
    key_arn: Option<String>,
    /// Epoch seconds; none for the setting that AWS ships.
    changed_at: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutRequest {
    key_id: Option<String>,
    r#type: String,
}

impl Encryption {
    /// `UPDATING` until the change has settled, `ACTIVE` from then on.
    fn view(&self, is_settled: bool) -> Value {
        let status = if is_settled { "ACTIVE" } else { "UPDATING" };
        let kind = if self.key_arn.is_some() {
            "KMS"
        } else {
            "NONE"
        };
        json!({
            "EncryptionConfig": { "KeyId": self.key_arn, "Status": status, "Type": kind }
        })
    }
}

/// `PutEncryptionConfig`
pub fn put(state: &mut State, input: Input<'_>) -> Result<Value, Fault> {
    let request: PutRequest = typed(input.body)?;
    let key_arn = match (request.r#type.as_str(), request.key_id) {
        ("NONE", None) => None,
        ("NONE", Some(_)) => {
            return Err(Fault::invalid_request(
                "KeyId cannot be given with encryption type NONE",
            ));
        }
        (_, None) => {
            return Err(Fault::invalid_request(
                "KeyId is required with encryption type KMS",
            ));
        }
        (_, Some(id)) => Some(checked_key(&id, input)?),
    };
    state.encryption = Encryption {
        key_arn,
        changed_at: Some(input.now),
    };
    Ok(state.encryption.view(false))
}

/// The ARN of a key that X-Ray can use: there, enabled, symmetric.
fn checked_key(id: &str, input: Input<'_>) -> Result<String, Fault> {
    let refuse = |reason: &str| {
        Fault::invalid_request(format!("KMS key {id} cannot be used by X-Ray: {reason}"))
    };
    let Key {
        arn,
        state,
        spec,
        usage,
    } = match &input.peers.key {
        Some(Ok(key)) => key,
        Some(Err(reason)) => return Err(refuse(reason)),
        None => return Err(Fault::internal()),
    };
    if spec != "SYMMETRIC_DEFAULT" || usage != "ENCRYPT_DECRYPT" {
        return Err(refuse(
            "it is not a symmetric encryption key; X-Ray does not support asymmetric keys",
        ));
    }
    if state != "Enabled" {
        return Err(refuse(&format!("its state is {state}")));
    }
    Ok(arn.clone())
}

/// `GetEncryptionConfig`
#[expect(
    clippy::unnecessary_wraps,
    reason = "every operation has this signature"
)]
pub fn get(state: &mut State, input: Input<'_>) -> Result<Value, Fault> {
    Ok(state
        .encryption
        .view(input.is_settled(state.encryption.changed_at)))
}
