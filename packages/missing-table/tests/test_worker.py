"""The worker against a real broker and a real database: receipts, retries, dead letters, poison."""

from __future__ import annotations

import gzip
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psycopg
import pytest
from broker import Producer, Worker, producing, until, working
from league_messages import batch, match, snapshot

from devstack.services.process import free_port
from devstack.testing import Amqp, Database
from match_contract import Receipt, wire


@pytest.fixture
def producer(amqp: Amqp) -> Iterator[Producer]:
    with producing(amqp.url) as producer:
        yield producer


@pytest.fixture
def worker(amqp: Amqp, database: Database, tmp_path: Path) -> Iterator[Worker]:
    with working(dsn=database.dsn, amqp_url=amqp.url, folder=tmp_path) as worker:
        yield worker


def matches(database: Database) -> int:
    with psycopg.connect(database.dsn) as db:
        row = db.execute("select count(*) from matches").fetchone()
    assert row
    return int(row[0])


def test_a_receipt_comes_back_after_the_commit(producer: Producer, worker: Worker, database: Database) -> None:
    first, second = producer.send(snapshot(ids=("m1",))), producer.send(batch(match()))
    answers = producer.receipts(first, second)
    assert {answer["status"] for answer in answers.values()} == {"SUCCESS"}
    assert Receipt.model_validate(answers[second]["result"]).counts.inserted == 1
    assert matches(database) == 1
    until(lambda: producer.depth(wire.QUEUE) == 0, "an empty queue")
    again = producer.send(batch(match()))
    assert producer.receipts(again)[again]["result"]["state"] == "replayed"


GOOD = batch(match("good"), of="good")
ENVELOPE = wire.task_headers("77777777-7777-4777-8777-777777777777")


@pytest.mark.parametrize(
    "poison",
    [
        pytest.param({"body": "{not json", "headers": ENVELOPE}, id="not JSON"),
        pytest.param({"body": json.dumps({"a": 1}), "headers": ENVELOPE}, id="JSON of another shape"),
        pytest.param({"body": json.dumps([[1, 2], {}, {}]), "headers": ENVELOPE}, id="two arguments"),
        pytest.param({"body": json.dumps([[{}], {}, {"chain": [{"task": "x"}]}]), "headers": ENVELOPE}, id="a chain"),
        pytest.param({"body": b"\x80\x04.", "headers": ENVELOPE, "content_type": "application/data"}, id="bytes"),
        pytest.param(
            {"body": "gASVAA==", "headers": ENVELOPE, "content_type": "application/x-python-serialize"}, id="pickle"
        ),
        pytest.param(
            {
                "body": gzip.compress(b"0" * 50_000_000),
                "headers": {**ENVELOPE, "compression": "application/x-gzip"},
                "content_encoding": "binary",
            },
            id="gzip bomb",
        ),
        pytest.param({"body": "[" * 100_000 + "]" * 100_000, "headers": ENVELOPE}, id="deep nesting"),
        pytest.param({"body": json.dumps([["x" * 9_000_000], {}, {}]), "headers": ENVELOPE}, id="oversize"),
        pytest.param({"body": json.dumps(wire.task_body({})), "headers": {"task": "os.system", "id": "1"}}, id="task"),
        pytest.param({"body": json.dumps(wire.task_body({})), "headers": {}}, id="no headers"),
    ],
)
def test_poison_ends_in_the_dead_letters_and_the_next_good_batch_lands(
    producer: Producer, worker: Worker, poison: dict[str, Any]
) -> None:
    producer.send_raw(**poison)
    good = producer.send(GOOD)
    assert producer.receipts(good)[good]["result"]["counts"]["inserted"] == 1
    dead = until(lambda: producer.take(wire.DEAD_QUEUE), "a dead letter")
    assert dead.headers["x-death"][0]["reason"] == "rejected"
    assert worker.process.poll() is None


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (batch(match(), schema_version="2.0"), "schema_version"),
        (batch(*[match(f"m{n}") for n in range(1000)]), "too_many"),
        ({"kind": "?\x00"}, "malformed"),
        ("text", "malformed"),
    ],
)
def test_a_readable_message_that_is_wrong_is_quarantined_whole(
    producer: Producer, worker: Worker, database: Database, message: Any, reason: str
) -> None:
    sent = producer.send(message)
    assert producer.receipts(sent)[sent]["result"]["state"] == "refused"
    with psycopg.connect(database.dsn) as db:
        rows = db.execute("select reason, payload from ingest_rejections").fetchall()
    assert rows == [(reason, message)]


def test_without_a_database_a_message_waits_and_lands_when_it_is_back(
    producer: Producer, worker: Worker, database: Database
) -> None:
    with psycopg.connect(database.superuser_dsn, autocommit=True, dbname="postgres") as server:
        server.execute(f'alter database "{database.name}" allow_connections false')
        sent = producer.send(batch(match()))
        until(lambda: "will be tried again" in worker.text(), "a first try")
        assert producer.depth(wire.DEAD_QUEUE) == 0
        server.execute(f'alter database "{database.name}" allow_connections true')
    assert producer.receipts(sent)[sent]["result"]["counts"]["inserted"] == 1
    assert producer.depth(wire.DEAD_QUEUE) == 0


def test_a_retry_is_not_fanned_out_again(producer: Producer, worker: Worker, database: Database) -> None:
    producer.channel.queue_declare("spy", durable=False, exclusive=True)
    producer.channel.queue_bind("spy", exchange=wire.EXCHANGE)
    with psycopg.connect(database.superuser_dsn, autocommit=True, dbname="postgres") as server:
        server.execute(f'alter database "{database.name}" allow_connections false')
        sent = producer.send(batch(match()))
        until(lambda: worker.text().count("will be tried again") >= 2, "two tries")
        server.execute(f'alter database "{database.name}" allow_connections true')
    producer.receipts(sent)
    assert producer.depth("spy") == 1


def test_a_permanent_fault_is_not_tried_again(producer: Producer, worker: Worker, database: Database) -> None:
    with psycopg.connect(database.dsn, autocommit=True) as db:
        db.execute("alter table ingest_batches rename to elsewhere")
        sent = producer.send(batch(match()))
        assert producer.receipts(sent)[sent]["status"] == "FAILURE"
        db.execute("alter table elsewhere rename to ingest_batches")
    dead = until(lambda: producer.take(wire.DEAD_QUEUE), "a dead letter")
    assert (dead.headers["id"], dead.headers["x-death"][0]["reason"]) == (sent, "rejected")
    assert matches(database) == 0


def test_a_killed_worker_loses_nothing(producer: Producer, amqp: Amqp, database: Database, tmp_path: Path) -> None:
    with psycopg.connect(database.dsn, autocommit=False) as blocker:
        blocker.execute("lock table matches")  # the worker stands in the middle of its transaction
        with working(dsn=database.dsn, amqp_url=amqp.url, folder=tmp_path) as first:
            sent = producer.send(batch(match()))
            until(
                lambda: blocker.execute(
                    "select 1 from pg_locks where relation = 'matches'::regclass and not granted"
                ).fetchall(),
                "the worker at the table",
            )
            first.kill()
        blocker.rollback()
    with working(dsn=database.dsn, amqp_url=amqp.url, folder=tmp_path):
        assert producer.receipts(sent)[sent]["status"] == "SUCCESS"
    assert matches(database) == 1
    assert producer.depth(wire.DEAD_QUEUE) == 0


def test_sigterm_ends_what_is_in_progress_and_leaves_the_rest(
    producer: Producer, amqp: Amqp, database: Database, tmp_path: Path
) -> None:
    with (
        working(dsn=database.dsn, amqp_url=amqp.url, folder=tmp_path) as worker,
        psycopg.connect(database.dsn, autocommit=False) as blocker,
    ):
        blocker.execute("lock table matches")
        sent = [producer.send(batch(match(f"m{n}"), of=f"s{n}")) for n in range(3)]
        waiting = "select 1 from pg_locks where relation = 'matches'::regclass and not granted"
        until(lambda: blocker.execute(waiting).fetchall(), "the worker at the table")
        worker.process.send_signal(signal.SIGTERM)
        blocker.rollback()
        assert worker.process.wait(30) == 0
        assert producer.receipts(sent[0])[sent[0]]["status"] == "SUCCESS"
    assert 1 <= matches(database) <= 2
    assert producer.depth(wire.QUEUE) == 3 - matches(database)


def test_metrics_say_what_landed_and_how_deep_the_queues_are(
    producer: Producer, amqp: Amqp, database: Database, tmp_path: Path
) -> None:
    port = free_port()
    with working(dsn=database.dsn, amqp_url=amqp.url, folder=tmp_path, MT_METRICS_PORT=str(port)):
        producer.receipts(
            producer.send(snapshot(ids=("m1",))), producer.send(batch(match(), match("m2", timezone="x")))
        )
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
    assert 'mt_ingest_messages_total{kind="batch",state="landed"} 1.0' in text
    assert 'mt_ingest_matches_total{outcome="inserted"} 1.0' in text
    assert 'mt_ingest_rejected_total{reason="malformed"} 1.0' in text
    assert 'mt_queue_messages{queue="matches.dead"} 0.0' in text
    assert 'mt_landed_observed_timestamp_seconds{key="mls-next-league-26-27",league="Homegrown"}' in text
    assert "mt_ingest_seconds_bucket" in text


def test_a_worker_without_its_queue_says_what_to_load(amqp: Amqp, database: Database, tmp_path: Path) -> None:
    with producing(amqp.url) as producer:
        producer.channel.queue_delete(wire.QUEUE)
    with working(dsn=database.dsn, amqp_url=amqp.url, folder=tmp_path) as worker:
        assert worker.process.wait(30) == 2
        assert "load deploy/rabbitmq/definitions.json" in worker.text()
    assert os.getpid() != worker.process.pid
