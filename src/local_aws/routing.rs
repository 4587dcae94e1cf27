//! Which service and region a request is for.

use http::{HeaderMap, Request, header};

/// The addressee of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Name of the service in signatures; none where the request does not say.
    pub service: Option<String>,
    /// Region, as the request writes it; none where it does not say.
    pub region: Option<String>,
}

/// Reads service and region from the signature's credential scope,
/// `AKID/20261121/eu-west-1/xray/aws4_request`. The signature itself is not
/// checked: there are no secrets here.
pub fn address<B>(request: &Request<B>) -> Address {
    let scope = credential(request.headers()).unwrap_or_default();
    let mut parts = scope.split('/').skip(2);
    let mut next = || parts.next().filter(|part| !part.is_empty());
    let region = next().map(str::to_owned);
    let service = next().map(str::to_owned);
    Address { service, region }
}

fn credential(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (_, rest) = text.split_once("Credential=")?;
    rest.split([',', ' ']).next()
}

/// Whether `name` can be a region. Regions name folders, so nothing but lower
/// case letters, digits and hyphens gets through.
pub fn is_region(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=32).contains(&name.len()) && name.bytes().all(allowed)
}

/// The operation that an AWS JSON request names, as (prefix, operation).
pub fn target(headers: &HeaderMap) -> Option<(&str, &str)> {
    headers.get("x-amz-target")?.to_str().ok()?.rsplit_once('.')
}

/// The access key that signed a request.
pub fn access_key(headers: &HeaderMap) -> Option<&str> {
    credential(headers)?.split('/').next()
}
