"""Matches as an iCalendar (RFC 5545). No I/O.

A UID never changes; SEQUENCE and LAST-MODIFIED move with each change of anything that an event shows. What a reader
must not miss stands in SUMMARY, since many calendars show nothing else: that a match is off, and whose match it is.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, timedelta
from functools import lru_cache

from icalendar import Calendar, Event

from match_contract import Status
from missing_table.calendars.queries import Fixture
from missing_table.words import one_of

LASTS = timedelta(hours=2)
"""From kick-off until everybody is off the field; match lengths differ by age."""
REFRESH = timedelta(hours=1)
_STATUS = {Status.CANCELLED: "CANCELLED", Status.POSTPONED: "TENTATIVE"}
"""Of a match that is not played as planned. Others are CONFIRMED."""


def calendar_of(name: str, fixtures: Sequence[Fixture], site: str, *, with_age: bool = False) -> bytes:
    """Return the calendar's text. `with_age` puts the age group into each title, for a club of many teams."""
    calendar = Calendar()
    calendar.add("prodid", "-//Missing Table//Schedule//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", REFRESH, parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    head, end, rest = bytes(calendar.to_ical()).partition(b"END:VCALENDAR")
    return b"".join([head, *(_text(fixture, site, with_age) for fixture in fixtures), end, rest])


@lru_cache(maxsize=8000)
def _text(fixture: Fixture, site: str, with_age: bool) -> bytes:
    """Return an event's lines, kept: a match stands in the calendars of two teams and two clubs, and seldom changes."""
    return bytes(_event(fixture, site, with_age).to_ical())


def summary_of(fixture: Fixture, *, with_age: bool) -> str:
    """Return an event's title: "Postponed: U14: Ajax SC – Bravo FC"."""
    parts = [one_of("match", "status", fixture.status)] if fixture.status in _STATUS else []
    if with_age:
        parts.append(fixture.age_group)
    return ": ".join([*parts, fixture.title])


def _event(fixture: Fixture, site: str, with_age: bool) -> Event:
    event = Event()
    event.add("uid", f"match-{fixture.id}@missing-table")
    event.add("dtstamp", fixture.updated_at)
    event.add("created", fixture.created_at)
    event.add("last-modified", fixture.updated_at)
    event.add("sequence", fixture.sequence)
    event.add("summary", summary_of(fixture, with_age=with_age))
    event.add("description", f"{fixture.league} {fixture.age_group}: {one_of('match', 'status', fixture.status)}")
    event.add("status", _STATUS.get(Status(fixture.status), "CONFIRMED"))
    event.add("url", f"{site}/matches/{fixture.id}")
    if fixture.venue:
        event.add("location", fixture.venue)
    begin: date | None = fixture.kick_off if fixture.time_set else None
    lasts = LASTS if begin else timedelta(days=1)
    event.add("dtstart", begin or fixture.local_date)
    with suppress(OverflowError):  # the last day that dates know: an event may do without an end (3.6.1)
        event.add("dtend", (begin or fixture.local_date) + lasts)
    if begin is None or fixture.status in _STATUS:
        event.add("transp", "TRANSPARENT")  # nobody is busy at a time that does not hold
    return event
