"""Proves what is still possible in every bracket that changed. One transaction a bracket.

This takes seconds for a bracket in mid-season, so it runs after all forecasts, which take milliseconds. It may be
killed at any moment and run again.
"""

from collections.abc import Iterator
from datetime import date, datetime
from math import inf
from time import monotonic
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from match_contract import League
from missing_table.forecasts import queries
from missing_table.league.reach import Situation, lost_since, reach, secure
from missing_table.league.results import Result
from missing_table.tables.queries import CAMPAIGN, Campaign, campaign_of
from missing_table.waits import REACH

Connection = psycopg.Connection[dict[str, Any]]


def prove_due(dsn: str, now: datetime, *, seconds: float = inf) -> Iterator[int]:
    """Prove every bracket that is due and yield the number of its teams; skip those that somebody else is at.

    No bracket is begun once `seconds` are over: the rest stays due, and the next call goes on.
    """
    ends = monotonic() + seconds
    with psycopg.connect(dsn, autocommit=True, prepare_threshold=None, row_factory=dict_row, **REACH) as connection:
        for row in connection.execute(queries.DUE_OUTLOOKS.encode()).fetchall():
            if monotonic() >= ends:
                return
            teams = _prove(connection, row["id"], now)
            if teams is not None:
                yield teams


def _prove(connection: Connection, bracket_id: int, now: datetime) -> int | None:
    """Prove one bracket and keep it, or return None where another process is at it."""
    with connection.transaction():
        connection.execute(b"set transaction isolation level repeatable read")
        this = {"bracket_id": bracket_id}
        claimed = connection.execute(queries.CLAIM_OUTLOOK.encode(), this).fetchone()
        if not claimed or not claimed["claimed"]:
            return None
        row = connection.execute(CAMPAIGN.encode(), this).fetchone()
        if row is None:
            return None
        campaign = campaign_of(row)
        before = connection.execute(queries.LOST_BEFORE.encode(), this).fetchone()
        teams, ways = _proofs(situation_of(campaign), _lost_of(before["teams"] if before else []))
        connection.execute(
            queries.KEEP_OUTLOOK.encode(),
            {
                **this,
                "version": campaign.bracket.version,
                "now": now,
                "teams": Jsonb(teams),
                "ways": Jsonb(ways),
            },
        )
        return len(teams)


def situation_of(campaign: Campaign) -> Situation:
    """Return a bracket as the solver takes it."""
    standing = campaign.standing
    shootouts = standing.bracket.league is League.FLEX
    return Situation(standing.entrants, standing.results, campaign.fixtures, shootouts)


def _proofs(situation: Situation, lost_before: dict[int, dict[int, date]]) -> tuple[list[Any], dict[str, Any]]:
    """Return the two columns of a bracket's row."""
    teams: list[Any] = []
    ways: dict[str, Any] = {}
    for team, found in reach(situation).items():
        needed = secure(situation, team, found) if found.exact else {}
        lost = lost_since(situation, team, found.best, lost_before.get(team, {})) if found.exact else {}
        teams.append(
            [
                team,
                found.best,
                found.worst,
                found.exact,
                sorted(needed.items()),
                [(place, day.isoformat()) for place, day in sorted(lost.items())],
            ]
        )
        if found.best_way or found.worst_way:
            ways[str(team)] = [_written(found.best_way), _written(found.worst_way)]
    return teams, ways


def _written(way: tuple[Result, ...]) -> list[list[int | None]]:
    """Return results as [match, home, away, home shoot-out, away shoot-out]."""
    return [[r.match_id, r.home_score, r.away_score, r.home_shootout, r.away_shootout] for r in way]


def _lost_of(teams: list[Any]) -> dict[int, dict[int, date]]:
    """Return the days that an earlier row found, by team and place."""
    return {team: {place: date.fromisoformat(day) for place, day in lost} for team, *_, lost in teams}
