"""Sessions through the gateway: metrics, kills, ends, and a journal that is written anew."""

from __future__ import annotations

import asyncio
import signal

import aiohttp
import pytest

from devstack.testing.gateway import Gateway
from devstack.testing.gateway_calls import (
    TOLD,
    books,
    post,
)
from devstack.testing.waiting import until_async as until

METRICS = [
    "gen_ai_client_token_usage_bucket",
    "gen_ai_server_request_duration_bucket",
    "gen_ai_server_time_to_first_token_bucket",
    "iron_claw_sessions 1.0",
    "iron_claw_journal_depth",
    'iron_claw_radius_round_trip_seconds_count{request="access",result="accept"} 1.0',
    'iron_claw_settled_calls_total{ending="complete"} 1.0',
]


async def test_the_metrics_have_their_names(gateway: Gateway) -> None:
    async with aiohttp.ClientSession() as session:
        await post(session, gateway, TOLD)
    await until(lambda: "iron_claw_journal_depth{" in gateway.get("/metrics").text)
    shown = gateway.get("/metrics").text
    for name in METRICS:
        assert name in shown


async def test_one_users_kill_touches_no_other(gateway: Gateway) -> None:
    gateway.radius.add_user("bob", "bobs-own-secret", MT_Max_LLM_Calls=2)
    bob = "bob.bobs-own-secret"
    async with aiohttp.ClientSession() as session:
        answers = [await post(session, gateway, TOLD, key) for key in (gateway.key, bob, bob, gateway.key, bob)]
        answers.append(await post(session, gateway, TOLD))
    assert answers == [200, 200, 200, 200, 429, 200]
    gateway.stop()
    assert {a["username"]: a["acctterminatecause"] for a in gateway.accounts()} == {
        "ann": "Admin-Reboot",
        "bob": "NAS-Request",
    }


@pytest.mark.parametrize("gateway", [{"IRON_CLAW_DRAIN_S": "10"}], indirect=True)
async def test_sigterm_lets_streams_end_settles_them_and_stops_the_sessions(gateway: Gateway) -> None:
    gateway.upstream.knobs(reply="r" * 400, hold=True)
    async with aiohttp.ClientSession() as session:
        stream = asyncio.create_task(post(session, gateway, {**TOLD, "stream": True}))
        await until(lambda: any(call["output_tokens"] > 1 for call in gateway.upstream.served()))
        gateway.signal(signal.SIGTERM)
        await until(lambda: "draining" in gateway.events())
        gateway.upstream.knobs(hold=False)
        assert await stream == 200
    assert gateway.stop() == 0
    assert [call["ending"] for call in gateway.calls()] == ["complete"]
    assert books(gateway) == (gateway.upstream.served_tokens(),) * 3


async def test_sessions_end_when_they_are_idle_and_when_their_time_is_over(gateway: Gateway) -> None:
    gateway.grant(Idle_Timeout=1)
    gateway.radius.add_user("bob", "bobs-own-secret", Session_Timeout=2)
    async with aiohttp.ClientSession() as session:
        for key in (gateway.key, "bob.bobs-own-secret"):
            assert await post(session, gateway, TOLD, key) == 200
    await until(lambda: [account["acctstoptime"] is not None for account in gateway.accounts()] == [True, True])
    assert {a["username"]: a["acctterminatecause"] for a in gateway.accounts()} == {
        "ann": "Idle-Timeout",
        "bob": "Session-Timeout",
    }


@pytest.mark.parametrize("gateway", [{"IRON_CLAW_JOURNAL_MAX_BYTES": "4000"}], indirect=True)
async def test_a_journal_that_is_written_anew_while_a_stream_runs_forgets_nothing(gateway: Gateway) -> None:
    gateway.upstream.knobs(reply="r" * 400, hold=True)
    async with aiohttp.ClientSession() as session:
        stream = asyncio.create_task(post(session, gateway, {**TOLD, "stream": True}))
        await until(lambda: any(call["output_tokens"] > 1 for call in gateway.upstream.served()))
        for _ in range(12):
            assert await post(session, gateway, TOLD) == 200
        await until(lambda: len(list(gateway.state.glob("journal-*.jsonl"))) >= 1)
        gateway.kill()
        assert await stream == 0
    gateway.start()
    gateway.stop()
    journal, radacct, stored = books(gateway)
    assert journal == radacct == stored
    assert journal[0] == gateway.upstream.served_tokens()[0]
