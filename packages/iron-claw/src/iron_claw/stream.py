"""Reads what a call used out of the stream that passes by, without touching it. Pure.

A stream that ends before its last word is counted by what was seen: a quarter of the bytes of what was generated,
rounded up, and at least what upstream itself said. Thinking that is not shown counts by its signature, which holds it.
"""

from __future__ import annotations

from typing import Any

from iron_claw import sse
from iron_claw.budget import Counts
from iron_claw.usage import Tally, tokens_of

SHOWN = ("text", "partial_json", "thinking", "content")
"""Fields of deltas and of blocks as they start that hold what was generated."""
SEALED = ("signature", "data", "encrypted_content")
"""And those that hold it as base64."""
HIDDEN = ("thinking", "redacted_thinking", "compaction")
"""Blocks of which nothing may be seen while they are generated."""
HIDDEN_SHARE = 16
"""While such a block is open, at least this part of max_tokens is charged …"""
HIDDEN_TOKENS_PER_S = 100
"""… and this many tokens for each second since it began."""


class StreamUsage(Tally):
    """Hold the usage of one server-sent stream, fed chunk by chunk, however the chunks cut it.

    Events about the message are parsed as they pass. Those about its content are kept as bytes and parsed when their
    length is asked for: after a cut, or for the journal's progress.
    """

    def __init__(self, max_tokens: int = 0) -> None:
        super().__init__()
        self.started = False
        """message_start was seen."""
        self.finished = False
        """The counts are upstream's last word: a count of the output came, and a reason to stop or message_stop."""
        self.stopped = False
        """message_stop was seen."""
        self.failed = False
        """An error event was seen."""
        self._max_tokens = max_tokens
        self._told = False
        """A message_delta with output tokens was seen."""
        self._tail = b""
        self._parts: list[tuple[bytes, float]] = []
        """Events about content that were not looked into yet, with the time at which they came."""
        self._pending = 0
        self._content = 0
        """Bytes generated in blocks before the present one."""
        self._shown = 0
        self._sealed = 0
        self._hidden_since: float | None = None

    @property
    def began(self) -> bool:
        """Return whether anything was seen of a message."""
        return self.finished or self.stopped or self.total.total > 0 or self.content_bytes() > 0

    @property
    def unparsed(self) -> int:
        """Return the bytes of events whose content was not measured yet."""
        return self._pending

    def feed(self, chunk: bytes, at: float = 0.0) -> None:
        """Take the next bytes of the stream, which came at that time (seconds of any clock)."""
        whole, self._tail = sse.whole_events(self._tail + chunk if self._tail else chunk)
        if b"message_" in whole or b"error" in whole:
            self._read(whole)
        if not self.finished and b"content_block" in whole:
            self._parts.append((whole, at))
            self._pending += len(whole)

    def _read(self, whole: bytes) -> None:
        for kind, data in sse.events(whole):
            if kind == b"message_start":
                message = sse.decoded(data).get("message")
                if isinstance(message, dict):
                    self.started = True
                    self.name(message.get("model"))
                    self.add(message.get("usage"))
            elif kind == b"message_delta":
                self._delta(sse.decoded(data))
            elif kind == b"message_stop":
                self.stopped = True
            elif kind == b"error":
                self.failed = True
        self.finished = self.finished or (self._told and self.stopped)

    def _delta(self, event: dict[str, Any]) -> None:
        usage, delta = event.get("usage"), event.get("delta")
        self.add(usage)
        self._told = self._told or (isinstance(usage, dict) and "output_tokens" in usage)
        reason = delta.get("stop_reason") if isinstance(delta, dict) else None
        self.finished = self.finished or (self._told and reason is not None)

    def content_bytes(self) -> int:
        """Return the bytes of generated content seen so far; sealed ones as they are unpacked."""
        for whole, at in self._parts:
            for kind, data in sse.events(whole):
                if kind == b"content_block_start":
                    self._close()
                    block = sse.decoded(data).get("content_block")
                    if isinstance(block, dict):
                        self._hidden_since = at if block.get("type") in HIDDEN else None
                        self._measure(block)
                elif kind == b"content_block_delta":
                    self._measure(sse.decoded(data).get("delta"))
                elif kind == b"content_block_stop":
                    self._close()
        self._parts.clear()
        self._pending = 0
        return self._content + max(self._shown, self._sealed)

    def _close(self) -> None:
        self._content += max(self._shown, self._sealed)
        self._shown = self._sealed = 0
        self._hidden_since = None

    def _measure(self, part: object) -> None:
        if not isinstance(part, dict):
            return
        shown = (part[name] for name in SHOWN if isinstance(part.get(name), str))
        self._shown += sum(len(text.encode("utf-8", "replace")) for text in shown)
        sealed = sum(len(part[name]) * 3 // 4 for name in SEALED if isinstance(part.get(name), str))
        if sealed:
            self._sealed += sealed
            self._hidden_since = None

    def _unseen(self, at: float) -> int:
        """Return the tokens of a block that is generated out of sight, as far as is fair."""
        if self._hidden_since is None:
            return 0
        fair = max(self._max_tokens // HIDDEN_SHARE, int((at - self._hidden_since) * HIDDEN_TOKENS_PER_S))
        return min(self._max_tokens, tokens_of(self._content) + fair)

    def reported(self) -> Counts:
        """Return the counts as upstream said them."""
        return self.total

    def seen(self, at: float = 0.0) -> Counts:
        """Return the counts so far, at that time: upstream's last word, or what it generated without saying."""
        told = self.total
        if self.finished:
            return told
        generated = max(tokens_of(self.content_bytes()), self._unseen(at))
        return told + Counts(output_tokens=max(0, generated - told.output_tokens))

    def used(self, input_estimate: int, at: float = 0.0) -> tuple[Counts, bool]:
        """Return the counts of a stream that is over, and whether one of them had to be estimated."""
        missing = Counts(input_tokens=0 if self.input_known else input_estimate)
        return self.seen(at) + missing, missing.total > 0 or not self.finished
