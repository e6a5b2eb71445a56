"""One run through every real server, on real fixtures: from the source to the page, twice, and once without writing.

The tests follow each other on one stack (xdist_group), in the order in which they stand here.
"""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import sync_playwright

from devstack import patient
from devstack.places import shared_folder, throwaway_folder
from devstack.testing import RunningStack, content, free_offset, stack_environment
from devstack.testing.waiting import until

pytestmark = [pytest.mark.xdist_group("pipeline"), pytest.mark.timeout(600)]

SHARED = shared_folder() / "data"
FIXTURES = 992
PLAYED = 145
HOMEGROWN, OTHERS = "all-homegrown", ("all-academy", "all-flex")

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the real fixtures (../shared/data) are not here")


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A stack of this module's own, serving the real fixtures, empty at first."""
    data = throwaway_folder() / f"mt-pipeline-{os.getpid()}"
    running = RunningStack(data, free_offset(), stack_environment())
    done = running.mt("up", "--feeds", str(SHARED / "feeds"))
    try:
        assert done.returncode == 0, done.stderr
        yield running
    finally:
        running.mt("down", "--wipe")


@pytest.fixture(scope="module")
def first_run(pipeline: RunningStack) -> dict[str, Any]:
    """What the first run printed."""
    return dict(pipeline.json("run"))


def one(stack: RunningStack, query: str) -> Any:
    """The single value of a query, asked as the owner."""
    with psycopg.connect(stack.parts.database_direct_url) as connection:
        row = connection.execute(query).fetchone()  # type: ignore[arg-type]
    assert row is not None
    return row[0]


OF_THE_API = {f"public.{name}" for name in ("forecasts", "bracket_forecasts", "weekend_insights", "api_keys")}
"""What the serving API makes of what has landed, when it comes to it, and when it saw a key: no run writes there."""
JOURNALS = {f"public.{name}" for name in ("runs", "ingest_batches", "events", "llm_calls", "radacct", "radpostauth")}
"""Where every run leaves a trace, one that brought nothing new too."""


def queues(stack: RunningStack) -> dict[str, int]:
    """Messages in every queue."""
    with stack.parts.rabbitmq.management() as client:
        found = client.get("/api/queues/%2F", params={"disable_stats": "true", "enable_queue_totals": "true"})
    return {queue["name"]: queue.get("messages", 0) for queue in found.raise_for_status().json()}


def files(folder: Path) -> dict[str, str]:
    """Every file and folder beneath it, a file with the digest of its content."""
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in sorted(folder.rglob("*"))
    }


def everything(stack: RunningStack) -> dict[str, Any]:
    """What a run can change: the rows of every table, every queue, and what the agent keeps on disk."""
    with psycopg.connect(stack.parts.database_direct_url) as connection:
        rows = content(connection)
    assert set(rows) > OF_THE_API | JOURNALS
    return {
        **{name: digest for name, digest in rows.items() if name not in OF_THE_API},
        "queues": queues(stack),
        "the agent's files": files(stack.parts.agent_folder),
    }


@needs_shared
def test_the_first_run_lands_every_fixture_of_the_four_brackets(
    pipeline: RunningStack, first_run: dict[str, Any]
) -> None:
    assert first_run["exit_code"] == 0, first_run
    targets = {target["target"]: target for target in first_run["run"]["targets"]}
    assert set(targets) == {HOMEGROWN, *OTHERS}
    assert {targets[name]["outcome"] for name in OTHERS} == {"not_published"}
    assert targets[HOMEGROWN]["outcome"] == "landed"
    assert targets[HOMEGROWN]["inserted"] == targets[HOMEGROWN]["found"] == FIXTURES
    assert sum(target["inserted"] for target in targets.values()) == FIXTURES
    assert sum(target["rejected"] for target in targets.values()) == 0
    assert one(pipeline, "select count(*) from matches") == FIXTURES
    assert one(pipeline, "select count(*) from matches where status = 'completed'") == PLAYED
    assert one(pipeline, "select count(*) from brackets") == 4


@needs_shared
def test_the_model_was_asked_through_the_gateway_and_radius_counts_the_same_tokens(
    pipeline: RunningStack, first_run: dict[str, Any]
) -> None:
    report = first_run["run"]
    assert report["model"]
    assert report["tokens_in"] > 0
    assert report["tokens_out"] > 0
    metrics = f"http://127.0.0.1:{pipeline.ports['proxy']}/metrics"
    all_told = 'iron_claw_journal_depth{kind="accounting"} 0.0', 'iron_claw_journal_depth{kind="calls"} 0.0'
    until(lambda: all(line in patient.get(metrics).text for line in all_told), "everything is told")
    with psycopg.connect(pipeline.parts.database_direct_url) as connection:
        sessions = connection.execute(
            "select acctinputoctets, acctoutputoctets, acctstoptime is not null from radacct where username = 'agent'"
        ).fetchall()
        calls = connection.execute(
            "select sum(input_tokens + cache_write_tokens + cache_read_tokens), sum(output_tokens) from llm_calls"
        ).fetchone()
    assert sessions == [(report["tokens_in"], report["tokens_out"], True)]
    assert calls == (report["tokens_in"], report["tokens_out"])


@needs_shared
def test_nothing_is_left_in_the_queues_and_every_message_has_its_receipt(
    pipeline: RunningStack, first_run: dict[str, Any]
) -> None:
    assert first_run["exit_code"] == 0
    left = queues(pipeline)
    assert left["matches"] == 0
    assert left["matches.dead"] == 0
    assert one(pipeline, "select count(*) from ingest_rejections") == 0
    assert one(pipeline, "select sum(inserted) from ingest_batches where kind = 'batch'") == FIXTURES
    assert one(pipeline, "select count(*) from runs where exit_code = 0") == 1
    assert one(pipeline, "select count(*) from feed_snapshots where landed_at is null") == 0


@needs_shared
def test_the_table_is_the_one_that_the_real_results_make(pipeline: RunningStack, first_run: dict[str, Any]) -> None:
    assert first_run["exit_code"] == 0
    brackets = patient.get(f"{pipeline.api}/api/brackets", params={"season": "2026-27"}).raise_for_status().json()
    assert len(brackets["items"]) == 4
    for bracket in brackets["items"]:
        file = SHARED / "real" / f"{bracket['age_group'].lower()}_{bracket['division'].lower()}.csv"
        points: Counter[str] = Counter()
        played: Counter[str] = Counter()
        names: set[str] = set()
        with file.open(newline="") as rows:
            for row in csv.DictReader(rows):
                names |= {row["home_team"], row["away_team"]}
                if not row["home_score"]:
                    continue
                home, away = int(row["home_score"]), int(row["away_score"])
                for team, mine, theirs in ((row["home_team"], home, away), (row["away_team"], away, home)):
                    played[team] += 1
                    points[team] += 3 if mine > theirs else 1 if mine == theirs else 0
        table = patient.get(f"{pipeline.api}/api/brackets/{bracket['id']}/table").raise_for_status().json()
        assert {row["team"]["name"] for row in table["rows"]} == names
        for row in table["rows"]:
            assert (row["played"], row["points"]) == (played[row["team"]["name"]], points[row["team"]["name"]])
        ratios = [row["points"] / row["played"] if row["played"] else 0 for row in table["rows"]]
        assert ratios == sorted(ratios, reverse=True)
        matches = patient.get(f"{pipeline.api}/api/brackets/{bracket['id']}/matches").raise_for_status().json()
        assert matches["items"]
        match = patient.get(f"{pipeline.api}/api/matches/{matches['items'][0]['id']}").raise_for_status().json()
        assert match["home"]["name"] in names
        team = patient.get(f"{pipeline.api}/api/teams/{table['rows'][0]['team']['id']}").raise_for_status().json()
        assert team["name"] == table["rows"][0]["team"]["name"]


@needs_shared
@pytest.mark.parametrize("width", [390, 1280])
def test_a_parent_opens_the_page_and_reads_the_table(
    pipeline: RunningStack, first_run: dict[str, Any], width: int
) -> None:
    assert first_run["exit_code"] == 0
    path = "/2026-27/homegrown/u14/northeast"
    bracket = next(
        bracket
        for bracket in patient.get(f"{pipeline.api}/api/brackets").raise_for_status().json()["items"]
        if bracket["path"] == path
    )
    table = patient.get(f"{pipeline.api}/api/brackets/{bracket['id']}/table").raise_for_status().json()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        page = chromium.new_page(viewport={"width": width, "height": 844})
        troubles: list[str] = []
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
        page.goto(f"{pipeline.web}{path}")
        rows = page.locator("table.table tbody tr")
        rows.first.wait_for()
        text = page.locator("table.table").first.inner_text()
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        title = page.title()
        chromium.close()
    for row in table["rows"]:
        assert row["team"]["name"] in text or row["team"]["short_name"] in text
    assert "U14" in title
    assert "Northeast" in title
    assert overflow <= 0
    assert troubles == []


@needs_shared
def test_the_table_is_in_the_page_before_any_script_runs(pipeline: RunningStack, first_run: dict[str, Any]) -> None:
    assert first_run["exit_code"] == 0
    page = patient.get(f"{pipeline.web}/2026-27/homegrown/u14/northeast").raise_for_status()
    assert "<title>" in page.text
    assert "Northeast" in page.text.partition("</head>")[0]
    assert "Bayside FC" in page.text
    assert "<!--#" not in page.text


@needs_shared
def test_a_dry_run_changes_nothing_anywhere(pipeline: RunningStack, first_run: dict[str, Any]) -> None:
    assert first_run["exit_code"] == 0
    before = everything(pipeline)
    done = pipeline.mt("run", "--dry-run")
    assert done.returncode == 0, done.stdout + done.stderr
    assert everything(pipeline) == before


@needs_shared
def test_a_second_run_inserts_nothing_and_says_so(pipeline: RunningStack, first_run: dict[str, Any]) -> None:
    assert first_run["exit_code"] == 0
    before = everything(pipeline)
    told = one(pipeline, "select max(id) from events")
    again = pipeline.json("run")
    assert again["exit_code"] == 0
    targets = {target["target"]: target for target in again["run"]["targets"]}
    assert targets[HOMEGROWN]["inserted"] == targets[HOMEGROWN]["updated"] == 0
    assert targets[HOMEGROWN]["unchanged"] == targets[HOMEGROWN]["found"] == FIXTURES
    after = everything(pipeline)
    assert {name: seen for name, seen in after.items() if before[name] != seen}.keys() == JOURNALS
    of_matches = (
        f"select count(*) from events where id > {told} and (match_id, bracket_id) is distinct from (null, null)"
    )
    assert one(pipeline, of_matches) == 0
    assert one(pipeline, "select count(*) from matches") == FIXTURES
    assert one(pipeline, "select count(*) from runs") == 2
    assert one(pipeline, "select count(*) from radacct where acctstoptime is null") == 0
