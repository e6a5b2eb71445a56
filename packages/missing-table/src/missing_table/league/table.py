"""The order of a table, by the rules of MLS NEXT 2026-27 (section XIII.k and XIII.l), in exact fractions.

What goes in: the teams of a bracket and the results that count in it. Pure values; knows no database and no clock.
Fractions of one table are compared over their common denominator, as whole numbers: exact, and a few times faster.
A match that a shoot-out decided (Flex) is shown as tied, gives 2 and 1 points instead of 1 and 1, and counts as a win
for the rule "wins per match", as the league's own tables do.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from math import lcm
from operator import attrgetter
from typing import Literal, NamedTuple

WIN, TIE, LOSS = 3, 1, 0
SHOOTOUT_WIN, SHOOTOUT_LOSS = 2, 1
ZERO = Fraction(0)

Outcome = Literal["W", "T", "L"]
SplitName = Literal["all", "home", "away"]


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


class Entrant(NamedTuple):
    """A team of a bracket. `published`: its place in the source's own order, None where it has none."""

    team_id: int
    name: str
    published: int | None = None


class Result(NamedTuple):
    """A finished match. `counts_home`, `counts_away`: for which of its sides this bracket's table counts it.

    `kick_off` orders the matches of a day (ISO text, UTC; "" where no time is set).
    """

    match_id: int
    home: int
    away: int
    home_score: int
    away_score: int
    local_date: date
    home_shootout: int | None = None
    away_shootout: int | None = None
    kick_off: str = ""
    counts_home: bool = True
    counts_away: bool = True

    def points(self) -> tuple[int, int]:
        """Points of home and away."""
        if self.home_score != self.away_score:
            return (WIN, LOSS) if self.home_score > self.away_score else (LOSS, WIN)
        if self.home_shootout is None or self.away_shootout is None or self.home_shootout == self.away_shootout:
            return TIE, TIE
        if self.home_shootout > self.away_shootout:
            return SHOOTOUT_WIN, SHOOTOUT_LOSS
        return SHOOTOUT_LOSS, SHOOTOUT_WIN


WHEN = attrgetter("local_date", "kick_off", "match_id")
"""Of a result or a fixture: sorts the oldest first."""


class Fixture(NamedTuple):
    """A match that may still be played: no result yet, not cancelled. Fields as a Result's."""

    match_id: int
    home: int
    away: int
    local_date: date
    kick_off: str = ""
    counts_home: bool = True
    counts_away: bool = True

    def ended(self, home_score: int, away_score: int, shootout: tuple[int, int] | None = None) -> Result:
        """The result that it would be."""
        home_shootout, away_shootout = shootout or (None, None)
        return Result(
            self.match_id,
            self.home,
            self.away,
            home_score,
            away_score,
            self.local_date,
            home_shootout,
            away_shootout,
            self.kick_off,
            self.counts_home,
            self.counts_away,
        )


@dataclass(slots=True)
class Side:
    """Goals of a team in its home or its away matches."""

    played: int = 0
    goals_for: int = 0
    goals_against: int = 0

    def ratios(self, scale: int) -> tuple[int, int]:
        """Goal difference and goals for, per match, times `scale`."""
        per = scale // self.played if self.played else 0
        return (self.goals_for - self.goals_against) * per, self.goals_for * per


@dataclass(slots=True)
class Tally:
    """What a team's results add up to. `form` has every counted match, oldest first, once `tally` is done.

    `shootouts_won`: of its ties, those that it won on penalties.
    """

    entrant: Entrant
    won: int = 0
    tied: int = 0
    lost: int = 0
    shootouts_won: int = 0
    points: int = 0
    home: Side = field(default_factory=Side)
    away: Side = field(default_factory=Side)
    form: list[tuple[int, Outcome]] = field(default_factory=list)

    @property
    def played(self) -> int:
        return self.won + self.tied + self.lost

    @property
    def goals_for(self) -> int:
        return self.home.goals_for + self.away.goals_for

    @property
    def goals_against(self) -> int:
        return self.home.goals_against + self.away.goals_against

    @property
    def goal_difference(self) -> int:
        return self.goals_for - self.goals_against

    @property
    def points_per_match(self) -> Fraction:
        return Fraction(self.points, self.played) if self.played else ZERO

    def ratios(self, scale: int) -> tuple[int, ...]:
        """Points per match, then the values of RATIO_RULES, each times `scale`; more is better in each."""
        played = self.played
        per = scale // played if played else 0
        return (
            self.points * per,
            (self.won + self.shootouts_won) * per,
            self.goal_difference * per,
            self.goals_for * per,
            *self.away.ratios(scale),
            *self.home.ratios(scale),
        )

    def count(self, side: Side, match_id: int, scored: int, conceded: int, points: int) -> None:
        """Adds a match that this team played."""
        side.played += 1
        side.goals_for += scored
        side.goals_against += conceded
        self.points += points
        outcome: Outcome = "T"
        if scored > conceded:
            self.won, outcome = self.won + 1, "W"
        elif scored < conceded:
            self.lost, outcome = self.lost + 1, "L"
        else:
            self.tied += 1
            self.shootouts_won += points == SHOOTOUT_WIN
        self.form.append((match_id, outcome))


@dataclass(frozen=True, slots=True)
class Place:
    """A row of an ordered table. `separated_by`: why it stands above the next one, None in the last."""

    position: int
    tally: Tally
    separated_by: Rule | None


def count(tallies: dict[int, Tally], result: Result, split: SplitName = "all") -> None:
    """Adds a result to those whose it is. One of a team that is no entrant counts for its opponent alone."""
    home_points, away_points = result.points()
    if result.counts_home and split != "away" and (home := tallies.get(result.home)) is not None:
        home.count(home.home, result.match_id, result.home_score, result.away_score, home_points)
    if result.counts_away and split != "home" and (away := tallies.get(result.away)) is not None:
        away.count(away.away, result.match_id, result.away_score, result.home_score, away_points)


def tally(entrants: Iterable[Entrant], results: Iterable[Result], split: SplitName = "all") -> dict[int, Tally]:
    """Adds the results up, by team."""
    tallies = {entrant.team_id: Tally(entrant) for entrant in entrants}
    for result in sorted(results, key=WHEN):
        count(tallies, result, split)
    return tallies


class Row(NamedTuple):
    """A tally on its way into the order. `ratios`: see Tally.ratios, all rows by the same scale."""

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
    return [Row(one, one.ratios(scale)) for one in found]


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
