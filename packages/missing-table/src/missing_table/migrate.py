"""Applies supabase/migrations/*.sql, once each and in their order. It writes no schema of its own.

The bookkeeping is the Supabase CLI's table, so either tool may apply the next file. Runs as the owner, who is no
superuser; needs a direct connection only where a migration does (an advisory lock of the transaction orders two that
start at once, which also holds behind a pooler).
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from time import sleep
from typing import NamedTuple

import psycopg
import structlog
from psycopg.errors import LockNotAvailable

from missing_table.waits import LOCK, LOCK_TRIES_S, REACH

_LOCK = 0x4D54_4D49_4752  # "MTMIGR"
_FILE = re.compile(r"(\d+)_(\w+)\.sql")
_BOOKKEEPING = """
create schema if not exists supabase_migrations;
create table if not exists supabase_migrations.schema_migrations (
    version text primary key, statements text[], name text
);
"""

log = structlog.get_logger(__name__)


class MigrationError(Exception):
    """The migrations cannot be found, or one failed: which, and what the database said of it."""


class Migration(NamedTuple):
    """One file: its version (digits, ordering), its name, its SQL."""

    version: str
    name: str
    path: Path

    @property
    def title(self) -> str:
        return self.path.stem


def migrations_dir() -> Path:
    """`MT_MIGRATIONS_DIR`, else supabase/migrations of the checkout in which this package lies."""
    told = os.environ.get("MT_MIGRATIONS_DIR")
    if told:
        if not Path(told).is_dir():
            raise MigrationError(f"MT_MIGRATIONS_DIR is {told!r}, which is no folder")
        return Path(told)
    for parent in Path(__file__).resolve().parents:
        if (parent / "supabase" / "migrations").is_dir():
            return parent / "supabase" / "migrations"
    raise MigrationError("no supabase/migrations beside this package: set MT_MIGRATIONS_DIR to the folder that has it")


def all_migrations(folder: Path | None = None) -> list[Migration]:
    """Every migration, by version. Raises MigrationError for a misnamed file or a version used twice."""
    found: list[Migration] = []
    for path in sorted((folder or migrations_dir()).glob("*.sql")):
        parts = _FILE.fullmatch(path.name)
        if parts is None:
            raise MigrationError(f"{path.name} is not named <digits>_<name>.sql")
        found.append(Migration(parts[1], parts[2], path))
    versions = [migration.version for migration in found]
    if len(set(versions)) != len(versions):
        raise MigrationError(f"two migrations share a version among {versions}")
    return found


def pending(dsn: str, *, folder: Path | None = None) -> list[str]:
    """Titles of the migrations that the database lacks, in order. Changes nothing."""
    with psycopg.connect(dsn, autocommit=True, prepare_threshold=None, **REACH) as connection:
        there = connection.execute("select to_regclass('supabase_migrations.schema_migrations') is not null").fetchone()
        applied: Sequence[tuple[str]] = []
        if there and there[0]:
            applied = connection.execute("select version from supabase_migrations.schema_migrations").fetchall()
    done = {version for (version,) in applied}
    return [migration.title for migration in all_migrations(folder) if migration.version not in done]


def migrate(dsn: str, *, folder: Path | None = None) -> list[str]:
    """Applies what is missing, each file in its own transaction; returns their titles. A failed one leaves nothing.

    Raises MigrationError, psycopg.OperationalError where there is no database.
    """
    applied: list[str] = []
    migrations = all_migrations(folder)
    with psycopg.connect(dsn, autocommit=True, prepare_threshold=None, **REACH) as connection:
        with connection.transaction():
            connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
            connection.execute(_BOOKKEEPING)
        for migration in migrations:
            if _apply_in_tries(connection, migration):
                applied.append(migration.title)
    return applied


def _apply_in_tries(connection: psycopg.Connection, migration: Migration) -> bool:
    """Apply one, again while a lock that it needs is held: waiting for it would make everybody wait behind it."""
    for pause_s in LOCK_TRIES_S:
        try:
            return _apply(connection, migration)
        except LockNotAvailable:
            log.warning("migration waits for a lock", version=migration.version, again_in_s=pause_s)
            sleep(pause_s)
    try:
        return _apply(connection, migration)
    except LockNotAvailable as error:
        raise MigrationError(
            f"{migration.path.name} was undone: another session holds a lock that it needs, such as a dump. "
            "End that one, or migrate again when it is done."
        ) from error


def _apply(connection: psycopg.Connection, migration: Migration) -> bool:
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        known = connection.execute(
            "select 1 from supabase_migrations.schema_migrations where version = %s", [migration.version]
        ).fetchone()
        if known:
            return False
        text = migration.path.read_bytes()
        connection.execute(f"set local lock_timeout = '{LOCK}'".encode())
        try:
            connection.execute(text)
        except LockNotAvailable:
            raise
        except psycopg.Error as error:
            raise MigrationError(f"{migration.path.name} failed and was undone: {str(error).strip()}") from error
        connection.execute("reset role")
        connection.execute(
            "insert into supabase_migrations.schema_migrations (version, name, statements) values (%s, %s, %s)",
            [migration.version, migration.name, [text.decode()]],
        )
    log.info("migration applied", version=migration.version, name=migration.name)
    return True
