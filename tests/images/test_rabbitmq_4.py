"""RabbitMQ 4, the version that deploys, out of its image: our worker lives with it as with the machine's own."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from devstack.services.rabbitmq import RabbitMQ
from devstack.testing import Amqp, Database
from devstack.testing.broker import producing, working
from devstack.testing.league_messages import batch, match, snapshot
from devstack.testing.waiting import until
from match_contract import wire

pytestmark = [pytest.mark.images, pytest.mark.timeout(180)]


def test_a_batch_lands_and_what_cannot_be_read_is_a_dead_letter(
    rabbitmq4: RabbitMQ, amqp4: Amqp, database: Database, tmp_path: Path
) -> None:
    with rabbitmq4.management() as client:
        assert client.get("/api/overview").json()["rabbitmq_version"].startswith("4.")
    with producing(amqp4.url) as producer, working(dsn=database.dsn, amqp_url=amqp4.url, folder=tmp_path):
        producer.send_raw(b"not JSON")
        receipts = producer.receipts(producer.send(snapshot(ids=("m1",))), producer.send(batch(match())))
        assert {receipt["status"] for receipt in receipts.values()} == {"SUCCESS"}
        until(lambda: producer.depth(wire.DEAD_QUEUE) == 1, "the dead letter")
        letter = producer.take(wire.DEAD_QUEUE)
    assert letter.body == "not JSON"
    assert letter.headers["x-first-death-reason"] == "rejected"
    with psycopg.connect(database.dsn) as connection:
        assert connection.execute("select count(*) from matches").fetchone() == (1,)
