"""Read the source: mlssoccer.com and its platforms in, typed matches and a reading report out.

No queue, no database. Everything is async. A run is

    platform = PLATFORMS[Source.ASSIST]
    found = await platform.discover(settings, season=season)
    async with Reader(settings) as reader:
        for key in found.keys:
            reading = await platform.read(reader, key, viewer_url=found.viewer_url, now=now, validators={})

`discover` raises SourceError with a named outcome; `read` never raises for what the source does: it is the reading's
outcome.
"""

from match_scraper.assist.discovery import discover
from match_scraper.assist.feed import document_paths, read_feed
from match_scraper.canary import Canary
from match_scraper.http import Reader
from match_scraper.outcomes import Outcome, SourceError
from match_scraper.platform import Platform
from match_scraper.platforms import PLATFORMS, not_carried, platform_of
from match_scraper.settings import ReaderSettings
from match_scraper.values import (
    BrowserMode,
    Discovery,
    FeedKey,
    LandedFeed,
    Part,
    Progress,
    Quality,
    Reading,
    Rejected,
    Selection,
    Skipped,
    Validators,
)

__all__ = [
    "PLATFORMS",
    "BrowserMode",
    "Canary",
    "Discovery",
    "FeedKey",
    "LandedFeed",
    "Outcome",
    "Part",
    "Platform",
    "Progress",
    "Quality",
    "Reader",
    "ReaderSettings",
    "Reading",
    "Rejected",
    "Selection",
    "Skipped",
    "SourceError",
    "Validators",
    "discover",
    "document_paths",
    "not_carried",
    "platform_of",
    "read_feed",
]
