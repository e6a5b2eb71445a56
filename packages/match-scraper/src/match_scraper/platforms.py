"""List the platforms that have carried the league's data. A new one is a folder and a row of PLATFORMS."""

from match_contract import Season, Source
from match_scraper.assist.platform import AssistPlatform
from match_scraper.modular11.platform import Modular11Platform
from match_scraper.platform import Platform

PLATFORMS: dict[Source, Platform] = {one.source: one for one in (AssistPlatform(), Modular11Platform())}


def platform_of(season: Season) -> Platform:
    """Return the platform that carries a season; raises ValueError where none does."""
    for platform in PLATFORMS.values():
        if platform.carries(season):
            return platform
    raise ValueError(f"no platform that we know carries the season {season}")


def not_carried(platform: Platform, season: Season) -> str:
    """Return the sentence for a season that a platform does not carry, with the one that does."""
    there = platform_of(season).source
    return (
        f"the season {season} is not on {platform.source}, which carries the seasons {platform.span}: read it with "
        f"--source {there} --season {season}"
    )
