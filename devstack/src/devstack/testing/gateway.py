"""Give a test what stands around the gateway, as a pytest plugin.

`scripted_anthropic`  a scripted Anthropic of the test's own                         (test)
`gateway`             iron-claw-proxy between it and a FreeRADIUS, with a user       (test)

Each can be stopped, killed and started again by the test. All of it is gone when the test ends, however it ends.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from psycopg.rows import DictRow

from devstack import patient
from devstack.services import process
from devstack.services.process import Launch, Service
from devstack.testing.radius import Radius
from devstack.testing.running import Running
from devstack.testing.runs import run_folder


@dataclass
class Scripted(Running):
    """A scripted Anthropic. `control` reaches its knobs and its record."""

    port: int = field(kw_only=True)

    @property
    def url(self) -> str:
        """The base URL, as the SDK wants it."""
        return f"http://127.0.0.1:{self.port}"

    def knobs(self, **knobs: Any) -> None:
        """Sets knobs, see devstack.scripted_anthropic.server.Knobs."""
        answer = patient.post(f"{self.url}/__script/knobs", json=knobs)
        answer.raise_for_status()

    def served(self) -> list[dict[str, Any]]:
        """Every call so far, with its four token counts."""
        answer = patient.get(f"{self.url}/__script/served")
        calls: list[dict[str, Any]] = answer.raise_for_status().json()["calls"]
        return calls

    def totals(self) -> dict[str, int]:
        """Of all calls: how many (`calls`), and the sum of each token count."""
        totals: dict[str, int] = patient.get(f"{self.url}/__script/totals").raise_for_status().json()
        return totals

    def served_tokens(self) -> tuple[int, int]:
        """(input with both cache counts, output) of all calls."""
        totals = self.totals()
        cached = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
        return sum(totals[name] for name in cached), totals["output_tokens"]


def scripted_service(folder: Path, port: int, script: Path | None = None) -> Service:
    """The scripted Anthropic as the supervisor and the fixtures start it."""
    argv = [sys.executable, "-m", "devstack.scripted_anthropic", "--port", str(port)]
    if script is not None:
        argv += ["--script", str(script)]
    return Service(
        name="scripted-anthropic",
        launch=lambda: Launch(argv=tuple(argv), env=process.clean_environment(), cwd=folder, stop_within_s=5),
        ready=lambda: process.connects(port),
        tcp_ports=(port,),
        address=f"http://127.0.0.1:{port}",
        ready_within_s=60,
    )


@pytest.fixture
def scripted_anthropic(request: pytest.FixtureRequest) -> Iterator[Scripted]:
    """A running scripted Anthropic with the daily script; `parametrize(..., [file], indirect=True)` names another."""
    run = run_folder(request.config)
    name = f"scripted-{uuid4().hex[:8]}"
    port = process.free_port()
    script: Path | None = getattr(request, "param", None)
    running = Scripted(scripted_service(run, port, script), run, name, port=port)
    running.start()
    try:
        yield running
    finally:
        running.stop()


@dataclass
class Gateway(Running):
    """iron-claw-proxy. `environment` may be changed between a stop and a start."""

    port: int = field(kw_only=True)
    environment: dict[str, str] = field(kw_only=True)
    radius: Radius = field(kw_only=True)
    upstream: Scripted = field(kw_only=True)
    user: str = "ann"
    secret: str = field(default_factory=lambda: uuid4().hex)

    @property
    def url(self) -> str:
        """The base URL, as the SDK wants it."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def key(self) -> str:
        """The key of the user that the fixture makes (with no limits)."""
        return f"{self.user}.{self.secret}"

    @property
    def state(self) -> Path:
        """Where its journal lies."""
        return Path(self.environment["IRON_CLAW_STATE_DIR"])

    def get(self, path: str, key: str | None = None) -> httpx.Response:
        """A GET with a key (the user's own when none is named)."""
        headers = {"x-api-key": self.key if key is None else key}
        return patient.get(self.url + path, headers=headers)

    def end_session(self, key: str | None = None) -> httpx.Response:
        """DELETE /v1/session."""
        headers = {"x-api-key": self.key if key is None else key}
        return httpx.delete(f"{self.url}/v1/session", headers=headers, trust_env=False, timeout=30)

    def grant(self, **reply: object) -> None:
        """Sets the user's grant anew, by SQL: `MT_Token_Budget=1000`."""
        with psycopg.connect(self.radius.database.dsn) as connection:
            connection.execute("delete from radreply where username = %s", [self.user])
            for attribute, value in reply.items():
                connection.execute(
                    "insert into radreply (username, attribute, op, value) values (%s, %s, ':=', %s)",
                    [self.user, attribute.replace("_", "-"), str(value)],
                )

    def accounts(self) -> list[DictRow]:
        """The rows of radacct, oldest first."""
        return self.radius.rows("select * from radacct order by radacctid")

    def calls(self) -> list[DictRow]:
        """The rows of llm_calls, oldest first."""
        return self.radius.rows("select * from llm_calls order by started_at, call_id")

    def events(self) -> list[str]:
        """What the log tells of, by name, oldest first. A line that is just being written is left out."""
        whole = self.log.read_text().rpartition("\n")[0]
        return [json.loads(line)["event"] for line in whole.splitlines()]

    def records(self) -> list[dict[str, Any]]:
        """The journal, oldest record first. A line that is just being written is left out."""
        whole = (self.state / "journal.jsonl").read_text().rpartition("\n")[0]
        return [json.loads(line) for line in whole.splitlines()]


def gateway_environment(folder: Path, port: int, radius: Radius, upstream: Scripted, **more: str) -> dict[str, str]:
    """The settings of a gateway between these two."""
    server = radius.server
    return process.clean_environment(
        IRON_CLAW_PORT=str(port),
        IRON_CLAW_UPSTREAM_URL=upstream.url,
        IRON_CLAW_UPSTREAM_KEY="sk-ant-the-real-key",
        IRON_CLAW_RADIUS_HOST="127.0.0.1",
        IRON_CLAW_RADIUS_AUTH_PORT=str(server.auth_port),
        IRON_CLAW_RADIUS_ACCT_PORT=str(server.acct_port),
        IRON_CLAW_RADIUS_SECRET=server.secret,
        IRON_CLAW_COA_PORT=str(server.nas_coa_port),
        IRON_CLAW_COA_SECRET=server.coa_secret,
        IRON_CLAW_STATE_DIR=str(folder / "state"),
        IRON_CLAW_DATABASE_URL=radius.dsn,
        **more,
    )


@pytest.fixture
def gateway(radius: Radius, scripted_anthropic: Scripted, request: pytest.FixtureRequest) -> Iterator[Gateway]:
    """A running gateway and one user without limits. `parametrize("gateway", [{...}], indirect=True)` adds settings."""
    run = run_folder(request.config)
    name = f"gateway-{uuid4().hex[:8]}"
    folder = run / name
    folder.mkdir()
    port = process.free_port()
    environment = gateway_environment(folder, port, radius, scripted_anthropic, **getattr(request, "param", {}))
    program = Path(sys.executable).parent / "iron-claw"
    service = Service(
        name="iron-claw-proxy",
        launch=lambda: Launch(argv=(str(program), "proxy"), env=environment, cwd=folder, stop_within_s=25),
        ready=lambda: process.connects(port),
        tcp_ports=(port,),
        ready_within_s=60,
    )
    running = Gateway(
        service, run, name, port=port, environment=environment, radius=radius, upstream=scripted_anthropic
    )
    radius.add_user(running.user, running.secret)
    running.start()
    try:
        yield running
    finally:
        if running.child is not None and radius.child is None:
            radius.start()  # a gateway ends by telling it what it owes, and would wait for it
        running.stop()
