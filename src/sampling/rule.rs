//! Requests, and the first rule that one meets.

use super::{Criteria, Dialect};

/// What a sampler knows of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Request<'a> {
    /// The name of the service, as its segments have it.
    pub service_name: Option<&'a str>,
    /// Where the service runs, such as `AWS::ECS::Container`.
    pub service_type: Option<&'a str>,
    /// The host that was asked.
    pub host: Option<&'a str>,
    /// `GET`, `POST`, …
    pub http_method: Option<&'a str>,
    /// The path, with its query where the client keeps it.
    pub url_path: Option<&'a str>,
    /// What the service runs on.
    pub resource_arn: Option<&'a str>,
    /// Names and values.
    pub attributes: &'a [(&'a str, &'a str)],
}

impl<'a> Request<'a> {
    /// The fields in the order of [`FIELDS`](super::FIELDS).
    pub fn fields(&self) -> [Option<&'a str>; 6] {
        [
            self.service_name,
            self.service_type,
            self.host,
            self.http_method,
            self.url_path,
            self.resource_arn,
        ]
    }

    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&'a str> {
        let mut attributes = self.attributes.iter();
        let found = attributes.find(|(known, _)| *known == name);
        found.map(|(_, value)| *value)
    }
}

/// A sampling rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// Rules of a lower number come first.
    pub priority: i32,
    /// The fraction of requests that is sampled beyond the reservoir.
    pub fixed_rate: f64,
    /// Requests a second, of all clients together, that are sampled first.
    pub reservoir_size: u32,
    /// Which requests it is for.
    pub criteria: Criteria,
}

/// Puts rules in the order in which they are tried: by priority, then by name.
pub fn sort(rules: &mut [Rule]) {
    rules.sort_by(|one, other| {
        let by_name = || one.name.cmp(&other.name);
        one.priority.cmp(&other.priority).then_with(by_name)
    });
}

/// The place of the rule that decides on `request`, of rules in the order of
/// [`sort`]; the rules behind it have no say.
pub fn first_match(rules: &[Rule], request: &Request<'_>, dialect: Dialect) -> Option<usize> {
    rules
        .iter()
        .position(|rule| rule.criteria.matches(request, dialect))
}
