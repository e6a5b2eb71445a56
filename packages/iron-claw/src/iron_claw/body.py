"""The top level of a JSON request body: its fields and where their values stand, so that one can be replaced and every
other byte stays as it came. Pure.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise BadBody("a field stands twice in an object of the request body")
    return fields


_decode = json.JSONDecoder(object_pairs_hook=_once).raw_decode
_SPACE = " \t\n\r"
_space = re.compile(f"[{_SPACE}]*")

SMALL = 64 * 2**10
"""Bodies up to this many bytes cannot hold enough values to matter."""
MOST_VALUES = 100_000
"""Values in one body. A conversation that fills a model's million tokens has some twenty thousand."""


class BadBody(ValueError):
    """The body is not one JSON object, or has a field twice; the text says which, and is shown to the client."""


@dataclass(frozen=True)
class Body:
    """A request body. `spans` has the place of each field's value, in characters of `text`."""

    text: str
    fields: dict[str, Any]
    spans: dict[str, tuple[int, int]]

    def replaced(self, changes: dict[str, Any]) -> bytes:
        """The body with other values in some fields (which must be there), otherwise untouched."""
        text = self.text
        for name in sorted(changes, key=lambda name: self.spans[name], reverse=True):
            start, end = self.spans[name]
            text = text[:start] + json.dumps(changes[name], ensure_ascii=False) + text[end:]
        return text.encode()


def parse(raw: bytes) -> Body:
    """Read a body. A field that stands twice is refused: two readers could take two different values."""
    if len(raw) > SMALL and _values(raw) > MOST_VALUES:
        raise BadBody(f"The request body holds more than {MOST_VALUES} values")
    try:
        text = raw.decode()
        at = _skip(text, 0)
        if text[at : at + 1] != "{":
            raise BadBody("The request body must be a JSON object")
        fields: dict[str, Any] = {}
        spans: dict[str, tuple[int, int]] = {}
        at = _skip(text, at + 1)
        if text[at : at + 1] == "}":
            return Body(text, fields, spans)
        while True:
            name, at = _decode(text, at)
            if not isinstance(name, str):
                raise BadBody("The request body is not valid JSON: a field's name is not a string")
            at = _expect(text, _skip(text, at), ":")
            start = _skip(text, at)
            value, at = _decode(text, start)
            if name in fields:
                raise BadBody(f"{name}: stands twice in the request body")
            fields[name], spans[name] = value, (start, at)
            at = _skip(text, at)
            if text[at : at + 1] == "}":
                break
            at = _skip(text, _expect(text, at, ","))
        if _skip(text, at + 1) != len(text):
            raise BadBody("The request body is not valid JSON: something follows its end")
    except BadBody:
        raise
    except (ValueError, RecursionError) as error:  # a ValueError too where a number has thousands of digits
        raise BadBody(f"The request body is not valid JSON: {error}") from error
    return Body(text, fields, spans)


def _values(raw: bytes) -> int:
    """Return about how many values JSON holds, at the pace of C: what is separated or opened outside of strings."""
    bare = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    strings = bare.count(b'"') // 2
    if strings > MOST_VALUES:
        return strings
    outside = b"".join(bare.split(b'"')[::2])
    return outside.count(b",") + outside.count(b"[") + outside.count(b"{")


def _skip(text: str, at: int) -> int:
    if text[at : at + 1] not in _SPACE:  # mostly there is none
        return at
    found = _space.match(text, at)
    return found.end() if found else at


def _expect(text: str, at: int, character: str) -> int:
    if text[at : at + 1] != character:
        raise BadBody(f"The request body is not valid JSON: {character!r} expected at character {at}")
    return at + 1
