"""What a worker itself sends to the broker: receipts to the runs, and messages that have to wait back to a delay queue.

Celery's own ways are not used: its retry drops the message into the dead letters where the broker does not take it, and
its result backend waits for ever on a connection that was cut silently. Here everything ends within seconds.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

import structlog
from amqp.exceptions import AMQPError
from celery.exceptions import SoftTimeLimitExceeded
from kombu.connection import Connection
from kombu.exceptions import KombuError
from kombu.messaging import Producer

from match_contract import wire

DELAY_EXCHANGE = "matches-delay"
TIMEOUT_S = 5
LAST_TRY = 2
BROKER_ERRORS = (AMQPError, KombuError, OSError)

log = structlog.get_logger(__name__)


class Letter(NamedTuple):
    """A message as it came off the queue, with what its envelope says."""

    message: Any
    message_id: str
    reply_to: str | None
    sent_at: datetime | None
    slow_tries: int = 0


class Unsent(Exception):
    """The broker did not confirm, twice over two connections."""


class Publisher:
    """One process's publishing connection, opened at the first use; thrown away after any doubt."""

    def __init__(self, broker_url: str) -> None:
        self._url = broker_url
        self._connection: Connection | None = None
        self._producer: Producer | None = None

    def reply(self, letter: Letter, *, status: Literal["SUCCESS", "FAILURE"], result: Any) -> None:
        """Tells a run what became of its message. Never raises: the receipts table is there to be asked as well."""
        if not letter.reply_to:
            return
        try:
            self._send(
                {"status": status, "result": result, "task_id": letter.message_id},
                exchange="",
                routing_key=letter.reply_to,
                correlation_id=letter.message_id,
                delivery_mode=1,
            )
        except (Unsent, SoftTimeLimitExceeded) as error:
            about = {"message_id": letter.message_id, "error": str(error)}
            log.warning("receipt not sent: the run finds it in the database", **about)

    def delay(self, letter: Letter, *, tries: int, wait: str) -> None:
        """Sends a message to wait in a delay queue and come back as try number `tries`; raises Unsent."""
        self._pass_on(letter, DELAY_EXCHANGE, wait, {"retries": tries, wire.SLOW_HEADER: letter.slow_tries})

    def bury(self, letter: Letter, *, why: str) -> None:
        """Puts a message with its reason among the dead letters; raises Unsent."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        self._pass_on(letter, wire.DEAD_EXCHANGE, "", {wire.DEATH_HEADER: why, wire.DEATH_TIME_HEADER: at})

    def _pass_on(self, letter: Letter, exchange: str, routing_key: str, more: Mapping[str, Any]) -> None:
        self._send(
            wire.task_body(letter.message),
            exchange=exchange,
            routing_key=routing_key,
            headers={**wire.task_headers(letter.message_id, letter.sent_at), **more},
            correlation_id=letter.message_id,
            reply_to=letter.reply_to,
            delivery_mode=2,
            mandatory=True,
        )

    def _send(self, body: Any, **properties: Any) -> None:
        for attempt in range(1, LAST_TRY + 1):
            try:
                if self._producer is None:
                    self._producer = self._open()
                self._producer.publish(
                    body, serializer="json", timeout=TIMEOUT_S, confirm_timeout=TIMEOUT_S, **properties
                )
            except BROKER_ERRORS as error:
                self.close()
                if attempt == LAST_TRY:
                    raise Unsent(f"{type(error).__name__}: {str(error)[:200]}") from error
            except BaseException:
                self.close()
                raise
            else:
                return

    def _open(self) -> Producer:
        options = {"confirm_publish": True, "read_timeout": TIMEOUT_S, "write_timeout": TIMEOUT_S}
        self._connection = Connection(self._url, connect_timeout=TIMEOUT_S, transport_options=options)
        return Producer(self._connection.default_channel, auto_declare=False)

    def close(self) -> None:
        """Drops the connection without a handshake; harmless when there is none."""
        if self._connection is not None:
            self._connection.collect()
        self._connection = self._producer = None
