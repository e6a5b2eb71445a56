"""The real pipeline around tests that play through time: one process a part, each up for the whole test.

RabbitMQ and PostgreSQL are the run's own (devstack.testing); replica, worker and API are processes of the test; the
agent is the caller's: in this process, or a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg

from devstack.replica.handle import Replica, launch
from devstack.services.process import free_port
from devstack.testing import Amqp, Database
from devstack.testing.broker import Producer, Worker, producing, working
from devstack.testing.waiting import until
from match_contract import Source
from match_scraper import PLATFORMS
from match_scraper_agent.api import Api
from match_scraper_agent.publisher import AmqpCourier
from match_scraper_agent.report import RunResult
from match_scraper_agent.run import Options, run
from match_scraper_agent.settings import Settings
from match_scraper_agent.source import PlatformSource
from missing_table.accounts.keys import ServiceKey
from missing_table.accounts.queries import UPSERT_KEY

KEY = "mt_agent_0123456789abcdefghij"
WITHOUT_LIMITS = {"MT_RATE_PER_MINUTE": "0", "MT_KEY_RATE_PER_MINUTE": "0"}
"""A season is played in minutes: an agent asks three hundred times as often as in production."""


@dataclass
class Pipeline:
    """Everything that a run needs, up. `clock` is the API's: a file with a moment, or an empty one for the real."""

    replica: Replica
    worker: Worker
    producer: Producer
    database: Database
    amqp: Amqp
    api_url: str
    clock: Path
    folder: Path

    def move_to(self, moment: datetime) -> None:
        """The day of replica and API; an agent gets its own through its settings."""
        self.replica.today(moment.isoformat())
        self.clock.write_text(moment.isoformat())

    @property
    def environment(self) -> dict[str, str]:
        """Of an agent that is a process of its own."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("AGENT_", "AMQP_", "MT_"))}
        return {
            **kept,
            "AMQP_URL": self.amqp.url,
            "AGENT_API_URL": self.api_url,
            "AGENT_API_KEY": KEY,
            "AGENT_SOURCE_RESOLVE": self.replica.resolve,
            "AGENT_SOURCE_CA": str(self.replica.ca),
            "AGENT_STATE_DIR": str(self.folder / "agent"),
        }

    def agent(self, *arguments: str, today: str) -> tuple[int, dict[str, Any], str]:
        """`match-scraper-agent run --json …` as a process: exit code, report, what stood on standard error."""
        done = subprocess.run(
            self.command(*arguments),
            env={**self.environment, "AGENT_TODAY": today},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr

    def command(self, *arguments: str) -> list[str]:
        """The agent's command line."""
        return [str(Path(sys.executable).parent / "match-scraper-agent"), "run", "--json", *arguments]

    def settings(self, today: datetime, **more: Any) -> Settings:
        """Of an agent in this process."""
        values: dict[str, Any] = {
            "api_url": self.api_url,
            "api_key": KEY,
            "amqp_url": self.amqp.url,
            "source_resolve": self.replica.resolve,
            "source_ca": self.replica.ca,
            "state_dir": self.folder / "agent",
            "today": today,
        }
        return Settings(**values | more)

    async def run(self, settings: Settings, options: Options, run_id: str) -> RunResult:
        """One run of the assist reader in this process, over the real broker."""
        key = settings.api_key.get_secret_value() if settings.api_key else None
        async with Api(self.api_url, key) as api:
            return await run(
                settings,
                options,
                source=PlatformSource(settings, PLATFORMS[Source.ASSIST]),
                api=api,
                courier=AmqpCourier(self.amqp.url, run_id),
                run_id=run_id,
            )

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the database says."""
        with psycopg.connect(self.database.dsn) as connection:
            return connection.execute(query.encode(), list(values)).fetchall()

    def one(self, query: str, *values: Any) -> Any:
        """The first value of what the database says."""
        return self.rows(query, *values)[0][0]


@contextmanager
def pipeline(database: Database, amqp: Amqp, folder: Path, *replica_options: str) -> Iterator[Pipeline]:
    """Starts replica, worker and API; ends them."""
    key = ServiceKey.parse(KEY)
    assert key is not None
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute(
            UPSERT_KEY.encode(),
            {"key_id": key.key_id, "name": "agent", "secret_sha256": key.secret_sha256, "scopes": ["agent"]},
        )
    clock = folder / "api-clock"
    clock.touch()
    with ExitStack() as stack:
        replica = stack.enter_context(launch(folder / "replica", "--size", "small", *replica_options))
        worker = stack.enter_context(working(dsn=database.dsn, amqp_url=amqp.url, folder=folder))
        api_url = stack.enter_context(serving(database, folder, clock))
        producer = stack.enter_context(producing(amqp.url))
        yield Pipeline(replica, worker, producer, database, amqp, api_url, clock, folder)


@contextmanager
def serving(database: Database, folder: Path, clock: Path) -> Iterator[str]:
    """The API as a process whose clock is a file; its address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with (folder / "api.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "devstack.testing.clocked_api", str(port), str(clock)],
            env={"PATH": os.environ["PATH"], "DATABASE_URL": database.dsn, **WITHOUT_LIMITS},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        until(answering(f"{url}/health/ready"), "the API answers")
        yield url
    finally:
        process.terminate()
        process.wait(30)


def answering(url: str) -> Callable[[], bool]:
    """Whether an address answers 200."""

    def answers() -> bool:
        try:
            return httpx.get(url, trust_env=False).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    return answers
