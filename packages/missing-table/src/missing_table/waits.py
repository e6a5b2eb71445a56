"""How long a program waits for the database. No wait has no end, and all programs have the same ends.

A connection that was cut without a word (a cable, a firewall, a machine that is gone) looks like one that is quiet. The
kernel would tell after a quarter of an hour; these settings make it tell after seconds, of what was sent and of what
is awaited.
"""

import os
from typing import Any

REACH: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""Of a connection (libpq's names): a silent one ends after some ten seconds."""
REQUEST_S = 15.0
"""What a request may take of a connection: a lock in the database costs one answer, and not all of them."""
PROBE_S = 2.0
"""How soon the listener's connection must answer a question."""
LOCK = "3s"
"""How long a migration waits for a lock, since everybody else waits behind it; then it tries again."""
LOCK_TRIES_S = (1, 2, 5, 10, 20, 20, 20, 20, 20, 20)
"""Pauses between a migration's tries."""


def speak_utc() -> None:
    """Make every connection of this process speak UTC, whatever the database's own time zone is.

    libpq takes the zone from the environment alone; an option in the connection string would not get past a pooler.
    """
    os.environ["PGTZ"] = "UTC"


speak_utc()
