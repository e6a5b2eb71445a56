"""Real clients through the gateway: the anthropic SDK, pydantic-ai and curl. Each gets what upstream said, and what it
was told it used is what the gateway's books hold."""

from __future__ import annotations

import json
import subprocess
from collections.abc import AsyncIterable
from typing import Any

import anthropic
import pytest
from pydantic_ai import Agent, RunUsage
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.providers.anthropic import AnthropicProvider

from devstack.testing.gateway import Gateway

MODEL = "claude-sonnet-4-6"
HELLO: Any = {"model": MODEL, "max_tokens": 200, "messages": [{"role": "user", "content": "Hello there"}]}
PROMPT = "Targets of today: u14-hg-northeast, u13-hg-florida"
NAMES = ("get_match_status", "scrape_matches", "submit_matches")
TOOLS: Any = [{"name": name, "description": "", "input_schema": {"type": "object"}} for name in NAMES]
COUNTS = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")


def sdk(gateway: Gateway) -> anthropic.Anthropic:
    """With its own defaults: it repeats what it takes for a passing trouble."""
    return anthropic.Anthropic(api_key=gateway.key, base_url=gateway.url)


def told(usage: anthropic.types.Usage) -> list[int]:
    """The four counts of an answer."""
    return [getattr(usage, name) or 0 for name in COUNTS]


def booked(gateway: Gateway) -> list[list[int]]:
    """The four counts of each call in llm_calls; the gateway is stopped for it."""
    gateway.stop()
    names = ("input_tokens", "cache_write_tokens", "cache_read_tokens", "output_tokens")
    return [[call[name] for name in names] for call in gateway.calls()]


def answer(gateway: Gateway, stream: bool, **request: Any) -> anthropic.types.Message:
    if not stream:
        return sdk(gateway).messages.create(**request)
    with sdk(gateway).messages.stream(**request) as running:
        return running.get_final_message()


def conversation(gateway: Gateway, stream: bool) -> tuple[list[list[int]], list[tuple[str, tuple[str, ...]]]]:
    """The daily plan to its end: the counts of each answer, and the tools that were called."""
    messages: list[Any] = [{"role": "user", "content": PROMPT}]
    used, calls = [], []
    while True:
        said = answer(gateway, stream, model=MODEL, max_tokens=1000, messages=messages, tools=TOOLS)
        used.append(told(said.usage))
        asked = [block for block in said.content if block.type == "tool_use"]
        calls += [(block.name, tuple(block.input["targets"])) for block in asked]
        if said.stop_reason == "end_turn":
            return used, calls
        results = [
            {"type": "tool_result", "tool_use_id": block.id, "content": "u14-hg-northeast: 3 found"} for block in asked
        ]
        messages += [{"role": "assistant", "content": said.content}, {"role": "user", "content": results}]


def test_the_anthropic_sdk_uses_tools_to_the_end_of_a_conversation(gateway: Gateway) -> None:
    both = ("u14-hg-northeast", "u13-hg-florida")
    plain, streamed = conversation(gateway, False), conversation(gateway, True)
    assert plain[1] == streamed[1] == [(NAMES[0], both), (NAMES[1], both), (NAMES[2], both[:1])]
    assert booked(gateway) == plain[0] + streamed[0]


def test_the_anthropic_sdk_caches_a_prompt_and_each_count_is_booked_apart(gateway: Gateway) -> None:
    system = [{"type": "text", "text": "The rules of the league. " * 100, "cache_control": {"type": "ephemeral"}}]
    used = [told(answer(gateway, stream, **HELLO, system=system).usage) for stream in (False, True, False)]
    assert [counts[1] for counts in used] == [used[0][1], 0, 0]
    assert [counts[2] for counts in used] == [0, used[0][1], used[0][1]]
    assert used[0][1] > 0
    assert booked(gateway) == used


def test_the_anthropic_sdk_counts_tokens_lists_models_and_pays_nothing_for_it(gateway: Gateway) -> None:
    client = sdk(gateway)
    counted = client.messages.count_tokens(model=MODEL, messages=HELLO["messages"], tools=TOOLS).input_tokens
    assert counted > client.messages.count_tokens(model=MODEL, messages=HELLO["messages"]).input_tokens > 0
    assert MODEL in [model.id for model in client.models.list()]
    status = gateway.get("/status").json()
    assert (status["tokens_used"], status["llm_calls"], status["cost_micro_usd"]) == (0, 0, 0)
    with pytest.raises(anthropic.AuthenticationError):
        anthropic.Anthropic(api_key=f"{gateway.user}.wrong", base_url=gateway.url).models.list()
    assert booked(gateway) == []


def test_the_anthropic_sdk_repeats_an_overload_and_each_try_is_settled(gateway: Gateway) -> None:
    gateway.upstream.knobs(faults=[{"kind": "status", "status": 529, "retry_after": 0}])
    assert sdk(gateway).messages.create(**HELLO).stop_reason == "end_turn"
    gateway.stop()
    assert [(call["status"], call["ending"]) for call in gateway.calls()] == [
        (529, "upstream_error"),
        (200, "complete"),
    ]


def test_the_anthropic_sdk_does_not_wait_out_a_kill(gateway: Gateway) -> None:
    gateway.grant(MT_Max_LLM_Calls=1)
    client = sdk(gateway)
    client.messages.create(**HELLO)
    with pytest.raises(anthropic.RateLimitError, match="all 1 calls of the session are used"):
        client.messages.create(**HELLO)
    assert 'iron_claw_refusals_total{reason="kill"} 1.0' in gateway.get("/metrics").text
    assert len(gateway.upstream.served()) == 1


def agent_of(gateway: Gateway) -> Agent[None, str]:
    """pydantic-ai with the daily script's tools, as the SDK's own defaults let it run."""
    client = anthropic.AsyncAnthropic(api_key=gateway.key, base_url=gateway.url)
    agent = Agent(
        AnthropicModel(MODEL, provider=AnthropicProvider(anthropic_client=client)),
        model_settings={"max_tokens": 1000},
    )

    @agent.tool_plain
    def get_match_status(targets: list[str]) -> str:
        return "nothing known"

    @agent.tool_plain
    def scrape_matches(targets: list[str]) -> str:
        return "\n".join(f"{target}: 3 found" for target in targets)

    @agent.tool_plain
    def submit_matches(targets: list[str]) -> str:
        return f"{len(targets)} submitted"

    return agent


async def _read(_: Any, events: AsyncIterable[Any]) -> None:
    async for _event in events:
        pass


async def test_pydantic_ai_runs_an_agent_and_its_usage_is_the_gateways(gateway: Gateway) -> None:
    gateway.grant(MT_Token_Budget=100_000)
    usage = RunUsage()
    for handler in (None, _read):
        run = await agent_of(gateway).run(PROMPT, usage=usage, event_stream_handler=handler)
        assert run.output == "Done."
    status = gateway.get("/status").json()
    assert (usage.requests, usage.input_tokens, usage.output_tokens) == (
        status["llm_calls"],
        status["tokens_in"],
        status["tokens_out"],
    )
    assert (usage.requests, usage.tool_calls) == (8, 6)
    assert [call["stream"] for call in gateway.upstream.served()] == [False] * 4 + [True] * 4
    assert booked(gateway) == [[call[name] for name in COUNTS] for call in gateway.upstream.served()]


async def test_pydantic_ai_ends_at_a_kill_at_once_and_knows_what_was_used(gateway: Gateway) -> None:
    gateway.grant(MT_Max_LLM_Calls=2)
    usage = RunUsage()
    with pytest.raises(ModelHTTPError) as refused:
        await agent_of(gateway).run(PROMPT, usage=usage)
    assert refused.value.status_code == 429
    status = gateway.get("/status").json()
    assert (status["action"], status["llm_calls"], status["tokens_in"]) == ("kill", 2, usage.input_tokens)


def curl(gateway: Gateway, *options: str, **request: Any) -> subprocess.CompletedProcess[str]:
    """curl as a person types it; the request's body from stdin."""
    sent = ["-H", "content-type: application/json", "-d", "@-", f"{gateway.url}/v1/messages"]
    return subprocess.run(
        ["curl", "-sS", "--noproxy", "*", *options, *sent],
        input=json.dumps({**HELLO, **request}),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_curl_gets_an_answer_with_either_header(gateway: Gateway) -> None:
    for header in ("x-api-key: {}", "Authorization: Bearer {}"):
        done = curl(gateway, "--fail-with-body", "-H", header.format(gateway.key))
        assert (done.returncode, json.loads(done.stdout)["content"][0]["text"]) == (0, "Done.")
    assert booked(gateway) == [[call[name] for name in COUNTS] for call in gateway.upstream.served()]


def test_curl_gets_a_stream_to_its_end(gateway: Gateway) -> None:
    gateway.upstream.knobs(reply="A fine day for a match. " * 20)
    done = curl(gateway, "-N", "-H", f"x-api-key: {gateway.key}", stream=True)
    events = [line.removeprefix("event: ") for line in done.stdout.splitlines() if line.startswith("event: ")]
    assert (done.returncode, events[0], events[-1]) == (0, "message_start", "message_stop")
    deltas = [json.loads(line[6:])["delta"] for line in done.stdout.splitlines() if '"text_delta"' in line]
    assert "".join(delta["text"] for delta in deltas) == "A fine day for a match. " * 20
    assert booked(gateway) == [[call[name] for name in COUNTS] for call in gateway.upstream.served()]


def test_curl_sees_a_cut_stream_as_an_error_and_a_refusal_as_one_with_its_reason(gateway: Gateway) -> None:
    gateway.upstream.knobs(reply="x" * 400, faults=[{"kind": "reset", "after_events": 9}])
    assert curl(gateway, "-N", "-H", f"x-api-key: {gateway.key}", stream=True).returncode == 18  # a partial file
    refused = curl(gateway, "--fail-with-body", "-H", "x-api-key: nobody.at-all")
    assert (refused.returncode, json.loads(refused.stdout)["error"]["type"]) == (22, "authentication_error")
