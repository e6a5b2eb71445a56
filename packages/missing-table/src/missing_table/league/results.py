"""Add up what a bracket's results are worth to its teams: points, wins, goals and form.

What goes in: the teams of a bracket and the results that count in it. Pure values; knows no database and no clock.
A match that a shoot-out decided (Flex) is shown as tied and gives 2 and 1 points instead of 1 and 1.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from operator import attrgetter
from typing import Literal, NamedTuple

WIN, TIE, LOSS = 3, 1, 0
SHOOTOUT_WIN, SHOOTOUT_LOSS = 2, 1
ZERO = Fraction(0)

Outcome = Literal["W", "T", "L"]
SplitName = Literal["all", "home", "away"]


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
