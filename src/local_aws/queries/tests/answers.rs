use super::*;

fn ids(answer: &Value) -> Vec<&str> {
    let summaries = answer["TraceSummaries"].as_array().unwrap();
    summaries
        .iter()
        .map(|it| it["Id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn pages_give_each_trace_once_and_the_last_first() {
    // More than a page, and two that begin at the same moment.
    let mut documents: Vec<Value> = (0..999).map(document).collect();
    let mut twin = document(5);
    twin["trace_id"] = trace_id(5000).into();
    documents.push(twin);
    let asked = Asked::of(documents);
    let filter = json!({ "FilterExpression": "ok OR fault" });
    let all = asked.answer(Query::GetTraceSummaries, window(filter)).await;
    assert_eq!(ids(&all).len(), 1000);
    assert_eq!(all["NextToken"], Value::Null);
    assert_eq!(ids(&all)[0], trace_id(998));
    let mut sorted = ids(&all);
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), 1000);
    assert_eq!(all["TracesProcessedCount"], 1000);
}

#[tokio::test]
async fn groups_and_filters_choose_traces() {
    let asked = Asked::of((0..40).map(document));
    for (filter, count) in [
        ("fault", 10),
        ("!fault", 30),
        ("group.name = \"faults\"", 10),
        ("group.name = \"also-faults\" AND annotation.number > 20", 5),
        ("group.name = \"Default\"", 40),
        ("group.name = \"nobody\"", 0),
    ] {
        let body = window(json!({ "FilterExpression": filter }));
        let answer = asked.answer(Query::GetTraceSummaries, body).await;
        assert_eq!(ids(&answer).len(), count, "{filter}");
    }
    let body = window(json!({ "GroupName": "faults" }));
    let graph = asked.answer(Query::GetServiceGraph, body).await;
    let totals = |graph: &Value| {
        let services = graph["Services"].as_array().unwrap();
        let shop = services.iter().find(|it| it["Type"] != "client").unwrap();
        shop["SummaryStatistics"]["TotalCount"].as_u64()
    };
    assert_eq!(totals(&graph), Some(10));
    assert_eq!(graph["ContainsOldGroupVersions"], false);
    let graph = asked
        .answer(Query::GetServiceGraph, window(json!({})))
        .await;
    assert_eq!(totals(&graph), Some(40));
}

#[tokio::test]
async fn a_share_of_the_traces_is_always_the_same() {
    let documents = (0..400).map(|number| {
        let mut document = document(number);
        let id = u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        document["trace_id"] = format!("1-{BEGIN:08x}-{:024x}", id & ((1 << 96) - 1)).into();
        document
    });
    let asked = Asked::of(documents);
    let body = |rate: f64| {
        window(json!({
            "TimeRangeType": "Event", "Sampling": true,
            "SamplingStrategy": { "Name": "FixedRate", "Value": rate },
        }))
    };
    let half = asked.answer(Query::GetTraceSummaries, body(0.5)).await;
    let again = asked.answer(Query::GetTraceSummaries, body(0.5)).await;
    assert_eq!(ids(&half), ids(&again));
    assert!(
        (140..260).contains(&ids(&half).len()),
        "{}",
        ids(&half).len()
    );
    let none = asked.answer(Query::GetTraceSummaries, body(0.0)).await;
    assert!(ids(&none).is_empty());
    let all = asked.answer(Query::GetTraceSummaries, body(1.0)).await;
    assert_eq!(ids(&all).len(), 400);
}

#[tokio::test]
async fn a_retrieval_gives_its_traces_until_it_is_cancelled() {
    let asked = Asked::of((0..12).map(document));
    let ids: Vec<String> = (0..13).map(trace_id).collect();
    let body = window(json!({ "TraceIds": ids }));
    let started = asked.answer(Query::StartTraceRetrieval, body).await;
    let token = &started["RetrievalToken"];
    for format in ["XRAY", "OTEL"] {
        let (mut next, mut sizes) = (Value::Null, Vec::new());
        loop {
            let body = json!({
                "RetrievalToken": token, "TraceFormat": format, "NextToken": next,
            });
            let page = asked.answer(Query::ListRetrievedTraces, body).await;
            assert_eq!(page["RetrievalStatus"], "COMPLETE");
            assert_eq!(page["TraceFormat"], format);
            sizes.push(page["Traces"].as_array().unwrap().len());
            next = page["NextToken"].clone();
            if next.is_null() {
                break;
            }
        }
        assert_eq!(sizes, [5, 5, 2], "{format}");
    }
    let one = json!({ "RetrievalToken": token });
    let graph = asked
        .answer(Query::GetRetrievedTracesGraph, one.clone())
        .await;
    assert_eq!(graph["Services"].as_array().unwrap().len(), 2);
    asked.answer(Query::CancelTraceRetrieval, one.clone()).await;
    let listed = asked.answer(Query::ListRetrievedTraces, one).await;
    assert_eq!(listed["RetrievalStatus"], "CANCELLED");
    assert_eq!(listed["Traces"], json!([]));
}

#[tokio::test]
async fn a_retrieval_ends_after_an_hour() {
    let mut asked = Asked::of([document(0)]);
    let body = window(json!({ "TraceIds": [trace_id(0)] }));
    let started = asked.answer(Query::StartTraceRetrieval, body).await;
    let one = json!({ "RetrievalToken": started["RetrievalToken"] });
    asked.now += 3601.0;
    let refusal = asked.refusal(Query::ListRetrievedTraces, one).await;
    assert!(refusal.starts_with("404 ResourceNotFoundException"));
}

#[tokio::test]
async fn unknown_traces_are_told_apart_from_known_ones() {
    let asked = Asked::of([document(1)]);
    let body = json!({ "TraceIds": [trace_id(1), trace_id(2)] });
    let answer = asked.answer(Query::BatchGetTraces, body).await;
    assert_eq!(answer["Traces"][0]["Id"], trace_id(1));
    assert_eq!(answer["UnprocessedTraceIds"], json!([trace_id(2)]));
    let body = json!({ "TraceIds": [trace_id(2)] });
    let graph = asked.answer(Query::GetTraceGraph, body).await;
    assert_eq!(graph["Services"], json!([]));
}
