"""Say how our tables compare with the league's own: of one bracket, and of a whole season, kept by version."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool

from match_contract import League, OfficialCheck, RuleCheck
from missing_table.database import Connection
from missing_table.kept import Version
from missing_table.league.between_brackets import BETWEEN_BRACKETS_COUNT
from missing_table.league.truth import Check, CheckedRow, Crossings, Record, Verdict, check
from missing_table.tables import queries
from missing_table.tables.queries import Standing
from missing_table.tables.schemas import Official, OfficialDifference, OfficialRecord

AT_ONCE = 16
"""Brackets that are read and checked at a time, so that neither memory nor a request waits long."""
FIRST = 5
"""So many differences are told in sentences."""


class BracketCheck(NamedTuple):
    """What the check of one bracket found, and its differences in sentences."""

    league: League
    check: Check
    told: list[str]


@dataclass(slots=True)
class KeptChecks:
    """The checks of each season's brackets, by version."""

    seasons: dict[str, dict[Version, BracketCheck]] = field(default_factory=dict)


def check_of(standing: Standing) -> Check:
    """Compare a bracket's table with the league's own; without published rows the check is empty."""
    if standing.published_at is None or not standing.published:
        return Check()
    return check(
        standing.entrants,
        [*standing.results, *standing.apart],
        standing.awaited,
        standing.published,
        as_of=standing.published_at,
        between_brackets=BETWEEN_BRACKETS_COUNT[standing.bracket.league],
    )


def official_of(standing: Standing) -> Official | None:
    """Return what a table says of the league's own; None where that has no values."""
    found = check_of(standing)
    if not found.rows or standing.published_at is None:
        return None
    return Official(
        as_of=standing.published_at,
        rows=len(found.rows),
        equal=found.count(Verdict.EQUAL),
        pending=found.count(Verdict.PENDING),
        different=found.count(Verdict.DIFFERENT),
        differences=[_difference(standing, row) for row in found.rows if row.verdict is Verdict.DIFFERENT],
    )


def _difference(standing: Standing, row: CheckedRow) -> OfficialDifference:
    return OfficialDifference(
        team_id=row.team_id,
        team=standing.teams[row.team_id].name,
        ours=OfficialRecord(position=row.position, **row.record._asdict()),
        theirs=OfficialRecord(position=row.published.position, **row.published.record._asdict()),
        match_ids=list(row.games),
    )


async def season_check(connection: Connection, kept: KeptChecks, *, season: str) -> OfficialCheck:
    """Compare every table of a season that has published values; only brackets that changed are read again."""
    known = kept.seasons.get(season, {})
    found: dict[Version, BracketCheck] = {}
    missing: list[Version] = []
    for version in await queries.official_versions(connection, season=season):
        if (one := known.get(version)) is not None:
            found[version] = one
        else:
            missing.append(version)
    for start in range(0, len(missing), AT_ONCE):
        some = {version.bracket_id: version for version in missing[start : start + AT_ONCE]}
        standings = await queries.standings(connection, bracket_ids=list(some))
        for standing, one in zip(standings, await run_in_threadpool(_checks, standings), strict=True):
            found[some[standing.bracket.id]] = one
    kept.seasons[season] = found
    return _sum([found[version] for version in sorted(found)])


def _checks(standings: Sequence[Standing]) -> list[BracketCheck]:
    return [_bracket_check(standing) for standing in standings]


def _bracket_check(standing: Standing) -> BracketCheck:
    bracket, found = standing.bracket, check_of(standing)
    where = f"{bracket.age_group} {bracket.league} {bracket.division}"
    told = [
        f"{where}: {standing.teams[row.team_id].name}: {_words(row.record, row.position)} here, "
        f"{_words(row.published.record, row.published.position)} in the league's own table"
        for row in found.rows
        if row.verdict is Verdict.DIFFERENT
    ]
    return BracketCheck(bracket.league, found, told[:FIRST])


def _words(record: Record, position: int | None) -> str:
    place = f"position {position}, " if position is not None else ""
    return f"{place}{record.played} played, {record.won}-{record.tied}-{record.lost}, {record.points} points"


def _sum(checks: Sequence[BracketCheck]) -> OfficialCheck:
    with_values = [one for one in checks if one.check.rows]
    return OfficialCheck(
        brackets=len(with_values),
        rows=sum(len(one.check.rows) for one in with_values),
        equal=sum(one.check.count(Verdict.EQUAL) for one in with_values),
        pending=sum(one.check.count(Verdict.PENDING) for one in with_values),
        different=sum(one.check.count(Verdict.DIFFERENT) for one in with_values),
        first=[sentence for one in with_values for sentence in one.told][:FIRST],
        between_brackets=[_rule(league, with_values) for league in League],
    )


def _rule(league: League, checks: Sequence[BracketCheck]) -> RuleCheck:
    crossings: list[Crossings] = [one.check.crossings for one in checks if one.league is league]
    counted = sum(one.equal_counted for one in crossings)
    not_counted = sum(one.equal_not_counted for one in crossings)
    is_counted = BETWEEN_BRACKETS_COUNT[league]
    return RuleCheck(
        league=league,
        counted=is_counted,
        rows=sum(one.rows for one in crossings),
        equal_counted=counted,
        equal_not_counted=not_counted,
        contradicted=not_counted > counted if is_counted else counted > not_counted,
    )
