"""A full season in flight while workers die and messages come again: an undisturbed run's state, no dead letters."""

from __future__ import annotations

import random
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest

from devstack.testing import Amqp, Database
from devstack.testing.broker import Worker, producing, working
from devstack.testing.in_flight import check, in_small_batches, landed, progress
from devstack.testing.waiting import until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


def test_a_worker_killed_twenty_times_at_random_points_loses_nothing(
    season: list[Any], undisturbed: dict[str, Any], amqp: Amqp, database: Database, tmp_path: Path
) -> None:
    pick = random.Random(5)
    messages = in_small_batches(season, 50)
    with producing(amqp.url) as producer:
        for message in messages:
            producer.send(message)
        for _ in range(20):
            worker = Worker(dsn=database.dsn, amqp_url=amqp.url, folder=tmp_path)
            wanted = landed(database.dsn) + pick.randint(0, 2)
            try:
                until(progress(worker, database.dsn, wanted), "some progress")
            finally:
                worker.kill()
            assert landed(database.dsn) < len(messages), "the season must be in flight when a worker dies"
        with working(dsn=database.dsn, amqp_url=amqp.url, folder=tmp_path):
            check(producer, database.dsn, messages, undisturbed)


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
        check(producer, database.dsn, season, undisturbed)


def test_a_database_that_refuses_everybody_for_a_while_delays_and_loses_nothing(
    season: list[Any], undisturbed: dict[str, Any], amqp: Amqp, database: Database, tmp_path: Path
) -> None:
    end = "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s and pid <> pg_backend_pid()"
    with producing(amqp.url) as producer, working(dsn=database.dsn, amqp_url=amqp.url, folder=tmp_path) as worker:
        for message in season:
            producer.send(message)
        until(lambda: landed(database.dsn) >= 5, "a few messages landed")
        with psycopg.connect(database.superuser_dsn, autocommit=True, dbname="postgres") as server:
            server.execute(f'alter database "{database.name}" allow_connections false')
            server.execute(end, [database.name])
            until(lambda: worker.text().count("will be tried again") >= 10, "ten messages put off")
            server.execute(f'alter database "{database.name}" allow_connections true')
        check(producer, database.dsn, season, undisturbed)
