"""A whole season, day by day, through the real pipeline: replica, agent, RabbitMQ, worker, PostgreSQL, API.

One run a day for 300 days, from the day after the fixtures appear. On one day in five the source misbehaves: a fault
drawn from the replica's knobs. On every other day, and on days whose fault a reader has to get over, all that is in the
database is compared with what is true at that moment; at the end the tables too.

The reader goes over HTTP with the last known keys, as `--browser never` does: a Chromium takes three seconds a day.
Every thirtieth day it looks at mlssoccer.com as in production, half of the time at a page that misbehaves.
"""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

import pytest

from devstack import patient
from devstack.testing import Amqp, Database
from devstack.testing.pipeline import Pipeline, pipeline
from match_contract import wire
from match_scraper_agent.report import exit_code, printed
from match_scraper_agent.run import Options, RunResult
from match_scraper_agent.targets import EVERY_LEAGUE

pytestmark = [pytest.mark.season, pytest.mark.timeout(1500)]

SEED = 4
FIRST = datetime(2026, 8, 25, 13, 40, 3, tzinfo=UTC)
DAYS = 300
FAULTY = 60
BROWSER_EVERY = 30
OVER_AFTER = timedelta(hours=2)


@dataclass(frozen=True)
class Fault:
    """Knobs for a day. `codes`: how a run may end; `true`: what lands is the truth all the same."""

    knobs: Mapping[str, Any]
    codes: frozenset[int] = frozenset({0})
    true: bool = True
    anywhere: bool = False
    """It may hit one document alone, or one competition."""


NOTHING_OR_PART = frozenset({1, 3})
FAULTS = {
    "one 429": Fault({"documents": "429", "times": 1, "retry_after_s": 0}),
    "two 500s": Fault({"documents": "500", "times": 2}),
    "one reset": Fault({"documents": "reset", "times": 1}),
    "one truncated body": Fault({"documents": "truncated", "times": 1}),
    "slow": Fault({"documents": "slow", "slow_ms": 20}),
    "no ETag": Fault({"etag": "drop"}),
    "no validators": Fault({"etag": "drop", "last_modified": "drop"}),
    "unknown fields": Fault({"unknown_fields": True}),
    "turned away": Fault({"documents": "403"}, NOTHING_OR_PART, true=False, anywhere=True),
    "come back in an hour": Fault(
        {"documents": "429", "retry_after_s": 3600}, NOTHING_OR_PART, true=False, anywhere=True
    ),
    "down": Fault({"documents": "503", "retry_after_s": 0}, NOTHING_OR_PART, true=False),
    "hanging": Fault({"documents": "hang"}, NOTHING_OR_PART, true=False),
    "resetting": Fault({"documents": "reset"}, NOTHING_OR_PART, true=False),
    "gone": Fault({"documents": "404"}, NOTHING_OR_PART, true=False, anywhere=True),
    "the app's shell": Fault({"documents": "shell"}, NOTHING_OR_PART, true=False, anywhere=True),
    "no bytes": Fault({"documents": "blank"}, NOTHING_OR_PART, true=False, anywhere=True),
    "an empty document": Fault({"documents": "empty"}, NOTHING_OR_PART, true=False),
    "half of it gone": Fault({"shrink": 0.5}, frozenset({1}), true=False),
    "a tenth of it gone": Fault({"shrink": 0.1}, true=False),
    "wrong types": Fault({"wrong_types": 2}, frozenset({1}), true=False),
    "scores that will be taken back": Fault({"correct": 3}, true=False),
    "scores withdrawn": Fault({"withdraw": 3}, true=False),
    "matches moved and moved back": Fault({"reschedule": 3}, true=False),
    "matches that vanish and return": Fault({"vanish": 2}, true=False),
}
PAGES = {
    "a good day": ("always", {}),
    "consent required": ("always", {"consent": "required"}),
    "no consent, an iframe that reloads": ("always", {"consent": "absent", "iframe": "reloading"}),
    "an iframe without src": ("always", {"iframe": "data-src-only", "consent_size": "full"}),
    "the page is down": ("auto", {"pages": "500"}),
    "another platform": ("auto", {"platform": "unknown"}),
}


def truth_of(played: Pipeline) -> dict[str, tuple[Any, ...]]:
    """Number -> everything that is true of a match now, over all competitions."""
    truth = played.replica.truth()
    # a knob that was turned lets the documents be written some minutes later than the replica's clock says
    ((observed,),) = played.rows("select max(observed_at) from matches")
    now = max(datetime.fromisoformat(truth["now"]), observed)
    return {
        match["game_key"]: (
            datetime.fromisoformat(match["start_time"]) if match["time_set"] else None,
            match["local_date"],
            match["time_set"],
            status_of(match, now),
            match["home_score"],
            match["away_score"],
            match["home_shootout"],
            match["away_shootout"],
        )
        for key in truth["keys"].values()
        for match in key["matches"]
    }


def status_of(match: Mapping[str, Any], now: datetime) -> str:
    """The true status. What has kicked off is "tbd" to the truth at once, to us when it is over: two hours later, or,
    without a time, the next day (at this hour of the day it is the same date all over the country)."""
    if match["status"] != "tbd":
        return str(match["status"])
    kick_off = datetime.fromisoformat(match["start_time"])
    over = kick_off + OVER_AFTER <= now if match["time_set"] else match["local_date"] < now.date().isoformat()
    return "tbd" if over else "scheduled"


def landed_in(played: Pipeline) -> dict[str, tuple[Any, ...]]:
    """The same from the database."""
    rows = played.rows(
        "select external_id, case when time_set then kick_off end, local_date::text, time_set,"
        " status, home_score, away_score, home_shootout, away_shootout from matches"
    )
    return {number: tuple(values) for number, *values in rows}


def differences(true: Mapping[str, tuple[Any, ...]], landed: Mapping[str, tuple[Any, ...]]) -> list[str]:
    """What is lost, invented or otherwise wrong, match by match."""
    return [
        f"{number}: true {true.get(number)}, landed {landed.get(number)}"
        for number in sorted(true.keys() | landed.keys())
        if true.get(number) != landed.get(number)
    ]


def invented(played: Pipeline, ever: Mapping[str, set[tuple[Any, ...]]]) -> list[str]:
    """Scores in the database that the source never had."""
    return [
        f"{number}: {values[4:6]}"
        for number, values in landed_in(played).items()
        if values[4] is not None and values[4:8] not in ever.get(number, set())
    ]


@dataclass
class Season:
    """The season as it is played."""

    played: Pipeline
    draw: random.Random
    environment: pytest.MonkeyPatch
    ever: dict[str, set[tuple[Any, ...]]] = field(default_factory=dict)
    """Number -> every score that was ever published of a match."""
    wrong: bool = False
    """The source has published scores that were never true, and nothing true has landed since."""
    seen: Counter[str] = field(default_factory=Counter)

    def fault(self, day: int, faulty: set[int]) -> tuple[str, Fault]:
        if day not in faulty:
            return "", Fault({})
        name = self.draw.choice(list(FAULTS))
        fault = FAULTS[name]
        where = self.draw.choice(("", "schedule", "standings", "academy")) if fault.anywhere else ""
        return name, Fault({**fault.knobs, "only": where}, fault.codes, fault.true)

    async def play(self, day: int, name: str, fault: Fault) -> None:
        played, moment = self.played, FIRST + timedelta(days=day)
        played.move_to(moment)
        page, (browser, outer) = "", ("never", {})
        if day % BROWSER_EVERY == 0:
            page = self.draw.choice(list(PAGES))
            browser, outer = PAGES[page]
        played.replica.knobs(reset=True, **{**fault.knobs, **outer})
        said = f"{moment:%a %d %b %Y}, day {day}: {name or 'a good day'}{f', page: {page}' if page else ''}"
        result = await self.run(moment, browser)
        code = exit_code(result)
        assert code in fault.codes, f"{said}: ended with {code}\n{printed(result)}"
        if outer and browser == "auto":
            assert any("the browser failed" in text for text in result.warnings), printed(result)
        self.seen[name or "good"] += 1
        true = truth_of(played)
        for number, values in true.items():
            self.ever.setdefault(number, set()).add(values[4:8])
        self.wrong = not fault.true and (self.wrong or "correct" in fault.knobs)
        if fault.true:
            landed = landed_in(played)
            # a match is called off when two snapshots running do not list it: not before tomorrow
            fresh = {key for key, values in true.items() if values[3] == "cancelled" != landed.get(key, values)[3]}
            wrong = differences(
                {key: values for key, values in true.items() if key not in fresh},
                {key: values for key, values in landed.items() if key not in fresh},
            )
            assert not wrong, f"{said}: {wrong[:5]}\n{printed(result)}"
        elif not self.wrong:
            assert not invented(played, self.ever), said

    async def run(self, moment: datetime, browser: str) -> RunResult:
        waits_s = 1 if self.played.replica.knobs()["documents"] == "hang" else 30
        self.environment.setenv("AGENT_HTTP_TIMEOUT_S", str(waits_s))
        settings = self.played.settings(moment, browser=browser)
        options = Options(targets=EVERY_LEAGUE, use_model=False, receipt_timeout_s=60)
        return await self.played.run(settings, options, str(uuid4()))


def check_tables(played: Pipeline) -> int:
    """Every table that the API serves is the true one; returns how many there are."""
    squads = {str(team): squad for team, squad in played.rows("select id, external_id from teams")}
    brackets = {str(bracket): name for bracket, name in played.rows("select id, external_id from brackets")}
    true = {
        str(bracket["id"]): [
            (row["position"], str(row["squad_id"]), *(row[name] for name in COLUMNS)) for row in bracket["rows"]
        ]
        for key in played.replica.truth()["keys"].values()
        for bracket in key["brackets"]
    }
    with patient.Client(base_url=played.api_url) as api:
        shown = {}
        for bracket in api.get("/api/brackets", params={"season": "2026-27"}).raise_for_status().json()["items"]:
            table = api.get(f"/api/brackets/{bracket['id']}/table").raise_for_status().json()
            shown[brackets[str(bracket["id"])]] = [
                (row["position"], squads[str(row["team"]["id"])], *(row[name] for name in COLUMNS))
                for row in table["rows"]
            ]
    assert shown == true
    return len(true)


COLUMNS = ("played", "won", "tied", "lost", "goals_for", "goals_against", "points")


async def test_a_season_of_300_days_and_60_faults_ends_with_every_table_true(
    database: Database, amqp: Amqp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_property: Any
) -> None:
    draw = random.Random(SEED)
    faulty = set(draw.sample(range(1, DAYS - 2), FAULTY))
    since = monotonic()
    with pipeline(database, amqp, tmp_path) as played:
        season = Season(played, draw, monkeypatch)
        for day in range(DAYS):
            await season.play(day, *season.fault(day, faulty))
        tables = check_tables(played)
        assert not invented(played, season.ever)
        assert not differences(truth_of(played), landed_in(played))
        assert played.one("select count(*) from runs") == DAYS
        assert played.one("select count(*) from feed_snapshots where landed_at is null") == 0
        assert played.one("select count(*) from ingest_batches where state <> 'landed'") == 0
        assert played.producer.depth(wire.QUEUE) == played.producer.depth(wire.DEAD_QUEUE) == 0
        asked = played.replica.requests()
        matches, changes = (played.one(f"select count(*) from {name}") for name in ("matches", "match_changes"))
    assert sum(count for name, count in season.seen.items() if name != "good") == FAULTY
    feeds = [item for item in asked if item["path"].startswith("/data/")]
    record_property(
        "said",
        f"simulated season: {DAYS} days, {FAULTY} faults of {len(season.seen) - 1} kinds, {tables} tables equal to "
        f"the truth, {matches} matches, {changes} changes; {len(asked):,} requests ({len(feeds):,} for documents), "
        f"{sum(item['bytes'] for item in asked):,} bytes; {monotonic() - since:.0f} s",
    )
