"""More than a table: position after every weekend, and what a table would be with other results. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from missing_table.league.results import WHEN, Entrant, Result, Tally, count
from missing_table.league.tie_breaks import rank
from missing_table.league.weekend import weekend_of


@dataclass(frozen=True, slots=True)
class WeekendPositions:
    """Where each team stood once a match weekend was over. `last_day`: its Monday."""

    last_day: date
    positions: dict[int, int]


def positions_by_weekend(entrants: Sequence[Entrant], results: Sequence[Result]) -> list[WeekendPositions]:
    """One entry a weekend in which a result counted, oldest first."""
    made: list[WeekendPositions] = []
    tallies = {entrant.team_id: Tally(entrant) for entrant in entrants}
    counted: list[Result] = []
    ordered = sorted(results, key=WHEN)
    for begin, weekend in groupby(ordered, key=lambda r: weekend_of(r.local_date)):
        for result in weekend:
            count(tallies, result)
            counted.append(result)
        places = rank(tallies.values(), counted)
        positions = {place.tally.entrant.team_id: place.position for place in places}
        made.append(WeekendPositions(begin + timedelta(days=6), positions))
    return made


def suppose(results: Iterable[Result], supposed: Sequence[Result]) -> list[Result]:
    """The results with supposed ones; one for a match that was played replaces it."""
    replaced = {result.match_id for result in supposed}
    return [*(r for r in results if r.match_id not in replaced), *supposed]
