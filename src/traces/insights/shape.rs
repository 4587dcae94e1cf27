//! Insights as X-Ray's API gives them.

use serde::Serialize;

use super::baseline::Counts;
use crate::traces::summary::ServiceId;

/// A rise of faults in a group.
///
/// Source: <https://docs.aws.amazon.com/xray/latest/api/API_Insight.html>
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Insight {
    /// Its id, the same whenever it is looked for.
    pub insight_id: String,
    /// The group's ARN.
    #[serde(rename = "GroupARN")]
    pub group_arn: String,
    /// The group's name.
    pub group_name: String,
    /// The service that is at fault.
    pub root_cause_service_id: ServiceId,
    /// Of what kind it is: `FAULT`, the only one that there is.
    pub categories: [Category; 1],
    /// Whether it is over.
    pub state: InsightState,
    /// When the first minute with too many faults began, in epoch seconds.
    pub start_time: f64,
    /// When the last minute with too many faults ended, in epoch seconds; absent
    /// while it is active.
    pub end_time: Option<f64>,
    /// What happened, in a sentence or two.
    pub summary: String,
    /// Requests of clients until the last minute with too many faults.
    pub client_request_impact_statistics: RequestImpactStatistics,
    /// Requests to the service that is at fault, of the same time.
    pub root_cause_service_request_impact_statistics: RequestImpactStatistics,
    /// Services with too many faults, those with the most first; at most
    /// [`MOST_TOP_SERVICES`].
    pub top_anomalous_services: Vec<AnomalousService>,
}

/// An insight in a list.
///
/// Source: <https://docs.aws.amazon.com/xray/latest/api/API_InsightSummary.html>
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct InsightSummary {
    /// The insight.
    #[serde(flatten)]
    pub insight: Insight,
    /// The end of the last minute that was looked at, or the time at which it
    /// was closed, in epoch seconds.
    pub last_update_time: f64,
}

/// How far an insight had come at some time.
///
/// Source: <https://docs.aws.amazon.com/xray/latest/api/API_InsightEvent.html>
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct InsightEvent {
    /// What happened, in a sentence or two.
    pub summary: String,
    /// When it was recorded, in epoch seconds.
    pub event_time: f64,
    /// Requests of clients so far.
    pub client_request_impact_statistics: RequestImpactStatistics,
    /// Requests to the service that is at fault so far.
    pub root_cause_service_request_impact_statistics: RequestImpactStatistics,
    /// Services with too many faults so far, as in [`Insight`].
    pub top_anomalous_services: Vec<AnomalousService>,
}

/// A service that faults of an insight went through.
///
/// Source: <https://docs.aws.amazon.com/xray/latest/api/API_InsightImpactGraphService.html>
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct InsightImpactGraphService {
    /// Its place in the list, by which edges name it.
    pub reference_id: usize,
    /// What it is.
    #[serde(rename = "Type")]
    pub kind: Option<String>,
    /// Its name.
    pub name: String,
    /// Its name.
    pub names: Vec<String>,
    /// The account that it is in, where that is another than one's own.
    pub account_id: Option<String>,
    /// Those that it calls.
    pub edges: Vec<InsightImpactGraphEdge>,
}

/// A call that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct InsightImpactGraphEdge {
    /// The service that is called.
    pub reference_id: usize,
}

/// A service with too many faults.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AnomalousService {
    /// The service.
    pub service_id: ServiceId,
}

/// How many requests there were, and how many were faults.
///
/// Source: <https://docs.aws.amazon.com/xray/latest/api/API_RequestImpactStatistics.html>
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestImpactStatistics {
    /// Faults.
    pub fault_count: u64,
    /// All that are no faults.
    pub ok_count: u64,
    /// All.
    pub total_count: u64,
}

/// Of what kind an insight is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Category {
    /// Faults rose.
    Fault,
}

/// Whether an insight is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum InsightState {
    /// It goes on.
    Active,
    /// It is over.
    Closed,
}

/// Services with too many faults that an insight names.
pub const MOST_TOP_SERVICES: usize = 5;

impl From<Counts> for RequestImpactStatistics {
    fn from(counts: Counts) -> Self {
        Self {
            fault_count: counts.faults,
            ok_count: counts.requests.saturating_sub(counts.faults),
            total_count: counts.requests,
        }
    }
}
