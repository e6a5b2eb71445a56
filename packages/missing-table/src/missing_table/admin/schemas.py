"""Shapes of what people correct and settle."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, ConfigDict, Field, model_validator

from match_contract import LockedField, Status
from missing_table.web.schemas import Shape

Goals = Annotated[int, Field(ge=0, le=99)]


class ScoreInput(Shape):
    """A score; a shoot-out comes whole or not at all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Goals
    away: Goals
    home_shootout: Goals | None = None
    away_shootout: Goals | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.home_shootout is None) != (self.away_shootout is None):
            raise ValueError("one shoot-out score without the other")
        return self


class KickOffInput(Shape):
    """When a match is played; without a time only the date counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    local_date: Annotated[date, Field(ge=date(2020, 1, 1), le=date(2099, 12, 31))]
    at: Annotated[AwareDatetime, Field(ge=datetime.fromisoformat("2020-01-01T00:00:00Z"))] | None = None


class Correction(Shape):
    """What is wrong, as it should be. Each field that is given is corrected and locked against the source."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    score: ScoreInput | None = None
    status: Status | None = None
    kick_off: KickOffInput | None = None
    reason: Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.score is None and self.status is None and self.kick_off is None:
            raise ValueError("nothing to correct: give score, status or kick_off")
        return self


class LiveScore(Shape):
    """The score of a match that is being played; `final` ends it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Goals
    away: Goals
    final: bool = False


class Settlement(Shape):
    """How a conflict ends: our value is kept, or the source's is taken (and the field's lock goes)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    settlement: Literal["kept", "taken"]


class MatchState(Shape):
    """A match's correctable fields as they stand, with its locks."""

    id: int
    status: Status
    home_score: int | None
    away_score: int | None
    home_shootout: int | None
    away_shootout: int | None
    kick_off: datetime | None
    local_date: date
    time_set: bool
    locks: list[LockedField]


class MatchConflict(Shape):
    """What the source offers against a kept value. `settlement` null: open."""

    id: int
    match_id: int
    field: str
    kept_value: str | None
    offered_value: str | None
    reason: str
    observed_at: datetime
    recorded_at: datetime
    settlement: str | None


class AuditEntry(Shape):
    """A write by a person, with what was before and after it."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    subject_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    request_id: str | None


class QuarantinedMatch(Shape):
    """A match that was turned away, with its payload."""

    id: int
    external_id: str | None
    target: str
    reason: str
    detail: str
    payload: Any
    seen: int
    first_seen_at: datetime
    last_seen_at: datetime
    state: str


class Replayed(Shape):
    """What became of a rejection that was tried again; `detail` says why it was rejected again, else nothing."""

    landed: bool
    detail: str
    rejection: QuarantinedMatch
