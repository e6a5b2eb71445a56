"""What a match weekend was worth talking about in one bracket: movers, upsets, streaks. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Literal

from missing_table.league.results import WHEN, Entrant, Outcome, Result
from missing_table.league.schedule import runs
from missing_table.league.tie_breaks import Place, order
from missing_table.league.weekend import weekend_of

MOVED = 2
"""Places that make a mover."""
SETTLED = 3
"""Matches that both sides had played before the weekend, for a position to mean something."""
WINS, UNBEATEN = 3, 6
"""Matches in a row that make a streak."""
MOST = 3
"""Of a kind, in a bracket and weekend."""

Kind = Literal["mover", "upset", "streak"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One of them. mover: from position `before` to `after`. upset: `team` stood at `before`, the beaten `opponent` at
    `after`. streak: `length` matches won (`result` W) or not lost (None). `weight`: more first, within a kind."""

    kind: Kind
    team: int
    weight: int
    opponent: int | None = None
    match_id: int | None = None
    before: int | None = None
    after: int | None = None
    result: Literal["W"] | None = None
    length: int | None = None
    score: str | None = None


def findings(entrants: Sequence[Entrant], results: Sequence[Result]) -> dict[date, list[Finding]]:
    """By the weekend's first day (its Tuesday), for weekends in which a result counted."""
    ordered = sorted(results, key=WHEN)
    made: dict[date, list[Finding]] = {}
    standing: list[Result] = []
    before: dict[int, Place] = {}
    for begin, group in groupby(ordered, key=lambda r: weekend_of(r.local_date)):
        weekend = list(group)
        standing.extend(weekend)
        after = {place.tally.entrant.team_id: place for place in order(entrants, standing)}
        found = [*_movers(before, after), *_upsets(before, weekend), *_streaks(after, weekend)]
        if found:
            made[begin] = found
        before = after
    return made


def _heaviest(found: Iterable[Finding]) -> list[Finding]:
    return sorted(found, key=lambda one: (-one.weight, one.team))[:MOST]


def _movers(before: dict[int, Place], after: dict[int, Place]) -> list[Finding]:
    found = []
    for team, place in after.items():
        was = before.get(team)
        if was and min(was.tally.played, place.tally.played) >= SETTLED:
            moved = abs(was.position - place.position)
            if moved >= MOVED:
                found.append(Finding(kind="mover", team=team, weight=moved, before=was.position, after=place.position))
    return _heaviest(found)


def _upsets(before: dict[int, Place], weekend: Iterable[Result]) -> list[Finding]:
    """A win over a team that stood at least a third of the table higher."""
    least = max(2, len(before) // 3)
    found = []
    for result in weekend:
        if result.home_score == result.away_score:
            continue
        pair = (result.home, result.away)
        winner, loser = pair if result.home_score > result.away_score else pair[::-1]
        if winner not in before or loser not in before:
            continue
        lower, higher = before[winner], before[loser]
        gap = lower.position - higher.position
        if gap >= least and min(lower.tally.played, higher.tally.played) >= SETTLED:
            found.append(
                Finding(
                    kind="upset",
                    team=winner,
                    opponent=loser,
                    weight=gap,
                    match_id=result.match_id,
                    before=lower.position,
                    after=higher.position,
                    score=f"{result.home_score}-{result.away_score}",
                )
            )
    return _heaviest(found)


def _streaks(after: dict[int, Place], weekend: Sequence[Result]) -> list[Finding]:
    playing = {team for result in weekend for team in (result.home, result.away)}
    found = []
    for team, place in after.items():
        form: list[tuple[int, Outcome]] = place.tally.form
        run = runs(form)
        if team not in playing:
            continue
        if run.latest == "W" and run.length >= WINS:
            found.append(Finding(kind="streak", team=team, weight=2 * run.length, result="W", length=run.length))
        elif run.unbeaten >= UNBEATEN:
            found.append(Finding(kind="streak", team=team, weight=run.unbeaten, length=run.unbeaten))
    return _heaviest(found)
