"""Who beat whom, runs, strength of schedule, magic numbers."""

from datetime import date
from fractions import Fraction
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from missing_table.league.grid import records
from missing_table.league.schedule import ceilings, points_to_secure, runs, strengths
from missing_table.league.table import Entrant, Fixture, Outcome, Result, order, tally

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


pairs = st.sampled_from([(1, 2), (2, 1), (1, 3), (3, 1), (2, 3), (3, 2)])
ENDS = ((2, 0), (0, 0), (0, 2))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(pairs, st.integers(0, 2), st.integers(0, 2)), max_size=6),
    st.lists(pairs, min_size=1, max_size=4),
    st.integers(1, 2),
)
def test_whoever_takes_the_magic_number_of_points_finishes_there_whatever_others_do(
    played: list[tuple[tuple[int, int], int, int]], left: list[tuple[int, int]], position: int
) -> None:
    results = [Result(n, *pair, home, away, DAY) for n, (pair, home, away) in enumerate(played)]
    fixtures = [Fixture(100 + n, *pair, DAY) for n, pair in enumerate(left)]
    tallies = tally(TEAMS, results)
    to_come = {team.team_id: sum(team.team_id in pair for pair in left) for team in TEAMS}
    for team in TEAMS:
        needed = points_to_secure(position, team.team_id, tallies, to_come, ceilings(tallies, to_come))
        if needed is None:
            continue
        for scores in product(ENDS, repeat=len(fixtures)):
            ended = [f.ended(*score) for f, score in zip(fixtures, scores, strict=True)]
            final = {p.tally.entrant.team_id: p for p in order(TEAMS, [*results, *ended])}[team.team_id]
            if final.tally.points - tallies[team.team_id].points >= needed:
                assert final.position <= position
