"""Takes back what a document dated in the future did: `missing-table rewind KEY --to TIME`.

The newest observation wins, so one document of a wrong clock would hide every real one until its date has come.
"""

from datetime import datetime
from typing import NamedTuple

import psycopg

from missing_table.audit import AUDIT, entry
from missing_table.ingest.events import TAIL_LOCK, announce
from missing_table.ingest.sql import load

_SQL = load("rewind")


class UnknownKey(Exception):
    """No document of this key ever came."""


class Rewound(NamedTuple):
    """How much was taken back: documents, matches whose clock went back, and values put back from the history."""

    documents: int
    matches: int
    values: int


def rewind(connection: psycopg.Connection, key: str, *, to: datetime, actor: str) -> Rewound:
    """Take back every document of a key that is dated after `to`, in one transaction with its entry in the audit log.

    Raises UnknownKey for a key of which nothing is known. A worker that remembers names by the later clock takes them
    again after its next start.
    """
    values = {"key": key, "to": to}
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [TAIL_LOCK])
        known, documents = connection.execute(_SQL["known"], values).fetchone() or (0, 0)
        if not known:
            raise UnknownKey(f"no document of the key {key!r} ever came: /api/agent/sources lists the keys")
        matches = connection.execute(_SQL["find"], values).rowcount
        put_back = connection.execute(_SQL["history"], values).rowcount
        connection.execute(_SQL["put_back"], values)
        connection.execute(_SQL["settle"], values)
        brackets = {bracket for (bracket,) in connection.execute(_SQL["forget"], values)}
        done = Rewound(documents, matches, put_back)
        said = entry(
            actor=actor,
            action="rewind",
            subject="source",
            subject_id=key,
            before=None,
            after={"to": to.isoformat(), **done._asdict()},
        )
        connection.execute(AUDIT, said)
        announce(connection, brackets, [], [("landed", {"key": key, "observed_at": to.isoformat()})])
    return done
