"""The generated season as the replica's documents, as of a moment."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from devstack.replica.feeds import NAME, Document
from devstack.replica.season import Size, generate, season_at, true_state
from match_contract.season import Season

FIRST_SEASON = Season(2026)
"""The first season of the assist viewer; the ones before are modular11's."""
KEPT = 3


@dataclass(frozen=True)
class Day:
    """What is served at one moment: the season's documents; `documents` is shared, never written to."""

    documents: dict[str, Document]
    older: Generated
    moment: datetime

    def get(self, name: str) -> Document | None:
        known = self.documents.get(name)
        found = NAME.fullmatch(name)
        if known or not found:
            return known
        try:
            season = Season.from_key(found[2])
        except ValueError:
            return None
        if FIRST_SEASON <= season < season_at(self.moment):
            return self.older.season(season, self.moment).get(name)
        return None

    def keys(self) -> list[str]:
        return sorted({name.rpartition("/")[2].removesuffix(".json") for name in self.documents})


class Generated:
    """Documents of the season that is played at a moment, and of those before it. The last few are kept in memory."""

    def __init__(self, seed: int, size: Size) -> None:
        self.seed, self.size = seed, size
        self._kept: OrderedDict[tuple[Season, datetime], dict[str, Document]] = OrderedDict()

    def at(self, moment: datetime) -> Day:
        """What is served at a moment; nothing before the viewer's first season is published."""
        season = season_at(moment)
        return Day(self.season(season, moment) if season >= FIRST_SEASON else {}, self, moment)

    def season(self, season: Season, moment: datetime) -> dict[str, Document]:
        """One season's documents as of a moment."""
        kept = self._kept.get((season, moment))
        if kept is None:
            made = generate(self.seed, moment, self.size, season)
            kept = {name: Document(body, moment.replace(microsecond=0)) for name, body in made.items()}
            self._kept[season, moment] = kept
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return kept

    def truth(self, moment: datetime) -> dict[str, Any]:
        """See `season.true_state`."""
        return true_state(self.seed, moment, self.size)
