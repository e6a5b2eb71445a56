"""How strong teams are and what that makes of a match: a penalised Poisson model of goals with the Dixon-Coles
correction. Estimates, not facts. Pure numpy; nothing random but what a generator that is handed in draws.

log(goals of home) = level + home advantage + attack(home) - defence(away), of away the same without the advantage.
Attack and defence are pulled towards a prior (last season's, or 0) as if by a normal distribution. The fit is Newton's
method on a convex function; for a bracket of 22 teams it takes a few milliseconds.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_GOALS = 10
"""Scorelines go to 10 goals a side; what lies beyond is shared out among them."""
LEVEL, HOME = np.log(1.5), 0.12
"""Where the level and the home advantage are pulled to: youth soccer's usual."""
LEVEL_SD, HOME_SD = 0.3, 0.15
NEW_SD, KNOWN_SD = 0.35, 0.22
"""Spread of attack and defence about their prior, for a team without a last season and for one with."""
CARRY = 0.7
"""How much of last season's rating is expected to be there still."""
RHO_SD = 0.08
STEPS = 25
ENOUGH = 1e-7


@dataclass(frozen=True, slots=True)
class Games:
    """Results as arrays of one length: indices of home and away team, goals of each."""

    home: Ints
    away: Ints
    home_goals: Floats
    away_goals: Floats

    def first(self, chosen: NDArray[np.bool_]) -> "Games":
        """Those that are chosen."""
        return Games(self.home[chosen], self.away[chosen], self.home_goals[chosen], self.away_goals[chosen])


@dataclass(frozen=True, slots=True)
class Prior:
    """Per team: expected attack and defence, and the spread about them."""

    attack: Floats
    defence: Floats
    sd: Floats


@dataclass(frozen=True, slots=True)
class Ratings:
    """`values`: level, home advantage, then every attack, then every defence. `covariance`: how unsure they are."""

    teams: int
    values: Floats
    covariance: Floats
    rho: float

    @property
    def attack(self) -> Floats:
        return self.values[2 : 2 + self.teams]

    @property
    def defence(self) -> Floats:
        return self.values[2 + self.teams :]


def prior_of(last: list[tuple[float, float] | None]) -> Prior:
    """From last season's (attack, defence) by team, None for a team without one."""
    known = np.array([one is not None for one in last])
    values = np.array([one or (0.0, 0.0) for one in last], dtype=np.float64).reshape(len(last), 2) * CARRY
    return Prior(values[:, 0], values[:, 1], np.where(known, KNOWN_SD, NEW_SD))


def _design(teams: int, home: Ints, away: Ints) -> Floats:
    """Two rows a match (goals of home, goals of away), a column a value."""
    count = len(home)
    rows = np.arange(count)
    made = np.zeros((2 * count, 2 + 2 * teams))
    made[:, 0] = 1
    made[:count, 1] = 1
    made[rows, 2 + home] = 1
    made[rows, 2 + teams + away] = -1
    made[count + rows, 2 + away] = 1
    made[count + rows, 2 + teams + home] = -1
    return made


def fit(games: Games, prior: Prior, start: Floats | None = None) -> Ratings:
    """The most likely ratings. `start`: values of an earlier fit, to begin there; the result does not depend on it."""
    teams = len(prior.sd)
    centre = np.concatenate([[LEVEL, HOME], prior.attack, prior.defence])
    pull = np.concatenate([[LEVEL_SD**-2.0, HOME_SD**-2.0], prior.sd**-2.0, prior.sd**-2.0])
    design = _design(teams, games.home, games.away)
    goals = np.concatenate([games.home_goals, games.away_goals])
    values = centre.copy() if start is None else start.copy()
    hessian = np.diag(pull)
    for _ in range(STEPS):
        expected = np.exp(design @ values)
        gradient = design.T @ (goals - expected) - pull * (values - centre)
        hessian = (design * expected[:, None]).T @ design + np.diag(pull)
        step = np.clip(np.linalg.solve(hessian, gradient), -1, 1)
        values = values + step
        if np.abs(step).max() < ENOUGH:
            break
    means = np.exp(design @ values)
    count = len(games.home)
    rho = _rho(games, means[:count], means[count:])
    return Ratings(teams, values, np.linalg.inv(hessian), rho)


_RHOS: Floats = np.linspace(-0.2, 0.2, 41)


def correction(rho: float | Floats, home_mean: Floats, away_mean: Floats) -> Floats:
    """Dixon and Coles's factors of 0-0, 0-1, 1-0 and 1-1 (last axis), never negative."""
    factors = np.stack(
        [
            1 - home_mean * away_mean * rho,
            1 + home_mean * rho,
            1 + away_mean * rho,
            np.broadcast_to(1.0 - rho, np.shape(home_mean * rho)),
        ],
        axis=-1,
    )
    made: Floats = np.maximum(factors, 1e-9)
    return made


def _rho(games: Games, home_mean: Floats, away_mean: Floats) -> float:
    """The most likely correction on a grid, pulled towards 0; 0 where no match was low."""
    low = (games.home_goals <= 1) & (games.away_goals <= 1)
    if not low.any():
        return 0.0
    cell = (2 * games.home_goals + games.away_goals)[low].astype(np.int64)
    factors = correction(_RHOS[:, None], home_mean[low], away_mean[low])
    gains = np.log(factors[:, np.arange(len(cell)), cell]).sum(axis=1) - (_RHOS / RHO_SD) ** 2 / 2
    return float(_RHOS[int(np.argmax(gains))])


_FACTORIALS = np.cumprod(np.concatenate([[1.0], np.arange(1, MOST_GOALS + 1)]))


def _poisson(mean: Floats) -> Floats:
    """Chances of 0 to MOST_GOALS goals along a new last axis."""
    goals = np.arange(MOST_GOALS + 1)
    made: Floats = np.exp(-mean)[..., None] * mean[..., None] ** goals / _FACTORIALS
    return made


def means(values: Floats, teams: int, home: Ints, away: Ints) -> tuple[Floats, Floats]:
    """Expected goals of both sides; `values` may have leading axes (several draws)."""
    level, advantage = values[..., 0:1], values[..., 1:2]
    attack, defence = values[..., 2 : 2 + teams], values[..., 2 + teams :]
    home_mean = np.exp(level + advantage + attack[..., home] - defence[..., away])
    away_mean = np.exp(level + attack[..., away] - defence[..., home])
    return home_mean, away_mean


def scorelines(rho: float, home_mean: Floats, away_mean: Floats) -> Floats:
    """Chances of each scoreline: [..., home goals, away goals], each match's summing to 1."""
    made = _poisson(home_mean)[..., :, None] * _poisson(away_mean)[..., None, :]
    factors = correction(rho, home_mean, away_mean)
    made[..., 0, 0] *= factors[..., 0]
    made[..., 0, 1] *= factors[..., 1]
    made[..., 1, 0] *= factors[..., 2]
    made[..., 1, 1] *= factors[..., 3]
    made /= made.sum(axis=(-2, -1), keepdims=True)
    return made


def draws(ratings: Ratings, count: int, random: np.random.Generator) -> Floats:
    """Ratings as they may well be (count, values), by how unsure they are: an estimate that knows its own limits."""
    root = np.linalg.cholesky(ratings.covariance)
    noise = random.standard_normal((count, len(ratings.values)))
    return ratings.values + noise @ root.T


@dataclass(frozen=True, slots=True)
class Chances:
    """Of each match: home win, tie, away win (columns of `outcomes`), and the goals that are expected."""

    outcomes: Floats
    home_goals: Floats
    away_goals: Floats


_SIGN: NDArray[Any] = np.sign(np.subtract.outer(np.arange(MOST_GOALS + 1), np.arange(MOST_GOALS + 1)))


def outcomes(grids: Floats) -> Floats:
    """Home win, tie, away win (last axis) from scorelines."""
    return np.stack([(grids * (sign == _SIGN)).sum(axis=(-2, -1)) for sign in (1, 0, -1)], axis=-1)


def chances(ratings: Ratings, home: Ints, away: Ints, random: np.random.Generator, count: int = 30) -> Chances:
    """Of matches to come, as the mean over `count` draws of the ratings."""
    if not len(home):
        none = np.zeros(0)
        return Chances(np.zeros((0, 3)), none, none)
    home_mean, away_mean = means(draws(ratings, count, random), ratings.teams, home, away)
    found = outcomes(scorelines(ratings.rho, home_mean, away_mean))
    return Chances(found.mean(axis=0), home_mean.mean(axis=0), away_mean.mean(axis=0))
