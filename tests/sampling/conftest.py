"""A server of the embedded AWS, and the samplers that are tried against it."""

import json
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.request

import pytest

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[1]
COLLECTOR = ROOT / os.environ.get("LOCAL_COLLECTOR_BIN", "target/debug/local-collector")
XRAYCTL = ROOT / os.environ.get("XRAYCTL_BIN", "target/debug/xrayctl")
MATCHER = XRAYCTL.parent / "examples" / "sampling_match"
NODE_PACKAGES = ROOT / os.environ.get("SAMPLING_NODE", "target/sampling-node/node_modules")
ADOT_PYTHON = ROOT / os.environ.get("ADOT_ENV", "target/adot-env") / "bin" / "python"
# Seconds after which what is waited for is not coming any more.
PATIENCE = 90
OFF = ["otlp_grpc", "otlp_http", "jaeger_grpc", "jaeger_http", "jaeger_compact", "jaeger_binary"]

NODE = {**os.environ, "NODE_PATH": str(NODE_PACKAGES)}
# How to start each kind of sampler as a program: its matcher and its application.
MATCHERS = {
    "xray-sdk (Node.js)": (["node", HERE / "node" / "matching.cjs", "xray"], "xray-sdk"),
    "opentelemetry-js": (
        ["node", HERE / "node" / "matching.cjs", "opentelemetry"],
        "opentelemetry-js",
    ),
    "opentelemetry-python": ([ADOT_PYTHON, HERE / "adot_client.py", "match"], "opentelemetry-python"),
}
APPLICATIONS = {
    "xray-python": [sys.executable, HERE / "xray_client.py"],
    "xray-node": ["node", HERE / "node" / "live.cjs", "xray"],
    "opentelemetry-js": ["node", HERE / "node" / "live.cjs", "opentelemetry"],
    "opentelemetry-python": [ADOT_PYTHON, HERE / "adot_client.py", "live"],
}


def answers(command, cases):
    """What a matcher says to cases."""
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    ran = subprocess.run(
        command, input=lines, env=NODE, capture_output=True, text=True, timeout=110
    )
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stderr[-2000:]
    return [json.loads(line) for line in ran.stdout.splitlines()]


class Server:
    """A local-collector: the embedded AWS, and X-Ray's daemon port."""

    def __init__(self, folder):
        self.folder = folder
        ports = 'xray_tcp = "127.0.0.1:0"\nxray_udp = "127.0.0.1:0"\nzipkin = "off"\n'
        ports += "".join(f'{name} = "off"\n' for name in OFF)
        operations = 'health = "127.0.0.1:0"\nzpages = "127.0.0.1:0"\n'
        path = folder / "collector.toml"
        path.write_text(
            f"[collector.receivers]\n{ports}\n[collector.operations]\n{operations}\n",
            encoding="utf-8",
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
        self.daemon = self.addresses["X-Ray over TCP"]

    def ask(self, path, body):
        """What an SDK that signs nothing is answered."""
        request = urllib.request.Request(
            f"http://{self.daemon}{path}", json.dumps(body).encode(), method="POST"
        )
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read())

    def rules(self):
        """The rules that stand."""
        records = self.ask("/GetSamplingRules", {})["SamplingRuleRecords"]
        return [record["SamplingRule"] for record in records]

    def xrayctl(self, *arguments):
        """Runs xrayctl to a good end, on this server."""
        (aws,) = [at for what, at in self.addresses.items() if "AWS" in what]
        ran = subprocess.run(
            [XRAYCTL, *map(str, arguments), "--endpoint-url", f"http://{aws}"],
            env={**os.environ, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout


@pytest.fixture
def server(tmp_path):
    """A server for each test."""
    started = Server(tmp_path)
    yield started
    started.process.terminate()
    assert started.process.wait(timeout=20) == 0


class Application:
    """A program that samples."""

    def __init__(self, kind, server, path, rule):
        self.kind = kind
        command = [*APPLICATIONS[kind], server.daemon, path, rule]
        self.process = subprocess.Popen(
            command, env=NODE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, path, count):
        """How many requests it keeps, and its quota."""
        self.process.stdin.write(json.dumps({"path": path, "count": count}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=20)


def eventually(read, is_wanted):
    """Waits until what is read is what is wanted."""
    deadline = time.monotonic() + PATIENCE
    while not is_wanted(found := read()):
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
    return found
