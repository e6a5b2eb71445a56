"""What the gateway lets out and what it refuses, by what is known of the Messages API, and what it reserves for it."""

from __future__ import annotations

import json

import httpx
import pytest

from devstack.testing.gateway import Gateway
from iron_claw.metered import estimate

TOLD = {"model": "claude-sonnet-4-6", "max_tokens": 200, "messages": [{"role": "user", "content": "Hello there"}]}


def post(gateway: Gateway, body: object, *, key: str | None = None, **headers: str) -> httpx.Response:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"x-api-key": key or gateway.key, "content-type": "application/json", **headers}
    return httpx.post(f"{gateway.url}/v1/messages", content=data, headers=sent, trust_env=False, timeout=30)


def said(*blocks: object) -> dict[str, object]:
    return {"messages": [{"role": "user", "content": list(blocks)}]}


ELSEWHERE = {"type": "url", "url": "https://example.org/long.pdf"}
UPLOADED = {"type": "file", "file_id": "file_1"}
PACKED = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}
UNMETERED: list[tuple[dict[str, object], str]] = [
    (said({"type": "document", "source": ELSEWHERE}), "messages.0.content.0.source"),
    (said({"type": "text", "text": "?"}, {"type": "image", "source": UPLOADED}), "messages.0.content.1.source"),
    (said({"type": "document", "source": PACKED}), "messages.0.content.0.source"),
    (said({"type": "container_upload", "file_id": "file_1"}), "messages.0.content.0"),
    (
        said({"type": "tool_result", "tool_use_id": "t", "content": [{"type": "image", "source": ELSEWHERE}]}),
        "messages.0.content.0.content.0.source",
    ),
    (
        said({"type": "document", "source": {"type": "content", "content": [{"type": "image", "source": ELSEWHERE}]}}),
        "messages.0.content.0.source.content.0.source",
    ),
    ({"system": [{"type": "document", "source": ELSEWHERE}]}, "system.0.source"),
    (
        {"tools": [{"name": "own", "input_schema": {}}, {"type": "web_search_20250305", "name": "web_search"}]},
        "tools.1",
    ),
    ({"tools": [{"type": "code_execution_20250825", "name": "code_execution"}]}, "tools.0"),
    ({"mcp_servers": [{"type": "url", "url": "https://example.org", "name": "m"}]}, "mcp_servers"),
    ({"container": "container_1"}, "container"),
]


@pytest.mark.parametrize(
    "gateway", [{}, {"IRON_CLAW_POLICY_MODE": "monitor"}], indirect=True, ids=["enforce", "monitor"]
)
def test_what_costs_more_than_its_bytes_show_cannot_be_metered_and_is_refused(gateway: Gateway) -> None:
    for more, place in UNMETERED:
        refused = post(gateway, {**TOLD, **more})
        assert refused.status_code == 400, (more, refused.text)
        assert refused.json()["error"]["type"] == "invalid_request_error"
        assert refused.json()["error"]["message"].startswith(f"{place}: "), refused.text
        assert "cannot be metered" in refused.json()["error"]["message"]
    assert gateway.upstream.served() == []
    assert gateway.get("/status").json()["tokens_reserved"] == 0


SCHEMA = {"type": "object", "properties": {"source": {"type": "url"}}}
PICTURE_DATA = "iVBORw0KGgo="
PICTURE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PICTURE_DATA}}
NOTE = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "a note"}}
USED = [
    {"role": "user", "content": "Look"},
    {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "look", "input": {"source": ELSEWHERE}}]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": [PICTURE]}]},
]
ALLOWED: list[tuple[dict[str, object], int, int]] = [
    ({"tools": []}, 0, 0),
    ({"container": None, "stream": None}, 0, 0),
    (said(NOTE), 0, 0),
    ({"tools": [{"name": "look", "input_schema": SCHEMA}]}, 1000, 0),
    ({"tools": [{"type": "custom", "name": name, "input_schema": SCHEMA} for name in "abc"]}, 1000, 0),
    ({"tools": [{"type": "bash_20250124", "name": "bash"}]}, 1500, 0),
    (said(PICTURE, PICTURE), 10_000, 2),
    ({"messages": USED, "tools": [{"name": "look", "input_schema": SCHEMA}]}, 6000, 1),
]


@pytest.mark.parametrize(("more", "hidden", "pictures"), ALLOWED)
def test_tools_and_pictures_are_reserved_with_what_they_cost_beside_their_bytes(
    gateway: Gateway, more: dict[str, object], hidden: int, pictures: int
) -> None:
    body = json.dumps({**TOLD, **more}).encode()
    worst = estimate(body, 2) + hidden - pictures * estimate(PICTURE_DATA.encode(), 2) + 200
    gateway.grant(MT_Token_Budget=worst - 1)
    refused = post(gateway, body)
    assert (refused.status_code, refused.json()["error"]["max_tokens"]) == (429, 199)
    gateway.end_session()
    gateway.grant(MT_Token_Budget=worst)
    assert post(gateway, body).status_code == 200


def test_a_thread_is_refused_so_that_the_sdks_tool_runner_goes_on_with_the_whole_history(
    gateway: Gateway,
) -> None:
    gateway.grant(MT_Token_Budget=20_000)
    refused = post(gateway, {**TOLD, "thread": {"type": "continue", "previous_message_id": "msg_0"}})
    error = refused.json()["error"]
    assert (refused.status_code, error["type"]) == (400, "invalid_request_error")
    assert error["details"] == {"error_code": "thread_unsupported_request", "unsupported": ["thread"]}
    assert gateway.upstream.served() == []


def test_a_beta_feature_that_is_not_known_is_refused_by_name(gateway: Gateway) -> None:
    known = {"anthropic-beta": "context-1m-2025-08-07,interleaved-thinking-2025-05-14"}
    assert post(gateway, TOLD, **known).status_code == 200
    refused = post(gateway, TOLD, **{"anthropic-beta": "context-1m-2025-08-07, from-the-future-2030-01-01"})
    assert (refused.status_code, "from-the-future-2030-01-01" in refused.text) == (400, True)


def test_a_fallback_is_held_to_the_grant_and_reserved_with_its_own_max_tokens(gateway: Gateway) -> None:
    gateway.grant(MT_Token_Budget=20_000, MT_Model_Allowed="claude-haiku-4-5")
    ask = {**TOLD, "model": "claude-haiku-4-5"}
    for other in ([{"model": "claude-opus-4-8", "max_tokens": 64_000}], "default"):
        assert post(gateway, {**ask, "fallbacks": other}).status_code == 403
    large = post(gateway, {**ask, "fallbacks": [{"model": "claude-haiku-4-5", "max_tokens": 64_000}]})
    assert large.status_code == 429
    assert gateway.upstream.served() == []
    small = {**ask, "fallbacks": [{"model": "claude-haiku-4-5", "max_tokens": 300}]}
    assert post(gateway, small).status_code == 200


def test_a_call_that_fills_the_cache_and_generates_nothing_is_let_out(gateway: Gateway) -> None:
    assert post(gateway, {**TOLD, "max_tokens": 0}).status_code == 200
    assert gateway.get("/status").json()["tokens_reserved"] == 0


def test_a_number_of_thousands_of_digits_is_refused(gateway: Gateway) -> None:
    body = json.dumps({**TOLD, "metadata": {"n": 0}}).replace('"n": 0', '"n": ' + "1" * 5000).encode()
    refused = post(gateway, body)
    assert (refused.status_code, refused.json()["error"]["type"]) == (400, "invalid_request_error")
