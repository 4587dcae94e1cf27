"""Clients that say nothing, or a byte a second: they are let go."""

from conftest import eventually
from test_bad_days import lives, refused


def test_slow_clients(slow):
    """They began with the session, so that nobody waits for them here."""
    collector, clients = slow
    ended = lambda: {name: client.ended for name, client in clients.items()}
    eventually(ended, lambda ended: all(ended.values()), patience=90)
    for name, client in clients.items():
        limit = 60 if "body" in name else 30
        assert limit - 1 < client.ended < limit + 15, (name, client.ended)
    assert clients["a body over HTTP"].answer.startswith(b"HTTP/1.1 408 ")
    assert clients["a body for Zipkin"].answer.startswith(b"HTTP/1.1 408 ")
    for receiver in ["otlp/http", "otlp/grpc", "zipkin"]:
        assert refused(collector, receiver) == {"TooSlow": 1}
    lives(collector)
