"""Asks for traces as the clients of Jaeger and Zipkin do."""

import json
import urllib.error
import urllib.parse
import urllib.request

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

STRING, INT32, UINT64, BOOL, MESSAGE = (
    descriptor_pb2.FieldDescriptorProto.TYPE_STRING,
    descriptor_pb2.FieldDescriptorProto.TYPE_INT32,
    descriptor_pb2.FieldDescriptorProto.TYPE_UINT64,
    descriptor_pb2.FieldDescriptorProto.TYPE_BOOL,
    descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE,
)
TIME, DURATION = ".google.protobuf.Timestamp", ".google.protobuf.Duration"
# The messages of `jaeger/api_v3/query_service.proto` that are used here: number and type
# of each field, with a star where it repeats.
MESSAGES = {
    "Empty": {},
    "Services": {"services": (1, "*", STRING)},
    "GetOperations": {"service": (1, "", STRING), "span_kind": (2, "", STRING)},
    "Operation": {"name": (1, "", STRING), "span_kind": (2, "", STRING)},
    "Operations": {"operations": (1, "*", ".jaeger.Operation")},
    "GetTrace": {"trace_id": (1, "", STRING), "raw_traces": (4, "", BOOL)},
    "Attribute": {"key": (1, "", STRING), "value": (2, "", STRING)},
    "Query": {
        "service_name": (1, "", STRING),
        "operation_name": (2, "", STRING),
        # A map is a list of pairs.
        "attributes": (3, "*", ".jaeger.Attribute"),
        "start_time_min": (4, "", TIME),
        "start_time_max": (5, "", TIME),
        "duration_min": (6, "", DURATION),
        "duration_max": (7, "", DURATION),
        "search_depth": (8, "", INT32),
    },
    "FindTraces": {"query": (1, "", ".jaeger.Query")},
    "GetDependencies": {"start_time": (1, "", TIME), "end_time": (2, "", TIME)},
    "Dependency": {
        "parent": (1, "", STRING),
        "child": (2, "", STRING),
        "call_count": (3, "", UINT64),
    },
    "Dependencies": {"dependencies": (1, "*", ".jaeger.Dependency")},
}


def _messages():
    file = descriptor_pb2.FileDescriptorProto(
        name="jaeger.proto",
        package="jaeger",
        syntax="proto3",
        dependency=["google/protobuf/timestamp.proto", "google/protobuf/duration.proto"],
    )
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, (number, star, kind) in fields.items():
            added = message.field.add(name=field, number=number, label=3 if star else 1)
            if isinstance(kind, str):
                added.type, added.type_name = MESSAGE, kind
            else:
                added.type = kind
    # What it depends on is in the default pool once it is imported.
    from google.protobuf import duration_pb2, timestamp_pb2  # noqa: F401

    pool = descriptor_pool.Default()
    pool.Add(file)
    found = {name: pool.FindMessageTypeByName(f"jaeger.{name}") for name in MESSAGES}
    return {name: message_factory.GetMessageClass(one) for name, one in found.items()}


MESSAGE_OF = _messages()
METHODS = {
    "GetServices": ("Empty", MESSAGE_OF["Services"]),
    "GetOperations": ("GetOperations", MESSAGE_OF["Operations"]),
    "GetDependencies": ("GetDependencies", MESSAGE_OF["Dependencies"]),
    "GetTrace": ("GetTrace", TracesData),
    "FindTraces": ("FindTraces", TracesData),
}


def call(address, method, **fields):
    """Calls a method of `jaeger.api_v3.QueryService`; gives the messages of the answer."""
    asked, answer = METHODS[method]
    with grpc.insecure_channel(address) as channel:
        kind = channel.unary_stream if answer is TracesData else channel.unary_unary
        stub = kind(
            f"/jaeger.api_v3.QueryService/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=answer.FromString,
        )
        answered = stub(MESSAGE_OF[asked](**fields), timeout=20)
        return list(answered) if answer is TracesData else [answered]


def ask(address, path, **parameters):
    """Asks over HTTP; gives the status and the JSON, or the text, that is answered."""
    query = urllib.parse.urlencode(parameters, doseq=True)
    url = f"http://{address}{path}" + (f"?{query}" if query else "")
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            status, text = answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        status, text = error.code, error.read().decode()
    try:
        return status, json.loads(text)
    except ValueError:
        return status, text


def spans(answer):
    """The spans of an answer of Jaeger's version 3."""
    return [
        span
        for resource in answer["result"]["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]
