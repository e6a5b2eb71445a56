"""Give tests the run's real servers and a part of them that is their own, as a pytest plugin.

`pg_server`       the run's PostgreSQL                        (session)
`empty_database`  a fresh database, Supabase's furniture only (test)
`database`        a fresh database with our migrations        (test)
`db`              a connection to it, each statement its own transaction (test)
`pgbouncer`       a PgBouncer before it, transaction mode     (session)
`rabbitmq_server` the run's RabbitMQ node                     (session)
`amqp`            a fresh vhost with our topology             (test)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from devstack.places import ROOT
from devstack.services import process
from devstack.services.pgbouncer import PgBouncer
from devstack.services.postgres import Postgres, create_database, drop_database, find_binaries
from devstack.services.process import Service
from devstack.services.rabbitmq import RabbitMQ, create_vhost, delete_vhost
from devstack.testing.runs import made_once, start_shared
from missing_table.migrate import migrate

DEFINITIONS = ROOT / "deploy" / "rabbitmq" / "definitions.json"
TEMPLATE = "mt_template"


@dataclass(frozen=True)
class Database:
    """One test's own database. `dsn` is the owner's (`postgres`, no superuser), as backend and worker have it."""

    name: str
    dsn: str
    superuser_dsn: str
    server: Postgres


@dataclass(frozen=True)
class Amqp:
    """One test's own vhost, with the topology of deploy/rabbitmq/definitions.json."""

    url: str
    vhost: str
    server: RabbitMQ


@pytest.fixture(scope="session")
def pg_server(request: pytest.FixtureRequest) -> Postgres:
    """The run's private PostgreSQL: trusts loopback, does not sync to disk."""
    binaries = find_binaries()
    if binaries is None:
        pytest.fail("PostgreSQL's programs are not installed: run ./mt test, or apt-get install postgresql")

    def build(folder: Path, port: int) -> Postgres:
        return Postgres(
            folder,
            port,
            binaries,
            durable=False,
            account=process.account("postgres"),
            max_connections=300,
        )

    def make(folder: Path) -> tuple[Service, dict[str, Any]]:
        server = build(folder, process.free_port())
        return server.service(), {"folder": str(folder), "port": server.port}

    about = start_shared(request.config, "postgres", make)
    return build(Path(about["folder"]), about["port"])


def copied_database(server: Postgres, template: str | None) -> Iterator[Database]:
    """One test's own copy of a database that nobody is connected to; dropped afterwards."""
    name = f"t_{uuid4().hex[:16]}"
    create_database(server, name, template=template)
    yield Database(name, server.dsn(name), server.superuser_dsn(name), server)
    drop_database(server, name)


@pytest.fixture
def empty_database(pg_server: Postgres) -> Iterator[Database]:
    """A fresh database without our schema: for migrations and for what others bring themselves."""
    yield from copied_database(pg_server, None)


@pytest.fixture(scope="session")
def migrated_template(pg_server: Postgres, request: pytest.FixtureRequest) -> str:
    """The name of a database with all migrations, made once per run; nobody stays connected to it."""

    def make() -> str:
        drop_database(pg_server, TEMPLATE)
        create_database(pg_server, TEMPLATE)
        migrate(pg_server.dsn(TEMPLATE))
        return TEMPLATE

    return str(made_once(request.config, TEMPLATE, make))


@pytest.fixture
def database(pg_server: Postgres, migrated_template: str) -> Iterator[Database]:
    """A fresh database with our schema and nothing in it."""
    yield from copied_database(pg_server, migrated_template)


@pytest.fixture
def db(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """A connection to the test's own database, as its owner; each statement is a transaction of its own."""
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def pgbouncer(pg_server: Postgres, request: pytest.FixtureRequest) -> PgBouncer:
    """The run's PgBouncer, in transaction mode, before its PostgreSQL: three connections a database."""

    def build(folder: Path, port: int) -> PgBouncer:
        return PgBouncer(folder, port, pg_server.port, account=process.account("postgres"))

    def make(folder: Path) -> tuple[Service, dict[str, Any]]:
        pool = build(folder, process.free_port())
        return pool.service(), {"folder": str(folder), "port": pool.port}

    about = start_shared(request.config, "pgbouncer", make)
    return build(Path(about["folder"]), about["port"])


@pytest.fixture(scope="session")
def rabbitmq_server(request: pytest.FixtureRequest) -> RabbitMQ:
    """The run's private RabbitMQ node, with the management API."""

    def build(folder: Path, port: int, management_port: int, epmd_port: int) -> RabbitMQ:
        return RabbitMQ(
            folder,
            port,
            management_port,
            user="mt",
            password="test",
            account=process.account("rabbitmq"),
            epmd_port=epmd_port,
        )

    def make(folder: Path) -> tuple[Service, dict[str, Any]]:
        server = build(folder, process.free_port(), process.free_port(), process.free_port())
        ports = {"port": server.port, "management_port": server.management_port, "epmd_port": server.epmd_port}
        return server.service(), {"folder": str(folder), **ports}

    about = start_shared(request.config, "rabbitmq", make)
    return build(Path(about["folder"]), about["port"], about["management_port"], about["epmd_port"])


@pytest.fixture
def amqp(rabbitmq_server: RabbitMQ) -> Iterator[Amqp]:
    """A fresh vhost with our exchanges, queues and bindings, all empty."""
    vhost = f"t_{uuid4().hex[:12]}"
    create_vhost(rabbitmq_server, vhost)
    rabbitmq_server_at(rabbitmq_server, vhost).load_definitions()
    yield Amqp(rabbitmq_server.url(vhost), vhost, rabbitmq_server)
    delete_vhost(rabbitmq_server, vhost)


def tables(connection: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    """Schema and name of every table of ours."""
    return connection.execute(
        "select schemaname, tablename from pg_tables"
        " where schemaname in ('public', 'supabase_migrations') order by 1, 2"
    ).fetchall()


def content(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """By `schema.table`, a digest of its rows, and how many they are."""
    digest = "select md5(coalesce(string_agg(t::text, E'\\n' order by t::text), '')) || ' ' || count(*) from {} t"
    return {
        f"{schema}.{table}": digest_of
        for schema, table in tables(connection)
        for (digest_of,) in connection.execute(sql.SQL(digest).format(sql.Identifier(schema, table)))
    }


def rabbitmq_server_at(server: RabbitMQ, vhost: str) -> RabbitMQ:
    """The same node, seen as the owner of one vhost with our topology."""
    return RabbitMQ(
        server.folder,
        server.port,
        server.management_port,
        server.user,
        server.password,
        definitions=DEFINITIONS,
        vhost=vhost,
        account=server.account,
        epmd_port=server.epmd_port,
    )
