"""What the agent needs of a source: which feeds there are today, and what one of them says. Values and a protocol.

The reader (match_scraper) is behind it; nothing here opens a page or a socket.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from match_contract import Bracket, BracketStandings, DocumentRef, League, Match, Season, Source


class ReadError(Exception):
    """A feed, or the page that names the feeds, could not be read. The text says what happened and what to do."""


@dataclass(frozen=True)
class Feed:
    """A competition season that the site publishes."""

    key: str
    league: League
    season: Season


@dataclass(frozen=True)
class Validators:
    """What a conditional request sends for one document."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True)
class Refused:
    """A match that the reader cannot read: the payload as it came (a dict), a reason of one word, a sentence.

    `brackets`: external ids in which it would count, as far as that can be told.
    """

    payload: Mapping[str, Any]
    reason: str
    detail: str
    brackets: tuple[str, ...] = ()


@dataclass(frozen=True)
class FeedReading:
    """What a feed says. `unchanged` and `not_published` carry nothing else."""

    feed: Feed
    state: Literal["read", "unchanged", "not_published"]
    source: Source = Source.ASSIST
    site: str = ""
    observed_at: datetime | None = None
    documents: tuple[DocumentRef, ...] = ()
    brackets: tuple[BracketStandings, ...] = ()
    matches: tuple[Match, ...] = ()
    refused: tuple[Refused, ...] = ()
    external_ids: tuple[str, ...] = ()
    scored: int = 0
    notes: tuple[str, ...] = ()
    bytes_read: int = 0

    def bracket(self, external_id: str) -> Bracket | None:
        """The bracket of that id, None where the document has none."""
        return next((bracket for bracket in self.brackets if bracket.external_id == external_id), None)


@dataclass(frozen=True)
class Discovered:
    """Today's site: who hosts the viewer, and which feeds it names for the season asked for."""

    site: str
    feeds: tuple[Feed, ...]
    notes: tuple[str, ...] = field(default=())


class SourceOfMatches(Protocol):
    """A platform as the agent reads it."""

    async def discover(self, season: Season) -> Discovered:
        """Finds today's viewer and its feeds; raises ReadError."""

    async def read(self, feed: Feed, validators: Mapping[str, Validators]) -> FeedReading:
        """Reads a feed; `validators` by document path, empty for an unconditional read. Raises ReadError."""

    async def close(self) -> None:
        """Ends browser and connections."""
