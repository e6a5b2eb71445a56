"""Where the replica's documents come from: a folder that somebody gives. (`season` invents one instead.)

A document's name is its path on the viewer's host without the slash: "data/schedule/mls-next-league-26-27.json".
"""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Protocol

NAME = re.compile(r"data/(schedule|standings)/([A-Za-z0-9._-]+)\.json")


class NoFeeds(Exception):
    """The folder cannot be served; the message says why and what to do."""


@dataclass(frozen=True)
class Document:
    """A body with its validators: the ETag is a hash of the content, so it changes when the content does."""

    body: bytes
    modified: datetime

    @cached_property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'

    @cached_property
    def zipped(self) -> bytes:
        return gzip.compress(self.body, 6, mtime=0)


class Feeds(Protocol):
    """A source of documents."""

    def get(self, name: str) -> Document | None:
        """The document of that name; None where there is none (the viewer then answers with its shell)."""

    def keys(self) -> list[str]:
        """The keys of the competitions that have a document, sorted."""


class Folder:
    """Documents laid out as `data/schedule/<key>.json` and `data/standings/<key>.json`, read anew when they change."""

    def __init__(self, path: Path) -> None:
        """Raises NoFeeds where the folder does not exist or holds no document."""
        self.path = path
        self._read: dict[str, tuple[tuple[int, int], Document]] = {}
        if not path.is_dir():
            raise NoFeeds(f"the feeds folder {str(path)!r} does not exist; give one with data/schedule/<key>.json")
        if not self.keys():
            raise NoFeeds(
                f"the feeds folder {str(path)!r} holds no document; it needs data/schedule/<key>.json "
                "or data/standings/<key>.json"
            )

    def get(self, name: str) -> Document | None:
        file = self.path / name
        if not NAME.fullmatch(name) or not file.is_file():
            return None
        facts = file.stat()
        mark = (facts.st_mtime_ns, facts.st_size)
        known = self._read.get(name)
        if known and known[0] == mark:
            return known[1]
        document = Document(file.read_bytes(), datetime.fromtimestamp(int(facts.st_mtime), UTC))
        self._read[name] = (mark, document)
        return document

    def keys(self) -> list[str]:
        files = (file for kind in ("schedule", "standings") for file in self.path.glob(f"data/{kind}/*.json"))
        return sorted({file.stem for file in files})
