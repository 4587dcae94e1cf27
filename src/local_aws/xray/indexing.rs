//! The indexing rule of Transaction Search: one rule, `Default`.
//!
//! Source: <https://docs.aws.amazon.com/xray/latest/api/API_UpdateIndexingRule.html>.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::fault::Fault;
use super::{Input, State, typed};

/// The rule, with the share of spans that is indexed in percent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Indexing {
    percentage: f64,
    modified_at: f64,
}

impl Default for Indexing {
    /// The one percent that AWS indexes free of charge.
    fn default() -> Self {
        Self {
            percentage: 1.0,
            modified_at: 0.0,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UpdateRequest {
    name: String,
    rule: RuleValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RuleValue {
    probabilistic: Option<Probabilistic>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Probabilistic {
    desired_sampling_percentage: f64,
}

impl Indexing {
    fn view(&self) -> Value {
        json!({
            "Name": "Default",
            "ModifiedAt": self.modified_at,
            "Rule": {
                "Probabilistic": {
                    "DesiredSamplingPercentage": self.percentage,
                    "ActualSamplingPercentage": self.percentage,
                }
            },
        })
    }
}

/// `GetIndexingRules`; any token is passed over.
#[expect(
    clippy::unnecessary_wraps,
    reason = "every operation has this signature"
)]
pub fn list(state: &mut State, _input: Input<'_>) -> Result<Value, Fault> {
    Ok(json!({ "IndexingRules": [state.indexing.view()], "NextToken": null }))
}

/// `UpdateIndexingRule`
pub fn update(state: &mut State, input: Input<'_>) -> Result<Value, Fault> {
    let request: UpdateRequest = typed(input.body)?;
    let name = request.name;
    if name != "Default" {
        return Err(Fault::not_found(
            format!("Indexing rule {name} not found"),
            &name,
        ));
    }
    let percentage = request
        .rule
        .probabilistic
        .map(|rule| rule.desired_sampling_percentage)
        .ok_or_else(|| Fault::invalid_request("Indexing rule must be probabilistic"))?;
    if !(0.0..=100.0).contains(&percentage) {
        return Err(Fault::invalid_request(
            "DesiredSamplingPercentage must be between 0 and 100",
        ));
    }
    state.indexing = Indexing {
        percentage,
        modified_at: input.now.floor(),
    };
    Ok(json!({ "IndexingRule": state.indexing.view() }))
}
