//! What a request asks for: times, groups, ids.

use super::super::xray::GroupView;
use super::super::xray::fault::Fault;
use super::Context;
use crate::filter::{self, Expression, GroupField};
use crate::segment::TraceId;
use crate::traces::{Filter, GroupFilter, Window};

/// Seconds of the longest span of time that can be asked for: as long as X-Ray
/// keeps traces.
const LONGEST: f64 = 30.0 * 24.0 * 3600.0;

/// The span of time of a request.
///
/// # Errors
/// Where it ends before it begins, or is longer than traces are kept.
pub(super) fn window(start: f64, end: f64) -> Result<Window, Fault> {
    if end < start {
        let message = "End time cannot be earlier than start time";
        return Err(Fault::invalid_request(message));
    }
    if end - start > LONGEST {
        let message = "Time range cannot be longer than 30 days";
        return Err(Fault::invalid_request(message));
    }
    Ok(Window { start, end })
}

/// The group that a request names or gives the ARN of; `None` where it does
/// neither.
///
/// # Errors
/// Where it does both, or there is no such group.
pub(super) fn group<'c>(
    context: &'c Context,
    name: Option<&str>,
    arn: Option<&str>,
) -> Result<Option<&'c GroupView>, Fault> {
    match (name, arn) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(Fault::invalid_request(
            "Request cannot contain both group name and group ARN",
        )),
        _ => {
            let mut groups = context.groups.iter();
            let found = groups.find(|group| Some(&*group.name) == name || Some(&*group.arn) == arn);
            let missing = || Fault::invalid_request("Group not found.");
            found.map(Some).ok_or_else(missing)
        }
    }
}

/// Which traces an expression means; all of them where there is none.
///
/// # Errors
/// Where it is none.
pub(super) fn filter(context: &Context, text: Option<&str>) -> Result<Option<Filter>, Fault> {
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
        return Ok(None);
    };
    let invalid = |error| Fault::invalid_request(format!("Invalid filter expression: {error}"));
    let expression = filter::parse(text).map_err(invalid)?;
    Ok(Some(context.ready(expression)))
}

impl GroupView {
    /// Whether its filter was another one in a part of a window of time.
    pub(super) fn is_refiltered(&self, window: Window) -> bool {
        self.refiltered_at.is_some_and(|at| window.start < at)
    }
}

impl Context {
    /// Makes an expression ready, with the groups that it names.
    fn ready(&self, expression: Expression) -> Filter {
        Filter::new(expression, &self.account, &|field, value| {
            let mut groups = self.groups.iter();
            let found = groups.find(|group| match field {
                GroupField::Name => group.name == value,
                GroupField::Arn => group.arn == value,
            })?;
            match &found.filter {
                None => Some(GroupFilter::Everything),
                Some(text) => filter::parse(text).ok().map(GroupFilter::Expression),
            }
        })
    }

    /// Which traces are in a group; all of them where it has no filter.
    pub(super) fn filter_of(&self, group: Option<&GroupView>) -> Result<Option<Filter>, Fault> {
        filter(self, group.and_then(|group| group.filter.as_deref()))
    }
}

/// A trace's id.
///
/// # Errors
/// Where the text is none.
pub(super) fn trace_id(text: &str) -> Result<TraceId, Fault> {
    let invalid =
        || Fault::invalid_request(format!("Invalid trace id {text}: incorrect id format"));
    TraceId::parse(text).ok_or_else(invalid)
}
