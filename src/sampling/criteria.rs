//! What a request must be like for a sampling rule to decide on it.

use std::collections::BTreeMap;

use super::dialect::Unknown;
use super::{Dialect, Pattern, Request};

/// The fields of a request that a rule has a pattern for.
pub const FIELDS: [&str; 6] = [
    "service_name",
    "service_type",
    "host",
    "http_method",
    "url_path",
    "resource_arn",
];

/// Those of them that differ from request to request to one service.
const OF_REQUEST: [&str; 2] = ["http_method", "url_path"];

/// The patterns of one rule, all of which a request must match.
#[derive(Clone, Debug)]
pub struct Criteria {
    /// As they are written, in the order of [`FIELDS`].
    texts: [String; 6],
    patterns: [Pattern; 6],
    attributes: BTreeMap<String, Attribute>,
}

/// What an attribute must be like.
#[derive(Clone, Debug)]
struct Attribute {
    text: String,
    pattern: Pattern,
}

/// A field of a request that is not what a rule asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch<'a> {
    /// One of [`FIELDS`], or `attributes.` and a name.
    pub field: String,
    /// What it would have to match.
    pub pattern: &'a str,
    /// What the sampler takes it for; `None` where it knows nothing of it.
    pub value: Option<&'a str>,
}

/// Why X-Ray's SDKs never look at a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassedOver {
    /// Its `resource_arn` is not `*`.
    ResourceArn,
    /// It has attributes.
    Attributes,
    /// Its `service_type` is empty.
    ServiceType,
}

/// What a sampler has to compare with a pattern.
enum Seen<'a> {
    /// Whatever the pattern says is met.
    Anything,
    /// A text.
    Text(&'a str),
    /// Nothing, which `*` alone is met by.
    Nothing,
}

impl Criteria {
    /// Makes criteria of the patterns that `pattern` returns by field, and of
    /// attributes by name.
    pub fn new(pattern: impl Fn(&str) -> String, attributes: &BTreeMap<String, String>) -> Self {
        let texts = FIELDS.map(pattern);
        Self {
            patterns: texts.each_ref().map(|text| Pattern::new(text)),
            texts,
            attributes: attributes
                .iter()
                .map(|(name, text)| {
                    let (text, pattern) = (text.clone(), Pattern::new(text));
                    (name.clone(), Attribute { text, pattern })
                })
                .collect(),
        }
    }

    /// Tells whether X-Ray's SDKs pass the rule over.
    pub fn is_skipped_by_sdks(&self) -> bool {
        self.passed_over().is_some()
    }

    /// Tells why X-Ray's SDKs pass the rule over, where they do: they know
    /// neither ARN nor attributes of a request, and take a rule without service
    /// type for broken. (That for Go alone takes the last.)
    pub fn passed_over(&self) -> Option<PassedOver> {
        if self.text("resource_arn") != "*" {
            Some(PassedOver::ResourceArn)
        } else if self.has_attributes() {
            Some(PassedOver::Attributes)
        } else if self.text("service_type").is_empty() {
            Some(PassedOver::ServiceType)
        } else {
            None
        }
    }

    /// Tells whether a request must carry attributes.
    pub fn has_attributes(&self) -> bool {
        !self.attributes.is_empty()
    }

    /// Returns the pattern of `field` as it is written; `*` for one that there
    /// is not.
    pub fn text(&self, field: &str) -> &str {
        let index = FIELDS.iter().position(|known| *known == field);
        index.map_or("*", |index| &self.texts[index])
    }

    /// Returns the pattern of `field`; `None` for one that there is not.
    pub fn pattern(&self, field: &str) -> Option<&Pattern> {
        let index = FIELDS.iter().position(|known| *known == field)?;
        Some(&self.patterns[index])
    }

    /// Tells whether `request` meets them all, as clients of `dialect` see it.
    pub fn matches(&self, request: &Request<'_>, dialect: Dialect) -> bool {
        if dialect.is_sdk() && self.is_skipped_by_sdks() {
            return false;
        }
        let mut fields = self.fields(request);
        fields.all(|(field, pattern, value)| {
            let seen = seen(field, value, dialect);
            is_met(pattern, self.text(field), &seen, dialect)
        }) && self.attributes.iter().all(|(name, attribute)| {
            let value = request.attribute(name);
            value.is_some_and(|value| attribute.pattern.matches_with(value, dialect.case()))
        })
    }

    /// Lists what keeps `request` from meeting them, as clients of `dialect` see
    /// it; whether they look at the rule at all is left aside.
    pub fn mismatches<'a>(&'a self, request: &Request<'a>, dialect: Dialect) -> Vec<Mismatch<'a>> {
        let mut found = Vec::new();
        for (field, pattern, value) in self.fields(request) {
            let seen = seen(field, value, dialect);
            if is_met(pattern, self.text(field), &seen, dialect) {
                continue;
            }
            found.push(Mismatch {
                field: field.to_owned(),
                pattern: self.text(field),
                value: match seen {
                    Seen::Text(text) => Some(text),
                    Seen::Anything | Seen::Nothing => None,
                },
            });
        }
        for (name, attribute) in &self.attributes {
            let value = request.attribute(name);
            let is_met = |value| attribute.pattern.matches_with(value, dialect.case());
            if !value.is_some_and(is_met) {
                found.push(Mismatch {
                    field: format!("attributes.{name}"),
                    pattern: &attribute.text,
                    value,
                });
            }
        }
        found
    }

    /// Every field with its pattern and what a request has there.
    fn fields<'a>(
        &self,
        request: &Request<'a>,
    ) -> impl Iterator<Item = (&'static str, &Pattern, Option<&'a str>)> {
        let values = FIELDS.into_iter().zip(request.fields());
        let fields = self.patterns.iter().zip(values);
        fields.map(|(pattern, (field, value))| (field, pattern, value))
    }

    /// Tells whether every request that meets `other` meets these as well,
    /// whoever samples it.
    pub fn covers(&self, other: &Self) -> bool {
        let mut fields = self.patterns.iter().zip(&other.patterns);
        // Who passes this rule over must pass the other one over as well.
        (!self.is_skipped_by_sdks() || other.is_skipped_by_sdks())
            && fields.all(|(wide, narrow)| wide.covers(narrow))
            && self.covers_attributes(other)
    }

    fn covers_attributes(&self, other: &Self) -> bool {
        self.attributes.iter().all(|(name, wide)| {
            let narrow = other.attributes.get(name);
            narrow.is_some_and(|narrow| wide.pattern.covers(&narrow.pattern))
        })
    }

    /// Tells whether these are for some of the requests to a service, and
    /// `other` is for more or all of them, whichever the services are.
    pub fn picks_requests_from(&self, other: &Self) -> bool {
        let covers = |wide: &Self, narrow: &Self| {
            let mut fields = OF_REQUEST.iter().map(|field| {
                wide.pattern(field)
                    .zip(narrow.pattern(field))
                    .is_none_or(|(wide, narrow)| wide.covers(narrow))
            });
            fields.all(|is_covered| is_covered) && wide.covers_attributes(narrow)
        };
        covers(other, self) && !covers(self, other)
    }

    /// Tells whether some request meets both.
    pub fn meets(&self, other: &Self) -> bool {
        let mut fields = self.patterns.iter().zip(&other.patterns);
        fields.all(|(one, other)| one.meets(other))
            && self.attributes.iter().all(|(name, one)| {
                let other = other.attributes.get(name);
                other.is_none_or(|other| one.pattern.meets(&other.pattern))
            })
    }

    /// Says which requests meet both, field by field; empty where all do. Of
    /// two patterns of a field the narrower one is named, and both where
    /// neither is.
    pub fn shared(&self, other: &Self) -> Vec<(&'static str, Vec<String>)> {
        let mut shared = Vec::new();
        for (index, field) in FIELDS.into_iter().enumerate() {
            let (one, two) = (&self.patterns[index], &other.patterns[index]);
            let texts = if one.covers(two) {
                vec![other.texts[index].clone()]
            } else if two.covers(one) {
                vec![self.texts[index].clone()]
            } else {
                vec![self.texts[index].clone(), other.texts[index].clone()]
            };
            let is_any = one.is_any() && two.is_any();
            if !is_any {
                shared.push((field, texts));
            }
        }
        shared
    }
}

/// What a sampler compares of a field that a request has, or has not.
fn seen<'a>(field: &str, value: Option<&'a str>, dialect: Dialect) -> Seen<'a> {
    match (value, dialect.unknown(field)) {
        // To these an empty text is one that is not known.
        (None | Some(""), Unknown::Passes) => Seen::Anything,
        (Some(value), _) => Seen::Text(value),
        (None, Unknown::Is(text)) => Seen::Text(text),
        (None, Unknown::Fails) => Seen::Nothing,
    }
}

/// Tells whether what is seen meets a pattern, which is also given as it is
/// written: where nothing is seen, `**` is not met, though it says the same as `*`.
fn is_met(pattern: &Pattern, written: &str, seen: &Seen<'_>, dialect: Dialect) -> bool {
    match seen {
        Seen::Anything => true,
        Seen::Text(text) => pattern.matches_with(text, dialect.case()),
        Seen::Nothing => written == "*",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn criteria(fields: &[(&str, &str)], attributes: &[(&str, &str)]) -> Criteria {
        let fields: BTreeMap<&str, &str> = fields.iter().copied().collect();
        let attributes = attributes
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect();
        Criteria::new(
            |field| fields.get(field).copied().unwrap_or("*").to_owned(),
            &attributes,
        )
    }

    #[test]
    fn cover_field_by_field() {
        let all = criteria(&[], &[]);
        let api = criteria(&[("url_path", "/api/*")], &[]);
        let post = criteria(&[("url_path", "/api/pay"), ("http_method", "POST")], &[]);
        assert!(all.covers(&api) && api.covers(&post));
        assert!(!post.covers(&api) && !api.covers(&all));
    }

    #[test]
    fn attributes_narrow_a_rule() {
        let all = criteria(&[], &[]);
        let gold = criteria(&[], &[("tier", "gold")]);
        let tier = criteria(&[], &[("tier", "*")]);
        assert!(all.covers(&gold) && tier.covers(&gold));
        assert!(!gold.covers(&all) && !gold.covers(&tier));
        let silver = criteria(&[], &[("tier", "silver")]);
        assert!(!gold.meets(&silver) && gold.meets(&tier));
        // A request may have both.
        assert!(gold.meets(&criteria(&[], &[("team", "core")])));
    }

    #[test]
    fn a_rule_that_sdks_pass_over_covers_none_that_they_take() {
        let arn = criteria(&[("resource_arn", "**")], &[]);
        assert!(arn.is_skipped_by_sdks());
        assert!(!arn.covers(&criteria(&[], &[])));
        assert!(arn.covers(&criteria(&[("resource_arn", "arn:aws:ecs:*")], &[])));
    }

    #[test]
    fn mismatches_are_what_keeps_a_request_out() {
        let one = criteria(
            &[("host", "a.example"), ("url_path", "/api/*")],
            &[("tier", "gold")],
        );
        let request = Request {
            url_path: Some("/health"),
            ..Request::default()
        };
        let found = |dialect| {
            let found = one.mismatches(&request, dialect).into_iter();
            let found = found.map(|it| (it.field, it.pattern.to_owned(), it.value));
            found.collect::<Vec<_>>()
        };
        let path = ("url_path".to_owned(), "/api/*".to_owned(), Some("/health"));
        let tier = ("attributes.tier".to_owned(), "gold".to_owned(), None);
        assert_eq!(found(Dialect::Sdk), [path.clone(), tier.clone()]);
        let host = |value| ("host".to_owned(), "a.example".to_owned(), value);
        assert_eq!(
            found(Dialect::JavaSdk),
            [host(Some("")), path.clone(), tier.clone()]
        );
        assert_eq!(found(Dialect::OpenTelemetryJava), [host(None), path, tier]);
        let stars = criteria(&[("host", "**")], &[]);
        assert!(!stars.matches(&request, Dialect::OpenTelemetryJs));
        assert!(stars.matches(&request, Dialect::JavaSdk));
    }

    #[test]
    fn some_requests_are_picked_from_all() {
        let health = criteria(&[("url_path", "/health*")], &[]);
        let service = criteria(&[("service_name", "api")], &[]);
        let gold = criteria(&[("service_name", "api")], &[("tier", "gold")]);
        assert!(health.picks_requests_from(&service));
        assert!(!service.picks_requests_from(&health));
        assert!(!service.picks_requests_from(&service));
        assert!(gold.picks_requests_from(&service));
        assert!(!gold.picks_requests_from(&health));
    }

    #[test]
    fn tells_which_requests_meet_both() {
        let service = criteria(&[("service_name", "pmp-api"), ("host", "a*")], &[]);
        let path = criteria(&[("url_path", "/api/stripe*"), ("host", "*b")], &[]);
        assert!(service.meets(&path));
        let shared = service.shared(&path);
        let texts = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        assert_eq!(
            shared,
            [
                ("service_name", texts(&["pmp-api"])),
                ("host", texts(&["a*", "*b"])),
                ("url_path", texts(&["/api/stripe*"])),
            ]
        );
    }
}
