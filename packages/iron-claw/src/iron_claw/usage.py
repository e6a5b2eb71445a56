"""Puts together what upstream says a call used, from every place where it says so. Pure.

Counts are cumulative: a later one replaces an earlier one, is never added to it, and never lowers it. What stands in
`iterations` alone (compaction, an advisor's turns) is added to the four counts at the top.
"""

from __future__ import annotations

from typing import Any

from iron_claw import sse
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
AT_THE_TOP = ("message", "fallback_message")
"""Types of iterations that the counts at the top include. Others come on top, unknown ones too."""
OUTPUT_BYTES_PER_TOKEN = 4


def tokens_of(length: int) -> int:
    """Return the tokens of so many bytes of generated text."""
    return -(-length // OUTPUT_BYTES_PER_TOKEN)


def numbers(usage: dict[str, Any]) -> dict[str, int]:
    """Return the counts that a usage object names. What is no whole number is left out."""
    found = {ours: usage[theirs] for theirs, ours in FIELDS.items() if _is_count(usage.get(theirs))}
    writes = usage.get("cache_creation")
    if isinstance(writes, dict):
        by_ttl = sum(value for value in writes.values() if _is_count(value))
        if by_ttl > found.get("cache_write_tokens", 0):
            found["cache_write_tokens"] = by_ttl
    return found


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


class Tally:
    """Keep what one call's usage objects and its model's name said so far."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        """Of the top, by the names of Counts."""
        self.model: str | None = None
        """The one that served the call."""
        self.unlisted = False
        """The price list's prices do not hold."""
        self._beside: dict[str, int] = {}

    def name(self, model: object) -> None:
        """Take the model's name that an answer carries."""
        if isinstance(model, str):
            self.model = model

    def add(self, usage: object) -> None:
        """Take a usage object."""
        if not isinstance(usage, dict):
            return
        _raise(self.counts, numbers(usage))
        self.unlisted = self.unlisted or _unlisted(usage)
        iterations = usage.get("iterations")
        if isinstance(iterations, list) and iterations:
            self._iterations([step for step in iterations if isinstance(step, dict)])

    def _iterations(self, steps: list[dict[str, Any]]) -> None:
        kinds = {step.get("type") for step in steps}
        inside = [step for step in steps if step.get("type") in AT_THE_TOP]
        if "fallback_message" in kinds:  # of the hops that declined nothing is billed
            self.name(next(s.get("model") for s in reversed(steps) if s.get("type") == "fallback_message"))
        else:
            _raise(self.counts, _sum(inside))
        beside = [step for step in steps if step.get("type") not in AT_THE_TOP]
        _raise(self._beside, _sum(beside))
        # an advisor is a model of its own, with prices of its own
        self.unlisted = self.unlisted or any(step.get("type") != "compaction" for step in beside)

    @property
    def input_known(self) -> bool:
        """Return whether upstream said what the input was. No request has none."""
        total = self.total
        return total.tokens_in > 0

    @property
    def output_known(self) -> bool:
        """Return whether upstream said how much it generated."""
        return "output_tokens" in self.counts or "output_tokens" in self._beside

    @property
    def total(self) -> Counts:
        """Return all that was counted."""
        return Counts(**self.counts) + Counts(**self._beside)


def _raise(known: dict[str, int], found: dict[str, int]) -> None:
    for name, value in found.items():
        if value >= known.get(name, 0):
            known[name] = value


def _sum(steps: list[dict[str, Any]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for step in steps:
        for name, value in numbers(step).items():
            total[name] = total.get(name, 0) + value
    return total


def _unlisted(usage: dict[str, Any]) -> bool:
    """Return whether a usage object tells of something that the price list has no price for.

    That is cache writes for an hour, another speed, tier or place than the standard one, tools that upstream ran, a
    credit.
    """
    writes = usage.get("cache_creation")
    for_an_hour = writes.get("ephemeral_1h_input_tokens") if isinstance(writes, dict) else None
    tools = usage.get("server_tool_use")
    ran = any(tools.values()) if isinstance(tools, dict) else False
    credit = bool(usage.get("fallback_credit"))
    return bool(for_an_hour) or ran or credit or any(usage.get(name) not in usual for name, usual in STANDARD.items())


class MessageUsage(Tally):
    """Hold the usage of a whole answer that was not streamed. `estimated`: upstream did not say all of it."""

    def __init__(self, message: dict[str, Any], length: int) -> None:
        super().__init__()
        self.name(message.get("model"))
        self.add(message["usage"])
        self._length = length

    def used(self, input_estimate: int, _at: float = 0.0) -> tuple[Counts, bool]:
        """Return the counts, and whether one of them had to be estimated."""
        generated = 0 if self.output_known else tokens_of(self._length)
        missing = Counts(input_tokens=0 if self.input_known else input_estimate, output_tokens=generated)
        return self.total + missing, missing.total > 0


def message_usage(body: bytes) -> MessageUsage | None:
    """Return the usage of a whole answer that was not streamed, None when it is no message with a usage."""
    message = sse.decoded(body)
    return MessageUsage(message, len(body)) if isinstance(message.get("usage"), dict) else None
