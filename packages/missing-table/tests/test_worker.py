"""The worker against a real broker and a real database: receipts, retries, dead letters, poison."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psycopg
import pytest
from amqp.exceptions import PreconditionFailed

from devstack.services.process import free_port
from devstack.testing import DEFINITIONS, Amqp, Database
from devstack.testing.broker import Producer, Worker, producing, working
from devstack.testing.league_messages import at, batch, match, run_report, snapshot
from devstack.testing.waiting import until
from match_contract import Receipt, wire
from missing_table.ingest import metrics
from missing_table.ingest.dead import list_dead


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


def test_a_document_that_is_dated_ahead_of_the_workers_clock_is_refused(
    producer: Producer, amqp: Amqp, database: Database, tmp_path: Path
) -> None:
    with working(dsn=database.dsn, amqp_url=amqp.url, folder=tmp_path, MT_TODAY=""):
        ahead = producer.send(batch(match(seen=600_000), of="ahead"))
        answer = producer.receipts(ahead)[ahead]["result"]
    assert (answer["state"], answer["reason"]) == ("refused", "ahead")
    assert matches(database) == 0


GOOD = batch(match("good"), of="good")
ENVELOPE = wire.task_headers("77777777-7777-4777-8777-777777777777")
DEEP = 100_000


@pytest.mark.parametrize(
    ("poison", "reason"),
    [
        pytest.param({"body": "{not json", "headers": ENVELOPE}, "not JSON, or nested too deep", id="not JSON"),
        pytest.param(
            {"body": json.dumps({"a": 1}), "headers": ENVELOPE},
            "the body is not [args, kwargs, embed]",
            id="JSON of another shape",
        ),
        pytest.param(
            {"body": json.dumps([[1, 2], {}, {}]), "headers": ENVELOPE},
            "the task takes one argument",
            id="two arguments",
        ),
        pytest.param(
            {"body": json.dumps([[{}], {}, {"chain": [{"task": "x"}]}]), "headers": ENVELOPE},
            "the body asks for one of",
            id="a chain",
        ),
        pytest.param(
            {"body": b"\x80\x04.", "headers": ENVELOPE, "content_type": "application/data"},
            "content type 'application/data'",
            id="wrong content type",
        ),
        pytest.param(
            {"body": "gASVAA==", "headers": ENVELOPE, "content_type": "application/x-python-serialize"},
            "content type 'application/x-python-serialize'",
            id="pickle",
        ),
        pytest.param(
            {
                "body": gzip.compress(b"0" * 50_000_000),
                "headers": {**ENVELOPE, "compression": "application/x-gzip"},
                "content_encoding": "binary",
            },
            "compressed with 'application/x-gzip'",
            id="gzip bomb",
        ),
        pytest.param(
            {"body": "[" * DEEP + "]" * DEEP, "headers": ENVELOPE}, "not JSON, or nested too deep", id="deep nesting"
        ),
        pytest.param(
            {"body": json.dumps([["x" * 9_000_000], {}, {}]), "headers": ENVELOPE},
            "9000014 bytes: at most 8388608",
            id="oversize",
        ),
        pytest.param(
            {"body": json.dumps(wire.task_body({})), "headers": {"task": "os.system", "id": "1"}},
            "it calls the task 'os.system'",
            id="another task",
        ),
        pytest.param(
            {"body": json.dumps(wire.task_body({})), "headers": {}}, "it calls the task 'None'", id="no headers"
        ),
    ],
)
def test_poison_ends_in_the_dead_letters_with_its_reason_and_the_next_good_batch_lands(
    producer: Producer, worker: Worker, amqp: Amqp, poison: dict[str, Any], reason: str
) -> None:
    producer.send_raw(**poison)
    good = producer.send(GOOD)
    assert producer.receipts(good)[good]["result"]["counts"]["inserted"] == 1
    until(lambda: producer.depth(wire.DEAD_QUEUE) == 1, "a dead letter")
    (letter,) = list_dead(amqp.url)
    assert letter.reason.startswith(reason)
    assert letter.died_at is not None
    assert not letter.replayable
    assert worker.process.poll() is None


def test_the_broker_itself_refuses_what_is_larger_than_any_message_of_ours(
    producer: Producer, worker: Worker, amqp: Amqp
) -> None:
    with producing(amqp.url) as other, pytest.raises(PreconditionFailed, match="larger than configured max size"):
        other.send_raw("x" * (16 * 1024 * 1024 + 1), headers=ENVELOPE)
    good = producer.send(GOOD)
    assert producer.receipts(good)[good]["result"]["counts"]["inserted"] == 1
    assert producer.depth(wire.DEAD_QUEUE) == 0


def nested(levels: int) -> Any:
    """A list in a list in a list."""
    found: Any = []
    for _ in range(levels):
        found = [found]
    return found


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        pytest.param(batch(match(), schema_version="2.0"), "schema_version", id="newer major version"),
        pytest.param(batch(*[match(f"m{n}") for n in range(10_000)]), "too_many", id="a batch of 10,000"),
        pytest.param({"kind": "?\x00"}, "malformed", id="NUL byte"),
        pytest.param(batch(match(), run_id="\x00" * 36), "malformed", id="NUL bytes in an id"),
        pytest.param({"kind": nested(300)}, "malformed", id="nested as deep as JSON takes it"),
        pytest.param("text", "malformed", id="a text"),
    ],
)
def test_a_readable_message_that_is_wrong_is_quarantined_whole_and_the_next_good_batch_lands(
    producer: Producer, worker: Worker, database: Database, message: Any, reason: str
) -> None:
    sent, good = producer.send(message), producer.send(GOOD)
    answers = producer.receipts(sent, good)
    assert answers[sent]["result"]["state"] == "refused"
    assert answers[good]["result"]["counts"]["inserted"] == 1
    with psycopg.connect(database.dsn) as db:
        rows = db.execute("select reason, payload from ingest_rejections").fetchall()
    assert rows == [(reason, message)]
    assert producer.depth(wire.DEAD_QUEUE) == 0


def test_a_newer_minor_version_lands(producer: Producer, worker: Worker) -> None:
    sent = producer.send(batch(match(weather="fog"), schema_version="1.7"))
    assert producer.receipts(sent)[sent]["result"]["counts"]["inserted"] == 1


def test_a_match_with_a_nul_byte_is_quarantined_and_its_batch_lands(
    producer: Producer, worker: Worker, database: Database
) -> None:
    bad = match("m2", competition="Cup\x00")
    sent = producer.send(batch(match("m1"), bad))
    counts = producer.receipts(sent)[sent]["result"]["counts"]
    assert (counts["inserted"], counts["rejected"]) == (1, 1)
    with psycopg.connect(database.dsn) as db:
        assert db.execute("select reason, payload from ingest_rejections").fetchall() == [("malformed", bad)]


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
    assert dead.headers["id"] == sent
    assert dead.headers[wire.DEATH_HEADER].startswith('UndefinedTable: relation "ingest_batches" does not exist')
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
        begun = producer.send(batch(match("m0"), of="s0"))
        waiting = "select 1 from pg_locks where relation = 'matches'::regclass and not granted"
        until(lambda: blocker.execute(waiting).fetchall(), "the worker at the table")
        worker.process.send_signal(signal.SIGTERM)
        until(lambda: "worker takes no more" in worker.text(), "the worker has heard")
        for number in (1, 2):
            producer.send(batch(match(f"m{number}"), of=f"s{number}"))
        assert worker.process.poll() is None
        blocker.rollback()
        assert worker.process.wait(30) == 0
        assert producer.receipts(begun)[begun]["status"] == "SUCCESS"
    assert matches(database) == 1
    until(lambda: producer.depth(wire.QUEUE) == 2, "what it held is back in the queue")


@pytest.mark.parametrize("number", range(3))
def test_sigterm_amid_a_stream_of_messages_loses_none_and_lands_none_twice(
    producer: Producer, amqp: Amqp, database: Database, tmp_path: Path, number: int
) -> None:
    with working(dsn=database.dsn, amqp_url=amqp.url, folder=tmp_path) as worker:
        sent = [producer.send(batch(match(f"m{n}"), of=f"s{n}")) for n in range(40)]
        until(lambda: matches(database) > number, "the first have landed")
        assert worker.stop() == 0
        landed = matches(database)
        until(lambda: producer.depth(wire.QUEUE) == len(sent) - landed, "what it held is back in the queue")
        first = producer.receipts(*sent[:landed])
        assert all(answer["result"]["state"] == "landed" for answer in first.values())
    with working(dsn=database.dsn, amqp_url=amqp.url, folder=tmp_path):
        rest = producer.receipts(*sent[landed:])
        assert all(answer["result"]["state"] == "landed" for answer in rest.values())


def scraped(port: int) -> str:
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return str(answer.read().decode())


def test_metrics_say_what_landed_how_deep_the_queues_are_and_how_fresh_the_league_is(
    producer: Producer, amqp: Amqp, database: Database, tmp_path: Path
) -> None:
    port = free_port()
    with working(dsn=database.dsn, amqp_url=amqp.url, folder=tmp_path, MT_METRICS_PORT=str(port)):
        producer.receipts(
            producer.send(snapshot(ids=("m1",))),
            producer.send(batch(match(), match("m2", timezone="x"))),
            producer.send(run_report(outbox=3)),
        )
        text = scraped(port)
    assert 'mt_ingest_messages_total{kind="batch",state="landed"} 1.0' in text
    assert 'mt_ingest_matches_total{outcome="inserted"} 1.0' in text
    assert 'mt_ingest_rejected_total{reason="malformed"} 1.0' in text
    assert 'mt_quarantine_open{reason="malformed"} 1.0' in text
    assert 'mt_ingest_seconds_count{kind="batch"} 1.0' in text
    assert 'mt_queue_messages{queue="matches.dead"} 0.0' in text
    assert 'mt_queue_age_seconds{queue="matches"} 0.0' in text
    assert "mt_queue_wait_seconds_count 3.0" in text
    assert "mt_outbox_messages 3.0" in text
    observed = re.search(
        r'mt_landed_observed_timestamp_seconds{key="mls-next-league-26-27",league="Homegrown"} (.+)', text
    )
    assert observed is not None
    assert float(observed[1]) == at(0).timestamp()
    assert 'mt_landed_age_seconds{key="mls-next-league-26-27",league="Homegrown"}' in text


def test_metrics_say_how_long_what_waits_has_waited_and_which_faults_there_were(
    producer: Producer, amqp: Amqp, database: Database, tmp_path: Path
) -> None:
    port = free_port()
    with (
        psycopg.connect(database.dsn, autocommit=False) as blocker,
        working(dsn=database.dsn, amqp_url=amqp.url, folder=tmp_path, MT_METRICS_PORT=str(port)) as worker,
    ):
        blocker.execute("lock table ingest_batches")
        long_ago = datetime.now(UTC) - timedelta(hours=2)
        for number in range(8):  # more than the worker's processes hold
            producer.send(batch(match(f"m{number}"), of=f"s{number}"), sent_at=long_ago)
        waiting = "select 1 from pg_locks where relation = 'ingest_batches'::regclass and not granted"
        until(lambda: blocker.execute(waiting).fetchall(), "the worker at the table")
        found = until(
            lambda: re.search(r'mt_queue_age_seconds{queue="matches"} (7[2-9]\d\d)\.', scraped(port)), "an age"
        )
        assert 7200 <= int(found[1]) < 7300
        blocker.execute("alter table ingest_batches rename to elsewhere")
        blocker.commit()
        until(lambda: producer.depth(wire.DEAD_QUEUE) > 0, "a dead letter")
        until(lambda: 'mt_ingest_faults_total{kind="permanent"}' in scraped(port), "a fault counted")
        assert worker.process.poll() is None


def test_every_metric_is_documented() -> None:
    source = Path(metrics.__file__).read_text()
    documented = (Path(DEFINITIONS).parents[2] / "docs" / "ingest.md").read_text()
    names = set(re.findall(r'"(mt_[a-z_]+)"', source))
    assert len(names) > 10
    assert {name for name in names if f"`{name}" not in documented} == set()


def test_a_worker_without_its_queue_says_what_to_load(amqp: Amqp, database: Database, tmp_path: Path) -> None:
    with producing(amqp.url) as producer:
        producer.channel.queue_delete(wire.QUEUE)
    with working(dsn=database.dsn, amqp_url=amqp.url, folder=tmp_path) as worker:
        assert worker.process.wait(30) == 2
        assert "load deploy/rabbitmq/definitions.json" in worker.text()
    assert os.getpid() != worker.process.pid
