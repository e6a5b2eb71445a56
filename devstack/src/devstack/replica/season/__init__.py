"""A whole season, invented: `generate(seed, today, size)` gives the source's documents of a day.

`plan` is the season as it will have been, `asof` what of it is published at a moment, `tables` the league's rules.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from devstack.replica.season import asof
from devstack.replica.season.clock import BadToday, moment_of, season_at
from devstack.replica.season.plan import plan
from devstack.replica.season.values import Size
from match_contract.season import Season

__all__ = ["VERSION", "BadToday", "Size", "generate", "moment_of", "season_at", "true_state"]

VERSION = 1
"""Goes up whenever the same seed and day give other documents."""


def generate(seed: int, today: str | date, size: Size = "full", season: Season | None = None) -> dict[str, bytes]:
    """Path ("data/schedule/<key>.json") -> body, for the season that is shown on that day, or another one.

    `today` is a date (13:40:03 UTC of it) or a moment. Pure: the same arguments give the same bytes.
    """
    moment = moment_of(today)
    return asof.documents(plan(seed, season or season_at(moment), size), moment)


def true_state(seed: int, today: str | date, size: Size = "full") -> dict[str, Any]:
    """What is true at that moment, see `asof.truth`."""
    moment = moment_of(today)
    return asof.truth(plan(seed, season_at(moment), size), moment)
