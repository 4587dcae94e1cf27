//! Where trace segments go: to X-Ray, or to CloudWatch Logs (Transaction Search).
//!
//! Sources: <https://docs.aws.amazon.com/xray/latest/api/API_UpdateTraceSegmentDestination.html>,
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Enable-TransactionSearch.html>.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::fault::Fault;
use super::log_permission::{Delivery, may_put_log_events};
use super::{Input, State, typed};

/// Log groups that X-Ray writes to, in the order in which it checks them.
const LOG_GROUPS: [&str; 2] = ["aws/spans", "/aws/application-signals/data"];

/// The setting and when it was last changed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Destination {
    destination: String,
    /// Epoch seconds; none for the setting that AWS ships.
    changed_at: Option<f64>,
}

impl Default for Destination {
    fn default() -> Self {
        Self {
            destination: "XRay".to_owned(),
            changed_at: None,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UpdateRequest {
    destination: Option<String>,
}

impl Destination {
    /// `PENDING` until the change has settled, `ACTIVE` from then on.
    fn view(&self, is_settled: bool) -> Value {
        let status = if is_settled { "ACTIVE" } else { "PENDING" };
        json!({ "Destination": self.destination, "Status": status })
    }
}

/// `GetTraceSegmentDestination`
#[expect(
    clippy::unnecessary_wraps,
    reason = "every operation has this signature"
)]
pub fn get(state: &mut State, input: Input<'_>) -> Result<Value, Fault> {
    Ok(state
        .destination
        .view(input.is_settled(state.destination.changed_at)))
}

/// `UpdateTraceSegmentDestination`: a change takes time, and no other is taken
/// meanwhile; the destination that already stands is answered as it is.
pub fn update(state: &mut State, input: Input<'_>) -> Result<Value, Fault> {
    let request: UpdateRequest = typed(input.body)?;
    let wanted = request
        .destination
        .ok_or_else(|| Fault::invalid_request("Destination is required"))?;
    if !input.is_settled(state.destination.changed_at) {
        return Err(Fault::invalid_request(
            "Updates are not allowed while the current status is PENDING",
        ));
    }
    if wanted == "CloudWatchLogs" {
        check_permission(state, input)?;
    }
    if wanted == state.destination.destination {
        return Ok(state
            .destination
            .view(input.is_settled(state.destination.changed_at)));
    }
    state.destination = Destination {
        destination: wanted,
        changed_at: Some(input.now),
    };
    Ok(state.destination.view(false))
}

fn check_permission(state: &State, input: Input<'_>) -> Result<(), Fault> {
    for group in LOG_GROUPS {
        let delivery = Delivery {
            account: &state.place.account,
            region: &state.place.region,
            group,
        };
        if !may_put_log_events(&input.peers.log_policies, &delivery) {
            return Err(Fault::access_denied(format!(
                "XRay does not have permission to call PutLogEvents on the {group} Log Group. \
                 Please verify that your CloudWatch Logs Resource Policies are configured correctly"
            )));
        }
    }
    Ok(())
}
