"""Shapes of what happens."""

from datetime import datetime
from typing import Any

from missing_table.web.schemas import Shape


class Event(Shape):
    """Something that happened. `kind`: bracket (with its new version), match, landed, run."""

    id: int
    kind: str
    bracket_id: int | None = None
    match_id: int | None = None
    version: int | None = None
    payload: dict[str, Any]
    created_at: datetime
