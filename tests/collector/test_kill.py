"""A collector that `kill -9` ends while traces come in: what it has acknowledged is in
the store afterwards."""

import contextlib
import json
import random
import sqlite3
import threading

from conftest import eventually
from test_otlp import GOOD, post, request_of

ROUNDS = 5
SENDERS = 4
COMMIT = '[collector.store]\ndurability = "commit"\n'


class Traffic:
    """Senders of one span at a time, each with a name of its own."""

    def __init__(self):
        self.sent = []
        self.acknowledged = []

    def go_on(self, collector):
        """Sends until nobody answers any more."""
        while True:
            name = f"{threading.get_ident()} {random.getrandbits(64)}"
            self.sent.append(name)
            try:
                answer = post(collector, request_of({**GOOD, "name": name}))
            except (OSError, json.JSONDecodeError):
                return
            assert answer == (200, {})
            self.acknowledged.append(name)

    def until_killed(self, collector):
        """Lets them send, and kills the collector at a moment that nobody knows."""
        senders = [threading.Thread(target=self.go_on, args=(collector,)) for _ in range(SENDERS)]
        for sender in senders:
            sender.start()
        most = len(self.acknowledged) + random.randint(1, 200)
        eventually(lambda: len(self.acknowledged), lambda count: count >= most)
        collector.process.kill()
        collector.process.wait()
        for sender in senders:
            sender.join()


def kept(state):
    """The names in a store, and how many spans it has."""
    file = f"file:{state}/traces.sqlite?mode=ro"
    with contextlib.closing(sqlite3.connect(file, uri=True)) as store:
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        # One row a name, written together with the spans that have it.
        names = {name for (name,) in store.execute("SELECT operation FROM operations")}
        return names, store.execute("SELECT sum(spans) FROM blocks").fetchone()[0]


def test_what_is_acknowledged_outlives_kill_nine(start, tmp_path):
    state, traffic = tmp_path / "state", Traffic()
    collector = start(COMMIT, state=state)
    for number in range(ROUNDS):
        traffic.until_killed(collector)
        collector = start(COMMIT, name=f"after {number}", state=state)
        names, spans = kept(state)
        assert set(traffic.acknowledged) <= names <= set(traffic.sent)
        assert spans == len(names)
    collector.stop()
