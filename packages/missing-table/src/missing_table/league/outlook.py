"""More than a table: position after every weekend, and what a table would be with other results. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from missing_table.league.table import Entrant, Result, order
from missing_table.league.weekend import weekend_of


@dataclass(frozen=True, slots=True)
class WeekendPositions:
    """Where each team stood once a match weekend was over. `last_day`: its Monday."""

    last_day: date
    positions: dict[int, int]


def positions_by_weekend(entrants: Sequence[Entrant], results: Sequence[Result]) -> list[WeekendPositions]:
    """One entry a weekend in which a result counted, oldest first."""
    made = []
    for begin in sorted({weekend_of(result.local_date) for result in results}):
        last_day = begin + timedelta(days=6)
        places = order(entrants, [r for r in results if r.local_date <= last_day])
        made.append(WeekendPositions(last_day, {p.tally.entrant.team_id: p.position for p in places}))
    return made


def suppose(results: Iterable[Result], supposed: Sequence[Result]) -> list[Result]:
    """The results with supposed ones; one for a match that was played replaces it."""
    replaced = {result.match_id for result in supposed}
    return [*(r for r in results if r.match_id not in replaced), *supposed]
