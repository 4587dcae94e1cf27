//! One call to AWS, and what its failure means.

use std::future::Future;
use std::time::Instant;

use aws_sdk_xray::config::http::HttpResponse;
use aws_sdk_xray::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_xray::operation::RequestId;
use tokio_util::task::AbortOnDropHandle;

use super::error::{Class, Error, classify};

/// An AWS service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    /// The prefix of its IAM actions.
    pub iam_prefix: &'static str,
    /// What people call it.
    pub title: &'static str,
}

/// AWS X-Ray.
pub const XRAY: Service = Service {
    iam_prefix: "xray",
    title: "X-Ray",
};
/// AWS Key Management Service.
pub const KMS: Service = Service {
    iam_prefix: "kms",
    title: "KMS",
};
/// Amazon CloudWatch Logs.
pub const LOGS: Service = Service {
    iam_prefix: "logs",
    title: "CloudWatch Logs",
};
/// AWS Identity and Access Management.
pub const IAM: Service = Service {
    iam_prefix: "iam",
    title: "IAM",
};
/// Amazon CloudWatch.
pub const CLOUDWATCH: Service = Service {
    iam_prefix: "cloudwatch",
    title: "CloudWatch",
};
/// Amazon Elastic Container Service.
pub const ECS: Service = Service {
    iam_prefix: "ecs",
    title: "ECS",
};
/// AWS Lambda.
pub const LAMBDA: Service = Service {
    iam_prefix: "lambda",
    title: "Lambda",
};
/// Amazon API Gateway. Its IAM actions are HTTP methods: `apigateway:GET`.
pub const API_GATEWAY: Service = Service {
    iam_prefix: "apigateway",
    title: "API Gateway",
};
/// AWS Security Token Service.
pub const STS: Service = Service {
    iam_prefix: "sts",
    title: "STS",
};

/// Awaits one SDK call and classifies its failure.
///
/// The call runs as a task of its own: many at a time are signed and sent by
/// all processors, and the first is on its way before the last is begun.
///
/// # Errors
/// What AWS, the network or the credentials chain said, told in one line.
pub async fn call<T, E>(
    service: Service,
    operation: &'static str,
    request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send + 'static,
) -> Result<T, Error>
where
    T: Send + 'static,
    E: ProvideErrorMetadata + std::error::Error + Send + 'static,
{
    let started = Instant::now();
    let result = AbortOnDropHandle::new(tokio::spawn(request))
        .await
        .map_err(|error| Error::internal(operation, error.to_string()))?;
    let elapsed = started.elapsed();
    match result {
        Ok(reply) => {
            tracing::debug!(service = service.title, operation, ?elapsed, "call");
            Ok(reply)
        }
        Err(error) => {
            let error = describe(service, operation, &error);
            tracing::debug!(service = service.title, operation, ?elapsed, %error, "call failed");
            Err(error)
        }
    }
}

fn describe<E>(
    service: Service,
    operation: &'static str,
    error: &SdkError<E, HttpResponse>,
) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let request_id = error.request_id().map(str::to_owned);
    let status = error.raw_response().map(|reply| reply.status().as_u16());
    // A reply without a code, as of a proxy, is told by its status.
    let code = error.code().map(str::to_owned);
    let code = code.or_else(|| status.map(|status| format!("HTTP {status}")));
    let (class, message) = match error {
        SdkError::ServiceError(_) => {
            let status = status.unwrap_or_default();
            let message = error.message().unwrap_or_default().to_owned();
            (
                classify(code.as_deref().unwrap_or_default(), &message, status),
                message,
            )
        }
        SdkError::ConstructionFailure(_) => construction_failure(error),
        SdkError::DispatchFailure(failure) if failure.is_user() || failure.is_other() => {
            construction_failure(error)
        }
        SdkError::DispatchFailure(_) | SdkError::TimeoutError(_) => {
            (Class::Unavailable, innermost(error))
        }
        _ => (Class::Unavailable, innermost(error)),
    };
    Error {
        class,
        service: service.title,
        operation,
        iam_action: iam_action(service, operation),
        code,
        message,
        request_id,
    }
}

/// The IAM action that permits `operation`: its own name, but for API Gateway,
/// whose actions are the HTTP methods.
fn iam_action(service: Service, operation: &str) -> String {
    let methods = [
        ("Get", "GET"),
        ("Create", "POST"),
        ("Update", "PATCH"),
        ("Delete", "DELETE"),
        ("TagResource", "PUT"),
        ("UntagResource", "DELETE"),
    ];
    let method = methods.iter().find(|(verb, _)| operation.starts_with(verb));
    let action = match method {
        Some((_, method)) if service == API_GATEWAY => method,
        _ => operation,
    };
    format!("{}:{action}", service.iam_prefix)
}

/// A request that could not be built or signed: in practice, for want of
/// credentials.
fn construction_failure<E>(error: &SdkError<E, HttpResponse>) -> (Class, String)
where
    E: std::error::Error + 'static,
{
    let text = DisplayErrorContext(error).to_string().to_lowercase();
    let class = if text.contains("credential") || text.contains("sso") || text.contains("token") {
        Class::Credentials
    } else {
        Class::Unavailable
    };
    // The SDK lists below its first line what each link of its chain said.
    let message = innermost(error);
    let first = message.lines().next().unwrap_or_default();
    let first = first.strip_suffix(". Attempted:").unwrap_or(first);
    (class, first.to_owned())
}

/// The last error of the chain: the one that says what happened.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_of_api_gateway_are_methods() {
        let action = |operation| iam_action(API_GATEWAY, operation);
        assert_eq!(action("GetStages"), "apigateway:GET");
        assert_eq!(action("UpdateStage"), "apigateway:PATCH");
        assert_eq!(action("TagResource"), "apigateway:PUT");
        assert_eq!(action("UntagResource"), "apigateway:DELETE");
        assert_eq!(iam_action(LAMBDA, "ListFunctions"), "lambda:ListFunctions");
    }
}
