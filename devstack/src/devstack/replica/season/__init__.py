"""A whole season, invented: `generate(seed, today, size)` gives its documents. Landed in the next slice."""

from typing import Literal

Size = Literal["full", "small"]
