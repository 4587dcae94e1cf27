"""What the tests of the systems stand on."""

import subprocess
import sys
import time

import pytest

from accounts import COLLECTOR, LACKS, ROOT, Account


@pytest.fixture(params=["embedded", "moto"])
def account(request, tmp_path):
    """An empty account on the embedded AWS; or on moto, which leaves X-Ray to us."""
    command = [COLLECTOR, "--state", tmp_path / "state", "--aws-listen", "127.0.0.1:0", "--aws-only"]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True)]
    url = processes[0].stdout.readline().split(" on ")[1].split()[0]
    if request.param == "moto":
        port = tmp_path / "port"
        command = [sys.executable, ROOT / "tests/moto/serve.py", port, "--xray", url]
        processes.append(subprocess.Popen(command))
        while not (port.exists() and port.read_text()):
            assert processes[1].poll() is None
            time.sleep(0.05)
        url = f"http://127.0.0.1:{port.read_text()}"
    yield Account(url, tmp_path, LACKS[request.param])
    for process in processes:
        process.kill()
        process.wait()
