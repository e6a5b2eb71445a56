"""Put a table in order by the rules of MLS NEXT 2026-27 (section XIII.k and XIII.l), in exact fractions. Pure.

Fractions of one table are compared over their common denominator, as whole numbers: exact, and a few times faster.
A shoot-out that was won (Flex) counts as a win for the rule "wins per match", as in the league's own tables.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from math import lcm
from typing import NamedTuple

from missing_table.league.results import Entrant, Result, Side, SplitName, Tally, tally


class Rule(StrEnum):
    """What separates two teams, in the order in which it is asked."""

    POINTS_PER_MATCH = "points_per_match"
    HEAD_TO_HEAD = "head_to_head"
    WINS_PER_MATCH = "wins_per_match"
    GOAL_DIFFERENCE_PER_MATCH = "goal_difference_per_match"
    GOALS_FOR_PER_MATCH = "goals_for_per_match"
    AWAY_GOAL_DIFFERENCE_PER_MATCH = "away_goal_difference_per_match"
    AWAY_GOALS_FOR_PER_MATCH = "away_goals_for_per_match"
    HOME_GOAL_DIFFERENCE_PER_MATCH = "home_goal_difference_per_match"
    HOME_GOALS_FOR_PER_MATCH = "home_goals_for_per_match"
    PUBLISHED_ORDER = "published_order"
    NAME = "name"


RATIO_RULES = (
    Rule.WINS_PER_MATCH,
    Rule.GOAL_DIFFERENCE_PER_MATCH,
    Rule.GOALS_FOR_PER_MATCH,
    Rule.AWAY_GOAL_DIFFERENCE_PER_MATCH,
    Rule.AWAY_GOALS_FOR_PER_MATCH,
    Rule.HOME_GOAL_DIFFERENCE_PER_MATCH,
    Rule.HOME_GOALS_FOR_PER_MATCH,
)


@dataclass(frozen=True, slots=True)
class Place:
    """A row of an ordered table. `separated_by`: why it stands above the next one, None in the last."""

    position: int
    tally: Tally
    separated_by: Rule | None


def side_ratios(side: Side, scale: int) -> tuple[int, int]:
    """Return goal difference and goals for of home or away matches, per match, times `scale`."""
    per = scale // side.played if side.played else 0
    return (side.goals_for - side.goals_against) * per, side.goals_for * per


def ratios(one: Tally, scale: int) -> tuple[int, ...]:
    """Return points per match, then the values of RATIO_RULES, each times `scale`. More is better in each."""
    per = scale // one.played if one.played else 0
    return (
        one.points * per,
        (one.won + one.shootouts_won) * per,
        one.goal_difference * per,
        one.goals_for * per,
        *side_ratios(one.away, scale),
        *side_ratios(one.home, scale),
    )


class Row(NamedTuple):
    """A tally on its way into the order. `ratios`: see `ratios`, all rows by the same scale."""

    tally: Tally
    ratios: tuple[int, ...]

    @property
    def key(self) -> tuple[tuple[int, ...], tuple[bool, int], str, int]:
        """Ascending order of rows that are level on points per match (head to head apart)."""
        team_id, name, published = self.tally.entrant
        return tuple(-value for value in self.ratios), (published is None, published or 0), name.casefold(), team_id


def rows_of(tallies: Iterable[Tally]) -> list[Row]:
    """Each tally with its ratios over the common denominator of the table."""
    found = list(tallies)
    counts = {n for one in found for n in (one.played, one.home.played, one.away.played) if n}
    scale = lcm(*counts)
    return [Row(one, ratios(one, scale)) for one in found]


def head_to_head(first: int, second: int, results: Iterable[Result]) -> int:
    """Points of `first` less points of `second` in the matches between them: above 0, `first` is better."""
    balance = 0
    for result in results:
        if {result.home, result.away} == {first, second}:
            home_points, away_points = result.points()
            balance += home_points - away_points if result.home == first else away_points - home_points
    return balance


def _separation(above: Row, below: Row) -> Rule:
    """The first rule behind head to head in which two neighbours differ."""
    for rule, upper, lower in zip(RATIO_RULES, above.ratios[1:], below.ratios[1:], strict=True):
        if upper != lower:
            return rule
    if above.tally.entrant.published != below.tally.entrant.published:
        return Rule.PUBLISHED_ORDER
    return Rule.NAME


def _order_level(level: list[Row], results: Sequence[Result]) -> list[tuple[Tally, Rule | None]]:
    """Orders teams that are level on points per match. Head to head only where they are exactly two: in a larger tie
    it is never used, even once two remain."""
    ordered = sorted(level, key=lambda row: row.key)
    if len(ordered) == 2:
        balance = head_to_head(ordered[0].tally.entrant.team_id, ordered[1].tally.entrant.team_id, results)
        if balance:
            above, below = ordered if balance > 0 else reversed(ordered)
            return [(above.tally, Rule.HEAD_TO_HEAD), (below.tally, None)]
    rules: list[Rule | None] = [_separation(a, b) for a, b in pairwise(ordered)]
    return [(row.tally, rule) for row, rule in zip(ordered, [*rules, None], strict=True)]


def rank(tallies: Iterable[Tally], results: Sequence[Result]) -> list[Place]:
    """The table of what these results add up to, best first."""
    levels: dict[int, list[Row]] = {}
    for row in rows_of(tallies):
        levels.setdefault(row.ratios[0], []).append(row)
    placed: list[tuple[Tally, Rule | None]] = []
    for points in sorted(levels, reverse=True):
        if placed:
            placed[-1] = (placed[-1][0], Rule.POINTS_PER_MATCH)
        placed.extend(_order_level(levels[points], results))
    return [Place(position, one, rule) for position, (one, rule) in enumerate(placed, start=1)]


def order(entrants: Iterable[Entrant], results: Iterable[Result], split: SplitName = "all") -> list[Place]:
    """The table, best first. The same values in another order give the same table."""
    counted = list(results)
    return rank(tally(entrants, counted, split).values(), counted)
