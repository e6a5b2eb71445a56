"""How messages leave the agent and receipts come back. Knows the broker's manners, nothing of targets or models.

A courier sends messages one by one and says when each is safe; what cannot be confirmed waits in the outbox on disk
and is sent first next time, under the same id, so that a doubt never becomes a duplicate. Source of the settings:
the project's measurements of kombu and RabbitMQ (confirms and mandatory, bounded by read timeouts; a connection that
raised once is thrown away, since its next confirm may belong to the message before).
"""

import json
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import structlog
from amqp.exceptions import (
    AccessRefused,
    AMQPError,
    ChannelError,
    MessageNacked,
    NotFound,
    PreconditionFailed,
    ResourceLocked,
)
from kombu.connection import Connection
from kombu.entity import Exchange, Queue
from kombu.exceptions import KombuError
from kombu.messaging import Consumer, Producer
from pydantic import ValidationError

from match_contract import Receipt, message_id
from match_contract.wire import EXCHANGE, LOCK_QUEUE, QUEUE, task_body, task_headers

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

CONNECT_TIMEOUT_S = 3
CONFIRM_TIMEOUT_S = 5
HEARTBEAT_S = 10
LISTEN_S = 1.0
REPLIES_KEPT_MS = 3_600_000
"""How long a reply queue outlives the run that it belongs to, should that end without taking its leave."""
DRAIN_S = 0.1
"""So long the listening thread waits for a reply before it looks whether the run has ended."""

Payload = dict[str, Any]
BROKER_ERRORS = (AMQPError, KombuError, OSError)
"""What kombu and py-amqp raise when a broker is missing, refuses or is silent; a timeout is an OSError."""


class Undelivered(Exception):
    """A message could not be handed over for certain. The text says why and what to do."""


class Refused(Undelivered):
    """The broker is there and does not take this one message, today or tomorrow; the next one may well go."""


class AlreadyRunning(Exception):
    """Another run holds the lock."""


class Courier(Protocol):
    """Takes messages to the ingest and brings receipts back. Used from one thread at a time."""

    def open(self) -> None:
        """Makes ready and takes the run's lock; raises AlreadyRunning or Undelivered."""

    def send(self, message: Payload) -> None:
        """Hands one message over for certain; raises Undelivered, or Refused where it is this message's own fault."""

    def receipts(self, wanted: Iterable[str], wait_s: float) -> dict[str, Receipt]:
        """The receipts that are there of the messages named; returns at the first news, or after `wait_s`."""

    def close(self) -> None:
        """Frees the lock and ends."""


def _said(error: BaseException) -> str:
    return str(error) or type(error).__name__


class Replies:
    """Receipts as they come in, from whatever thread brings them."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._found: dict[str, Receipt] = {}
        self._failed: dict[str, str] = {}

    def put(self, receipt: Receipt) -> None:
        with self._news:
            self._found[receipt.message_id] = receipt
            self._news.notify_all()

    def fail(self, message_id: str, reason: str) -> None:
        """The worker says that it could not do it; the receipts table is then asked."""
        with self._news:
            self._failed[message_id] = reason
            self._news.notify_all()

    def take(self, wanted: Iterable[str], wait_s: float) -> dict[str, Receipt]:
        names = set(wanted)
        with self._news:
            before = len(names & self._found.keys())
            if before < len(names):
                self._news.wait_for(lambda: len(names & self._found.keys()) > before, wait_s)
            return {name: self._found[name] for name in names & self._found.keys()}


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
            raise Undelivered(f"RabbitMQ at {self.where} does not answer ({_said(error)}): start it") from error
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
                log.warning("receipts.interrupted", error=_said(error))
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
            log.warning("publish.again", message_id=message_id(message), error=_said(first))
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
            return Refused(f"RabbitMQ at {self.where} does not take the message ({_said(error)}): see {limit}")
        return Undelivered(self._why(error))

    def _why(self, error: BaseException) -> str:
        if isinstance(error, NotFound):
            return f"RabbitMQ at {self.where} has no exchange {EXCHANGE}: load deploy/rabbitmq/definitions.json"
        if isinstance(error, MessageNacked):
            return f"RabbitMQ at {self.where} refuses the message, its queue is full: start a worker"
        if isinstance(error, ChannelError):
            return (
                f"no queue is bound to {EXCHANGE} at {self.where} ({_said(error)}): "
                "start a worker, or load deploy/rabbitmq/definitions.json"
            )
        return f"RabbitMQ at {self.where} does not confirm ({_said(error)}): is it running?"

    def receipts(self, wanted: Iterable[str], wait_s: float) -> dict[str, Receipt]:
        return self._replies.take(wanted, wait_s)

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
            f"RabbitMQ at {where} lacks a part ({_said(error)}): load deploy/rabbitmq/definitions.json"
        ) from error
    except BROKER_ERRORS as error:
        raise Undelivered(f"RabbitMQ at {where} does not answer ({_said(error)}): start it") from error
    finally:
        connection.collect()


class Outbox:
    """Messages on disk that no courier has confirmed, oldest first. A file is whole or absent."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, message: Payload) -> Path:
        """Writes one message; raises Undelivered where the disk does not take it."""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        file = self.folder / f"{stamp}-{message['kind']}-{message_id(message)}.json"
        part = file.with_suffix(".part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for older in self.folder.glob(f"*-{message_id(message)}.json"):
                return older
            part.write_text(json.dumps(message, separators=(",", ":")), encoding="utf-8")
            part.replace(file)
        except OSError as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise Undelivered(
                f"the outbox {self.folder} does not take the message ({_said(error)}): free the disk and run again; "
                "the source is read again from the start then"
            ) from error
        return file

    def waiting(self) -> Iterator[tuple[Path, Payload]]:
        """The messages that wait, oldest first. A file that is not a message is set aside, and said."""
        for file in self.files():
            try:
                message: Payload = json.loads(file.read_text(encoding="utf-8"))
                message_id(message)
            except (ValueError, KeyError, TypeError) as error:
                aside = file.with_suffix(".unreadable")
                file.rename(aside)
                log.error("outbox.unreadable", file=str(aside), error=_said(error))
                continue
            yield file, message

    def files(self) -> list[Path]:
        """The files that wait, oldest first."""
        return sorted(self.folder.glob("*.json")) if self.folder.is_dir() else []

    def set_aside(self, file: Path) -> Path:
        """Takes a message out of the way that the broker will never take: it is kept to be looked at."""
        return file.rename(file.with_suffix(".refused"))

    def aside(self) -> list[Path]:
        """What nobody sends any more: refused by the broker, or not to be read."""
        return sorted(file for kind in ("refused", "unreadable") for file in self.folder.glob(f"*.{kind}"))
