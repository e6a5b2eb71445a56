"""The dead letters: what the broker gave up on. Seen without being taken, and sent back to the queue."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kombu.connection import Connection
from kombu.message import Message

from match_contract import wire
from missing_table.ingest.screen import refuse_compression, why_unreadable

CONNECT_TIMEOUT_S = 5
_OF_THE_LAST_DEATH = (
    "x-death",
    "x-first-death-exchange",
    "x-first-death-queue",
    "x-first-death-reason",
    wire.DEATH_HEADER,
    wire.DEATH_TIME_HEADER,
    wire.SLOW_HEADER,
)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message of matches.dead. `reason`: why it cannot be read, the fault that it met, or the broker's word."""

    message_id: str
    reason: str
    died_at: str | None
    kind: str | None
    run_id: str | None
    size_bytes: int
    replayable: bool


def list_dead(broker_url: str, *, limit: int = 100) -> list[DeadLetter]:
    """The first letters of the queue, in order; they stay there."""
    with _letters(broker_url, limit=limit) as (_, letters):
        return [_describe(message) for message in letters]


def replay_dead(
    broker_url: str, *, ids: set[str] | None, limit: int = 100, before_sending: Callable[[DeadLetter], None]
) -> list[DeadLetter]:
    """Sends letters back to the queue `matches` alone, confirmed, and only then takes them off; returns those.

    `ids` None: all that can be read. One that no task can be called with stays where it is. `before_sending` is told of
    each: queue and database share no transaction, and a letter that was not sent after all is still in matches.dead.
    """
    sent: list[DeadLetter] = []
    with _letters(broker_url, limit=limit) as (connection, letters):
        producer = connection.Producer(connection.default_channel, auto_declare=False)
        for message in letters:
            letter = _describe(message)
            if not letter.replayable or (ids is not None and letter.message_id not in ids):
                continue
            before_sending(letter)
            producer.publish(
                message.body,
                exchange=wire.RETRY_EXCHANGE,
                routing_key=wire.RETRY_ROUTING_KEY,
                content_type=message.content_type,
                content_encoding=message.content_encoding,
                headers={key: value for key, value in message.headers.items() if key not in _OF_THE_LAST_DEATH},
                correlation_id=message.properties.get("correlation_id"),
                delivery_mode=2,
                mandatory=True,
                timeout=CONNECT_TIMEOUT_S,
                confirm_timeout=CONNECT_TIMEOUT_S,
            )
            message.ack()
            sent.append(letter)
    return sent


@contextmanager
def _letters(broker_url: str, *, limit: int) -> Iterator[tuple[Connection, list[Message]]]:
    """Holds up to `limit` letters; those not acknowledged go back in their order when this ends."""
    refuse_compression()
    options = {"confirm_publish": True, "read_timeout": CONNECT_TIMEOUT_S, "write_timeout": CONNECT_TIMEOUT_S}
    with Connection(broker_url, connect_timeout=CONNECT_TIMEOUT_S, transport_options=options) as connection:
        channel = connection.channel()
        letters: list[Message] = []
        while len(letters) < limit and (raw := channel.basic_get(wire.DEAD_QUEUE, no_ack=False)) is not None:
            message = channel.message_to_python(raw)
            message.accept = {"application/json"}
            letters.append(message)
        yield connection, letters
        for message in reversed(letters):
            if not message.acknowledged:
                message.requeue()
        channel.close()


def _describe(message: Message) -> DeadLetter:
    headers: dict[str, Any] = message.headers or {}
    deaths = [entry for entry in headers.get("x-death", []) if entry.get("queue") == wire.QUEUE]
    unreadable = why_unreadable(message)
    content: Any = {} if unreadable else message.payload[0][0]
    named: dict[str, Any] = content if isinstance(content, dict) else {}
    died_at = deaths[0].get("time") if deaths else None
    broker_says = str(deaths[0].get("reason")) if deaths else "unknown"
    return DeadLetter(
        message_id=str(headers.get("id", "")),
        reason=unreadable or str(headers.get(wire.DEATH_HEADER) or broker_says),
        died_at=died_at.isoformat() if died_at is not None else headers.get(wire.DEATH_TIME_HEADER),
        kind=str(named["kind"])[:20] if "kind" in named else None,
        run_id=str(named["run_id"])[:36] if "run_id" in named else None,
        size_bytes=len(message.body),
        replayable=unreadable is None,
    )


def as_json(letters: list[DeadLetter]) -> str:
    """One list, as scripts read it."""
    return json.dumps([{name: getattr(letter, name) for name in DeadLetter.__slots__} for letter in letters])
