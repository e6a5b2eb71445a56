"""Which faults pass by themselves. One pure decision, so that it can be read and tested: retry, or never."""

import psycopg

# 08 connection, 53 resources (disk full, too many connections), 57P operator (shutdown, starting up); 40001 and 40P01
# lost a race; 25006 read-only (failing over); 55P03 lock not available; 57014 cancelled by a timeout.
_CLASSES = ("08", "53", "57P")
_STATES = {"40001", "40P01", "25006", "55P03", "57014"}
SLOW_TRIES = 10
"""So often a message may take too long: a lock or a busy database passes within the quarter of an hour that this takes,
what is slow by itself would hold up the others for ever."""
DELAYS = ("2s", "2s", "10s", "60s")
"""Routing keys of the delay exchange, by the number of tries so far; the last one from then on."""


class RaceLost(Exception):
    """Another transaction changed the same rows meanwhile. Do the whole transaction again, at once."""


def is_transient(error: BaseException) -> bool:
    """True where the same message may land later without anybody doing anything about it."""
    if isinstance(error, RaceLost):
        return True
    if not isinstance(error, psycopg.Error):
        return False
    state = error.sqlstate
    if state is None:  # never reached the server, or the connection broke: psycopg has no code for it
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return state.startswith(_CLASSES) or state in _STATES


def took_too_long(error: BaseException) -> bool:
    """True where our own limit ended a statement: it may pass by itself, or be the message's own fault."""
    return isinstance(error, psycopg.errors.QueryCanceled)


def delay_after(tries: int) -> str:
    """How long to wait before try number `tries` + 1, as a routing key of the delay exchange."""
    return DELAYS[min(tries, len(DELAYS) - 1)]
