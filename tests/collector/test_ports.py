"""Ports that another program has: the collector says which, and what goes missing."""

import socket
import subprocess

from conftest import COLLECTOR, RECEIVERS, eventually
from test_bad_days import lives


def taken(kind):
    """A port that somebody else has."""
    other = socket.socket(socket.AF_INET, kind)
    other.bind(("127.0.0.1", 0))
    if kind == socket.SOCK_STREAM:
        other.listen()
    return other


def test_ports_that_are_taken(start, tmp_path):
    with taken(socket.SOCK_STREAM) as tcp, taken(socket.SOCK_DGRAM) as udp:
        http, datagrams = ["%s:%d" % one.getsockname() for one in (tcp, udp)]
        collector = start(ports={"zipkin": http, "xray_udp": datagrams})
        warnings = [
            f"warning: X-Ray over UDP goes missing: another program has {datagrams}",
            f"warning: Zipkin goes missing: another program has {http}",
        ]
        eventually(lambda: sorted(collector.said().splitlines()), warnings)
        assert not {"Zipkin", "X-Ray over UDP"} & set(collector.addresses)
        status, health = collector.health()
        assert status == 200
        missing = [f"X-Ray over UDP on {datagrams}", f"Zipkin on {http}"]
        assert sorted(health["missing"]) == missing
        lives(collector)
        collector.stop()

        for name, what, address in [
            ("zipkin", "Zipkin", http),
            ("xray_udp", "X-Ray over UDP", datagrams),
            ("xray_tcp", "X-Ray over TCP", http),
        ]:
            ran = strict(tmp_path, name, address)
            assert ran.returncode == 1
            wanted = f"error: cannot listen for {what} on {address}: Address already in use"
            assert ran.stderr.startswith(wanted), ran.stderr


def strict(folder, name, address):
    """Runs a collector that has one receiver and goes on without none."""
    path = folder / "strict.toml"
    others = [f'{one} = "off"' for one in RECEIVERS if one != name]
    path.write_text("\n".join(["[collector.receivers]", *others, f'{name} = "{address}"']))
    command = [COLLECTOR, "--strict", "--state", folder / "strict", "--spec", path]
    command += ["--aws-listen", "127.0.0.1:0"]
    return subprocess.run(command, capture_output=True, text=True, timeout=30)
