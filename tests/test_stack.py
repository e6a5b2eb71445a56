"""One match's whole way, through the real ./mt and every real server: from the source's page to a phone."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from playwright.sync_api import sync_playwright

from devstack.places import ROOT, shared_folder
from devstack.testing import RunningStack

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack"), pytest.mark.timeout(900)]

FEEDS = shared_folder() / "data" / "feeds"
FIXTURES = 992
TARGETS = {"u14-hg-northeast", "u13-hg-northeast", "u14-hg-florida", "u13-hg-florida"}
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
}


def total(run: dict[str, Any], what: str) -> int:
    return sum(target[what] for target in run["targets"])


def rows(stack: RunningStack, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(stack.parts.postgres.superuser_dsn()) as connection:
        return connection.execute(query.encode()).fetchall()


def everything_written(stack: RunningStack) -> list[tuple[Any, ...]]:
    """Every table that a run writes to, with its number of rows, and what RADIUS and the proxy keep."""
    names = ["matches", "match_changes", "ingest_batches", "runs", "events", "source_documents", "radacct", "llm_calls"]
    return [(name, rows(stack, f"select count(*) from {name}")[0][0]) for name in names]


@contextmanager
def without(stack: RunningStack, *services: str) -> Iterator[None]:
    held = stack.mt("hold", *services)
    assert held.returncode == 0, held.stderr
    try:
        yield
    finally:
        released = stack.mt("release", *services)
        assert released.returncode == 0, released.stderr


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


def test_the_real_documents_land_in_the_database(stack: RunningStack, first_run: dict[str, Any]) -> None:
    assert first_run["exit_code"] == 0
    run = first_run["run"]
    assert {target["target"] for target in run["targets"] if target["found"]} == TARGETS
    assert total(run, "found") == FIXTURES
    assert total(run, "inserted") == FIXTURES
    assert total(run, "rejected") == 0
    assert rows(stack, "select count(*) from matches") == [(FIXTURES,)]


def test_radius_holds_the_ended_session_with_the_runs_tokens(stack: RunningStack, first_run: dict[str, Any]) -> None:
    run = first_run["run"]
    assert run["tokens_in"] > 0
    assert run["tokens_out"] > 0
    sessions = rows(stack, "select acctinputoctets, acctoutputoctets, acctstoptime is not null from radacct")
    assert sessions == [(run["tokens_in"], run["tokens_out"], True)]


def test_a_second_run_inserts_nothing_and_a_dry_run_changes_nothing(
    stack: RunningStack, first_run: dict[str, Any]
) -> None:
    again = stack.json("run")
    assert again["exit_code"] == 0
    assert total(again["run"], "inserted") == total(again["run"], "updated") == 0
    assert rows(stack, "select count(*) from matches") == [(FIXTURES,)]
    before = everything_written(stack)
    dry = stack.mt("run", "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert everything_written(stack) == before


def test_the_table_is_served_and_a_phone_shows_it(stack: RunningStack, first_run: dict[str, Any]) -> None:
    brackets = httpx.get(f"{stack.web}/api/brackets", params={"age_group": "U14", "division": "Northeast"}).json()
    bracket = next(item for item in brackets["items"] if item["league"] == "Homegrown")
    table = httpx.get(f"{stack.web}/api/brackets/{bracket['id']}/table").json()["rows"]
    assert [row["position"] for row in table] == list(range(1, len(table) + 1))
    leader = table[0]["team"]["name"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            for width in (390, 1280):
                page = browser.new_page(viewport={"width": width, "height": 844})
                complaints: list[str] = []
                page.on(
                    "console",
                    lambda message, seen=complaints: seen.append(message.text) if message.type == "error" else None,
                )
                page.goto(f"{stack.web}{bracket['path']}")
                page.get_by_role("table").first.get_by_text(leader, exact=False).first.wait_for()
                assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), width
                assert complaints == []
                page.close()
        finally:
            browser.close()


def test_the_first_view_is_in_the_html(stack: RunningStack, first_run: dict[str, Any]) -> None:
    brackets = httpx.get(f"{stack.web}/api/brackets", params={"age_group": "U14", "division": "Northeast"}).json()
    bracket = next(item for item in brackets["items"] if item["league"] == "Homegrown")
    leader = httpx.get(f"{stack.web}/api/brackets/{bracket['id']}/table").json()["rows"][0]["team"]["name"]
    answer = httpx.get(f"{stack.web}{bracket['path']}")
    assert "<table" in answer.text
    assert leader in answer.text
    assert "<!--#" not in answer.text


@pytest.mark.parametrize(
    ("held", "options", "code", "said"),
    [
        (["replica"], [], 3, "Nothing could be read"),
        (["rabbitmq"], [], 4, "delivered"),
        (["worker"], ["--receipt-timeout", "3"], 4, "receipt"),
        (["freeradius"], [], 0, "WARNING"),
        (["iron-claw-proxy"], [], 0, "WARNING"),
    ],
)
def test_a_run_without_one_of_its_parts_says_so(
    stack: RunningStack, first_run: dict[str, Any], held: list[str], options: list[str], code: int, said: str
) -> None:
    forget_validators(stack)
    with without(stack, *held):
        done = run_agent(stack, *options)
    assert done.returncode == code, done.stdout + done.stderr
    assert said.lower() in (done.stdout + done.stderr).lower()


def forget_validators(stack: RunningStack) -> None:
    """So that the next run reads and submits the documents again."""
    with psycopg.connect(stack.parts.postgres.superuser_dsn(), autocommit=True) as connection:
        connection.execute("update source_documents set etag = null, last_modified = null, sha256 = ''")


def run_agent(stack: RunningStack, *options: str) -> subprocess.CompletedProcess[str]:
    """One run of the agent as ./mt starts it, without bringing the stack up first: that would release what is held."""
    parts = stack.parts
    program = str(ROOT / ".venv" / "bin" / "match-scraper-agent")
    return subprocess.run(
        [program, "run", *options],
        env=parts.agent_environment({}),
        cwd=parts.data / "agent",
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_an_unknown_target_is_bad_usage(stack: RunningStack) -> None:
    done = stack.mt("run", "--target", "u99-moon")
    assert done.returncode == 2
    assert "u99-moon" in done.stdout + done.stderr


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


def test_a_second_start_does_no_setting_up_and_leaves_everything_running(stack: RunningStack) -> None:
    before = {part["name"]: part["pid"] for part in stack.json("status")["services"]}
    done = stack.mt("up")
    assert done.returncode == 0, done.stderr
    assert "installing" not in done.stderr
    assert "building" not in done.stderr
    assert {part["name"]: part["pid"] for part in stack.json("status")["services"]} == before


def test_another_stack_on_the_same_ports_is_refused(stack: RunningStack, tmp_path: Path) -> None:
    beside = Path(f"/var/tmp/mt-beside-{tmp_path.parent.name}")
    from devstack.testing import run_mt

    done = run_mt("up", "--data", str(beside), "--port-offset", str(stack.port_offset), environment=stack.environment)
    assert done.returncode == 5
    assert f"{stack.ports['backend']} (backend)" in done.stderr
    run_mt("down", "--wipe", "--data", str(beside), environment=stack.environment)
    beside.rmdir()
