"""Make brackets of the standings document's tables. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from match_contract import Bracket, BracketStandings, StandingsRow, TeamRef
from match_scraper.assist.squads import Brackets
from match_scraper.assist.structs import BracketTable, Row
from match_scraper.assist.teams import text
from match_scraper.text import clean
from match_scraper.values import FeedKey

LONGEST_VALUE = 80
GENDER = "male"


@dataclass(frozen=True, slots=True)
class Head:
    """A table of the document with the bracket that it is."""

    table: BracketTable
    bracket: Bracket


def heads_of(tables: Sequence[BracketTable], key: FeedKey) -> tuple[list[Head], list[str]]:
    """Return each table with its bracket; those that can be none, or stand there twice, by what is wrong with them."""
    good: dict[str, Head] = {}
    bad: list[str] = []
    for table in tables:
        try:
            bracket = Bracket(
                external_id=str(table.id),
                season=key.season.name,
                league=key.league,
                division=text(table.name) or "",
                age_group=table.age_group.name,
                gender=text(table.gender, 20) or GENDER,
                computed=not any(values_of(row) for row in table.standings),
            )
        except ValidationError as error:
            first = error.errors()[0]
            bad.append(f"bracket {str(table.id)[:80]}: {'.'.join(map(str, first['loc']))}: {first['msg']}")
            continue
        if bracket.external_id in good:
            bad.append(f"bracket {bracket.external_id} stands twice; the first one is kept")
            continue
        good[bracket.external_id] = Head(table, bracket)
    return list(good.values()), bad


def values_of(row: Row) -> dict[str, str]:
    """Return the published values of a row, as text."""
    said = ((name, value.value) for name, value in (row.tiebreaker_values or {}).items() if value is not None)
    return {clean(name, LONGEST_VALUE): clean(str(value), LONGEST_VALUE) for name, value in said if value is not None}


def standings_of(
    heads: Sequence[Head], teams: Mapping[str, TeamRef], adopted: Mapping[str, Brackets]
) -> tuple[BracketStandings, ...]:
    """Return the brackets with their teams: those of the table in its order, then those that it lacks."""
    joining: dict[str, list[str]] = {}
    for squad, brackets in adopted.items():
        for bracket in brackets:
            joining.setdefault(bracket, []).append(squad)
    return tuple(_standings(head, teams, joining.get(head.bracket.external_id, [])) for head in heads)


def _standings(head: Head, teams: Mapping[str, TeamRef], joining: Sequence[str]) -> BracketStandings:
    rows: dict[str, StandingsRow] = {}
    for row in head.table.standings:
        squad = str(row.team.squad_id)
        if squad not in rows:
            rows[squad] = StandingsRow(team=teams[squad], position=row.position, values=values_of(row))
    for squad in joining:
        rows.setdefault(squad, StandingsRow(team=teams[squad]))
    return BracketStandings(**head.bracket.model_dump(), teams=tuple(rows.values()))
