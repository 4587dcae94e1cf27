//! Quotas for those who sample, and what they counted.
//!
//! The figures live in [`crate::sampling::service`]; they are in memory only.
//! Source: <https://docs.aws.amazon.com/xray/latest/api/API_GetSamplingTargets.html>,
//! <https://docs.aws.amazon.com/xray/latest/api/API_GetSamplingStatisticSummaries.html>.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::sampling::service::Service;
use crate::sampling::{Anomalies, Counts, Target};

use super::fault::Fault;
use super::sampling_rules::Rules;
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
    anomaly_count: u64,
    total_count: u64,
    sampled_anomaly_count: u64,
}

/// `GetSamplingTargets`: an answer for each report, in their order.
pub fn targets(state: &mut State, input: Input<'_>) -> Result<Value, Fault> {
    let request: TargetsRequest = typed(input.body)?;
    let State { rules, usage, .. } = state;
    usage.retain(|name| rules.terms(name).is_some());
    // Anomalies first, so that the boost that they begin is in the same answer.
    let boosts = request.sampling_boost_statistics_documents;
    let unknown_boosts = boosts.map(|boosts| observe(rules, usage, &boosts, input.now));
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
    if let Some(unknown) = unknown_boosts {
        answer["UnprocessedBoostStatistics"] = unknown.into();
    }
    Ok(answer)
}

/// Takes what clients saw of anomalies; gives what names no rule.
fn observe(rules: &Rules, usage: &mut Service, boosts: &[BoostStatistics], now: f64) -> Vec<Value> {
    let mut unknown = Vec::new();
    for boost in boosts {
        let Some(terms) = rules.terms(&boost.rule_name) else {
            unknown.push(unknown_rule(&boost.rule_name));
            continue;
        };
        let saw = Anomalies {
            traces: boost.total_count,
            anomalies: boost.anomaly_count,
            sampled: boost.sampled_anomaly_count,
        };
        usage.observe(&boost.rule_name, terms, saw, now);
    }
    unknown
}

fn view(rule: &str, target: Target) -> Value {
    json!({
        "RuleName": rule,
        "FixedRate": target.fixed_rate,
        "ReservoirQuota": target.quota.map(|quota| quota.per_second),
        "ReservoirQuotaTTL": target.quota.map(|quota| quota.expires_at),
        "Interval": target.quota.map(|quota| quota.interval),
        "SamplingBoost": target.boost.map(|boost| json!({
            "BoostRate": boost.rate,
            "BoostRateTTL": boost.expires_at,
        })),
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
