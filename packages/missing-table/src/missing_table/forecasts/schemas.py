"""Shapes of outlooks, chances and insights."""

from datetime import date, datetime
from typing import Literal

from missing_table.matches.schemas import MatchBracket
from missing_table.tables.schemas import Bracket, TableTeam
from missing_table.web.schemas import Shape


class Streak(Shape):
    """A team's runs. `result`: what the last `length` matches in a row were; null before the first match.

    `unbeaten`, `winless`: matches in a row up to now; `most_wins`, `most_unbeaten`: the season's longest.
    """

    result: Literal["W", "T", "L"] | None
    length: int
    unbeaten: int
    winless: int
    most_wins: int
    most_unbeaten: int


class ScheduleStrength(Shape):
    """The opponents of some matches: the mean of their points per match today, a term a match; null without any.

    `guests`: how many of the matches are against teams of other brackets, which are not in the mean.
    """

    home: int
    away: int
    guests: int
    opponents_points_per_match: float | None


class Reachable(Shape):
    """The positions that a team can still finish in, whatever happens in the matches left.

    `exact`: results are known that lead to either end. Else the range is a bound, never too narrow.
    """

    best: int
    worst: int
    exact: bool


class SurePlace(Shape):
    """So many points from a team's matches left make `place` or better sure; null where even all of them do not."""

    place: int
    points: int | None


class LostPlace(Shape):
    """A place that a team can no longer reach. `since`: the day whose results put it out of reach."""

    place: int
    since: date


class TeamOutlook(Shape):
    """A team's outlook. `reachable` is null while it is being worked out.

    `to_secure`: what makes each place in reach sure, the best place first; empty while it is being worked out.
    `to_secure_first`: the same for first place alone, null where no points make it sure or where nothing is known yet.
    `lost`: places that are out of reach, the best first.
    """

    position: int
    team: TableTeam
    played: int
    left: int
    reachable: Reachable | None
    to_secure_first: int | None
    to_secure: list[SurePlace]
    lost: list[LostPlace]
    streak: Streak
    schedule_played: ScheduleStrength
    schedule_left: ScheduleStrength


class Outlook(Shape):
    """A bracket's outlook, in the table's order. Facts, no estimates.

    `proved_at`: when its positions in reach were worked out, null while they are.
    """

    bracket: Bracket
    proved_at: datetime | None
    teams: list[TeamOutlook]


class WayResult(Shape):
    """A result that a way takes a match left to have. The shoot-out is null where there is none."""

    match_id: int
    home_score: int
    away_score: int
    home_shootout: int | None
    away_shootout: int | None


class Way(Shape):
    """Results of every match left after which a team finishes at `position`."""

    position: int
    results: list[WayResult]


class TeamWays(Shape):
    """How a team can still finish at its best and at its worst position. Both null while that is being worked out."""

    bracket_id: int
    team_id: int
    proved_at: datetime | None
    best: Way | None
    worst: Way | None


Silence = Literal["too_young", "not_made_yet", "no_matches", "too_late"]
"""Why there are no chances: U13 and U14 get none; they are being made; there is nothing to estimate; the match had
begun before any were made."""


class PositionChances(Shape):
    """A team's chances of each position, first place first; they sum to 1 (rounded to four decimals).

    `attack`, `defence`: ratings, 0 is the bracket's usual; more is better. `points_per_match`: the mean at the end.
    """

    team: TableTeam
    position: int
    attack: float
    defence: float
    points_per_match: float
    first: float
    chances: list[float]


class MatchChances(Shape):
    """Estimated chances of a match, made before kick-off. `frozen`: the match began, they are never made again.

    `home_goals`, `away_goals`: what the model expects.
    """

    match_id: int
    home_team_id: int
    away_team_id: int
    local_date: date
    home_win: float
    tie: float
    away_win: float
    home_goals: float
    away_goals: float
    model: str
    made_at: datetime
    frozen: bool


class Accuracy(Shape):
    """How right chances were over `matches` results, beside a base rate that knows no teams. Lower is better in all.

    `brier`: sum of squared errors over win, tie, loss (0 to 2); `log_loss` in nats.
    """

    matches: int
    brier: float
    base_brier: float
    log_loss: float
    base_log_loss: float


class BracketChances(Shape):
    """Estimates, not facts: the season played out `simulations` times from today's table by a model of goals.

    `version`: of the bracket, from whose results they are made. `silent`: why there are none; `teams` and `matches` are
    then empty. `walk_forward`: each weekend's matches estimated from the results before it alone.
    """

    bracket: Bracket
    estimate: Literal[True] = True
    silent: Silence | None
    reason: str | None
    model: str | None
    made_at: datetime | None
    version: int | None
    simulations: int
    teams: list[PositionChances]
    matches: list[MatchChances]
    walk_forward: Accuracy | None


class OneMatchChances(Shape):
    """Estimated chances of one match; `silent` and `reason` say why there are none."""

    match_id: int
    estimate: Literal[True] = True
    silent: Silence | None
    reason: str | None
    chances: MatchChances | None


class ForecastScore(Shape):
    """How good the chances are. `walk_forward`: over the whole season so far, each weekend from what stood before it.

    `frozen`: those that stood here before kick-off, against what happened.
    """

    season: str
    model: str
    estimate: Literal[True] = True
    walk_forward: Accuracy | None
    frozen: Accuracy | None


InsightKind = Literal["mover", "upset", "streak"]


class Insight(Shape):
    """Something of a weekend that is worth a line.

    mover: `team` went from position `before` to `after`. upset: `team` beat `opponent`, which stood at `after` while
    it stood at `before` itself. streak: `team` won its last `length` matches (`result` W) or is unbeaten in them
    (null). `weight` orders them within their kind, more first.
    """

    kind: InsightKind
    bracket: MatchBracket
    team: TableTeam
    opponent: TableTeam | None = None
    match_id: int | None = None
    before: int | None = None
    after: int | None = None
    result: Literal["W"] | None = None
    length: int | None = None
    score: str | None = None
    weight: int


class Insights(Shape):
    """A match weekend (Tuesday to Monday) of a season; `weekends`: the first days of those that there are."""

    season: str
    weekend: date | None
    last_day: date | None
    weekends: list[date]
    items: list[Insight]
