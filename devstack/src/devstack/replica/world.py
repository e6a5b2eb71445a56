"""What the replica is playing right now: which documents, which day, which knobs, and what it has been asked so far.

No HTTP here; `server` and its neighbours answer from this.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from devstack.replica import changes
from devstack.replica.feeds import Document, Feeds, Folder
from devstack.replica.generated import Generated
from devstack.replica.knobs import CONTENT, Fault, Knobs, turned
from devstack.replica.season import Size, moment_of
from match_contract.season import season_of

LOG_LENGTH = 200_000
NEWEST_KEY = "mls-next-league"
ACADEMY_KEY = "mls-next-2-academy-division"


@dataclass(frozen=True)
class Asked:
    """One request as the log has it. `bytes` counts the body as sent; `fault` is the knob's, or ""."""

    method: str
    host: str
    path: str
    query: str
    status: int
    bytes: int
    user_agent: str
    if_none_match: str
    if_modified_since: str
    accept_encoding: str
    fault: str


class World:
    """The state of one replica; safe to use from several threads."""

    def __init__(
        self, *, feeds: Path | None = None, today: str | None = None, seed: int = 1, size: Size = "full"
    ) -> None:
        self.seed, self.size = seed, size
        self.knobs = Knobs()
        self._lock = threading.RLock()
        self._today = moment_of(today) if today else None
        self._folder = Folder(feeds) if feeds else None
        self._generated = Generated(seed, size)
        self._log: deque[Asked] = deque(maxlen=LOG_LENGTH)
        self._revision = 0
        self._faults_left: int | None = None
        self._changed: dict[str, tuple[tuple[Any, ...], Document]] = {}

    # the clock

    @property
    def now(self) -> datetime:
        """The moment that is being played. The real clock counts in hours, so that a document keeps for a while."""
        return self._today or datetime.now(UTC).replace(minute=0, second=0, microsecond=0)

    def set_today(self, today: str | None) -> None:
        self._today = moment_of(today) if today else None

    # the documents

    def set_feeds(self, folder: Path | None) -> None:
        """Serves another folder from now on, None the generated season; raises NoFeeds and keeps the old one."""
        self._folder = Folder(folder) if folder else None

    @property
    def feeds(self) -> Feeds:
        with self._lock:
            return self._folder or self._generated.at(self.now)

    def key(self, page: str) -> str:
        """The key to which mlssoccer.com's page ("homegrown" or "academy") points.

        An Academy document need not exist; then its key is the one that it would have.
        """
        keys = self.feeds.keys()
        leagues = sorted(key for key in keys if key.startswith(NEWEST_KEY))
        suffix = leagues[-1][-5:] if leagues else (keys[-1][-5:] if keys else season_of(self.now.date()).key_suffix)
        if page == "academy":
            return f"{ACADEMY_KEY}-{suffix}"
        return leagues[-1] if leagues else (keys[-1] if keys else f"{NEWEST_KEY}-{suffix}")

    def document(self, name: str) -> Document | None:
        """The document as the viewer's host serves it, bent by the knobs; None where that key is not published."""
        with self._lock:
            plain = self.feeds.get(name)
            empty = self.knobs.documents == "empty"
            if plain is None or (self._revision == 0 and not empty):
                return plain
            bent = tuple(getattr(self.knobs, field) for field in CONTENT)
            mark = (plain.etag, self._revision, repr(bent), empty)
            known = self._changed.get(name)
            if known is None or known[0] != mark:
                known = (mark, changes.bend(plain, self.knobs, revision=self._revision, empty=empty))
                self._changed[name] = known
            return known[1]

    def truth(self) -> dict[str, Any]:
        """What is true at this moment of the generated season. Of a folder of documents nothing more is known."""
        if self._folder:
            return {"now": None, "season": None, "keys": {}}
        return self._generated.truth(self.now)

    # knobs and faults

    def turn(self, changed: dict[str, Any]) -> Knobs:
        """Turns knobs; raises BadKnob and changes nothing. A document whose content changes becomes a newer one."""
        with self._lock:
            before, after = self.knobs, turned(self.knobs, changed)
            if any(getattr(before, field) != getattr(after, field) for field in CONTENT):
                self._revision += 1
            self.knobs = after
            self._faults_left = after.times or None
            return after

    def draw_fault(self, area: str, path: str) -> Fault:
        """The fault with which this request is answered: "ok", or what the area's knob says while `times` lasts."""
        with self._lock:
            fault: Fault = getattr(self.knobs, area)
            if fault == "ok" or self.knobs.only not in path or self._faults_left == 0:
                return "ok"
            if self._faults_left is not None:
                self._faults_left -= 1
            return fault

    # the log

    def note(self, asked: Asked) -> None:
        self._log.append(asked)

    def requests(self) -> list[dict[str, Any]]:
        """What was asked, oldest first; the control's own requests are not in it."""
        return [asdict(asked) for asked in list(self._log)]

    def forget_requests(self) -> None:
        self._log.clear()

    def describe(self) -> dict[str, Any]:
        """For /__replica/health."""
        return {
            "status": "ok",
            "now": self.now.isoformat().replace("+00:00", "Z"),
            "feeds": str(self._folder.path) if self._folder else None,
            "seed": self.seed,
            "size": self.size,
            "keys": self.feeds.keys(),
            "knobs": msgspec.structs.asdict(self.knobs),
        }
