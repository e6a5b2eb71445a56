"""The stream of events over a real server: prompt, resumable, and no hindrance to a graceful stop."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest

from devstack.services import process
from missing_table.live import endpoints
from missing_table.server.app import create_app

from .conftest import SECRET, running, settings_for
from .test_kept_answers import bump

DEADLINE_S = 60


@dataclass
class Server:
    """`missing-table serve`, as the stack starts it."""

    url: str
    process: subprocess.Popen[bytes]

    def stream(self, **headers: str) -> Any:
        return httpx.stream("GET", f"{self.url}/api/events", headers=headers, timeout=DEADLINE_S)


@contextmanager
def serving(seed: Any, **environment: str) -> Iterator[Server]:
    """A server of its own process, which hears the database and listens itself (in this order)."""
    port = process.free_port()
    settings = {"DATABASE_URL": seed.dsn, "MT_TODAY": "2026-10-05", "MT_JWT_SECRET": SECRET, **environment}
    with TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        argv = (sys.executable, "-m", "missing_table.cli", "serve", "--port", str(port))
        launch = process.Launch(argv, {**os.environ, **settings}, Path(folder))

        def ready() -> None:
            process.connects(port)
            if b"listener hears" not in log.read_bytes():
                raise process.NotReady("it does not hear the database")

        service = process.Service("missing-table serve", lambda: launch, ready, ready_within_s=DEADLINE_S)
        child = process.spawn(launch, log)
        try:
            process.wait_ready(service, child, log)
            yield Server(f"http://127.0.0.1:{port}", child)
        finally:
            child.kill()
            child.wait()


@pytest.fixture
def server(seed: Any) -> Iterator[Server]:
    with serving(seed, MT_RATE_PER_MINUTE="0", MT_KEY_RATE_PER_MINUTE="0", MT_REFUSALS_PER_MINUTE="0") as started:
        yield started


def frames(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    """Server-sent events, one a frame; comments are left out."""
    frame: dict[str, str] = {}
    for line in lines:
        if not line:
            if frame:
                yield frame
            frame = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(": ")
            frame[name] = value


def test_what_lands_is_on_an_open_stream_and_can_be_resumed(server: Server, seed: Any) -> None:
    with server.stream() as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        stream = frames(answer.iter_lines())
        first = next(stream)
        assert 2000 <= int(first["retry"]) <= 6000
        assert first["event"] == "beat"
        bump(seed, seed.northeast)
        told = next(stream)
        assert told["event"] == "bracket"
        data = json.loads(told["data"])
        assert (data["bracket_id"], data["version"]) == (seed.northeast, 2)
    bump(seed, seed.pro)
    bump(seed, seed.northeast)
    with server.stream(**{"Last-Event-ID": told["id"]}) as answer:
        stream = frames(answer.iter_lines())
        next(stream)
        missed = [json.loads(next(stream)["data"])["bracket_id"] for _ in range(2)]
        assert missed == [seed.pro, seed.northeast]


async def test_a_quiet_stream_has_heartbeats(seed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked of the stream itself, with a shorter pause: fifteen seconds are long in a test."""
    monkeypatch.setattr(endpoints, "HEARTBEAT_S", 0.01)
    app = create_app(settings_for(seed.dsn))
    async with running(app):
        stream = endpoints._stream(app.state.missing_table, None, None)
        seen = [await anext(stream) for _ in range(3)]
        await stream.aclose()
    assert [part.startswith(b"retry:") for part in seen] == [True, False, False]
    assert seen[0].endswith(b"event: beat\ndata: {}\n\n")  # so a page that opened knows where it stands
    assert seen[1] == seen[2] == b"event: beat\ndata: {}\n\n"  # an event: scripts do not see comments


def test_one_that_was_away_too_long_is_told_to_read_the_page_again(server: Server, seed: Any) -> None:
    for _ in range(3):
        bump(seed, seed.northeast)
    seed.execute("delete from events where id < (select max(id) from events)")
    with server.stream(**{"Last-Event-ID": "0"}) as answer:
        stream = frames(answer.iter_lines())
        next(stream)
        assert next(stream)["event"] == "reset"


def test_an_open_stream_does_not_keep_the_server_from_stopping(server: Server) -> None:
    with server.stream() as answer:
        stream = frames(answer.iter_lines())
        next(stream)
        server.process.send_signal(signal.SIGTERM)
        assert list(stream) == []
    assert server.process.wait(DEADLINE_S) in (0, -signal.SIGTERM)
