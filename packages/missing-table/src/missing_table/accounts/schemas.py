"""Shapes of sign-ins and accounts."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from missing_table.web.schemas import Identity, Shape

Role = Literal["admin", "manager", "reader"]
Scope = Literal["agent"]
MOST_TEAMS = 200


class Credentials(Shape):
    """Who signs in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    email: Annotated[str, Field(min_length=3, max_length=254)]
    password: Annotated[str, Field(min_length=1, max_length=200, repr=False)]


class Renewal(Shape):
    """The refresh token of a session; it is good once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    refresh_token: Annotated[str, Field(min_length=1, max_length=400, repr=False)]


class Session(Shape):
    """A sign-in. `access_token` goes into `Authorization: Bearer` for `expires_in` seconds (until `expires_at`, in
    seconds since 1970); then the refresh token gives the next one."""

    access_token: str
    token_type: str
    expires_in: int
    expires_at: int
    refresh_token: str


class Me(Shape):
    """The account that a token belongs to, and what it may do."""

    id: UUID
    role: Role
    team_ids: list[int]


class AccountInput(Shape):
    """What an account may do. A manager manages `team_ids`; a disabled one may do nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Role
    team_ids: Annotated[list[Identity], Field(max_length=MOST_TEAMS)] = Field(default_factory=list)
    disabled: bool = False

    @model_validator(mode="after")
    def _teams_of_a_manager(self) -> Self:
        if self.team_ids and self.role != "manager":
            raise ValueError("only a manager has teams")
        return self


class Account(Shape):
    """An account to which somebody gave a role. Everybody else who signs in is a reader."""

    id: UUID
    role: Role
    team_ids: list[int]
    created_at: datetime
    disabled_at: datetime | None


class KeyInput(Shape):
    """Whose key it will be, and what it may do."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=5)]


class ShownKey(Shape):
    """A service key without its secret, of which only a hash is kept."""

    id: str
    name: str
    scopes: list[str]
    created_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None


class NewKey(ShownKey):
    """A key with its secret: the only answer that ever has it."""

    key: str
