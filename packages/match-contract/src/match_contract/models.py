"""What a match, a team and a bracket are, on the wire. Values only; where they come from is the reader's business."""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from match_contract.season import Season
from match_contract.sources import League, Source

Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$"),
]
"""What a person reads on one line. A control character in it breaks calendars, feeds and terminals."""
Identifier = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[\x21-\x7e]+$")]
SeasonName = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}$")]
AgeGroup = Annotated[str, StringConstraints(pattern=r"^U\d{1,2}$")]
Score = Annotated[int, Field(ge=0, le=99)]
Small = Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]
"""A whole number that a column of four bytes holds."""


class Status(StrEnum):
    """Where a match stands. `tbd`: played, score not published yet. `forfeit` and `live` are set by a person."""

    SCHEDULED = "scheduled"
    LIVE = "live"
    TBD = "tbd"
    COMPLETED = "completed"
    POSTPONED = "postponed"
    CANCELLED = "cancelled"
    FORFEIT = "forfeit"


class Part(BaseModel):
    """Base of everything on the wire: frozen; unknown fields are ignored, since a newer minor version may add some."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class TeamRef(Part):
    """One side of a match. `squad_id` is the source's id; None where it has names only (then aliases decide)."""

    squad_id: Identifier | None = None
    name: Text
    age_label: Annotated[str, StringConstraints(max_length=40)] | None = None
    club_id: Identifier | None = None
    club_name: Text | None = None
    crest_url: Annotated[str, StringConstraints(max_length=500)] | None = None


class Venue(Part):
    """Where a match is played; a venue that reads "TBD" is no venue."""

    external_id: Identifier | None = None
    name: Text


class Bracket(Part):
    """One table: season, league, division (its plain name), age group. `computed`: the league publishes no values."""

    external_id: Identifier
    season: SeasonName
    league: League
    division: Text
    age_group: AgeGroup
    gender: Annotated[str, StringConstraints(max_length=20)] = "male"
    computed: bool = False

    @field_validator("season")
    @classmethod
    def _season(cls, name: str) -> str:
        return Season.parse(name).name


class Match(Part):
    """A fixture as one observation of the source has it.

    `kick_off` is UTC; with `time_set` false only `local_date` means anything. Scores come both or not at all.
    `home_brackets` and `away_brackets`: external ids of the brackets in which each side's table counts the match.
    `observed_at` is when the source wrote the document (its `synced_at`), not when somebody read it.
    """

    source: Source
    season: SeasonName
    league: League
    external_id: Identifier
    event_id: Identifier | None = None
    age_group: AgeGroup
    division: Text | None = None
    competition: Text | None = None
    home: TeamRef
    away: TeamRef
    home_brackets: tuple[Identifier, ...] = ()
    away_brackets: tuple[Identifier, ...] = ()
    kick_off: AwareDatetime | None = None
    timezone: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    local_date: date
    time_set: bool
    venue: Venue | None = None
    round_number: Small | None = None
    status: Status
    home_score: Score | None = None
    away_score: Score | None = None
    home_shootout: Score | None = None
    away_shootout: Score | None = None
    observed_at: AwareDatetime

    @field_validator("season")
    @classmethod
    def _season(cls, name: str) -> str:
        return Season.parse(name).name

    @field_validator("kick_off", "observed_at")
    @classmethod
    def _utc(cls, moment: datetime | None) -> datetime | None:
        if moment is None or moment.tzinfo is UTC:
            return moment
        # astimezone takes 9 µs, and nearly every moment comes in UTC already
        return moment.astimezone(UTC) if moment.utcoffset() else moment.replace(tzinfo=UTC)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.home_score is None) != (self.away_score is None):
            raise ValueError("one score without the other: a match has both or none")
        if (self.home_shootout is None) != (self.away_shootout is None):
            raise ValueError("one shoot-out score without the other: a match has both or none")
        if self.status is Status.COMPLETED and self.home_score is None:
            raise ValueError("completed without a score: that is tbd (played, score not published)")
        if self.home_score is not None and self.status in (Status.SCHEDULED, Status.TBD):
            raise ValueError(f"{self.status} with a score: a match that carries one is completed")
        if self.time_set and self.kick_off is None:
            raise ValueError("time_set without a kick_off")
        if self.home.squad_id is not None and self.home.squad_id == self.away.squad_id:
            raise ValueError(f"squad {self.home.squad_id} plays itself")
        return self
