"""What the tests beside these already have: collectors to run, the judge of shapes, and
clients for Node.js."""

import importlib.util
import pathlib
import sys

TESTS = pathlib.Path(__file__).parents[1]


def load(name, path):
    """A module of a folder whose files are not packages; by a name that is free."""
    spec = importlib.util.spec_from_file_location(name, TESTS / path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


node = load("node_clients", "collector/node_clients.py").node
_collector = load("collector_conftest", "collector/conftest.py")
_control_plane = load("aws_control_plane", "aws/test_xray_control_plane.py")
Collector = _collector.Collector
eventually = _collector.eventually
ROOT = _collector.ROOT
judge = _control_plane.judge
error_of = _control_plane.error_of
post = _control_plane.post
refused = _control_plane.refused
