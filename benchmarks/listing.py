"""Print what a bench measured: the list alone on stdout, as JSON or as a table, for every bench alike."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

Line = Mapping[str, Any]
"""`name`, `value`, `unit`, and of what it is compared with `peer`, `peer_value`, `ratio` (or None)."""


@contextmanager
def _stdout_of_our_own() -> Iterator[TextIO]:
    """Yield what stdout was; until the end, this process and its children write to stderr instead."""
    sys.stdout.flush()
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as ours:
        os.dup2(2, 1)
        try:
            yield ours
        finally:
            sys.stdout.flush()
            os.dup2(ours.fileno(), 1)


def show(measure: Callable[[], Sequence[Line]], *, as_json: bool) -> None:
    """Call `measure` and print its lines alone, whatever else (logs, children) is printed meanwhile."""
    with _stdout_of_our_own() as stdout:
        lines = measure()
        if as_json:
            stdout.write(json.dumps(list(lines)) + "\n")
            return
        for line in lines:
            peer = f"{line['ratio']} x {line['peer_value']} {line['unit']} ({line['peer']})" if line.get("peer") else ""
            stdout.write(f"{line['name']:40} {line['value']!s:>12} {line['unit']:8} {peer}".rstrip() + "\n")
