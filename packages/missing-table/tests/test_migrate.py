"""Migrations: applied once, in order, each whole or not at all, by an owner who is no superuser."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from devstack.testing import Database
from missing_table.migrate import MigrationError, all_migrations, migrate, pending


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name.removeprefix('m')}.sql").write_text(text)
    return folder


def test_each_migration_is_applied_once_and_recorded_as_the_supabase_cli_does(
    empty_database: Database, tmp_path: Path
) -> None:
    folder = write(tmp_path, m001_first="create table a (n int); insert into a values (1);", m002_second="table a;")
    assert pending(empty_database.dsn, folder=folder) == ["001_first", "002_second"]
    assert migrate(empty_database.dsn, folder=folder) == ["001_first", "002_second"]
    assert migrate(empty_database.dsn, folder=folder) == []
    assert pending(empty_database.dsn, folder=folder) == []
    with psycopg.connect(empty_database.dsn) as connection:
        rows = connection.execute(
            "select version, name, statements from supabase_migrations.schema_migrations order by 1"
        ).fetchall()
    assert rows[0] == ("001", "first", ["create table a (n int); insert into a values (1);"])
    assert [row[0] for row in rows] == ["001", "002"]


def test_a_failing_migration_leaves_nothing_and_is_named(empty_database: Database, tmp_path: Path) -> None:
    folder = write(tmp_path, m001_good="create table a (n int)", m002_bad="create table b (n int); select 1/0;")
    with pytest.raises(MigrationError, match=r"002_bad\.sql failed and was undone: division by zero"):
        migrate(empty_database.dsn, folder=folder)
    with psycopg.connect(empty_database.dsn) as connection:
        row = connection.execute("select to_regclass('a') is not null, to_regclass('b') is not null").fetchone()
    assert row == (True, False)
    assert pending(empty_database.dsn, folder=folder) == ["002_bad"]


def test_two_that_start_at_once_apply_each_migration_once(empty_database: Database, tmp_path: Path) -> None:
    folder = write(tmp_path, **{f"m{n:03}_t": f"create table t{n} (n int)" for n in range(10)})
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: migrate(empty_database.dsn, folder=folder), range(4)))
    assert sorted(title for titles in done for title in titles) == [f"{n:03}_t" for n in range(10)]


def test_a_misnamed_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MigrationError, match=r"notes\.sql is not named"):
        all_migrations(write(tmp_path, notes="select 1"))


def test_the_command_needs_a_database_and_says_so_in_a_sentence(empty_database: Database, tmp_path: Path) -> None:
    write(tmp_path, m001_first="create table a (n int)")
    program = [sys.executable, "-m", "missing_table.cli", "migrate"]
    env = {"PATH": os.environ["PATH"], "MT_MIGRATIONS_DIR": str(tmp_path)}
    lacking = subprocess.run(program, env=env, capture_output=True, text=True, check=False)
    assert (lacking.returncode, lacking.stdout) == (2, "")
    assert "DATABASE_URL is not set" in lacking.stderr
    env["DATABASE_URL"] = empty_database.dsn
    done = subprocess.run([*program, "--json"], env=env, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"applied": ["001_first"]}


def test_a_lock_that_somebody_holds_is_waited_for_in_tries_between_which_readers_pass(
    empty_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = write(tmp_path, m001_first="create table a (n int);")
    migrate(empty_database.dsn, folder=first)
    folder = write(tmp_path, m002_second="alter table a add column m int;")
    monkeypatch.setattr("missing_table.migrate.LOCK", "50ms")
    pauses: list[int] = []
    with psycopg.connect(empty_database.dsn) as dump, psycopg.connect(empty_database.dsn) as reader:
        dump.execute("select * from a")  # a dump holds this lock until it ends

        def between(pause_s: int) -> None:
            pauses.append(pause_s)
            reader.execute("set local lock_timeout = '5s'")
            assert reader.execute("select count(*) from a").fetchone() == (0,)
            reader.rollback()
            if len(pauses) == 3:
                dump.rollback()

        monkeypatch.setattr("missing_table.migrate.sleep", between)
        assert migrate(empty_database.dsn, folder=folder) == ["002_second"]
    assert pauses == [1, 2, 5]


def test_a_lock_that_nobody_gives_up_ends_in_a_sentence_and_changes_nothing(
    empty_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(empty_database.dsn, folder=write(tmp_path, m001_first="create table a (n int);"))
    folder = write(tmp_path, m002_second="create table b (n int); alter table a add column m int;")
    monkeypatch.setattr("missing_table.migrate.LOCK", "20ms")
    monkeypatch.setattr("missing_table.migrate.sleep", lambda _: None)
    with psycopg.connect(empty_database.dsn) as dump:
        dump.execute("select * from a")
        with pytest.raises(MigrationError, match=r"002_second\.sql was undone: another session holds a lock"):
            migrate(empty_database.dsn, folder=folder)
    assert pending(empty_database.dsn, folder=folder) == ["002_second"]
