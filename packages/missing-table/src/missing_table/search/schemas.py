"""Shapes of a search."""

from typing import Literal

from missing_table.web.schemas import Shape


class Found(Shape):
    """A club, team or venue. `detail` tells it from its namesakes ("U14 Northeast"); `path` is the page's address."""

    kind: Literal["club", "team", "venue"]
    id: int
    name: str
    detail: str
    path: str | None
