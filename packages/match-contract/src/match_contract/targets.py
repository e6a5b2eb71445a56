"""Read and write which targets of a run want which matches of a batch. The matches themselves know no target."""

from collections.abc import Mapping, Sequence
from typing import Any

TARGET_LENGTH = 120


def positions_by_target(names: Sequence[str]) -> dict[str, list[int]]:
    """Return a batch's `targets` for the target of each of its matches: target name to positions, from 0."""
    found: dict[str, list[int]] = {}
    for position, name in enumerate(names):
        found.setdefault(name, []).append(position)
    return found


def wanted_by(batch: Mapping[str, Any]) -> list[str]:
    """Return the target of each match of a batch as it came, "" where none is named.

    Until 1.1 each match named its own (`target`). The first target that lists a position counts; whatever is no
    position of the batch is passed over.
    """
    items: Any = batch.get("matches") or ()
    names = [_own(item) for item in items]
    listed: Any = batch.get("targets")
    if not isinstance(listed, Mapping):
        return names
    taken: set[int] = set()
    for name, positions in listed.items():
        for position in positions if isinstance(positions, list | tuple) else ():
            is_position = isinstance(position, int) and not isinstance(position, bool) and 0 <= position < len(names)
            if is_position and position not in taken:
                taken.add(position)
                names[position] = str(name)[:TARGET_LENGTH]
    return names


def _own(item: Any) -> str:
    name = item.get("target") if isinstance(item, Mapping) else None
    return name[:TARGET_LENGTH] if isinstance(name, str) else ""
