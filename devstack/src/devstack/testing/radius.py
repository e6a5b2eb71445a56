"""Give a test a FreeRADIUS of its own over its own database, as a pytest plugin: the fixture `radius`.

It can be stopped, killed and started again by the test, and is gone when the test ends, however it ends.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import uuid4

import psycopg
import pytest
from psycopg.rows import DictRow, dict_row

from devstack.services import process
from devstack.services.freeradius import FreeRadius
from devstack.services.process import StartFailed
from devstack.testing.running import Running
from devstack.testing.runs import START_ATTEMPTS, run_folder
from devstack.testing.servers import Database


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
