"""What goes wrong, one thing at a time, on a whole stack: each ends with its exit code and a sentence.

The stack serves a small generated season; every test moves its clock, so that there is something new to land.
"""

from __future__ import annotations

import datetime
import itertools
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from devstack import environments, patient, places
from devstack.replica.season import generate
from devstack.testing import RunningStack, free_offset, stack_environment

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("failures"), pytest.mark.timeout(600)]

SEED = 7
TARGET = "u14-hg-northeast"
SCRIPTS = places.ROOT / "packages" / "match-scraper-agent" / "tests" / "scripts"
_days = (datetime.date(2026, 9, 7) + datetime.timedelta(days=4 * n) for n in itertools.count())
"""The source's clock, test by test. All lie in the past, since a document that is dated ahead is refused."""


class Season:
    """A folder of documents that the replica serves, rewritten as the season goes on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def move_on(self, bend: Callable[[dict[str, Any]], None] | None = None) -> None:
        """Some days later; `bend` changes the League's schedule document before it is written."""
        documents = generate(SEED, next(_days).isoformat(), "small")
        for path in documents:
            if bend and path.endswith("schedule/mls-next-league-26-27.json"):
                schedule = json.loads(documents[path])
                bend(schedule)
                documents[path] = json.dumps(schedule).encode()
        for path, body in documents.items():
            file = self.folder / path.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(body)


class Faulty:
    """The stack under test, what it reads, and the stand-ins' controls."""

    def __init__(self, stack: RunningStack, season: Season) -> None:
        self.stack = stack
        self.season = season

    def run(self, *options: str) -> tuple[int, dict[str, Any], str]:
        """Exit code, the run's report and everything that was said on the screen."""
        done = self.stack.mt("run", "--feeds", str(self.season.folder), "--json", *options)
        document = json.loads(done.stdout) if done.stdout.strip().startswith("{") else {}
        return done.returncode, document.get("run") or {}, done.stderr

    def agent(self, *options: str, **environment: str) -> tuple[int, dict[str, Any], str]:
        """The same, without bringing up first what a test holds stopped."""
        done = subprocess.run(
            [str(Path(sys.executable).parent / "match-scraper-agent"), "run", "--json", *options],
            env={**environments.agent(self.stack.parts, {}), **environment},
            cwd=self.stack.parts.agent_folder,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        document = json.loads(done.stdout) if done.stdout.strip().startswith("{") else {}
        return done.returncode, document, done.stderr

    def mend(self) -> None:
        """Everything runs again, source and model behave."""
        held = ("rabbitmq", "worker", "postgres", "freeradius", "iron-claw-proxy")
        assert self.stack.mt("release", *held).returncode == 0
        self.source()
        self.model()

    def source(self, **knobs: Any) -> None:
        """Sets the replica's knobs back, then turns these."""
        ca = self.stack.data / "replica" / "cert.pem"
        context = ssl.create_default_context(cafile=str(ca))
        url = f"https://127.0.0.1:{self.stack.ports['replica']}/__replica/knobs"
        patient.post(url, json={"reset": True, **knobs}, verify=context).raise_for_status()

    def model(self, **knobs: Any) -> None:
        url = f"http://127.0.0.1:{self.stack.ports['anthropic']}/__script/knobs"
        patient.post(url, json={"faults": [], "key": "", "script": "", **knobs}).raise_for_status()

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.stack.parts.database_direct_url, autocommit=True) as connection:
            cursor = connection.execute(query)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def matches(self) -> int:
        return int(self.sql("select count(*) from matches")[0][0])


@pytest.fixture(scope="module")
def module_stack() -> Iterator[Faulty]:
    data = places.throwaway_folder() / f"mt-failures-{os.getpid()}"
    feeds = places.throwaway_folder() / f"mt-failures-{os.getpid()}-feeds"
    season = Season(feeds)
    season.move_on()
    running = RunningStack(data, free_offset(), stack_environment())
    done = running.mt("up", "--feeds", str(feeds))
    try:
        assert done.returncode == 0, done.stderr
        faulty = Faulty(running, season)
        code, report, said = faulty.run()
        assert code == 0, (report, said)
        yield faulty
    finally:
        running.mt("down", "--wipe")
        shutil.rmtree(feeds, ignore_errors=True)


@pytest.fixture
def faulty(module_stack: Faulty) -> Iterator[Faulty]:
    """The stack with something new to read; whatever a test broke is mended after it."""
    module_stack.season.move_on()
    yield module_stack
    module_stack.mend()


def landed(report: dict[str, Any]) -> int:
    return sum(target["inserted"] + target["updated"] + target["unchanged"] for target in report["targets"])


def advised(report: dict[str, Any], advice: str) -> bool:
    """Whether one of the report's warnings tells what happened and what to do, as the pattern has it."""
    return any(re.search(advice, warning) for warning in report["warnings"])


def test_source_down_ends_with_3(faulty: Faulty) -> None:
    before = faulty.matches()
    faulty.source(pages="reset", viewer="reset", documents="reset")
    code, report, said = faulty.run()
    assert code == 3, said
    assert "mlssoccer.com" in said + json.dumps(report)
    assert faulty.matches() == before


def test_an_empty_document_ends_with_3_and_cancels_nothing(faulty: Faulty) -> None:
    def nothing(schedule: dict[str, Any]) -> None:
        schedule["events"] = []

    faulty.season.move_on(nothing)
    code, report, said = faulty.run("--target", TARGET)
    assert code == 3, (report, said)
    assert "holds no" in said + json.dumps(report)
    assert faulty.sql("select count(*) from matches where status = 'cancelled'") == [(0,)]


def test_no_broker_ends_with_4_and_what_was_read_waits_on_disk(faulty: Faulty) -> None:
    assert faulty.stack.mt("hold", "rabbitmq", "worker").returncode == 0
    code, report, said = faulty.agent()
    assert code == 4, (report, said)
    assert advised(report, r"RabbitMQ at \S+ does not answer \(.+\): start it"), report["warnings"]
    faulty.mend()
    code, report, said = faulty.agent()
    assert code == 0, (report, said)
    assert list((faulty.stack.parts.agent_folder / "outbox").glob("*.json")) == []


def test_no_database_ends_with_4_queued_without_a_receipt(faulty: Faulty) -> None:
    assert faulty.stack.mt("hold", "postgres").returncode == 0
    code, report, said = faulty.agent("--receipt-timeout", "5")
    assert code == 4, (report, said)
    assert advised(report, r"have no receipt within 5 s.*queued in RabbitMQ.*worker and database run \(\./mt status"), (
        report
    )
    assert advised(report, r"the API answers 503 to /api/agent/match-summary: see the backend's log"), report[
        "warnings"
    ]
    faulty.mend()
    code, report, said = faulty.agent()
    assert code == 0, (report, said)


def test_a_wrong_anthropic_key_is_a_warning_when_the_plan_landed(faulty: Faulty) -> None:
    faulty.model(key="another-key")
    code, report, said = faulty.run()
    assert code == 0, (report, said)
    assert landed(report) > 0
    assert any("401" in warning or "key" in warning.lower() for warning in report["warnings"]), report["warnings"]


def test_a_model_that_loops_is_stopped_by_the_limits_and_the_plan_lands(faulty: Faulty) -> None:
    faulty.model(script=str(SCRIPTS / "loops.toml"))
    code, report, said = faulty.agent()
    assert code == 0, (report, said)
    assert landed(report) > 0
    assert any("used up the limits of a run" in warning for warning in report["warnings"]), report["warnings"]


def test_a_model_that_lies_changes_no_count(faulty: Faulty) -> None:
    faulty.model(script=str(SCRIPTS / "liar.toml"))
    code, report, said = faulty.agent()
    assert code == 0, (report, said)
    counted = f"select sum(inserted + updated + unchanged) from ingest_batches where run_id = '{report['run_id']}'"
    assert 0 < landed(report) == faulty.sql(counted)[0][0] < 5_000


def test_a_model_that_calls_everything_at_once_and_twice_sends_each_feed_once(faulty: Faulty) -> None:
    faulty.model(script=str(SCRIPTS / "everything_at_once.toml"))
    code, report, said = faulty.agent()
    assert code == 0, (report, said)
    assert landed(report) == sum(target["found"] for target in report["targets"])
    keys = [row[0] for row in faulty.sql(f"select key from feed_snapshots where run_id = '{report['run_id']}'")]
    assert 0 < len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"kind": "status", "status": 529}, "Anthropic is overloaded (529"),
        ({"kind": "nonsense"}, "; the plan was done without the model from there on"),
        ({"kind": "hang"}, "the model took longer than 1 s"),
    ],
    ids=["overloaded", "nonsense", "timeout"],
)
def test_a_model_that_does_not_answer_is_a_warning_when_the_plan_landed(
    faulty: Faulty, fault: dict[str, object], said: str
) -> None:
    faulty.model(faults=[{**fault, "times": 0}])
    code, report, screen = faulty.agent(AGENT_MODEL_TIMEOUT_S="1" if fault["kind"] == "hang" else "60")
    assert code == 0, (report, screen)
    assert landed(report) > 0
    assert any(said in warning for warning in report["warnings"]), report["warnings"]


def test_no_budget_left_is_a_warning_when_the_plan_landed(faulty: Faulty) -> None:
    saved = faulty.sql("select id, value from radreply where username = 'agent' and attribute = 'MT-Token-Budget'")
    assert saved, "the agent's user has a token budget"
    faulty.sql("update radreply set value = '10' where username = 'agent' and attribute = 'MT-Token-Budget'")
    try:
        code, report, said = faulty.run()
    finally:
        for identifier, value in saved:
            faulty.sql(f"update radreply set value = '{value}' where id = {identifier}")
    assert code == 0, (report, said)
    assert landed(report) > 0
    assert any("budget" in warning.lower() or "429" in warning for warning in report["warnings"]), report["warnings"]


@pytest.mark.parametrize(
    ("part", "advice"),
    [
        ("freeradius", r"is not ready \(503: .+\): is FreeRADIUS running\?; this run went without a model"),
        ("iron-claw-proxy", r"iron-claw at \S+ does not answer \(.+\): start it, or see its log"),
    ],
)
def test_a_gateway_that_is_down_is_a_warning_when_the_plan_landed(faulty: Faulty, part: str, advice: str) -> None:
    assert faulty.stack.mt("hold", part).returncode == 0
    code, report, said = faulty.agent()
    assert code == 0, (report, said)
    assert landed(report) > 0
    assert advised(report, advice), report["warnings"]


def test_no_worker_ends_with_4_and_the_batches_land_when_it_is_back(faulty: Faulty) -> None:
    assert faulty.stack.mt("hold", "worker").returncode == 0
    code, report, said = faulty.agent("--receipt-timeout", "3")
    assert code == 4, (report, said)
    assert advised(
        report, r"have no receipt within 3 s.*land as soon as worker and database run .*\./mt logs worker"
    ), report
    faulty.mend()
    code, report, said = faulty.agent()
    assert code == 0, (report, said)


def test_an_unknown_target_ends_with_2_and_lists_those_that_exist(faulty: Faulty) -> None:
    code, _, said = faulty.run("--target", "u99-nowhere")
    assert code == 2
    assert "u99-nowhere" in said
    assert TARGET in said


def test_a_malformed_match_waits_in_the_quarantine_and_the_rest_of_its_batch_lands(faulty: Faulty) -> None:
    known = {row[0] for row in faulty.sql("select external_id from matches")}
    spoiled: list[str] = []

    def spoil(schedule: dict[str, Any]) -> None:
        for event in schedule["events"]:
            if event["game_key"] in known and event["home_squad_name"] == "U14" and not spoiled:
                event["start_time"] = "after lunch"  # what a match cannot be without
                spoiled.append(event["game_key"])

    faulty.season.move_on(spoil)
    code, report, said = faulty.run()
    assert code == 1, (report, said)
    assert spoiled
    rows = faulty.sql("select external_id, reason, payload::text from ingest_rejections where state = 'open'")
    assert spoiled[0] in {row[0] for row in rows}
    payload = next(row[2] for row in rows if row[0] == spoiled[0])
    assert "after lunch" in payload
    assert sum(target["rejected"] for target in report["targets"]) == 1
    assert landed(report) > 100


def test_a_taken_port_ends_with_5_and_is_named() -> None:
    offset = free_offset()
    stack = RunningStack(places.throwaway_folder() / f"mt-taken-{os.getpid()}", offset, stack_environment())
    with socket.socket() as other:
        other.bind(("127.0.0.1", stack.ports["backend"]))
        other.listen()
        done = stack.mt("run")
    shutil.rmtree(stack.data, ignore_errors=True)
    assert done.returncode == 5
    assert str(stack.ports["backend"]) in done.stderr
