"""Whole tables and counts, by version. Asked with a version that was read in the same request, they are never stale."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import NamedTuple

from missing_table.kept import Version
from missing_table.tables.queries import Standing
from missing_table.tables.schemas import Bracket, Table

MOST_COUNTS = 20_000
MOST_TABLES = 128
"""Kept tables; one of 22 teams with its 460 results is about 150 kB."""


def version_of(bracket: Bracket) -> Version:
    """A bracket's version as it was read."""
    return Version(bracket.id, bracket.version, bracket.synced_at)


class Counts(NamedTuple):
    """How much there is in a bracket: see its shape."""

    teams: int
    matches: int
    played: int


class KeptTable(NamedTuple):
    """A table (whole: of no date, of no split) and what it is made of."""

    standing: Standing
    table: Table


@dataclass(slots=True)
class KeptTables:
    """Whole tables, and counts, by version. Asked with one that was read in the same request, they are never stale."""

    tables: OrderedDict[Version, KeptTable] = field(default_factory=OrderedDict)
    counts: dict[Version, Counts] = field(default_factory=dict)

    def get(self, version: Version) -> KeptTable | None:
        """The table, if it is kept."""
        found = self.tables.get(version)
        if found is not None:
            self.tables.move_to_end(version)
        return found

    def put(self, made: KeptTable) -> None:
        """Keeps a table; those that nobody asked for longest go."""
        self.tables[version_of(made.standing.bracket)] = made
        if len(self.tables) > MOST_TABLES:
            self.tables.popitem(last=False)

    def counts_of(self, version: Version) -> Counts | None:
        """A bracket's counts, if they are kept."""
        return self.counts.get(version)

    def put_counts(self, version: Version, counts: Counts) -> None:
        """Keeps a bracket's counts; the oldest go."""
        self.counts[version] = counts
        if len(self.counts) > MOST_COUNTS:
            del self.counts[next(iter(self.counts))]

    def hear(self) -> None:
        """Keep nothing: a database that went back to a backup may give an old version anew."""
        self.drop()

    def lose(self) -> None:
        """Keep everything: whoever asks brings a version that was read just now."""

    def happened(self) -> None:
        """Keep everything: versions tell what changed."""

    def rise(self, bracket_id: int, version: int) -> None:
        """Keep everything: whoever asks brings the version."""

    def drop(self) -> None:
        """Keep nothing of what it had."""
        self.tables.clear()
        self.counts.clear()
