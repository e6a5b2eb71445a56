"""A source as the agent uses it: today's feeds, one feed's reading, and the reader's connections behind both.

What is read and how is match_scraper's; nothing here opens a page or knows a format.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Protocol

from match_contract import League, Season
from match_scraper import (
    BrowserMode,
    Discovery,
    FeedKey,
    LandedFeed,
    Part,
    Platform,
    Progress,
    Quality,
    Reader,
    Reading,
    Selection,
    SourceError,
    Validators,
)
from match_scraper.values import WHOLE, no_progress
from match_scraper_agent.settings import Settings
from match_scraper_agent.targets import Target

__all__ = [
    "BrowserMode",
    "Discovery",
    "FeedKey",
    "LandedFeed",
    "PlatformSource",
    "Reading",
    "SourceError",
    "SourceOfMatches",
    "Validators",
    "selection_of",
]


class SourceOfMatches(Protocol):
    """A platform as a run reads it."""

    async def discover(self, season: Season, last_known: Sequence[FeedKey]) -> Discovery:
        """Finds today's viewer and its feeds; raises SourceError."""

    async def read(
        self,
        key: FeedKey,
        *,
        viewer_url: str,
        validators: Mapping[str, Validators],
        landed: LandedFeed | None,
        accept_shrink: bool,
    ) -> Reading:
        """Reads a feed; raises nothing that the source can cause."""

    async def close(self) -> None:
        """Ends all connections."""


def clock(settings: Settings) -> datetime | None:
    """Return the moment that the reader takes for now, None where that is the machine's own clock.

    AGENT_TODAY names a day, so what the source wrote in any hour of that day is not ahead of it.
    """
    if settings.today is None:
        return None
    return datetime.combine(settings.today.astimezone(UTC).date(), time.max, UTC)


def selection_of(targets: Sequence[Target]) -> Selection:
    """Return each league that the targets want, with the ages and divisions that they want of it."""
    selection: dict[League, Part] = {}
    for league in dict.fromkeys(target.league for target in targets):
        mine = [target for target in targets if target.league is league]
        ages = sorted({target.age_group for target in mine if target.age_group})
        divisions = sorted({target.division for target in mine if target.division})
        selection[league] = Part(
            None if any(target.age_group is None for target in mine) else tuple(ages),
            None if any(target.division is None for target in mine) else tuple(divisions),
        )
    return selection


class PlatformSource:
    """A platform, with the reader's connections for the length of a run. Without a selection all of it is wanted."""

    def __init__(
        self,
        settings: Settings,
        platform: Platform,
        *,
        selection: Selection | None = None,
        progress: Progress = no_progress,
    ) -> None:
        self._settings = settings
        self._browser: BrowserMode = settings.browser
        self._clock = clock(settings)
        self._platform = platform
        self._selection = selection
        self._progress = progress
        self._reader: Reader | None = None

    async def discover(self, season: Season, last_known: Sequence[FeedKey]) -> Discovery:
        return await self._platform.discover(
            self._settings, season=season, browser=self._browser, last_known=last_known, selection=self._selection
        )

    async def read(
        self,
        key: FeedKey,
        *,
        viewer_url: str,
        validators: Mapping[str, Validators],
        landed: LandedFeed | None,
        accept_shrink: bool,
    ) -> Reading:
        return await self._platform.read(
            self._open(),
            key,
            viewer_url=viewer_url,
            now=self._clock or datetime.now(UTC),
            validators=validators,
            landed=landed,
            accept_shrink=accept_shrink,
            part=(self._selection or {}).get(key.league, WHOLE),
            progress=self._progress,
        )

    def ranked_ages(self, league: League) -> tuple[str, ...]:
        """Return the age groups of which Quality of Play tables are wanted, in the platform's order."""
        there, wanted = self._platform.ranked_ages(league), (self._selection or {}).get(league, WHOLE).ages
        return tuple(age for age in there if wanted is None or age in wanted)

    async def rankings(self, league: League, age: str) -> tuple[Quality, ...]:
        """Read the Quality of Play tables of an age group; raises SourceError."""
        return await self._platform.rankings(self._open(), league, age)

    def forget(self, season: Season) -> None:
        """Drop what the platform kept on disk of a season that has landed."""
        self._platform.forget(self._settings.state_dir, season)

    def _open(self) -> Reader:
        if self._reader is None:
            self._reader = Reader(self._settings)
        return self._reader

    async def close(self) -> None:
        if self._reader is not None:
            await self._reader.close()
            self._reader = None
