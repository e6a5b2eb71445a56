"""Server-sent events as WHATWG HTML 9.2 reads them. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

# Two line ends in a row; atomic, so that one CRLF is not read as two. Cut at a "\r" whose "\n" comes with the next
# chunk, that "\n" is an empty line before the next event, which changes nothing.
_end_of_event = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")
_line_end = re.compile(rb"\r\n|\n|\r")
_usual = re.compile(rb"event: ([^\r\n]*)\ndata: ([^\r\n]*)\n\n")
"""An event as nearly every server writes it."""
_USUAL_BYTES = len(b"event: \ndata: \n\n")

Event = tuple[bytes, bytes]
"""(event name, data)"""


def whole_events(data: bytes) -> tuple[bytes, bytes]:
    """Return what of the data ends with an event's end, and the rest."""
    if data.endswith(b"\n\n"):  # how chunks mostly end; else the last end of an event is looked for
        return data, b""
    end = 0
    for found in _end_of_event.finditer(data):
        end = found.end()
    return data[:end], data[end:]


def events(whole: bytes) -> Iterable[Event]:
    """Return the complete events; comments and other fields are left out."""
    usual: list[Event] = _usual.findall(whole)
    if sum(len(kind) + len(data) for kind, data in usual) + len(usual) * _USUAL_BYTES == len(whole):
        return usual  # nothing stands between them
    return _any_events(whole)


def _any_events(whole: bytes) -> Iterator[Event]:
    kind = b""
    data: list[bytes] = []
    for line in _line_end.split(whole):
        if not line:
            if data:
                yield kind, b"\n".join(data)
            kind, data = b"", []
            continue
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"event":
            kind = value
        elif name == b"data":
            data.append(value)


def decoded(data: bytes) -> dict[str, Any]:
    """Return an event's JSON object, empty when it is none."""
    try:
        value: Any = msgspec.json.decode(data)
    except (ValueError, RecursionError):
        try:
            value = json.loads(data)  # takes what msgspec does not: NaN, half of a surrogate pair
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}
