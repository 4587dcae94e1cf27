"""The peers as processes, on free ports of loopback, which end with their test."""

import json
import os
import shutil
import socket
import subprocess

import pytest
from conftest import eventually

# Nobody on loopback looks at them, and nothing else is asked for any.
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}


class Peer:
    """A running peer."""

    def __init__(self, folder, command, ready):
        folder.mkdir()
        self.log = folder / "log"
        binary = shutil.which(command[0])
        assert binary, f"{command[0]} is missing: tests/peers.sh says which one is meant"
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [binary, *command[1:]],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env={**os.environ, **CREDENTIALS},
            )
        eventually(lambda: self.process.poll() is not None or ready in self.said(), True)
        assert self.process.poll() is None, self.said()

    def said(self):
        """What it wrote."""
        return self.log.read_text(encoding="utf-8")

    def stop(self):
        """Stops it as `kill` does, and sees that it ends well."""
        self.process.terminate()
        assert self.process.wait(timeout=20) == 0, self.said()


def free_address(kind=socket.SOCK_STREAM):
    """An address where nobody listens."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return "{}:{}".format(*probe.getsockname())


@pytest.fixture
def peer(tmp_path):
    """Starts peers."""
    started = []

    def start(*command, ready, name=None):
        folder = tmp_path / (name or f"{command[0]}-{len(started)}")
        started.append(Peer(folder, command, ready))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


@pytest.fixture
def otelcol(peer, tmp_path):
    """Starts OpenTelemetry Collectors: what comes in by OTLP goes to `exporters`."""

    def start(exporters, binary="otelcol", processors=("batch",), at=None):
        # By the names that our receivers have.
        addresses = at or {"OTLP over gRPC": free_address(), "OTLP over HTTP": free_address()}
        protocols = {
            "grpc": {"endpoint": addresses["OTLP over gRPC"]},
            "http": {"endpoint": addresses["OTLP over HTTP"]},
        }
        configuration = {
            "receivers": {"otlp": {"protocols": protocols}},
            "processors": {"batch": {"timeout": "50ms"}},
            "exporters": exporters,
            "service": {
                "telemetry": {"metrics": {"level": "none"}},
                "pipelines": {
                    "traces": {
                        "receivers": ["otlp"],
                        "processors": list(processors),
                        "exporters": list(exporters),
                    }
                },
            },
        }
        # JSON is YAML.
        path = tmp_path / f"{binary}.yaml"
        path.write_text(json.dumps(configuration), encoding="utf-8")
        running = peer(binary, "--config", str(path), ready="Everything is ready")
        running.addresses = addresses
        return running

    return start
