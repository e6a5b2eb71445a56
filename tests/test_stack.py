"""A stack as a person keeps it: every service answers, a second start changes nothing, the scripts tell the truth."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from devstack.places import ROOT, shared_folder, throwaway_folder
from devstack.testing import RunningStack, run_mt
from devstack.testing.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack"), pytest.mark.timeout(900)]

FEEDS = shared_folder() / "data" / "feeds"
EVERY_SERVICE = {
    "postgres",
    "rabbitmq",
    "freeradius",
    "scripted-anthropic",
    "iron-claw-proxy",
    "worker",
    "backend",
    "nginx",
    "replica",
    "sign-in",
}


@pytest.fixture(scope="module")
def first_run(stack: RunningStack) -> dict[str, Any]:
    """The real documents, read and landed once."""
    if not FEEDS.is_dir():
        pytest.skip(f"the shared feeds are not at {FEEDS} (MT_SHARED names their folder)")
    done = stack.mt("run", "--feeds", str(FEEDS), "--json")
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_every_service_runs_and_answers(stack: RunningStack) -> None:
    seen = stack.json("status")
    assert seen["running"] and seen["ready"], seen
    assert {part["name"] for part in seen["services"]} >= EVERY_SERVICE
    assert all(part["answers"] for part in seen["services"] if part["name"] in EVERY_SERVICE)
    assert stack.mt("status").stdout.count("ready") >= len(EVERY_SERVICE)


def test_up_brings_a_deleted_queue_and_exchange_back(stack: RunningStack, first_run: dict[str, Any]) -> None:
    with stack.parts.rabbitmq.management() as broker:
        for what in ("queues/%2F/matches", "exchanges/%2F/matches-fanout"):
            broker.delete(f"/api/{what}").raise_for_status()
    up = stack.mt("up")
    assert up.returncode == 0, up.stderr
    until(lambda: stack.parts.rabbitmq.consumers("matches"), "a worker that consumes the queue made anew")
    run = stack.mt("run", "--feeds", str(FEEDS))
    assert run.returncode == 0, run.stdout + run.stderr


def test_preflight_passes_and_trigger_tells_what_landed(stack: RunningStack, first_run: dict[str, Any]) -> None:
    where = ["--data", str(stack.data), "--port-offset", str(stack.port_offset)]
    for script, said in (("preflight.sh", "0 failed"), ("trigger.sh", "matches in the database")):
        done = subprocess.run(
            [str(ROOT / "scripts" / script), "local", *where],
            env=stack.environment,
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert said in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["match-scraper-agent", "runs"], "992"),
        (["missing-table", "quarantine", "list"], "in the quarantine"),
        (["iron-claw", "usage", "--by", "day", "--json"], "tokens"),
        (["psql", "-c", "select count(*) from matches"], "992"),
    ],
)
def test_a_person_looks_inside_with_the_commands_of_the_readme(
    stack: RunningStack, first_run: dict[str, Any], argv: list[str], said: str
) -> None:
    assert first_run["exit_code"] == 0
    where = ("--data", str(stack.data), "--port-offset", str(stack.port_offset))
    done = run_mt("exec", *where, *argv, environment=stack.environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert said in done.stdout
    assert f"./mt exec {argv[0]}" in (ROOT / "README.md").read_text()


def test_a_program_that_is_not_ours_is_refused(stack: RunningStack) -> None:
    done = run_mt("exec", "--data", str(stack.data), "bash", environment=stack.environment)
    assert done.returncode == 2
    assert "match-scraper-agent" in done.stderr


def test_a_second_start_does_no_setting_up_and_leaves_everything_running(stack: RunningStack) -> None:
    before = {part["name"]: part["pid"] for part in stack.json("status")["services"]}
    done = stack.mt("up")
    assert done.returncode == 0, done.stderr
    assert "installing" not in done.stderr
    assert "building" not in done.stderr
    assert {part["name"]: part["pid"] for part in stack.json("status")["services"]} == before


def test_another_stack_on_the_same_ports_is_refused(stack: RunningStack, tmp_path: Path) -> None:
    beside = throwaway_folder() / f"mt-beside-{tmp_path.parent.name}"
    done = run_mt("up", "--data", str(beside), "--port-offset", str(stack.port_offset), environment=stack.environment)
    assert done.returncode == 5
    assert f"{stack.ports['backend']} (backend)" in done.stderr
    run_mt("down", "--wipe", "--data", str(beside), environment=stack.environment)
    beside.rmdir()
