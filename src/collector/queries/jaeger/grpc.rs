//! Version 3 over gRPC: `jaeger.api_v3.QueryService`.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt};
use http::{Request, Response};
use http_body_util::Limited;
use hyper::body::Incoming;
use prost::Message;
use tonic::codec::CompressionEncoding;
use tonic::{Code, Status};

use super::super::links::Graph;
use super::super::trace::read;
use super::super::{Failure, Queries};
use super::messages::{
    DependenciesResponse, Dependency, FindTraceSummariesResponse, FindTracesRequest,
    GetDependenciesRequest, GetOperationsRequest, GetOperationsResponse, GetServicesResponse,
    GetTraceRequest, Operation, ServiceSummary, Timestamp, TraceQueryParameters, TraceSummary,
};
use super::summary::{self, Summary};
use super::trace_id;
use super::v3::by_kind;
use super::v3_parameters::{DEPTH, MOST_DEPTH};
use super::wanted::Wanted;
use crate::collector::Handler;
use crate::collector::receivers::grpc::{RawCodec, no_method};
use crate::guard;

/// Bytes of a question at most.
const MOST_QUESTION: usize = 64 << 10;
/// How long a question and its answer may take.
const TIMEOUT: Duration = Duration::from_mins(1);

type Body = tonic::body::Body;
/// What a method answers: a message, or several one after another.
type Messages = Result<Vec<Bytes>, Status>;

/// Answers over gRPC.
pub struct Grpc {
    queries: Arc<Queries>,
    is_loopback: bool,
}

impl Grpc {
    /// Answers from what `queries` read, on a loopback address or on another.
    pub fn new(queries: Arc<Queries>, is_loopback: bool) -> Self {
        Self {
            queries,
            is_loopback,
        }
    }
}

#[derive(Clone, Copy)]
enum Name {
    GetServices,
    GetOperations,
    GetDependencies,
    GetTrace,
    FindTraces,
    FindTraceSummaries,
}

impl Name {
    fn of(path: &str) -> Option<Self> {
        Some(match path.strip_prefix("/jaeger.api_v3.QueryService/")? {
            "GetServices" => Self::GetServices,
            "GetOperations" => Self::GetOperations,
            "GetDependencies" => Self::GetDependencies,
            "GetTrace" => Self::GetTrace,
            "FindTraces" => Self::FindTraces,
            "FindTraceSummaries" => Self::FindTraceSummaries,
            _ => return None,
        })
    }

    fn is_streaming(self) -> bool {
        matches!(
            self,
            Self::GetTrace | Self::FindTraces | Self::FindTraceSummaries
        )
    }
}

impl Handler for Grpc {
    type Body = Body;

    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let refusal = if self.is_loopback {
            guard::refusal(request.uri(), request.headers())
        } else {
            guard::refusal_of_origin(request.headers())
        };
        if let Some(reason) = refusal {
            return Status::permission_denied(reason).into_http();
        }
        let Some(name) = Name::of(request.uri().path()) else {
            return no_method(&request);
        };
        let method = Method {
            queries: Arc::clone(&self.queries),
            name,
        };
        // What is packed may unpack to more: the library bounds that.
        let request = request.map(|body| Limited::new(body, MOST_QUESTION));
        let mut grpc = tonic::server::Grpc::new(RawCodec)
            .accept_compressed(CompressionEncoding::Gzip)
            .accept_compressed(CompressionEncoding::Zstd)
            .send_compressed(CompressionEncoding::Gzip)
            .max_decoding_message_size(MOST_QUESTION);
        let answer = async {
            if name.is_streaming() {
                grpc.server_streaming(Several(method), request).await
            } else {
                grpc.unary(method, request).await
            }
        };
        match tokio::time::timeout(TIMEOUT, answer).await {
            Ok(answer) => answer,
            Err(_) => Status::deadline_exceeded("the answer took too long").into_http(),
        }
    }
}

#[derive(Clone)]
struct Method {
    queries: Arc<Queries>,
    name: Name,
}

impl Method {
    async fn messages(self, request: Bytes) -> Messages {
        let queries = &self.queries;
        match self.name {
            Name::GetServices => services(queries).await,
            Name::GetOperations => operations(queries, read_as(&request)?).await,
            Name::GetDependencies => dependencies(queries, read_as(&request)?).await,
            Name::GetTrace => trace(queries, read_as(&request)?).await,
            Name::FindTraces => traces(queries, read_as(&request)?).await,
            Name::FindTraceSummaries => summaries(queries, read_as(&request)?).await,
        }
    }
}

impl tower_service::Service<tonic::Request<Bytes>> for Method {
    type Response = tonic::Response<Bytes>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Self::Response, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        let messages = self.clone().messages(request.into_inner());
        Box::pin(async move {
            let first = messages.await?.into_iter().next();
            Ok(tonic::Response::new(first.unwrap_or_default()))
        })
    }
}

/// A method that answers with several messages.
struct Several(Method);

impl tower_service::Service<tonic::Request<Bytes>> for Several {
    type Response = tonic::Response<BoxStream<'static, Result<Bytes, Status>>>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Self::Response, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        let messages = self.0.clone().messages(request.into_inner());
        Box::pin(async move {
            let messages = messages.await?.into_iter().map(Ok);
            Ok(tonic::Response::new(stream::iter(messages).boxed()))
        })
    }
}

fn read_as<M: Message + Default>(message: &[u8]) -> Result<M, Status> {
    M::decode(message).map_err(|error| Status::invalid_argument(error.to_string()))
}

fn one(message: &impl Message) -> Messages {
    Ok(vec![message.encode_to_vec().into()])
}

fn failed(failure: &Failure) -> Status {
    let code = match failure {
        Failure::TooLarge => Code::ResourceExhausted,
        Failure::Store(_) | Failure::Ended => Code::Internal,
    };
    Status::new(code, failure.to_string())
}

async fn services(queries: &Queries) -> Messages {
    let services = queries.read(|reader| Ok(reader.services()?)).await;
    let services = services.map_err(|failure| failed(&failure))?;
    one(&GetServicesResponse { services })
}

async fn operations(queries: &Queries, asked: GetOperationsRequest) -> Messages {
    let GetOperationsRequest { service, span_kind } = asked;
    let found = queries
        .read(move |reader| Ok(reader.operation_kinds(&service)?))
        .await;
    let found = found.map_err(|failure| failed(&failure))?;
    let kind = Some(span_kind.as_str()).filter(|kind| !kind.is_empty());
    let operations = by_kind(found, kind)
        .into_iter()
        .map(|(name, kind)| Operation {
            name,
            span_kind: kind.to_owned(),
        });
    one(&GetOperationsResponse {
        operations: operations.collect(),
    })
}

async fn dependencies(queries: &Queries, asked: GetDependenciesRequest) -> Messages {
    let required = |time: Option<Timestamp>, name: &str| {
        time.map(|time| time.nanos())
            .ok_or_else(|| Status::invalid_argument(format!("{name} is required")))
    };
    let from = required(asked.start_time, "start_time")?;
    let to = required(asked.end_time, "end_time")?;
    if to <= from {
        let why = "end_time must be after start_time";
        return Err(Status::invalid_argument(why));
    }
    let links = queries
        .read(move |reader| Ok(Graph::read(reader, (from, to))?.by_parents()))
        .await;
    let links = links.map_err(|failure| failed(&failure))?;
    let dependencies = links
        .into_iter()
        .map(|((parent, child), count)| Dependency {
            parent,
            child,
            call_count: count.calls,
        });
    one(&DependenciesResponse {
        dependencies: dependencies.collect(),
    })
}

async fn trace(queries: &Queries, asked: GetTraceRequest) -> Messages {
    let id = trace_id(&asked.trace_id).map_err(Status::invalid_argument)?;
    let found = queries.read(move |reader| read(reader, id)).await;
    let found = found.map_err(|failure| failed(&failure))?;
    let trace = found.ok_or_else(|| Status::not_found("trace not found"))?;
    let trace = if asked.raw_traces {
        trace
    } else {
        trace.distinct()
    };
    Ok(vec![trace.request()])
}

async fn traces(queries: &Queries, asked: FindTracesRequest) -> Messages {
    let found = wanted(asked)?.find(queries).await;
    let found = found.map_err(|failure| failed(&failure))?;
    Ok(found.traces.iter().map(|trace| trace.request()).collect())
}

async fn summaries(queries: &Queries, asked: FindTracesRequest) -> Messages {
    let found = wanted(asked)?.find(queries).await;
    let found = found.map_err(|failure| failed(&failure))?;
    let summaries = found.traces.iter().map(|trace| message(summary::of(trace)));
    one(&FindTraceSummariesResponse {
        summaries: summaries.collect(),
    })
}

fn message(summary: Summary) -> TraceSummary {
    let (root_service_name, root_operation_name) = summary.root.unwrap_or_default();
    let services = summary.services.into_iter();
    TraceSummary {
        trace_id: summary.trace_id,
        root_service_name,
        root_operation_name,
        min_start_time_unix_nano: summary.start,
        max_end_time_unix_nano: summary.end,
        span_count: summary.spans,
        error_span_count: summary.errors,
        orphan_span_count: summary.orphans,
        services: services
            .map(|(name, (span_count, error_span_count))| ServiceSummary {
                name,
                span_count,
                error_span_count,
            })
            .collect(),
    }
}

fn wanted(asked: FindTracesRequest) -> Result<Wanted, Status> {
    let bad = |why: &str| Status::invalid_argument(why);
    let query: TraceQueryParameters = asked.query.ok_or_else(|| bad("missing query"))?;
    if query.filter.is_some() {
        return Err(bad(
            "the structured query filter is disabled: use attributes",
        ));
    }
    let (Some(from), Some(to)) = (query.start_time_min, query.start_time_max) else {
        return Err(bad("start time min and max are required parameters"));
    };
    let said = |text: String| Some(text).filter(|text| !text.is_empty());
    let length = |time: Option<Timestamp>| time.map(|it| it.nanos()).filter(|it| *it != 0);
    let limit = match usize::try_from(query.search_depth) {
        // As Jaeger does where it is not said.
        Ok(0) | Err(_) => DEPTH,
        Ok(limit) if limit <= MOST_DEPTH => limit,
        Ok(_) => return Err(bad(&format!("search_depth is more than {MOST_DEPTH}"))),
    };
    Ok(Wanted {
        service: said(query.service_name),
        operation: said(query.operation_name),
        from: from.nanos(),
        to: to.nanos(),
        min: length(query.duration_min),
        max: length(query.duration_max),
        attributes: query.attributes.into_iter().collect(),
        limit,
        is_raw: query.raw_traces,
    })
}
