"""Reads a moment that somebody else wrote."""

from datetime import datetime
from typing import Any


def moment_of(text: Any) -> datetime | None:
    """Return the moment that a text names, None where it names none or no zone."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None
