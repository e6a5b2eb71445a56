"""What can still happen to one team of a bracket, as an integer program over every result of the matches left.

A match left ends by any score from 0-0 to 99-99. The order is the table's own: points per match, head to head of
exactly two, then the ratios, then the published order and the name. So an optimum is a fact, not an estimate.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from missing_table.league.program import Program, Solution, plus, times, total
from missing_table.league.results import SHOOTOUT_LOSS, SHOOTOUT_WIN, TIE, WIN, Fixture, Result
from missing_table.league.tie_breaks import Row, head_to_head

MOST_GOALS = 99
"""Of one side in one match: what the what-if page takes."""


class Sum(NamedTuple):
    """A linear expression with a constant."""

    terms: dict[int, int]
    constant: int

    def add(self, *terms: Mapping[int, int]) -> "Sum":
        """Return this and some more terms."""
        return Sum(plus(self.terms, *terms), self.constant)

    def scaled(self, factor: int) -> "Sum":
        """Return this times a number."""
        return Sum(times(factor, self.terms), factor * self.constant)

    def joined(self, other: "Sum") -> "Sum":
        """Return this and another one together."""
        return Sum(plus(self.terms, other.terms), self.constant + other.constant)


@dataclass(frozen=True, slots=True)
class Played:
    """The variables of a match left: 0 or 1 for each way in which it may end, and the goals of both sides."""

    home_win: int
    tie: int
    away_win: int
    home_goals: int
    away_goals: int
    home_shootout: int | None = None
    away_shootout: int | None = None

    def points(self, *, home: bool) -> dict[int, int]:
        """Return the points that a side takes from it."""
        won, lost = (self.home_win, self.away_win) if home else (self.away_win, self.home_win)
        made = {won: WIN, lost: 0, self.tie: TIE}
        if self.home_shootout is not None and self.away_shootout is not None:
            won, lost = (self.home_shootout, self.away_shootout)[:: 1 if home else -1]
            made |= {won: SHOOTOUT_WIN, lost: SHOOTOUT_LOSS}
        return made

    def wins(self, *, home: bool) -> dict[int, int]:
        """Return whether a side wins it, as the order counts: on the field or on penalties."""
        names = (self.home_win, self.home_shootout) if home else (self.away_win, self.away_shootout)
        return total(name for name in names if name is not None)


def ended(fixture: Fixture, played: Played, values: Sequence[int]) -> Result:
    """Return the result that a solution gives to a match."""
    shootout = None
    if played.home_shootout is not None and played.away_shootout is not None:
        if values[played.home_shootout]:
            shootout = (5, 4)
        elif values[played.away_shootout]:
            shootout = (4, 5)
    return fixture.ended(values[played.home_goals], values[played.away_goals], shootout)


@dataclass(frozen=True, slots=True)
class Line:
    """A team's season as it will end: what the order compares, and over how many matches."""

    points: Sum
    ratios: tuple[Sum, ...]
    matches: int
    away: int
    home: int

    @property
    def counts(self) -> tuple[int, ...]:
        """The matches that each of `ratios` is divided by."""
        return (self.matches, self.matches, self.matches, self.away, self.away, self.home, self.home)


@dataclass(slots=True)
class Bracket:
    """A bracket at a moment of its season."""

    rows: Mapping[int, Row]
    results: Sequence[Result]
    fixtures: Sequence[Fixture]
    shootouts: bool


@dataclass(slots=True)
class Rivals:
    """One team against all others of its bracket, as a program.

    `above`: the question is how many others can end above the team; else how many can end below it.
    `gain`: the points that the team takes from its matches left; None leaves that open.
    `sure`: others that do so whatever happens. `claims`: 0-1 variables, 1 only where another one does so.
    """

    bracket: Bracket
    team: int
    above: bool
    gain: int | None = None
    program: Program = field(default_factory=Program)
    played: dict[int, Played] = field(default_factory=dict)
    claims: list[int] = field(default_factory=list)
    sure: int = 0
    _level: list[int] = field(default_factory=list)
    _wide: int = 0

    def __post_init__(self) -> None:
        for fixture in self.bracket.fixtures:
            self.played[fixture.match_id] = self._match()
        lines = {team: self._line(team) for team in self.bracket.rows}
        if self.gain is not None:
            mine = lines[self.team]
            self.program.between(mine.points.terms, lower=self.gain, upper=self.gain)
            # As a number instead of a sum of variables it makes the comparisons with all others much tighter.
            lines[self.team] = replace(mine, points=Sum({}, mine.points.constant + self.gain))
        self._wide = self.program.variable()  # 1 where the team is level with two others or more
        for other in self.bracket.rows:
            if other != self.team:
                self._rival(other, lines[self.team], lines[other])
        level = total(self._level)
        self.program.between({**level, self._wide: -2}, lower=0)
        self.program.between({**level, self._wide: -len(self._level)}, upper=1)

    def results(self, solution: Solution) -> list[Result]:
        """Return the results of a solution."""
        return [ended(fixture, self.played[fixture.match_id], solution.values) for fixture in self.bracket.fixtures]

    def _match(self) -> Played:
        program = self.program
        home_win, tie, away_win = (program.variable() for _ in range(3))
        home, away = (program.variable(0, MOST_GOALS) for _ in range(2))
        shootouts = [program.variable() for _ in range(2)] if self.bracket.shootouts else []
        program.between(total([home_win, tie, away_win, *shootouts]), lower=1, upper=1)
        # The margin is at least 1 in a win, at most -1 in a loss, 0 in a tie.
        program.between({home: 1, away: -1, home_win: -1, away_win: MOST_GOALS}, lower=0)
        program.between({away: 1, home: -1, away_win: -1, home_win: MOST_GOALS}, lower=0)
        return Played(home_win, tie, away_win, home, away, *shootouts)

    def _line(self, team: int) -> Line:
        tally = self.bracket.rows[team].tally
        points, wins = Sum({}, tally.points), Sum({}, tally.won + tally.shootouts_won)
        sides = {True: tally.home, False: tally.away}
        scored = {
            home: [Sum({}, side.goals_for - side.goals_against), Sum({}, side.goals_for)]
            for home, side in sides.items()
        }
        counts = {home: side.played for home, side in sides.items()}
        for fixture in self.bracket.fixtures:
            for home in (True, False):
                mine, is_counted = (fixture.home, fixture.counts_home) if home else (fixture.away, fixture.counts_away)
                if mine != team or not is_counted:
                    continue
                played = self.played[fixture.match_id]
                points, wins = points.add(played.points(home=home)), wins.add(played.wins(home=home))
                own, theirs = (played.home_goals, played.away_goals)[:: 1 if home else -1]
                difference, goals = scored[home]
                scored[home] = [difference.add({own: 1, theirs: -1}), goals.add({own: 1})]
                counts[home] += 1
        both = [one.joined(other) for one, other in zip(*scored.values(), strict=True)]
        return Line(
            points, (wins, *both, *scored[False], *scored[True]), sum(counts.values()), counts[False], counts[True]
        )

    def _rival(self, other: int, mine: Line, theirs: Line) -> None:
        """Add what decides whether another team ends on the side that the question is about."""
        program = self.program
        lead = _over(theirs.points, theirs.matches, mine.points, mine.matches)  # of the other one
        if not self.above:
            lead = lead.scaled(-1)
        least, most = self._range(lead)
        if least > 0:
            self.sure += 1
            return
        if most < 0:
            return
        ahead, level, behind = (program.variable() for _ in range(3))
        program.between(total([ahead, level, behind]), lower=1, upper=1)
        trail = lead.scaled(-1)
        self._implies(ahead, lead, 1)
        self._implies(behind, trail, 1)
        self._implies(level, lead, 0)
        self._implies(level, trail, 0)
        self._level.append(level)
        by_meeting, by_ratio = program.variable(), program.variable()
        program.between({by_meeting: 1, by_ratio: 1, level: -1}, upper=0)
        self._by_meeting(by_meeting, by_ratio, other)
        self._by_ratio(by_ratio, other, mine, theirs)
        claim = program.variable()
        program.between({claim: 1, ahead: -1, by_meeting: -1, by_ratio: -1}, upper=0)
        self._implies(claim, lead, 0)  # follows from the others, and tells the relaxation
        self.claims.append(claim)

    def _by_meeting(self, by_meeting: int, by_ratio: int, other: int) -> None:
        """Head to head decides where the team is level with this one alone, and nothing else may where it does."""
        balance = self._meetings(other)
        program = self.program
        program.between({by_meeting: 1, self._wide: 1}, upper=1)
        self._implies(by_meeting, balance, 1)
        # by_ratio needs a wide tie or a balance that is not against it
        least, _ = self._range(balance)
        if least < 0:
            program.between({**balance.terms, by_ratio: least, self._wide: -least}, lower=least - balance.constant)

    def _meetings(self, other: int) -> Sum:
        """Return the points of the side in question less the other's, from all matches between the two."""
        found = Sum({}, head_to_head(other, self.team, self.bracket.results))
        for fixture in self.bracket.fixtures:
            if {fixture.home, fixture.away} == {self.team, other}:
                played, at_home = self.played[fixture.match_id], fixture.home == other
                found = found.add(played.points(home=at_home), times(-1, played.points(home=not at_home)))
        return found if self.above else found.scaled(-1)

    def _by_ratio(self, by_ratio: int, other: int, mine: Line, theirs: Line) -> None:
        """The first ratio that differs has to speak for the side in question, or the order where none differs."""
        program = self.program
        deciders: list[int] = []
        open_so_far: int | None = None
        upper, lower = (theirs, mine) if self.above else (mine, theirs)
        for one, another, count, other_count in zip(
            upper.ratios, lower.ratios, upper.counts, lower.counts, strict=True
        ):
            edge = _over(one, count, another, other_count)
            least, most = self._range(edge)
            if most >= 1:
                decides = program.variable()
                if open_so_far is not None:
                    program.between({decides: 1, open_so_far: -1}, upper=0)
                self._implies(decides, edge, 1)
                deciders.append(decides)
            if most < 0:
                break
            still_open = program.variable()
            if open_so_far is not None:
                program.between({still_open: 1, open_so_far: -1}, upper=0)
            self._implies(still_open, edge, 0)
            open_so_far = still_open
            if least > 0:
                break
        else:
            rows = self.bracket.rows
            if (_last_key(rows[other]) < _last_key(rows[self.team])) == self.above and open_so_far is not None:
                deciders.append(open_so_far)
        program.between({by_ratio: 1, **dict.fromkeys(deciders, -1)}, upper=0)

    def _implies(self, switch: int, of: Sum, at_least: int) -> None:
        """Require an expression to be at least so much where a 0-1 variable is 1."""
        least, _ = self._range(of)
        self.program.implies(switch, of.terms, at_least - of.constant, least=least - of.constant)

    def _range(self, of: Sum) -> tuple[int, int]:
        """Return bounds of an expression. A match ends in one way, so its ways are taken together."""
        least = most = of.constant
        left = dict(of.terms)
        for match in self.played.values():
            ends = [
                left.pop(name, 0)
                for name in (match.home_win, match.tie, match.away_win, match.home_shootout, match.away_shootout)
                if name is not None
            ]
            least, most = least + min(ends), most + max(ends)
        for name, factor in left.items():
            edges = (factor * self.program.lower[name], factor * self.program.upper[name])
            least, most = least + min(edges), most + max(edges)
        return least, most


def _last_key(row: Row) -> tuple[object, ...]:
    return row.key[1:]


def _over(one: Sum, count: int, other: Sum, other_count: int) -> Sum:
    """Return one ratio less another over their common denominator; a team without matches has 0 in each."""
    return one.scaled(max(other_count, 1)).joined(other.scaled(-max(count, 1)))
