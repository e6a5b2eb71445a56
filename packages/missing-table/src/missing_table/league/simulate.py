"""The rest of a season, played out many times from today's table. Estimates, not facts. Pure numpy, seeded by callers.

Each simulated season is ranked by the league's rules as far as goals for per match (head to head of exactly two
included); teams still level keep today's order.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from missing_table.league.ratings import Floats, Ints, Ratings, correction, draws, means
from missing_table.league.results import SHOOTOUT_WIN, Entrant, Fixture, Result
from missing_table.league.tie_breaks import order

DRAWS, SEASONS = 25, 40
"""Ratings are drawn so many times, and so many seasons are played with each: 1,000 in all."""
SIMULATIONS = DRAWS * SEASONS


@dataclass(frozen=True, slots=True)
class SeasonChances:
    """By team: chances of each position (first place first), mean points per match at the end."""

    positions: dict[int, list[float]]
    points_per_match: dict[int, float]


def _goals(ratings: Ratings, home: Ints, away: Ints, random: np.random.Generator) -> NDArray[np.int16]:
    """Goals [season, match, side] of every simulated season.

    Drawn as Poisson, and drawn again with the chance that the Dixon-Coles correction takes from a scoreline.
    """
    drawn = means(draws(ratings, DRAWS, random), ratings.teams, home, away)
    mean = np.stack([np.repeat(side, SEASONS, axis=0) for side in drawn], axis=-1).reshape(-1, 2)
    factors = correction(ratings.rho, mean[:, 0], mean[:, 1])
    most = np.maximum(factors.max(axis=1), 1.0)
    made = np.empty(mean.shape, dtype=np.int16)
    waiting = np.arange(len(mean))
    while len(waiting):
        goals = random.poisson(mean[waiting])
        low = (goals <= 1).all(axis=1)
        factor = np.ones(len(waiting))
        factor[low] = factors[waiting[low], 2 * goals[low, 0] + goals[low, 1]]
        taken = random.random(len(waiting)) * most[waiting] < factor
        made[waiting[taken]] = goals[taken]
        waiting = waiting[~taken]
    return made.reshape(SIMULATIONS, len(home), 2)


def _points(goals: NDArray[np.int16], shootouts: NDArray[np.int8]) -> NDArray[np.int16]:
    """Points [season, match, side]; `shootouts`: 0 where ties stand, else 1 (home) or -1 of a match that is tied."""
    edge = np.sign(goals[..., 0] - goals[..., 1])
    home = np.where(edge > 0, 3, np.where(edge < 0, 0, 1 + (shootouts > 0)))
    away = np.where(edge < 0, 3, np.where(edge > 0, 0, 1 + (shootouts < 0)))
    return np.stack([home, away], axis=-1).astype(np.int16)


def _summed(values: NDArray[np.int16], sides: Sequence[Ints], teams: int) -> NDArray[np.int64]:
    """Values [season, match, side] summed by team: [season, team]."""
    made = np.zeros((len(values), teams), dtype=np.int64)
    for side, index in enumerate(sides):
        member = np.zeros((values.shape[1], teams))
        counted = index >= 0
        member[np.flatnonzero(counted), index[counted]] = 1
        made += np.rint(values[..., side].astype(np.float64) @ member).astype(np.int64)
    return made


def simulate(
    entrants: Sequence[Entrant],
    results: Sequence[Result],
    fixtures: Sequence[Fixture],
    *,
    ratings: Ratings,
    index: dict[int, int],
    random: np.random.Generator,
    shootouts: bool = False,
) -> SeasonChances:
    """Every team's chances. `index`: where each team of the bracket, and each guest, stands in the ratings."""
    places = order(entrants, results)
    tallies = [place.tally for place in places]
    row = {one.entrant.team_id: number for number, one in enumerate(tallies)}
    home = np.array([index[f.home] for f in fixtures], dtype=np.int64)
    away = np.array([index[f.away] for f in fixtures], dtype=np.int64)
    sides = (
        np.array([row.get(f.home, -1) if f.counts_home else -1 for f in fixtures], dtype=np.int64),
        np.array([row.get(f.away, -1) if f.counts_away else -1 for f in fixtures], dtype=np.int64),
    )
    goals = _goals(ratings, home, away, random)
    pens = np.zeros(goals.shape[:2], dtype=np.int8)
    if shootouts:
        pens = (random.integers(0, 2, pens.shape) * 2 - 1).astype(np.int8)
    points = _points(goals, pens)
    margins = np.stack([goals[..., 0] - goals[..., 1], goals[..., 1] - goals[..., 0]], axis=-1)
    count = len(tallies)
    played = np.array([one.played for one in tallies], dtype=np.int64)
    for side in sides:
        played = played + np.bincount(side[side >= 0], minlength=count)
    final = np.maximum(played, 1)

    def total(now: list[int], later: NDArray[np.int16]) -> Floats:
        made: Floats = (np.array(now) + _summed(later, sides, count)) / final
        return made

    per_match = total([one.points for one in tallies], points)
    keys = (
        # From 2 points on a match is a win to the order: 3 on the field, 2 on penalties.
        total([one.won + one.shootouts_won for one in tallies], (points >= SHOOTOUT_WIN).astype(np.int16)),
        total([one.goal_difference for one in tallies], margins),
        total([one.goals_for for one in tallies], goals),
    )
    ranked = np.lexsort((-keys[2], -keys[1], -keys[0], -per_match), axis=-1)
    meetings = _Meetings(row, results, sides, points)
    _head_to_head(ranked, per_match, meetings)
    shares = np.zeros((count, count))
    for position in range(count):
        shares[:, position] = np.bincount(ranked[:, position], minlength=count)
    shares /= SIMULATIONS
    average = per_match.mean(axis=0)
    return SeasonChances(
        {one.entrant.team_id: shares[number].tolist() for number, one in enumerate(tallies)},
        {one.entrant.team_id: float(average[number]) for number, one in enumerate(tallies)},
    )


@dataclass(frozen=True, slots=True)
class _Meetings:
    """The matches between two teams of the bracket, played and simulated. `sides`, `points`: of the simulated ones."""

    row: dict[int, int]
    results: Sequence[Result]
    sides: Sequence[Ints]
    points: NDArray[np.int16]

    def balance(self) -> NDArray[np.int64]:
        """Points less the other's from the meetings so far: [team, other]."""
        made = np.zeros((len(self.row), len(self.row)), dtype=np.int64)
        for result in self.results:
            if result.home in self.row and result.away in self.row:
                mine, theirs = result.points()
                made[self.row[result.home], self.row[result.away]] += mine - theirs
                made[self.row[result.away], self.row[result.home]] += theirs - mine
        return made

    def to_come(self) -> dict[tuple[int, int], list[tuple[int, int]]]:
        """By pair, both ways: (simulated match, 1 where the first is at home, else -1)."""
        made: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for match, (one, other) in enumerate(zip(self.sides[0].tolist(), self.sides[1].tolist(), strict=True)):
            if one >= 0 and other >= 0:
                made.setdefault((one, other), []).append((match, 1))
                made.setdefault((other, one), []).append((match, -1))
        return made


def _head_to_head(ranked: NDArray[np.int64], per_match: Floats, meetings: _Meetings) -> None:
    """Turns round, in place, those neighbours that are exactly two on their points and whose meetings say so."""
    if ranked.shape[1] < 2:
        return
    points = np.take_along_axis(per_match, ranked, axis=1)
    same = points[:, 1:] == points[:, :-1]
    wider = np.zeros_like(same)
    wider[:, 1:] |= same[:, :-1]
    wider[:, :-1] |= same[:, 1:]
    season, at = np.nonzero(same & ~wider)
    if not len(season):
        return
    balance, to_come = meetings.balance(), meetings.to_come()
    differences = meetings.points[..., 0].astype(np.int64) - meetings.points[..., 1]
    for number, position in zip(season.tolist(), at.tolist(), strict=True):
        upper, lower = int(ranked[number, position]), int(ranked[number, position + 1])
        edge = int(balance[upper, lower])
        for match, sign in to_come.get((upper, lower), ()):
            edge += sign * int(differences[number, match])
        if edge < 0:
            ranked[number, position], ranked[number, position + 1] = lower, upper
