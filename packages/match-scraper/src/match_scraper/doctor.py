"""What is reachable, which platform is there, which keys, how fresh: one look at everything, for a person."""

from dataclasses import dataclass
from datetime import datetime

import httpx

from match_contract import Season
from match_scraper.assist.discovery import discover, known, renamed
from match_scraper.assist.feed import document_paths, looks_published, read_feed
from match_scraper.http import Reader
from match_scraper.outcomes import SourceError
from match_scraper.settings import ReaderSettings
from match_scraper.values import BrowserMode, Discovery, FeedKey, Reading


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found. `browser_error`: why the page could not be looked at, None where it could or was not to be.

    `next_season`: for each key of the next season whether its fixtures have appeared (None: could not be asked).
    `hosts`: page, viewer and modular11 with what is wrong with them, "" where they answer.
    """

    discovery: Discovery
    browser_error: SourceError | None
    readings: tuple[Reading, ...]
    next_season: tuple[tuple[FeedKey, bool | None], ...]
    hosts: tuple[tuple[str, str], ...] = ()

    @property
    def healthy(self) -> bool:
        """True where page and feeds could be looked at and no canary sings."""
        alarms = (reading.canary is not None and reading.canary.alarm for reading in self.readings)
        failed = (reading.outcome.is_failure for reading in self.readings)
        return self.browser_error is None and not any(failed) and not any(alarms)


async def examine(settings: ReaderSettings, *, season: Season, browser: BrowserMode) -> Examination:
    """Looks at the page and reads every feed of the season without conditions; never raises for what they do."""
    error: SourceError | None = None
    try:
        found = await discover(settings, season=season, browser="never" if browser == "never" else "always")
    except SourceError as failure:
        error = failure
        found = known(settings, season, (), "the browser failed")
    async with Reader(settings) as reader:
        sites = dict.fromkeys((settings.source_url, found.viewer_url, settings.modular11_url))
        hosts = [(httpx.URL(site).host, await _trouble(reader, site)) for site in sites]
        readings = [await read_feed(reader, key, viewer_url=found.viewer_url, validators={}) for key in found.keys]
        upcoming = [
            (key, await is_published(reader, key, found.viewer_url)) for key in renamed(found.keys, season.next)
        ]
    return Examination(found, error, tuple(readings), tuple(upcoming), tuple(hosts))


async def _trouble(reader: Reader, site: str) -> str:
    try:
        await reader.greet(site)
    except SourceError as error:
        return f"{error.outcome}: {error.detail}"
    return ""


async def is_published(reader: Reader, key: FeedKey, viewer_url: str) -> bool | None:
    """The release watch: whether the fixtures of a key are there; one request, None where it cannot be asked."""
    try:
        answer = await reader.get(viewer_url.rstrip("/") + document_paths(key.key)[0])
    except SourceError:
        return None  # said by the readings of this season, which come from the same host
    return looks_published(answer)


def age(moment: datetime | None, now: datetime) -> str:
    """How long ago, as a person says it."""
    if moment is None:
        return ""
    hours = (now - moment).total_seconds() / 3600
    return f"{hours:.0f} h ago" if hours < 72 else f"{hours / 24:.0f} days ago"
