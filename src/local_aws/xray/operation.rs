//! The operations of the X-Ray API and the paths that name them.
//!
//! Source: <https://docs.aws.amazon.com/xray/latest/api/API_Operations.html>.

/// An operation that this release serves, by its AWS name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    CreateSamplingRule,
    UpdateSamplingRule,
    DeleteSamplingRule,
    GetSamplingRules,
    CreateGroup,
    UpdateGroup,
    DeleteGroup,
    GetGroup,
    GetGroups,
    GetEncryptionConfig,
    PutEncryptionConfig,
    PutResourcePolicy,
    ListResourcePolicies,
    DeleteResourcePolicy,
    GetTraceSegmentDestination,
    UpdateTraceSegmentDestination,
    GetIndexingRules,
    UpdateIndexingRule,
    TagResource,
    UntagResource,
    ListTagsForResource,
    GetSamplingTargets,
    GetSamplingStatisticSummaries,
    PutTelemetryRecords,
}

/// An operation that reads traces, by its AWS name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Query {
    BatchGetTraces,
    CancelTraceRetrieval,
    GetInsight,
    GetInsightEvents,
    GetInsightImpactGraph,
    GetInsightSummaries,
    GetRetrievedTracesGraph,
    GetServiceGraph,
    GetTimeSeriesServiceStatistics,
    GetTraceGraph,
    GetTraceSummaries,
    ListRetrievedTraces,
    StartTraceRetrieval,
}

/// What a path of the X-Ray API means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// An operation served here.
    Served(Operation),
    /// `PutTraceSegments`, which is apart: it brings documents in numbers, and
    /// changes nothing that is kept here.
    Segments,
    /// An operation that reads traces, and nothing that is kept here but groups.
    Query(Query),
}

/// Finds the operation of `path`; every operation is a `POST`.
pub fn route(method: &str, path: &str) -> Option<Route> {
    if method != "POST" {
        return None;
    }
    if path == SEGMENTS {
        return Some(Route::Segments);
    }
    let served = SERVED.iter().find(|(at, _)| *at == path);
    let query = QUERIES.iter().find(|(at, _)| *at == path);
    served
        .map(|(_, operation)| Route::Served(*operation))
        .or_else(|| query.map(|(_, query)| Route::Query(*query)))
}

impl Operation {
    /// Whether the operation changes nothing.
    pub fn is_read(self) -> bool {
        matches!(
            self,
            Self::GetSamplingRules
                | Self::GetGroup
                | Self::GetGroups
                | Self::GetEncryptionConfig
                | Self::ListResourcePolicies
                | Self::GetTraceSegmentDestination
                | Self::GetIndexingRules
                | Self::ListTagsForResource
        ) || self.is_of_data()
    }

    /// Whether the operation is one of what is traced, not of how: nothing that
    /// it does is kept on disk.
    pub fn is_of_data(self) -> bool {
        matches!(
            self,
            Self::GetSamplingTargets
                | Self::GetSamplingStatisticSummaries
                | Self::PutTelemetryRecords
        )
    }
}

const SEGMENTS: &str = "/TraceSegments";

const SERVED: &[(&str, Operation)] = &[
    ("/CreateSamplingRule", Operation::CreateSamplingRule),
    ("/UpdateSamplingRule", Operation::UpdateSamplingRule),
    ("/DeleteSamplingRule", Operation::DeleteSamplingRule),
    ("/GetSamplingRules", Operation::GetSamplingRules),
    ("/CreateGroup", Operation::CreateGroup),
    ("/UpdateGroup", Operation::UpdateGroup),
    ("/DeleteGroup", Operation::DeleteGroup),
    ("/GetGroup", Operation::GetGroup),
    ("/Groups", Operation::GetGroups),
    ("/EncryptionConfig", Operation::GetEncryptionConfig),
    ("/PutEncryptionConfig", Operation::PutEncryptionConfig),
    ("/PutResourcePolicy", Operation::PutResourcePolicy),
    ("/ListResourcePolicies", Operation::ListResourcePolicies),
    ("/DeleteResourcePolicy", Operation::DeleteResourcePolicy),
    (
        "/GetTraceSegmentDestination",
        Operation::GetTraceSegmentDestination,
    ),
    (
        "/UpdateTraceSegmentDestination",
        Operation::UpdateTraceSegmentDestination,
    ),
    ("/GetIndexingRules", Operation::GetIndexingRules),
    ("/UpdateIndexingRule", Operation::UpdateIndexingRule),
    ("/TagResource", Operation::TagResource),
    ("/UntagResource", Operation::UntagResource),
    ("/ListTagsForResource", Operation::ListTagsForResource),
    ("/SamplingTargets", Operation::GetSamplingTargets),
    (
        "/SamplingStatisticSummaries",
        Operation::GetSamplingStatisticSummaries,
    ),
    ("/TelemetryRecords", Operation::PutTelemetryRecords),
];

const QUERIES: &[(&str, Query)] = &[
    ("/Traces", Query::BatchGetTraces),
    ("/CancelTraceRetrieval", Query::CancelTraceRetrieval),
    ("/Insight", Query::GetInsight),
    ("/InsightEvents", Query::GetInsightEvents),
    ("/InsightImpactGraph", Query::GetInsightImpactGraph),
    ("/InsightSummaries", Query::GetInsightSummaries),
    ("/GetRetrievedTracesGraph", Query::GetRetrievedTracesGraph),
    ("/ServiceGraph", Query::GetServiceGraph),
    (
        "/TimeSeriesServiceStatistics",
        Query::GetTimeSeriesServiceStatistics,
    ),
    ("/TraceGraph", Query::GetTraceGraph),
    ("/TraceSummaries", Query::GetTraceSummaries),
    ("/ListRetrievedTraces", Query::ListRetrievedTraces),
    ("/StartTraceRetrieval", Query::StartTraceRetrieval),
];
