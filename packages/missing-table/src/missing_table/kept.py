"""Answers of a bracket, kept in process until the bracket's version rises. No I/O: the listener says what changed.

They are trusted only while the listener hears the database. When it loses its connection all are dropped, and nothing
is kept until it hears again; an answer whose making began before that is not kept either (`ticket`).
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

MOST = 2000
"""Kept answers; a table is about 8 kB."""
MOST_BYTES = 48 * 1024 * 1024
"""Kept pages, all together."""
EACH_BYTES = 700
EACH_HEADER = 130
"""What Python takes for an entry and for a header beside their bytes."""
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
    """Whole answers by address, for a minute at most and until anything happens.

    `size_bytes` bounds their sum, with their keys and headers: of a small answer they are the greater part.
    """

    answers: OrderedDict[Hashable, tuple[float, Kept]] = field(default_factory=OrderedDict)
    size_bytes: int = 0

    def get(self, address: Hashable, now_s: float) -> Kept | None:
        """The answer, if it is kept and young enough. `now_s`: a monotonic clock."""
        found = self.answers.get(address)
        return None if found is None or now_s - found[0] > YOUNG_S else found[1]

    def put(self, address: Hashable, now_s: float, kept: Kept) -> None:
        """Keep an answer. Those that are too old go, and the oldest where there is no more room."""
        old = self.answers.pop(address, None)
        if old is not None:
            self.size_bytes -= _size(address, old[1])
        self.answers[address] = (now_s, kept)
        self.size_bytes += _size(address, kept)
        self.leave(now_s)

    def leave(self, now_s: float) -> None:
        """Let go of what is too old or too much. The answers lie in the order in which they were kept."""
        while self.answers:
            address, (at_s, kept) = next(iter(self.answers.items()))
            if now_s - at_s <= YOUNG_S and self.size_bytes <= MOST_BYTES:
                return
            del self.answers[address]
            self.size_bytes -= _size(address, kept)

    def clear(self) -> None:
        """Keep nothing."""
        self.answers.clear()
        self.size_bytes = 0


def _size(address: Hashable, kept: Kept) -> int:
    """Return the bytes that a kept answer takes, about: an entry of small objects, its key, its headers, its body."""
    key = sum(len(part) for part in address if isinstance(part, str | bytes)) if isinstance(address, tuple) else 0
    return EACH_BYTES + key + sum(len(name) + len(value) + EACH_HEADER for name, value in kept.headers) + len(kept.body)


class Version(NamedTuple):
    """What the answers of a bracket are made of: its id, its version, and how fresh it is."""

    bracket_id: int
    version: int
    synced_at: datetime | None


@dataclass(slots=True)
class KeptAnswers:
    """By bracket and by what was asked of it."""

    trusted: bool = False
    _epoch: int = 0
    _versions: dict[int, int] = field(default_factory=dict)
    _pages: KeptPages = field(default_factory=KeptPages)
    _answers: OrderedDict[tuple[int, Hashable], Kept] = field(default_factory=OrderedDict)
    _size_bytes: int = 0

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
        self._forget((bracket_id, asked))
        self._answers[bracket_id, asked] = kept
        self._size_bytes += _size(asked, kept)
        while len(self._answers) > MOST or self._size_bytes > MOST_BYTES:
            self._forget(next(iter(self._answers)))

    def happened(self) -> None:
        """Anything happened: whatever page might show it is dropped."""
        self._epoch += 1
        self._pages.clear()

    def rise(self, bracket_id: int, version: int) -> None:
        """A bracket has a new version: its answers are stale."""
        self._versions[bracket_id] = max(version, self._versions.get(bracket_id, 0))
        for key in [key for key in self._answers if key[0] == bracket_id]:
            self._forget(key)

    def _forget(self, key: tuple[int, Hashable]) -> None:
        gone = self._answers.pop(key, None)
        if gone is not None:
            self._size_bytes -= _size(key[1], gone)

    def pages(self) -> KeptPages:
        """Answers of any address, which every event drops."""
        return self._pages

    def drop(self) -> None:
        """Something changed that no version tells of (how fresh the tables are)."""
        self._epoch += 1
        self._answers.clear()
        self._size_bytes = 0
        self._pages.clear()

    def hear(self) -> None:
        """The listener hears the database from now on."""
        self.drop()
        self.trusted = True

    def lose(self) -> None:
        """The listener lost its connection, or the database went back: no version that was heard of counts."""
        self.trusted = False
        self._versions.clear()
        self.drop()
