"""Shapes of seasons, brackets and tables."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from match_contract import League, Status
from missing_table.league.tie_breaks import Rule
from missing_table.web.schemas import Identity, Shape


class Season(Shape):
    """A season, 1 August to 31 July. `brackets`: how many tables it has here."""

    name: str
    first_day: date
    last_day: date
    current: bool
    brackets: int


class Bracket(Shape):
    """One table: a division of an age group in a league's season.

    The table is ours, by the league's rules. `computed`: the league publishes no values of its own (U13 and U14).
    `synced_at`: when the source wrote what we have. `matches` counts those that its table counts or will count,
    `played` those with a result.
    `path` is the page's address; `version` rises with every change that a table could show.
    """

    id: int
    season: str
    league: League
    division: str
    age_group: str
    computed: bool
    synced_at: datetime | None
    teams: int
    matches: int
    played: int
    path: str
    version: int

    @property
    def is_read(self) -> bool:
        """Return False for a bracket that a document names and whose matches nobody has read: it is no empty table."""
        return self.synced_at is not None or self.matches > 0


class Split(StrEnum):
    """Which matches of a team a table counts."""

    ALL = "all"
    HOME = "home"
    AWAY = "away"


class TableTeam(Shape):
    """A team as its standings document names it. `short_name` is a shorter one where somebody gave it one."""

    id: int
    name: str
    short_name: str | None
    club_id: int | None
    crest_url: str | None = None


class FormEntry(Shape):
    """A recent match of a team and how it ended for it: won, tied (a shoot-out too), lost."""

    match_id: int
    result: Literal["W", "T", "L"]


class TableRow(Shape):
    """A row. `previous_position`: before the latest match weekend; null before the first one is over.

    `points_per_match` is rounded to four decimals for reading; the order is made from exact fractions.
    `form` is the last five, newest last. `separated_by` says why this team stands above the next row's.
    `shootouts_won` are matches of `tied` that penalties decided (Flex); the order counts them as wins.
    """

    position: int
    previous_position: int | None
    team: TableTeam
    played: int
    won: int
    tied: int
    lost: int
    shootouts_won: int
    goals_for: int
    goals_against: int
    goal_difference: int
    points: int
    points_per_match: float
    form: list[FormEntry]
    separated_by: Rule | None


class WeekendPosition(Shape):
    """Where a team stood once a match weekend was over (`last_day`: its Monday)."""

    last_day: date
    position: int


class TeamHistory(Shape):
    """A team's way through the season, for a chart."""

    team: TableTeam
    positions: list[WeekendPosition]


@dataclass(frozen=True, slots=True)
class GridMatch:
    """A cell's match: row `home_team_id`, column `away_team_id`. Scores are null until it is played."""

    match_id: int
    home_team_id: int
    away_team_id: int
    local_date: date
    status: Status
    home_score: int | None
    away_score: int | None
    home_shootout: int | None
    away_shootout: int | None


@dataclass(frozen=True, slots=True)
class HeadToHead:
    """What a team has from its matches against one opponent. `points`: as the table counts them."""

    team_id: int
    opponent_id: int
    played: int
    won: int
    tied: int
    lost: int
    goals_for: int
    goals_against: int
    points: int


class Grid(Shape):
    """The results matrix and who beat whom. `teams` in the table's order; `guests`: of other brackets, met here.

    `matches`: all but the cancelled ones, by date. `head_to_head`: both ways, for pairs that have met.
    """

    bracket: Bracket
    teams: list[TableTeam]
    guests: list[TableTeam]
    matches: list[GridMatch]
    head_to_head: list[HeadToHead]


class SupposedResult(Shape):
    """A result that somebody supposes, for a match of the bracket. Both shoot-out fields or none: a draw in Flex may be
    decided by one, which gives 2 points and 1; without one it gives 1 each."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    match_id: Identity
    home_score: Annotated[int, Field(ge=0, le=99)]
    away_score: Annotated[int, Field(ge=0, le=99)]
    home_shootout: Annotated[int, Field(ge=0, le=99)] | None = None
    away_shootout: Annotated[int, Field(ge=0, le=99)] | None = None

    @model_validator(mode="after")
    def _a_shootout_decides_a_draw(self) -> "SupposedResult":
        if self.home_shootout is None and self.away_shootout is None:
            return self
        if self.home_score != self.away_score:
            raise ValueError("a shoot-out needs a draw before it")
        if self.home_shootout is None or self.away_shootout is None or self.home_shootout == self.away_shootout:
            raise ValueError("a shoot-out needs both numbers, and a winner")
        return self


class Suppositions(Shape):
    """What if these were the results?"""

    model_config = ConfigDict(frozen=True, extra="forbid")

    results: Annotated[list[SupposedResult], Field(min_length=1, max_length=200)]


class OfficialRecord(Shape):
    """A row as it adds up. `position` is null where the league lists none."""

    position: int | None
    played: int
    won: int
    tied: int
    lost: int
    points: int


class OfficialDifference(Shape):
    """A row that differs from the league's own. `match_ids`: matches that could explain it."""

    team_id: int
    team: str
    ours: OfficialRecord
    theirs: OfficialRecord
    match_ids: list[int]


class Official(Shape):
    """A table beside the league's own of `as_of`. Ours is never rewritten to match.

    `rows` have published values: `equal`; `pending`, where matches of the last 48 hours explain what differs; and
    `different`, which `differences` show.
    """

    as_of: datetime
    rows: int
    equal: int
    pending: int
    different: int
    differences: list[OfficialDifference]


class Table(Shape):
    """A bracket's table, whole. `as_of`: the last local date whose matches count (null: all).

    `official`: how it compares with the league's own; null where that has no values, and for a part of a season.
    """

    bracket: Bracket
    as_of: date | None
    split: Split
    rows: list[TableRow]
    official: Official | None = None
