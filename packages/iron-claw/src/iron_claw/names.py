"""Tables by model name, whose keys may hold `*`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TypeVar

T = TypeVar("T")


def entry_of(model: str, table: Mapping[str, T]) -> T | None:
    """The entry with that name, else the longest pattern that fits, else none."""
    if model in table:
        return table[model]
    fitting = [pattern for pattern in table if "*" in pattern and fnmatchcase(model, pattern)]
    return table[max(fitting, key=len)] if fitting else None
