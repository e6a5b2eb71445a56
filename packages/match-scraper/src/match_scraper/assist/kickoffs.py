"""Say when a match starts, on the clock of its venue. Pure.

A time may be a placeholder, lie outside the season, or be one at which nobody plays.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from match_contract import Season
from match_contract.zones import zone, zone_name
from match_scraper.assist.structs import Event
from match_scraper.assist.teams import text

PLACEHOLDER = time(6)
NO_VENUE = "tbd"
LEAGUE_ZONE = "America/New_York"
"""Where a document names no zone at all."""
AROUND_SEASON = timedelta(days=60)
"""A date further outside the season than this is a sentinel, such as 9999-12-31, and no date."""
LATE, EARLY = time(22), time(7)
"""From the one to the other nobody plays; a match that says so is noted."""
SHIFTED_AGES = 3
"""So many age groups at one venue on one day at such hours are a clock that is wrong, not a mistyped match."""
SHOWN = 3


@dataclass(frozen=True, slots=True)
class KickOff:
    """When a match starts: `moment` in UTC (None where only the day is known), and the venue's clock then."""

    moment: datetime | None
    local: datetime
    day: date
    zone: str
    time_set: bool


@dataclass(frozen=True, slots=True)
class _Unusual:
    """A match at an hour at which nobody plays."""

    number: str
    local: datetime
    venue: str | None
    age: str


def venue_of(event: Event) -> str | None:
    """Return the name of a match's venue, also where it says that there is none yet."""
    return text(event.event_location.name) if event.event_location else None


def is_no_venue(name: str | None) -> bool:
    """Return True for a venue that is not known yet."""
    return name is None or name.casefold() == NO_VENUE


class KickOffs:
    """Reads the kick-offs of a document, and keeps what is strange about them."""

    def __init__(self, events: Sequence[Event], season: Season) -> None:
        self._first, self._last = season.first_day - AROUND_SEASON, season.last_day + AROUND_SEASON
        self._by_venue: dict[str, Counter[str]] = defaultdict(Counter)
        self._events = events
        self._usual: str | None = None
        self._unusual: list[_Unusual] = []
        self._far: list[str] = []
        self._borrowed: list[str] = []
        self._zones: dict[str | None, tuple[str, ZoneInfo] | None] = {None: None}
        self.without_time = 0

    def read(self, event: Event, number: str, venue: str | None) -> KickOff | None:
        """Return when a match starts; None where its date lies outside the season and thus is none."""
        name, local_zone = self._zone_of(event, number, venue)
        try:
            local = event.start_time.astimezone(local_zone)
        except (OverflowError, ValueError):
            local = None
        day = None if local is None else event.start_time.date() if event.day_only else local.date()
        if local is None or day is None or not self._first <= day <= self._last:
            self._far.append(f"{number} on {event.start_time:%Y-%m-%d}")
            return None
        placeholder = venue is not None and is_no_venue(venue) and local.time() == PLACEHOLDER
        time_set = not placeholder and not event.day_only
        if not time_set:
            self.without_time += 1
        elif not EARLY <= local.time() < LATE:
            self._unusual.append(_Unusual(number, local, venue, event.home_squad_name or ""))
        return KickOff(None if event.day_only else event.start_time, local, day, name, time_set)

    def _zone_of(self, event: Event, number: str, venue: str | None) -> tuple[str, ZoneInfo]:
        said = event.local_timezone
        if said not in self._zones:
            name, found = zone_name(said or ""), zone(said or "")
            self._zones[said] = None if name is None or found is None else (name, found)
        known = self._zones[said]
        if known is not None:
            return known
        lent = self._lent(venue)
        self._borrowed.append(f"{number}, taken for {lent}")
        found = zone(lent)
        assert found is not None  # noqa: S101 - a name that `zone_name` gave
        return lent, found

    def _lent(self, venue: str | None) -> str:
        """Return the zone that most matches at a venue have, else most matches of the league."""
        if self._usual is None:
            everywhere: Counter[str] = Counter()
            for event in self._events:
                name = zone_name(event.local_timezone or "")
                if name is not None:
                    everywhere[name] += 1
                    self._by_venue[venue_of(event) or ""][name] += 1
            self._usual = max(sorted(everywhere), key=everywhere.__getitem__, default=LEAGUE_ZONE)
        here = self._by_venue.get(venue or "") if not is_no_venue(venue) else None
        return max(sorted(here), key=here.__getitem__) if here else self._usual

    def oddities(self) -> list[str]:
        """Return what a person should look at."""
        said = []
        if self._far:
            said.append(f"{len(self._far):,} matches are dated outside the season, which is no date: {_few(self._far)}")
        if self._borrowed:
            told = f"{len(self._borrowed):,} matches have no time zone and get that of their venue or league"
            said.append(f"{told}: {_few(self._borrowed)}")
        return [*said, *self._shifts(), *self._odd_hours()]

    def _odd_hours(self) -> list[str]:
        if not self._unusual:
            return []
        shown = [f"{one.number} on {one.local:%Y-%m-%d at %H:%M}" for one in self._unusual]
        return [f"{len(shown):,} matches at an unusual time (22:00 to 06:59 at the venue): {_few(shown)}"]

    def _shifts(self) -> list[str]:
        """Return the venues at which a whole set of ages plays at night: local times that were stored as UTC."""
        days: dict[tuple[str, date], list[_Unusual]] = defaultdict(list)
        for one in self._unusual:
            if not is_no_venue(one.venue):
                days[one.venue or "", one.local.date()].append(one)
        said = []
        for (venue, day), found in sorted(days.items()):
            ages = sorted({one.age for one in found})
            if len(ages) >= SHIFTED_AGES:
                hours = sorted(f"{one.local:%H:%M}" for one in found)
                said.append(
                    f"a suspected shift of the clock at {venue} on {day}: {', '.join(ages)} from {hours[0]} to "
                    f"{hours[-1]} local, as if local times had been stored as UTC; check with the clubs"
                )
        return said


def _few(found: Sequence[str]) -> str:
    return ", ".join(found[:SHOWN]) + (" …" if len(found) > SHOWN else "")
