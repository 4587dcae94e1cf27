//! What a failed call means to us. AWS has hundreds of codes; the engine acts
//! on a few classes.

use std::fmt;

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The thing is not there.
    NotFound,
    /// It is there already, or was changed by someone else meanwhile.
    Conflict,
    /// A quota of the account is used up.
    Limit,
    /// Too many calls; retried until patience ran out.
    Throttled,
    /// The credentials lack a permission.
    Denied,
    /// There are no credentials, or they are expired or wrong.
    Credentials,
    /// AWS refuses the request as it is.
    Invalid,
    /// AWS could not be reached, or failed on its side.
    Unavailable,
    /// A fault of this program.
    Internal,
}

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Error {
    /// What kind of failure it is.
    pub class: Class,
    /// The service called.
    pub service: &'static str,
    /// The operation called.
    pub operation: &'static str,
    /// The IAM action that permits the operation.
    pub iam_action: String,
    /// AWS's error code.
    pub code: Option<String>,
    /// What AWS said.
    pub message: String,
    /// AWS's request id, for a support case.
    pub request_id: Option<String>,
}

impl Error {
    /// Reports a fault of this program in the handling of `subject`.
    pub fn internal(subject: &str, message: impl Into<String>) -> Self {
        Self {
            class: Class::Internal,
            service: "xrayctl",
            operation: "",
            iam_action: String::new(),
            code: None,
            message: format!("{subject}: {}", message.into()),
            request_id: None,
        }
    }

    /// Refuses to do something that AWS would do, or would do too late to
    /// mend; `message` says why.
    pub fn refused(operation: &'static str, message: impl Into<String>) -> Self {
        Self {
            class: Class::Conflict,
            service: "xrayctl",
            operation,
            iam_action: String::new(),
            code: None,
            message: message.into(),
            request_id: None,
        }
    }

    /// Tells whether the thing is not there.
    pub fn is_not_found(&self) -> bool {
        self.class == Class::NotFound
    }

    /// Tells whether AWS had too many calls of us.
    pub fn is_throttled(&self) -> bool {
        self.class == Class::Throttled
    }

    /// Says what to do, where something can be done.
    pub fn hint(&self) -> Option<String> {
        match self.class {
            // Not the caller lacks the permission, but the service on its behalf.
            Class::Denied if self.message.contains("does not have permission") => Some(
                "a resource policy of the service that it names must allow it".to_owned(),
            ),
            Class::Denied => Some(format!(
                "the credentials need the IAM action {}",
                self.missing_action()
            )),
            Class::Credentials if self.message.contains("scoped to a valid region") => Some(
                "the endpoint is of another region than the spec; check `region` in `[stack]`"
                    .to_owned(),
            ),
            Class::Credentials => Some(
                "set AWS_PROFILE or --profile, run `aws sso login`, or use --local for the embedded AWS"
                    .to_owned(),
            ),
            Class::Limit => Some(
                "delete what is not needed, or ask for a higher quota in the Service Quotas console"
                    .to_owned(),
            ),
            Class::Throttled => {
                Some("run it again; what is done stays done, or lower --parallelism".to_owned())
            }
            Class::Unavailable => Some(
                "check the network, the region and the endpoint (--endpoint-url, AWS_ENDPOINT_URL)"
                    .to_owned(),
            ),
            Class::Internal => {
                Some("this is a bug in xrayctl; please report it with the spec".to_owned())
            }
            Class::NotFound | Class::Conflict | Class::Invalid => None,
        }
    }

    /// The IAM action that AWS says is missing; where it does not say, the one
    /// of the operation.
    fn missing_action(&self) -> &str {
        self.message
            .split_once("not authorized to perform: ")
            .and_then(|(_, rest)| rest.split_whitespace().next())
            .filter(|action| action.contains(':'))
            .unwrap_or(&self.iam_action)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = match self.class {
            Class::Internal => return f.write_str(&self.message),
            Class::Conflict if self.service == "xrayctl" => return f.write_str(&self.message),
            Class::Unavailable if self.code.is_none() => {
                format!("{} {} got no answer", self.service, self.operation)
            }
            Class::Credentials => {
                format!("{} {}: no valid credentials", self.service, self.operation)
            }
            _ => format!("{} {}", self.service, self.operation),
        };
        f.write_str(&subject)?;
        if let Some(code) = &self.code {
            write!(f, ": {code}")?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        if let Some(id) = &self.request_id {
            write!(f, " (request id {id})")?;
        }
        Ok(())
    }
}

/// Counts what is gone already as done: for deletions.
///
/// # Errors
/// Any other failure.
pub fn gone_is_done<T>(result: Result<T, Error>) -> Result<(), Error> {
    match result {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}

/// Sorts an error reply. X-Ray answers most business failures, missing and
/// existing things among them, with `InvalidRequestException` and a text, so
/// the text decides there.
pub(super) fn classify(code: &str, message: &str, status: u16) -> Class {
    match code {
        "ThrottledException"
        | "ThrottlingException"
        | "Throttling"
        | "TooManyRequestsException" => Class::Throttled,
        "AccessDeniedException"
        | "AccessDenied"
        | "KMSAccessDeniedException"
        | "UnauthorizedOperation"
        | "NotAuthorizedException" => Class::Denied,
        "ExpiredToken"
        | "ExpiredTokenException"
        | "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "IncompleteSignature"
        | "AuthFailure" => Class::Credentials,
        "RuleLimitExceededException"
        | "LimitExceeded"
        | "LimitExceededFault"
        | "PolicyCountLimitExceededException"
        | "LimitExceededException"
        | "TooManyTagsException" => Class::Limit,
        "InvalidPolicyRevisionIdException"
        | "AlreadyExistsException"
        | "ResourceAlreadyExistsException"
        | "OperationAbortedException"
        | "EntityAlreadyExists"
        | "DeleteConflict"
        | "ConcurrentModification"
        | "EntityTemporarilyUnmodifiable"
        | "ResourceConflictException"
        | "ConflictException"
        | "PreconditionFailedException" => Class::Conflict,
        "ResourceNotFoundException"
        | "ResourceNotFound"
        | "DashboardNotFoundError"
        | "NotFoundException"
        | "NoSuchEntity" => Class::NotFound,
        "InvalidRequestException" => classify_invalid_request(message),
        // ECS answers nearly everything with `ClientException` and a text.
        "ClientException" if message.starts_with("Unable to describe task definition") => {
            Class::NotFound
        }
        _ if status == 429 => Class::Throttled,
        _ if status == 403 && message.contains("security token") => Class::Credentials,
        _ if status >= 500 => Class::Unavailable,
        _ => Class::Invalid,
    }
}

fn classify_invalid_request(message: &str) -> Class {
    if message.contains("does not exist") || message.starts_with("Group not found") {
        Class::NotFound
    } else if message.contains("already exists") {
        Class::Conflict
    } else if message.to_lowercase().contains("limit exceeded") {
        Class::Limit
    } else {
        Class::Invalid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_xray_replies_by_their_text() {
        let invalid = "InvalidRequestException";
        assert_eq!(
            classify(invalid, "Sampling rule does not exist", 400),
            Class::NotFound
        );
        assert_eq!(classify(invalid, "Group not found", 400), Class::NotFound);
        assert_eq!(
            classify(invalid, "Sampling rule already exists", 400),
            Class::Conflict
        );
        assert_eq!(
            classify(invalid, "Filter Expression is empty", 400),
            Class::Invalid
        );
    }

    /// CloudWatch's codes have two spellings: of its old protocol, which it
    /// still sends, and of its new one.
    #[test]
    fn sorts_cloudwatch_replies() {
        for code in ["ResourceNotFound", "DashboardNotFoundError"] {
            assert_eq!(classify(code, "", 404), Class::NotFound);
        }
        for code in ["LimitExceeded", "LimitExceededFault"] {
            assert_eq!(classify(code, "", 400), Class::Limit);
        }
        assert_eq!(classify("ValidationError", "", 400), Class::Invalid);
        assert_eq!(classify("Throttling", "", 400), Class::Throttled);
    }

    #[test]
    fn sorts_the_codes_of_iam() {
        for (code, class) in [
            ("NoSuchEntity", Class::NotFound),
            ("EntityAlreadyExists", Class::Conflict),
            ("DeleteConflict", Class::Conflict),
            ("ConcurrentModification", Class::Conflict),
            ("LimitExceeded", Class::Limit),
            ("MalformedPolicyDocument", Class::Invalid),
        ] {
            assert_eq!(classify(code, "", 400), class, "{code}");
        }
    }

    #[test]
    fn sorts_replies_of_lambda_and_api_gateway() {
        let in_progress = "The operation cannot be performed at this time. An update is in \
                           progress for resource: arn:aws:lambda:us-east-1:123456789012:function:f";
        for (code, status, class) in [
            ("ResourceConflictException", 409, Class::Conflict),
            ("PreconditionFailedException", 412, Class::Conflict),
            ("ConflictException", 409, Class::Conflict),
            ("NotFoundException", 404, Class::NotFound),
            ("TooManyRequestsException", 429, Class::Throttled),
            ("KMSAccessDeniedException", 502, Class::Denied),
            ("InvalidParameterValueException", 400, Class::Invalid),
        ] {
            assert_eq!(classify(code, in_progress, status), class, "{code}");
        }
    }

    #[test]
    fn sorts_ecs_replies_by_their_text() {
        let client = "ClientException";
        assert_eq!(
            classify(client, "Unable to describe task definition.", 400),
            Class::NotFound
        );
        assert_eq!(classify(client, "Role is not valid", 400), Class::Invalid);
    }

    #[test]
    fn names_the_action_that_aws_says_is_missing() {
        let mut error = Error::internal("", "");
        error.class = Class::Denied;
        error.iam_action = "xray:UpdateTraceSegmentDestination".to_owned();
        assert!(
            error
                .hint()
                .unwrap()
                .ends_with("xray:UpdateTraceSegmentDestination")
        );
        error.message =
            "User: x is not authorized to perform: logs:PutRetentionPolicy on resource: y"
                .to_owned();
        assert!(error.hint().unwrap().ends_with("logs:PutRetentionPolicy"));
    }
}
