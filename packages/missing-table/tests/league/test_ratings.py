"""The model of goals, the season played out, and the score that it gives itself."""

from datetime import date, timedelta
from functools import cache
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devstack.replica.season import season_at
from devstack.replica.season.clock import moment_of
from devstack.replica.season.plan import plan
from missing_table.league.accuracy import BASE_RATE, BaseRate, Score, brier, log_loss, outcome, score
from missing_table.league.ratings import (
    KNOWN_SD,
    NEW_SD,
    Ratings,
    chances,
    correction,
    fit,
    outcomes,
    prior_of,
    scorelines,
)
from missing_table.league.reach import Situation, reach
from missing_table.league.results import Entrant, Fixture, Result
from missing_table.league.simulate import simulate
from missing_table.league.tie_breaks import order
from missing_table.league.walk_forward import games_of, walk_forward

DAY = date(2026, 9, 5)
TEAMS = [Entrant(n, name) for n, name in enumerate("ABCD")]
INDEX = {team.team_id: team.team_id for team in TEAMS}
pairs = st.tuples(st.integers(0, 3), st.integers(0, 3)).filter(lambda pair: pair[0] != pair[1])
played = st.lists(st.tuples(pairs, st.integers(0, 4), st.integers(0, 4)), max_size=14)


def results_of(drawn: list[tuple[tuple[int, int], int, int]]) -> list[Result]:
    return [Result(n, *pair, home, away, DAY + timedelta(days=n // 2)) for n, (pair, home, away) in enumerate(drawn)]


def rated(results: list[Result], last: list[tuple[float, float] | None] | None = None) -> Ratings:
    return fit(games_of(results, INDEX), prior_of(last or [None] * len(TEAMS)))


def random() -> np.random.Generator:
    return np.random.default_rng(1)


@settings(max_examples=40, deadline=None)
@given(played)
def test_the_fit_is_the_most_likely_one(drawn: list[tuple[tuple[int, int], int, int]]) -> None:
    """No value moved by a little makes the penalised likelihood greater (written out here by itself)."""
    results = results_of(drawn)
    found = rated(results)

    def likelihood(values: np.ndarray) -> float:
        attack, defence = values[2:6], values[6:]
        total = -((values[0] - log(1.5)) ** 2) / 0.18 - (values[1] - 0.12) ** 2 / 0.045
        total -= float((attack**2).sum() + (defence**2).sum()) / (2 * NEW_SD**2)
        for r in results:
            for goals, mean in (
                (r.home_score, values[0] + values[1] + attack[r.home] - defence[r.away]),
                (r.away_score, values[0] + attack[r.away] - defence[r.home]),
            ):
                total += goals * mean - np.exp(mean)
        return float(total)

    best = likelihood(found.values)
    for at in range(len(found.values)):
        for step in (0.01, -0.01):
            moved = found.values.copy()
            moved[at] += step
            assert likelihood(moved) < best


def test_a_team_that_wins_rates_above_the_one_that_it_beats_and_last_season_carries_over() -> None:
    found = rated(results_of([((0, 1), 4, 0), ((1, 0), 0, 3), ((2, 3), 1, 1)]))
    assert found.attack[0] > found.attack[2] > found.attack[1]
    assert found.defence[0] > found.defence[1]
    known = rated([], [(0.5, 0.3), None, None, None])
    assert known.attack[:2].tolist() == pytest.approx([0.35, 0])
    sd = np.sqrt(np.diag(known.covariance))
    assert sd[2:4].tolist() == pytest.approx([KNOWN_SD, NEW_SD])


@given(st.floats(-0.2, 0.2), st.floats(0.1, 4), st.floats(0.1, 4))
def test_scorelines_are_a_distribution_and_the_correction_moves_low_ones_alone(
    rho: float, home: float, away: float
) -> None:
    means = np.array([home]), np.array([away])
    corrected, plain = scorelines(rho, *means)[0], scorelines(0.0, *means)[0]
    assert corrected.sum() == pytest.approx(1)
    assert (corrected >= 0).all()
    ratio = corrected[2:, 2:] / plain[2:, 2:]
    assert np.allclose(ratio, ratio[0, 0])
    assert correction(0.0, *means).tolist() == [[1, 1, 1, 1]]
    assert outcomes(corrected[None]).sum() == pytest.approx(1)


@settings(max_examples=25, deadline=None)
@given(played, st.lists(pairs, max_size=5), st.booleans())
def test_a_season_played_out_stays_within_what_is_in_reach(
    drawn: list[tuple[tuple[int, int], int, int]], left: list[tuple[int, int]], shootouts: bool
) -> None:
    results = results_of(drawn)
    fixtures = [Fixture(100 + n, *pair, DAY + timedelta(days=30)) for n, pair in enumerate(left)]
    found = simulate(
        TEAMS, results, fixtures, ratings=rated(results), index=INDEX, random=random(), shootouts=shootouts
    )
    table = np.array(list(found.positions.values()))
    assert np.allclose(table.sum(axis=0), 1)
    assert np.allclose(table.sum(axis=1), 1)
    for team, range_ in reach(Situation(TEAMS, results, fixtures, shootouts)).items():
        positions = {at for at, chance in enumerate(found.positions[team], start=1) if chance}
        assert range_.best <= min(positions) <= max(positions) <= range_.worst


@settings(max_examples=40, deadline=None)
@given(played)
def test_a_season_that_is_over_is_played_out_as_its_table(drawn: list[tuple[tuple[int, int], int, int]]) -> None:
    results = results_of(drawn)
    found = simulate(TEAMS, results, [], ratings=rated(results), index=INDEX, random=random())
    for place in order(TEAMS, results):
        assert found.positions[place.tally.entrant.team_id][place.position - 1] == 1
        assert found.points_per_match[place.tally.entrant.team_id] == pytest.approx(float(place.tally.points_per_match))


def test_one_match_left_has_the_chances_of_that_match() -> None:
    """A and B are level; who wins is first, and a tie leaves today's order."""
    results = results_of([((0, 2), 1, 0), ((1, 3), 1, 0)])
    ratings = rated(results, [(0.6, 0.6), (-0.6, -0.6), None, None])
    match = chances(ratings, np.array([0]), np.array([1]), random(), 4000).outcomes[0]
    found = simulate(TEAMS, results, [Fixture(9, 0, 1, DAY)], ratings=ratings, index=INDEX, random=random())
    assert found.positions[1][0] == pytest.approx(match[2], abs=0.05)
    assert found.positions[0][0] == pytest.approx(match[0] + match[1], abs=0.05)


def test_scores_are_what_they_are_defined_to_be() -> None:
    assert [outcome(*goals) for goals in ((2, 1), (1, 1), (0, 3))] == [0, 1, 2]
    assert brier((1, 0, 0), 0) == 0
    assert brier((0, 0, 1), 0) == 2
    assert brier((0.5, 0.3, 0.2), 1) == pytest.approx(0.25 + 0.49 + 0.04)
    assert log_loss((0.5, 0.3, 0.2), 0) == pytest.approx(log(2))
    base = BaseRate()
    assert base.chances() == pytest.approx(BASE_RATE)
    base.count(1)
    assert base.chances()[1] > BASE_RATE[1]
    assert score([(1, 0, 0)], (0.5, 0.25, 0.25), [0]) == pytest.approx((1, 0, 0.375, 0, log(2)))


def test_a_weekend_is_estimated_without_its_own_results() -> None:
    """Whatever happens in the last weekend, the chances of the weekends before and its own stay what they were."""
    before = [Result(n, n % 4, (n + 1) % 4, 2, 0, DAY + timedelta(weeks=n)) for n in range(6)]
    last = DAY + timedelta(weeks=9)
    won = walk_forward([*before, Result(99, 0, 1, 1, 0, last)], INDEX, prior_of([None] * 4), random())
    lost = walk_forward([*before, Result(99, 0, 1, 9, 0, last)], INDEX, prior_of([None] * 4), random())
    assert won == lost


@cache
def brackets_of_an_invented_season() -> list[list[Result]]:
    """A dozen brackets of U15 and older of the generated season, as it will have been."""
    season = plan(1, season_at(moment_of("2026-11-20")), "full")
    by_bracket: dict[int, list[Result]] = {}
    for fixture in season.fixtures["league"]:
        if fixture.bracket.age in ("U13", "U14") or fixture.score is None:
            continue
        found = by_bracket.setdefault(fixture.bracket.id, [])
        day = fixture.slots[-1].day
        found.append(Result(fixture.number, fixture.home.id, fixture.away.id, *fixture.score, day))
    return sorted(by_bracket.values(), key=len)[-12:]


def test_over_an_invented_season_the_model_beats_the_base_rate() -> None:
    """Walk forward, without a last season: 12 brackets, some two thousand matches."""
    total = Score()
    for results in brackets_of_an_invented_season():
        index = {team: at for at, team in enumerate({t: 0 for r in results for t in (r.home, r.away)})}
        total = total.plus(walk_forward(results, index, prior_of([None] * len(index)), random()))
    assert total.matches > 1900
    assert total.brier < 0.95 * total.base_brier
    assert total.log_loss < 0.95 * total.base_log_loss
