"""What ends a `./mt` command: a sentence for a person and an exit code."""

from __future__ import annotations

BAD_USAGE = 2
CANNOT_START = 5


class Trouble(Exception):
    """Says what happened, with what value, and what to do."""

    exit_code = 1


class BadSettings(Trouble):
    """Wrong usage, a malformed env file, an option that contradicts what runs."""

    exit_code = BAD_USAGE


class CannotStart(Trouble):
    """Something could not be set up or started."""

    exit_code = CANNOT_START
