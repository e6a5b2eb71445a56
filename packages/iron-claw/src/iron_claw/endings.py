"""How a call ended. docs/iron-claw.md says what is charged for each."""

from __future__ import annotations

from enum import StrEnum


class Ending(StrEnum):
    """Name the end of a call, as it stands in the journal, in llm_calls and in the metrics."""

    COMPLETE = "complete"
    UPSTREAM_ERROR = "upstream_error"
    UPSTREAM_UNREACHABLE = "upstream_unreachable"
    UPSTREAM_TIMEOUT = "upstream_timeout"
    UPSTREAM_CUT = "upstream_cut"
    CLIENT_GONE = "client_gone"
    STREAM_ERROR = "stream_error"
    STREAM_UNFINISHED = "stream_unfinished"
    DISCONNECTED = "disconnected"
    SHUTDOWN = "shutdown"
    NOT_SENT = "not_sent"
    UNREADABLE = "unreadable"
    NONSENSE = "nonsense"
    CRASH = "crash"
    LEASE_OVER = "lease_over"


NEVER_RAN = frozenset({Ending.UPSTREAM_ERROR, Ending.UPSTREAM_UNREACHABLE, Ending.NOT_SENT})
"""Endings of calls for which upstream generated nothing."""
NO_MESSAGE = frozenset({Ending.NONSENSE, Ending.STREAM_UNFINISHED, Ending.STREAM_ERROR})
"""Endings of answers that came to their end; without a message in them nothing was generated."""
