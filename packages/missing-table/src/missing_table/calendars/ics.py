"""Fixtures as an iCalendar (RFC 5545). No I/O. A UID never changes; SEQUENCE rises with each change of a match."""

from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache

from icalendar import Calendar, Event

from missing_table.calendars.queries import Fixture

LASTS = timedelta(hours=2)
"""From kick-off until everybody is off the field; match lengths differ by age."""
REFRESH = timedelta(hours=1)
_STATUS = {"cancelled": "CANCELLED", "postponed": "TENTATIVE"}


def calendar_of(name: str, fixtures: Sequence[Fixture], site: str) -> bytes:
    """The calendar's text."""
    calendar = Calendar()
    calendar.add("prodid", "-//Missing Table//Fixtures//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", REFRESH, parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    head, end, rest = bytes(calendar.to_ical()).partition(b"END:VCALENDAR")
    return b"".join([head, *(_text(fixture, site) for fixture in fixtures), end, rest])


@lru_cache(maxsize=8000)
def _text(fixture: Fixture, site: str) -> bytes:
    """An event's lines, kept: a match stands in the calendars of two teams and two clubs, and seldom changes."""
    return bytes(_event(fixture, site).to_ical())


def _event(fixture: Fixture, site: str) -> Event:
    event = Event()
    event.add("uid", f"match-{fixture.id}@missing-table")
    event.add("dtstamp", fixture.updated_at)
    event.add("created", fixture.created_at)
    event.add("last-modified", fixture.updated_at)
    event.add("sequence", fixture.sequence)
    event.add("summary", fixture.title)
    event.add("description", f"{fixture.league} {fixture.age_group}: {fixture.status}")
    event.add("status", _STATUS.get(fixture.status, "CONFIRMED"))
    event.add("url", f"{site}/matches/{fixture.id}")
    if fixture.venue:
        event.add("location", fixture.venue)
    if fixture.time_set and fixture.kick_off is not None:
        event.add("dtstart", fixture.kick_off)
        event.add("dtend", fixture.kick_off + LASTS)
    else:
        event.add("dtstart", fixture.local_date)
        event.add("dtend", fixture.local_date + timedelta(days=1))
        event.add("transp", "TRANSPARENT")
    return event
