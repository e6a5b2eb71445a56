"""A simple reader that looks at every day's documents, on its own, ends up with what the replica says is true."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec

from devstack.replica.season import generate, true_state

FIRST, LAST = date(2026, 8, 24), date(2027, 7, 20)
KEYS = ("mls-next-league-26-27", "mls-next-flex-26-27", "mls-next-2-academy-division-26-27")


def days() -> list[date]:
    return [FIRST + timedelta(number) for number in range((LAST - FIRST).days + 1)]


def status_of(event: dict[str, Any], synced_at: str) -> str:
    if event["start_time"] > synced_at:
        return "scheduled"
    return "tbd" if event["home_score"] is None else "completed"


def test_a_whole_season_read_day_by_day_ends_with_the_truth() -> None:
    known: dict[str, dict[str, Any]] = {}
    missing: dict[str, int] = {}
    regressions: list[str] = []
    for day in days():
        documents = generate(1, day, "small")
        seen: set[str] = set()
        for key in KEYS:
            document = msgspec.json.decode(documents[f"data/schedule/{key}.json"])
            for event in document["events"]:
                number, status = event["game_key"], status_of(event, document["synced_at"])
                before = known.get(number)
                if before and before["status"] == "completed" and status != "completed":
                    regressions.append(number)
                score = (event["home_score"], event["away_score"]) if status == "completed" else (None, None)
                known[number] = {"status": status, "score": score, "start_time": event["start_time"]}
                seen.add(number)
        for number in known.keys() - seen:
            missing[number] = missing.get(number, 0) + 1
            if missing[number] >= 2 and known[number]["score"] == (None, None):
                known[number]["status"] = "cancelled"
    assert regressions == []
    told = {
        match["game_key"]: {
            "status": match["status"],
            "score": (match["home_score"], match["away_score"]),
            "start_time": match["start_time"],
        }
        for key in KEYS
        for match in true_state(1, LAST, "small")["keys"][key]["matches"]
    }
    assert {number: match for number, match in known.items() if match != told.get(number)} == {}
    assert known.keys() == told.keys()
    assert "cancelled" in {match["status"] for match in known.values()}


def test_the_number_of_matches_never_changes_though_one_vanishes() -> None:
    counts = {
        sum(len(msgspec.json.decode(generate(1, day, "small")[f"data/schedule/{key}.json"])["events"]) for key in KEYS)
        for day in days()[::15]
    }
    assert len(counts) == 1
