"""The official tables, by the league's rules, written simply and on their own: the truth that other code is checked by.

Pure and exact (fractions). It shares nothing with the project's own table code, on purpose.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby


@dataclass(frozen=True, slots=True)
class Result:
    """A counted match: squads, goals, shoot-out (Flex), and in which of its sides' rows it counts here."""

    home: int
    away: int
    home_goals: int
    away_goals: int
    shootout: tuple[int, int] | None = None
    for_home: bool = True
    for_away: bool = True


@dataclass(slots=True)
class Row:
    """A squad's row; the pairs are (at home, away)."""

    squad: int
    name: str
    won: int = 0
    tied: int = 0
    lost: int = 0
    shootouts_won: int = 0
    points: int = 0
    matches: list[int] = field(default_factory=lambda: [0, 0])
    goals_for: list[int] = field(default_factory=lambda: [0, 0])
    goals_against: list[int] = field(default_factory=lambda: [0, 0])

    @property
    def played(self) -> int:
        return sum(self.matches)

    def per_match(self, value: int) -> Fraction:
        return Fraction(value, self.played) if self.played else Fraction(0)

    @property
    def points_per_match(self) -> Fraction:
        return self.per_match(self.points)

    def at(self, side: int, value: int) -> Fraction:
        return Fraction(value, self.matches[side]) if self.matches[side] else Fraction(0)

    def tiebreakers(self) -> tuple[Fraction, ...]:
        """Return rules 2 to 8, in their order; more is better.

        A shoot-out win counts as a win here, as it does in the league's own Flex tables.
        """
        difference = [self.goals_for[side] - self.goals_against[side] for side in (0, 1)]
        return (
            self.per_match(self.won + self.shootouts_won),
            self.per_match(sum(difference)),
            self.per_match(sum(self.goals_for)),
            self.at(1, difference[1]),
            self.at(1, self.goals_for[1]),
            self.at(0, difference[0]),
            self.at(0, self.goals_for[0]),
        )


def points(mine: int, theirs: int, shootout: tuple[int, int] | None) -> int:
    """3, 1 or 0; after a shoot-out (Flex; given as mine, theirs) 2 to its winner and 1 to its loser."""
    if mine != theirs:
        return 3 if mine > theirs else 0
    return 2 if shootout and shootout[0] > shootout[1] else 1


def table(squads: Iterable[tuple[int, str]], results: Iterable[Result], unlisted: Collection[int] = ()) -> list[Row]:
    """The rows of the squads (id, name), first to last.

    Those level in everything stand in the published order, which is by name; `unlisted` ones are not in it, so behind.
    """
    rows = {squad: Row(squad, name) for squad, name in squads}
    results = list(results)
    for result in results:
        shootout = result.shootout
        turned = (shootout[1], shootout[0]) if shootout else None
        if result.for_home and result.home in rows:
            _enter(rows[result.home], 0, result.home_goals, result.away_goals, shootout)
        if result.for_away and result.away in rows:
            _enter(rows[result.away], 1, result.away_goals, result.home_goals, turned)
    ranked: list[Row] = []
    by_points = sorted(rows.values(), key=lambda row: row.points_per_match, reverse=True)
    for _, level in groupby(by_points, key=lambda row: row.points_per_match):
        group = sorted(level, key=lambda row: (row.squad in unlisted, row.name))
        group.sort(key=Row.tiebreakers, reverse=True)
        if len(group) == 2:
            first, second = (_head_to_head(one, other, results) for one, other in (group, group[::-1]))
            if second > first:
                group.reverse()
        ranked += group
    return ranked


def _enter(row: Row, side: int, mine: int, theirs: int, shootout: tuple[int, int] | None) -> None:
    row.matches[side] += 1
    row.goals_for[side] += mine
    row.goals_against[side] += theirs
    row.won += mine > theirs
    row.tied += mine == theirs
    row.lost += mine < theirs
    row.shootouts_won += mine == theirs and shootout is not None and shootout[0] > shootout[1]
    row.points += points(mine, theirs, shootout)


def _head_to_head(one: Row, other: Row, results: list[Result]) -> int:
    """Points of one in the matches against the other."""
    total = 0
    for result in results:
        shootout = result.shootout
        if (result.home, result.away) == (one.squad, other.squad):
            total += points(result.home_goals, result.away_goals, shootout)
        elif (result.away, result.home) == (one.squad, other.squad):
            turned = (shootout[1], shootout[0]) if shootout else None
            total += points(result.away_goals, result.home_goals, turned)
    return total
