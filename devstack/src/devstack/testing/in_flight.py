"""Servers that may be killed, what the fault tests ask while a season lands, and what must hold at the end."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from devstack.services import process
from devstack.services.postgres import Postgres, create_database
from devstack.services.process import Launch, Service
from devstack.testing.broker import Producer, Worker, producing
from devstack.testing.league_state import state
from devstack.testing.waiting import until
from match_contract import batch_id_of, wire
from missing_table.migrate import migrate

DEADLINE_S = 300


def landed(dsn: str) -> int:
    """How many messages have landed."""
    with psycopg.connect(dsn, connect_timeout=5) as connection:
        row = connection.execute("select count(*) from ingest_batches where state = 'landed'").fetchone()
    assert row
    return int(row[0])


def send_all(url: str, messages: list[Any]) -> None:
    """Puts every message into the queue, confirmed."""
    with producing(url) as producer:
        for message in messages:
            producer.send(message)


def in_small_batches(messages: list[Any], size: int) -> list[Any]:
    """The same snapshots and matches in batches of at most `size`, so that a season stays in flight for longer."""
    parts: dict[str, list[Any]] = {}
    for message in messages:
        if message["kind"] == "batch":
            cut = [message["matches"][at : at + size] for at in range(0, len(message["matches"]), size)]
            parts.setdefault(message["snapshot_id"], []).extend({**message, "matches": some} for some in cut)
    found: list[Any] = []
    for message in messages:
        if message["kind"] == "snapshot":
            own = parts[message["snapshot_id"]]
            found.append({**message, "parts": len(own)})
            for number, part in enumerate(own, 1):
                ids = {"batch_id": batch_id_of(message["snapshot_id"], number), "part": number, "parts": len(own)}
                found.append({**part, **ids})
    return found


def progress(worker: Worker, dsn: str, wanted: int) -> Callable[[], bool]:
    """True once so many messages landed and this very worker had a hand in it."""

    def made() -> bool:
        return landed(dsn) >= wanted and "message landed" in worker.text()

    return made


def check(producer: Producer, dsn: str, season: list[Any], undisturbed: dict[str, Any]) -> None:
    """All landed, nothing waits, nothing is dead, and the league is that of the undisturbed run to the letter."""
    until(lambda: landed(dsn) == len(season), "the last message landed", deadline_s=DEADLINE_S)
    until(lambda: producer.depth(wire.QUEUE) == 0, "an empty queue")
    assert producer.depth(wire.DEAD_QUEUE) == 0
    with psycopg.connect(dsn) as connection:
        assert state(connection) == undisturbed


class Server:
    """A server that only one test uses: it may be stopped, killed and started again on what it left."""

    def __init__(self, service: Service, log: Path) -> None:
        self._service, self._log = service, log
        self._launch: Launch | None = None
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._launch = self._service.launch()
        self._child = process.spawn(self._launch, self._log)
        process.wait_ready(self._service, self._child, self._log)

    def signal(self, number: signal.Signals, *, group: bool = False) -> None:
        """Sends a signal (to all of its processes) and waits for the end."""
        assert self._child is not None
        if group:
            process.signal_group(self._child.pid, number)
        else:
            self._child.send_signal(number)
        self._child.wait(60)

    def stop(self) -> None:
        if self._child is not None and self._launch is not None:
            process.stop(self._child, self._launch)


Serve = Callable[[str, Service], Server]


def make_league(server: Postgres, name: str = "league") -> str:
    """An empty league in a server of the test's own; its address."""
    create_database(server, name)
    migrate(server.dsn(name))
    return server.dsn(name)
