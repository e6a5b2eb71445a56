"""The supervisor with a real PostgreSQL and a real nginx: it starts, restarts, holds, changes and stops them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from devstack import control, places, reaper
from devstack.choices import Choices
from devstack.errors import BadSettings, CannotStart
from devstack.stack import Stack
from devstack.supervise import born
from devstack.testing import free_offset

PARTS = ("postgres", "migrate", "nginx")


@pytest.fixture
def data() -> Iterator[Path]:
    folder = places.throwaway_folder() / f"mt-s-{uuid4().hex[:8]}"
    control.ensure_data(folder)
    yield folder
    control.down(folder, print, forget=True)
    shutil.rmtree(folder)


def start(data: Path, offset: int, **more: object) -> Stack:
    choices = Choices(port_offset=offset, only=PARTS, durability="throwaway").model_copy(update=more)
    return control.up(data, choices, {}, print)


def part(data: Path, name: str) -> dict[str, object]:
    state = control.status(data, {})
    return next(service for service in state["services"] if service["name"] == name)


def wait_for_restart(data: Path, name: str, old_pid: int) -> dict[str, object]:
    """The part once it is ready again under another pid; the test's own timeout is the deadline."""
    while True:
        seen = part(data, name)
        if seen["state"] == "ready" and seen["pid"] != old_pid:
            return seen
        reaper.wait_for_end(os.getppid(), 0.05)


def test_a_stack_starts_restarts_what_dies_and_stops(data: Path) -> None:
    offset = free_offset()
    stack = start(data, offset)
    seen = control.status(data, {})
    assert seen["ready"]
    assert [service["name"] for service in seen["services"]] == list(PARTS)
    assert [service["state"] for service in seen["services"]] == ["ready", "done", "ready"]
    with psycopg.connect(stack.database_url) as connection:
        row = connection.execute("select current_user, count(*) from matches").fetchone()
    assert row == ("postgres", 0)

    pid = int(str(part(data, "postgres")["pid"]))
    os.kill(pid, signal.SIGKILL)
    again = wait_for_restart(data, "postgres", pid)
    assert again["restarts"] == 1

    assert start(data, offset).ports["postgres"] == stack.ports["postgres"]
    assert part(data, "postgres")["pid"] == again["pid"], "a second up leaves what runs as it is"

    control.hold(data, ("nginx",), print, held=True)
    assert part(data, "nginx")["state"] == "held"
    control.hold(data, ("nginx",), print, held=False)
    assert part(data, "nginx")["answers"] is True

    assert control.down(data, print, forget=False)
    assert not control.is_running(data)
    assert born(int(str(again["pid"]))) is None
    assert (data / "pg" / "data" / "PG_VERSION").exists(), "the state survives"
    assert control.down(data, print, forget=True) is False
    assert list(data.iterdir()) == []


def test_servers_of_a_supervisor_that_was_killed_are_ended_by_the_next_up(data: Path) -> None:
    offset = free_offset()
    start(data, offset)
    state = control.read_state(data)
    assert state is not None
    before = int(str(part(data, "postgres")["pid"]))
    os.kill(state["supervisor_pid"], signal.SIGKILL)
    reaper.wait_for_end(state["supervisor_pid"], 10)
    start(data, offset)
    assert part(data, "postgres")["pid"] != before
    assert born(before) is None


def test_a_replica_that_was_pointed_elsewhere_serves_that_also_after_it_died(data: Path, tmp_path: Path) -> None:
    offset = free_offset()
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        for kind in ("schedule", "standings"):
            (folder / "data" / kind).mkdir(parents=True)
            document = {"synced_at": "2026-10-05T14:00:00Z", "data": []}
            (folder / "data" / kind / "mls-next-league-26-27.json").write_text(json.dumps(document))
    start(data, offset, only=("replica",), feeds=str(first))
    pid = int(str(part(data, "replica")["pid"]))
    start(data, offset, only=("replica",), feeds=str(second))
    seen = part(data, "replica")
    assert (seen["pid"], seen["note"]) == (pid, f"feeds: {second}")
    os.kill(pid, signal.SIGKILL)
    again = wait_for_restart(data, "replica", pid)
    assert str(second) in Path(f"/proc/{again['pid']}/cmdline").read_text()


def test_a_port_that_is_taken_is_named_with_its_service_and_nothing_is_left_running(data: Path) -> None:
    offset = free_offset()
    with socket.create_server(("127.0.0.1", places.ports(offset)["web"])), pytest.raises(CannotStart) as raised:
        start(data, offset)
    assert f"{places.ports(offset)['web']} (nginx)" in str(raised.value)
    assert not control.is_running(data)


def test_a_service_that_cannot_start_is_said_with_its_log_and_nothing_is_left_running(data: Path) -> None:
    offset = free_offset()
    start(data, offset)
    control.down(data, print, forget=False)
    (data / "pg" / "data" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(CannotStart, match=r"postgres could not be started(.|\n)*no_such_setting"):
        start(data, offset)
    assert not control.is_running(data)


def test_holding_a_service_that_does_not_exist_lists_those_that_do(data: Path) -> None:
    start(data, free_offset())
    with pytest.raises(BadSettings, match="there are: migrate, nginx, postgres"):
        control.hold(data, ("mysql",), print, held=True)


def test_secrets_are_made_once_and_only_their_owner_reads_them(data: Path) -> None:
    first = Stack(data, Choices()).secrets
    assert Stack(data, Choices()).secrets == first
    assert (data / "secrets.json").stat().st_mode & 0o777 == 0o600
