"""State the facts about the platforms that have carried the league's data: which seasons, which leagues."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from match_contract.season import Season


class League(StrEnum):
    """The competition, by the name that people use."""

    HOMEGROWN = "Homegrown"
    ACADEMY = "Academy"
    FLEX = "Flex"


class Source(StrEnum):
    """The platform that carried the data."""

    ASSIST = "assist"
    MODULAR11 = "modular11"

    @property
    def first_season(self) -> Season | None:
        """Return the first season that the platform carries, None where there is no bound."""
        return _FACTS[self].first_season

    @property
    def last_season(self) -> Season | None:
        """Return the last season that the platform carries, None where it still gets new ones."""
        return _FACTS[self].last_season

    @property
    def leagues(self) -> tuple[League, ...]:
        """Return the leagues that the platform carries."""
        return _FACTS[self].leagues

    @property
    def is_past(self) -> bool:
        """Return True where the platform gets no new seasons."""
        return self.last_season is not None

    @property
    def span(self) -> str:
        """Return the seasons that the platform carries, as a person says it."""
        first, last = self.first_season, self.last_season
        if last is None:
            return f"from {first} on" if first else "of every year"
        return f"{first} to {last}" if first else f"up to {last}"

    def carries(self, season: Season) -> bool:
        """Return True where the platform has that season."""
        first, last = self.first_season, self.last_season
        return (first is None or first <= season) and (last is None or season <= last)


class _Facts(NamedTuple):
    leagues: tuple[League, ...]
    first_season: Season | None = None
    last_season: Season | None = None


_FACTS: Mapping[Source, _Facts] = MappingProxyType(
    {
        Source.ASSIST: _Facts(tuple(League), first_season=Season(2026)),
        Source.MODULAR11: _Facts((League.HOMEGROWN, League.ACADEMY), last_season=Season(2025)),
    }
)


def source_of(season: Season) -> Source:
    """Return the platform that carries a season; raises ValueError where none does."""
    for source in Source:
        if source.carries(season):
            return source
    raise ValueError(f"no platform that we know carries the season {season}")
