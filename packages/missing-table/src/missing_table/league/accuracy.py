"""How right chances were: Brier score and log loss beside a base rate that knows no teams. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import log
from typing import NamedTuple

Triple = tuple[float, float, float]
"""Home win, tie, away win."""

BASE_MATCHES = 10.0
BASE_RATE: Triple = (0.45, 0.2, 0.35)
"""What the base rate believes before the first result, as if seen in ten matches; from then on it counts."""
LEAST = 1e-6
"""A chance of 0 that comes true would be an infinite loss."""


class Score(NamedTuple):
    """Sums over matches; divide by `matches`."""

    matches: int = 0
    brier: float = 0.0
    base_brier: float = 0.0
    log_loss: float = 0.0
    base_log_loss: float = 0.0

    def plus(self, other: "Score") -> "Score":
        """Both together."""
        return Score(
            self.matches + other.matches,
            self.brier + other.brier,
            self.base_brier + other.base_brier,
            self.log_loss + other.log_loss,
            self.base_log_loss + other.base_log_loss,
        )


def outcome(home_score: int, away_score: int) -> int:
    """0, 1, 2: home win, tie, away win."""
    return (home_score <= away_score) + (home_score < away_score)


def brier(chances: Sequence[float], happened: int) -> float:
    """Sum of squared errors over the three outcomes: 0 (sure and right) to 2 (sure and wrong)."""
    return sum((chance - (index == happened)) ** 2 for index, chance in enumerate(chances))


def log_loss(chances: Sequence[float], happened: int) -> float:
    """Minus the log of what was given to what happened, in nats."""
    return -log(max(chances[happened], LEAST))


@dataclass(slots=True)
class BaseRate:
    """How often matches end each way, counted as they come."""

    seen: list[float] = field(default_factory=lambda: [BASE_MATCHES * share for share in BASE_RATE])

    def chances(self) -> Triple:
        total = sum(self.seen)
        return self.seen[0] / total, self.seen[1] / total, self.seen[2] / total

    def count(self, happened: int) -> None:
        """Another result."""
        self.seen[happened] += 1


def score(chances: Sequence[Sequence[float]], base: Sequence[float], happened: Sequence[int]) -> Score:
    """Of matches that were estimated at one moment."""
    total = Score()
    for one, result in zip(chances, happened, strict=True):
        total = total.plus(
            Score(1, brier(one, result), brier(base, result), log_loss(one, result), log_loss(base, result))
        )
    return total
