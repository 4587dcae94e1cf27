"""The real Jaeger, with traces in memory."""

import json

from peer import free_address


def jaeger_of(peer, tmp_path):
    """A Jaeger that is ready: `addresses` tells where it takes spans, and answers."""
    addresses = {
        "OTLP over gRPC": free_address(),
        "OTLP over HTTP": free_address(),
        "Jaeger's queries": free_address(),
        "Jaeger's queries over gRPC": free_address(),
    }
    configuration = {
        "service": {
            "extensions": ["jaeger_storage", "jaeger_query"],
            "pipelines": {
                "traces": {"receivers": ["otlp"], "exporters": ["jaeger_storage_exporter"]}
            },
            "telemetry": {"metrics": {"level": "none"}},
        },
        "extensions": {
            "jaeger_storage": {"backends": {"store": {"memory": {"max_traces": 1000}}}},
            "jaeger_query": {
                "enable_tracing": False,
                "storage": {"traces": "store"},
                "http": {"endpoint": addresses["Jaeger's queries"]},
                "grpc": {"endpoint": addresses["Jaeger's queries over gRPC"]},
            },
        },
        "receivers": {
            "otlp": {
                "protocols": {
                    "grpc": {"endpoint": addresses["OTLP over gRPC"]},
                    "http": {"endpoint": addresses["OTLP over HTTP"]},
                }
            }
        },
        "exporters": {"jaeger_storage_exporter": {"trace_storage": "store"}},
    }
    path = tmp_path / "jaeger.yaml"
    path.write_text(json.dumps(configuration), encoding="utf-8")
    running = peer("jaeger", "--config", str(path), ready="Everything is ready")
    running.addresses = addresses
    return running
