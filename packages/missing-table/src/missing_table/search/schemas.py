"""Shapes of a search."""

from typing import Literal

from missing_table.web.schemas import Shape


class Found(Shape):
    """A club, team, table (bracket) or venue. `detail` tells it from its namesakes ("U14 Northeast · 2026-27").

    `path` is the page's address; null for a venue, which has none.
    """

    kind: Literal["club", "team", "bracket", "venue"]
    id: int
    name: str
    detail: str
    path: str | None
