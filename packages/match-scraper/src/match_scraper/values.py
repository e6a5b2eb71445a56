"""What the reader takes and gives: keys, validators, what landed before, a discovery, a reading. Values only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from match_contract import BracketStandings, DocumentRef, League, Match, Season, Source
from match_scraper.canary import Canary
from match_scraper.outcomes import Outcome

BrowserMode = Literal["always", "auto", "never"]
Progress = Callable[[int, int, str], None]
"""Called with parts done, parts in all, and what is read next."""


def no_progress(done: int, total: int, name: str) -> None:
    """Tell nobody how far a reading has come."""


class Linked(Struct):
    """A competition season that a document names as its sibling."""

    key: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a league that is wanted. None means every age group, or every division."""

    ages: tuple[str, ...] | None = None
    divisions: tuple[str, ...] | None = None


WHOLE = Part()
Selection = Mapping[League, Part]
"""The leagues that are wanted, each with the part of it."""


@dataclass(frozen=True, slots=True)
class FeedKey:
    """A competition season that the viewer names. `name` is the site's own ("League 26/27"), or ""."""

    key: str
    league: League
    season: Season
    name: str = ""


@dataclass(frozen=True, slots=True)
class Validators:
    """What a conditional request sends for one document; `sha256` of the body (hex) for a server that drops both."""

    etag: str | None = None
    last_modified: str | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class LandedFeed:
    """The last landed snapshot of the same site and key: how many matches it held and how many carried scores."""

    matches: int
    scored: int
    observed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Discovery:
    """What stands on mlssoccer.com today, or, without a browser, what was last known.

    `keys` are those of the season asked for, `other_seasons` those that the site names besides (a rollover shows here).
    `viewer_url` is the viewer's origin without a slash at the end.
    """

    platform: Source
    viewer_url: str
    keys: tuple[FeedKey, ...]
    browser_used: bool
    other_seasons: tuple[FeedKey, ...] = ()
    warnings: tuple[str, ...] = ()
    evidence: tuple[Path, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that is no match of its own (a copy, a bye): left out, counted, said."""

    external_id: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """A match that cannot be read: its payload as it came, a word of a closed set, a sentence for a person.

    `brackets`: external ids of those in which it would count, as far as that can be told.
    """

    external_id: str | None
    payload: Mapping[str, Any]
    reason: str
    detail: str
    brackets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What one feed says, with a named outcome. Only `read` carries matches.

    `external_ids` are those of every match in the document, rejected ones included. `scored`: finished, with a score.
    `notes` say which quirks were met and how often, `oddities` what a person should look at.
    `timings` in seconds; `bytes_read` as they came over the wire.
    """

    key: FeedKey
    outcome: Outcome
    detail: str
    source: Source = Source.ASSIST
    site: str = ""
    observed_at: datetime | None = None
    documents: tuple[DocumentRef, ...] = ()
    brackets: tuple[BracketStandings, ...] = ()
    external_ids: tuple[str, ...] = ()
    scored: int = 0
    matches: list[Match] = field(default_factory=list)
    skipped: tuple[Skipped, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    notes: tuple[str, ...] = ()
    oddities: tuple[str, ...] = ()
    canary: Canary | None = None
    released: bool = False
    linked: tuple[FeedKey, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    requests: int = 0
    bytes_read: int = 0


@dataclass(frozen=True, slots=True)
class Quality:
    """A team's line in a Quality of Play table; the three ratings as printed."""

    division: str
    rank: int
    team: str
    matches: int
    attack: str
    defence: str
    score: str
