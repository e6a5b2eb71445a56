"""A source as the agent uses it: today's feeds, one feed's reading, and the reader's connections behind both.

What is read and how is match_scraper's; nothing here opens a page or knows a format.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from match_contract import Season
from match_scraper import (
    BrowserMode,
    Discovery,
    FeedKey,
    LandedFeed,
    Reader,
    ReaderSettings,
    Reading,
    SourceError,
    Validators,
    discover,
    read_feed,
)
from match_scraper_agent.settings import Settings

__all__ = [
    "AssistSource",
    "BrowserMode",
    "Discovery",
    "FeedKey",
    "LandedFeed",
    "Reading",
    "SourceError",
    "SourceOfMatches",
    "Validators",
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


def reader_settings(settings: Settings) -> ReaderSettings:
    """The reader's settings: what the agent's name too, the rest from the environment."""
    known = {name for name in ReaderSettings.model_fields if name in Settings.model_fields}
    return ReaderSettings(**{name: getattr(settings, name) for name in known})


class AssistSource:
    """The viewer of 2026-27 and on, found on mlssoccer.com by Chromium."""

    def __init__(self, settings: Settings) -> None:
        self._settings = reader_settings(settings)
        self._browser: BrowserMode = settings.browser
        self._reader: Reader | None = None

    async def discover(self, season: Season, last_known: Sequence[FeedKey]) -> Discovery:
        return await discover(self._settings, season=season, browser=self._browser, last_known=last_known)

    async def read(
        self,
        key: FeedKey,
        *,
        viewer_url: str,
        validators: Mapping[str, Validators],
        landed: LandedFeed | None,
        accept_shrink: bool,
    ) -> Reading:
        if self._reader is None:
            self._reader = await Reader(self._settings).__aenter__()
        return await read_feed(
            self._reader,
            key,
            viewer_url=viewer_url,
            validators=validators,
            landed=landed,
            accept_shrink=accept_shrink,
        )

    async def close(self) -> None:
        if self._reader is not None:
            await self._reader.close()
            self._reader = None
