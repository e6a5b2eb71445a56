"""Builds messages for tests: two small brackets of invented clubs, observed whenever a test says. No assertions."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from match_contract import batch_id_of

RUN = "11111111-1111-4111-8111-111111111111"
START = datetime(2026, 9, 1, 12, tzinfo=UTC)
KICK_OFF = datetime(2026, 9, 12, 14, tzinfo=UTC)


def at(hours: float) -> datetime:
    """A moment of observation, counted from START."""
    return START + timedelta(hours=hours)


def team(number: int, **more: Any) -> dict[str, Any]:
    return {
        "squad_id": f"s{number}",
        "name": f"Harbor {number} FC",
        "age_label": "U14",
        "club_id": f"c{number}",
        "club_name": f"Harbor {number}",
        **more,
    }


def bracket(external_id: str = "b1", **more: Any) -> dict[str, Any]:
    return {
        "external_id": external_id,
        "season": "2026-27",
        "league": "Homegrown",
        "division": "Northeast",
        "age_group": "U14",
        **more,
    }


def match(
    external_id: str = "m1", *, seen: float = 0, score: tuple[int, int] | None = None, **more: Any
) -> dict[str, Any]:
    return {
        "source": "assist",
        "season": "2026-27",
        "league": "Homegrown",
        "external_id": external_id,
        "age_group": "U14",
        "home": team(1),
        "away": team(2),
        "home_brackets": ["b1"],
        "away_brackets": ["b1"],
        "kick_off": KICK_OFF.isoformat(),
        "timezone": "America/New_York",
        "local_date": date(2026, 9, 12).isoformat(),
        "time_set": True,
        "venue": {"external_id": "v1", "name": "Quarry Park"},
        "status": "scheduled" if score is None else "completed",
        "home_score": score[0] if score else None,
        "away_score": score[1] if score else None,
        "observed_at": at(seen).isoformat(),
        "target": "u14-hg-northeast",
        **more,
    }


def unread(external_id: str = "m1", *, seen: float = 0, **why: Any) -> dict[str, Any]:
    """A match that the reader refused, as the agent hands it on."""
    told = {"reason": "bad_field", "detail": "events[3].home_score: Expected int", **why}
    where = {"source": "assist", "season": "2026-27", "observed_at": at(seen).isoformat()}
    return {
        "external_id": external_id,
        "home_score": "two",
        "target": "u14-hg-northeast",
        "rejected": {**told, **where},
    }


def snapshot_id(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, name))


def batch(*matches: dict[str, Any], of: str = "s1", part: int = 1, parts: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "kind": "batch",
        "schema_version": "1.0",
        "run_id": RUN,
        "batch_id": batch_id_of(snapshot_id(of), part),
        "snapshot_id": snapshot_id(of),
        "part": part,
        "parts": parts,
        "brackets": [bracket("b1"), bracket("b2", division="Florida")],
        "matches": list(matches),
        **more,
    }


def snapshot(
    name: str = "s1",
    *,
    seen: float = 0,
    ids: tuple[str, ...] = (),
    parts: int = 1,
    standings: dict[str, list[int]] | None = None,
    **more: Any,
) -> dict[str, Any]:
    tables = {"b1": [1, 2], "b2": []} if standings is None else standings
    places = {"b1": "Northeast", "b2": "Florida"}
    return {
        "kind": "snapshot",
        "schema_version": "1.0",
        "run_id": RUN,
        "snapshot_id": snapshot_id(name),
        "source": "assist",
        "site": "viewer.test",
        "key": "mls-next-league-26-27",
        "season": "2026-27",
        "league": "Homegrown",
        "observed_at": at(seen).isoformat(),
        "documents": [
            {
                "path": f"/data/{kind}/mls-next-league-26-27.json",
                "etag": f'"{name}-{kind}"',
                "sha256": f"{seen:064.0f}",
                "synced_at": at(seen).isoformat(),
                "size_bytes": 10,
            }
            for kind in ("schedule", "standings")
        ],
        "brackets": [
            {
                **bracket(external, division=places[external]),
                "teams": [{"team": team(number), "position": n} for n, number in enumerate(numbers, 1)],
            }
            for external, numbers in tables.items()
        ],
        "external_ids": list(ids),
        "parts": parts,
        **more,
    }


def run_report(**more: Any) -> dict[str, Any]:
    return {
        "kind": "run_report",
        "schema_version": "1.0",
        "run_id": snapshot_id("run"),
        "started_at": at(0).isoformat(),
        "ended_at": at(1).isoformat(),
        "exit_code": 0,
        **more,
    }
