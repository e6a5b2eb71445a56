"""A full season in flight while servers and lines go down: the state of an undisturbed run, no dead letters."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from devstack.relay import Relay
from devstack.services import process
from devstack.services.pgbouncer import PgBouncer
from devstack.services.postgres import Postgres
from devstack.services.rabbitmq import RabbitMQ
from devstack.testing import Amqp, Database
from devstack.testing.broker import producing, working
from devstack.testing.in_flight import Serve, check, landed, make_league, send_all
from devstack.testing.league_state import state
from devstack.testing.waiting import until
from match_contract import message_id
from match_scraper_agent.broker import Undelivered
from match_scraper_agent.outbox import Outbox
from match_scraper_agent.publisher import AmqpCourier

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
CUT_S = 30


def test_rabbitmq_restarted_three_times_and_once_of_them_killed_loses_nothing(
    season: list[Any],
    undisturbed: dict[str, Any],
    database: Database,
    own_broker: RabbitMQ,
    serve: Serve,
    tmp_path: Path,
) -> None:
    server = serve("rabbitmq", own_broker.service())
    send_all(own_broker.url(), season)
    with working(dsn=database.dsn, amqp_url=own_broker.url(), folder=tmp_path):
        for wanted, how in ((3, signal.SIGTERM), (12, signal.SIGKILL), (24, signal.SIGTERM)):
            until(lambda wanted=wanted: landed(database.dsn) >= wanted, f"{wanted} messages landed", deadline_s=120)
            server.signal(how, group=how == signal.SIGKILL)
            server.stop()  # its epmd too
            assert landed(database.dsn) < len(season), "all had landed before the broker went down"
            server.start()
        with producing(own_broker.url()) as producer:
            check(producer, database.dsn, season, undisturbed)


def test_postgres_shut_down_at_once_and_restarted_three_times_loses_nothing(
    season: list[Any], undisturbed: dict[str, Any], amqp: Amqp, own_postgres: Postgres, serve: Serve, tmp_path: Path
) -> None:
    server = serve("postgres", own_postgres.service())
    dsn = make_league(own_postgres)
    with producing(amqp.url) as producer, working(dsn=dsn, amqp_url=amqp.url, folder=tmp_path) as worker:
        for message in season:
            producer.send(message)
        for wanted in (3, 12, 24):
            until(lambda wanted=wanted: landed(dsn) >= wanted, f"{wanted} messages landed", deadline_s=120)
            put_off = worker.text().count("will be tried again")
            server.signal(signal.SIGQUIT)  # "immediate": no checkpoint, sessions are cut off
            until(lambda seen=put_off: worker.text().count("will be tried again") > seen, "a message put off")
            server.start()
            assert landed(dsn) < len(season), "all had landed before the database went down"
        check(producer, dsn, season, undisturbed)


@pytest.fixture
def lines(amqp: Amqp, database: Database) -> Iterator[tuple[Relay, Relay, str, str]]:
    """Relays to broker and database, and the addresses behind them."""
    to_broker, to_database = Relay(amqp.server.port), Relay(database.server.port)
    yield (
        to_broker,
        to_database,
        amqp.url.replace(f":{amqp.server.port}/", f":{to_broker.port}/"),
        database.dsn.replace(f":{database.server.port}/", f":{to_database.port}/"),
    )
    for relay in (to_broker, to_database):
        relay.close()


@pytest.mark.parametrize("how", ["cut", "silent"])
def test_lines_to_broker_and_database_that_are_gone_for_half_a_minute_lose_nothing(
    season: list[Any],
    undisturbed: dict[str, Any],
    amqp: Amqp,
    database: Database,
    lines: tuple[Relay, Relay, str, str],
    tmp_path: Path,
    how: str,
) -> None:
    *relays, broker_url, dsn = lines
    with producing(amqp.url) as producer, working(dsn=dsn, amqp_url=broker_url, folder=tmp_path):
        for message in season:
            producer.send(message)
        until(lambda: landed(database.dsn) >= 8, "eight messages landed")
        for relay in relays:
            relay.cut() if how == "cut" else relay.freeze()
        time.sleep(CUT_S)  # the fault itself: nothing happens meanwhile that one could wait for
        assert landed(database.dsn) < len(season), "all had landed before the lines were gone"
        for relay in relays:
            relay.mend() if how == "cut" else relay.thaw()
        check(producer, database.dsn, season, undisturbed)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_an_outbox_on_a_full_disk_says_so_and_the_next_run_makes_good(
    season: list[Any], undisturbed: dict[str, Any], amqp: Amqp, database: Database, small_disk: Path, tmp_path: Path
) -> None:
    outbox, relay = Outbox(small_disk / "outbox"), Relay(amqp.server.port)
    run = AmqpCourier(amqp.url.replace(f":{amqp.server.port}/", f":{relay.port}/"), str(uuid4()))
    refused: list[str] = []
    with working(dsn=database.dsn, amqp_url=amqp.url, folder=tmp_path):
        run.open()
        sent = len(season) // 3
        for message in season[:sent]:
            run.send(message)
        relay.cut()
        with pytest.raises(Undelivered, match="does not confirm"):
            run.send(season[sent])
        for message in season[sent:]:  # as the agent does: a broker that failed is not tried again
            try:
                outbox.keep(message)
            except Undelivered as error:
                refused.append(str(error))
        run.close()
        relay.close()
        kept = [message_id(message) for _, message in outbox.waiting()]
        assert kept
        assert refused
        assert "No space left on device" in refused[0]
        assert "the source is read again" in refused[0]
        assert not list(outbox.folder.glob("*.part"))
        again = AmqpCourier(amqp.url, str(uuid4()))
        again.open()
        for file, message in outbox.waiting():
            again.send(message)
            file.unlink()
        for message in season:  # read again from the start
            again.send(message)
        again.close()
        with producing(amqp.url) as producer:
            check(producer, database.dsn, season, undisturbed)


@contextmanager
def api(*, dsn: str, direct: str, folder: Path) -> Iterator[httpx.Client]:
    """The backend as a process of its own, answering."""
    port = process.free_port()
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": dsn, "DATABASE_DIRECT_URL": direct}
    program = [sys.executable, "-m", "missing_table.cli", "serve", "--port", str(port)]
    with (folder / f"api-{port}.log").open("wb") as log:
        child = subprocess.Popen(program, env=environment, stdout=log, stderr=log)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as http:
            until(lambda: ready(http), "an answering API")
            yield http
    finally:
        child.terminate()
        child.wait(30)


def ready(http: httpx.Client) -> bool:
    try:
        return http.get("/health/ready").status_code == 200
    except httpx.TransportError:
        return False


def test_worker_and_api_behind_pgbouncer_in_transaction_mode_land_and_answer_the_same(
    season: list[Any],
    undisturbed: dict[str, Any],
    amqp: Amqp,
    database: Database,
    pooled: PgBouncer,
    tmp_path: Path,
) -> None:
    dsn = pooled.dsn(database.name)
    send_all(amqp.url, season)
    with (
        api(dsn=dsn, direct=database.dsn, folder=tmp_path) as http,
        working(dsn=dsn, amqp_url=amqp.url, folder=tmp_path),
    ):
        asked = 0
        while landed(database.dsn) < len(season):
            for bracket in brackets(http)[:3]:
                table(http, bracket)
                asked += 1
        assert asked
        with producing(amqp.url) as producer:
            check(producer, database.dsn, season, undisturbed)
        through = [table(http, bracket) for bracket in brackets(http)]
    with api(dsn=database.dsn, direct=database.dsn, folder=tmp_path) as http:
        assert [table(http, bracket) for bracket in brackets(http)] == through
    assert any(found["rows"] for found in through)


def brackets(http: httpx.Client) -> list[dict[str, Any]]:
    found = http.get("/api/brackets", params={"season": "2026-27"})
    assert found.status_code == 200, found.text
    items: list[dict[str, Any]] = found.json()["items"]
    return items


def table(http: httpx.Client, bracket: dict[str, Any]) -> Any:
    found = http.get(f"/api/brackets/{bracket['id']}/table")
    assert found.status_code == 200, found.text
    return found.json()


def test_the_dump_that_is_compared_is_not_empty(undisturbed: dict[str, Any], database: Database) -> None:
    assert len(undisturbed["tables"]) > 1_000
    with psycopg.connect(database.dsn) as connection:
        assert state(connection) != undisturbed
