"""Positions in reach, points that make a place sure and days on which one was lost, against every outcome."""

from datetime import date, timedelta
from itertools import permutations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from missing_table.league.program import OutOfTime, Program, total
from missing_table.league.reach import Situation, attainable, lost_since, reach, secure
from missing_table.league.results import Entrant, Fixture, Result
from missing_table.league.tie_breaks import order

DAY = date(2026, 9, 5)
TEAMS = [Entrant(n, name) for n, name in enumerate("ABCDE", start=1)]
SCORES = ((99, 0), (49, 0), (1, 0), (0, 0), (0, 1), (0, 49), (0, 99))
pairs = st.tuples(st.integers(1, 5), st.integers(1, 5)).filter(lambda pair: pair[0] != pair[1])


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Up to twelve results among five teams and up to three matches left, some of which count for one side alone."""
    shootouts = draw(st.booleans())
    played = draw(st.lists(st.tuples(pairs, st.integers(0, 3), st.integers(0, 3)), max_size=12))
    most = 2 if shootouts else 3
    left = draw(st.lists(st.tuples(pairs, st.sampled_from([(True, True)] * 4 + [(True, False)])), max_size=most))
    results = [
        Result(n, *pair, home, away, DAY + timedelta(days=7 * (n // 3)))
        for n, (pair, home, away) in enumerate(played, start=1)
    ]
    fixtures = [
        Fixture(n, *pair, DAY, counts_home=counts[0], counts_away=counts[1])
        for n, (pair, counts) in enumerate(left, start=100)
    ]
    return Situation(TEAMS, results, fixtures, shootouts)


def everything(situation: Situation) -> list[dict[int, tuple[int, int]]]:
    """Every outcome, narrow and by a rout: by team its position and the points that it took."""
    ends: list[tuple[tuple[int, int], tuple[int, int] | None]] = [(score, None) for score in SCORES]
    if situation.shootouts:
        ends += [((0, 0), (5, 4)), ((0, 0), (4, 5))]
    seen = []
    before = {p.tally.entrant.team_id: p.tally.points for p in order(TEAMS, situation.results)}
    for chosen in product(ends, repeat=len(situation.fixtures)):
        played = [f.ended(*score, pens) for f, (score, pens) in zip(situation.fixtures, chosen, strict=True)]
        places = order(TEAMS, [*situation.results, *played])
        ids = [place.tally.entrant.team_id for place in places]
        seen.append(
            {team: (place.position, place.tally.points - before[team]) for team, place in zip(ids, places, strict=True)}
        )
    return seen


@settings(max_examples=60, deadline=None)
@given(situations())
def test_no_outcome_leaves_the_range_and_a_way_leads_to_either_end(situation: Situation) -> None:
    seen = everything(situation)
    for team, found in reach(situation).items():
        positions = [outcome[team][0] for outcome in seen]
        assert found.exact
        assert found.best <= min(positions) <= max(positions) <= found.worst
        assert situation.position(team, found.best_way) == found.best
        assert situation.position(team, found.worst_way) == found.worst
        assert {r.match_id for r in found.best_way} == {f.match_id for f in situation.fixtures}


@settings(max_examples=40, deadline=None)
@given(situations())
def test_points_that_make_a_place_sure_do_in_every_outcome_and_one_step_less_does_not(situation: Situation) -> None:
    seen = everything(situation)
    for team, found in reach(situation).items():
        needed = secure(situation, team, found)
        gains = attainable(situation.left(team), shootouts=situation.shootouts)
        assert set(needed) == set(range(found.best, found.worst + 1))
        for place, points in needed.items():
            missed = {outcome[team][1] for outcome in seen if outcome[team][0] > place}
            assert points is None or all(gain < points for gain in missed)
            too_few = [gain for gain in gains if points is None or gain < points]
            if too_few:
                question = situation.rivals(team, above=True, gain=too_few[-1])
                worst = question.program.maximize(total(question.claims), seconds=30)
                assert worst is not None
                assert situation.position(team, question.results(worst)) > place


def test_a_win_on_the_last_day_makes_first_place_sure() -> None:
    """The rivals meet each other, so they cannot both take all that is left."""
    results = [Result(1, 1, 4, 1, 0, DAY), Result(2, 2, 5, 1, 0, DAY), Result(3, 3, 4, 1, 0, DAY)]
    fixtures = [Fixture(10, 1, 5, DAY), Fixture(11, 2, 3, DAY)]
    situation = Situation(TEAMS, results, fixtures)
    assert secure(situation, 1, reach(situation, [1])[1]) == {1: None, 2: 3, 3: 1, 4: 0}


def test_head_to_head_of_exactly_two_settles_what_goals_would_have_left_open() -> None:
    """Level on points per match if the second team loses, and then its win over the first one decides, not 9-0."""
    results = [Result(1, 2, 1, 1, 0, DAY), Result(2, 1, 3, 9, 0, DAY)]
    found = reach(Situation(TEAMS[:2], results, [Fixture(5, 2, 4, DAY)]))
    assert {team: (one.best, one.worst) for team, one in found.items()} == {1: (2, 2), 2: (1, 1)}


def test_a_place_is_lost_on_the_day_whose_results_put_it_out_of_reach() -> None:
    days = [DAY + timedelta(days=7 * n) for n in range(3)]
    results = [
        Result(1, 1, 2, 1, 0, days[0]),
        Result(2, 1, 3, 2, 0, days[1]),
        Result(3, 2, 3, 1, 0, days[2]),
    ]
    situation = Situation(TEAMS[:3], results, [])
    found = {team: one.best for team, one in reach(situation).items()}
    assert found == {1: 1, 2: 2, 3: 3}
    assert lost_since(situation, 3, 3, {}) == {1: days[1], 2: days[2]}
    assert lost_since(situation, 2, 2, {}) == {1: days[1]}
    assert lost_since(situation, 1, 1, {}) == {}
    assert lost_since(situation, 3, 3, {1: days[0]}) == {1: days[0], 2: days[2]}, "what is known is kept"


def test_a_solver_that_runs_out_of_time_gives_bounds_and_no_day(monkeypatch: pytest.MonkeyPatch) -> None:
    def out_of_time(*_: object, **__: object) -> None:
        raise OutOfTime("no time")

    monkeypatch.setattr(Program, "maximize", out_of_time)
    results = [Result(1, 1, 2, 1, 0, DAY), Result(2, 1, 3, 2, 0, DAY + timedelta(days=7))]
    situation = Situation(TEAMS[:3], results, [Fixture(3, 2, 3, DAY)])
    found = reach(situation, [3])[3]
    assert (found.best, found.worst, found.exact, found.best_way) == (1, 3, False, ())
    assert lost_since(situation, 3, 2, {}) == {}, "a day that is not known is not made up"
    assert lost_since(situation, 3, 2, {1: DAY}) == {1: DAY}


def test_small_brackets_are_exact_also_beside_a_team_that_never_plays() -> None:
    results = [Result(1, 1, 2, 2, 0, DAY), Result(2, 3, 4, 1, 1, DAY), Result(3, 2, 3, 0, 1, DAY)]
    fixtures = [Fixture(4, 1, 3, DAY), Fixture(5, 2, 4, DAY)]
    found = reach(Situation(TEAMS, results, fixtures))
    assert {team: (one.best, one.worst) for team, one in found.items()} == {
        1: (1, 3),
        2: (3, 5),
        3: (1, 3),
        4: (1, 4),
        5: (4, 5),
    }


def test_a_season_that_has_just_begun_leaves_everything_open() -> None:
    teams = [Entrant(n, f"Team {n:02}") for n in range(12)]
    fixtures = [Fixture(n, *pair, DAY) for n, pair in enumerate(permutations(range(12), 2))]
    found = reach(Situation(teams, [], fixtures), [0, 11])
    assert {(one.best, one.worst, one.exact) for one in found.values()} == {(1, 12, True)}


@pytest.mark.parametrize(
    ("left", "shootouts", "points"),
    [(0, False, [0]), (1, False, [0, 1, 3]), (2, False, [0, 1, 2, 3, 4, 6]), (1, True, [0, 1, 2, 3])],
)
def test_one_point_under_the_most_cannot_be_taken_without_penalties(
    left: int, shootouts: bool, points: list[int]
) -> None:
    assert attainable(left, shootouts=shootouts) == points
