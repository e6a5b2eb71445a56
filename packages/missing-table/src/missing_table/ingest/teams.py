"""Finds or makes teams and their clubs: by squad id, by name only where the source has no ids."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

import psycopg

from match_contract import TeamRef
from missing_table.ingest.faults import RaceLost
from missing_table.ingest.known import DimensionRow, Dimensions, Key, columns_of, ensure, number_of, writer
from missing_table.ingest.sql import load

SQL = load("dimensions")
_WORDS = attrgetter("squad_id", "name", "age_label", "club_id", "club_name", "crest_url")


class Side(NamedTuple):
    """A team as one observation names it; `listed`: in a published table, which makes it a team even without ids."""

    source: str
    team: TeamRef
    observed_at: datetime
    listed: bool = False


class Teams(NamedTuple):
    """Ids by squad id and by (name, age label); the ids of those whose name changed just now."""

    by_squad: Mapping[Key, int]
    by_name: Mapping[Key, int]
    renamed: list[int]

    def id_of(self, source: str, team: TeamRef) -> int | None:
        """None: a name that nothing resolves."""
        if team.squad_id is not None:
            return self.by_squad[source, team.squad_id]
        return self.by_name.get((source, team.name, team.age_label or ""))


def ensure_teams(connection: psycopg.Connection, dimensions: Dimensions, sides: Iterable[Side]) -> Teams:
    """Every team that the sides name, and their clubs. What the process has seen word for word costs no question.

    A name without an id is asked again in every message: a person may have added an alias meanwhile, or removed one.
    """
    new: dict[Any, Side] = {}
    seen = dimensions.sides
    for side in sides:
        source, team, observed_at, listed = side
        words = (source, *_WORDS(team))
        known = seen.get(words)
        if known is None or known < observed_at:
            other = new.get(words)
            if other is None or (other.listed, other.observed_at) < (listed, observed_at):
                new[words] = side
    renamed, named = _learn_teams(connection, dimensions, tuple(new.values())) if new else ([], {})
    seen.update((words, side.observed_at) for words, side in new.items() if side.team.squad_id is not None)
    return Teams(dimensions.teams.ids, named, renamed)


def _learn_teams(
    connection: psycopg.Connection, dimensions: Dimensions, sides: tuple[Side, ...]
) -> tuple[list[int], Mapping[Key, int]]:
    clubs = _ensure_clubs(connection, dimensions, sides)
    renamed: list[int] = []

    def write(given: list[DimensionRow]) -> Iterable[tuple[Any, ...]]:
        rows = connection.execute(SQL["teams"], columns_of(given)).fetchall()
        renamed.extend(identifier for *_, changed, identifier in rows if changed)
        return [(source, squad, identifier) for source, squad, _, identifier in rows]

    ensure(
        dimensions.teams,
        [
            DimensionRow(
                (side.source, side.team.squad_id),
                (
                    side.team.name,
                    side.team.age_label or "",
                    number_of(clubs.get((side.source, side.team.club_id or ""))),
                ),
                side.observed_at,
            )
            for side in sides
            if side.team.squad_id is not None
        ],
        write,
    )
    return renamed, _ensure_named(connection, [side for side in sides if side.team.squad_id is None], clubs)


def _ensure_named(connection: psycopg.Connection, sides: list[Side], clubs: Mapping[Key, int]) -> Mapping[Key, int]:
    named = {
        (side.source, side.team.name, side.team.age_label or ""): side
        for side in sorted(sides, key=lambda side: side.listed or side.team.club_id is not None)
    }
    if not named:
        return {}
    asked = list(named.values())
    make = [side.listed or side.team.club_id is not None for side in asked]
    rows = connection.execute(
        SQL["named_teams"],
        {
            "source": [side.source for side in asked],
            "name": [side.team.name for side in asked],
            "label": [side.team.age_label for side in asked],
            "club": [clubs.get((side.source, side.team.club_id or "")) for side in asked],
            "make": make,
            "at": [side.observed_at for side in asked],
        },
    ).fetchall()
    found: dict[Key, int] = {(source, name, label): identifier for source, name, label, identifier in rows}
    for key, made in zip(named, make, strict=True):
        if made and key not in found:
            raise RaceLost(f"{key} was made by another transaction meanwhile")
    return found


def _ensure_clubs(connection: psycopg.Connection, dimensions: Dimensions, sides: tuple[Side, ...]) -> Mapping[Key, int]:
    with_id = [
        DimensionRow(
            (side.source, side.team.club_id),
            (side.team.club_name or side.team.name, side.team.crest_url or ""),
            side.observed_at,
        )
        for side in sides
        if side.team.club_id is not None
    ]
    return ensure(dimensions.clubs, with_id, writer(connection, SQL["clubs"]))


def join_brackets(connection: psycopg.Connection, dimensions: Dimensions, members: set[tuple[int, int]]) -> None:
    """Let teams that play in a bracket belong to it, listed or not. `members`: (bracket, team)."""
    new = sorted(members - dimensions.members)
    if new:
        brackets, teams = zip(*new, strict=True)
        connection.execute(SQL["join_brackets"], {"brackets": list(brackets), "teams": list(teams)})
        dimensions.members |= set(new)


def brackets_of_teams(connection: psycopg.Connection, teams: list[int]) -> set[int]:
    """Return the brackets in which these teams stand."""
    if not teams:
        return set()
    return {bracket for (bracket,) in connection.execute(SQL["brackets_of_teams"], {"teams": teams})}
