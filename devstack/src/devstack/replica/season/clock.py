"""The season's clock: what a given day means, the weekends of a season, and local kick-offs in UTC. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from match_contract.season import Season, season_of

SYNC = time(13, 40, 3)
"""A clock that is a plain date stands at this time (UTC): shortly before the daily run at 14:00."""
PUBLISHED = (8, 24)
"""Month and day on which the fixtures of a season appear."""
STAMP = "%Y-%m-%dT%H:%M:%SZ"


class BadToday(ValueError):
    """A clock that is no date."""


def moment_of(today: str | date) -> datetime:
    """The moment in UTC that "2026-10-05" or "2026-10-05T09:30:00Z" (or a date, or a datetime) means."""
    try:
        if isinstance(today, str):
            today = date.fromisoformat(today) if len(today) == len("2026-10-05") else datetime.fromisoformat(today)
    except ValueError as error:
        raise BadToday(f"today {today!r} is neither a date (2026-10-05) nor a time (2026-10-05T09:30:00Z)") from error
    if not isinstance(today, datetime):
        return datetime.combine(today, SYNC, UTC)
    return today.astimezone(UTC) if today.tzinfo else today.replace(tzinfo=UTC)


def published_at(season: Season) -> datetime:
    """When the season's fixtures appear."""
    return datetime(season.start_year, *PUBLISHED, 12, tzinfo=UTC)


def season_at(moment: datetime) -> Season:
    """The season that the source shows at a moment: the old one until the new one's fixtures appear."""
    season = season_of(moment.date())
    return season if moment >= published_at(season) else season.previous


def weekends(season: Season) -> list[date]:
    """The Saturdays on which rounds are played: late August to mid June, without the weeks around New Year."""
    year = season.start_year
    saturday = date(year, 8, 27)
    saturday += timedelta((5 - saturday.weekday()) % 7)
    last, pause, resume = date(year + 1, 6, 13), date(year, 12, 18), date(year + 1, 1, 9)
    days = [saturday + timedelta(weeks=week) for week in range(45)]
    return [day for day in days if day <= last and not pause <= day < resume]


def far_day(season: Season) -> date:
    """The one late Saturday to which whole weekends are postponed."""
    return weekends(season)[-1] + timedelta(weeks=1)


@cache
def _offset_s(zone: str, day: date) -> int:
    offset = datetime.combine(day, time(12), ZoneInfo(zone)).utcoffset()
    return int(offset.total_seconds()) if offset else 0


def epoch(day: date, minute: int, zone: str) -> int:
    """Seconds since 1970 (UTC) of a local time of day, given in minutes."""
    return (day.toordinal() - 719163) * 86400 + minute * 60 - _offset_s(zone, day)


def stamp(seconds: int) -> str:
    """As the feed writes times: "2026-09-05T13:00:00Z"."""
    return datetime.fromtimestamp(seconds, UTC).strftime(STAMP)
