"""Bad days through the built program: datagrams that nobody should send, bodies that
unpack to more than any machine has, a disk that is full. Each time the collector lives
on, in bounded memory, and says what it refused and why."""

import concurrent.futures
import json
import os
import pathlib
import socket
import struct
import zlib
from collections import Counter

import grpc
import pytest
from conftest import eventually
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from test_otlp import GOOD, post, request_of
from test_xray import DOCUMENT, datagrams

# MiB that a collector may have taken at most, built for debugging.
MOST_MIB = 128
EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
HEADER = b'{"format": "json", "version": 1}\n'


def refused(collector, component):
    """What a receiver did not take, by reason."""
    reasons = ["TooLarge", "BadHeader", "UnknownVersion", "UnknownType", "Malformed"]
    reasons += ["BadTraceId", "InvalidSegment", "BadEncoding", "NoRoom", "TooSlow", "QueueFull"]
    count = lambda reason: collector.count(
        "collector_refused", component=component, reason=reason
    )
    return {reason: count(reason) for reason in reasons if count(reason)}


def lives(collector, most_mib=MOST_MIB):
    """Sees that it still takes traces, is well, and has taken little memory."""
    before = collector.count("collector_received", receiver="otlp/http")
    assert post(collector, request_of(GOOD)) == (200, {})
    assert collector.count("collector_received", receiver="otlp/http") == before + 1
    assert collector.health()[0] == 200
    assert collector.process.poll() is None
    assert collector.peak_mib() < most_mib


def test_datagrams_for_the_xray_daemon(collector):
    good = HEADER + json.dumps(DOCUMENT).encode()
    deep = b'{"a":' * 10_000 + b"1" + b"}" * 10_000
    deep = json.dumps(DOCUMENT)[:-1].encode() + b', "metadata": ' + deep + b"}"
    part = b'{"id":"00f067aa0ba902b8","name":"a","start_time":1.5,"end_time":2.5,"subsegments":['
    parts = json.dumps(DOCUMENT)[:-1].encode() + b', "subsegments": ['
    parts += part * 700 + b"]}" * 700 + b"]}"
    sent = {
        # The header ends within the datagram, or is followed by nothing.
        "BadHeader": [b"", b"{", HEADER[:-1], b"\xff\xfe\n{}", b"\x00" * 65_507],
        "Malformed": [
            HEADER,
            *(good[:length] for length in range(len(HEADER) + 1, len(good) - 1, 7)),
            HEADER + b"\xff\xfe\xfd",
            good.replace(b"orders", b"ord\xffers"),
            HEADER + parts,
            HEADER + b"[" * (65_507 - len(HEADER)),
        ],
    }
    for reason, group in sent.items():
        for index, one in enumerate(group, 1):
            datagrams(collector, one)
            if len(one) > 10_000:
                # A few of them fill the buffer of a socket.
                eventually(lambda: refused(collector, "xray/udp").get(reason), index)
    # What is deep where X-Ray does not look is kept; to translate it is another thing.
    datagrams(collector, good, HEADER + deep)
    wanted = {reason: len(group) for reason, group in sent.items()}
    eventually(lambda: refused(collector, "xray/udp"), wanted)
    eventually(lambda: collector.count("collector_received", receiver="xray/udp"), 2)
    dropped = {"component": "file", "reason": "InvalidSegment"}
    eventually(lambda: collector.count("collector_dropped", **dropped), 1)
    assert collector.count("collector_dropped") == 1
    lives(collector)


def compact_batch(spans):
    """The start of a batch in the compact protocol: a call with `spans` after it."""
    call = b"\x82\x21\x00\x09emitBatch"
    return call + b"\x1c" + b"\x1c\x18\x06orders\x00" + spans


def binary_batch(spans):
    """The same in the binary protocol."""
    call = struct.pack(">II9sI", 0x8001_0001, 9, b"emitBatch", 0)
    process = b"\x0c\x00\x01" + b"\x0b\x00\x01" + struct.pack(">I6s", 6, b"orders") + b"\x00"
    return call + b"\x0c\x00\x01" + process + spans


@pytest.mark.parametrize(
    "what, receiver, batch, empty, bad",
    [
        (
            "Jaeger's compact Thrift",
            "jaeger/compact",
            compact_batch,
            b"\x19\x0c\x00\x00",
            [
                # Structures in structures, 50,000 deep.
                b"\x5c" + b"\x1c" * 50_000,
                # A list of 2^31 - 1 spans, and a name of as many bytes.
                b"\x19\xfc\xff\xff\xff\xff\x07",
                b"\x19\x1c" + b"\x58\xff\xff\xff\xff\x07name",
                b"\x19\x1c" + b"\x58\x04\xff\xfe\xfd\xfc",
            ],
        ),
        (
            "Jaeger's binary Thrift",
            "jaeger/binary",
            binary_batch,
            b"\x0f\x00\x02\x0c\x00\x00\x00\x00\x00\x00",
            [
                b"\x0c\x00\x09" * 20_000,
                b"\x0f\x00\x02\x0c\x7f\xff\xff\xff",
                b"\x0f\x00\x02\x0c\x00\x00\x00\x01" + b"\x0b\x00\x05\x7f\xff\xff\xffname",
                b"\x0f\x00\x02\x0c\xff\xff\xff\xff",
            ],
        ),
    ],
    ids=["compact", "binary"],
)
def test_datagrams_for_jaegers_agent(collector, what, receiver, batch, empty, bad):
    good = batch(empty)
    sent = [b"", b"\xff" * 65_507, b"\x00" * 65_507]
    sent += [good[:length] for length in range(1, len(good))]
    sent += [batch(one) for one in bad]
    count = lambda: sum(refused(collector, receiver).values())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for index, one in enumerate(sent, 1):
            sender.sendto(one, collector.at(what))
            if len(one) > 10_000:
                # A few of them fill the buffer of a socket.
                eventually(count, index)
        sender.sendto(good, collector.at(what))
    eventually(count, len(sent))
    assert set(refused(collector, receiver)) <= {"BadHeader", "UnknownType", "Malformed"}
    lives(collector)


def bomb(gib):
    """`gib` GiB of zeros in gzip: a thousandth of that."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    head = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    # What follows a full flush refers to nothing before it, and can be repeated.
    part = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + part * (gib << 10)


@pytest.mark.parametrize(
    "what, path, kind, component",
    [
        ("OTLP over HTTP", "/v1/traces", "application/x-protobuf", "otlp/http"),
        ("Jaeger over HTTP", "/api/traces", "application/x-thrift", "jaeger/http"),
        ("Zipkin", "/api/v2/spans", "application/json", "zipkin"),
    ],
)
def test_a_body_that_unpacks_to_ten_gibibytes(collector, what, path, kind, component):
    body = bomb(10)
    assert len(body) < 11 << 20
    with socket.create_connection(collector.at(what), timeout=60) as client:
        head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: {kind}\r\n"
        head += f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
        client.sendall(head.encode() + body)
        assert client.recv(100).startswith(b"HTTP/1.1 413 ")
    assert refused(collector, component) == {"TooLarge": 1}
    lives(collector)


def test_a_message_over_grpc_that_unpacks_to_much(collector):
    with grpc.insecure_channel(
        collector.addresses["OTLP over gRPC"], [("grpc.max_send_message_length", -1)]
    ) as channel:
        export = channel.unary_unary(EXPORT)
        with pytest.raises(grpc.RpcError) as error:
            export(bytes(256 << 20), compression=grpc.Compression.Gzip, timeout=60)
    assert error.value.code() in (
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.OUT_OF_RANGE,
    )
    lives(collector)


def large():
    """A request in protobuf that cannot be packed."""
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add()
    span.trace_id, span.span_id, span.name = os.urandom(16), os.urandom(8), "noise"
    span.attributes.add(key="noise").value.bytes_value = os.urandom(1_000_000)
    return request.SerializeToString()


def test_more_messages_over_grpc_than_there_is_room_for(start):
    collector = start(
        """
pipeline = ["small"]
[collector.processors.small]
type = "memory-limiter"
limit_mib = 32
"""
    )
    message = b"".join(large() for _ in range(15))
    options = [("grpc.max_send_message_length", -1), ("grpc.use_local_subchannel_pool", 1)]

    def export(_):
        with grpc.insecure_channel(collector.addresses["OTLP over gRPC"], options) as channel:
            try:
                channel.unary_unary(EXPORT)(message, timeout=60)
                return grpc.StatusCode.OK
            except grpc.RpcError as error:
                return error.code()

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        codes = Counter(pool.map(export, range(20)))
    assert set(codes) == {grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE}
    refusals = {"NoRoom": codes[grpc.StatusCode.UNAVAILABLE]}
    assert refused(collector, "otlp/grpc") == refusals
    lives(collector)
    collector.stop()


def fill(collector):
    """Sends what cannot be packed until it is refused; gives the answer."""
    for _ in range(400):
        noise = [{"key": "noise", "value": {"stringValue": os.urandom(100_000).hex()}}]
        status, answer = post(collector, request_of({**GOOD, "attributes": noise}))
        if status != 200:
            return status, answer
    raise AssertionError("the disk is not full")


def test_a_disk_that_is_full(start, tmp_path):
    # A disk of its own: 12 MB, of which something else takes 6.
    state = tmp_path / "disk"
    state.mkdir()
    mount = 'mount -t tmpfs -o size=12m tmpfs "$0" && head -c 6m /dev/zero > "$0/else"'
    shell = ["sh", "-c", f'{mount} && exec "$@"', state]
    collector = start(
        before=["unshare", "--map-root-user", "--mount", *shell], state=state
    )
    assert post(collector, request_of(GOOD)) == (200, {})
    status, answer = fill(collector)
    assert status == 503 and "no room on the disk" in answer["message"]
    status, health = collector.health()
    assert status == 503 and "no room on the disk" in health["problem"]
    assert "no room on the disk" in collector.get("zPages", "/debug/servicez")
    assert collector.count("collector_dropped", component="store", reason="StoreFailed") == 1
    eventually(collector.said, lambda said: "traces cannot be kept" in said)
    with grpc.insecure_channel(collector.addresses["OTLP over gRPC"]) as channel:
        with pytest.raises(grpc.RpcError) as error:
            channel.unary_unary(EXPORT)(large(), timeout=60)
    assert error.value.code() == grpc.StatusCode.UNAVAILABLE
    assert "no room on the disk" in error.value.details()

    # Room again: seen from outside as the collector sees it.
    pathlib.Path(f"/proc/{collector.process.pid}/root{state}/else").unlink()
    assert post(collector, request_of(GOOD)) == (200, {})
    eventually(collector.said, lambda said: "traces are kept again" in said)
    lives(collector)
    collector.stop()
