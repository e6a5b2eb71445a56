"""A private PostgreSQL: own folder, own port, on loopback only. The system's cluster is never touched.

What the programs see is shaped like Supabase: superuser `supabase_admin`, owner `postgres` without superuser rights,
the roles and schemas that our migrations expect (`roles.sql`, `database.sql`). It applies no migration.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

import psycopg
from psycopg import sql

from devstack.services import process
from devstack.services.process import Account, Launch, NotReady, Service, StartFailed

SUPERUSER = "supabase_admin"
OWNER = "postgres"


def find_binaries() -> Path | None:
    """The folder of the newest installed server's programs (they are not on PATH in Debian); None: not installed."""
    debian = sorted(
        (path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")),
        key=lambda folder: int(folder.parent.name) if folder.parent.name.isdigit() else 0,
    )
    if debian:
        return debian[-1]
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def quoted(value: Path) -> str:
    """Return a path as postgresql.conf takes it: in quotes, with those in it doubled."""
    text = str(value).replace("\\", "\\\\").replace("'", "''")
    return f"'{text}'"


@dataclass(frozen=True)
class Postgres:
    """A private instance in `folder`. `passwords` maps role to password; without any, loopback is trusted (tests)."""

    folder: Path
    port: int
    binaries: Path
    passwords: dict[str, str] = field(default_factory=dict)
    durable: bool = True
    """False only for tests: no fsync and its companions, the data is thrown away."""
    account: Account | None = None
    max_connections: int = 100

    def dsn(self, database: str = "postgres", role: str = OWNER) -> str:
        """A libpq URL for a role of this instance."""
        password = self.passwords.get(role)
        secret = f":{password}" if password else ""
        return f"postgresql://{role}{secret}@127.0.0.1:{self.port}/{database}"

    def superuser_dsn(self, database: str = "postgres") -> str:
        """The superuser's URL: for making databases and roles, never for our programs."""
        return self.dsn(database, SUPERUSER)

    @property
    def data(self) -> Path:
        """PGDATA."""
        return self.folder / "data"

    def lay_out(self) -> Launch:
        """Makes the cluster when there is none, writes its settings, and says how to run it in the foreground."""
        who = self.account
        sockets = self.folder / "run"
        length = len(os.fsencode(sockets / f".s.PGSQL.{self.port}.lock"))
        if length >= process.SOCKET_PATH_LIMIT:
            raise StartFailed(
                f"the socket's path in {sockets} would have {length} bytes: choose a shorter --data folder"
            )
        process.own_folder(self.folder, who, 0o755)
        process.own_folder(sockets, who)
        env = process.clean_environment()
        if not (self.data / "PG_VERSION").exists():
            self._initdb(env)
        settings = [
            "listen_addresses = '127.0.0.1'",
            f"port = {self.port}",
            f"unix_socket_directories = {quoted(sockets)}",
            f"max_connections = {self.max_connections}",
            "timezone = 'UTC'",
            "log_timezone = 'UTC'",
        ]
        if not self.durable:
            settings += ["fsync = off", "synchronous_commit = off", "full_page_writes = off"]
        process.write_private(self.folder / "devstack.conf", "\n".join(settings) + "\n", who)
        return Launch(
            argv=(str(self.binaries / "postgres"), "-D", str(self.data)),
            env=env,
            cwd=self.folder,
            account=who,
            stop_signal=signal.SIGINT,  # "fast": ends sessions, writes a checkpoint
        )

    def _initdb(self, env: dict[str, str]) -> None:
        who = self.account
        shutil.rmtree(self.data, ignore_errors=True)  # what an interrupted initdb left
        auth = ["-A", "trust"]
        if self.passwords:
            secret = process.write_private(self.folder / "initdb.secret", self.passwords[SUPERUSER] + "\n", who)
            auth = ["-A", "scram-sha-256", f"--pwfile={secret}"]
        argv = [str(self.binaries / "initdb"), "-D", str(self.data), "-U", SUPERUSER, "-E", "UTF8", "--locale=C.UTF-8"]
        made = subprocess.run(
            [*argv, "--no-instructions", *auth, *([] if self.durable else ["--no-sync"])],
            env=env,
            cwd=self.folder,
            user=who.uid if who else None,
            group=who.gid if who else None,
            extra_groups=list(who.groups) if who else None,
            capture_output=True,
            text=True,
            check=False,
        )
        (self.folder / "initdb.secret").unlink(missing_ok=True)
        if made.returncode != 0:
            raise StartFailed(f"initdb ended with {made.returncode}: {(made.stderr or made.stdout).strip()}")
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(f"include {quoted(self.folder / 'devstack.conf')}\n")

    def check_ready(self) -> None:
        """One attempt to get a session as superuser."""
        try:
            psycopg.connect(self.superuser_dsn(), connect_timeout=5).close()
        except psycopg.OperationalError as error:
            raise NotReady(str(error).strip()) from error

    def shim(self) -> None:
        """Roles, their passwords, and the Supabase furniture of database `postgres` (which `postgres` then owns)."""
        with psycopg.connect(self.superuser_dsn(), autocommit=True) as connection:
            connection.execute(_file("roles.sql"))
            for role, password in self.passwords.items():
                if role in (OWNER, "authenticator"):
                    connection.execute(
                        sql.SQL("alter role {} password {}").format(sql.Identifier(role), sql.Literal(password))
                    )
            connection.execute("alter database postgres owner to postgres")
        furnish(self.superuser_dsn())

    def service(self) -> Service:
        """As the supervisor and the fixtures start it."""
        return Service(
            name="postgres",
            launch=self.lay_out,
            ready=self.check_ready,
            once_ready=self.shim,
            tcp_ports=(self.port,),
            address=f"127.0.0.1:{self.port}",
        )


def _file(name: str) -> bytes:
    return resources.files("devstack.services").joinpath(name).read_bytes()


def furnish(superuser_dsn: str) -> None:
    """Brings one database to what Supabase has before our first migration."""
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        connection.execute(_file("database.sql"))


def create_database(server: Postgres, name: str, *, template: str | None = None) -> None:
    """A database owned by `postgres`: a copy of `template` (with no session on it), else an empty, furnished one."""
    source = sql.SQL(" template {}").format(sql.Identifier(template)) if template else sql.SQL("")
    with psycopg.connect(server.superuser_dsn(), autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}{} owner postgres").format(sql.Identifier(name), source))
    if template is None:
        furnish(server.superuser_dsn(name))


def drop_database(server: Postgres, name: str) -> None:
    """Drops the database and ends whoever is still connected to it."""
    with psycopg.connect(server.superuser_dsn(), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
