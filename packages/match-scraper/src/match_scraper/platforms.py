"""List the platforms that have carried the league's data. A new one is a folder and a row here.

Which seasons and leagues each has stands with its name in `match_contract.sources`.
"""

from match_contract import Season, Source
from match_contract.sources import source_of
from match_scraper.assist.platform import AssistPlatform
from match_scraper.modular11.platform import Modular11Platform
from match_scraper.platform import Platform

PLATFORMS: dict[Source, Platform] = {one.source: one for one in (AssistPlatform(), Modular11Platform())}


def platform_of(season: Season) -> Platform:
    """Return the platform that carries a season; raises ValueError where none does."""
    return PLATFORMS[source_of(season)]


def not_carried(source: Source, season: Season) -> str:
    """Return the sentence for a season that a platform does not carry, with the one that does."""
    return (
        f"the season {season} is not on {source}, which carries the seasons {source.span}: read it with "
        f"--source {source_of(season)} --season {season}"
    )
