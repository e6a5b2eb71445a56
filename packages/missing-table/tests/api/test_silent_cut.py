"""A way to the database that is cut without a word: no end of the connection, no refusal, packets do not come back.

The database stands behind relays in a network namespace, at two addresses; the way back from the first is taken away.
What is killed or refused is noticed at once and tested elsewhere: of this a kernel tells after a quarter of an hour.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from devstack.services.postgres import Postgres
from missing_table.waits import REACH

from .test_events_stream import DEADLINE_S, Server, frames, serving
from .test_kept_answers import bump

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

WHOLE_AGAIN_S = 30
RELAY = """
import asyncio, sys
hosts, port, socket = sys.argv[1].split(","), int(sys.argv[2]), sys.argv[3]
async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    writer.close()
async def relay(reader, writer):
    far = await asyncio.open_unix_connection(socket)
    await asyncio.gather(pump(reader, far[1]), pump(far[0], writer))
async def main():
    for host in hosts:
        await asyncio.start_server(relay, host, port)
    print("ready", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


class Island:
    """A network namespace with two links, and a relay to the database behind each."""

    def __init__(self, name: str, number: int, postgres: Postgres) -> None:
        self.name, self.port = name, postgres.port
        self.links = [(f"10.213.{2 * number + link}.1", f"10.213.{2 * number + link}.2") for link in (0, 1)]
        _ip("netns", "add", name)
        for link, (near, far) in enumerate(self.links):
            here, there = f"{name}{link}", f"{name}{link}b"
            _ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", name)
            _ip("addr", "add", f"{near}/30", "dev", here)
            _ip("link", "set", here, "up")
            _ip("-n", name, "addr", "add", f"{far}/30", "dev", there)
            _ip("-n", name, "link", "set", there, "up")
        socket = postgres.folder / "run" / f".s.PGSQL.{postgres.port}"
        hosts = ",".join(far for _, far in self.links)
        argv = ["ip", "netns", "exec", name, sys.executable, "-c", RELAY, hosts, str(self.port), str(socket)]
        self.relay = subprocess.Popen(argv, stdout=subprocess.PIPE)
        assert self.relay.stdout is not None
        assert self.relay.stdout.readline() == b"ready\n"

    def dsn(self, of: str) -> str:
        """Return a database's address by both links, the first one first."""
        parts = urlsplit(of)
        hosts = ",".join(f"{far}:{self.port}" for _, far in self.links)
        return f"postgresql://{parts.username}@{hosts}{parts.path}"

    def cut(self) -> None:
        """Lose every packet that goes back over the first link."""
        _ip("-n", self.name, "route", "add", "blackhole", f"{self.links[0][0]}/32")

    def end(self) -> None:
        """Take it all away."""
        self.relay.kill()
        self.relay.wait()
        for link in (0, 1):
            _ip("link", "del", f"{self.name}{link}")
        _ip("netns", "del", self.name)


def _ip(*argv: str) -> None:
    done = subprocess.run(["ip", *argv], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"ip {' '.join(argv)}: {done.stderr}"


@pytest.fixture
def island(pg_server: Postgres) -> Iterator[Island]:
    """An island of this test's own. Needs root, as the servers of these tests do where they are installed."""
    number = os.getpid() % 100
    made = Island(f"mt{os.getpid() % 10_000}", number, pg_server)
    yield made
    made.end()


def until(condition: Callable[[], bool], what: str, within_s: float) -> None:
    """Wait for something with a deadline."""
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end, f"not within {within_s} s: {what}"


def version_of(server: Server, seed: Any) -> int | None:
    """Return the version that a table is answered in; None for a refusal, which is no wrong answer."""
    answer = httpx.get(f"{server.url}/api/brackets/{seed.northeast}/table", timeout=DEADLINE_S)
    return int(answer.json()["bracket"]["version"]) if answer.status_code == 200 else None


UNLIMITED = {"MT_RATE_PER_MINUTE": "0", "MT_KEY_RATE_PER_MINUTE": "0", "MT_REFUSALS_PER_MINUTE": "0"}


def test_where_the_listener_alone_is_cut_off_nothing_old_is_answered_for_long(seed: Any, island: Island) -> None:
    with serving(seed, DATABASE_DIRECT_URL=island.dsn(seed.dsn), **UNLIMITED) as server:
        first = version_of(server, seed)
        assert first is not None
        island.cut()
        bump(seed, seed.northeast)
        until(lambda: version_of(server, seed) == first + 1, "the new table", WHOLE_AGAIN_S)
        with server.stream() as answer:
            stream = frames(answer.iter_lines())
            assert next(stream)["event"] == "beat"
            bump(seed, seed.northeast)
            told = next(frame for frame in stream if frame["event"] == "bracket")  # over its other link
            assert f'"version":{first + 2}' in told["data"]
        assert version_of(server, seed) == first + 2


def test_where_every_connection_is_cut_off_the_api_is_whole_again_by_the_other_way(seed: Any, island: Island) -> None:
    with serving(seed, DATABASE_URL=island.dsn(seed.dsn), **UNLIMITED) as server:
        first = version_of(server, seed)
        assert first is not None
        island.cut()
        bump(seed, seed.northeast)
        seen: list[int | None] = []

        def whole() -> bool:
            seen.append(version_of(server, seed))
            return seen[-1] == first + 1

        until(whole, "the new table", WHOLE_AGAIN_S)
        until(lambda: httpx.get(f"{server.url}/health/ready", timeout=DEADLINE_S).status_code == 200, "ready", 10)
        assert {version_of(server, seed) for _ in range(20)} == {first + 1}, seen


def test_a_program_that_waits_for_an_answer_is_told_after_seconds(seed: Any, island: Island) -> None:
    """As the worker, the forecasts and every tool connect: with the limits that stand in one place."""
    with psycopg.connect(island.dsn(seed.dsn), autocommit=True, **REACH) as connection:
        connection.execute("select 1")
        island.cut()
        begin = time.monotonic()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("select 1")
        assert time.monotonic() - begin < WHOLE_AGAIN_S
    with psycopg.connect(island.dsn(seed.dsn), autocommit=True, **REACH) as again:
        assert again.execute("select 1").fetchone() == (1,)
