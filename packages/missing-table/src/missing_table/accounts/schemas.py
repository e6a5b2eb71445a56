"""Shapes of sign-ins and accounts."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from missing_table.web.schemas import Shape

Role = Literal["admin", "manager", "reader"]


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
