"""deploy/rabbitmq/definitions.json against the contract's names and a real broker."""

import json
from pathlib import Path

import pytest
from kombu import Connection

from devstack.testing import DEFINITIONS, Amqp
from match_contract import wire

TOPOLOGY = json.loads(Path(DEFINITIONS).read_text())


def test_the_names_of_the_contract_are_the_names_on_the_broker() -> None:
    exchanges = {exchange["name"]: exchange["type"] for exchange in TOPOLOGY["exchanges"]}
    queues = {queue["name"]: queue["arguments"] for queue in TOPOLOGY["queues"]}
    assert exchanges[wire.EXCHANGE] == "fanout"
    assert exchanges[wire.RETRY_EXCHANGE] == "topic"
    assert exchanges[wire.DEAD_EXCHANGE] == "fanout"
    assert queues[wire.QUEUE]["x-delivery-limit"] == wire.DELIVERY_LIMIT
    assert queues[wire.DEAD_QUEUE]["x-delivery-limit"] > 1000, "RabbitMQ 4 drops what was looked at 20 times"


def test_it_names_no_user() -> None:
    assert not {"users", "permissions"} & TOPOLOGY.keys()


@pytest.mark.parametrize(
    ("exchange", "routing_key", "queue"),
    [
        (wire.EXCHANGE, "", wire.QUEUE),
        (wire.RETRY_EXCHANGE, wire.RETRY_ROUTING_KEY, wire.QUEUE),
        (wire.DEAD_EXCHANGE, "", wire.DEAD_QUEUE),
    ],
)
def test_a_message_ends_in_its_queue(amqp: Amqp, exchange: str, routing_key: str, queue: str) -> None:
    with Connection(amqp.url, transport_options={"confirm_publish": True}) as connection:
        channel = connection.default_channel
        connection.Producer(channel).publish("x", exchange=exchange, routing_key=routing_key, mandatory=True)
        assert channel.basic_get(queue, no_ack=True) is not None


def test_a_rejected_message_is_a_dead_letter_with_its_reason(amqp: Amqp) -> None:
    with Connection(amqp.url) as connection:
        channel = connection.default_channel
        connection.Producer(channel).publish("x", exchange=wire.EXCHANGE, routing_key="")
        dead: list[object] = []
        with connection.SimpleQueue(wire.QUEUE, queue_opts={"no_declare": True}) as queue:
            queue.get(timeout=60).reject()
        with connection.SimpleQueue(wire.DEAD_QUEUE, queue_opts={"no_declare": True}) as queue:
            message = queue.get(timeout=60)
            dead = message.headers["x-death"]
            message.ack()
    assert [(entry["queue"], entry["reason"]) for entry in dead] == [(wire.QUEUE, "rejected")]
