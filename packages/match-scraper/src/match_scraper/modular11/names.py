"""Name what modular11 has: its tournaments and ages, and our keys and brackets, which it does not number. Pure."""

import hashlib
import re
from collections.abc import Collection

from match_contract import League, Season
from match_scraper.values import FeedKey

TOURNAMENTS = {League.HOMEGROWN: ("12", "53", "homegrown-division"), League.ACADEMY: ("35", "71", "academy-division")}
"""The league's tournament, its list of Quality of Play tables, the page with its filters."""
AGES = {"U13": "21", "U14": "22", "U15": "33", "U16": "14", "U17": "15", "U19": "26"}
ASYNCHRONOUS = {"X-Requested-With": "XMLHttpRequest"}
KEY_LENGTH = 80


def bracket_id(season: Season, league: League, age: str, division: str) -> str:
    """The external id of a bracket, which this platform does not number."""
    words = re.sub(r"[^a-z0-9]+", "-", f"{league} {age} {division}".casefold()).strip("-")
    return f"m11-{season}-{words}"


def key_of(
    season: Season, league: League, ages: Collection[str] | None = None, divisions: Collection[str] | None = None
) -> FeedKey:
    """The key under which a league of a past season lands; this platform has none of its own.

    A part of a league (some ages, some divisions) has a key of its own: what it does not hold is not missing.
    """
    key = f"modular11-{league.value.casefold()}-{season.key_suffix}"
    if ages is None and divisions is None:
        return FeedKey(key, league, season)
    names = [*sorted(ages or ["every-age"]), *sorted(divisions or ["everywhere"])]
    words = re.sub(r"[^a-z0-9]+", "-", " ".join(names).casefold()).strip("-")
    if len(key) + 1 + len(words) > KEY_LENGTH:
        words = hashlib.sha256(words.encode()).hexdigest()[:16]
    return FeedKey(f"{key}-{words}", league, season)
