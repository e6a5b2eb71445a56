"""Read the run's feeds, each once, and say what is odd about them."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from time import monotonic

from match_contract import League, Season, SourceState, source_of
from match_scraper import Outcome, Rejected, Skipped
from match_scraper_agent import messages as build
from match_scraper_agent.api import Knowledge
from match_scraper_agent.planner import Plan, covers, known_brackets
from match_scraper_agent.source import (
    Discovery,
    FeedKey,
    LandedFeed,
    Reading,
    SourceError,
    SourceOfMatches,
    Validators,
)
from match_scraper_agent.target_state import TargetState
from match_scraper_agent.targets import Target
from match_scraper_agent.telling import RunLog

ODDITIES, ODDITY_LENGTH = 3, 300
"""So many of what is odd about one document stand in the run's warnings, in so many characters."""
DISCOVERY = "discovery"


class Readings:
    """The source's pages and documents as this run has them. `wanted` gives a league's targets that the run wants."""

    def __init__(
        self,
        plan: Plan,
        source: SourceOfMatches,
        knowledge: Knowledge,
        told: RunLog,
        *,
        accept_shrink: frozenset[str],
        wanted: Callable[[League], list[TargetState]],
    ) -> None:
        self.by_key: dict[str, Reading] = {}
        self._plan = plan
        self._source = source
        self._knowledge = knowledge
        self._told = told
        self._accept_shrink = accept_shrink
        self._wanted = wanted
        self._locks: dict[str, asyncio.Lock] = {}
        self._discovered: Discovery | SourceError | None = None
        self._tried_again: set[str] = set()
        self._found: dict[tuple[str, tuple[str, ...]], dict[str, int]] = {}

    def _lock(self, name: str) -> asyncio.Lock:
        return self._locks.setdefault(name, asyncio.Lock())

    async def discover(self) -> Discovery:
        """Find today's feeds, once a run; raises SourceError, again and again where it did so first."""
        async with self._lock(DISCOVERY):
            if self._discovered is None:
                since = monotonic()
                self._told.say("opening the league's page")
                try:
                    self._discovered = await self._source.discover(self._plan.season, self._last_known())
                    self._told.warn(*self._discovered.warnings)
                except SourceError as error:
                    self._discovered = error
                self._told.spend(DISCOVERY, since)
        if isinstance(self._discovered, SourceError):
            raise self._discovered
        return self._discovered

    async def read(self, feed: FeedKey, viewer_url: str) -> Reading:
        """Return a feed's reading, the same one however often it is asked for."""
        async with self._lock(feed.key):
            if feed.key not in self.by_key:
                since = monotonic()
                self._told.say(f"reading {feed.key}")
                landed = self._landed(feed, viewer_url)
                reading = await self._source.read(
                    feed,
                    viewer_url=viewer_url,
                    validators=self._validators(feed, landed),
                    landed=LandedFeed(landed.matches, landed.scored, landed.observed_at) if landed else None,
                    accept_shrink=feed.key in self._accept_shrink,
                )
                self._told.spend("reading", since)
                self._look_at(reading)
                self.by_key[feed.key] = reading
            return self.by_key[feed.key]

    def of_league(self, league: League) -> list[Reading]:
        """Return what has been read of a league."""
        return [item for item in self.by_key.values() if item.key.league is league]

    def found(self, reading: Reading, targets: Sequence[Target]) -> dict[str, int]:
        """Return how many matches of a reading count for each target; one pass over the matches for all of them."""
        names = (reading.key.key, tuple(target.name for target in targets))
        if names not in self._found:
            self._found[names] = build.found_by_target(targets, reading, self._plan.window)
        return self._found[names]

    def forget_failures(self, league: League) -> None:
        """Make ready for a second attempt at a league: page and document once each."""
        if isinstance(self._discovered, SourceError) and DISCOVERY not in self._tried_again:
            self._tried_again.add(DISCOVERY)
            self._discovered = None
        good = (Outcome.READ, Outcome.UNCHANGED)
        for reading in self.of_league(league):
            if reading.outcome not in good and reading.key.key not in self._tried_again:
                self._tried_again.add(reading.key.key)
                del self.by_key[reading.key.key]

    def stored(self, league: League, key: str | None) -> int:
        """Return how many matches of a league's season have landed, from whichever site, or of one feed alone."""
        same = (
            item.matches
            for item in self._knowledge.sources
            if item.league is league and item.season == self._plan.season.name and key in (None, item.key)
        )
        return max(same, default=0)

    def _last_known(self) -> list[FeedKey]:
        return [
            FeedKey(item.key, item.league, Season.parse(item.season))
            for item in self._knowledge.sources
            if item.season == self._plan.season.name and item.source == source_of(self._plan.season)
        ]

    def _landed(self, feed: FeedKey, viewer_url: str) -> SourceState | None:
        """Return what last landed of this feed from the same site, since a validator belongs to its host."""
        same_key = [item for item in self._knowledge.sources if item.key == feed.key]
        return next((item for item in same_key if item.site in viewer_url or viewer_url in item.site), None)

    def _validators(self, feed: FeedKey, landed: SourceState | None) -> dict[str, Validators]:
        """Let the source answer "unchanged" only where what landed holds all that this run wants of the feed."""
        states = self._wanted(feed.league)
        if landed is None or not self._plan.window.is_open or not all(state.plan.conditional for state in states):
            return {}
        targets = [state.plan.target for state in states]
        scope = None
        if not any(target.is_whole_league for target in targets):
            known = [item for target in targets for item in known_brackets(target, self._knowledge)]
            scope = frozenset(item.external_id for item in known)
        if not covers(landed, scope):
            return {}
        return {item.path: Validators(item.etag, item.last_modified, item.sha256) for item in landed.documents}

    def _look_at(self, reading: Reading) -> None:
        """Say what is odd about a document, though it could be read."""
        key, told = reading.key.key, self._told
        if reading.canary is not None and reading.canary.alarm:
            told.warn(f"{key}: score canary: {reading.canary}")
        for season in sorted({item.season for item in reading.linked if item.season > self._plan.season}):
            if not told.warns_of(f"the season {season} has appeared"):
                told.warn(f"the season {season} has appeared: {key} names it")
        if reading.released and self._knowledge.error is None and not self.stored(reading.key.league, key):
            told.notes.append(f"{key}: release watch: the season's fixtures have appeared")
        told.warn(*(f"{key}: {text[:ODDITY_LENGTH]}" for text in reading.oddities[:ODDITIES]))
        if len(reading.oddities) > ODDITIES:
            told.warn(f"{key}: {len(reading.oddities) - ODDITIES} more of the kind, see the log (feed.read)")
        if reading.skipped:
            told.warn(f"{key}: rows left out: {_reasons(reading.skipped)}")
        if reading.rejected:
            first = reading.rejected[0].detail[:ODDITY_LENGTH]
            told.warn(f"{key}: the reader refused {_reasons(reading.rejected)}, the first: {first}")

    @property
    def documents(self) -> tuple[dict[str, str | int | None], ...]:
        """Return what was read, as the report has it."""
        return tuple(
            {
                "key": reading.key.key,
                "state": reading.outcome.value,
                "path": item.path,
                "etag": item.etag,
                "sha256": item.sha256,
                "synced_at": item.synced_at.isoformat(),
                "size_bytes": item.size_bytes,
            }
            for reading in self.by_key.values()
            for item in reading.documents
        )


def _reasons(items: Iterable[Skipped | Rejected]) -> str:
    """Return how many there are for which reason: "2 bye, 1 copy"."""
    return ", ".join(f"{count} {reason}" for reason, count in sorted(Counter(item.reason for item in items).items()))
