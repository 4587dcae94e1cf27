"""Runs the clients for Node.js."""

import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).parents[2]
FOLDER = pathlib.Path(__file__).parent / "node"
PACKAGES = ROOT / os.environ.get("NODE_PACKAGES", "target/test-node/node_modules")


def node(script, *arguments):
    """Runs a client to its end, which must be a good one and say nothing."""
    ran = subprocess.run(
        ["node", FOLDER / script, *map(str, arguments)],
        env={**os.environ, "NODE_PATH": str(PACKAGES)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ran.returncode, ran.stderr) == (0, ""), ran
