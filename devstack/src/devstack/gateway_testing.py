"""Fixtures for what stands around the gateway, as a pytest plugin (the root conftest.py loads it).

`radius`              a FreeRADIUS of the test's own, over the test's own database   (test)
`scripted_anthropic`  a scripted Anthropic of the test's own                         (test)
`gateway`             iron-claw-proxy between the two, with a user                   (test)

Each can be stopped, killed and started again by the test. All of it is gone when the test ends, however it ends.
"""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from psycopg.rows import DictRow, dict_row

from devstack import patient
from devstack.services import process
from devstack.services.freeradius import FreeRadius
from devstack.services.process import Launch, Service, StartFailed
from devstack.testing import Database, run_folder

START_ATTEMPTS = 3


async def until(condition: Callable[[], bool], *, within_s: float = 30) -> None:
    """Another process's state has no event to wait for: asks again and again, up to a deadline."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@dataclass
class Running:
    """One server of one test. Its process id is noted, so that a killed pytest leaves nothing behind."""

    service: Service
    run: Path
    """The test run's folder."""
    name: str
    child: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """Everything that the server wrote, of all its starts."""
        return self.run / f"{self.name}.log"

    def start(self) -> None:
        """Starts the server and returns when it is ready."""
        launch = self.service.launch()
        child = process.spawn(launch, self.log)
        (self.run / f"{self.name}.json").write_text(json.dumps({"pid": child.pid}))
        try:
            process.wait_ready(self.service, child, self.log)
        except BaseException:
            process.stop(child, launch)
            raise
        self.child = child

    def stop(self) -> int | None:
        """Ends it in good order; returns its exit code, None when it did not run."""
        if self.child is None:
            return None
        process.stop(self.child, self.service.launch())
        code, self.child = self.child.returncode, None
        (self.run / f"{self.name}.json").unlink(missing_ok=True)
        return code

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to the server's process."""
        if self.child is None:
            raise AssertionError(f"{self.name} is not running")
        self.child.send_signal(number)

    def kill(self) -> None:
        """SIGKILL, and waits for the end."""
        self.signal(signal.SIGKILL)
        if self.child is not None:
            self.child.wait()
            self.child = None


@dataclass
class Radius(Running):
    """FreeRADIUS with rad* tables of its own. `dsn` is that of the role `radius`."""

    server: FreeRadius = field(kw_only=True)
    database: Database = field(kw_only=True)

    @property
    def dsn(self) -> str:
        """The database as FreeRADIUS and the gateway see it."""
        return self.database.server.dsn(self.database.name, "radius")

    def rows(self, query: str, *arguments: object) -> list[DictRow]:
        """Rows of the database, read as its owner."""
        with psycopg.connect(self.database.dsn, row_factory=dict_row) as connection:
            return connection.execute(query.encode(), arguments).fetchall()

    def add_user(self, name: str, secret: str, *, check: Mapping[str, object] | None = None, **reply: object) -> None:
        """Writes a user as a person would by SQL: a plain password, further check items, the grant's attributes."""
        with psycopg.connect(self.database.dsn) as connection:
            for attribute, value in {"Cleartext-Password": secret, **(check or {})}.items():
                connection.execute(
                    "insert into radcheck (username, attribute, op, value) values (%s, %s, ':=', %s)",
                    [name, attribute, str(value)],
                )
            for attribute, value in reply.items():
                connection.execute(
                    "insert into radreply (username, attribute, op, value) values (%s, %s, ':=', %s)",
                    [name, attribute.replace("_", "-"), str(value)],
                )

    def radclient(
        self,
        kind: str,
        attributes: Mapping[str, object],
        *,
        secret: str | None = None,
        port: int | None = None,
        wait_s: int = 30,
    ) -> str:
        """What Debian's radclient prints: `kind` is auth, acct, coa or disconnect (the last two go to the relay, where
        no other port is named). It asks once and waits `wait_s`: where silence is expected, a short time."""
        ports = {"auth": self.server.auth_port, "acct": self.server.acct_port}
        port = port or ports.get(kind, self.server.coa_port)
        shared = self.server.secret if kind in ("auth", "acct") else self.server.coa_secret
        lines = [
            f'{key} = "{value}"' if isinstance(value, str) and not value.startswith("0x") else f"{key} = {value}"
            for key, value in attributes.items()
        ]
        options = ["-d", str(self.server.raddb), "-x", "-r", "1", "-t", str(wait_s)]
        done = subprocess.run(
            ["radclient", *options, f"127.0.0.1:{port}", kind, secret or shared],
            input="\n".join(lines) + "\n",
            env=self.server.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.stdout + done.stderr


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


@pytest.fixture
def radius(database: Database, request: pytest.FixtureRequest) -> Iterator[Radius]:
    """A running FreeRADIUS over the test's own, empty rad* tables."""
    run = run_folder(request.config)
    failure: StartFailed | None = None
    for _ in range(START_ATTEMPTS):  # a free port may be taken by somebody else meanwhile
        name = f"radius-{uuid4().hex[:8]}"
        server = FreeRadius(
            folder=run / name,
            auth_port=process.free_port(udp=True),
            acct_port=process.free_port(udp=True),
            coa_port=process.free_port(udp=True),
            nas_coa_port=process.free_port(udp=True),
            secret=uuid4().hex,
            coa_secret=uuid4().hex,
            database_port=database.server.port,
            database_name=database.name,
            account=process.account("freerad"),
        )
        running = Radius(server.service(), run, name, server=server, database=database)
        try:
            running.start()
        except StartFailed as error:
            failure = error
            continue
        try:
            yield running
        finally:
            with suppress(ProcessLookupError):
                running.stop()
        return
    raise failure or StartFailed("FreeRADIUS was not started")
