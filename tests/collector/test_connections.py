"""Clients that the built collector does not wait for: thousands that say nothing,
those that never read."""

import resource
import socket

import pytest
from test_bad_days import MOST_MIB, lives
from test_otlp import GOOD, post, request_of

IDLE = 10_000
PORTS = ["OTLP over HTTP", "OTLP over gRPC", "Zipkin", "Jaeger over HTTP"]


@pytest.fixture
def files():
    """How many connections may be open: as many as are asked for, where the system
    allows that; collectors started meanwhile may have as many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield IDLE if hard == resource.RLIM_INFINITY else min(IDLE, hard - 500)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_idle_connections(files, start):
    collector = start()
    assert post(collector, request_of(GOOD)) == (200, {})
    before = collector.peak_mib()
    clients = []
    try:
        for index in range(files):
            address = collector.at(PORTS[index % len(PORTS)])
            clients.append(socket.create_connection(address, timeout=30))
        # Half of them begin a request.
        for client in clients[: files // 2]:
            client.sendall(b"POST /v1/tra")
        lives(collector, MOST_MIB + files * 16 / 1024)
        of_each = (collector.peak_mib() - before) * 1024 / files
        assert of_each < 16, f"{of_each} KiB each, {files} connections (of {IDLE})"
    finally:
        for client in clients:
            client.close()
    collector.stop()


def test_a_client_that_does_not_read(collector):
    request = b"GET /debug/pipelinez HTTP/1.1\r\nHost: a\r\n\r\n" * 1000
    most = 64 << 20
    with socket.create_connection(collector.at("zPages"), timeout=2) as client:
        sent = 0
        # Where nobody takes the answers, no more requests are taken either.
        with pytest.raises(TimeoutError):
            while sent < most:
                sent += client.send(request)
        assert sent < most
        lives(collector)
