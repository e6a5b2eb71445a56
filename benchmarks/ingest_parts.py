"""Servers, replica and worker of the bench of ingest, and a season sent through them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from devstack.services import process
from devstack.services.postgres import Postgres, find_binaries
from devstack.services.process import Launch, Service
from devstack.services.rabbitmq import RabbitMQ
from devstack.stack import DEFINITIONS
from match_contract import RunReport, Season
from match_scraper import Outcome, Reader, ReaderSettings, read_feed
from match_scraper.assist.keys import usual_keys
from match_scraper_agent.messages import build_messages
from match_scraper_agent.publisher import AmqpCourier
from match_scraper_agent.targets import EVERY_LEAGUE

SEASON = Season(2026)
TODAY = "2027-02-01"
NOW = datetime(2027, 2, 2, tzinfo=UTC)
"""The reader's clock: the replica's documents are of the day before."""
VIEWER = "https://mls-assist.theintelligenceplatform.com"
DEADLINE_S = 300
RECEIPTS_S = 5.0


Message = dict[str, Any]


@dataclass(frozen=True)
class Servers:
    """What runs for one bench: a database server, a broker, the replica of the source."""

    postgres: Postgres
    broker: RabbitMQ
    reader: ReaderSettings
    folder: Path


@contextmanager
def running(service: Service, log: Path) -> Iterator[None]:
    """A server of ours, ready, until the end of the block."""
    launch = service.launch()
    child = process.spawn(launch, log)
    try:
        process.wait_ready(service, child, log)
        yield
    finally:
        process.stop(child, launch)


def with_commit_times(service: Service) -> Service:
    """The same PostgreSQL, which also keeps when each transaction was committed."""

    def launch() -> Launch:
        plain = service.launch()
        return replace(plain, argv=(*plain.argv, "-c", "track_commit_timestamp=on"))

    return replace(service, launch=launch)


@contextmanager
def servers() -> Iterator[Servers]:
    """PostgreSQL with default durability, RabbitMQ with our topology, the replica with a full season."""
    folder = Path(tempfile.mkdtemp(prefix="mt-bench-", dir="/var/tmp"))
    folder.chmod(0o755)
    binaries = find_binaries()
    if binaries is None:
        sys.exit("PostgreSQL's programs are not installed: apt-get install postgresql")
    postgres = Postgres(folder / "pg", process.free_port(), binaries, account=process.account("postgres"))
    broker = RabbitMQ(
        folder / "mq",
        process.free_port(),
        process.free_port(),
        user="mt",
        password=uuid4().hex,
        definitions=DEFINITIONS,
        account=process.account("rabbitmq"),
    )
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.enter_context(running(with_commit_times(postgres.service()), folder / "pg.log"))
        stack.enter_context(running(broker.service(), folder / "mq.log"))
        reader = stack.enter_context(replica(folder))
        yield Servers(postgres, broker, reader, folder)


@contextmanager
def replica(folder: Path) -> Iterator[ReaderSettings]:
    """The generated season over HTTPS, as a process of its own."""
    heard, said = os.pipe()
    command = [sys.executable, "-m", "devstack.replica", "--port", "0", "--state", str(folder), "--today", TODAY]
    with (folder / "replica.log").open("wb") as log:
        child = subprocess.Popen([*command, "--ready-fd", str(said)], stderr=log, pass_fds=[said])  # noqa: S603
    os.close(said)
    try:
        with os.fdopen(heard, "rb") as pipe:
            port = json.loads(pipe.read())["port"]
        yield ReaderSettings(
            source_resolve=dict.fromkeys((VIEWER.removeprefix("https://"), "www.mlssoccer.com"), f"127.0.0.1:{port}"),
            source_ca=folder / "cert.pem",
            state_dir=folder / "reader",
        )
    finally:
        child.terminate()
        child.wait(20)


@contextmanager
def worker(dsn: str, amqp_url: str, folder: Path, *, concurrency: int = 2) -> Iterator[None]:
    """`missing-table worker`, consuming before this returns."""
    log = folder / "worker.log"
    clock = {"MT_TODAY": f"{NOW:%Y-%m-%d}"}  # the season's own: its documents are not of the future
    environment = {**os.environ, "DATABASE_URL": dsn, "AMQP_URL": amqp_url, "MT_LOG_LEVEL": "warning", **clock}
    program = [sys.executable, "-m", "missing_table.cli", "worker", "--concurrency", str(concurrency)]
    with log.open("wb") as out:
        child = subprocess.Popen(program, env=environment, stdout=out, stderr=out, start_new_session=True)  # noqa: S603
    try:
        courier = AmqpCourier(amqp_url, str(uuid4()))
        courier.open()
        report = run_report()
        courier.send(report)
        wait_for(courier, {report["run_id"]})
        courier.close()
        yield
    finally:
        child.terminate()
        child.wait(30)


def run_report() -> Message:
    """A run in which nothing happened."""
    return RunReport(
        run_id=str(uuid4()), started_at="2027-02-01T14:00:00Z", ended_at="2027-02-01T14:00:01Z", exit_code=0
    ).model_dump(mode="json")


def wait_for(courier: AmqpCourier, wanted: set[str]) -> dict[str, Any]:
    """The receipts of these messages."""
    found: dict[str, Any] = {}
    end = time.monotonic() + DEADLINE_S
    while wanted - found.keys():
        found |= courier.receipts(wanted - found.keys(), RECEIPTS_S)
        if time.monotonic() > end:
            sys.exit(f"{len(wanted - found.keys())} receipts did not come within {DEADLINE_S} s")
    return found


def message_id(message: Message) -> str:
    """The id under which its receipt comes back."""
    return str(message[{"snapshot": "snapshot_id", "batch": "batch_id", "run_report": "run_id"}[message["kind"]]])


async def feed_to_committed(servers: Servers, amqp_url: str) -> tuple[float, list[Message], int]:
    """Seconds from the first request to the last receipt, the messages, and how many matches were inserted."""
    courier = AmqpCourier(amqp_url, str(uuid4()))
    courier.open()
    sent: list[Message] = []
    started = time.perf_counter()
    async with Reader(servers.reader) as reader:
        for key in usual_keys(SEASON):
            reading = await read_feed(reader, key, viewer_url=VIEWER, validators={}, now=NOW, landed=None)
            if reading.outcome is not Outcome.READ:
                sys.exit(f"{key.key} was not read: {reading.outcome}: {reading.detail}")
            shipment = build_messages(reading, EVERY_LEAGUE, run_id=str(uuid4()), snapshot_id=str(uuid4()))
            for message in shipment.messages:
                courier.send(message)
                sent.append(message)
    receipts = wait_for(courier, {message_id(message) for message in sent})
    seconds = time.perf_counter() - started
    courier.close()
    refused = [receipt for receipt in receipts.values() if receipt.state != "landed"]
    if refused:
        sys.exit(f"not landed: {refused[0]}")
    return seconds, sent, sum(receipt.counts.inserted for receipt in receipts.values())


def with_other_ids(messages: list[Message]) -> list[Message]:
    """The same documents sent again by another run."""
    ids: dict[str, str] = {}
    again: list[Message] = []
    for message in messages:
        other = {**message, "snapshot_id": ids.setdefault(message["snapshot_id"], str(uuid4()))}
        again.append(other | ({"batch_id": str(uuid4())} if message["kind"] == "batch" else {}))
    return again


def result(name: str, value: float, unit: str, peer: str | None = None, peer_value: float | None = None) -> Message:
    """One line of the bench."""
    ratio = round(value / peer_value, 3) if peer_value else None
    rounded = round(peer_value, 3) if peer_value is not None else None
    return {"name": name, "value": round(value, 3), "unit": unit, "peer": peer, "peer_value": rounded, "ratio": ratio}
