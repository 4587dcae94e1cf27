"""A collector for each test, on ports of its own, and what its tests ask of it."""

import json
import os
import pathlib
import re
import socket
import struct
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).parents[2]
COLLECTOR = ROOT / os.environ.get("LOCAL_COLLECTOR_BIN", "target/debug/local-collector")
RECEIVERS = [
    "otlp_grpc",
    "otlp_http",
    "xray_udp",
    "xray_tcp",
    "jaeger_grpc",
    "jaeger_http",
    "jaeger_compact",
    "jaeger_binary",
    "zipkin",
]
# Seconds after which what is waited for is not coming any more.
PATIENCE = 30
# Writes what it took to a file, for tests that look at spans.
FILE = '[collector.exporters.file]\ntype = "file"\npath = "{folder}/traces.jsonl"\n'


class Collector:
    """A running collector: where it listens, by what comes in there.

    `configuration` is what `[collector]` begins with, and `{folder}` in it is the folder of
    the test; `before` is put in front of the command; `ports` are those that are not
    to be any; `arguments` end the command.
    """

    def __init__(
        self,
        folder,
        configuration="",
        before=(),
        state=None,
        ports=None,
        environment=None,
        arguments=(),
    ):
        self.folder = folder
        folder.mkdir(exist_ok=True)
        ports = {**dict.fromkeys(RECEIVERS, "127.0.0.1:0"), **(ports or {})}
        ports = "".join(f'{name} = "{address}"\n' for name, address in ports.items())
        operations = 'health = "127.0.0.1:0"\nzpages = "127.0.0.1:0"\n'
        queries = 'jaeger_http = "127.0.0.1:0"\njaeger_grpc = "127.0.0.1:0"\n'
        path = folder / "collector.toml"
        path.write_text(
            "[collector]\n"
            + configuration.replace("{folder}", str(folder))
            + f"\n[collector.receivers]\n{ports}\n[collector.operations]\n{operations}\n"
            + f"[collector.queries]\n{queries}\n"
        )
        command = [COLLECTOR, "--state", state or folder / "state", "--aws-listen", "127.0.0.1:0"]
        with open(folder / "stderr", "w", encoding="utf-8") as stderr:
            self.process = subprocess.Popen(
                [*before, *command, "--config", path, *arguments],
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                env={**os.environ, **(environment or {})},
            )
        self.addresses = {}
        while "zPages" not in self.addresses:
            line = self.process.stdout.readline()
            assert line, f"the collector ended: {self.said()}"
            what, address = re.fullmatch(r"(.*) listening on (?:http://)?(\S+).*\n", line).groups()
            self.addresses[what] = address

    def at(self, what):
        """Host and port of what it listens for."""
        host, port = self.addresses[what].split(":")
        return host, int(port)

    def get(self, what, path):
        """Asks one of its pages."""
        with urllib.request.urlopen(f"http://{self.addresses[what]}{path}") as answer:
            return answer.read().decode()

    def health(self):
        """Status and content of its health."""
        try:
            with urllib.request.urlopen(f"http://{self.addresses['health']}/health") as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def count(self, name, **labels):
        """Reads one of its counters."""
        return self.value(f"{name}_total", **labels)

    def value(self, name, **labels):
        """Reads one of its numbers."""
        metrics = self.get("zPages", "/debug/pipelinez")
        wanted = {f'{key}="{value}"' for key, value in labels.items()}
        total = 0
        for found, value in re.findall(rf"^{name}\{{(.*)\}} (\d+)$", metrics, re.M):
            if wanted <= set(found.split(",")):
                total += int(value)
        return total

    def peak_mib(self):
        """The most memory that it ever had."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024

    def said(self):
        """What it wrote to standard error."""
        return (self.folder / "stderr").read_text(encoding="utf-8")

    def spans(self, count):
        """The spans of its file, once there are `count`, each with its service."""
        eventually(lambda: len(self._spans()), count)
        return self._spans()

    def _spans(self):
        path = self.folder / "traces.jsonl"
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        # What follows the last line feed is still being written.
        return [
            {**span, "service": attributes(resource["resource"] or {}).get("service.name")}
            for line in text.split("\n")[:-1]
            for resource in json.loads(line)["resourceSpans"]
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
        ]

    def stop(self):
        """Stops it as `kill` does, and sees that it ends well."""
        self.process.terminate()
        assert self.process.wait(timeout=20) == 0, self.said()


def attributes(of):
    """The attributes of a span or a resource in OTLP's JSON."""
    return {
        one["key"]: next(iter(one["value"].values()), None) for one in of.get("attributes", [])
    }


def eventually(read, wanted, patience=PATIENCE):
    """Waits until what is read is what is wanted, or what `wanted` asks for."""
    deadline = time.monotonic() + patience
    while True:
        found = read()
        if wanted(found) if callable(wanted) else found == wanted:
            return found
        assert time.monotonic() < deadline, f"{found!r} is not {wanted!r}"
        time.sleep(0.05)


@pytest.fixture
def start(tmp_path):
    """Starts collectors, which end with the test."""
    started = []

    def start(configuration="", name="collector", **options):
        collector = Collector(tmp_path / name, configuration, **options)
        started.append(collector)
        return collector

    yield start
    for collector in started:
        if collector.process.poll() is None:
            collector.process.kill()
            collector.process.wait()


@pytest.fixture
def collector(tmp_path):
    """A collector with every receiver on, that writes spans to a file."""
    started = Collector(tmp_path / "collector", FILE)
    yield started
    started.stop()


class Slow:
    """A client that says something, and from then on nothing, or a byte a second."""

    def __init__(self, address, text, byte=b""):
        self.byte = byte
        self.ended = None
        self.answer = b""
        self.began = time.monotonic()
        self.socket = socket.create_connection(address)
        self.socket.sendall(text)
        self.socket.setblocking(False)

    def go_on(self):
        """Reads what there is, and says its byte."""
        try:
            found = self.socket.recv(1000)
            self.answer += found
            if found:
                return
        except BlockingIOError:
            try:
                self.socket.send(self.byte)
                return
            except OSError:
                pass
        except OSError:
            pass
        self.ended = time.monotonic() - self.began
        self.socket.close()


def http2(kind, flags, stream, payload):
    """A frame of HTTP/2 (RFC 9113, 4.1)."""
    return len(payload).to_bytes(3, "big") + struct.pack(">BBI", kind, flags, stream) + payload


class SlowGrpc(Slow):
    """A client that sends a message byte by byte, and is well otherwise."""

    def __init__(self, address):
        method = b"/opentelemetry.proto.collector.trace.v1.TraceService/Export"
        headers = [(b":method", b"POST"), (b":scheme", b"http"), (b":path", method)]
        headers += [(b"content-type", b"application/grpc"), (b"te", b"trailers")]
        # Literals that are not indexed (RFC 7541, 6.2.2).
        packed = b"".join(b"\0%c%s%c%s" % (len(n), n, len(v), v) for n, v in headers)
        text = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + http2(4, 0, 0, b"")
        text += http2(1, 4, 1, packed) + http2(0, 0, 1, b"\0\0\0\x10\0")
        super().__init__(address, text, http2(0, 0, 1, b"x"))

    def go_on(self):
        super().go_on()
        while len(self.answer) >= 9 and self.ended is None:
            length = int.from_bytes(self.answer[:3], "big")
            kind, flags, stream = struct.unpack(">BBI", self.answer[3:9])
            payload, self.answer = self.answer[9 : 9 + length], self.answer[9 + length :]
            if kind == 6 and not flags & 1:
                self.socket.send(http2(6, 1, 0, payload))
            elif kind == 1 and stream == 1 and flags & 1:
                self.answer = payload
                self.ended = time.monotonic() - self.began


@pytest.fixture(scope="session", autouse=True)
def slow(tmp_path_factory):
    """A collector with slow clients, from the first test on."""
    collector = Collector(tmp_path_factory.mktemp("slow") / "collector")
    http, grpc = collector.at("OTLP over HTTP"), collector.at("OTLP over gRPC")
    zipkin = collector.at("Zipkin")
    head = b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    body = head + b"Content-Length: 1000\r\n\r\n"
    clients = {
        "nothing over HTTP": Slow(http, b""),
        "nothing over gRPC": Slow(grpc, b""),
        "half a word over HTTP": Slow(http, b"P"),
        "half a word over gRPC": Slow(grpc, b"PRI * HTTP/2"),
        "a head over HTTP": Slow(http, head % b"/v1/traces" + b"X-Slow: ", b"x"),
        "a body over HTTP": Slow(http, body % b"/v1/traces", b" "),
        "a body over gRPC": SlowGrpc(grpc),
        "a body for Zipkin": Slow(zipkin, body % b"/api/v2/spans", b" "),
    }
    stop = threading.Event()

    def go_on():
        while not stop.wait(1):
            for client in clients.values():
                if client.ended is None:
                    client.go_on()

    thread = threading.Thread(target=go_on)
    thread.start()
    yield collector, clients
    stop.set()
    thread.join()
    for client in clients.values():
        client.socket.close()
    collector.stop()
