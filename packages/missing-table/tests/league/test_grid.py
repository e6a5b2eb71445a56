"""Who beat whom, runs, strength of schedule, magic numbers."""

from datetime import date
from fractions import Fraction

from missing_table.league.grid import records
from missing_table.league.results import Entrant, Fixture, Outcome, Result, tally
from missing_table.league.schedule import runs, strengths

DAY = date(2026, 9, 5)
TEAMS = [Entrant(1, "A"), Entrant(2, "B"), Entrant(3, "C")]


def test_a_record_has_both_meetings_and_the_points_of_a_shoot_out() -> None:
    found = records([Result(1, 1, 2, 3, 1, DAY), Result(2, 2, 1, 0, 0, DAY, 5, 4)])
    mine, theirs = found[1, 2], found[2, 1]
    assert (mine.played, mine.won, mine.tied, mine.lost, mine.goals_for, mine.goals_against, mine.points) == (
        2, 1, 1, 0, 3, 1, 4,
    )  # fmt: skip
    assert (theirs.won, theirs.tied, theirs.lost, theirs.points) == (0, 1, 1, 2)


def test_a_match_that_counts_for_one_side_alone_is_in_its_record_alone() -> None:
    assert records([Result(1, 1, 9, 2, 0, DAY, counts_away=False)]).keys() == {(1, 9)}


def form(text: str) -> list[tuple[int, Outcome]]:
    return [(number, outcome) for number, outcome in enumerate(text)]  # type: ignore[misc]


def test_runs_are_counted_back_from_the_latest_match() -> None:
    assert runs([]) == (None, 0, 0, 0, 0, 0)
    assert runs(form("LWWTWW")) == ("W", 2, 5, 0, 2, 5)
    assert runs(form("WWWLTL")) == ("L", 1, 0, 3, 3, 3)


def test_strength_is_the_mean_of_the_opponents_points_per_match_and_leaves_guests_out() -> None:
    results = [Result(1, 2, 3, 1, 0, DAY), Result(2, 1, 2, 0, 0, DAY), Result(3, 9, 1, 0, 1, DAY, counts_home=False)]
    tallies = tally(TEAMS, results)
    assert strengths(results, tallies)[1] == (1, 1, 1, Fraction(2))
    left = [Fixture(4, 1, 3, DAY), Fixture(5, 2, 1, DAY), Fixture(6, 3, 2, DAY)]
    assert strengths(left, tallies)[1] == (1, 1, 0, Fraction(1))
    assert strengths(results[1:], tallies)[3] == (0, 0, 0, None)
