"""The embedded run's courier: a message lands when sent, one run holds the lock, a database that is away is said."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from devstack.embedded import InProcessCourier
from devstack.services import process
from devstack.testing import Database
from match_contract import RunReport
from match_scraper_agent.broker import AlreadyRunning, Undelivered


def report() -> dict[str, object]:
    moment = datetime(2026, 10, 5, 14, tzinfo=UTC)
    said = RunReport(run_id=str(uuid4()), started_at=moment, ended_at=moment, exit_code=0, targets=(), next_due=moment)
    return said.model_dump(mode="json")


def test_a_message_lands_when_it_is_sent_and_its_receipt_is_there(database: Database, tmp_path: Path) -> None:
    message = report()
    courier = InProcessCourier(database.dsn, tmp_path)
    courier.open()
    courier.send(message)
    run_id = str(message["run_id"])
    receipts = courier.receipts([run_id, "another"], 0)
    courier.close()
    assert set(receipts) == {run_id}
    with psycopg.connect(database.dsn) as connection:
        assert connection.execute("select run_id::text, exit_code from runs").fetchall() == [(run_id, 0)]


def test_a_second_run_is_refused_while_one_goes_on_and_let_in_afterwards(tmp_path: Path) -> None:
    first, second = (InProcessCourier("", tmp_path) for _ in range(2))
    first.open()
    with pytest.raises(AlreadyRunning, match=r"run\.lock"):
        second.open()
    first.close()
    second.open()
    second.close()


def test_a_database_that_is_away_is_undelivered_and_says_so(tmp_path: Path) -> None:
    courier = InProcessCourier(f"postgresql://postgres@127.0.0.1:{process.free_port()}/postgres", tmp_path)
    with pytest.raises(Undelivered, match="the database does not answer"):
        courier.send(report())
