//! The requests of the X-Ray API with the constraints of its model.
//!
//! One table a request, in the order of the API reference, so that violations
//! are listed in that order.
//! Source: <https://docs.aws.amazon.com/xray/latest/api/API_Operations.html>,
//! API version 2016-04-12.

use super::shape::{Member, Pattern, Shape, Text};

const fn required(name: &'static str, shape: Shape) -> Member {
    Member {
        name,
        required: true,
        shape,
    }
}

const fn optional(name: &'static str, shape: Shape) -> Member {
    Member {
        name,
        required: false,
        shape,
    }
}

const fn text(min: usize, max: usize) -> Shape {
    Shape::Text(Text::sized(min, max))
}

const fn one_of(values: &'static [&'static str]) -> Shape {
    Shape::Text(Text {
        one_of: Some(values),
        ..Text::ANY
    })
}

const ANY_TEXT: Shape = Shape::Text(Text::ANY);
const ANY_DOUBLE: Shape = Shape::Double(None, None);
const ANY_INTEGER: Shape = Shape::Integer(None, None);

const TAG: Shape = Shape::Structure(&[
    required("Key", text(1, 128)),
    required("Value", text(0, 256)),
]);
const TAGS: Shape = Shape::List(&TAG, 200);
const TAG_KEY: Shape = text(1, 128);

const ATTRIBUTES: Shape = Shape::Map {
    key: Text::sized(1, 32),
    value: Text::sized(1, 32),
    max: 5,
};

const SAMPLING_RULE: Shape = Shape::Structure(&[
    optional("RuleName", text(1, 32)),
    optional("RuleARN", ANY_TEXT),
    required("ResourceARN", text(0, 500)),
    required("Priority", Shape::Integer(Some(1), Some(9999))),
    required("FixedRate", Shape::Double(Some(0.0), Some(1.0))),
    required("ReservoirSize", Shape::Integer(Some(0), None)),
    required("ServiceName", text(0, 64)),
    required("ServiceType", text(0, 64)),
    required("Host", text(0, 64)),
    required("HTTPMethod", text(0, 10)),
    required("URLPath", text(0, 128)),
    required("Version", Shape::Integer(Some(1), None)),
    optional("Attributes", ATTRIBUTES),
    optional(
        "SamplingRateBoost",
        Shape::Structure(&[
            required("MaxRate", Shape::Double(Some(0.0), Some(1.0))),
            required("CooldownWindowMinutes", Shape::Integer(Some(0), None)),
        ]),
    ),
]);

/// An update loses the bounds of priority, rate and reservoir, and the members
/// of the boost are not required: the service itself refuses what is wrong.
const SAMPLING_RULE_UPDATE: Shape = Shape::Structure(&[
    optional("RuleName", text(1, 32)),
    optional("RuleARN", ANY_TEXT),
    optional("ResourceARN", text(0, 500)),
    optional("Priority", ANY_INTEGER),
    optional("FixedRate", ANY_DOUBLE),
    optional("ReservoirSize", ANY_INTEGER),
    optional("Host", text(0, 64)),
    optional("ServiceName", text(0, 64)),
    optional("ServiceType", text(0, 64)),
    optional("HTTPMethod", text(0, 10)),
    optional("URLPath", text(0, 128)),
    optional("Attributes", ATTRIBUTES),
    optional(
        "SamplingRateBoost",
        Shape::Structure(&[
            optional("MaxRate", Shape::Double(Some(0.0), Some(1.0))),
            optional("CooldownWindowMinutes", Shape::Integer(Some(0), None)),
        ]),
    ),
]);

const INSIGHTS: Shape = Shape::Structure(&[
    optional("InsightsEnabled", Shape::Boolean),
    optional("NotificationsEnabled", Shape::Boolean),
]);

const POLICY_NAME: Shape = Shape::Text(Text {
    pattern: Some(Pattern {
        text: r"[\w+=,.@-]+",
        matches: is_policy_name,
    }),
    ..Text::sized(1, 128)
});

fn is_policy_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    !name.is_empty() && name.chars().all(allowed)
}

const GROUP_SELECTOR: [Member; 2] = [
    optional("GroupName", text(1, 32)),
    optional("GroupARN", text(1, 400)),
];

const FROM_ZERO: Shape = Shape::Integer(Some(0), None);

/// The model requires `SampledCount`, but AWS's own sampler for OpenTelemetry in
/// Python (`aws-opentelemetry-distro` 0.21.0) calls it `SampleCount`.
const STATISTICS_DOCUMENT: Shape = Shape::Structure(&[
    required("RuleName", text(1, 32)),
    required("ClientID", text(24, 24)),
    required("Timestamp", ANY_DOUBLE),
    required("RequestCount", FROM_ZERO),
    optional("SampledCount", FROM_ZERO),
    optional("SampleCount", FROM_ZERO),
    optional("BorrowCount", FROM_ZERO),
]);

const BOOST_STATISTICS_DOCUMENT: Shape = Shape::Structure(&[
    required("RuleName", text(1, 32)),
    required("ServiceName", text(0, 64)),
    required("Timestamp", ANY_DOUBLE),
    required("AnomalyCount", FROM_ZERO),
    required("TotalCount", FROM_ZERO),
    required("SampledAnomalyCount", FROM_ZERO),
]);

/// The model has no bound; the daemon keeps 30 records and sends ten at a time.
const MOST_TELEMETRY_RECORDS: usize = 1000;

/// The counts of telemetry are integers in the model, but AWS cuts fractions off.
const TELEMETRY_RECORD: Shape = Shape::Structure(&[
    required("Timestamp", ANY_DOUBLE),
    optional("SegmentsReceivedCount", ANY_DOUBLE),
    optional("SegmentsSentCount", ANY_DOUBLE),
    optional("SegmentsSpilloverCount", ANY_DOUBLE),
    optional("SegmentsRejectedCount", ANY_DOUBLE),
    optional(
        "BackendConnectionErrors",
        Shape::Structure(&[
            optional("TimeoutCount", ANY_DOUBLE),
            optional("ConnectionRefusedCount", ANY_DOUBLE),
            optional("HTTPCode4XXCount", ANY_DOUBLE),
            optional("HTTPCode5XXCount", ANY_DOUBLE),
            optional("UnknownHostCount", ANY_DOUBLE),
            optional("OtherCount", ANY_DOUBLE),
        ]),
    ),
]);

const TRACE_ID: Shape = text(1, 35);
/// The model has no bound where AWS has one of its own, which is lower.
const TRACE_IDS: Shape = Shape::List(&TRACE_ID, 100);
const RETRIEVAL_TOKEN: Shape = text(0, 1020);
const INSIGHT_TOKEN: Shape = text(1, 2000);

const INSIGHT_ID: Shape = Shape::Text(Text {
    pattern: Some(Pattern {
        text: "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-5][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}",
        matches: is_insight_id,
    }),
    ..Text::ANY
});

fn is_insight_id(id: &str) -> bool {
    let is_digit = |(at, letter): (usize, char)| match at {
        8 | 13 | 18 | 23 => letter == '-',
        14 => ('1'..='5').contains(&letter),
        19 => "89abAB".contains(letter),
        _ => letter.is_ascii_hexdigit(),
    };
    id.len() == 36 && id.chars().enumerate().all(is_digit)
}

const WINDOW: [Member; 2] = [
    required("StartTime", ANY_DOUBLE),
    required("EndTime", ANY_DOUBLE),
];

/// A request with no members.
pub const EMPTY: &[Member] = &[];
/// A request with a token of any length.
pub const ANY_TOKEN: &[Member] = &[optional("NextToken", ANY_TEXT)];
/// A request with a token of 1 to 100 characters.
pub const SHORT_TOKEN: &[Member] = &[optional("NextToken", text(1, 100))];
/// `CreateSamplingRule`
pub const CREATE_SAMPLING_RULE: &[Member] = &[
    required("SamplingRule", SAMPLING_RULE),
    optional("Tags", TAGS),
];
/// `UpdateSamplingRule`
pub const UPDATE_SAMPLING_RULE: &[Member] = &[required("SamplingRuleUpdate", SAMPLING_RULE_UPDATE)];
/// `DeleteSamplingRule`
pub const DELETE_SAMPLING_RULE: &[Member] = &[
    optional("RuleName", ANY_TEXT),
    optional("RuleARN", ANY_TEXT),
];
/// `CreateGroup`
pub const CREATE_GROUP: &[Member] = &[
    required("GroupName", text(1, 32)),
    optional("FilterExpression", ANY_TEXT),
    optional("InsightsConfiguration", INSIGHTS),
    optional("Tags", TAGS),
];
/// `UpdateGroup`
pub const UPDATE_GROUP: &[Member] = &[
    GROUP_SELECTOR[0],
    GROUP_SELECTOR[1],
    optional("FilterExpression", ANY_TEXT),
    optional("InsightsConfiguration", INSIGHTS),
];
/// `GetGroup` and `DeleteGroup`
pub const ONE_GROUP: &[Member] = &GROUP_SELECTOR;
/// `PutEncryptionConfig`
pub const PUT_ENCRYPTION_CONFIG: &[Member] = &[
    optional("KeyId", text(1, 3000)),
    required("Type", one_of(&["NONE", "KMS"])),
];
/// `PutResourcePolicy`
pub const PUT_RESOURCE_POLICY: &[Member] = &[
    required("PolicyName", POLICY_NAME),
    required("PolicyDocument", ANY_TEXT),
    optional("PolicyRevisionId", ANY_TEXT),
    optional("BypassPolicyLockoutCheck", Shape::Boolean),
];
/// `DeleteResourcePolicy`
pub const DELETE_RESOURCE_POLICY: &[Member] = &[
    required("PolicyName", POLICY_NAME),
    optional("PolicyRevisionId", ANY_TEXT),
];
/// `UpdateTraceSegmentDestination`
pub const UPDATE_DESTINATION: &[Member] =
    &[optional("Destination", one_of(&["XRay", "CloudWatchLogs"]))];
/// `UpdateIndexingRule`
pub const UPDATE_INDEXING_RULE: &[Member] = &[
    required("Name", ANY_TEXT),
    required(
        "Rule",
        Shape::Structure(&[optional(
            "Probabilistic",
            Shape::Structure(&[required("DesiredSamplingPercentage", ANY_DOUBLE)]),
        )]),
    ),
];
/// `TagResource`
pub const TAG_RESOURCE: &[Member] = &[
    required("ResourceARN", text(1, 1011)),
    required("Tags", TAGS),
];
/// `UntagResource`
pub const UNTAG_RESOURCE: &[Member] = &[
    required("ResourceARN", text(1, 1011)),
    required("TagKeys", Shape::List(&TAG_KEY, 200)),
];
/// `ListTagsForResource`
pub const LIST_TAGS: &[Member] = &[
    required("ResourceARN", text(1, 1011)),
    optional("NextToken", ANY_TEXT),
];
/// `GetSamplingTargets`
pub const GET_SAMPLING_TARGETS: &[Member] = &[
    required(
        "SamplingStatisticsDocuments",
        Shape::List(&STATISTICS_DOCUMENT, 25),
    ),
    optional(
        "SamplingBoostStatisticsDocuments",
        Shape::List(&BOOST_STATISTICS_DOCUMENT, 25),
    ),
];
/// `PutTelemetryRecords`
pub const PUT_TELEMETRY_RECORDS: &[Member] = &[
    required(
        "TelemetryRecords",
        Shape::List(&TELEMETRY_RECORD, MOST_TELEMETRY_RECORDS),
    ),
    optional("EC2InstanceId", text(0, 20)),
    optional("Hostname", text(0, 255)),
    optional("ResourceARN", text(0, 500)),
];
/// `BatchGetTraces` and `GetTraceGraph`
pub const TRACES: &[Member] = &[
    required("TraceIds", Shape::List(&TRACE_ID, usize::MAX)),
    optional("NextToken", ANY_TEXT),
];
/// `GetTraceSummaries`
pub const GET_TRACE_SUMMARIES: &[Member] = &[
    WINDOW[0],
    WINDOW[1],
    optional("TimeRangeType", one_of(&["TraceId", "Event", "Service"])),
    optional("Sampling", Shape::Boolean),
    optional(
        "SamplingStrategy",
        Shape::Structure(&[
            optional("Name", one_of(&["PartialScan", "FixedRate"])),
            optional("Value", ANY_DOUBLE),
        ]),
    ),
    optional("FilterExpression", ANY_TEXT),
    optional("NextToken", ANY_TEXT),
];
/// `GetServiceGraph`
pub const GET_SERVICE_GRAPH: &[Member] = &[
    WINDOW[0],
    WINDOW[1],
    GROUP_SELECTOR[0],
    GROUP_SELECTOR[1],
    optional("NextToken", ANY_TEXT),
];
/// `GetTimeSeriesServiceStatistics`
pub const GET_TIME_SERIES: &[Member] = &[
    WINDOW[0],
    WINDOW[1],
    GROUP_SELECTOR[0],
    GROUP_SELECTOR[1],
    optional("EntitySelectorExpression", text(1, 500)),
    optional("Period", ANY_INTEGER),
    optional("ForecastStatistics", Shape::Boolean),
    optional("NextToken", ANY_TEXT),
];
/// `StartTraceRetrieval`
pub const START_TRACE_RETRIEVAL: &[Member] =
    &[required("TraceIds", TRACE_IDS), WINDOW[0], WINDOW[1]];
/// `ListRetrievedTraces`
pub const LIST_RETRIEVED_TRACES: &[Member] = &[
    required("RetrievalToken", RETRIEVAL_TOKEN),
    optional("TraceFormat", one_of(&["XRAY", "OTEL"])),
    optional("NextToken", ANY_TEXT),
];
/// `GetRetrievedTracesGraph`
pub const GET_RETRIEVED_TRACES_GRAPH: &[Member] = &[
    required("RetrievalToken", RETRIEVAL_TOKEN),
    optional("NextToken", ANY_TEXT),
];
/// `CancelTraceRetrieval`
pub const CANCEL_TRACE_RETRIEVAL: &[Member] = &[required("RetrievalToken", RETRIEVAL_TOKEN)];
/// `GetInsight`
pub const GET_INSIGHT: &[Member] = &[required("InsightId", INSIGHT_ID)];
/// `GetInsightEvents`
pub const GET_INSIGHT_EVENTS: &[Member] = &[
    required("InsightId", INSIGHT_ID),
    optional("MaxResults", Shape::Integer(Some(1), Some(50))),
    optional("NextToken", INSIGHT_TOKEN),
];
/// `GetInsightImpactGraph`
pub const GET_INSIGHT_IMPACT_GRAPH: &[Member] = &[
    required("InsightId", INSIGHT_ID),
    WINDOW[0],
    WINDOW[1],
    optional("NextToken", INSIGHT_TOKEN),
];
const INSIGHT_STATE: Shape = one_of(&["ACTIVE", "CLOSED"]);
/// `GetInsightSummaries`
pub const GET_INSIGHT_SUMMARIES: &[Member] = &[
    optional("States", Shape::List(&INSIGHT_STATE, 1)),
    optional("GroupARN", text(1, 400)),
    optional("GroupName", text(1, 32)),
    WINDOW[0],
    WINDOW[1],
    optional("MaxResults", Shape::Integer(Some(1), Some(100))),
    optional("NextToken", INSIGHT_TOKEN),
];
