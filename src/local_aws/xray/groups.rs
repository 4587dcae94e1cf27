//! Groups, the Default group among them.
//!
//! Sources: <https://docs.aws.amazon.com/xray/latest/api/API_Group.html>,
//! <https://docs.aws.amazon.com/xray/latest/devguide/xray-console-groups.html>.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::fault::Fault;
use super::tags::{Tag, Tags, merged};
use super::{Input, Place, State, typed};

/// Most groups of one account and region, the Default group not counted.
/// Source: <https://docs.aws.amazon.com/general/latest/gr/xray.html>.
const MOST_GROUPS: usize = 25;
const DEFAULT: &str = "Default";
/// Characters of the id that ends a group's ARN.
const ID_LENGTH: usize = 52;

/// All groups of one account and region.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Groups {
    custom: BTreeMap<String, Record>,
    default: Record,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    group: Group,
    tags: Tags,
    /// When its filter was last changed after it was made, epoch seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refiltered_at: Option<f64>,
}

/// A group, as those see it who read traces.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupView {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Which traces are in it; `None`: all.
    pub filter: Option<String>,
    /// Whether insights are looked for in it.
    pub has_insights: bool,
    /// When its filter was last changed after it was made, epoch seconds.
    pub refiltered_at: Option<f64>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Group {
    #[serde(rename = "GroupName")]
    name: String,
    #[serde(rename = "GroupARN")]
    arn: String,
    filter_expression: Option<String>,
    insights_configuration: Insights,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Insights {
    insights_enabled: bool,
    notifications_enabled: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateRequest {
    group_name: String,
    filter_expression: Option<String>,
    #[serde(default)]
    insights_configuration: Insights,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UpdateRequest {
    group_name: Option<String>,
    #[serde(rename = "GroupARN")]
    group_arn: Option<String>,
    filter_expression: Option<String>,
    insights_configuration: Option<Insights>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OneRequest {
    group_name: Option<String>,
    #[serde(rename = "GroupARN")]
    group_arn: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListRequest {
    next_token: Option<String>,
}

impl Groups {
    /// The Default group alone: every trace, no filter, no insights.
    pub fn factory(place: &Place) -> Self {
        let group = Group {
            name: DEFAULT.to_owned(),
            arn: place.arn("group/Default"),
            filter_expression: None,
            insights_configuration: Insights::default(),
        };
        Self {
            custom: BTreeMap::new(),
            default: Record {
                group,
                tags: Tags::new(),
                refiltered_at: None,
            },
        }
    }

    /// All groups, the Default group first.
    pub fn views(&self) -> Vec<GroupView> {
        let records = [&self.default].into_iter().chain(self.custom.values());
        records
            .map(|record| GroupView {
                name: record.group.name.clone(),
                arn: record.group.arn.clone(),
                filter: record.group.filter_expression.clone(),
                has_insights: record.group.insights_configuration.insights_enabled,
                refiltered_at: record.refiltered_at,
            })
            .collect()
    }

    /// The tags of the group with this ARN.
    pub fn tags_of(&mut self, arn: &str) -> Option<&mut Tags> {
        self.custom
            .values_mut()
            .chain([&mut self.default])
            .find(|record| record.group.arn == arn)
            .map(|record| &mut record.tags)
    }

    /// The group of a request that names it or gives its ARN, never both.
    fn find(&mut self, name: Option<&str>, arn: Option<&str>) -> Result<&mut Record, Fault> {
        if name.is_some() && arn.is_some() {
            return Err(Fault::invalid_request(
                "Request cannot contain both group name and group ARN",
            ));
        }
        if name.is_none() && arn.is_none() {
            return Err(Fault::invalid_request(
                "Request must contain either group name or group ARN",
            ));
        }
        self.custom
            .values_mut()
            .chain([&mut self.default])
            .find(|record| {
                let group = &record.group;
                name == Some(group.name.as_str()) || arn == Some(group.arn.as_str())
            })
            .ok_or_else(|| Fault::invalid_request("Group not found"))
    }
}

impl Record {
    fn is_default(&self) -> bool {
        self.group.name == DEFAULT
    }

    fn view(&self) -> Result<Value, Fault> {
        serde_json::to_value(&self.group).map_err(|_| Fault::internal())
    }
}

fn checked_filter(filter: Option<String>, input: Input<'_>) -> Result<String, Fault> {
    let filter = filter.filter(|text| !text.trim().is_empty());
    let filter = filter.ok_or_else(|| Fault::invalid_request("Filter Expression is empty"))?;
    match (input.check_filter)(&filter) {
        Ok(()) => Ok(filter),
        Err(reason) => Err(Fault::invalid_request(format!(
            "Invalid filter expression: {reason}"
        ))),
    }
}

fn checked_insights(insights: Insights) -> Result<Insights, Fault> {
    if insights.notifications_enabled && !insights.insights_enabled {
        return Err(Fault::invalid_request(
            "Notifications cannot be enabled when insights are disabled",
        ));
    }
    Ok(insights)
}

/// `CreateGroup`
pub fn create(state: &mut State, input: Input<'_>) -> Result<Value, Fault> {
    let request: CreateRequest = typed(input.body)?;
    let name = request.group_name;
    let filter = checked_filter(request.filter_expression, input)?;
    let insights = checked_insights(request.insights_configuration)?;
    let tags = merged(&Tags::new(), request.tags)?;
    if name == DEFAULT || state.groups.custom.contains_key(&name) {
        return Err(Fault::invalid_request(format!("{name} already exists")));
    }
    if state.groups.custom.len() >= MOST_GROUPS {
        return Err(Fault::invalid_request(format!(
            "Cannot create more than {MOST_GROUPS} groups"
        )));
    }
    let id = (input.new_id)(ID_LENGTH).ok_or_else(Fault::internal)?;
    let group = Group {
        arn: state.place.arn(&format!("group/{name}/{id}")),
        name: name.clone(),
        filter_expression: Some(filter),
        insights_configuration: insights,
    };
    let record = Record {
        group,
        tags,
        refiltered_at: None,
    };
    let view = record.view()?;
    state.groups.custom.insert(name, record);
    Ok(json!({ "Group": view }))
}

/// `UpdateGroup`: a filter expression is needed even where insights alone
/// change, except for the Default group, which has none and takes none.
pub fn update(state: &mut State, input: Input<'_>) -> Result<Value, Fault> {
    let request: UpdateRequest = typed(input.body)?;
    let name = request.group_name.as_deref();
    let record = state.groups.find(name, request.group_arn.as_deref())?;
    let filter = if record.is_default() {
        if request.filter_expression.is_some() {
            return Err(Fault::invalid_request(
                "Filter expression of the Default group cannot be changed",
            ));
        }
        None
    } else {
        Some(checked_filter(request.filter_expression, input)?)
    };
    if let Some(insights) = request.insights_configuration {
        record.group.insights_configuration = checked_insights(insights)?;
    }
    if record.group.filter_expression != filter {
        record.refiltered_at = Some(input.now);
    }
    record.group.filter_expression = filter;
    Ok(json!({ "Group": record.view()? }))
}

/// `DeleteGroup`
pub fn delete(state: &mut State, input: Input<'_>) -> Result<Value, Fault> {
    let request: OneRequest = typed(input.body)?;
    let name = request.group_name.as_deref();
    let record = state.groups.find(name, request.group_arn.as_deref())?;
    if record.is_default() {
        return Err(Fault::invalid_request("Default group cannot be deleted"));
    }
    let name = record.group.name.clone();
    state.groups.custom.remove(&name);
    Ok(json!({}))
}

/// `GetGroup`
pub fn get(state: &mut State, input: Input<'_>) -> Result<Value, Fault> {
    let request: OneRequest = typed(input.body)?;
    let name = request.group_name.as_deref();
    let record = state.groups.find(name, request.group_arn.as_deref())?;
    Ok(json!({ "Group": record.view()? }))
}

/// `GetGroups`: Default first, then by name; AWS takes no token.
pub fn list(state: &mut State, input: Input<'_>) -> Result<Value, Fault> {
    let request: ListRequest = typed(input.body)?;
    if request.next_token.is_some() {
        return Err(Fault::invalid_request("Next Token not supported"));
    }
    let groups = &state.groups;
    let records = [&groups.default].into_iter().chain(groups.custom.values());
    let views = records.map(Record::view).collect::<Result<Vec<_>, _>>()?;
    Ok(json!({ "Groups": views, "NextToken": null }))
}
