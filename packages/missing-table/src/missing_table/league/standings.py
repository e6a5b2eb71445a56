"""A table as people read it: order, form, and where each team stood before the latest match weekend. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from missing_table.league.results import WHEN, Entrant, Result, SplitName, Tally, count
from missing_table.league.tie_breaks import Place, rank
from missing_table.league.weekend import weekend_of

FORM_LENGTH = 5


@dataclass(frozen=True, slots=True)
class Standings:
    """Rows, best first; `previous`: position by team before the latest weekend, empty when there was none."""

    places: list[Place]
    previous: dict[int, int]


def counted(results: Sequence[Result], as_of: date | None) -> list[Result]:
    """Results up to and on a local date."""
    return list(results) if as_of is None else [r for r in results if r.local_date <= as_of]


def before_latest_weekend(results: Sequence[Result]) -> list[Result]:
    """The results that stood before the match weekend of the latest one began, in their order."""
    if not results:
        return []
    begin = weekend_of(max(r.local_date for r in results))
    return [r for r in results if r.local_date < begin]


def standings(
    entrants: Sequence[Entrant], results: Sequence[Result], *, as_of: date | None = None, split: SplitName = "all"
) -> Standings:
    """The table as of a date."""
    now = sorted(counted(results, as_of), key=WHEN)
    before = before_latest_weekend(now)
    tallies = {entrant.team_id: Tally(entrant) for entrant in entrants}
    for result in before:
        count(tallies, result, split)
    previous = {p.tally.entrant.team_id: p.position for p in rank(tallies.values(), before)} if before else {}
    for result in now[len(before) :]:
        count(tallies, result, split)
    return Standings(rank(tallies.values(), now), previous)
