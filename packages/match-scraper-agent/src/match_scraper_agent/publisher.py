"""Send messages and bring receipts back. Knows the broker's manners, nothing of targets or models.

A courier sends messages one by one and says when each is safe; what cannot be confirmed waits in the outbox on disk
and is sent first next time, under the same id, so that a doubt never becomes a duplicate. Source of the settings:
the project's measurements of kombu and RabbitMQ (confirms and mandatory, bounded by read timeouts; a connection that
raised once is thrown away, since its next confirm may belong to the message before).
"""

import socket
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog
from amqp.exceptions import (
    AccessRefused,
    ChannelError,
    MessageNacked,
    NotAllowed,
    NotFound,
    PreconditionFailed,
    ResourceLocked,
)
from kombu.connection import Connection
from kombu.entity import Queue
from kombu.messaging import Consumer, Producer
from pydantic import ValidationError

from match_contract import Receipt, message_id
from match_contract.wire import EXCHANGE, LOCK_QUEUE, task_body, task_headers
from match_scraper_agent.broker import (
    BROKER_ERRORS,
    CONFIRM_TIMEOUT_S,
    CONNECT_TIMEOUT_S,
    AlreadyRunning,
    Payload,
    Refused,
    Undelivered,
    away,
    said,
)
from match_scraper_agent.replies import Replies

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

HEARTBEAT_S = 10
LISTEN_S = 1.0
REPLIES_KEPT_MS = 3_600_000
"""How long a reply queue outlives the run that it belongs to, should that end without taking its leave."""
DRAIN_S = 0.1
"""So long the listening thread waits for a reply before it looks whether the run has ended."""


class Courier(Protocol):
    """Takes messages to the ingest and brings receipts back. Used from one thread at a time."""

    def open(self) -> None:
        """Makes ready and takes the run's lock; raises AlreadyRunning or Undelivered."""

    def send(self, message: Payload) -> None:
        """Hands one message over for certain; raises Undelivered, or Refused where it is this message's own fault."""

    def receipts(self, wanted: Iterable[str], wait_s: float) -> dict[str, Receipt]:
        """The receipts that are there of the messages named; returns at the first news, or after `wait_s`."""

    def failures(self, wanted: Iterable[str]) -> dict[str, str]:
        """Return why messages cannot land, of those named that are dead letters by now."""

    def close(self) -> None:
        """Frees the lock and ends."""


class AmqpCourier:
    """The courier of production: a confirmed, mandatory publish at a time, and a reply queue of the run's own.

    One connection listens for the whole run: it owns the exclusive lock queue, which ends with it. The reply queue does
    not: receipts that come while the connection is interrupted wait there. Another connection publishes, and is thrown
    away after any doubt.
    """

    def __init__(self, url: str, run_id: str) -> None:
        self._url = url
        self._reply_queue = f"match-scraper-agent.reply.{run_id}"
        self._publisher: Connection | None = None
        self._producer: Producer | None = None
        self._listener: Connection | None = None
        self._locked = False
        self._replies = Replies()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self.where = Connection(url).as_uri()

    # the run's own queues

    def open(self) -> None:
        try:
            self._listener = self._listen()
            if not self._lock(self._listener):
                self._listener.collect()
                self._listener = None
                raise AlreadyRunning(
                    f"another run is going on (it holds the queue {LOCK_QUEUE}): wait for it, or end it"
                )
            self._reply_to(self._listener).queue_declare()
        except BROKER_ERRORS as error:
            raise Undelivered(away(self.where, error)) from error
        self._thread = threading.Thread(target=self._hear, name="receipts", daemon=True)
        self._thread.start()

    def _listen(self) -> Connection:
        options = {"read_timeout": CONFIRM_TIMEOUT_S, "write_timeout": CONFIRM_TIMEOUT_S}
        connection = Connection(
            self._url, connect_timeout=CONNECT_TIMEOUT_S, heartbeat=HEARTBEAT_S, transport_options=options
        )
        try:
            _ = connection.default_channel  # connects
        except BaseException:
            connection.collect()
            raise
        return connection

    def _lock(self, connection: Connection) -> bool:
        """Takes the run's lock, on a channel of its own, since a refusal closes the channel. False: it is taken."""
        channel = connection.channel()
        try:
            Queue(LOCK_QUEUE, exclusive=True, durable=False, auto_delete=False, channel=channel).queue_declare()
        except ResourceLocked:
            self._locked = False
        else:
            self._locked = True
        return self._locked

    def _reply_to(self, connection: Connection) -> Queue:
        return Queue(
            self._reply_queue,
            durable=True,
            auto_delete=False,
            queue_arguments={"x-expires": REPLIES_KEPT_MS},
            channel=connection.default_channel,
        )

    def _hear(self) -> None:
        """The listening thread: takes replies, keeps the connection alive, comes back after an interruption."""
        while not self._ending.is_set():
            try:
                if self._listener is None:
                    self._locked = False
                    self._listener = self._listen()
                    self._reply_to(self._listener).queue_declare()  # a broker may have lost it with its disk
                self._consume(self._listener)
            except BROKER_ERRORS as error:
                if self._ending.is_set():
                    return
                log.warning("receipts.interrupted", error=said(error))
                if self._listener is not None:
                    self._listener.collect()
                    self._listener = None
                self._ending.wait(LISTEN_S)

    def _consume(self, connection: Connection) -> None:
        consumer = Consumer(
            connection.default_channel,
            queues=[self._reply_to(connection)],
            callbacks=[self._reply],
            accept=["json"],
            auto_declare=False,
        )
        with consumer:
            beat = time.monotonic()
            while not self._ending.is_set():
                with suppress(socket.timeout):
                    connection.drain_events(timeout=DRAIN_S)
                if time.monotonic() - beat >= HEARTBEAT_S / 4:
                    connection.heartbeat_check()
                    if not self._locked:  # the broker may still count our old connection as alive, and the lock as its
                        self._lock(connection)
                    beat = time.monotonic()
        self._reply_to(connection).delete()

    def _reply(self, body: Any, message: Any) -> None:
        message.ack()
        status = body.get("status") if isinstance(body, dict) else None
        own_id = str(message.properties.get("correlation_id") or "")
        try:
            self._replies.put(Receipt.model_validate(body["result"]))
        except (ValidationError, KeyError, TypeError):
            self._replies.fail(own_id, f"{status}: {str(body)[:200]}")
            log.warning("receipt.unreadable", message_id=own_id, status=status)

    # publishing

    def send(self, message: Payload) -> None:
        try:
            self._publish(message)
        except (MessageNacked, ChannelError) as error:
            raise self._refused(error) from error
        except BROKER_ERRORS as first:
            log.warning("publish.again", message_id=message_id(message), error=said(first))
            try:
                self._publish(message)
            except (MessageNacked, *BROKER_ERRORS) as error:
                raise self._refused(error) from error

    def _publish(self, message: Payload) -> None:
        own_id = message_id(message)
        try:
            if self._producer is None:
                options = {
                    "confirm_publish": True,
                    "read_timeout": CONFIRM_TIMEOUT_S,
                    "write_timeout": CONFIRM_TIMEOUT_S,
                }
                self._publisher = Connection(self._url, connect_timeout=CONNECT_TIMEOUT_S, transport_options=options)
                self._producer = Producer(self._publisher.default_channel, auto_declare=False)
            self._producer.publish(
                task_body(message),
                serializer="json",
                exchange=EXCHANGE,
                routing_key="",
                headers=task_headers(own_id, datetime.now(UTC)),
                correlation_id=own_id,
                reply_to=self._reply_queue,
                delivery_mode=2,
                mandatory=True,
                timeout=CONFIRM_TIMEOUT_S,
                confirm_timeout=CONFIRM_TIMEOUT_S,
            )
        except BaseException:
            if self._publisher is not None:
                self._publisher.collect()
            self._publisher = self._producer = None
            raise

    def _refused(self, error: BaseException) -> Undelivered:
        if isinstance(error, PreconditionFailed):  # of a publish: its size, or a property of it
            limit = "max_message_size in deploy/rabbitmq/rabbitmq.conf"
            return Refused(f"RabbitMQ at {self.where} does not take the message ({said(error)}): see {limit}")
        return Undelivered(self._why(error))

    def _why(self, error: BaseException) -> str:
        if isinstance(error, NotFound):
            return f"RabbitMQ at {self.where} has no exchange {EXCHANGE}: load deploy/rabbitmq/definitions.json"
        if isinstance(error, MessageNacked):
            return f"RabbitMQ at {self.where} refuses the message, its queue is full: start a worker"
        if isinstance(error, ChannelError):
            return (
                f"no queue is bound to {EXCHANGE} at {self.where} ({said(error)}): "
                "start a worker, or load deploy/rabbitmq/definitions.json"
            )
        if isinstance(error, AccessRefused | NotAllowed):
            return away(self.where, error)
        return f"RabbitMQ at {self.where} does not confirm ({said(error)}): is it running?"

    def receipts(self, wanted: Iterable[str], wait_s: float) -> dict[str, Receipt]:
        return self._replies.take(wanted, wait_s)

    def failures(self, wanted: Iterable[str]) -> dict[str, str]:
        return self._replies.failures(wanted)

    def close(self) -> None:
        self._ending.set()
        if self._thread is not None:
            self._thread.join(timeout=CONFIRM_TIMEOUT_S + LISTEN_S)
        for connection in (self._publisher, self._listener):
            if connection is not None:
                try:
                    connection.release()
                except BROKER_ERRORS:
                    connection.collect()
        self._publisher = self._producer = self._listener = None
