"""The ladder through the gateway: what each rung rewrites, refuses and says."""

from __future__ import annotations

import re

import httpx
import pytest

from devstack import patient
from devstack.testing.gateway import Gateway
from devstack.testing.gateway_calls import (
    TOLD,
    worst_case,
)


@pytest.mark.parametrize(
    "gateway", [{"IRON_CLAW_MODEL_MAP": '{"claude-sonnet-4-6": "claude-haiku-4-5"}'}], indirect=True
)
def test_only_model_and_max_tokens_are_rewritten_and_a_header_says_so(gateway: Gateway) -> None:
    gateway.upstream.knobs(reply="q" * 4000)
    asked = {**TOLD, "max_tokens": 20}
    worst = worst_case(asked)
    gateway.grant(MT_Token_Budget=worst * 10)
    seen: dict[str, httpx.Response] = {}
    while "kill" not in seen:
        answer = patient.post(f"{gateway.url}/v1/messages", json=asked, headers={"x-api-key": gateway.key})
        action = answer.headers.get("x-iron-claw-action", "kill" if answer.status_code == 429 else "none")
        seen.setdefault(action, answer)
    assert list(seen) == ["none", "downgrade", "reduce", "kill"]
    assert "x-iron-claw-rewritten" not in seen["none"].headers
    assert seen["downgrade"].headers["x-iron-claw-rewritten"] == "model=claude-sonnet-4-6->claude-haiku-4-5"
    assert seen["downgrade"].json()["model"] == "claude-haiku-4-5"
    assert re.search("model=.*; max_tokens=20->", seen["reduce"].headers["x-iron-claw-rewritten"])
    assert sum(gateway.upstream.served_tokens()) <= worst * 10
    rewritten = [call for call in gateway.upstream.served() if call["model"] == "claude-haiku-4-5"]
    assert gateway.get("/status").json()["llm_calls_rewritten"] == len(rewritten) > 0


LADDER = {
    "IRON_CLAW_DOWNGRADE_PCT": "20",
    "IRON_CLAW_REDUCE_PCT": "50",
    "IRON_CLAW_REDUCE_MAX_TOKENS": "7",
    "IRON_CLAW_MODEL_MAP": '{"claude-sonnet-*": "claude-haiku-4-5\\r\\nx-forged: yes"}',
}


@pytest.mark.parametrize("gateway", [LADDER], indirect=True)
def test_the_ladders_rungs_and_its_model_map_are_settings(gateway: Gateway) -> None:
    gateway.upstream.knobs(reply="q" * 400)
    gateway.grant(MT_Token_Budget=1000)
    seen: dict[str, str] = {}
    while len(seen) < 2:
        answer = patient.post(f"{gateway.url}/v1/messages", json=TOLD, headers={"x-api-key": gateway.key})
        assert "x-forged" not in answer.headers
        used = gateway.get("/status").json()["budget_pct"]
        if action := answer.headers.get("x-iron-claw-action"):
            assert used >= {"downgrade": 20, "reduce": 50}[action]
            seen.setdefault(action, answer.headers["x-iron-claw-rewritten"])
    model = "model=claude-sonnet-4-6->claude-haiku-4-5??x-forged: yes"
    assert seen == {"downgrade": model, "reduce": f"{model}; max_tokens=100->7"}


def test_a_rewrite_that_the_smaller_model_would_not_take_is_refused_with_what_it_takes(gateway: Gateway) -> None:
    gateway.upstream.knobs(reply="q" * 4 * 75_000)
    gateway.grant(MT_Token_Budget=300_000)
    for max_tokens, status in ((70_000, 200), (75_000, 200), (70_000, 200), (64_001, 429), (64_000, 200)):
        answer = patient.post(
            f"{gateway.url}/v1/messages",
            json={**TOLD, "model": "claude-opus-4-8", "max_tokens": max_tokens},
            headers={"x-api-key": gateway.key},
        )
        assert answer.status_code == status, answer.text
        if max_tokens == 64_001:
            assert answer.json()["error"]["max_tokens"] == 64_000


@pytest.mark.parametrize("gateway", [{"IRON_CLAW_POLICY_MODE": "monitor"}], indirect=True)
def test_monitor_mode_decides_logs_and_counts_the_same_and_changes_nothing(gateway: Gateway) -> None:
    gateway.upstream.knobs(reply="q" * 4000)
    gateway.grant(MT_Token_Budget=worst_case(TOLD) * 3)
    answers = [
        patient.post(f"{gateway.url}/v1/messages", json=TOLD, headers={"x-api-key": gateway.key}) for _ in range(8)
    ]
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["model"] for answer in answers} == {"claude-sonnet-4-6"}
    assert not any("x-iron-claw-rewritten" in answer.headers for answer in answers)
    status = gateway.get("/status").json()
    assert (status["action"], status["policy_mode"], status["llm_calls"]) == ("kill", "monitor", 8)
    metrics = gateway.get("/metrics").text
    assert 'iron_claw_ladder_actions_total{action="kill",mode="monitor"}' in metrics
    assert "refused" in gateway.events()
