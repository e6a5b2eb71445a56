"""Finds or makes venues: by the source's id, by name only where the source has no ids."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import psycopg

from match_contract import Venue
from missing_table.ingest.dimensions import EVER
from missing_table.ingest.known import DimensionRow, Dimensions, Key, ensure, writer
from missing_table.ingest.sql import load

SQL = load("dimensions")


def ensure_venues(
    connection: psycopg.Connection, dimensions: Dimensions, venues: Iterable[tuple[str, Venue, datetime]]
) -> Mapping[Key, int]:
    """Ids by (source, external id), and by (source, "", name) where the source has no ids."""
    new: dict[tuple[str | None, ...], tuple[str, Venue, datetime]] = {}
    seen = dimensions.venue_words
    for source, venue, observed_at in venues:
        words = (source, venue.external_id, venue.name)
        known = seen.get(words)
        if known is None or known < observed_at:
            new[words] = (source, venue, observed_at)
    if new:
        _learn_venues(connection, dimensions, list(new.values()))
        seen.update((words, observed_at) for words, (_, _, observed_at) in new.items())
    return dimensions.venues.ids


def _learn_venues(
    connection: psycopg.Connection, dimensions: Dimensions, venues: list[tuple[str, Venue, datetime]]
) -> None:
    with_id: list[DimensionRow] = []
    named: list[DimensionRow] = []
    for source, venue, observed_at in venues:
        if venue.external_id is not None:
            with_id.append(DimensionRow((source, venue.external_id), (venue.name,), observed_at))
        else:
            named.append(DimensionRow((source, "", venue.name), (), EVER))
    ensure(dimensions.venues, with_id, writer(connection, SQL["venues"]))

    def write(given: list[DimensionRow]) -> Iterable[tuple[Any, ...]]:
        columns = {
            "k0": [place.key[0] for place in given],
            "k1": [place.key[2] for place in given],
            "at": [datetime.now(UTC) for _ in given],
        }
        rows = connection.execute(SQL["named_venues"], columns)
        return [(source, "", name, identifier) for source, name, identifier in rows]

    ensure(dimensions.venues, named, write)


def venue_key(source: str, venue: Venue) -> Key:
    """Under which `ensure_venues` answers."""
    return (source, venue.external_id) if venue.external_id is not None else (source, "", venue.name)
