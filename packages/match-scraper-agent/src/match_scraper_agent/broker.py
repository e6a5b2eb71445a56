"""Say what RabbitMQ may answer: the errors of a delivery, and how exchange and queue are."""

from typing import Any, NamedTuple

from amqp.exceptions import AccessRefused, AMQPError, NotAllowed, NotFound
from kombu.connection import Connection
from kombu.entity import Exchange, Queue
from kombu.exceptions import KombuError

from match_contract.wire import EXCHANGE, QUEUE

CONNECT_TIMEOUT_S = 3
CONFIRM_TIMEOUT_S = 5
Payload = dict[str, Any]
BROKER_ERRORS = (AMQPError, KombuError, OSError)
"""What kombu and py-amqp raise when a broker is missing, refuses or is silent; a timeout is an OSError."""


class Undelivered(Exception):
    """A message could not be handed over for certain. The text says why and what to do."""


class Refused(Undelivered):
    """The broker is there and does not take this one message, today or tomorrow; the next one may well go."""


class AlreadyRunning(Exception):
    """Another run holds the lock."""


def said(error: BaseException) -> str:
    """Return what an error says, its name where it says nothing."""
    return str(error) or type(error).__name__


def away(where: str, error: BaseException) -> str:
    """Return the sentence for a broker that cannot be used, with what to do."""
    if isinstance(error, AccessRefused | NotAllowed):
        return (
            f"RabbitMQ at {where} is there, and this user may not use the vhost ({said(error)}): give it its "
            "permissions back, or load deploy/rabbitmq/definitions.json"
        )
    return f"RabbitMQ at {where} does not answer ({said(error)}): start it"


class Broker(NamedTuple):
    """The queue `matches` as it was found. `bound` is false where this user may not bind, so that nobody knows."""

    waiting: int
    consumers: int
    bound: bool = True


def look_at_broker(url: str) -> Broker:
    """How exchange and queue are; raises Undelivered where one is missing.

    AMQP cannot ask for a binding, so it is made: where it is there, that changes nothing.
    """
    options = {"read_timeout": CONFIRM_TIMEOUT_S, "write_timeout": CONFIRM_TIMEOUT_S}
    connection = Connection(url, connect_timeout=CONNECT_TIMEOUT_S, transport_options=options)
    where = connection.as_uri()
    try:
        exchange = Exchange(EXCHANGE, type="fanout", durable=True, channel=connection.channel())
        exchange.declare(passive=True)
        found = Queue(QUEUE, channel=connection.channel()).queue_declare(passive=True)
        bound = True
        try:
            Queue(QUEUE, exchange, channel=connection.channel()).queue_bind()
        except AccessRefused:
            bound = False
        return Broker(int(found.message_count), int(found.consumer_count), bound)
    except NotFound as error:
        raise Undelivered(
            f"RabbitMQ at {where} lacks a part ({said(error)}): load deploy/rabbitmq/definitions.json"
        ) from error
    except BROKER_ERRORS as error:
        raise Undelivered(away(where, error)) from error
    finally:
        connection.collect()
