"""Chances, insights and their score on an invented season, made by the command's own code."""

import asyncio
from datetime import datetime
from time import monotonic
from typing import Any

import psycopg
import pytest

from devstack import patient
from devstack.load import load
from devstack.replica.season import generate
from match_contract import Season
from missing_table.forecasts.make import make_due
from missing_table.forecasts.prove import prove_due
from missing_table.league.reach import ALL_PLACES_FROM
from missing_table.server.app import create_app

from .conftest import running, settings_for
from .test_events_stream import serving
from .test_kept_answers import bump

pytestmark = pytest.mark.timeout(300)
SEED = 7
NOW = datetime.fromisoformat("2026-11-20T13:40:03Z")
LATER = "2026-12-04"


def forecasts(dsn: str) -> dict[int, tuple[Any, ...]]:
    """Every forecast by match."""
    with psycopg.connect(dsn) as connection:
        query = "select match_id, made_at, frozen_at, home_win, tie, away_win from forecasts"
        return {row[0]: row[1:] for row in connection.execute(query)}


async def test_an_invented_season_has_chances_from_u15_on_and_a_reason_before(database: Any) -> None:
    load(database.dsn, generate(SEED, "2026-11-20", "small"))
    made = list(make_due(database.dsn, NOW))
    assert list(make_due(database.dsn, NOW)) == [], "what was made is no longer due"
    assert sum(one.matches for one in made) > 50
    async with running(create_app(settings_for(database.dsn))) as api:
        brackets = (await api.get("/api/brackets?season=2026-27")).json()["items"]
        for bracket in brackets:
            found = (await api.get(f"/api/brackets/{bracket['id']}/chances")).json()
            assert found["estimate"] is True
            if bracket["age_group"] in ("U13", "U14"):
                assert (found["silent"], found["teams"], found["matches"]) == ("too_young", [], [])
                assert "U13 and U14" in found["reason"]
                continue
            table = (await api.get(f"/api/brackets/{bracket['id']}/table")).json()
            assert (found["silent"], found["version"]) == (None, bracket["version"])
            assert [one["team"]["id"] for one in found["teams"]] == [row["team"]["id"] for row in table["rows"]]
            _adds_up([one["chances"] for one in found["teams"]])
            for match in found["matches"]:
                assert match["home_win"] + match["tie"] + match["away_win"] == pytest.approx(1)
                alone = (await api.get(f"/api/matches/{match['match_id']}/chances")).json()
                assert alone["chances"] == match
        await _no_young_match_has_chances(api)


async def test_every_bracket_of_an_invented_season_has_its_grid_and_a_range_around_every_position(
    database: Any,
) -> None:
    load(database.dsn, generate(SEED, "2027-05-20", "small"))
    proved = list(prove_due(database.dsn, NOW))
    assert list(prove_due(database.dsn, NOW)) == [], "what was proved is no longer due"
    teams = 0
    async with running(create_app(settings_for(database.dsn))) as api:
        for bracket in (await api.get("/api/brackets?season=2026-27")).json()["items"]:
            path = f"/api/brackets/{bracket['id']}"
            table = {row["team"]["id"]: row for row in (await api.get(f"{path}/table")).json()["rows"]}
            for one in (await api.get(f"{path}/outlook")).json()["teams"]:
                row, range_ = table[one["team"]["id"]], one["reachable"]
                assert range_["best"] <= row["position"] == one["position"] <= range_["worst"]
                strength = one["schedule_played"]
                assert strength["home"] + strength["away"] == row["played"]
                assert range_["exact"]
                last = range_["worst"] if one["left"] <= ALL_PLACES_FROM else range_["best"]
                assert [sure["place"] for sure in one["to_secure"]] == list(range(range_["best"], last + 1))
                lost = [lost["place"] for lost in one["lost"]]
                never = (
                    0 if row["played"] + one["left"] else range_["best"] - 1 - len(lost)
                )  # without a match of its own
                assert lost == list(range(1 + never, range_["best"]))
                teams += 1
            grid = (await api.get(f"{path}/grid")).json()
            assert len(grid["matches"]) == bracket["matches"]
            assert sum(cell["home_score"] is not None for cell in grid["matches"]) == bracket["played"]
            sums = {team: [0, 0, 0] for team in table}
            for one in grid["head_to_head"]:
                for at, name in enumerate(("played", "points", "goals_for")):
                    sums.get(one["team_id"], [0, 0, 0])[at] += one[name]
            assert sums == {team: [row["played"], row["points"], row["goals_for"]] for team, row in table.items()}
    assert sum(proved) == teams > 50


def _adds_up(chances: list[list[float]]) -> None:
    assert all(len(one) == len(chances) for one in chances)
    for one in [*chances, *zip(*chances, strict=True)]:
        assert sum(one) == pytest.approx(1, abs=0.005)


async def _no_young_match_has_chances(api: Any) -> None:
    for match in (await api.get("/api/matches?age_group=U14&status=scheduled&limit=20")).json()["items"]:
        alone = (await api.get(f"/api/matches/{match['id']}/chances")).json()
        assert (alone["chances"], alone["silent"]) == (None, "too_young")


async def test_chances_are_frozen_at_kick_off_and_held_against_what_happened(database: Any) -> None:
    load(database.dsn, generate(SEED, "2026-11-20", "small"))
    list(make_due(database.dsn, NOW))
    before = forecasts(database.dsn)
    assert {row[1] for row in before.values()} == {None}
    load(database.dsn, generate(SEED, LATER, "small"))
    list(make_due(database.dsn, datetime.fromisoformat(f"{LATER}T13:40:03Z")))
    after = forecasts(database.dsn)
    frozen = {match for match, row in after.items() if row[1] is not None}
    assert frozen, "no match began in a fortnight: the test would show nothing"
    assert all(after[match][0] == before[match][0] and after[match][2:] == before[match][2:] for match in frozen)
    assert any(after[match][0] > before[match][0] for match in before.keys() - frozen)
    with psycopg.connect(database.dsn) as connection, pytest.raises(psycopg.errors.CheckViolation, match="frozen"):
        connection.execute("update forecasts set tie = 1 where match_id = %s", [min(frozen)])
    async with running(create_app(settings_for(database.dsn))) as api:
        score = (await api.get("/api/forecasts/score?season=2026-27")).json()
        assert 0 < score["frozen"]["matches"] <= len(frozen)
        assert score["walk_forward"]["matches"] > score["frozen"]["matches"]
        begun = (await api.get(f"/api/matches/{min(frozen)}/chances")).json()
        assert begun["chances"]["frozen"] is True
        old = (await api.get("/api/matches?age_group=U15&status=completed&limit=1")).json()["items"][0]
        assert (await api.get(f"/api/matches/{old['id']}/chances")).json()["silent"] == "too_late"


async def test_the_same_version_gives_the_same_chances_and_last_season_is_a_prior(database: Any) -> None:
    load(database.dsn, generate(SEED, "2026-09-10", "small"))
    early = datetime.fromisoformat("2026-09-10T13:40:03Z")
    list(make_due(database.dsn, early))
    alone = forecasts(database.dsn)
    with psycopg.connect(database.dsn) as connection:
        connection.execute("truncate bracket_forecasts, forecasts")
    list(make_due(database.dsn, early))
    assert forecasts(database.dsn) == alone
    load(database.dsn, generate(SEED, "2026-09-10", "small", Season.parse("2025-26")))
    with psycopg.connect(database.dsn) as connection:
        connection.execute("truncate bracket_forecasts, forecasts")
    list(make_due(database.dsn, early))
    known = forecasts(database.dsn)
    assert known.keys() == alone.keys()

    def spread(rows: dict[int, tuple[Any, ...]]) -> float:
        return sum(abs(row[2] - row[4]) for row in rows.values())

    assert spread(known) > spread(alone), "with a past the chances lean further apart"


async def test_insights_agree_with_the_tables_of_their_weekend(database: Any) -> None:
    load(database.dsn, generate(SEED, "2026-11-20", "small"))
    list(make_due(database.dsn, NOW))
    async with running(create_app(settings_for(database.dsn))) as api:
        newest = (await api.get("/api/insights?season=2026-27&limit=50")).json()
        assert newest["weekend"] == newest["weekends"][-1]
        kinds = set()
        for weekend in newest["weekends"]:
            found = (await api.get(f"/api/insights?season=2026-27&weekend={weekend}&limit=50")).json()
            for one in found["items"]:
                kinds.add(one["kind"])
                path = f"/api/brackets/{one['bracket']['id']}/table"
                rows = (await api.get(path, params={"as_of": found["last_day"]})).json()["rows"]
                row = next(row for row in rows if row["team"]["id"] == one["team"]["id"])
                if one["kind"] == "mover":
                    assert (row["previous_position"], row["position"]) == (one["before"], one["after"])
                elif one["kind"] == "streak" and one["result"] == "W":
                    assert [entry["result"] for entry in row["form"]][-min(5, one["length"]) :] == ["W"] * min(
                        5, one["length"]
                    )
                elif one["kind"] == "upset":
                    loser = next(row for row in rows if row["team"]["id"] == one["opponent"]["id"])
                    assert (row["previous_position"], loser["previous_position"]) == (one["before"], one["after"])
                    assert row["previous_position"] > loser["previous_position"]
        assert kinds == {"mover", "upset", "streak"}
        assert (await api.get("/api/insights?season=2030-31")).json()["items"] == []


@pytest.mark.timeout(300)
async def test_a_serving_api_has_forecasts_made_when_a_bracket_changes(seed: Any) -> None:
    async def made_of(url: str, version: int) -> None:
        """Waits for what nobody announces, with a deadline."""
        path = f"{url}/api/brackets/{seed.pro}/chances"
        async with asyncio.timeout(200), patient.AsyncClient() as client:
            while (await client.get(f"{path}?v={version}-{monotonic()}")).json()["version"] != version:  # noqa: ASYNC110
                await asyncio.sleep(0.5)  # each is answered anew: without a pause the API would do nothing else

    # without `nice` on its path: at the lowest priority it would wait until no other test wants a core
    with serving(seed, MT_RATE_PER_MINUTE="0", PATH="") as server:
        await made_of(server.url, 1)
        bump(seed, seed.pro)
        await made_of(server.url, 2)
