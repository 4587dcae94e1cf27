//! Sampling rules, the Default rule among them.
//!
//! Sources: <https://docs.aws.amazon.com/xray/latest/api/API_SamplingRule.html>,
//! <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-configuration.html>.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::sampling::BoostTerms;
use crate::sampling::service::Terms;

use super::fault::Fault;
use super::tags::{Tag, Tags, merged};
use super::{Input, Place, State, typed};

/// Most rules of one account and region, the Default rule not counted.
/// Source: <https://docs.aws.amazon.com/general/latest/gr/xray.html>.
const MOST_RULES: usize = 25;
const DEFAULT: &str = "Default";

/// All rules of one account and region.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rules {
    custom: BTreeMap<String, Record>,
    default: Record,
    /// When a rule was last deleted, epoch seconds.
    #[serde(default)]
    deleted_at: f64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    rule: Rule,
    created_at: f64,
    modified_at: f64,
    tags: Tags,
}

/// A rule as it stands on the wire.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Rule {
    #[serde(rename = "RuleName")]
    name: String,
    #[serde(rename = "RuleARN")]
    arn: String,
    #[serde(rename = "ResourceARN")]
    resource_arn: String,
    priority: i32,
    fixed_rate: f64,
    reservoir_size: i32,
    service_name: String,
    service_type: String,
    host: String,
    #[serde(rename = "HTTPMethod")]
    http_method: String,
    #[serde(rename = "URLPath")]
    url_path: String,
    version: i32,
    attributes: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sampling_rate_boost: Option<Boost>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Boost {
    max_rate: f64,
    cooldown_window_minutes: i32,
}

impl Boost {
    fn terms(&self) -> BoostTerms {
        BoostTerms {
            max_rate: self.max_rate,
            cooldown_minutes: u32::try_from(self.cooldown_window_minutes).unwrap_or(0),
        }
    }
}

/// A boost as a request has it; AWS fails where a member is missing.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BoostRequest {
    max_rate: Option<f64>,
    cooldown_window_minutes: Option<i32>,
}

impl BoostRequest {
    /// AWS answers an empty boost, and one without cooldown, with a failure of
    /// its own (500) instead of a message.
    fn checked(self) -> Result<Boost, Fault> {
        match (self.max_rate, self.cooldown_window_minutes) {
            (Some(max_rate), Some(minutes)) if minutes > 0 => Ok(Boost {
                max_rate,
                cooldown_window_minutes: minutes,
            }),
            _ => Err(Fault::internal()),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateRequest {
    sampling_rule: NewRule,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NewRule {
    rule_name: Option<String>,
    #[serde(rename = "RuleARN")]
    rule_arn: Option<String>,
    #[serde(rename = "ResourceARN")]
    resource_arn: String,
    priority: i32,
    fixed_rate: f64,
    reservoir_size: i32,
    service_name: String,
    service_type: String,
    host: String,
    #[serde(rename = "HTTPMethod")]
    http_method: String,
    #[serde(rename = "URLPath")]
    url_path: String,
    version: i32,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    sampling_rate_boost: Option<BoostRequest>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UpdateRequest {
    sampling_rule_update: Update,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Update {
    rule_name: Option<String>,
    #[serde(rename = "RuleARN")]
    rule_arn: Option<String>,
    #[serde(rename = "ResourceARN")]
    resource_arn: Option<String>,
    priority: Option<i32>,
    fixed_rate: Option<f64>,
    reservoir_size: Option<i32>,
    service_name: Option<String>,
    service_type: Option<String>,
    host: Option<String>,
    #[serde(rename = "HTTPMethod")]
    http_method: Option<String>,
    #[serde(rename = "URLPath")]
    url_path: Option<String>,
    attributes: Option<BTreeMap<String, String>>,
    sampling_rate_boost: Option<BoostRequest>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeleteRequest {
    rule_name: Option<String>,
    #[serde(rename = "RuleARN")]
    rule_arn: Option<String>,
}

impl Rules {
    /// The Default rule alone, with the values that AWS ships.
    pub fn factory(place: &Place) -> Self {
        let any = || "*".to_owned();
        let rule = Rule {
            name: DEFAULT.to_owned(),
            arn: place.arn("sampling-rule/Default"),
            resource_arn: any(),
            priority: 10_000,
            fixed_rate: 0.05,
            reservoir_size: 1,
            service_name: any(),
            service_type: any(),
            host: any(),
            http_method: any(),
            url_path: any(),
            version: 1,
            attributes: BTreeMap::new(),
            sampling_rate_boost: None,
        };
        Self {
            custom: BTreeMap::new(),
            default: Record {
                rule,
                created_at: 0.0,
                modified_at: 0.0,
                tags: Tags::new(),
            },
            deleted_at: 0.0,
        }
    }

    /// What the rule of this name says to clients.
    pub fn terms(&self, name: &str) -> Option<Terms> {
        let record = match name {
            DEFAULT => Some(&self.default),
            name => self.custom.get(name),
        };
        record.map(|record| Terms {
            fixed_rate: record.rule.fixed_rate,
            reservoir_size: u32::try_from(record.rule.reservoir_size).unwrap_or(0),
            boost: record.rule.sampling_rate_boost.as_ref().map(Boost::terms),
        })
    }

    /// Whether the rate of the rule of this name may be boosted.
    pub fn may_boost(&self, name: &str) -> bool {
        let record = self.custom.get(name);
        record.is_some_and(|record| record.rule.sampling_rate_boost.is_some())
    }

    /// When any rule was last made, changed or deleted, epoch seconds.
    pub fn last_modification(&self) -> f64 {
        let records = self.custom.values().chain([&self.default]);
        let times = records.map(|record| record.modified_at);
        times.fold(self.deleted_at, f64::max)
    }

    /// The tags of the rule with this ARN.
    pub fn tags_of(&mut self, arn: &str) -> Option<&mut Tags> {
        self.custom
            .values_mut()
            .chain([&mut self.default])
            .find(|record| record.rule.arn == arn)
            .map(|record| &mut record.tags)
    }

    fn find(&mut self, selector: &Selector) -> Result<&mut Record, Fault> {
        self.custom
            .values_mut()
            .chain([&mut self.default])
            .find(|record| match selector {
                Selector::Name(name) => record.rule.name == *name,
                Selector::Arn(arn) => record.rule.arn == *arn,
            })
            .ok_or_else(|| Fault::invalid_request("Sampling rule does not exist"))
    }
}

impl Record {
    fn view(&self) -> Result<Value, Fault> {
        let rule = serde_json::to_value(&self.rule).map_err(|_| Fault::internal())?;
        Ok(json!({
            "SamplingRule": rule,
            "CreatedAt": self.created_at,
            "ModifiedAt": self.modified_at,
        }))
    }

    fn is_default(&self) -> bool {
        self.rule.name == DEFAULT
    }
}

enum Selector {
    Name(String),
    Arn(String),
}

impl Selector {
    fn new(name: Option<String>, arn: Option<String>) -> Result<Self, Fault> {
        match (name, arn) {
            (Some(_), Some(_)) => Err(Fault::invalid_request(
                "Request cannot contain both sampling rule name and sampling rule ARN",
            )),
            (Some(name), None) => Ok(Self::Name(name)),
            (None, Some(arn)) => Ok(Self::Arn(arn)),
            (None, None) => Err(Fault::invalid_request(
                "Request must contain either sampling rule name or sampling rule ARN",
            )),
        }
    }

    /// The name that a new rule gets: of an ARN, its last component.
    fn into_name(self) -> String {
        match self {
            Self::Name(name) => name,
            Self::Arn(arn) => arn.rsplit(['/', ':']).next().unwrap_or_default().to_owned(),
        }
    }
}

/// `CreateSamplingRule`
pub fn create(state: &mut State, input: Input<'_>) -> Result<Value, Fault> {
    let request: CreateRequest = typed(input.body)?;
    let new = request.sampling_rule;
    let name = Selector::new(new.rule_name, new.rule_arn)?.into_name();
    if new.version != 1 {
        return Err(Fault::invalid_request("Sampling rule version must be 1"));
    }
    if name == DEFAULT || state.rules.custom.contains_key(&name) {
        return Err(Fault::invalid_request("Sampling rule already exists"));
    }
    let boost = new.sampling_rate_boost.map(BoostRequest::checked);
    let tags = merged(&Tags::new(), request.tags)?;
    if state.rules.custom.len() >= MOST_RULES {
        return Err(Fault::rule_limit(format!(
            "Cannot create more than {MOST_RULES} sampling rules"
        )));
    }
    let now = input.now.floor();
    let rule = Rule {
        arn: state.place.arn(&format!("sampling-rule/{name}")),
        name: name.clone(),
        resource_arn: new.resource_arn,
        priority: new.priority,
        fixed_rate: new.fixed_rate,
        reservoir_size: new.reservoir_size,
        service_name: new.service_name,
        service_type: new.service_type,
        host: new.host,
        http_method: new.http_method,
        url_path: new.url_path,
        version: new.version,
        attributes: new.attributes,
        sampling_rate_boost: boost.transpose()?,
    };
    let record = Record {
        rule,
        created_at: now,
        modified_at: now,
        tags,
    };
    let view = record.view()?;
    state.rules.custom.insert(name, record);
    Ok(json!({ "SamplingRuleRecord": view }))
}

/// `UpdateSamplingRule`: members left out are kept, but for the boost, which
/// goes when it is not sent again.
pub fn update(state: &mut State, input: Input<'_>) -> Result<Value, Fault> {
    let request: UpdateRequest = typed(input.body)?;
    let mut update = request.sampling_rule_update;
    let selector = Selector::new(update.rule_name.take(), update.rule_arn.take())?;
    let record = state.rules.find(&selector)?;
    if record.is_default() && !update.suits_default() {
        return Err(Fault::invalid_request(
            "Invalid update request for default sampling rule",
        ));
    }
    if !update.is_within_bounds() {
        return Err(Fault::invalid_request(
            "Invalid update request for sampling rule",
        ));
    }
    update.apply(&mut record.rule)?;
    record.modified_at = input.now.floor();
    Ok(json!({ "SamplingRuleRecord": record.view()? }))
}

impl Update {
    /// Only rate and reservoir of the Default rule may be sent.
    fn suits_default(&self) -> bool {
        self.resource_arn.is_none()
            && self.priority.is_none()
            && self.service_name.is_none()
            && self.service_type.is_none()
            && self.host.is_none()
            && self.http_method.is_none()
            && self.url_path.is_none()
            && self.attributes.is_none()
            && self.sampling_rate_boost.is_none()
            && self.is_within_bounds()
    }

    fn is_within_bounds(&self) -> bool {
        self.priority.is_none_or(|p| (1..=9999).contains(&p))
            && self.fixed_rate.is_none_or(|r| (0.0..=1.0).contains(&r))
            && self.reservoir_size.is_none_or(|s| s >= 0)
    }

    fn apply(self, rule: &mut Rule) -> Result<(), Fault> {
        let boost = self.sampling_rate_boost.map(BoostRequest::checked);
        rule.sampling_rate_boost = boost.transpose()?;
        replace(&mut rule.resource_arn, self.resource_arn);
        replace(&mut rule.priority, self.priority);
        replace(&mut rule.fixed_rate, self.fixed_rate);
        replace(&mut rule.reservoir_size, self.reservoir_size);
        replace(&mut rule.service_name, self.service_name);
        replace(&mut rule.service_type, self.service_type);
        replace(&mut rule.host, self.host);
        replace(&mut rule.http_method, self.http_method);
        replace(&mut rule.url_path, self.url_path);
        replace(&mut rule.attributes, self.attributes);
        Ok(())
    }
}

fn replace<T>(old: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *old = new;
    }
}

/// `DeleteSamplingRule`: answers with the rule as it was.
pub fn delete(state: &mut State, input: Input<'_>) -> Result<Value, Fault> {
    let request: DeleteRequest = typed(input.body)?;
    let selector = Selector::new(request.rule_name, request.rule_arn)?;
    let record = state.rules.find(&selector)?;
    if record.is_default() {
        return Err(Fault::invalid_request(
            "Default sampling rule cannot be deleted",
        ));
    }
    let view = record.view()?;
    let name = record.rule.name.clone();
    state.rules.custom.remove(&name);
    state.rules.deleted_at = input.now.floor();
    Ok(json!({ "SamplingRuleRecord": view }))
}

/// `GetSamplingRules`: by name, Default last; any token is passed over.
pub fn list(state: &mut State, _input: Input<'_>) -> Result<Value, Fault> {
    let rules = &state.rules;
    let records = rules.custom.values().chain([&rules.default]);
    let views = records.map(Record::view).collect::<Result<Vec<_>, _>>()?;
    Ok(json!({ "SamplingRuleRecords": views, "NextToken": null }))
}
