"""A collector for each test, on ports of its own, and what its tests ask of it."""

import json
import os
import pathlib
import re
import subprocess
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

    `configuration` is added to the spec, and `{folder}` in it is the folder of
    the test; `before` is put in front of the command.
    """

    def __init__(self, folder, configuration="", before=(), state=None, **environment):
        self.folder = folder
        folder.mkdir(exist_ok=True)
        ports = "".join(f'{name} = "127.0.0.1:0"\n' for name in RECEIVERS)
        operations = 'health = "127.0.0.1:0"\nzpages = "127.0.0.1:0"\n'
        path = folder / "collector.toml"
        path.write_text(
            f"[collector.receivers]\n{ports}\n[collector.operations]\n{operations}\n"
            + configuration.replace("{folder}", str(folder))
        )
        command = [COLLECTOR, "--state", state or folder / "state", "--aws-listen", "127.0.0.1:0"]
        with open(folder / "stderr", "w", encoding="utf-8") as stderr:
            self.process = subprocess.Popen(
                [*before, *command, "--config", path],
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                env={**os.environ, **environment},
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
            {**span, "service": attributes(resource["resource"]).get("service.name")}
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


def eventually(read, wanted):
    """Waits until what is read is what is wanted, or what `wanted` asks for."""
    deadline = time.monotonic() + PATIENCE
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
