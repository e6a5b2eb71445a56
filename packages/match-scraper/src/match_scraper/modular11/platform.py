"""Enter modular11, the platform of the seasons up to 2025-26, among the platforms."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from match_contract import League, Season, Source
from match_scraper.http import Reader
from match_scraper.modular11.league import read_league
from match_scraper.modular11.names import AGES, TOURNAMENTS, key_of
from match_scraper.modular11.rankings import read_quality_of_play
from match_scraper.modular11.slices import forget
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
    Quality,
    Reading,
    Selection,
    Validators,
    no_progress,
)


class Modular11Platform(Platform):
    """The site whose HTML fragments are read slice by slice. It numbers nothing, so its keys are ours."""

    source = Source.MODULAR11

    async def discover(
        self,
        settings: ReaderSettings,
        *,
        season: Season,
        browser: BrowserMode = "always",
        last_known: Sequence[FeedKey] = (),
        selection: Selection | None = None,
    ) -> Discovery:
        wanted = dict.fromkeys(self.source.leagues, WHOLE) if selection is None else selection
        return Discovery(
            platform=self.source,
            viewer_url=settings.modular11_url.rstrip("/"),
            keys=tuple(
                key_of(season, league, wanted[league].ages, wanted[league].divisions)
                for league in self.source.leagues
                if league in wanted
            ),
            browser_used=False,
        )

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
        return await read_league(
            reader,
            key,
            now=now,
            ages=part.ages,
            divisions=part.divisions,
            validators=validators,
            landed=landed,
            accept_shrink=accept_shrink,
            progress=progress,
        )

    def forget(self, state_dir: Path, season: Season) -> None:
        forget(state_dir, season)

    def ranked_ages(self, league: League) -> tuple[str, ...]:
        return tuple(AGES) if league in TOURNAMENTS else ()

    async def rankings(self, reader: Reader, league: League, age: str) -> tuple[Quality, ...]:
        return await read_quality_of_play(reader, league, age)
