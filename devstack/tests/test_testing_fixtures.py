"""The fixtures with real servers: isolated from each other, shared by xdist workers, gone afterwards."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import psycopg
import pytest
from kombu import Connection, Exchange, Queue

from devstack import places, reaper
from devstack.places import ROOT
from devstack.testing import Amqp, Database


def names(database: Database) -> set[str]:
    with psycopg.connect(database.dsn) as connection:
        return {row[0] for row in connection.execute("select table_name from information_schema.tables")}


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_gets_an_empty_database_that_it_owns(empty_database: Database, turn: int) -> None:
    assert "mine" not in names(empty_database)
    with psycopg.connect(empty_database.dsn) as connection:
        connection.execute("create table mine (turn int)")
        connection.execute("create extension if not exists pg_trgm with schema extensions")
        row = connection.execute("select current_user, usesuper from pg_user where usename = current_user").fetchone()
    assert row == ("postgres", False)


def test_row_level_security_sees_the_claims_of_a_request_as_in_supabase(empty_database: Database) -> None:
    me = "6f9619ff-8b86-d011-b42d-00c04fc964ff"
    with psycopg.connect(empty_database.dsn) as connection:
        connection.execute("create table notes (owner uuid, note text)")
        connection.execute("insert into notes values (%s, 'mine'), (gen_random_uuid(), 'theirs')", [me])
        connection.execute("alter table notes enable row level security")
        connection.execute("create policy own on notes for select using (owner = auth.uid())")
        connection.execute("grant select on notes to authenticated")
        connection.execute("select set_config('request.jwt.claims', %s, true)", [f'{{"sub": "{me}"}}'])
        connection.execute("set local role authenticated")
        assert connection.execute("select note from notes").fetchall() == [("mine",)]


def test_a_migrated_database_is_a_fresh_copy(database: Database) -> None:
    with psycopg.connect(database.superuser_dsn) as connection:
        connection.execute("create table public.left_behind ()")
    migrations = sorted((ROOT / "supabase" / "migrations").glob("*.sql"))
    assert not migrations or "matches" in names(database)


def test_a_message_goes_through_the_vhost_of_the_test(amqp: Amqp) -> None:
    with Connection(amqp.url, connect_timeout=30) as connection:
        queue = Queue("q", Exchange("e", type="fanout"), durable=False)(connection.default_channel)
        queue.declare()
        connection.Producer().publish({"n": 1}, exchange="e", routing_key="")
        message = queue.get(no_ack=True)
    assert message is not None
    assert message.payload == {"n": 1}


def test_vhosts_do_not_see_each_other(amqp: Amqp) -> None:
    with amqp.server.management() as client:
        queues = client.get(f"/api/queues/{amqp.vhost}").raise_for_status().json()
    assert "q" not in {queue["name"] for queue in queues}
    assert httpx.URL(amqp.server.management_url).host == "127.0.0.1"


INNER = """
import os, pathlib, psycopg, pytest

@pytest.mark.parametrize("n", range(4))
def test_same_server(pg_server, empty_database, n):
    with psycopg.connect(empty_database.superuser_dsn) as connection:
        pid = connection.execute("select pg_backend_pid(), current_setting('data_directory')").fetchone()[1]
    worker = os.environ["PYTEST_XDIST_WORKER"]
    with open(os.environ["SEEN"], "a") as file:
        file.write(f"{worker} {pg_server.port} {pid}\\n")
    assert n != 3, "a failure on purpose"
"""


def inner_run(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    (folder / "conftest.py").write_text('pytest_plugins = ["devstack.testing"]\n')
    (folder / "pytest.ini").write_text("[pytest]\n")
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env={**env, "SEEN": str(folder / "seen")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_two_workers_share_one_server_which_ends_with_the_run(tmp_path: Path) -> None:
    (tmp_path / "test_inner.py").write_text(INNER)
    run = inner_run(tmp_path, "-n", "2", "--dist", "load")
    out, _ = run.communicate(timeout=100)
    assert run.returncode == 1, out
    assert re.search("1 failed, 3 passed", out), out
    seen = {tuple(line.split()) for line in (tmp_path / "seen").read_text().splitlines()}
    assert {worker for worker, _, _ in seen} == {"gw0", "gw1"}
    assert len({port for _, port, _ in seen}) == 1
    assert not Path(next(iter(seen))[2]).exists()
    assert not list(places.throwaway_folder().glob(f"mt-test-{run.pid}-*"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_cut_short_leaves_no_server_behind(tmp_path: Path, number: signal.Signals) -> None:
    os.mkfifo(tmp_path / "seen")
    (tmp_path / "test_inner.py").write_text(
        "import os, signal\n"
        "def test_hangs(pg_server):\n"
        "    with open(os.environ['SEEN'], 'w') as file:\n"
        "        file.write(str(pg_server.folder))\n"
        "    signal.pause()\n"
    )
    run = inner_run(tmp_path)
    folder = Path((tmp_path / "seen").read_text())
    postmaster = int((folder / "data" / "postmaster.pid").read_text().split()[0])
    run.send_signal(number)
    run.communicate(timeout=60)
    reaper.wait_for_end(postmaster, 30)
    assert not Path(f"/proc/{postmaster}/cmdline").exists() or not Path(f"/proc/{postmaster}/cmdline").read_bytes()


def test_a_run_that_needs_no_server_starts_none(tmp_path: Path) -> None:
    (tmp_path / "test_inner.py").write_text("def test_nothing():\n    assert True\n")
    run = inner_run(tmp_path)
    out, _ = run.communicate(timeout=60)
    assert run.returncode == 0, out
    assert not list(places.throwaway_folder().glob(f"mt-test-{run.pid}-*"))


CHOOSES = """
from devstack import places
from devstack.services import process
from devstack.testing import free_offset
offsets = [free_offset() for _ in range(3)]
print([process.free_port() for _ in range(50)] + [port for one in offsets for port in places.ports(one).values()])
input()
"""


def test_processes_that_choose_ports_at_once_choose_differently() -> None:
    choosing = [
        subprocess.Popen([sys.executable, "-c", CHOOSES], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    chosen = [port for one in choosing if one.stdout for port in json.loads(one.stdout.readline())]
    for one in choosing:
        one.communicate("\n", timeout=60)
    assert len(chosen) == len(set(chosen)) == 4 * (50 + 3 * len(places.BASE_PORTS))
