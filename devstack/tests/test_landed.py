"""What landed is this run's or nothing; a broker or database that does not answer is a sentence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import typer

from devstack import control
from devstack.choices import Choices
from devstack.commands import looking
from devstack.errors import Trouble
from devstack.landed import drained, last_run
from devstack.services import process
from devstack.stack import Stack
from devstack.testing import Database
from devstack.testing.league_messages import batch, match, run_report, snapshot
from missing_table.ingest import land


def test_the_receipts_are_those_of_the_run_that_began_in_time(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = Stack(tmp_path, Choices(live=True), {"DATABASE_URL": database.dsn})
    part = batch(match(score=(2, 1)))
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        for message in (snapshot(), part, run_report(run_id=part["run_id"])):
            assert land(connection, message).state == "landed"
        began = connection.execute("select started_at from runs").fetchone()
    assert began is not None
    for since in (None, began[0], began[0] - timedelta(seconds=1)):
        found = last_run(stack, since)
        assert found["run"]["started_at"] == began[0]
        assert sum(receipt["inserted"] or 0 for receipt in found["receipts"]) == 1
    later = began[0] + timedelta(seconds=1)
    assert last_run(stack, later) == {"run": None, "receipts": [], "matches_in_database": 1}

    def told(since: datetime | None) -> str:
        with pytest.raises(typer.Exit) as end:
            looking.landed(data=tmp_path, since=since)
        assert end.value.exit_code == 0
        return capsys.readouterr().err

    embedded = {"choices": Choices(live=True, embedded=True).model_dump()}
    monkeypatch.setattr(control, "read_state", lambda _data: embedded)
    monkeypatch.setattr(looking, "settings", lambda: dict(stack.settings))
    assert "inserted 1" in told(began[0])
    assert "this run's report has not landed" in told(later)
    assert "inserted" not in told(later)
    assert "last run: " in told(None)


def test_a_database_that_is_down_is_a_sentence(tmp_path: Path) -> None:
    nobody = f"postgresql://postgres:s3cret@127.0.0.1:{process.free_port()}/postgres"
    stack = Stack(tmp_path, Choices(live=True), {"DATABASE_URL": nobody})
    with pytest.raises(Trouble, match=r"does not tell what landed .*logs postgres says why") as told:
        last_run(stack, datetime.now(UTC))
    assert "s3cret" not in str(told.value)


def test_a_broker_that_is_down_is_a_sentence(tmp_path: Path) -> None:
    offset = process.free_port() - 15672
    with pytest.raises(Trouble, match=r"what is left in the queue .*logs rabbitmq says why"):
        drained(Stack(tmp_path, Choices(port_offset=offset)), 0)
