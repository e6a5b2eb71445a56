"""The scripted Anthropic, seen by the real SDK: its plan, its shapes, its token rule, its faults."""

from __future__ import annotations

from pathlib import Path

import anthropic
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devstack import patient
from devstack.scripted_anthropic import plan, wire
from devstack.scripted_anthropic.__main__ import DEFAULT_SCRIPT
from devstack.testing.gateway import Scripted

NAMES = ("get_today_info", "get_match_status", "scrape_matches", "submit_matches")
TOOLS = [{"name": name, "description": "", "input_schema": {"type": "object"}} for name in NAMES]
PROMPT = "Targets of today:\n- u14-hg-northeast\n- u13-hg-florida\n"


def client(server: Scripted) -> anthropic.Anthropic:
    return anthropic.Anthropic(api_key="k", base_url=server.url, max_retries=0)


def play(server: Scripted, *, stream: bool) -> list[tuple[str, object]]:
    """Runs the daily plan to its end; returns the calls that the model made."""
    messages: list[dict[str, object]] = [{"role": "user", "content": PROMPT}]
    made: list[tuple[str, object]] = []
    while True:
        told = {"model": "claude-sonnet-4-6", "max_tokens": 1000, "messages": messages, "tools": TOOLS}
        if stream:
            with client(server).messages.stream(**told) as answer:
                message = answer.get_final_message()
        else:
            message = client(server).messages.create(**told)
        calls = [block for block in message.content if block.type == "tool_use"]
        made += [(call.name, target) for call in calls for target in call.input["targets"]]
        if message.stop_reason == "end_turn":
            return made
        assert message.stop_reason == "tool_use"
        results = [
            {
                "type": "tool_result",
                "tool_use_id": call.id,
                "content": "\n".join(f"{target}: 3 found" for target in call.input["targets"]),
            }
            for call in calls
        ]
        messages += [{"role": "assistant", "content": message.content}, {"role": "user", "content": results}]


@pytest.mark.parametrize("stream", [False, True])
def test_the_daily_plan_reads_and_submits_every_target_of_the_prompt(
    scripted_anthropic: Scripted, stream: bool
) -> None:
    once = play(scripted_anthropic, stream=stream)
    assert once == [(name, target) for name in NAMES[1:] for target in ("u14-hg-northeast", "u13-hg-florida")]
    assert play(scripted_anthropic, stream=stream) == once


def test_tokens_are_a_quarter_of_the_bytes_received_and_sent(scripted_anthropic: Scripted) -> None:
    scripted_anthropic.knobs(reply="zwölf Zeichen")
    body = '{"model": "m", "max_tokens": 100, "messages": [{"role": "user", "content": "grüß Gott"}]}'.encode()
    answer = patient.post(f"{scripted_anthropic.url}/v1/messages", content=body, headers={"x-api-key": "k"}).json()
    assert answer["usage"]["input_tokens"] == -(-len(body) // 4)
    assert answer["usage"]["output_tokens"] == -(-len("zwölf Zeichen".encode()) // 4)
    (call,) = scripted_anthropic.served()
    assert (call["input_tokens"], call["output_tokens"], call["complete"]) == (-(-len(body) // 4), 4, True)
    counted = patient.post(
        f"{scripted_anthropic.url}/v1/messages/count_tokens", content=body, headers={"authorization": "Bearer k"}
    ).json()
    assert counted == {"input_tokens": -(-len(body) // 4)}
    assert len(scripted_anthropic.served()) == 1


def test_a_marked_prefix_is_written_to_the_cache_once_and_then_read(scripted_anthropic: Scripted) -> None:
    system = [{"type": "text", "text": "rules " * 100, "cache_control": {"type": "ephemeral"}}]
    told = {"model": "m", "max_tokens": 100, "system": system}
    first, second = (
        client(scripted_anthropic).messages.create(**told, messages=[{"role": "user", "content": text}]).usage
        for text in ("one", "two")
    )
    assert first.cache_creation_input_tokens and first.cache_read_input_tokens == 0
    assert second.cache_read_input_tokens == first.cache_creation_input_tokens
    assert second.cache_creation_input_tokens == 0
    assert second.input_tokens == first.input_tokens


def test_streamed_and_plain_answers_say_the_same(scripted_anthropic: Scripted) -> None:
    scripted_anthropic.knobs(reply="ein Satz über Fußball, " * 9, chunk_bytes=7)
    told = {"model": "m", "max_tokens": 500, "messages": [{"role": "user", "content": "x"}]}
    plain = client(scripted_anthropic).messages.create(**told)
    with client(scripted_anthropic).messages.stream(**told) as answer:
        streamed = answer.get_final_message()
    assert [block.text for block in streamed.content] == [block.text for block in plain.content]
    assert streamed.usage.output_tokens == plain.usage.output_tokens


def test_max_tokens_cuts_the_answer(scripted_anthropic: Scripted) -> None:
    scripted_anthropic.knobs(reply="x" * 1000)
    answer = client(scripted_anthropic).messages.create(
        model="m", max_tokens=10, messages=[{"role": "user", "content": "x"}]
    )
    assert answer.stop_reason == "max_tokens"
    assert answer.usage.output_tokens == 10


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "status", "status": 401}, anthropic.AuthenticationError),
        ({"kind": "status", "status": 429, "retry_after": 7}, anthropic.RateLimitError),
        ({"kind": "status", "status": 529}, anthropic.APIStatusError),
        ({"kind": "reset_before"}, anthropic.APIConnectionError),
    ],
)
def test_a_fault_reaches_the_sdk_as_its_own_kind_and_is_then_over(
    scripted_anthropic: Scripted, fault: dict[str, object], error: type[Exception]
) -> None:
    scripted_anthropic.knobs(faults=[fault])
    told = {"model": "m", "max_tokens": 10, "messages": [{"role": "user", "content": "x"}]}
    with pytest.raises(error):
        client(scripted_anthropic).messages.create(**told)
    assert client(scripted_anthropic).messages.create(**told).content[0].text == "Done."
    assert [call["output_tokens"] for call in scripted_anthropic.served()] == [0, 2]


@pytest.mark.parametrize("kind", ["reset", "close", "error_event"])
def test_a_stream_that_breaks_is_served_as_far_as_it_went(scripted_anthropic: Scripted, kind: str) -> None:
    scripted_anthropic.knobs(reply="x" * 400, delta_bytes=40, faults=[{"kind": kind, "after_events": 6}])
    with (
        pytest.raises((anthropic.APIError, httpx2.TransportError)),
        client(scripted_anthropic).messages.stream(
            model="m", max_tokens=400, messages=[{"role": "user", "content": "x"}]
        ) as answer,
    ):
        answer.get_final_message()
    (call,) = scripted_anthropic.served()
    assert (call["output_tokens"], call["complete"]) == (30, False)


def test_only_the_right_key_is_let_in_when_one_is_set(scripted_anthropic: Scripted) -> None:
    scripted_anthropic.knobs(key="right")
    with pytest.raises(anthropic.AuthenticationError):
        client(scripted_anthropic).models.list()
    known = anthropic.Anthropic(api_key="right", base_url=scripted_anthropic.url, max_retries=0)
    assert "claude-sonnet-4-6" in [model.id for model in known.models.list()]


def test_a_script_that_cannot_be_played_says_which_step(tmp_path: Path) -> None:
    script = tmp_path / "s.toml"
    script.write_text('[[step]]\nname = "odd"\nwhem = { turn = 1 }\n')
    with pytest.raises(plan.ScriptError, match="odd: unknown whem"):
        plan.load(script)
    assert plan.load(DEFAULT_SCRIPT)


@given(st.text(), st.integers(1, 50))
def test_pieces_put_together_are_the_text(text: str, size: int) -> None:
    assert "".join(wire.pieces(text, size)) == text
