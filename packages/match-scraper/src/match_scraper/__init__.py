"""Reading the source: mlssoccer.com and its platforms in, typed matches and a reading report out.

No queue, no database. Everything is async. A run is

    async with Reader(settings) as reader:
        found = await discover(settings, season=season, browser="always", last_known=())
        for key in found.keys:
            reading = await read_feed(reader, key, viewer_url=found.viewer_url, validators={}, landed=None)

`discover` raises SourceError with a named outcome; `read_feed` never raises for what the source does: it is the
reading's outcome.
"""

from match_scraper.canary import Canary
from match_scraper.discovery import discover
from match_scraper.feed import document_paths, read_feed
from match_scraper.http import Reader
from match_scraper.outcomes import Outcome, SourceError
from match_scraper.settings import ReaderSettings
from match_scraper.values import (
    BrowserMode,
    Discovery,
    FeedKey,
    LandedFeed,
    Platform,
    Reading,
    Rejected,
    Skipped,
    Validators,
)

__all__ = [
    "BrowserMode",
    "Canary",
    "Discovery",
    "FeedKey",
    "LandedFeed",
    "Outcome",
    "Platform",
    "Reader",
    "ReaderSettings",
    "Reading",
    "Rejected",
    "Skipped",
    "SourceError",
    "Validators",
    "discover",
    "document_paths",
    "read_feed",
]
