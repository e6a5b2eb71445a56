"""A full season in flight while things break: afterwards the state of an undisturbed run, and no dead letters."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from broker import Producer, Worker, producing, until, working
from league_state import state

from devstack.replica.season import generate
from devstack.services.postgres import create_database, drop_database
from devstack.testing import Amqp, Database
from match_contract import Season, wire
from match_scraper import Outcome, Reading
from match_scraper.assist import understand
from match_scraper.documents import parse
from match_scraper.keys import usual_keys
from match_scraper_agent.messages import build_messages
from match_scraper_agent.targets import EVERY_LEAGUE
from missing_table.ingest import land
from missing_table.ingest.places import Places

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
TODAY = datetime(2027, 2, 1, 14, tzinfo=UTC)
LANDED = "select count(*) from ingest_batches where state = 'landed'"
DEADLINE_S = 300


@pytest.fixture(scope="module")
def season() -> list[dict[str, Any]]:
    """Every message of the generated season: three snapshots and their batches."""
    documents = generate(1, TODAY, "full", Season(2026))
    messages: list[dict[str, Any]] = []
    for key in usual_keys(Season(2026)):
        schedule, standings = (documents[f"data/{kind}/{key.key}.json"] for kind in ("schedule", "standings"))
        content = understand(parse(schedule, standings), schedule, key)
        reading = Reading(
            key=key,
            outcome=Outcome.READ,
            detail="",
            site="viewer.test",
            observed_at=content.observed_at,
            brackets=content.brackets,
            external_ids=content.external_ids,
            scored=content.scored,
            matches=content.matches,
        )
        shipment = build_messages(reading, EVERY_LEAGUE, run_id=str(uuid4()), snapshot_id=str(uuid4()))
        messages += shipment.messages
    return messages


@pytest.fixture(scope="module")
def undisturbed(season: list[dict[str, Any]], pg_server: Any, migrated_template: str) -> dict[str, Any]:
    """The state after the same messages, one after the other, without a queue."""
    name = f"t_{uuid4().hex[:16]}"
    create_database(pg_server, name, template=migrated_template)
    places = Places()
    with psycopg.connect(pg_server.dsn(name), autocommit=True, prepare_threshold=None) as connection:
        for message in season:
            land(connection, message, places)
        found = state(connection)
    drop_database(pg_server, name)
    assert len(found["matches"]) > 24_000
    return found


def landed(database: Database) -> int:
    with psycopg.connect(database.dsn) as connection:
        row = connection.execute(LANDED).fetchone()
    assert row
    return int(row[0])


def check(producer: Producer, database: Database, season: list[Any], undisturbed: dict[str, Any]) -> None:
    until(lambda: landed(database) == len(season), "the last message landed", deadline_s=DEADLINE_S)
    until(lambda: producer.depth(wire.QUEUE) == 0, "an empty queue")
    assert producer.depth(wire.DEAD_QUEUE) == 0
    with psycopg.connect(database.dsn) as connection:
        assert state(connection) == undisturbed


def progress(worker: Worker, database: Database, wanted: int, *, of: int) -> Callable[[], bool]:
    """True once so many messages landed and this very worker had a hand in it (or nothing is left to do)."""

    def made() -> bool:
        return landed(database) >= wanted and ("message landed" in worker.text() or wanted == of)

    return made


def test_a_worker_killed_twenty_times_at_random_points_loses_nothing(
    season: list[Any], undisturbed: dict[str, Any], amqp: Amqp, database: Database, tmp_path: Path
) -> None:
    pick = random.Random(5)
    with producing(amqp.url) as producer:
        for message in season:
            producer.send(message)
        for _ in range(20):
            worker = Worker(dsn=database.dsn, amqp_url=amqp.url, folder=tmp_path)
            wanted = min(landed(database) + pick.randint(0, 2), len(season))
            try:
                until(progress(worker, database, wanted, of=len(season)), "some progress")
            finally:
                worker.kill()
        with working(dsn=database.dsn, amqp_url=amqp.url, folder=tmp_path):
            check(producer, database, season, undisturbed)


def test_every_message_three_times_in_any_order_to_two_workers_at_once(
    season: list[Any], undisturbed: dict[str, Any], amqp: Amqp, database: Database, tmp_path: Path
) -> None:
    messages = season * 3
    random.Random(7).shuffle(messages)
    with producing(amqp.url) as producer, ExitStack() as stack:
        for message in messages:
            producer.send(message)
        for _ in range(2):
            stack.enter_context(working(dsn=database.dsn, amqp_url=amqp.url, folder=tmp_path))
        check(producer, database, season, undisturbed)


def test_a_database_that_refuses_everybody_for_a_while_delays_and_loses_nothing(
    season: list[Any], undisturbed: dict[str, Any], amqp: Amqp, database: Database, tmp_path: Path
) -> None:
    end = "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s and pid <> pg_backend_pid()"
    with producing(amqp.url) as producer, working(dsn=database.dsn, amqp_url=amqp.url, folder=tmp_path) as worker:
        for message in season:
            producer.send(message)
        until(lambda: landed(database) >= 5, "a few messages landed")
        with psycopg.connect(database.superuser_dsn, autocommit=True, dbname="postgres") as server:
            server.execute(f'alter database "{database.name}" allow_connections false')
            server.execute(end, [database.name])
            until(lambda: worker.text().count("will be tried again") >= 10, "ten messages put off")
            server.execute(f'alter database "{database.name}" allow_connections true')
        check(producer, database, season, undisturbed)
