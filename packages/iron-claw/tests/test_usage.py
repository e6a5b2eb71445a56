"""What a call used, out of every place where upstream may say it, and what is charged where it does not say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from iron_claw.budget import Counts
from iron_claw.stream import HIDDEN_SHARE, HIDDEN_TOKENS_PER_S, StreamUsage
from iron_claw.usage import message_usage


def step(kind: str, i: int, o: int, **more: Any) -> dict[str, Any]:
    return {"type": kind, "input_tokens": i, "output_tokens": o, **more}


def event(kind: str, **data: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n".encode()


def begin(**usage: Any) -> bytes:
    return event("message_start", message={"model": "m", "usage": {"input_tokens": 100, "output_tokens": 1, **usage}})


def block(kind: str, **more: Any) -> bytes:
    return event("content_block_start", index=0, content_block={"type": kind, **more})


def delta(**more: Any) -> bytes:
    return event("content_block_delta", index=0, delta=more)


def end(reason: str | None = "end_turn", **usage: Any) -> bytes:
    return event("message_delta", delta={"stop_reason": reason} if reason else {}, usage=usage)


def stream(*parts: bytes, max_tokens: int = 32_000) -> StreamUsage:
    scanner = StreamUsage(max_tokens)
    for part in parts:
        scanner.feed(part)
    return scanner


USAGES: list[tuple[dict[str, Any], Counts]] = [
    (
        {
            "input_tokens": 23_000,
            "output_tokens": 1_000,
            "iterations": [step("compaction", 180_000, 3_500), step("message", 23_000, 1_000)],
        },
        Counts(203_000, 0, 0, 4_500),
    ),
    (
        {
            "input_tokens": 0,
            "output_tokens": 0,
            "iterations": [step("compaction", 140_000, 4_000, cache_read_input_tokens=5)],
        },
        Counts(140_000, 0, 5, 4_000),
    ),
    (
        {"input_tokens": 10, "output_tokens": 5, "iterations": [step("message", 10, 3), step("message", 20, 4)]},
        Counts(30, 0, 0, 7),
    ),
    (
        {
            "input_tokens": 10,
            "output_tokens": 5,
            "iterations": [step("message", 9, 9), step("fallback_message", 10, 5)],
        },
        Counts(10, 0, 0, 5),
    ),
    (
        {
            "input_tokens": 10,
            "output_tokens": 5,
            "iterations": [step("advisor_message", 70, 7), step("new_kind", 1, 1)],
        },
        Counts(81, 0, 0, 13),
    ),
    (
        {
            "input_tokens": 1,
            "output_tokens": 1,
            "cache_creation": {"ephemeral_5m_input_tokens": 7, "ephemeral_1h_input_tokens": 8},
        },
        Counts(1, 15, 0, 1),
    ),
]


@pytest.mark.parametrize(("usage", "counts"), USAGES)
def test_usage_is_merged_from_every_place_plain_and_streamed(usage: dict[str, Any], counts: Counts) -> None:
    plain = message_usage(json.dumps({"model": "m", "usage": usage}).encode())
    assert plain is not None
    assert plain.used(999) == (counts, False)
    start = event("message_start", message={"model": "m", "usage": {"input_tokens": 0, "output_tokens": 1}})
    scanner = stream(start, end(**usage), event("message_stop"))
    more = Counts(output_tokens=max(0, 1 - usage["output_tokens"]))  # what message_start said is never lowered
    assert scanner.used(999) == (counts + more, False)


def test_a_later_count_never_lowers_an_earlier_one() -> None:
    scanner = stream(begin(cache_read_input_tokens=50), end(output_tokens=9, input_tokens=0, cache_read_input_tokens=0))
    assert scanner.used(0) == (Counts(100, 0, 50, 9), False)


def test_the_model_of_a_fallback_is_the_one_that_served() -> None:
    usage = {"input_tokens": 1, "output_tokens": 1, "iterations": [step("fallback_message", 1, 1, model="dear")]}
    read = message_usage(json.dumps({"model": "cheap", "usage": usage}).encode())
    assert read is not None
    assert read.model == "dear"


def test_an_advisor_and_tools_at_upstream_have_no_listed_price() -> None:
    for usage in (
        {"input_tokens": 1, "iterations": [step("advisor_message", 1, 1)]},
        {"input_tokens": 1, "server_tool_use": {"web_search_requests": 1}},
        {"input_tokens": 1, "fallback_credit": {"type": "redeemed"}},
    ):
        read = message_usage(json.dumps({"usage": usage}).encode())
        assert read is not None
        assert read.unlisted


SIGNATURE = "A" * 40_000


@pytest.mark.parametrize(
    ("parts", "least"),
    [
        ((block("thinking", thinking=""), delta(signature=SIGNATURE)), 7_500),
        ((block("redacted_thinking", data=SIGNATURE),), 7_500),
        ((block("thinking", thinking=""), delta(thinking="I weighed it."), delta(signature=SIGNATURE)), 7_500),
        ((block("compaction", content=""), delta(content="s" * 20_000)), 5_000),
        ((block("compaction", content=None), delta(encrypted_content=SIGNATURE)), 7_500),
        ((block("text", text="w" * 20_000),), 5_000),
        ((block("tool_use", input={}), delta(partial_json="1" * 20_000)), 5_000),
        ((block("thinking", thinking=""),), 32_000 // HIDDEN_SHARE),
        ((block("text", text="w" * 20_000), event("content_block_stop"), block("thinking", thinking="")), 7_000),
    ],
)
def test_what_was_generated_out_of_sight_before_a_cut_is_charged(parts: tuple[bytes, ...], least: int) -> None:
    counts, estimated = stream(begin(), *parts).used(0)
    assert counts.output_tokens == least
    assert estimated


def test_hidden_thinking_costs_by_its_time_and_never_more_than_was_asked_for() -> None:
    scanner = StreamUsage(32_000)
    scanner.feed(begin() + block("thinking", thinking=""), 10.0)
    assert scanner.seen(110.0).output_tokens == 100 * HIDDEN_TOKENS_PER_S
    assert scanner.seen(10_000.0).output_tokens == 32_000


def test_an_early_delta_is_not_the_last_word() -> None:
    scanner = stream(begin(), end(None, output_tokens=3), delta(text="word " * 8_000))
    assert scanner.used(0) == (Counts(100, 0, 0, 10_000), True)
    scanner.feed(end(output_tokens=8_000))
    assert scanner.used(0) == (Counts(100, 0, 0, 8_000), False)


def test_a_count_that_upstream_never_gave_is_estimated_and_not_zero() -> None:
    scanner = stream(block("text", text=""), delta(text="a smile"), end(output_tokens=12), event("message_stop"))
    assert scanner.used(36) == (Counts(36, 0, 0, 12), True)
    silent = stream(begin(output_tokens=0), delta(text="a smile"), event("message_stop"))
    assert silent.used(36) == (Counts(100, 0, 0, 2), True)
    plain = message_usage(json.dumps({"usage": {"output_tokens": 12}}).encode())
    assert plain is not None
    assert plain.used(36) == (Counts(36, 0, 0, 12), True)
    body = json.dumps({"content": [{"type": "text", "text": "x" * 400}], "usage": {"input_tokens": 5}}).encode()
    read = message_usage(body)
    assert read is not None
    assert read.used(36) == (Counts(5, 0, 0, -(-len(body) // 4)), True)


def test_counts_that_are_no_numbers_are_left_out() -> None:
    odd = {"input_tokens": "5", "output_tokens": True, "cache_read_input_tokens": None, "iterations": [1, None]}
    read = message_usage(json.dumps({"usage": odd}).encode())
    assert read is not None
    assert read.total == Counts()
    half = message_usage(b'{"text": "\\ud83d", "usage": {"input_tokens": 3, "output_tokens": 1}}')
    assert half is not None
    assert half.total == Counts(3, 0, 0, 1)
    assert message_usage(b'{"usage": {"input_tokens": ' + b"1" * 5000 + b"}}") is None
