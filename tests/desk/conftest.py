"""A collector that stands in for X-Ray, with a generated load in it."""

import pathlib
import sys
from types import SimpleNamespace

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from clients import Api, hours_ago, started
from load import generated
from shared import Collector
from traces import assembled

SEED = 7


@pytest.fixture(scope="session")
def desk(tmp_path_factory):
    """A collector for all tests that have times of their own."""
    collector = started(Collector, tmp_path_factory.mktemp("desk") / "collector")
    yield collector
    collector.stop()


@pytest.fixture(scope="session")
def api(desk):
    return Api(desk)


@pytest.fixture(scope="session")
def load(api):
    """The generated load: its documents, its traces, its window."""
    start = hours_ago(2)
    documents = generated(SEED, start)
    api.put([document for each in documents.values() for document in each])
    return SimpleNamespace(
        documents=documents, traces=assembled(documents), start=start, end=start + 600
    )


@pytest.fixture
def another(tmp_path):
    """Starts a collector of its own for a test."""
    running = []

    def start(configuration="", **options):
        folder = tmp_path / f"collector{len(running)}"
        running.append(started(Collector, folder, configuration, **options))
        return running[-1], Api(running[-1])

    yield start
    for collector in running:
        if collector.process.poll() is None:
            collector.stop()
