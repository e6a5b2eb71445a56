"""Shapes of matches."""

from datetime import date, datetime
from uuid import UUID

from match_contract import League, Status
from missing_table.web.schemas import Shape


class MatchTeam(Shape):
    """One side of a match."""

    id: int
    name: str
    short_name: str | None
    club_id: int | None
    crest_url: str | None


class MatchVenue(Shape):
    """Where a match is played."""

    id: int
    name: str


class Match(Shape):
    """A fixture. With `time_set` false only `local_date` means anything; `kick_off` is UTC, `timezone` the venue's.

    `home_brackets` and `away_brackets` are the brackets in which each side's table counts it.
    """

    id: int
    external_id: str
    season: str
    league: League
    age_group: str
    division: str | None
    home: MatchTeam
    away: MatchTeam
    kick_off: datetime | None
    timezone: str
    local_date: date
    time_set: bool
    venue: MatchVenue | None
    round_number: int | None
    status: Status
    home_score: int | None
    away_score: int | None
    home_shootout: int | None
    away_shootout: int | None
    home_brackets: list[int]
    away_brackets: list[int]
    observed_at: datetime


class MatchBracket(Shape):
    """A bracket that a match counts in, with the address of its page."""

    id: int
    league: League
    division: str
    age_group: str
    path: str


class MatchDetail(Match):
    """One match with the brackets that it counts in."""

    brackets: list[MatchBracket]


class MatchChange(Shape):
    """A field of a match that changed: from what, to what, when, by which batch of the source or by a person."""

    id: int
    match_id: int
    field: str
    before: str | None
    after: str | None
    changed_at: datetime
    by: str
    batch_id: UUID | None
