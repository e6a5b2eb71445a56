"""Answers of a bracket, kept in process until the bracket's version rises. No I/O: the listener says what changed.

They are trusted only while the listener hears the database. When it loses its connection all are dropped, and nothing
is kept until it hears again; an answer whose making began before that is not kept either (`ticket`).
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field

MOST = 2000
"""Kept answers; a table is about 8 kB."""
MOST_BYTES = 48 * 1024 * 1024
"""Kept pages, all together."""
YOUNG_S = 60
"""A kept page is not older than a CDN may have it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer's bytes with its validator."""

    etag: str
    body: bytes
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    route: object = None
    """Of the endpoint that made it: metrics count it there."""


@dataclass(slots=True)
class KeptPages:
    """Whole answers by address, for a minute at most and until anything happens. `size_bytes` bounds their sum."""

    answers: OrderedDict[Hashable, tuple[float, Kept]] = field(default_factory=OrderedDict)
    size_bytes: int = 0

    def get(self, address: Hashable, now_s: float) -> Kept | None:
        """The answer, if it is kept and young enough. `now_s`: a monotonic clock."""
        found = self.answers.get(address)
        if found is None or now_s - found[0] > YOUNG_S:
            return None
        self.answers.move_to_end(address)
        return found[1]

    def put(self, address: Hashable, now_s: float, kept: Kept) -> None:
        """Keeps an answer; the ones that nobody asked for longest go."""
        if not self.answers:
            self.size_bytes = 0
        old = self.answers.pop(address, None)
        self.answers[address] = (now_s, kept)
        self.size_bytes += len(kept.body) - (len(old[1].body) if old else 0)
        while self.size_bytes > MOST_BYTES:
            _, (_, gone) = self.answers.popitem(last=False)
            self.size_bytes -= len(gone.body)


@dataclass(slots=True)
class KeptAnswers:
    """By bracket and by what was asked of it."""

    trusted: bool = False
    _epoch: int = 0
    _versions: dict[int, int] = field(default_factory=dict)
    _pages: KeptPages = field(default_factory=KeptPages)
    _answers: OrderedDict[tuple[int, Hashable], Kept] = field(default_factory=OrderedDict)

    def get(self, bracket_id: int, asked: Hashable) -> Kept | None:
        """The answer, if one is kept."""
        found = self._answers.get((bracket_id, asked))
        if found is not None:
            self._answers.move_to_end((bracket_id, asked))
        return found

    def ticket(self) -> int:
        """To be drawn before an answer's data are read."""
        return self._epoch

    def keep(self, bracket_id: int, asked: Hashable, version: int, kept: Kept, *, ticket: int) -> None:
        """Keeps an answer made from data of `version`, unless something newer was heard of since the ticket."""
        if not self.trusted or ticket != self._epoch or version < self._versions.get(bracket_id, 0):
            return
        self._answers[bracket_id, asked] = kept
        if len(self._answers) > MOST:
            self._answers.popitem(last=False)

    def happened(self) -> None:
        """Anything happened: whatever page might show it is dropped."""
        self._epoch += 1
        self._pages.answers.clear()

    def rise(self, bracket_id: int, version: int) -> None:
        """A bracket has a new version: its answers are stale."""
        self._versions[bracket_id] = max(version, self._versions.get(bracket_id, 0))
        for key in [key for key in self._answers if key[0] == bracket_id]:
            del self._answers[key]

    def pages(self) -> "KeptPages":
        """Answers of any address, which every event drops."""
        return self._pages

    def drop(self) -> None:
        """Something changed that no version tells of (how fresh the tables are)."""
        self._epoch += 1
        self._answers.clear()
        self._pages.answers.clear()

    def hear(self) -> None:
        """The listener hears the database from now on."""
        self.drop()
        self.trusted = True

    def lose(self) -> None:
        """The listener lost its connection."""
        self.trusted = False
        self.drop()
