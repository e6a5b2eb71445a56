"""Read what a feed key says: its competition and its season. The one place that knows how the viewer names things."""

from collections.abc import Iterable

from match_contract import League, Season
from match_scraper.values import FeedKey

PREFIXES = {
    "mls-next-league": League.HOMEGROWN,
    "mls-next-flex": League.FLEX,
    "mls-next-2-academy-division": League.ACADEMY,
}
"""A key without its season."""
COMPETITIONS = {
    "1605": League.HOMEGROWN,
    "1606": League.HOMEGROWN,
    "1607": League.FLEX,
    "2203": League.ACADEMY,
}
COMPETITION_NAMES = {
    "League": League.HOMEGROWN,
    "League (Pro Player Pathway)": League.HOMEGROWN,
    "MLS NEXT Flex": League.FLEX,
    "Academy Division": League.ACADEMY,
}
"""For a competition that comes under a new id: its exact name."""
PRO_PATHWAY = "1606"
PRO_PATHWAY_MARK = "(Pro Player Pathway)"


def feed_key(key: str, name: str = "") -> FeedKey | None:
    """Reads a key; None where it names no season, or no competition that we know by exactly that name."""
    try:
        season = Season.from_key(key)
    except ValueError:
        return None
    league = PREFIXES.get(key.removesuffix(f"-{season.key_suffix}"))
    return None if league is None else FeedKey(key, league, season, name)


def usual_keys(season: Season) -> tuple[FeedKey, ...]:
    """The keys that a season has as long as the viewer keeps to its naming."""
    return tuple(FeedKey(f"{prefix}-{season.key_suffix}", league, season) for prefix, league in PREFIXES.items())


def of_season(known: Iterable[FeedKey], season: Season) -> tuple[FeedKey, ...]:
    """The keys of a season among those, in their order, each once."""
    return tuple({key.key: key for key in known if key.season == season}.values())
