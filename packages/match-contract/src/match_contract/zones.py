"""Know the time zones of the world by the locked package tzdata, and say when that has grown old.

The data of a machine differs from that of an image, and lags behind by months: which hour a match starts must not
depend on it. Every program calls `use_locked_zones` before it asks for a zone.
"""

import zoneinfo
from datetime import date
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

import tzdata  # type: ignore[import-untyped]

REGIONS = frozenset(
    ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Etc", "Europe", "Indian", "Pacific")
)
"""Zones below these are the names of today; all others (US/Eastern, EST5EDT) are kept for old programs alone."""
UTC = "UTC"
MONTHS_BETWEEN = 2
"""A year brings some six editions at most, so an edition is taken to be as old as the earliest that it can be."""


def use_locked_zones() -> None:
    """Make `zoneinfo` read the package tzdata and nothing of the machine's own."""
    if zoneinfo.TZPATH:
        zoneinfo.reset_tzpath(to=())
        ZoneInfo.clear_cache()


@cache
def _links() -> dict[str, str]:
    """Return the names that are kept for old programs, each with the zone that it stands for today."""
    text = resources.files("tzdata").joinpath("zoneinfo", "tzdata.zi").read_text(encoding="utf-8")
    pairs = (line.split() for line in text.splitlines() if line.startswith("L "))
    return {name: target for _, target, name in pairs if name.partition("/")[0] not in REGIONS}


@cache
def _names() -> dict[str, str]:
    """Return every name that tzdata has, by its small letters."""
    return {name.casefold(): name for name in zoneinfo.available_timezones()}


@cache
def zone_name(name: str) -> str | None:
    """Return the name of today for a zone, such as America/New_York for US/Eastern; None for what is no zone.

    Databases, browsers and calendars drop the old names one after the other, so none is handed on.
    """
    use_locked_zones()
    found = _names().get(name.strip().casefold())
    if found is None or found == UTC:
        return found
    return _links().get(found, found)


@cache
def zone(name: str) -> ZoneInfo | None:
    """Return a zone by any of its names; None for what is no zone."""
    found = zone_name(name)
    return None if found is None else ZoneInfo(found)


def edition() -> str:
    """Return the edition of the zone data, such as "2026f"."""
    return str(tzdata.IANA_VERSION)


def grown_old(today: date, current: str | None = None) -> str | None:
    """Return a warning where the edition of the zone data (ours by default) is older than a year, else None."""
    said = current or edition()
    year, letter = int(said[:4]), said[4:5] or "a"
    month = min(12, 1 + MONTHS_BETWEEN * (ord(letter) - ord("a")))
    months = (today.year - year) * 12 + today.month - month
    if months <= 12:
        return None
    return f"the time zone data is of edition {said}, more than a year old: kick-offs may be an hour off; renew tzdata"


def zone_warnings(today: date) -> tuple[str, ...]:
    """Return what a run says of its zone data: nothing as long as that is not old."""
    said = grown_old(today)
    return () if said is None else (said,)
