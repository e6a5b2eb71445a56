"""Tells what a landing changed: versions of brackets, events, and the listeners at the commit."""

from collections.abc import Iterable

import psycopg
from psycopg.types.json import Jsonb

from missing_table.database import CHANNEL
from missing_table.ingest.sql import load

_SQL = load("events")
TAIL_LOCK = 0x4D54_4556_454E_5453  # "MTEVENTS"


def announce(
    connection: psycopg.Connection,
    brackets: Iterable[int],
    changed: list[tuple[int, list[str]]],
    events: list[tuple[str, dict[str, str]]],
) -> None:
    """Raise the versions of the brackets, write the events, and wake the listeners at the commit."""
    touched = sorted(brackets)
    if not (touched or changed or events):
        return
    with connection.pipeline():
        if touched:
            connection.execute(_SQL["brackets"], {"brackets": touched})
        if changed:
            matches, fields = [match for match, _ in changed], [Jsonb(fields) for _, fields in changed]
            connection.execute(_SQL["matches"], {"matches": matches, "fields": fields})
        if events:
            kinds, payloads = [kind for kind, _ in events], [Jsonb(payload) for _, payload in events]
            connection.execute(_SQL["others"], {"kinds": kinds, "payloads": payloads})
        connection.execute(_SQL["notify"], {"channel": CHANNEL})
