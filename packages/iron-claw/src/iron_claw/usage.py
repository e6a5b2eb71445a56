"""Reads what a call used out of the bytes that pass by, without touching them. Pure.

`message_start` and `message_delta` carry cumulative counts: later values replace earlier ones, they are never added.
A stream that ends before its last `message_delta` is counted by what was seen: a quarter of the UTF-8 length of the
text, thinking and tool input in its deltas, rounded up, and at least what upstream itself said last.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from iron_claw.budget import Counts

FIELDS = {
    "input_tokens": "input_tokens",
    "cache_creation_input_tokens": "cache_write_tokens",
    "cache_read_input_tokens": "cache_read_tokens",
    "output_tokens": "output_tokens",
}
STANDARD: dict[str, tuple[object, ...]] = {
    "speed": (None, "standard"),
    "service_tier": (None, "standard"),
    "inference_geo": (None, "global", "not_available"),
}
"""Fields of `usage` and the values for which the listed prices hold."""
DELTA_FIELDS = ("text", "partial_json", "thinking")
OUTPUT_BYTES_PER_TOKEN = 4

# Two line ends in a row; atomic, so that one CRLF is not read as two. Cut at a "\r" whose "\n" comes with the next
# chunk, that "\n" is an empty line before the next event, which changes nothing.
_end_of_event = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")
_line_end = re.compile(rb"\r\n|\n|\r")


def tokens_of(length: int) -> int:
    """Tokens of so many bytes of generated text."""
    return -(-length // OUTPUT_BYTES_PER_TOKEN)


def merge(counts: dict[str, int], usage: object) -> None:
    """Puts the counts that a `usage` object names over those known so far. What is no whole number is left out."""
    if not isinstance(usage, dict):
        return
    for theirs, ours in FIELDS.items():
        value = usage.get(theirs)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            counts[ours] = value


def unlisted(usage: object) -> bool:
    """Whether a `usage` object tells of something that the price list has no price for: cache writes for an hour, or
    another speed, tier or place than the standard one."""
    if not isinstance(usage, dict):
        return False
    writes = usage.get("cache_creation")
    for_an_hour = writes.get("ephemeral_1h_input_tokens") if isinstance(writes, dict) else None
    return bool(for_an_hour) or any(usage.get(name) not in usual for name, usual in STANDARD.items())


class StreamUsage:
    """The usage of one server-sent stream, fed chunk by chunk, however the chunks cut it.

    Only `message_start`, `message_delta` and `error` are parsed as they pass. Deltas are kept as bytes and parsed when
    their length is asked for: after a cut, or for the journal's progress.
    """

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.started = False
        """message_start was seen."""
        self.finished = False
        """A message_delta with output tokens was seen: the counts are upstream's last word."""
        self.failed = False
        """An error event was seen."""
        self.model: str | None = None
        self.unlisted = False
        """The price list's prices do not hold."""
        self._tail = b""
        self._deltas: list[bytes] = []
        self._pending = 0
        self._content = 0

    @property
    def unparsed(self) -> int:
        """Bytes of deltas whose content was not measured yet."""
        return self._pending

    def feed(self, chunk: bytes) -> None:
        """Takes the next bytes of the stream."""
        data = self._tail + chunk if self._tail else chunk
        if data.endswith(b"\n\n"):  # how chunks mostly end; else the last end of an event is looked for
            whole, self._tail = data, b""
        else:
            ends = [found.end() for found in _end_of_event.finditer(data)]
            if not ends:
                self._tail = data
                return
            whole, self._tail = data[: ends[-1]], data[ends[-1] :]
        if b"message_" in whole or b"error" in whole:
            self._read(whole)
        if b"content_block_delta" in whole and not self.finished:
            self._deltas.append(whole)
            self._pending += len(whole)

    def _read(self, whole: bytes) -> None:
        for kind, data in events(whole):
            if kind in (b"message_start", b"message_delta", b"error"):
                try:
                    event = json.loads(data)
                except ValueError:
                    continue
                if not isinstance(event, dict):
                    continue
                if kind == b"message_start":
                    message = event.get("message")
                    if isinstance(message, dict):
                        self.started = True
                        merge(self.counts, message.get("usage"))
                        self.unlisted |= unlisted(message.get("usage"))
                        if isinstance(message.get("model"), str):
                            self.model = message["model"]
                elif kind == b"message_delta":
                    merge(self.counts, event.get("usage"))
                    self.unlisted |= unlisted(event.get("usage"))
                    if isinstance(event.get("usage"), dict) and "output_tokens" in event["usage"]:
                        self.finished = True
                else:
                    self.failed = True

    def content_bytes(self) -> int:
        """UTF-8 bytes of generated content seen so far."""
        for whole in self._deltas:
            for kind, data in events(whole):
                if kind == b"content_block_delta":
                    self._content += _content_of(data)
        self._deltas.clear()
        self._pending = 0
        return self._content

    def reported(self) -> Counts:
        """The counts as upstream said them last."""
        return Counts(**self.counts)

    def seen(self) -> Counts:
        """The counts so far: upstream's last word, or with the estimate of what it generated without saying."""
        counts = dict(self.counts)
        if not self.finished:
            counts["output_tokens"] = max(counts.get("output_tokens", 0), tokens_of(self.content_bytes()))
        return Counts(**counts)


def events(whole: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(event name, data) of complete server-sent events; comments and other fields are left out (WHATWG HTML 9.2)."""
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


def _content_of(data: bytes) -> int:
    try:
        event = json.loads(data)
    except ValueError:
        return 0
    delta = event.get("delta") if isinstance(event, dict) else None
    if not isinstance(delta, dict):
        return 0
    return sum(len(delta[name].encode("utf-8", "replace")) for name in DELTA_FIELDS if isinstance(delta.get(name), str))


def message_usage(body: bytes) -> tuple[Counts, str | None, bool] | None:
    """(counts, model, whether the price list's prices do not hold) of a whole answer that was not streamed; None when
    it is no message with a usage."""
    try:
        message: Any = json.loads(body)
    except ValueError:
        return None
    if not isinstance(message, dict) or not isinstance(message.get("usage"), dict):
        return None
    counts: dict[str, int] = {}
    merge(counts, message["usage"])
    model = message.get("model")
    return Counts(**counts), model if isinstance(model, str) else None, unlisted(message["usage"])
