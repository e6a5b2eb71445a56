"""Shapes that every subject shares: lists, errors. No field of a subject."""

from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Item = TypeVar("Item")

Identity = Annotated[int, Field(ge=1, le=2**63 - 1)]
"""An id of ours (a bigint of the database)."""

LIMIT_DEFAULT = 100
LIMIT_MAX = 1000


class Shape(BaseModel):
    """Base of everything that the API says. Frozen; fields are as the OpenAPI document names them."""

    model_config = ConfigDict(frozen=True)


class Page(Shape, Generic[Item]):
    """A list. `next_cursor` goes into `cursor` for what follows; null at the end."""

    items: list[Item]
    next_cursor: str | None = None


class FieldError(Shape):
    """One thing wrong in a request: where (`query.season`), and what."""

    where: str
    message: str


class Problem(Shape):
    """Every error, as RFC 9457 has it (application/problem+json). `detail` says what happened and what to do."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    errors: list[FieldError] = Field(default_factory=list)
