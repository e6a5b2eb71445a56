"""Positions by weekend and what-if."""

from datetime import date, timedelta

from hypothesis import given

from missing_table.league.outlook import positions_by_weekend, suppose
from missing_table.league.results import Entrant, Result
from missing_table.league.tie_breaks import order
from missing_table.league.weekend import weekend_of

from .test_tie_breaks import TEAMS as SIX
from .test_tie_breaks import seasons

TEAMS = [Entrant(1, "A"), Entrant(2, "B")]
FIRST = Result(1, 1, 2, 1, 0, date(2026, 9, 5))
SECOND = Result(2, 2, 1, 5, 0, date(2026, 9, 12))


def test_there_is_one_entry_a_weekend_and_the_last_is_the_table() -> None:
    sunday = Result(3, 2, 1, 1, 0, date(2026, 9, 13))
    found = positions_by_weekend(TEAMS, [FIRST, SECOND, sunday])
    assert [(w.last_day.isoformat(), w.positions) for w in found] == [
        ("2026-09-07", {1: 1, 2: 2}),
        ("2026-09-14", {2: 1, 1: 2}),
    ]


@given(seasons())
def test_after_each_weekend_they_are_those_of_the_table_of_its_last_day(results: list[Result]) -> None:
    found = positions_by_weekend(SIX, results)
    for weekend in found:
        places = order(SIX, [r for r in results if r.local_date <= weekend.last_day])
        assert weekend.positions == {p.tally.entrant.team_id: p.position for p in places}
    assert [w.last_day for w in found] == sorted({weekend_of(r.local_date) + timedelta(days=6) for r in results})


def test_a_supposed_result_replaces_the_real_one() -> None:
    supposed = Result(2, 2, 1, 0, 5, SECOND.local_date)
    assert suppose([FIRST, SECOND], [supposed]) == [FIRST, supposed]
    assert suppose([FIRST, SECOND], []) == [FIRST, SECOND]
