"""Say what a platform is to those who read it, whichever it is."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from match_contract import League, Season, Source
from match_scraper.http import Reader
from match_scraper.settings import ReaderSettings
from match_scraper.values import (
    WHOLE,
    BrowserMode,
    Discovery,
    FeedKey,
    LandedFeed,
    Part,
    Progress,
    Quality,
    Reading,
    Selection,
    Validators,
    no_progress,
)


class Platform:
    """A site that carries seasons of the league; `source` says which, and which leagues.

    A platform overrides `discover` and `read`, and what else it has.
    """

    source: ClassVar[Source]

    async def discover(
        self,
        settings: ReaderSettings,
        *,
        season: Season,
        browser: BrowserMode = "always",
        last_known: Sequence[FeedKey] = (),
        selection: Selection | None = None,
    ) -> Discovery:
        """Find the feeds of a season; raises SourceError. `selection` None means every league, whole."""
        raise NotImplementedError

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
        """Read one feed; raises nothing that the source can cause, since that is the reading's outcome.

        `now` is our clock, for platforms that have none and against a clock of theirs that runs ahead.
        """
        raise NotImplementedError

    def forget(self, state_dir: Path, season: Season) -> None:
        """Drop what was kept on disk so that an interrupted reading can go on; nothing by default."""

    def ranked_ages(self, league: League) -> tuple[str, ...]:
        """Return the age groups of which the platform has Quality of Play tables; none by default."""
        return ()

    async def rankings(self, reader: Reader, league: League, age: str) -> tuple[Quality, ...]:
        """Read the Quality of Play tables of an age group; raises SourceError. None by default."""
        return ()
