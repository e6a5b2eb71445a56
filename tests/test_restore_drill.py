"""The drill of docs/operations.md, "Restore from a backup": its own commands, run on two real databases."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from devstack.places import ROOT
from devstack.services.postgres import find_binaries
from devstack.testing import Database, content, tables
from devstack.testing.league_messages import batch, match, snapshot
from missing_table.ingest import land

Connection = psycopg.Connection[Any]


def commands(heading: str) -> str:
    """The shell block beneath a heading of docs/operations.md."""
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    found = re.search(rf"^### {re.escape(heading)}\n.*?```sh\n(.*?)```", text, re.MULTILINE | re.DOTALL)
    assert found, f"docs/operations.md has no commands under {heading!r}"
    return found[1]


def perform(script: str, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    binaries = find_binaries()
    assert binaries is not None
    path = f"{Path(sys.executable).parent}:{binaries}:{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "MT_", "DATABASE_"))}
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={**kept, "PATH": path, **settings},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def rules(connection: Connection) -> dict[str, list[Any]]:
    """What protects the rows and keeps them whole: row security, policies, grants, constraints, triggers, functions."""
    queries = {
        "row security": "select relname, relrowsecurity from pg_class where relnamespace = 'public'::regnamespace "
        "and relkind = 'r' order by 1",
        "policies": "select tablename, policyname, roles::text, cmd, qual, with_check from pg_policies order by 1, 2",
        "grants": "select table_name, grantee, privilege_type from information_schema.role_table_grants "
        "where table_schema = 'public' order by 1, 2, 3",
        "constraints": "select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint "
        "where connamespace = 'public'::regnamespace order by 1, 2",
        "indexes": "select indexname, indexdef from pg_indexes where schemaname = 'public' order by 1",
        "triggers": "select tgrelid::regclass::text, tgname from pg_trigger where not tgisinternal order by 1, 2",
        "functions": "select proname, pg_get_functiondef(oid) from pg_proc where pronamespace = 'public'::regnamespace "
        "and prokind = 'f' order by 1, 2",
        "sequences": "select sequencename, last_value from pg_sequences where schemaname = 'public' order by 1",
    }
    return {name: connection.execute(query).fetchall() for name, query in queries.items()}


@pytest.fixture
def lived_in(database: Database) -> Database:
    """A database in which something landed, a person signed in, and the gateway counted."""
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        land(connection, snapshot(ids=("m1", "m2")))
        land(connection, batch(match(score=(2, 1))))
        connection.execute("insert into radcheck (username, attribute, op, value) values ('agent', 'x', ':=', 'y')")
    return database


def test_what_was_dumped_comes_back_whole_into_an_empty_project(
    lived_in: Database, empty_database: Database, tmp_path: Path
) -> None:
    dumped = perform(commands("Back up"), tmp_path, DATABASE_DIRECT_URL=lived_in.dsn)
    assert dumped.returncode == 0, dumped.stderr
    restored = perform(commands("Restore from a backup"), tmp_path, DATABASE_DIRECT_URL=empty_database.dsn)
    assert restored.returncode == 0, restored.stdout + restored.stderr
    assert "The schema is up to date." in restored.stdout
    with psycopg.connect(lived_in.dsn) as before, psycopg.connect(empty_database.dsn, autocommit=True) as after:
        assert content(after) == content(before)
        assert rules(after) == rules(before)
        assert len(tables(after)) > 30
        assert land(after, batch(match(score=(2, 1)))).state == "replayed"


def test_a_restore_over_a_database_that_holds_something_is_refused_and_changes_nothing(
    lived_in: Database, tmp_path: Path
) -> None:
    assert perform(commands("Back up"), tmp_path, DATABASE_DIRECT_URL=lived_in.dsn).returncode == 0
    with psycopg.connect(lived_in.dsn, autocommit=True) as connection:
        before = content(connection)
        again = perform(commands("Restore from a backup"), tmp_path, DATABASE_DIRECT_URL=lived_in.dsn)
        assert again.returncode != 0
        assert content(connection) == before
