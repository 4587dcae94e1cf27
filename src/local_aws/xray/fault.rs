//! The errors of the X-Ray API, as they stand on the wire.
//!
//! X-Ray writes the text of its own errors under `Message`, and the text of
//! errors raised before it sees the request under `message`; the code is in the
//! `x-amzn-errortype` header alone.

use serde_json::{Value, json};

/// An error reply of the X-Ray API.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// HTTP status.
    pub status: u16,
    /// Value of the `x-amzn-errortype` header.
    pub code: &'static str,
    /// JSON body.
    pub body: Value,
}

impl Fault {
    fn declared(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            body: json!({ "Message": message.into() }),
        }
    }

    /// A rule of the service was broken; also what AWS answers for rules and
    /// groups that do not exist or exist already.
    pub fn invalid_request(message: impl Into<String>) -> Self {
        Self::declared(400, "InvalidRequestException", message)
    }

    /// A constraint of the API model was broken; all violations in one message.
    pub fn validation(violations: &[String]) -> Self {
        let count = violations.len();
        let noun = if count == 1 { "error" } else { "errors" };
        let text = format!(
            "{count} validation {noun} detected: {}",
            violations.join("; ")
        );
        Self {
            status: 400,
            code: "ValidationException",
            body: json!({ "message": text }),
        }
    }

    /// The body is not JSON, or a member has the wrong JSON type.
    pub fn serialization(message: impl Into<String>) -> Self {
        Self {
            status: 400,
            code: "SerializationException",
            body: json!({ "message": message.into() }),
        }
    }

    /// No operation has this method and path.
    pub fn unknown_operation(method: &str, path: &str) -> Self {
        Self {
            status: 404,
            code: "UnknownOperationException",
            body: json!({ "message": format!("X-Ray has no operation {method} {path}") }),
        }
    }

    /// What AWS answers where its own service failed: no text at all.
    pub fn internal() -> Self {
        Self {
            status: 500,
            code: "InternalFailure",
            body: json!({ "message": null }),
        }
    }

    /// A tagged resource or an indexing rule does not exist.
    pub fn not_found(message: impl Into<String>, resource: &str) -> Self {
        Self {
            status: 404,
            code: "ResourceNotFoundException",
            body: json!({ "Message": message.into(), "ResourceName": resource }),
        }
    }

    /// There is no room now; clients try again.
    pub fn throttled(message: impl Into<String>) -> Self {
        Self::declared(429, "ThrottledException", message)
    }

    /// What was accepted could not be kept.
    pub fn not_kept(message: impl Into<String>) -> Self {
        Self {
            status: 500,
            code: "InternalFailure",
            body: json!({ "message": message.into() }),
        }
    }

    /// X-Ray itself may not do what the request needs.
    pub fn access_denied(message: impl Into<String>) -> Self {
        Self::declared(403, "AccessDeniedException", message)
    }

    /// The account holds as many sampling rules as it may.
    pub fn rule_limit(message: impl Into<String>) -> Self {
        Self::declared(400, "RuleLimitExceededException", message)
    }

    /// A resource policy is not a policy document; AWS gives no reason.
    pub fn malformed_policy() -> Self {
        Self {
            status: 400,
            code: "MalformedPolicyDocumentException",
            body: json!({ "Message": null }),
        }
    }

    /// A resource policy would keep its author from changing it again.
    pub fn policy_lockout(message: impl Into<String>) -> Self {
        Self::declared(400, "LockoutPreventionException", message)
    }

    /// A resource policy changed since its revision was read.
    pub fn policy_revision(message: impl Into<String>) -> Self {
        Self::declared(400, "InvalidPolicyRevisionIdException", message)
    }

    /// A resource policy is larger than 5 KB.
    pub fn policy_size(message: impl Into<String>) -> Self {
        Self::declared(400, "PolicySizeLimitExceededException", message)
    }

    /// The account holds as many resource policies as it may.
    pub fn policy_count(message: impl Into<String>) -> Self {
        Self::declared(400, "PolicyCountLimitExceededException", message)
    }
}
