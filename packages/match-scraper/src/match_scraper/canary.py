"""The score canary: a weekend that was played and has no score at all is a broken reader, not a quiet week. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = (timedelta(days=9), timedelta(days=2))
"""Matches that kicked off between so long before the document and so long before it: a day's delay is normal."""
ENOUGH = 5
"""Fewer matches than this in the window prove nothing."""


@dataclass(frozen=True, slots=True)
class Canary:
    """How many matches kicked off in the window, and how many of them carry scores."""

    since: datetime
    until: datetime
    kicked_off: int
    scored: int

    @property
    def alarm(self) -> bool:
        """True where enough was played and none of it has a score."""
        return self.kicked_off >= ENOUGH and self.scored == 0

    def __str__(self) -> str:
        window = f"{self.since:%Y-%m-%d} to {self.until:%Y-%m-%d}"
        said = f"{self.scored} of {self.kicked_off} matches that kicked off from {window} carry scores"
        if self.alarm:
            return f"{said}: that is a broken reader or a broken source, not a quiet week; look at the viewer yourself"
        return said


def look(matches: Iterable[tuple[datetime, bool]], observed_at: datetime) -> Canary:
    """Counts over (kick-off in UTC, carries both scores) of a whole document."""
    since, until = observed_at - WINDOW[0], observed_at - WINDOW[1]
    kicked_off = scored = 0
    for kick_off, has_score in matches:
        if since <= kick_off < until:
            kicked_off += 1
            scored += has_score
    return Canary(since, until, kicked_off, scored)
