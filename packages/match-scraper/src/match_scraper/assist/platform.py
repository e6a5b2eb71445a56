"""Enter the viewer of 2026-27 and on among the platforms."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from match_contract import Season, Source
from match_scraper.assist.discovery import discover
from match_scraper.assist.feed import read_feed
from match_scraper.http import Reader
from match_scraper.platform import Platform
from match_scraper.settings import ReaderSettings
from match_scraper.values import (
    WHOLE,
    BrowserMode,
    Discovery,
    FeedKey,
    LandedFeed,
    Part,
    Progress,
    Reading,
    Selection,
    Validators,
    no_progress,
)


class AssistPlatform(Platform):
    """The viewer that Chromium finds on mlssoccer.com and whose two documents a league HTTP reads."""

    source = Source.ASSIST

    async def discover(
        self,
        settings: ReaderSettings,
        *,
        season: Season,
        browser: BrowserMode = "always",
        last_known: Sequence[FeedKey] = (),
        selection: Selection | None = None,
    ) -> Discovery:
        return await discover(settings, season=season, browser=browser, last_known=last_known)

    async def read(
        self,
        reader: Reader,
        key: FeedKey,
        *,
        viewer_url: str,
        now: datetime,
        validators: Mapping[str, Validators],
        landed: LandedFeed | None = None,
        accept_shrink: bool = False,
        part: Part = WHOLE,
        progress: Progress = no_progress,
    ) -> Reading:
        return await read_feed(
            reader,
            key,
            viewer_url=viewer_url,
            now=now,
            validators=validators,
            landed=landed,
            accept_shrink=accept_shrink,
        )
