"""The tables of the real brackets against an oracle that is written here by other means: pairwise comparison of whole
numbers (cross-multiplied), straight out of the rules' text, without any of the package's code."""

import csv
import json
import os
from collections import defaultdict
from datetime import date, datetime
from functools import cmp_to_key
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from missing_table.league.results import Entrant, Result
from missing_table.league.tie_breaks import order

SHARED = Path(os.environ.get("MT_SHARED", Path(__file__).parents[5] / "shared"))
BRACKETS = ["u13_florida", "u13_northeast", "u14_florida", "u14_northeast"]


def rows_of(name: str) -> list[dict[str, str]]:
    path = SHARED / "data" / "real" / f"{name}.csv"
    if not path.is_file():
        pytest.skip(f"the shared fixtures are not here: {path} (set MT_SHARED)")
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


RATIOS = [
    ("w", "n", "wins_per_match"),
    ("gd", "n", "goal_difference_per_match"),
    ("gf", "n", "goals_for_per_match"),
    ("agd", "an", "away_goal_difference_per_match"),
    ("agf", "an", "away_goals_for_per_match"),
    ("hgd", "hn", "home_goal_difference_per_match"),
    ("hgf", "hn", "home_goals_for_per_match"),
]


def compare(
    x: dict[str, Any], y: dict[str, Any], games: list[tuple[int, int, int, int]], level: int
) -> tuple[int, str]:
    """Below 0 where x stands above y, and by which rule."""

    def more(key: str, per: str) -> int:
        a, b = x[key] * max(y[per], 1), y[key] * max(x[per], 1)
        return (b > a) - (b < a)

    if by := more("points", "n"):
        return by, "points_per_match"
    if level == 2:
        balance = 0
        for home, away, h, a in games:
            if (home, away) == (x["id"], y["id"]):
                balance += 3 * (h > a) - 3 * (h < a)
            elif (home, away) == (y["id"], x["id"]):
                balance += 3 * (a > h) - 3 * (a < h)
        if balance:
            return -1 if balance > 0 else 1, "head_to_head"
    for key, per, rule in RATIOS:
        if by := more(key, per):
            return by, rule
    return (x["name"].casefold() > y["name"].casefold()) - (x["name"].casefold() < y["name"].casefold()), "name"


def oracle(teams: dict[int, str], games: list[tuple[int, int, int, int]]) -> list[tuple[Any, ...]]:
    """(team, played, won, tied, lost, points, why above the next), best first."""
    table: dict[int, dict[str, Any]] = {}
    for team, name in teams.items():
        home = [(h, a) for x, _, h, a in games if x == team]
        away = [(a, h) for _, y, h, a in games if y == team]
        both = home + away
        won, tied = sum(f > g for f, g in both), sum(f == g for f, g in both)
        table[team] = {
            "id": team, "name": name, "n": len(both), "w": won, "t": tied, "points": 3 * won + tied,
            "gd": sum(f - g for f, g in both), "gf": sum(f for f, _ in both),
            "an": len(away), "agd": sum(f - g for f, g in away), "agf": sum(f for f, _ in away),
            "hn": len(home), "hgd": sum(f - g for f, g in home), "hgf": sum(f for f, _ in home),
        }  # fmt: skip
    level: dict[str, int] = defaultdict(int)
    for row in table.values():
        row["ppm"] = str(row["points"] * 5040 * 11 * 13 * 17 * 19 // max(row["n"], 1))
        level[row["ppm"]] += 1
    ordered = sorted(table.values(), key=cmp_to_key(lambda x, y: compare(x, y, games, level[x["ppm"]])[0]))
    why = [compare(x, y, games, level[x["ppm"]])[1] for x, y in pairwise(ordered)]
    return [
        (r["id"], r["n"], r["w"], r["t"], r["n"] - r["w"] - r["t"], r["points"], rule)
        for r, rule in zip(ordered, [*why, None], strict=True)
    ]


@pytest.mark.parametrize("name", BRACKETS)
@pytest.mark.parametrize("until", ["2026-09-07", "2026-09-20", "2026-12-31"])
def test_a_real_bracket_has_the_oracles_order(name: str, until: str) -> None:
    rows = rows_of(name)
    teams = {int(r[f"{side}_id"]): r[f"{side}_team"] for r in rows for side in ("home", "away")}
    played = [r for r in rows if r["home_score"] != "" and r["start"][:10] <= until]
    games = [(int(r["home_id"]), int(r["away_id"]), int(r["home_score"]), int(r["away_score"])) for r in played]
    results = [
        Result(int(r["match_id"]), *game, date.fromisoformat(r["start"][:10]))
        for r, game in zip(played, games, strict=True)
    ]
    places = order([Entrant(team, label) for team, label in teams.items()], results)
    found = [
        (
            p.tally.entrant.team_id,
            p.tally.played,
            p.tally.won,
            p.tally.tied,
            p.tally.lost,
            p.tally.points,
            p.separated_by,
        )
        for p in places
    ]
    assert found == oracle(teams, games)
    assert games, "no match was played by then: the test would show nothing"


def test_the_feed_of_four_brackets_makes_the_same_tables_as_the_published_results() -> None:
    key = "mls-next-league-26-27"
    folder = SHARED / "data" / "feeds" / "data"
    if not folder.is_dir():
        pytest.skip(f"the shared feeds are not here: {folder} (set MT_SHARED)")
    standings = json.loads((folder / "standings" / f"{key}.json").read_text())
    schedule = json.loads((folder / "schedule" / f"{key}.json").read_text())
    synced = datetime.fromisoformat(schedule["synced_at"])
    for bracket in standings["competition_season"]["competition_brackets"]:
        teams = {row["team"]["squad_id"]: row["team"]["name"] for row in bracket["standings"]}
        ours = [e for e in schedule["events"] if teams.keys() & {e["home_squad_id"], e["away_squad_id"]}]
        done = [e for e in ours if e["home_score"] is not None and datetime.fromisoformat(e["start_time"]) < synced]
        results = [
            Result(
                e["id"],
                e["home_squad_id"],
                e["away_squad_id"],
                e["home_score"],
                e["away_score"],
                datetime.fromisoformat(e["start_time"]).astimezone(ZoneInfo(e["local_timezone"])).date(),
            )
            for e in done
        ]
        games = [(r.home, r.away, r.home_score, r.away_score) for r in results]
        places = order([Entrant(team, name) for team, name in teams.items()], results)
        assert [p.tally.entrant.team_id for p in places] == [row[0] for row in oracle(teams, games)]
        assert results
