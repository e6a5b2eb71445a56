"""Which positions a team can still reach, whatever happens in the matches that are left. Pure.

All matches left are taken to be played. For its best position a team wins all of its own (for its worst it loses
them), and the others share out the points of theirs so that as few as possible (as many as possible) end above it.
That is a search: a count that no sharing out can beat is its bound, an actual set of results that reaches the count
is its proof. Where both meet the position is exact; where the search was cut short, or where only goals decide a tie
that no proof was found for, the bound stands, which is never too narrow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from missing_table.league.table import Entrant, Fixture, Result, Row, Tally, head_to_head, order, rows_of, tally

MOST_STEPS = 400
"""Steps of one search before the bound stands as it is: keeps a bracket of 22 teams within some hundredths of a
second."""
ROUT = 99
"""Goals of a match that is to settle every goal difference."""
WIN_POINTS = 3


class Reach(NamedTuple):
    """The best and the worst position. `exact`: both were shown to be reached; else neither is too narrow."""

    best: int
    worst: int
    exact: bool


class _Match(NamedTuple):
    """A match left that counts for both of its sides."""

    one: int
    other: int
    match_id: int


@dataclass(slots=True)
class _Problem:
    """Sharing out. `wanted[u]`: at most so many points (under) or at least so many (over) for team u to be satisfied.
    `matches`: those between two such teams, which count for both; `degree[u]`: how many of them u plays.

    Maximise the number of satisfied teams.
    """

    under: bool
    wanted: dict[int, int]
    matches: list[_Match]
    degree: dict[int, int]
    shares: Sequence[tuple[int, int]]


@dataclass(slots=True)
class _Found:
    """`satisfied`: reached by `points` (a share per match); `bound`: no sharing out satisfies more."""

    satisfied: int
    bound: int
    points: list[tuple[int, int]] = field(default_factory=list)


LEAGUE_SHARES = ((3, 0), (1, 1), (0, 3))
FLEX_SHARES = ((3, 0), (2, 1), (1, 1), (1, 2), (0, 3))


def _ok(under: bool, wanted: int, points: int, left: int) -> bool:
    """Whether a team may still be satisfied: `points` so far, at most 3 in each of `left` matches."""
    return points <= wanted if under else points + WIN_POINTS * left >= wanted


def _greedy(problem: _Problem) -> list[tuple[int, int]]:
    """A sharing out that is good in most brackets: who has room to spare gives way, who cannot be saved takes the loss.

    In an `under` problem points are a burden; in an `over` problem they are the gain.
    """
    left = dict(problem.degree)
    points = dict.fromkeys(problem.wanted, 0)
    made: list[tuple[int, int]] = []
    under, wanted, shares = problem.under, problem.wanted, problem.shares
    for one, other, _ in problem.matches:
        left[one] -= 1
        left[other] -= 1
        mine = _worths(under, wanted[one] - points[one], left[one])
        theirs = _worths(under, wanted[other] - points[other], left[other])
        share = max(shares, key=lambda share: mine[share[0]] + theirs[share[1]])
        made.append(share)
        points[one] += share[0]
        points[other] += share[1]
    return made


_NOTHING = (0.0,) * 4
_FATAL = -100.0


@cache
def _worths(under: bool, room: int, after: int) -> tuple[float, ...]:
    """What 0, 1, 2 and 3 points of a match are worth to a team; nothing to one that is settled anyhow.

    `room`: the points that it may still take (under) or still needs (over); `after`: its matches left behind this one.
    """
    if under:
        if room < 0:
            return _NOTHING
        return tuple(_worth(room - after - own) if own <= room else _FATAL for own in range(4))
    if room > WIN_POINTS * (after + 1):
        return _NOTHING
    return tuple(_worth(after - room + own) if room - own <= WIN_POINTS * after else _FATAL for own in range(4))


def _worth(spare: int) -> float:
    """`spare`: points that a team has to spare against a tie in all that is left; best with none and none wanting."""
    return (spare if spare < 0 else 0.0) - 0.01 * abs(spare)


def _satisfied(problem: _Problem, made: Sequence[tuple[int, int]]) -> int:
    points = dict.fromkeys(problem.wanted, 0)
    for match, share in zip(problem.matches, made, strict=True):
        points[match.one] += share[0]
        points[match.other] += share[1]
    return sum(_ok(problem.under, wanted, points[team], 0) for team, wanted in problem.wanted.items())


def _ceiling(problem: _Problem) -> int:
    """A count of satisfied teams that cannot be beaten: the points that each match gives have to go somewhere."""
    degree = problem.degree
    if problem.under:
        least = min(sum(share) for share in problem.shares)
        room = {team: min(wanted, WIN_POINTS * degree[team]) for team, wanted in problem.wanted.items()}
        over = least * len(problem.matches) - sum(room.values())
        relief = sorted((least * degree[team] - room[team] for team in room), reverse=True)
    else:
        over = sum(max(wanted, 0) for wanted in problem.wanted.values()) - WIN_POINTS * len(problem.matches)
        relief = sorted((max(wanted, 0) for wanted in problem.wanted.values()), reverse=True)
    lost = 0
    while over > 0 and lost < len(relief):
        over -= relief[lost]
        lost += 1
    return len(problem.wanted) - lost


def _solve(problem: _Problem) -> _Found:
    """Ties first, then greedy; where that does not meet the ceiling, depth first with bounds, until it is sure or out
    of steps."""
    everybody = len(problem.wanted)
    if all(_ok(problem.under, wanted, problem.degree[team], 0) for team, wanted in problem.wanted.items()):
        return _Found(everybody, everybody, [(1, 1)] * len(problem.matches))
    made = _greedy(problem)
    best = _Found(_satisfied(problem, made), _ceiling(problem), made)
    if best.satisfied >= best.bound:
        return best
    left = dict(problem.degree)
    points = dict.fromkeys(problem.wanted, 0)
    chosen: list[tuple[int, int]] = []
    steps = 0

    def descend(at: int, alive: int) -> bool:
        """False once the steps are used up."""
        nonlocal steps
        steps += 1
        if steps > MOST_STEPS:
            return False
        if alive <= best.satisfied:
            return True
        if at == len(problem.matches):
            best.satisfied, best.points = alive, list(chosen)
            return True
        match = problem.matches[at]
        ends = (match.one, match.other)
        before = [_ok(problem.under, problem.wanted[team], points[team], left[team]) for team in ends]
        for team in ends:
            left[team] -= 1
        complete = True
        for share in problem.shares:
            for team, own in zip(ends, share, strict=True):
                points[team] += own
            chosen.append(share)
            after = [_ok(problem.under, problem.wanted[team], points[team], left[team]) for team in ends]
            complete = descend(at + 1, alive - sum(before) + sum(after))
            chosen.pop()
            for team, own in zip(ends, share, strict=True):
                points[team] -= own
            if not complete:
                break
        for team in ends:
            left[team] += 1
        return complete

    alive = sum(_ok(problem.under, wanted, 0, left[team]) for team, wanted in problem.wanted.items())
    if descend(0, alive):
        best.bound = best.satisfied
    return best


@dataclass(slots=True)
class _Bracket:
    """What every search of a bracket needs. `matches`: those of the fixtures that count for both; `rows` by team;
    `left`: matches left that count for a team; `final`: its matches at the season's end; `points`: what it has;
    `meetings`: by team and opponent, those of `left` between the two that count for the opponent."""

    entrants: Sequence[Entrant]
    results: Sequence[Result]
    fixtures: Sequence[Fixture]
    matches: Sequence[_Match]
    shares: Sequence[tuple[int, int]]
    rows: dict[int, Row]
    left: dict[int, int]
    final: dict[int, int]
    points: dict[int, int]
    meetings: dict[int, dict[int, int]]

    def above(self, one: int, other: int) -> bool | None:
        """Whether `one` stands above `other` should they end level; None while that is open."""
        if self.left[one] or self.left[other]:
            return None
        balance = head_to_head(one, other, self.results)
        above = self.rows[one].key < self.rows[other].key
        if balance and (balance > 0) != above:
            return None  # it depends on whether they are two or more that are level
        return above


def reach(
    entrants: Sequence[Entrant],
    results: Sequence[Result],
    fixtures: Sequence[Fixture],
    *,
    shootouts: bool = False,
    tallies: Mapping[int, Tally] | None = None,
) -> dict[int, Reach]:
    """By team. `shootouts`: ties are settled by penalties (Flex), so that a match may also give 2 and 1.
    `tallies`: what the results add up to, where that is known already."""
    left = {entrant.team_id: 0 for entrant in entrants}
    for fixture in fixtures:
        for team, counts in ((fixture.home, fixture.counts_home), (fixture.away, fixture.counts_away)):
            if counts and team in left:
                left[team] += 1
    if not any(left.values()):
        return {p.tally.entrant.team_id: Reach(p.position, p.position, True) for p in order(entrants, results)}
    rows = {row.tally.entrant.team_id: row for row in rows_of((tallies or tally(entrants, results)).values())}
    shares = FLEX_SHARES if shootouts else LEAGUE_SHARES
    final = {team: row.tally.played + left[team] for team, row in rows.items()}
    points = {team: row.tally.points for team, row in rows.items()}
    matches = [_Match(f.home, f.away, f.match_id) for f in fixtures if f.counts_home and f.counts_away]
    bracket = _Bracket(entrants, results, fixtures, matches, shares, rows, left, final, points, _meetings(fixtures))
    made = {}
    for entrant in entrants:
        best, sure_best = _extreme(bracket, entrant.team_id, under=True)
        worst, sure_worst = _extreme(bracket, entrant.team_id, under=False)
        made[entrant.team_id] = Reach(best, worst, sure_best and sure_worst)
    return made


def _meetings(fixtures: Sequence[Fixture]) -> dict[int, dict[int, int]]:
    made: dict[int, dict[int, int]] = {}
    for fixture in fixtures:
        home, away = made.setdefault(fixture.home, {}), made.setdefault(fixture.away, {})
        if fixture.counts_away:
            home[fixture.away] = home.get(fixture.away, 0) + 1
        if fixture.counts_home:
            away[fixture.home] = away.get(fixture.home, 0) + 1
    return made


@dataclass(slots=True)
class _Line:
    """The line that a team's own points draw, and on which side of it everybody else can be kept.

    `good`: how many others are satisfied anyhow; `wanted`: what those want that depend on how the matches left are
    shared out.
    """

    good: int = 0
    wanted: dict[int, int] = field(default_factory=dict)

    def add(self, other: int, want: int, *, under: bool, open_left: int) -> None:
        """A team that wants at most (under) or at least so many points from its `open_left` matches."""
        if want >= WIN_POINTS * open_left if under else want <= 0:
            self.good += 1
        elif want >= 0 if under else want <= WIN_POINTS * open_left:
            self.wanted[other] = want


def _extreme(bracket: _Bracket, team: int, *, under: bool) -> tuple[int, bool]:
    """The best (under: the others are to be below) or the worst position, and whether it is shown to be reached."""
    others = len(bracket.entrants) - 1
    hopeful, strict = _lines(bracket, team, under=under)
    problem = _shared(bracket, team, hopeful.wanted, under=under)
    found = _solve(problem)
    bound = hopeful.good + found.bound
    position = 1 + others - bound if under else 1 + bound
    if strict == hopeful:
        return position, found.satisfied == found.bound
    if strict.good + _solve(_shared(bracket, team, strict.wanted, under=under)).satisfied >= bound:
        return position, True
    shown = found.satisfied == found.bound and any(
        position == _position(bracket, team, problem, found, goals=goals) for goals in (1, ROUT // 2)
    )
    return position, shown


def _lines(bracket: _Bracket, team: int, *, under: bool) -> tuple[_Line, _Line]:
    """The hopeful line, on which a team that ends level counts as satisfied unless the rules already say otherwise, and
    the strict one, on which it does not unless they say so."""
    mine = bracket.points[team] + (WIN_POINTS * bracket.left[team] if under else 0)
    matches = bracket.final[team]
    meetings = bracket.meetings.get(team, {})
    closer = -1 if under else 1
    hopeful, strict = _Line(), _Line()
    for other in bracket.rows:
        if other == team:
            continue
        against = meetings.get(other, 0)
        final = bracket.final[other]
        limit, level = divmod(mine * final, matches) if matches else (0, 0)
        if not final:
            level = mine  # it has 0 a match for good: level with us only if we have
        has = bracket.points[other] + (0 if under else WIN_POINTS * against)
        open_left = bracket.left[other] - against
        if not under:
            limit += level > 0
        hope = sure = limit - has
        if not level and (above := bracket.above(team, other)) != under:
            sure += closer
            hope += closer if above is not None else 0
        hopeful.add(other, hope, under=under, open_left=open_left)
        strict.add(other, sure, under=under, open_left=open_left)
    return hopeful, strict


def _shared(bracket: _Bracket, team: int, wanted: dict[int, int], *, under: bool) -> _Problem:
    """Leaves to the search the matches between two teams that depend on it; all others go as it suits these."""
    matches = [match for match in bracket.matches if match[0] in wanted and match[1] in wanted] if wanted else []
    degree = dict.fromkeys(wanted, 0)
    for one, other, _ in matches:
        degree[one] += 1
        degree[other] += 1
    if not under:
        meetings = bracket.meetings.get(team, {})
        wanted = {
            other: want - WIN_POINTS * (bracket.left[other] - meetings.get(other, 0) - degree[other])
            for other, want in wanted.items()
        }
    return _Problem(under, wanted, matches, degree, bracket.shares)


def _position(bracket: _Bracket, team: int, problem: _Problem, found: _Found, *, goals: int) -> int:
    """Where the team stands with results that share the points out as found; the others win by `goals`."""
    shares = {match.match_id: share for match, share in zip(problem.matches, found.points, strict=True)}
    played = [
        _played(
            fixture,
            _share(fixture, team, problem, shares),
            ROUT if team in (fixture.home, fixture.away) else goals,
        )
        for fixture in bracket.fixtures
    ]
    places = order(bracket.entrants, [*bracket.results, *played])
    return next(place.position for place in places if place.tally.entrant.team_id == team)


def _share(fixture: Fixture, team: int, problem: _Problem, shares: dict[int, tuple[int, int]]) -> tuple[int, int]:
    if fixture.match_id in shares:
        return shares[fixture.match_id]
    if team in (fixture.home, fixture.away):
        return (3, 0) if (fixture.home == team) == problem.under else (0, 3)
    if fixture.counts_home and fixture.home in problem.wanted:
        return (0, 3) if problem.under else (3, 0)
    if fixture.counts_away and fixture.away in problem.wanted:
        return (3, 0) if problem.under else (0, 3)
    return (1, 1)


def _played(fixture: Fixture, share: tuple[int, int], goals: int) -> Result:
    """A result that gives this share."""
    if share == (3, 0):
        return fixture.ended(goals, 0)
    if share == (0, 3):
        return fixture.ended(0, goals)
    return fixture.ended(0, 0, None if share == (1, 1) else (5, 4) if share == (2, 1) else (4, 5))
