"""A collector for each test, on ports of its own."""

import os
import pathlib
import re
import subprocess
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


class Collector:
    """A running collector: where it listens, by what comes in there."""

    def __init__(self, folder, configuration=""):
        ports = "".join(f'{name} = "127.0.0.1:0"\n' for name in RECEIVERS)
        operations = 'health = "127.0.0.1:0"\nzpages = "127.0.0.1:0"\n'
        path = folder / "collector.toml"
        path.write_text(
            f"[collector.receivers]\n{ports}\n[collector.operations]\n{operations}\n{configuration}"
        )
        command = [COLLECTOR, "--state", folder / "state", "--aws-listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(
            [*command, "--config", path], stdout=subprocess.PIPE, text=True
        )
        self.addresses = {}
        while "zPages" not in self.addresses:
            line = self.process.stdout.readline()
            assert line, "the collector ended"
            what, address = re.fullmatch(r"(.*) listening on (?:http://)?(\S+).*\n", line).groups()
            self.addresses[what] = address

    def get(self, what, path):
        """Asks one of its pages."""
        with urllib.request.urlopen(f"http://{self.addresses[what]}{path}") as answer:
            return answer.read().decode()

    def count(self, name, **labels):
        """Reads one of its counters."""
        metrics = self.get("zPages", "/debug/pipelinez")
        wanted = {f'{key}="{value}"' for key, value in labels.items()}
        total = 0
        for found, value in re.findall(rf"^{name}_total\{{(.*)\}} (\d+)$", metrics, re.M):
            if wanted <= set(found.split(",")):
                total += int(value)
        return total

    def stop(self):
        """Stops it as `kill` does, and sees that it ends well."""
        self.process.terminate()
        assert self.process.wait(timeout=20) == 0


@pytest.fixture
def collector(tmp_path):
    """A collector with every receiver on."""
    started = Collector(tmp_path)
    yield started
    started.stop()
