//! Where trace segments go, with the CloudWatch Logs policy that it takes.

use serde_json::json;

use crate::cloud::Cloud;
use crate::proxy::Proxy;

const LOGS: &str = "[stack]\nname = \"shop\"\nregion = \"us-east-1\"\n\n\
                    [trace_segment_destination]\ndestination = \"CloudWatchLogs\"\n";

#[test]
fn the_policy_comes_first_on_the_way_there_and_goes_last_on_the_way_back() {
    let cloud = Cloud::start();
    let proxy = Proxy::before(&cloud);
    let scenario = proxy.scenario(LOGS);
    scenario.apply();
    let there = ["PutResourcePolicy", "UpdateTraceSegmentDestination"];
    assert_eq!(proxy.take_mutations(), there);
    scenario.is_settled();
    proxy.take_calls();
    scenario.edit("CloudWatchLogs", "XRay");
    scenario.apply();
    let back = ["UpdateTraceSegmentDestination", "DeleteResourcePolicy"];
    assert_eq!(proxy.take_mutations(), back);
    scenario.is_settled();
}

#[test]
fn apply_waits_until_the_change_is_in_force() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(LOGS);
    scenario.apply();
    let destination = cloud.xray("/GetTraceSegmentDestination", &json!({}));
    let expected = json!({ "Destination": "CloudWatchLogs", "Status": "ACTIVE" });
    assert_eq!(destination, expected);
}

/// AWS takes no change while another is under way.
#[test]
fn a_change_under_way_is_waited_for() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(LOGS);
    scenario.apply();
    scenario.edit("CloudWatchLogs", "XRay");
    let back = json!({ "Destination": "XRay" });
    cloud.xray("/UpdateTraceSegmentDestination", &back);
    scenario.apply();
    scenario.is_settled();
    scenario.edit("\"XRay\"", "\"CloudWatchLogs\"");
    scenario.apply();
    scenario.is_settled();
}

#[test]
fn the_policy_of_another_team_is_left_alone() {
    let cloud = Cloud::start();
    let document = json!({ "Version": "2012-10-17", "Statement": [] }).to_string();
    let policy = json!({ "policyName": "theirs", "policyDocument": document });
    cloud.logs("PutResourcePolicy", &policy);
    let scenario = cloud.scenario(LOGS);
    scenario.apply();
    scenario.run("destroy --auto-approve").succeeds();
    let policies = cloud.logs("DescribeResourcePolicies", &json!({}));
    let names: Vec<_> = crate::cloud::rows(&policies["resourcePolicies"])
        .map(|policy| policy["policyName"].clone())
        .collect();
    assert_eq!(names, ["theirs"]);
}

#[test]
fn the_policy_under_another_name() {
    let cloud = Cloud::start();
    let scenario = cloud.scenario(&format!("{LOGS}logs_policy_name = \"spans\"\n"));
    scenario.apply();
    scenario.is_settled();
    let policies = cloud.logs("DescribeResourcePolicies", &json!({}));
    assert_eq!(policies["resourcePolicies"][0]["policyName"], "spans");
    scenario.run("destroy --auto-approve").succeeds();
    let policies = cloud.logs("DescribeResourcePolicies", &json!({}));
    assert_eq!(policies["resourcePolicies"], json!([]));
}
