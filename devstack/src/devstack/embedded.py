"""The agent without a broker: the same run, whose courier delivers each message in this process.

`python -m devstack.embedded run ...` takes the agent's own options. Messages go to the same function that the worker's
task calls, into the same tables; there is no queue, so what cannot be delivered is known at once. The source is read
over HTTP alone: where nothing can be installed there is no Chromium either.
"""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import psycopg

from match_contract import Receipt, message_id
from match_scraper_agent.broker import AlreadyRunning, Payload, Undelivered
from match_scraper_agent.cli import main as agent_main
from match_scraper_agent.settings import Settings, SettingsError
from missing_table.ingest import deliver


class InProcessCourier:
    """Hands each message to the ingest and keeps its receipt. One run at a time, by a lock file in its folder."""

    def __init__(self, dsn: str, state_dir: Path) -> None:
        self._dsn = dsn
        self._lock_file = state_dir / "run.lock"
        self._lock: IO[str] | None = None
        self._receipts: dict[str, Receipt] = {}

    def open(self) -> None:
        """Takes the lock, which a crash frees by itself; AlreadyRunning when another run holds it."""
        self._lock_file.parent.mkdir(parents=True, exist_ok=True)
        self._lock = self._lock_file.open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise AlreadyRunning(f"another run holds {self._lock_file}: wait until it has ended") from None

    def send(self, message: Payload) -> None:
        """Lands the message now; Undelivered when the database does not answer."""
        try:
            self._receipts[message_id(message)] = deliver(message, dsn=self._dsn)
        except psycopg.OperationalError as error:
            raise Undelivered(f"the database does not answer ({str(error).strip()}): is the stack up?") from error

    def receipts(self, wanted: Iterable[str], wait_s: float) -> dict[str, Receipt]:
        """Those of the messages named: all that were sent, since sending lands them. Nothing to wait for."""
        return {name: self._receipts[name] for name in wanted if name in self._receipts}

    def failures(self, wanted: Iterable[str]) -> dict[str, str]:
        return {}

    def close(self) -> None:
        """Frees the lock."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def courier_of(settings: Settings, _run_id: str) -> InProcessCourier:
    """The courier of an embedded run; DATABASE_URL names the database."""
    dsn = os.environ.get("DATABASE_URL")
    if not dsn:
        raise SettingsError("DATABASE_URL is not set: an embedded run delivers into that database by itself")
    return InProcessCourier(dsn, settings.state_dir)


if __name__ == "__main__":
    sys.argv[0] = "match-scraper-agent"
    agent_main(courier_of=courier_of)
