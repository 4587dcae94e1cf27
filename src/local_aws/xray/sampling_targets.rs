//! Quotas for those who sample, and what they counted.
//!
//! The figures live in [`crate::sampling::service`]; they are in memory only. Boosts
//! of a sampling rate are never given, since how AWS estimates them is not
//! published; the statistics for them are checked and dropped.
//! Source: <https://docs.aws.amazon.com/xray/latest/api/API_GetSamplingTargets.html>,
//! <https://docs.aws.amazon.com/xray/latest/api/API_GetSamplingStatisticSummaries.html>.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::sampling::{Counts, Target};

use super::fault::Fault;
use super::{Input, State, typed};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TargetsRequest {
    sampling_statistics_documents: Vec<Statistics>,
    sampling_boost_statistics_documents: Option<Vec<BoostStatistics>>,
}

/// A report. AWS takes any time, and counts that contradict each other.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Statistics {
    rule_name: String,
    #[serde(rename = "ClientID")]
    client_id: String,
    request_count: u64,
    sampled_count: u64,
    #[serde(default)]
    borrow_count: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BoostStatistics {
    rule_name: String,
}

/// `GetSamplingTargets`: an answer for each report, in their order.
pub fn targets(state: &mut State, input: Input<'_>) -> Result<Value, Fault> {
    let request: TargetsRequest = typed(input.body)?;
    let State { rules, usage, .. } = state;
    usage.retain(|name| rules.terms(name).is_some());
    let mut targets = Vec::new();
    let mut unknown = Vec::new();
    for report in request.sampling_statistics_documents {
        let Some(terms) = rules.terms(&report.rule_name) else {
            unknown.push(unknown_rule(&report.rule_name));
            continue;
        };
        let counts = Counts {
            requests: report.request_count,
            sampled: report.sampled_count,
            borrowed: report.borrow_count,
        };
        let (rule, client) = (report.rule_name.as_str(), report.client_id.as_str());
        let target = usage.report(rule, terms, client, counts, input.now);
        targets.push(view(rule, target));
    }
    let mut answer = json!({
        "SamplingTargetDocuments": targets,
        "LastRuleModification": rules.last_modification(),
        "UnprocessedStatistics": unknown,
    });
    if let Some(boosts) = request.sampling_boost_statistics_documents {
        let boosts = boosts.iter().map(|boost| boost.rule_name.as_str());
        let unknown = boosts.filter(|name| rules.terms(name).is_none());
        answer["UnprocessedBoostStatistics"] = unknown.map(unknown_rule).collect();
    }
    Ok(answer)
}

fn view(rule: &str, target: Target) -> Value {
    json!({
        "RuleName": rule,
        "FixedRate": target.fixed_rate,
        "ReservoirQuota": target.quota.map(|quota| quota.per_second),
        "ReservoirQuotaTTL": target.quota.map(|quota| quota.expires_at),
        "Interval": target.quota.map(|quota| quota.interval),
        "SamplingBoost": null,
    })
}

fn unknown_rule(name: &str) -> Value {
    json!({ "RuleName": name, "ErrorCode": "400", "Message": "Unknown rule" })
}

/// `GetSamplingStatisticSummaries`: the last ten seconds of each rule that anyone
/// reported in; any token is passed over.
#[expect(clippy::unnecessary_wraps, reason = "a handler like the others")]
pub fn summaries(state: &mut State, input: Input<'_>) -> Result<Value, Fault> {
    let State { rules, usage, .. } = state;
    usage.retain(|name| rules.terms(name).is_some());
    let summaries = usage.summaries(input.now).into_iter().map(|summary| {
        json!({
            "RuleName": summary.rule,
            "Timestamp": summary.start,
            "RequestCount": summary.counts.requests,
            "BorrowCount": summary.counts.borrowed,
            "SampledCount": summary.counts.sampled,
        })
    });
    let summaries: Vec<Value> = summaries.collect();
    Ok(json!({ "SamplingStatisticSummaries": summaries, "NextToken": null }))
}
