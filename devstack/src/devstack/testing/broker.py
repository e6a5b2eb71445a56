"""A producer as the agent is one, and a worker process, for tests against a real broker. No assertions."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from kombu.connection import Connection
from kombu.entity import Queue

from devstack.testing.waiting import DEADLINE_S, until
from match_contract import wire
from missing_table.ingest.judge import message_id_of


class Producer:
    """Publishes messages with confirms and reads the receipts from a reply queue of its own."""

    def __init__(self, url: str) -> None:
        self.connection = Connection(url, transport_options={"confirm_publish": True})
        self.channel = self.connection.default_channel
        self.reply = Queue(f"reply-{uuid4().hex}", exclusive=True, durable=False)(self.channel)
        self.reply.declare()

    def send(self, message: Any, *, sent_at: datetime | None = None) -> str:
        message_id = message_id_of(message)
        body = json.dumps(wire.task_body(message))
        headers = wire.task_headers(message_id, sent_at or datetime.now(UTC))
        self.send_raw(body, headers=headers, correlation_id=message_id)
        return message_id

    def send_raw(self, body: Any, **properties: Any) -> None:
        options = {"content_type": "application/json", "content_encoding": "utf-8", **properties}
        self.connection.Producer(self.channel, auto_declare=False).publish(
            body,
            exchange=wire.EXCHANGE,
            routing_key="",
            delivery_mode=2,
            mandatory=True,
            reply_to=self.reply.name,
            **options,
        )

    def receipts(self, *message_ids: str, deadline_s: float = DEADLINE_S) -> dict[str, dict[str, Any]]:
        """The answers to these messages."""
        found: dict[str, dict[str, Any]] = {}

        def complete() -> bool:
            while (reply := self.reply.get(no_ack=True)) is not None:
                found[reply.payload["task_id"]] = reply.payload
            return set(message_ids) <= found.keys()

        until(complete, f"the receipts of {len(message_ids)} messages", deadline_s=deadline_s)
        return found

    def depth(self, queue: str) -> int:
        return int(self.channel.queue_declare(queue, passive=True).message_count)

    def take(self, queue: str) -> Any:
        """The next message of a queue, raw, or None."""
        return self.channel.basic_get(queue, no_ack=True)

    def close(self) -> None:
        self.connection.close()


@contextmanager
def producing(url: str) -> Iterator[Producer]:
    producer = Producer(url)
    try:
        yield producer
    finally:
        producer.close()


class Worker:
    """`missing-table worker` in a process group of its own; its JSON log is in `log`."""

    def __init__(self, *, dsn: str, amqp_url: str, folder: Path, **more: str) -> None:
        self.log = folder / f"worker-{uuid4().hex[:6]}.log"
        # the seasons that tests invent end long after today: their documents are not of the future there
        season = {"MT_TODAY": "2029-01-01"}
        environment = {"PATH": os.environ["PATH"], "DATABASE_URL": dsn, "AMQP_URL": amqp_url, **season, **more}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "missing_table.cli", "worker"],
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> int:
        """SIGTERM to the main process alone, as a supervisor does; the exit code."""
        self.process.terminate()
        return self.process.wait(30)

    def text(self) -> str:
        return self.log.read_text()


@contextmanager
def working(**arguments: Any) -> Iterator[Worker]:
    worker = Worker(**arguments)
    try:
        yield worker
    finally:
        if worker.process.poll() is None:
            worker.kill()
