"""Which positions are still in reach, against every result that there could be (brute force on small brackets)."""

from datetime import date
from itertools import permutations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from missing_table.league.reach import Reach, reach
from missing_table.league.table import Entrant, Fixture, Result, order

DAY = date(2026, 9, 5)
TEAMS = [Entrant(n, name) for n, name in enumerate("ABCDE", start=1)]
SCORES = ((99, 0), (49, 0), (1, 0), (0, 0), (0, 1), (0, 49), (0, 99))
pairs = st.tuples(st.integers(1, 5), st.integers(1, 5)).filter(lambda pair: pair[0] != pair[1])


@st.composite
def brackets(draw: st.DrawFn) -> tuple[list[Result], list[Fixture]]:
    """Up to twelve results among five teams and up to three matches left, some of which count for one side alone."""
    played = draw(st.lists(st.tuples(pairs, st.integers(0, 3), st.integers(0, 3)), max_size=12))
    left = draw(st.lists(st.tuples(pairs, st.sampled_from([(True, True)] * 4 + [(True, False)])), max_size=3))
    results = [Result(n, *pair, home, away, DAY) for n, (pair, home, away) in enumerate(played, start=1)]
    fixtures = [
        Fixture(n, *pair, DAY, counts_home=counts[0], counts_away=counts[1])
        for n, (pair, counts) in enumerate(left, start=100)
    ]
    return results, fixtures


def everything(results: list[Result], fixtures: list[Fixture], shootouts: bool) -> dict[int, set[int]]:
    """Every position that a team has in any of the outcomes, narrow and by a rout."""
    ends: list[tuple[tuple[int, int], tuple[int, int] | None]] = [(score, None) for score in SCORES]
    if shootouts:
        ends += [((0, 0), (5, 4)), ((0, 0), (4, 5))]
    seen: dict[int, set[int]] = {team.team_id: set() for team in TEAMS}
    for chosen in product(ends, repeat=len(fixtures)):
        played = [f.ended(*score, pens) for f, (score, pens) in zip(fixtures, chosen, strict=True)]
        for place in order(TEAMS, [*results, *played]):
            seen[place.tally.entrant.team_id].add(place.position)
    return seen


@settings(max_examples=40, deadline=None)
@given(brackets(), st.booleans())
def test_no_position_outside_the_range_is_ever_reached_and_an_exact_end_is(
    bracket: tuple[list[Result], list[Fixture]], shootouts: bool
) -> None:
    results, fixtures = bracket
    fixtures = fixtures[: 2 if shootouts else 3]
    seen = everything(results, fixtures, shootouts)
    for team, found in reach(TEAMS, results, fixtures, shootouts=shootouts).items():
        assert found.best <= min(seen[team]) <= max(seen[team]) <= found.worst
        if found.exact:
            assert (found.best, found.worst) == (min(seen[team]), max(seen[team]))


def test_small_brackets_are_exact_also_beside_a_team_that_never_plays() -> None:
    results = [Result(1, 1, 2, 2, 0, DAY), Result(2, 3, 4, 1, 1, DAY), Result(3, 2, 3, 0, 1, DAY)]
    fixtures = [Fixture(4, 1, 3, DAY), Fixture(5, 2, 4, DAY)]
    assert reach(TEAMS, results, fixtures) == {
        1: Reach(1, 3, True),
        2: Reach(3, 5, True),
        3: Reach(1, 3, True),
        4: Reach(1, 4, True),
        5: Reach(4, 5, True),
    }


def test_a_season_that_has_just_begun_leaves_everything_open_and_knows_it() -> None:
    teams = [Entrant(n, f"Team {n:02}") for n in range(22)]
    fixtures = [Fixture(n, *pair, DAY) for n, pair in enumerate(permutations(range(22), 2))]
    assert set(reach(teams, [], fixtures).values()) == {Reach(1, 22, True)}
