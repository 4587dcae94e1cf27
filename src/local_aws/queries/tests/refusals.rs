use super::*;

#[tokio::test]
async fn what_aws_refuses_is_refused_in_its_words() {
    let asked = Asked::of([]);
    let ids = |ids: &[&str]| json!({ "TraceIds": ids });
    let six: Vec<String> = (0..6).map(trace_id).collect();
    let id = trace_id(1);
    let cases = [
        (
            Query::BatchGetTraces,
            json!({ "TraceIds": six }),
            "400 InvalidRequestException: Exceeding maximum query size: 5",
        ),
        (
            Query::BatchGetTraces,
            ids(&[&id, &id]),
            "400 InvalidRequestException: Containing duplicate trace ids",
        ),
        (
            Query::BatchGetTraces,
            ids(&["1-2"]),
            "400 InvalidRequestException: Invalid trace id 1-2: incorrect id format",
        ),
        (
            Query::BatchGetTraces,
            json!({ "TraceIds": [id], "NextToken": "x" }),
            "400 InvalidRequestException: NextToken is currently not supported",
        ),
        (
            Query::BatchGetTraces,
            json!({}),
            "400 ValidationException: 1 validation error detected: Value null at 'traceIds' failed to satisfy constraint: Member must not be null",
        ),
        (
            Query::GetTraceGraph,
            ids(&[]),
            "400 InvalidRequestException: Zero trace ids provided",
        ),
        (
            Query::GetTraceGraph,
            ids(&[&id, &id]),
            "400 InvalidRequestException: Currently only one trace Id is supported",
        ),
        (
            Query::GetTraceSummaries,
            json!({ "StartTime": 2, "EndTime": 1 }),
            "400 InvalidRequestException: End time cannot be earlier than start time",
        ),
        (
            Query::GetServiceGraph,
            json!({ "StartTime": 0, "EndTime": 31_536_000 }),
            "400 InvalidRequestException: Time range cannot be longer than 30 days",
        ),
        (
            Query::GetTraceSummaries,
            window(json!({ "NextToken": "abc" })),
            "400 InvalidRequestException: Invalid token abc",
        ),
        (
            Query::GetTraceSummaries,
            window(
                json!({ "Sampling": true, "SamplingStrategy": { "Name": "FixedRate", "Value": 0.5 } }),
            ),
            "400 InvalidRequestException: FixedRate sampling requires TimeRangeType Event",
        ),
        (
            Query::GetServiceGraph,
            window(json!({ "GroupName": "none" })),
            "400 InvalidRequestException: Group not found.",
        ),
        (
            Query::GetServiceGraph,
            window(json!({ "GroupName": "faults", "GroupARN": "arn" })),
            "400 InvalidRequestException: Request cannot contain both group name and group ARN",
        ),
        (
            Query::GetTimeSeriesServiceStatistics,
            window(json!({ "Period": 61 })),
            "400 InvalidRequestException: Period must be 60 or 300 seconds",
        ),
        (
            Query::GetInsightSummaries,
            window(json!({})),
            "400 InvalidRequestException: Request must contain either group name or group ARN",
        ),
        (
            Query::GetInsight,
            json!({ "InsightId": "01ba8140-5761-5eeb-b69d-2539b5c4fbbb" }),
            "400 InvalidRequestException: Insight not found",
        ),
        (
            Query::ListRetrievedTraces,
            json!({ "RetrievalToken": "none" }),
            "404 ResourceNotFoundException: Retrieval token not found",
        ),
    ];
    for (query, body, expected) in cases {
        assert_eq!(asked.refusal(query, body).await, expected, "{query:?}");
    }
}

#[tokio::test]
async fn an_expression_that_is_none_says_where() {
    let asked = Asked::of([]);
    let deep = format!("{}fault{}", "(".repeat(10_000), ")".repeat(10_000));
    for (text, part) in [
        ("responsetime => 5", "Invalid filter expression: "),
        (deep.as_str(), "Invalid filter expression: "),
    ] {
        let body = window(json!({ "FilterExpression": text }));
        let refusal = asked.refusal(Query::GetTraceSummaries, body).await;
        assert!(refusal.contains(part), "{refusal}");
    }
    let body = window(json!({ "EntitySelectorExpression": "service(" }));
    let query = Query::GetTimeSeriesServiceStatistics;
    let refusal = asked.refusal(query, body).await;
    assert!(refusal.contains("Invalid entity selector expression: "));
}
