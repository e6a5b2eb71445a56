"""Shapes of aliases."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from match_contract import Source
from missing_table.web.dependencies import clean_text
from missing_table.web.schemas import Identity, Shape

Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(clean_text), Field(min_length=1)]
AgeLabel = Annotated[str, Field(min_length=1, max_length=20), AfterValidator(clean_text)]


class AliasInput(Shape):
    """A name, letter by letter as the source has it, for a team, or for a club (then the age label chooses its team).

    Without `age_label` it holds for every age, without `source` for every source.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    alias: Name
    team_id: Identity | None = None
    club_id: Identity | None = None
    age_label: AgeLabel | None = None
    source: Source | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.team_id is None) == (self.club_id is None):
            raise ValueError("an alias is of a team or of a club: give team_id or club_id")
        return self


class Alias(Shape):
    """An alias with the name of whom it means."""

    id: int
    alias: str
    team_id: int | None
    club_id: int | None
    name: str
    age_label: str | None
    source: str | None
    created_by: UUID | None
    created_at: datetime
