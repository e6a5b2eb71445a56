"""Season names and bounds, derived from dates and never pinned."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache

_NAME = re.compile(r"(\d{4})-(\d{2})")
_KEY_SUFFIX = re.compile(r"(\d{2})-(\d{2})$")
FIRST_MONTH = 8  # fixtures are published in August; the one before ends with its play-offs in July


@dataclass(frozen=True, slots=True, order=True)
class Season:
    """A season by the year in which it starts: `Season(2026)` is 2026-27, from 1 August 2026 to 31 July 2027."""

    start_year: int

    @classmethod
    @lru_cache(maxsize=64)
    def parse(cls, name: str) -> "Season":
        """Reads "2026-27"; raises ValueError that says what is expected."""
        found = _NAME.fullmatch(name)
        if not found or (int(found[1]) + 1) % 100 != int(found[2]):
            raise ValueError(f"season {name!r} is not of the form '2026-27', with the year after it behind the hyphen")
        return cls(int(found[1]))

    @classmethod
    def from_key(cls, key: str) -> "Season":
        """Reads the suffix of a feed key ("mls-next-league-26-27"); raises ValueError where there is none."""
        found = _KEY_SUFFIX.search(key)
        if not found or (int(found[1]) + 1) % 100 != int(found[2]):
            raise ValueError(f"feed key {key!r} does not end in a season such as '26-27'")
        return cls(2000 + int(found[1]))

    @property
    def name(self) -> str:
        return f"{self.start_year}-{(self.start_year + 1) % 100:02d}"

    @property
    def key_suffix(self) -> str:
        """As the feed's keys end: "26-27"."""
        return f"{self.start_year % 100:02d}-{(self.start_year + 1) % 100:02d}"

    @property
    def first_day(self) -> date:
        return date(self.start_year, FIRST_MONTH, 1)

    @property
    def last_day(self) -> date:
        return date(self.start_year + 1, FIRST_MONTH - 1, 31)

    @property
    def next(self) -> "Season":
        return Season(self.start_year + 1)

    @property
    def previous(self) -> "Season":
        return Season(self.start_year - 1)

    def __str__(self) -> str:
        return self.name


def season_of(day: date) -> Season:
    """The season in which a day falls."""
    return Season(day.year if day.month >= FIRST_MONTH else day.year - 1)


def moment_of(text: str) -> datetime:
    """Return the moment that a setting names; raises ValueError.

    A bare date is noon UTC of that day, so that it is the same day in every zone of the league. Without a zone it is
    UTC.
    """
    if len(text.strip()) == len("2026-11-24"):
        return datetime.combine(date.fromisoformat(text.strip()), time(12), UTC)
    moment = datetime.fromisoformat(text.strip())
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
