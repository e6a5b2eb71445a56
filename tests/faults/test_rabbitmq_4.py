"""The same season through RabbitMQ 4, the version that deploys, out of its image (`./mt test images`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from devstack.testing import Amqp, Database
from devstack.testing.broker import producing, working
from devstack.testing.in_flight import check, send_all
from devstack.testing.waiting import until
from match_contract import wire
from missing_table.ingest.dead import list_dead

pytestmark = [pytest.mark.images, pytest.mark.timeout(900)]


@pytest.fixture
def rabbitmq_4(request: pytest.FixtureRequest) -> Amqp:
    """A fresh vhost of a node out of the image deploy/images/rabbitmq."""
    try:
        found: Amqp = request.getfixturevalue("amqp4")
    except pytest.FixtureLookupError:
        pytest.skip("no fixture `amqp4`: the image of RabbitMQ 4 is not built here yet (deploy/images/rabbitmq)")
    return found


def test_rabbitmq_4_carries_the_season_as_the_machines_own_does(
    season: list[Any], undisturbed: dict[str, Any], rabbitmq_4: Amqp, database: Database, tmp_path: Path
) -> None:
    send_all(rabbitmq_4.url, season)
    with (
        working(dsn=database.dsn, amqp_url=rabbitmq_4.url, folder=tmp_path),
        producing(rabbitmq_4.url) as producer,
    ):
        check(producer, database.dsn, season, undisturbed)


def test_a_dead_letter_that_was_looked_at_often_is_still_there(
    rabbitmq_4: Amqp, database: Database, tmp_path: Path
) -> None:
    """Looking is a delivery, and RabbitMQ 4 drops what was delivered more often than its queue allows."""
    with (
        producing(rabbitmq_4.url) as producer,
        working(dsn=database.dsn, amqp_url=rabbitmq_4.url, folder=tmp_path),
    ):
        producer.send_raw("{", headers=wire.task_headers("no-json"))
        until(lambda: producer.depth(wire.DEAD_QUEUE) == 1, "a dead letter")
        for _ in range(wire.DELIVERY_LIMIT + 5):
            assert len(list_dead(rabbitmq_4.url)) == 1
