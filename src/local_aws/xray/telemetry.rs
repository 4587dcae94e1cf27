//! What daemons say of themselves.
//!
//! AWS has no operation that reads it, and so nothing is kept.
//! Source: <https://docs.aws.amazon.com/xray/latest/api/API_PutTelemetryRecords.html>.

use serde_json::{Value, json};

use super::fault::Fault;
use super::{Input, State};

/// `PutTelemetryRecords`
pub fn put(_state: &mut State, input: Input<'_>) -> Result<Value, Fault> {
    let records = input.body["TelemetryRecords"].as_array();
    if records.is_none_or(Vec::is_empty) {
        return Err(Fault::invalid_request("Telemetry records can not be empty"));
    }
    Ok(json!({}))
}
