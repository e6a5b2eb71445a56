"""What a process knows to be in the database, and how it learns of more: the same steps for every dimension."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import psycopg

from missing_table.ingest.faults import RaceLost

Key = tuple[str, ...]
Attributes = tuple[str, ...]


class DimensionRow(NamedTuple):
    """One thing to be there: its key, what is said of it ('' for nothing), and when."""

    key: Key
    attributes: Attributes
    observed_at: datetime


@dataclass
class DimensionCache:
    """What is known to be in the database: key -> (id, newest observation of it)."""

    ids: dict[Key, int] = field(default_factory=dict)
    newest: dict[Key, tuple[datetime, Attributes]] = field(default_factory=dict)

    def lacks(self, place: DimensionRow) -> bool:
        known = self.newest.get(place.key)
        return known is None or (place.observed_at, place.attributes) > known


class Dimensions:
    """The memory of one process. `forget` it after a rollback: what it learned there may not be in the database."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Starts from nothing."""
        self.seasons, self.leagues, self.ages, self.divisions = (
            DimensionCache(),
            DimensionCache(),
            DimensionCache(),
            DimensionCache(),
        )
        self.brackets, self.clubs, self.teams, self.venues = (
            DimensionCache(),
            DimensionCache(),
            DimensionCache(),
            DimensionCache(),
        )
        self.sides: dict[tuple[str | None, ...], datetime] = {}
        self.venue_words: dict[tuple[str | None, ...], datetime] = {}
        self.members: set[tuple[int, int]] = set()


def newest_of(places: Iterable[DimensionRow]) -> dict[Key, DimensionRow]:
    """One place a key: the newest, at equal moments the greatest."""
    best: dict[Key, DimensionRow] = {}
    for place in places:
        other = best.get(place.key)
        if other is None or (place.observed_at, place.attributes) > (other.observed_at, other.attributes):
            best[place.key] = place
    return best


def ensure(
    known: DimensionCache,
    places: Iterable[DimensionRow],
    write: Callable[[list[DimensionRow]], Iterable[tuple[Any, ...]]],
) -> Mapping[Key, int]:
    lacking = [place for place in newest_of(places).values() if known.lacks(place)]
    if lacking:
        lacking.sort(key=lambda place: place.key)
        for *key, identifier in write(lacking):
            known.ids[tuple(key)] = identifier
        for place in lacking:
            if place.key not in known.ids:
                raise RaceLost(f"{place.key} was made by another transaction meanwhile")
            known.newest[place.key] = (place.observed_at, place.attributes)
    return known.ids


def columns_of(places: list[DimensionRow]) -> dict[str, list[Any]]:
    """k0, k1, … the key's parts, a0, a1, … the attributes ('' as null), at: for unnest."""
    columns: dict[str, list[Any]] = {"at": [place.observed_at for place in places]}
    for index in range(len(places[0].key)):
        columns[f"k{index}"] = [place.key[index] for place in places]
    for index in range(len(places[0].attributes)):
        columns[f"a{index}"] = [place.attributes[index] or None for place in places]
    return columns


def writer(
    connection: psycopg.Connection, statement: bytes
) -> Callable[[list[DimensionRow]], Iterable[tuple[Any, ...]]]:
    def write(places: list[DimensionRow]) -> Iterable[tuple[Any, ...]]:
        return connection.execute(statement, columns_of(places)).fetchall()

    return write


def number_of(value: int | None) -> str:
    """A number as an attribute: compares as text the way it compares as a number. None is ''."""
    return "" if value is None else f"{value:019d}"
