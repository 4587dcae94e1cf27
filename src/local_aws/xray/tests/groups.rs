use serde_json::json;

use super::Plane;

const CREATE: &str = "/CreateGroup";
const UPDATE: &str = "/UpdateGroup";
const DELETE: &str = "/DeleteGroup";
const GET: &str = "/GetGroup";
const LIST: &str = "/Groups";
const FILTER: &str = "  fault = true ";

fn arn(name: &str) -> String {
    let id = "X".repeat(52);
    format!("arn:aws:xray:eu-west-1:123456789012:group/{name}/{id}")
}

#[test]
fn the_default_group_is_as_aws_ships_it() {
    let expected = json!({
        "Groups": [{
            "GroupName": "Default",
            "GroupARN": "arn:aws:xray:eu-west-1:123456789012:group/Default",
            "FilterExpression": null,
            "InsightsConfiguration": { "InsightsEnabled": false, "NotificationsEnabled": false },
        }],
        "NextToken": null,
    });
    assert_eq!(Plane::new().ok(LIST, json!({})), expected);
}

#[test]
fn a_group_keeps_its_filter_letter_by_letter_and_fills_in_insights() {
    let mut plane = Plane::new();
    let created = plane.ok(
        CREATE,
        json!({ "GroupName": "b", "FilterExpression": FILTER }),
    );
    let expected = json!({
        "Group": {
            "GroupName": "b", "GroupARN": arn("b"), "FilterExpression": FILTER,
            "InsightsConfiguration": { "InsightsEnabled": false, "NotificationsEnabled": false },
        }
    });
    assert_eq!(created, expected);
    assert_eq!(plane.ok(GET, json!({ "GroupName": "b" })), expected);
    assert_eq!(plane.ok(GET, json!({ "GroupARN": arn("b") })), expected);
    let insights = json!({ "InsightsEnabled": true });
    plane.ok(
        CREATE,
        json!({ "GroupName": "a", "FilterExpression": "x", "InsightsConfiguration": insights }),
    );
    let groups = plane.ok(LIST, json!({}));
    assert_eq!(groups["Groups"][0]["GroupName"], "Default");
    assert_eq!(groups["Groups"][1]["GroupName"], "a");
    let insights = &groups["Groups"][1]["InsightsConfiguration"];
    assert_eq!(
        *insights,
        json!({ "InsightsEnabled": true, "NotificationsEnabled": false })
    );
}

#[test]
fn creation_is_refused_in_awss_words() {
    let mut plane = Plane::new();
    plane.ok(CREATE, json!({ "GroupName": "a", "FilterExpression": "x" }));
    let empty = "Filter Expression is empty";
    for (body, text) in [
        (
            json!({ "GroupName": "a", "FilterExpression": "x" }),
            "a already exists",
        ),
        (
            json!({ "GroupName": "Default", "FilterExpression": "x" }),
            "Default already exists",
        ),
        (json!({ "GroupName": "b" }), empty),
        (json!({ "GroupName": "b", "FilterExpression": null }), empty),
        (
            json!({ "GroupName": "b", "FilterExpression": " \t" }),
            empty,
        ),
        (
            json!({ "GroupName": "b", "FilterExpression": "bad" }),
            "Invalid filter expression: unknown keyword `bad`",
        ),
    ] {
        plane.refused(CREATE, body, text);
    }
    let notify = json!({ "NotificationsEnabled": true });
    let body =
        json!({ "GroupName": "b", "FilterExpression": "x", "InsightsConfiguration": notify });
    assert_eq!(plane.err(CREATE, body).1, "InvalidRequestException");
    let name = "x".repeat(33);
    let rule = "Member must have length less than or equal to 32";
    plane.invalid(
        CREATE,
        json!({ "GroupName": name }),
        &[&format!(
            "Value '{name}' at 'groupName' failed to satisfy constraint: {rule}"
        )],
    );
}

#[test]
fn an_update_needs_the_filter_whatever_it_changes() {
    let mut plane = Plane::new();
    plane.ok(CREATE, json!({ "GroupName": "a", "FilterExpression": "x" }));
    let insights = json!({ "InsightsEnabled": true, "NotificationsEnabled": true });
    let body = json!({ "GroupName": "a", "InsightsConfiguration": insights });
    plane.refused(UPDATE, body, "Filter Expression is empty");
    let body = json!({
        "GroupARN": arn("a"), "FilterExpression": "x", "InsightsConfiguration": insights
    });
    let updated = plane.ok(UPDATE, body);
    assert_eq!(updated["Group"]["InsightsConfiguration"], insights);
    let updated = plane.ok(UPDATE, json!({ "GroupName": "a", "FilterExpression": "y" }));
    assert_eq!(updated["Group"]["FilterExpression"], "y");
    assert_eq!(updated["Group"]["InsightsConfiguration"], insights);
    assert_eq!(updated["Group"]["GroupARN"], json!(arn("a")));
}

#[test]
fn groups_that_are_not_there_are_invalid_requests() {
    let mut plane = Plane::new();
    plane.ok(CREATE, json!({ "GroupName": "a", "FilterExpression": "x" }));
    for path in [GET, DELETE, UPDATE] {
        plane.refused(path, json!({ "GroupName": "A" }), "Group not found");
        let without_id = "arn:aws:xray:eu-west-1:123456789012:group/a";
        plane.refused(path, json!({ "GroupARN": without_id }), "Group not found");
        let both = json!({ "GroupName": "a", "GroupARN": arn("a") });
        assert_eq!(plane.err(path, both).1, "InvalidRequestException");
        assert_eq!(plane.err(path, json!({})).1, "InvalidRequestException");
    }
    assert_eq!(plane.ok(DELETE, json!({ "GroupName": "a" })), json!({}));
    plane.refused(DELETE, json!({ "GroupName": "a" }), "Group not found");
}

#[test]
fn the_default_group_takes_insights_and_nothing_else() {
    let mut plane = Plane::new();
    let insights = json!({ "InsightsEnabled": true, "NotificationsEnabled": false });
    let body = json!({ "GroupName": "Default", "InsightsConfiguration": insights });
    assert_eq!(
        plane.ok(UPDATE, body)["Group"]["InsightsConfiguration"],
        insights
    );
    let body = json!({ "GroupName": "Default", "FilterExpression": "x" });
    assert_eq!(plane.err(UPDATE, body).1, "InvalidRequestException");
    let body = json!({ "GroupName": "Default" });
    assert_eq!(plane.err(DELETE, body).1, "InvalidRequestException");
}

#[test]
fn twenty_five_groups_are_the_most() {
    let mut plane = Plane::new();
    for number in 0..25 {
        let name = format!("g{number}");
        plane.ok(
            CREATE,
            json!({ "GroupName": name, "FilterExpression": "x" }),
        );
    }
    let body = json!({ "GroupName": "g25", "FilterExpression": "x" });
    assert_eq!(plane.err(CREATE, body).1, "InvalidRequestException");
}

#[test]
fn lists_take_no_token() {
    let mut plane = Plane::new();
    plane.refused(
        LIST,
        json!({ "NextToken": "x" }),
        "Next Token not supported",
    );
    let rule = "Member must have length greater than or equal to 1";
    plane.invalid(
        LIST,
        json!({ "NextToken": "" }),
        &[&format!(
            "Value '' at 'nextToken' failed to satisfy constraint: {rule}"
        )],
    );
}
