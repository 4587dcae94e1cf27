"""The configuration that we generate for the OpenTelemetry Collector: it accepts it, and
does with it what we do."""

import json
import os
import re
import shutil
import subprocess

import pytest
import yaml
from conftest import FILE, ROOT, attributes, eventually
from peer import free_address
from test_otlp import post

XRAYCTL = ROOT / os.environ.get("XRAYCTL_BIN", "target/debug/xrayctl")
OURS = ROOT / "tests" / "peers" / "pipeline.toml"
SPECS = [*sorted((ROOT / "specs").glob("*.toml")), OURS]
TIERS = {
    "single": [],
    "agent": ["--tier", "agent", "--gateway", "127.0.0.1"],
    "gateway": ["--tier", "gateway"],
}
# The distribution that we write for has all components. Where it is not there, the
# Collectors that are stand in for it; these they need not have, all others one of
# them must accept.
CONTRIB = "otelcol-contrib" if shutil.which("otelcol-contrib") else "otelcol"
RARE = {
    "connectors": {"spanmetrics"},
    "exporters": {"file", "loadbalancing", "zipkin"},
    "extensions": {"awsproxy"},
    "processors": {"transform"},
    "receivers": {"awsxray"},
}


def environments(spec):
    """The environments of a spec, and none."""
    return [None, *sorted(set(re.findall(r"^\[env\.([\w-]+)", spec.read_text("utf-8"), re.M)))]


def generate(spec, env, *arguments):
    """What `generate otel-collector` prints; nothing where the spec has not what is
    needed, and it says so."""
    command = [XRAYCTL, "generate", "otel-collector", spec, *arguments]
    command += ["--env", env] if env else []
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    text = spec.read_text(encoding="utf-8")
    sends = "\n[collector.exporters." in text or f"\n[env.{env}.collector.exporters." in text
    if not sends and "agent" not in arguments:
        assert done.returncode != 0 and "traces go nowhere" in done.stderr
        return None
    if done.returncode != 0 and "adot" in arguments:
        assert "ADOT has no" in done.stderr
        return None
    assert done.returncode == 0, done.stderr
    return yaml.safe_load(done.stdout)


def validate(binary, configuration, folder):
    """What a Collector says against a configuration; nothing where it accepts it."""
    path = folder / "validated.yaml"
    path.write_text(json.dumps(configuration), encoding="utf-8")
    done = subprocess.run(
        [binary, "validate", "--config", path], capture_output=True, text=True, timeout=60
    )
    return done.stderr if done.returncode else ""


def without(configuration, section, kind):
    """A configuration without a kind of component; in the place of the only exporter
    of a pipeline, one that writes lines."""
    is_kind = lambda name: name.split("/")[0] == kind
    left = json.loads(json.dumps(configuration))
    but_it = lambda names: [name for name in names if not is_kind(name)]
    left[section] = {name: one for name, one in left[section].items() if not is_kind(name)}
    if section == "extensions":
        left["service"]["extensions"] = but_it(left["service"]["extensions"])
    for name, pipeline in list(left["service"]["pipelines"].items()):
        for part in ("receivers", "processors", "exporters"):
            if part == section or section == "connectors":
                pipeline[part] = but_it(pipeline.get(part, []))
        if not pipeline["receivers"]:
            del left["service"]["pipelines"][name]
        elif not pipeline["exporters"]:
            left.setdefault("exporters", {})["debug"] = {}
            pipeline["exporters"] = ["debug"]
    return left


def accepted(binary, configuration, folder):
    """As much of a configuration as a Collector has components for, which it accepts,
    and what components it has not."""
    lacks = set()
    while said := validate(binary, configuration, folder):
        unknown = re.search(r"'(\w+)':? unknown type: \"(\w+)\"", said)
        assert unknown and unknown.groups() not in lacks, f"{binary}: {said}"
        lacks.add(unknown.groups())
        configuration = without(configuration, *unknown.groups())
    return configuration, lacks


@pytest.mark.parametrize("distribution", ["contrib", "adot"])
@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize(
    ("spec", "env"),
    [(spec, env) for spec in SPECS for env in environments(spec)],
    ids=lambda one: getattr(one, "stem", one),
)
def test_it_is_accepted(spec, env, tier, distribution, tmp_path):
    made = generate(spec, env, *TIERS[tier], "--distribution", distribution)
    if made is None:
        return
    _, lacks = accepted(CONTRIB, made, tmp_path)
    _, also_lacks = accepted("otelcol-awsxray", made, tmp_path)
    nowhere = lacks & also_lacks
    assert not [(section, kind) for section, kind in nowhere if kind not in RARE.get(section, ())]
    # What is accepted is more than what was taken out of it.
    assert ("receivers", "otlp") not in lacks


def here(settings):
    """Settings of a component that listens, on free ports."""
    if isinstance(settings, dict):
        return {
            key: free_address() if key == "endpoint" else here(value)
            for key, value in settings.items()
        }
    return settings


class Front:
    """Where `post` finds a Collector."""

    def __init__(self, address):
        self.addresses = {"OTLP over HTTP": address}


def spans():
    """Traces of some kinds: what becomes of them is told by their names."""
    text = lambda key, value: {"key": key, "value": {"stringValue": value}}
    made = []
    for number in range(200):
        trace = f"{number + 1:018x}{(number * 0x9E3779B97F4A7C15) % 2**56:014x}"
        kind = ["plain", "failed", "slow", "acme", "GET /health", "metrics"][number % 6]
        span = {
            "traceId": trace,
            "spanId": f"{number + 1:016x}",
            "name": kind if kind.startswith("GET") else f"{kind} {number}",
            "kind": 2,
            "startTimeUnixNano": "1790000000000000000",
            "endTimeUnixNano": str(1790000000100000000 + (kind == "slow") * 3_000_000_000),
            "status": {"code": 2} if kind == "failed" else {},
            "attributes": [
                text("enduser.id", "bob"),
                text("note", "paid with 4111 1111 1111 1111"),
                text("tenant", "acme" if kind == "acme" else "other"),
                text("http.route", "/metrics" if kind == "metrics" else "/orders"),
            ],
        }
        made.append(span)
    resource = [text("service.name", "orders"), text("host.name", "secret-host")]
    scopes = [{"spans": made}]
    return json.dumps(
        {"resourceSpans": [{"resource": {"attributes": resource}, "scopeSpans": scopes}]}
    ).encode()


def outcome(collector):
    """What arrived, without an order."""
    path = collector.folder / "traces.jsonl"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return sorted(
        (
            span["name"],
            span["traceId"],
            tuple(sorted(attributes(span).items())),
            tuple(sorted(attributes(resource["resource"]).items())),
        )
        for line in text.split("\n")[:-1]
        for resource in json.loads(line)["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    )


def test_it_does_what_we_do(start, peer, tmp_path):
    """The same spans, with the same attributes, come out of the Collector and of us."""
    settings = OURS.read_text(encoding="utf-8").split("[collector]\n")[1]
    settings = settings[: settings.index("[collector.exporters")]
    ours, sink = start(settings + FILE, name="ours"), start(FILE, name="sink")

    made, _ = accepted(CONTRIB, generate(OURS, None), tmp_path)
    for section in ("receivers", "extensions"):
        made[section] = here(made[section])
    # Of the exporters one stays, which sends to the sink.
    (name,) = [name for name in made["exporters"] if name.startswith("otlp/")]
    exporter = {**made["exporters"][name], "endpoint": sink.addresses["OTLP over gRPC"]}
    made = {**made, "exporters": {name: exporter}, "connectors": {}}
    traces = {**made["service"]["pipelines"]["traces"], "exporters": [name]}
    made["service"]["pipelines"] = {"traces": traces}
    made["service"]["telemetry"] = {"metrics": {"level": "none"}}
    path = tmp_path / "generated.yaml"
    path.write_text(json.dumps(made), encoding="utf-8")
    theirs = peer(CONTRIB, "--config", str(path), ready="Everything is ready")

    request = spans()
    assert post(ours, request)[0] == 200
    at = made["receivers"]["otlp"]["protocols"]["http"]["endpoint"]
    assert post(Front(at), request)[0] == 200
    # Both are told to end, and let out what they hold.
    eventually(lambda: outcome(ours) != [] and outcome(sink) != [], True)
    ours.stop()
    theirs.stop()
    assert outcome(sink) == outcome(ours)
    names = {name.split()[0] for name, *_ in outcome(ours)}
    assert names == {"failed", "slow", "acme"}
    # Half of the traces of three kinds of six.
    assert 30 < len(outcome(ours)) < 70
    text = str(outcome(ours))
    assert "paid with ****" in text and "1111 1111" not in text and "bob" not in text
    assert "secret-host" not in text and "('team', 'orders')" in text
