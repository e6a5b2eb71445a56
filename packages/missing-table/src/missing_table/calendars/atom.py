"""Results as an Atom feed (RFC 4287). No I/O."""

from collections.abc import Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree

from missing_table.calendars.queries import Fixture
from missing_table.words import NAME, date_of, plain, say

ATOM = "http://www.w3.org/2005/Atom"
MOST = 50


def feed_of(name: str, self_url: str, page_url: str, fixtures: Sequence[Fixture], site: str) -> bytes:
    """The newest results first."""
    ElementTree.register_namespace("", ATOM)
    played = [f for f in fixtures if f.has_result][::-1][:MOST]
    updated = max((f.updated_at for f in played), default=datetime(2026, 8, 1, tzinfo=UTC))
    feed = ElementTree.Element(f"{{{ATOM}}}feed")
    _add(feed, "id", self_url)
    _add(feed, "title", say("calendar", "resultsOf", {"name": name}))
    _add(feed, "updated", updated.astimezone(UTC).isoformat())
    _add(feed, "link", rel="self", href=self_url, type="application/atom+xml")
    _add(feed, "link", rel="alternate", href=page_url, type="text/html")
    _add(_add(feed, "author"), "name", NAME)
    for fixture in played:
        entry = _add(feed, "entry")
        _add(entry, "id", f"urn:missing-table:match:{fixture.id}")
        _add(entry, "title", fixture.title)
        _add(entry, "updated", fixture.updated_at.astimezone(UTC).isoformat())
        _add(entry, "link", rel="alternate", href=f"{site}/matches/{fixture.id}", type="text/html")
        _add(entry, "summary", f"{fixture.league} {fixture.age_group}, {date_of(fixture.local_date)}")
    text: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return text


def _add(parent: ElementTree.Element, tag: str, text: str | None = None, **attributes: str) -> ElementTree.Element:
    child = ElementTree.SubElement(parent, f"{{{ATOM}}}{tag}", attributes)
    if text is not None:
        child.text = plain(text)  # XML has no control characters
    return child
