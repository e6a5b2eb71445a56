"""What a request costs at most on its input side. What is not known, or has no bound, is refused by name. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from iron_claw import known

TOOLS_TOKENS = 1000
"""Held for the prompt that upstream puts before the first of a request's tools (at most about 800 tokens)."""
IMAGE_TOKENS = 5000
"""Held for each picture in the body, in the place of its bytes (at most about 4,800 tokens, whatever its size)."""
PLAIN = b"abcdefghijklmnopqrstuvwxyz "
"""Bytes of which a token holds several. Of digits, signs and other scripts each byte may be a token of its own."""
FREE_FORM = frozenset({"input", "input_schema"})
"""Fields of blocks that hold the client's own data; what looks like a block in there is none."""
NO_THREAD = {"error_code": "thread_unsupported_request", "unsupported": ["thread"]}
"""With this the SDKs' tool runners go on by themselves, with the whole history in each request."""

Place = tuple[str | int, ...]


class NotMetered(ValueError):
    """No worst case is known of the request; the text names what and where, and is shown to the client."""

    def __init__(self, what: str, why: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(f"{what}: {why}")
        self.details = None if details is None else dict(details)
        """Of the error object."""


@dataclass(frozen=True)
class Measured:
    """What was found out about a request's input."""

    input_tokens: int
    """The most that it costs, upstream's own additions included."""
    fallbacks: tuple[str, ...] = ()
    """Further models that may answer it, as `fallbacks` names them."""
    more_output: int = 0
    """By how much the largest max_tokens of those is above the request's own."""


def measure(
    raw: bytes,
    fields: Mapping[str, Any],
    betas: Iterable[str] = (),
    *,
    bytes_per_token: int,
    allow: Sequence[str] = (),
) -> Measured:
    """Return the worst case of a request's input; raise NotMetered when nobody knows one.

    `allow`: names as `kind:name` (`*` as a wildcard) that the operator lets pass at a risk of his own.
    """
    return _Walk(fields, allow).measure(raw, betas, bytes_per_token)


def estimate(raw: bytes, bytes_per_token: int) -> int:
    """Return the most tokens that bytes of JSON take: a token for each that is not plain, several plain ones in one."""
    dense = len(raw.translate(None, PLAIN))
    return dense - (dense - len(raw)) // bytes_per_token


class _Walk:
    """Go through one request, and add up what its bytes do not show."""

    def __init__(self, fields: Mapping[str, Any], allow: Sequence[str]) -> None:
        self.fields = fields
        self.allow = allow
        self.pictures: list[str] = []
        """Their base64."""
        self.defined = 0
        """Tools defined."""
        self.tool_tokens = 0

    def measure(self, raw: bytes, betas: Iterable[str], bytes_per_token: int) -> Measured:
        for name in betas:
            if name not in known.BETAS and name not in known.CLIENTS_BETAS:
                self._refuse("beta", name, f"anthropic-beta {name}", "a beta feature that is not known here")
        self._top_level()
        for number, tool in enumerate(_list(self.fields.get("tools"))):
            self._tool(("tools", number), tool)
        self._edits()
        self._content(("system",), self.fields.get("system"))
        for number, message in enumerate(_list(self.fields.get("messages"))):
            self._message(("messages", number), message)
        fallbacks, more_output = self._fallbacks()
        tokens = estimate(raw, bytes_per_token)
        for data in self.pictures:
            tokens += IMAGE_TOKENS - estimate(data.encode("utf-8", "replace"), bytes_per_token)
        if self.defined:
            tokens += TOOLS_TOKENS + self.tool_tokens
        return Measured(max(0, tokens), fallbacks, more_output)

    def _refuse(
        self, kind: str, name: str, what: str, why: str = "not known here", details: Mapping[str, Any] | None = None
    ) -> None:
        """Raise NotMetered, unless the operator lets it pass."""
        full = f"{kind}:{name}"
        if any(fnmatchcase(full, pattern) for pattern in self.allow):
            return
        raise NotMetered(what, f"{why} (IRON_CLAW_ALLOW may name {full})", details)

    def _top_level(self) -> None:
        for name, value in self.fields.items():
            if name in known.FIELDS:
                continue
            why = known.FIELDS_REFUSED.get(name)
            if why is None:
                self._refuse("field", name, name, "cannot be metered, a field that is not known here")
            elif value:
                self._refuse("field", name, name, why, NO_THREAD if name == "thread" else None)

    def _tool(self, place: Place, tool: object) -> None:
        self.defined += 1
        kind = tool.get("type") if isinstance(tool, dict) else None
        if kind is None:
            return
        tokens = known.TOOLS.get(kind) if isinstance(kind, str) else None
        if tokens is None:
            self._refuse("tool", str(kind), _dotted(place), f"a tool of type {kind!r} cannot be metered")
        self.tool_tokens += tokens or 0

    def _edits(self) -> None:
        management = self.fields.get("context_management")
        for number, edit in enumerate(_list(management.get("edits")) if isinstance(management, dict) else ()):
            kind = edit.get("type") if isinstance(edit, dict) else None
            if kind not in known.EDITS:
                what = f"context_management.edits.{number}"
                self._refuse("edit", str(kind), what, f"an edit of type {kind!r} cannot be metered")

    def _fallbacks(self) -> tuple[tuple[str, ...], int]:
        """Return the models that `fallbacks` names, and by how much one's max_tokens is above the request's."""
        given = self.fields.get("fallbacks")
        if given is None:
            return (), 0
        if given == "default":
            return ("default",), 0
        asked = self.fields.get("max_tokens")
        names: list[str] = []
        most = own = asked if isinstance(asked, int) else 0
        for number, entry in enumerate(given if isinstance(given, list) else (given,)):
            what = f"fallbacks.{number}"
            if not isinstance(entry, dict) or not isinstance(entry.get("model"), str):
                raise NotMetered(what, "cannot be metered, a model's name is required")
            largest = entry.get("max_tokens")
            if largest is not None and (not isinstance(largest, int) or not 0 <= largest <= 2**31):
                raise NotMetered(f"{what}.max_tokens", "cannot be metered, a whole number is required")
            names.append(entry["model"])
            most = max(most, largest or 0)
        return tuple(names), most - own

    def _message(self, place: Place, message: object) -> None:
        if not isinstance(message, dict):
            return
        for name in message:
            if name not in known.MESSAGE_FIELDS:
                self._refuse("message", name, _dotted((*place, name)), "cannot be metered, a field that is not known")
        role = message.get("role")
        if role is not None and role not in known.ROLES:
            self._refuse("role", str(role), _dotted((*place, "role")), f"cannot be metered, {role!r} is not known here")
        self._content((*place, "content"), message.get("content"))

    def _content(self, place: Place, content: object) -> None:
        """Look at each block of a content, and at everything inside of it, lists and objects alike."""
        waiting: list[tuple[Place, object]] = [(place, content)]
        while waiting:
            here, value = waiting.pop()
            if isinstance(value, dict):
                waiting.extend(reversed(list(self._block(here, value))))
            elif isinstance(value, list):
                waiting.extend(((*here, number), part) for number, part in reversed(list(enumerate(value))))

    def _block(self, place: Place, block: dict[str, Any]) -> Iterator[tuple[Place, object]]:
        """Check one object, and return what has to be looked at inside of it."""
        kind = block.get("type")
        if kind is not None and (not isinstance(kind, str) or (kind not in known.BLOCKS and kind not in known.PARTS)):
            self._refuse("block", str(kind), _dotted(place), f"a block of type {kind!r} cannot be metered")
        if "file_id" in block:
            why = "a file cannot be metered, its content is not in the request"
            self._refuse("source", "file", _dotted(place), why)
        if kind == "tool_definition":
            self._tool((*place, "definition"), block.get("definition"))
            return
        for name, value in block.items():
            if name in FREE_FORM or not isinstance(value, (dict, list)):
                continue
            if name == "source" and isinstance(value, dict):
                yield from self._source((*place, name), kind, value)
            elif name == "definition":
                self._tool((*place, name), value)
            else:
                yield (*place, name), value

    def _source(self, place: Place, kind: object, source: dict[str, Any]) -> Iterator[tuple[Place, object]]:
        """Check where a block's content is; return what of it stands here as blocks."""
        where = source.get("type")
        if where not in known.SOURCES:
            why = f"type {where!r} cannot be metered, its content is not in the request"
            self._refuse("source", str(where), _dotted(place), why)
        elif where == "base64" and kind != "image":
            why = "a packed document cannot be metered, a few bytes may hold many pages"
            self._refuse("source", "packed", _dotted(place), why)
        elif where == "base64":
            data = source.get("data")
            self.pictures.append(data if isinstance(data, str) else "")
        elif where == "content":
            yield (*place, "content"), source.get("content")


def _dotted(place: Place) -> str:
    return ".".join(map(str, place))


def _list(value: object) -> list[Any]:
    """Return the members of a list, or of an object in its place."""
    return value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []
