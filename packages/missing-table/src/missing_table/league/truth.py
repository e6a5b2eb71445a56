"""Compare our table with the league's published one, row by row. Pure; ours is never changed to match.

A row is equal, not updated yet (games of the last 48 hours explain what differs), or different. Of a different one the
games are named that could explain it: without one of them, or with another result of it, the records would agree.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from itertools import combinations
from typing import NamedTuple

from missing_table.league.between_brackets import counting, is_between_brackets
from missing_table.league.results import WHEN, Entrant, Fixture, Result, Tally, tally
from missing_table.league.tie_breaks import order

RECENT = timedelta(hours=48)
MOST_RECENT, MOST_GAMES = 6, 5
KEYS = (
    "matches_played",
    "won_penalty_shootout",
    "tie_penalty_shootout",
    "loss_penalty_shootout",
    "points_penalty_shootout",
)
"""The source's own keys of what is compared, in the order of a Record's fields."""


class Record(NamedTuple):
    """What a row adds up to."""

    played: int
    won: int
    tied: int
    lost: int
    points: int

    def less(self, other: "Record") -> "Record":
        """Return the difference, field by field."""
        return Record(*(mine - theirs for mine, theirs in zip(self, other, strict=True)))

    def can_be_of(self, most: int) -> bool:
        """Return True where this can be the sum of at most so many games. A game on penalties gives 1 or 2 points."""
        if min(self) < 0 or self.played > most or self.played != self.won + self.tied + self.lost:
            return False
        return 3 * self.won + self.tied <= self.points <= 3 * self.won + 2 * self.tied


NOTHING = Record(0, 0, 0, 0, 0)


def record_of(values: Mapping[str, str]) -> Record | None:
    """Return a published row's record; None where the league publishes none, or something that is no whole number."""
    found: list[int] = []
    for key in KEYS:
        try:
            value = Decimal(values.get(key, ""))
        except InvalidOperation:
            return None
        if not value.is_finite() or value != value.to_integral_value():
            return None
        found.append(int(value))
    return Record(*found)


class Published(NamedTuple):
    """A row of the league's own table. `position` is None where it lists none."""

    team_id: int
    position: int | None
    record: Record


class Verdict(StrEnum):
    """What a row of ours is beside the published one."""

    EQUAL = "equal"
    PENDING = "pending"
    DIFFERENT = "different"


class CheckedRow(NamedTuple):
    """A row beside the published one. `games`: ids of those that could explain a different record, at most five."""

    team_id: int
    verdict: Verdict
    position: int
    record: Record
    published: Published
    games: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Crossings:
    """What the published rows say of matches between brackets: rows with such matches that agree with and without."""

    rows: int = 0
    equal_counted: int = 0
    equal_not_counted: int = 0


@dataclass(frozen=True, slots=True)
class Check:
    """A bracket's rows that have published values, in our order, and what they say of matches between brackets."""

    rows: list[CheckedRow] = field(default_factory=list)
    crossings: Crossings = Crossings()

    def count(self, verdict: Verdict) -> int:
        """Return how many rows have this verdict."""
        return sum(row.verdict is verdict for row in self.rows)


def check(
    entrants: Sequence[Entrant],
    results: Sequence[Result],
    awaited: Sequence[Fixture],
    published: Iterable[Published],
    *,
    as_of: datetime,
    between_brackets: bool,
) -> Check:
    """Compare a bracket's table with the league's of `as_of`.

    `results` are all that the bracket knows, `awaited` are matches that were played and have no score here;
    `between_brackets` is the league's rule about matches of two brackets.
    """
    official = {row.team_id: row for row in published}
    counted = counting(results, between_brackets=between_brackets)
    games = _Games(counted, awaited, since=as_of - RECENT)
    rows: list[CheckedRow] = []
    listed = 0
    for place in order(entrants, counted):
        # a team that the league does not list pushes nobody down there
        listed += place.tally.entrant.published is not None
        if (row := official.get(place.tally.entrant.team_id)) is not None:
            rows.append(games.judge(place.position, listed, place.tally, row))
    if not any(row.verdict is Verdict.PENDING for row in rows):
        return Check(rows, _crossings(entrants, results, official))
    # a row that agrees stands elsewhere only because another one is not up to date yet
    late = [
        row._replace(verdict=Verdict.PENDING) if row.verdict is Verdict.DIFFERENT and _agrees(row) else row
        for row in rows
    ]
    return Check(late, _crossings(entrants, results, official))


def _agrees(row: CheckedRow) -> bool:
    return row.record == row.published.record


def _record(one: Tally) -> Record:
    return Record(one.played, one.won, one.tied, one.lost, one.points)


def _crossings(entrants: Sequence[Entrant], results: Sequence[Result], official: Mapping[int, Published]) -> Crossings:
    crossing = {team for game in results if is_between_brackets(game) for team in (game.home, game.away)}
    concerned = [team for team in official if team in crossing]
    if not concerned:
        return Crossings()
    with_them = tally(entrants, results)
    without = tally(entrants, counting(results, between_brackets=False))
    mine = [team for team in concerned if team in with_them and _record(with_them[team]) != _record(without[team])]
    return Crossings(
        rows=len(mine),
        equal_counted=sum(_record(with_them[team]) == official[team].record for team in mine),
        equal_not_counted=sum(_record(without[team]) == official[team].record for team in mine),
    )


class _Games:
    """The games of a bracket by team, and which of them are so new that the league may not have them yet."""

    def __init__(self, results: Sequence[Result], awaited: Sequence[Fixture], *, since: datetime) -> None:
        self._since = since
        self._results: dict[int, list[Result]] = {}
        self._awaited: dict[int, list[Fixture]] = {}
        for result in sorted(results, key=WHEN, reverse=True):
            for team in _teams_of(result):
                self._results.setdefault(team, []).append(result)
        for fixture in awaited:
            for team in _teams_of(fixture):
                self._awaited.setdefault(team, []).append(fixture)

    def judge(self, position: int, among_listed: int, mine: Tally, published: Published) -> CheckedRow:
        team, record = mine.entrant.team_id, _record(mine)
        row = CheckedRow(team, Verdict.EQUAL, position, record, published)
        if record == published.record:
            is_there = published.position in (None, among_listed)
            return row if is_there else row._replace(verdict=Verdict.DIFFERENT)
        results, awaited = self._results.get(team, []), self._awaited.get(team, [])
        fresh = [game for game in results if self._is_recent(game)][:MOST_RECENT]
        coming = sum(self._is_recent(game) for game in awaited)
        if any(
            self._explains(team, row, taken, coming)
            for size in range(len(fresh) + 1)
            for taken in combinations(fresh, size)
        ):
            return row._replace(verdict=Verdict.PENDING)
        named = [game.match_id for game in self._one_by_one(team, row, results)]
        named += [game.match_id for game in awaited if self._explains(team, row, (), 1)]
        return row._replace(verdict=Verdict.DIFFERENT, games=tuple(named[:MOST_GAMES]))

    def _one_by_one(self, team: int, row: CheckedRow, results: Sequence[Result]) -> list[Result]:
        """Return the games of which one alone could explain the row, those between brackets first."""
        single = [game for game in results if self._explains(team, row, (game,), 0)]
        return sorted(single, key=lambda game: not is_between_brackets(game))

    def _explains(self, team: int, row: CheckedRow, taken: Sequence[Result], more: int) -> bool:
        """Return True where the rows agree if `taken` count otherwise or not at all, and `more` games may be new."""
        rest = row.record
        for game in taken:
            rest = rest.less(_of_game(team, game))
        return row.published.record.less(rest).can_be_of(len(taken) + more)

    def _is_recent(self, game: Result | Fixture) -> bool:
        return _moment_of(game) >= self._since


def _teams_of(game: Result | Fixture) -> list[int]:
    sides = ((game.home, game.counts_home), (game.away, game.counts_away))
    return [team for team, is_counted in sides if is_counted]


def _of_game(team: int, game: Result) -> Record:
    own, other = (game.home_score, game.away_score) if team == game.home else (game.away_score, game.home_score)
    points = game.points()[0 if team == game.home else 1]
    return Record(1, int(own > other), int(own == other), int(own < other), points)


def _moment_of(game: Result | Fixture) -> datetime:
    """Return when a game was played; the end of its day where no time is set."""
    return datetime.fromisoformat(game.kick_off) if game.kick_off else _end_of(game.local_date)


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time.max, UTC)
