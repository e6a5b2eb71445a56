"""The bars that the gateway must hold, each a named test (5 and 7 stand in test_gateway.py, 8 in benchmarks/)."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import psycopg
import pytest
from psycopg import sql

from devstack import patient
from devstack.gateway_testing import Gateway, until
from iron_claw.metered import estimate

TOLD = {"model": "claude-sonnet-4-6", "max_tokens": 100, "messages": [{"role": "user", "content": "Hello there"}]}
NAMES = ("input_tokens", "cache_write_tokens", "cache_read_tokens", "output_tokens")
CRASH_SLACK_TOKENS = 4096 // 4
"""A stream that a crash cut is charged what the journal last knew: under 4 KB of events behind, framing and all."""


def reservation(body: dict[str, Any]) -> tuple[int, int]:
    """(in, out) that is held for a call."""
    return estimate(json.dumps(body).encode(), 2), int(body["max_tokens"])


def worst_case(body: dict[str, Any]) -> int:
    return sum(reservation(body))


def user_of(key: str) -> str:
    return key.partition(".")[0]


async def post(session: aiohttp.ClientSession, gateway: Gateway, body: dict[str, Any], key: str | None = None) -> int:
    """One call, read to its end; its status, 0 when it broke. Upstream sees the user as its request id."""
    try:
        async with session.post(
            f"{gateway.url}/v1/messages",
            data=json.dumps(body).encode(),
            headers={"x-api-key": key or gateway.key, "x-request-id": user_of(key or gateway.key)},
        ) as answer:
            await answer.read()
            return answer.status
    except aiohttp.ClientError:
        return 0


def journal_totals(folder: Path) -> dict[str, int]:
    """Every settled call of all journal files once, summed by count."""
    settled: dict[str, dict[str, int]] = {}
    for file in folder.glob("journal*.jsonl"):
        for line in file.read_text().splitlines():
            record = json.loads(line)
            if record["k"] == "settle":
                assert settled.setdefault(record["call"], record["counts"]) == record["counts"]
    return {name: sum(counts[name] for counts in settled.values()) for name in NAMES} | {"calls": len(settled)}


def books(gateway: Gateway) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    """(in, out) as the journal, radacct and llm_calls have it."""
    journal = journal_totals(gateway.state)
    accounts, calls = gateway.accounts(), gateway.calls()
    return (
        (sum(journal[name] for name in NAMES[:3]), journal["output_tokens"]),
        (sum(a["acctinputoctets"] for a in accounts), sum(a["acctoutputoctets"] for a in accounts)),
        (sum(c[name] for c in calls for name in NAMES[:3]), sum(c["output_tokens"] for c in calls)),
    )


async def test_bar_1_two_hundred_parallel_calls_on_a_budget_for_forty_never_pass_it(gateway: Gateway) -> None:
    budget = worst_case(TOLD) * 40
    gateway.grant(MT_Token_Budget=budget)
    gateway.upstream.knobs(reply="x" * 4000)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        statuses = await asyncio.gather(*(post(session, gateway, TOLD) for _ in range(200)))
    assert set(statuses) == {200, 429}
    assert sum(gateway.upstream.served_tokens()) <= budget
    metrics = gateway.get("/metrics").text
    assert "iron_claw_reserved_tokens 0.0" in metrics
    assert "iron_claw_reservations 0.0" in metrics
    gateway.stop()
    assert books(gateway) == (gateway.upstream.served_tokens(),) * 3


ENDINGS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"kind": "status", "status": 400}, {}, "upstream_error"),
    ({"kind": "status", "status": 529}, {"stream": True}, "upstream_error"),
    ({"kind": "reset_before"}, {}, "upstream_cut"),
    ({"kind": "reset_before"}, {"stream": True}, "upstream_cut"),
    ({"kind": "nonsense"}, {}, "nonsense"),
    ({"kind": "reset", "after_events": 9}, {"stream": True}, "upstream_cut"),
    ({"kind": "close", "after_events": 9}, {"stream": True}, "upstream_cut"),
    ({"kind": "error_event", "after_events": 9}, {"stream": True}, "stream_error"),
    ({"kind": "hang", "skip": 1}, {"stream": True}, "complete"),
    ({"kind": "hang"}, {}, "upstream_timeout"),
    ({"kind": "hang"}, {"stream": True}, "upstream_timeout"),
]


@pytest.mark.parametrize("gateway", [{"IRON_CLAW_UPSTREAM_READ_TIMEOUT_S": "5"}], indirect=True)
async def test_bar_2_every_ending_settles_once_to_what_was_used(gateway: Gateway) -> None:
    gateway.upstream.knobs(reply="w" * 1000, delta_bytes=40)
    async with aiohttp.ClientSession() as session:
        for fault, more, _ in ENDINGS:
            gateway.upstream.knobs(faults=[fault])
            await post(session, gateway, {**TOLD, "max_tokens": 500, **more})
            assert gateway.get("/status").json()["tokens_reserved"] == 0, fault
    gateway.stop()
    calls = gateway.calls()
    assert [call["ending"] for call in calls] == [ending for _, _, ending in ENDINGS]
    for call, served, (_, more, _) in zip(calls, gateway.upstream.served(), ENDINGS, strict=True):
        used = (call["input_tokens"], call["output_tokens"])
        if served["status"] == 0:  # nobody saw what upstream generated: the reservation is charged
            assert (used, call["estimated"]) == (reservation({**TOLD, "max_tokens": 500, **more}), True)
        else:
            assert used == (served["input_tokens"], served["output_tokens"]), call["ending"]
    journal, radacct, stored = books(gateway)
    assert journal == radacct == stored


@pytest.mark.parametrize("gateway", [{"IRON_CLAW_DRAIN_S": "1"}], indirect=True)
@pytest.mark.parametrize(("end", "ending"), [(Gateway.kill, "crash"), (Gateway.stop, "shutdown")])
async def test_bar_2_a_plain_call_whose_answer_nobody_saw_is_charged_its_reservation(
    gateway: Gateway, end: Callable[[Gateway], object], ending: str
) -> None:
    gateway.upstream.knobs(faults=[{"kind": "hang"}])
    async with aiohttp.ClientSession() as session:
        call = asyncio.create_task(post(session, gateway, TOLD))
        await until(lambda: len(gateway.upstream.served()) == 1)
        await asyncio.to_thread(end, gateway)
        assert await call in (0, 500)
    gateway.start()
    gateway.stop()
    assert [(call["ending"], call["estimated"]) for call in gateway.calls()] == [(ending, True)]
    assert books(gateway) == (reservation(TOLD),) * 3


@contextmanager
def full_backlog() -> Iterator[int]:
    """A port that answers no more connections: its queue is full and nobody takes one out."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, ExitStack() as waiting:
        for _ in range(8):
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(server.getsockname())
        yield server.getsockname()[1]


@pytest.mark.parametrize("gateway", [{"IRON_CLAW_UPSTREAM_CONNECT_TIMEOUT_S": "1"}], indirect=True)
async def test_bar_2_a_call_that_never_reached_upstream_is_free(gateway: Gateway) -> None:
    gateway.upstream.stop()
    with full_backlog() as port:
        for url in (gateway.upstream.url, f"http://127.0.0.1:{port}"):
            gateway.stop()
            gateway.environment["IRON_CLAW_UPSTREAM_URL"] = url
            gateway.start()
            async with aiohttp.ClientSession() as session:
                assert await post(session, gateway, TOLD) == 502
        gateway.stop()
    assert [(call["ending"], call["estimated"]) for call in gateway.calls()] == [("upstream_unreachable", False)] * 2
    assert books(gateway) == ((0, 0),) * 3


async def read_stream(
    session: aiohttp.ClientSession, gateway: Gateway, body: dict[str, Any], letters: int, reached: asyncio.Event
) -> None:
    """A stream of the letter Z, until it breaks; says when so many have come."""
    seen = 0
    with suppress(aiohttp.ClientError):
        async with session.post(f"{gateway.url}/v1/messages", json=body, headers={"x-api-key": gateway.key}) as answer:
            async for chunk in answer.content.iter_any():
                seen += chunk.count(b"Z")
                if seen >= letters:
                    reached.set()


async def test_bar_2_a_kill_9_amid_fifty_streams_loses_nothing(gateway: Gateway) -> None:
    sent = 16_000
    gateway.upstream.knobs(reply="Z" * 20_000, delta_bytes=160, hold=True, hold_after=sent)
    body = {**TOLD, "max_tokens": 6000, "stream": True}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        assert await post(session, gateway, {**TOLD, "stream": False}) == 200
        reached = [asyncio.Event() for _ in range(50)]
        streams = [asyncio.create_task(read_stream(session, gateway, body, sent, event)) for event in reached]
        async with asyncio.timeout(60):
            await asyncio.gather(*(event.wait() for event in reached))
        assert gateway.get("/health").status_code == 200  # what came before this is read, and written down
        gateway.kill()
        await asyncio.gather(*streams)
    gateway.start()
    gateway.stop()
    journal, radacct, stored = books(gateway)
    assert journal == radacct == stored
    assert journal[0] == gateway.upstream.served_tokens()[0]
    plain, *cut = gateway.calls()
    assert (plain["ending"], plain["output_tokens"]) == ("complete", 100)
    assert [call["ending"] for call in cut] == ["crash"] * 50
    tokens = [call["output_tokens"] for call in cut]
    assert sent // 4 - CRASH_SLACK_TOKENS < min(tokens) <= max(tokens) <= sent // 4
    accounts = gateway.accounts()
    assert [account["acctterminatecause"] for account in accounts] == ["NAS-Reboot"]
    assert accounts[0]["acctstoptime"] is not None


SECONDS = [3.0, pytest.param(60.0, marks=pytest.mark.faults)]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seconds", SECONDS)
@pytest.mark.parametrize("what", ["freeradius", "database"])
async def test_bar_2_no_record_is_lost_or_doubled_while_accounting_is_away_under_load(
    gateway: Gateway, what: str, seconds: float
) -> None:
    gateway.upstream.knobs(reply="o" * 4000)
    limited = [f"{name}.a-long-enough-secret" for name in ("bob", "cid", "dan")]
    for key in limited:
        gateway.radius.add_user(user_of(key), key.partition(".")[2], MT_Token_Budget=worst_case(TOLD) * 30)
    deadline = asyncio.get_running_loop().time() + seconds

    async def load(session: aiohttp.ClientSession) -> set[int]:
        statuses = set()
        while asyncio.get_running_loop().time() < deadline:
            statuses.add(await post(session, gateway, TOLD))
        return statuses

    async def use_up(session: aiohttp.ClientSession, key: str) -> int:
        while (status := await post(session, gateway, TOLD, key)) == 200:
            pass
        return status

    async with aiohttp.ClientSession() as session:
        for key in (gateway.key, *limited):
            assert await post(session, gateway, TOLD, key) == 200
        await until(lambda: not unanswered(gateway))
        _away(gateway, what, True)
        used_up, *loads = await asyncio.gather(
            asyncio.gather(*(use_up(session, key) for key in limited)), *(load(session) for _ in range(8))
        )
        assert used_up == [429] * len(limited)
        assert set().union(*loads) == {200}
        told = [(record["user"], record["type"]) for record in gateway.records() if record["k"] == "acct"]
        waiting = [(record["user"], record["type"]) for record in unanswered(gateway)]
        for user in map(user_of, limited):  # two rungs and the kill, all of them while nobody answered
            kinds = [kind for name, kind in told if name == user]
            assert kinds == ["Start", "Interim-Update", "Interim-Update", "Stop"]
            assert (user, "Stop") in waiting
        _away(gateway, what, False)
    gateway.stop()
    served = gateway.upstream.served_tokens()
    assert books(gateway) == (served, served, served)
    assert len(gateway.calls()) == gateway.upstream.totals()["calls"]
    by_user = {user_of(key): [0, 0] for key in (gateway.key, *limited)}
    for call in gateway.upstream.served():
        used = by_user[call["headers"]["x-request-id"]]
        used[0] += call["input_tokens"]
        used[1] += call["output_tokens"]
    accounts = {a["username"]: [a["acctinputoctets"], a["acctoutputoctets"]] for a in gateway.accounts()}
    assert accounts == by_user
    causes = {account["username"]: account["acctterminatecause"] for account in gateway.accounts()}
    assert causes == {gateway.user: "Admin-Reboot"} | dict.fromkeys(map(user_of, limited), "NAS-Request")
    assert len(gateway.accounts()) == len(by_user)


def unanswered(gateway: Gateway) -> list[dict[str, Any]]:
    """The journal's records for RADIUS without an answer."""
    records = gateway.records()
    answered = {record["id"] for record in records if record["k"] == "acked"}
    return [record for record in records if record["k"] == "acct" and record["id"] not in answered]


def _away(gateway: Gateway, what: str, away: bool) -> None:
    """Takes FreeRADIUS or the test's database away, or gives it back."""
    if what == "database":
        _allow(gateway, not away)
    elif away:
        gateway.radius.stop()
    else:
        gateway.radius.start()


def _allow(gateway: Gateway, yes: bool) -> None:
    """Lets everybody into the test's database, or throws everybody out."""
    name = gateway.radius.database.name
    with psycopg.connect(gateway.radius.database.server.superuser_dsn(), autocommit=True) as admin:
        query = sql.SQL("alter database {} allow_connections {}")
        admin.execute(query.format(sql.Identifier(name), sql.SQL("true" if yes else "false")))
        if not yes:
            admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])


@pytest.mark.parametrize(
    "gateway", [{"IRON_CLAW_MODEL_MAP": '{"claude-sonnet-4-6": "claude-haiku-4-5"}'}], indirect=True
)
def test_bar_3_only_model_and_max_tokens_are_rewritten_and_a_header_says_so(gateway: Gateway) -> None:
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


async def test_bar_4_the_four_counts_are_kept_apart_and_priced_apart(gateway: Gateway) -> None:
    system = [{"type": "text", "text": "rules " * 200, "cache_control": {"type": "ephemeral"}}]
    async with aiohttp.ClientSession() as session:
        for stream in (False, True):
            assert await post(session, gateway, {**TOLD, "system": system, "stream": stream}) == 200
    gateway.stop()
    for call, served in zip(gateway.calls(), gateway.upstream.served(), strict=True):
        assert [call[name] for name in NAMES] == [
            served[name]
            for name in ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")
        ]
        prices = (3_000_000, 3_750_000, 300_000, 15_000_000)
        cost = sum(call[name] * price for name, price in zip(NAMES, prices, strict=True))
        assert call["cost_micro_usd"] == -(-cost // 1_000_000)
    written, read = gateway.calls()
    assert written["cache_write_tokens"] == read["cache_read_tokens"] > 0


async def test_bar_6_an_unknown_price_is_unknown(gateway: Gateway) -> None:
    async with aiohttp.ClientSession() as session:
        assert await post(session, gateway, {**TOLD, "model": "model-of-tomorrow"}) == 200
    status = gateway.get("/status").json()
    assert (status["cost_micro_usd"], status["calls_without_price"]) == (None, 1)
    gateway.stop()
    assert [call["cost_micro_usd"] for call in gateway.calls()] == [None]


async def test_bar_6_a_cache_write_for_an_hour_has_no_listed_price_however_its_call_ends(gateway: Gateway) -> None:
    cached = {"type": "ephemeral", "ttl": "1h"}
    gateway.upstream.knobs(reply="Z" * 4000)
    async with aiohttp.ClientSession() as session:

        async def ask(number: int, **more: Any) -> int:
            system = [{"type": "text", "text": f"rules {number} " * 200, "cache_control": cached}]
            return await post(session, gateway, {**TOLD, "system": system, **more})

        assert await ask(0) == 200
        assert await ask(0) == 200  # a read is a read
        assert await ask(1, stream=True) == 200
        gateway.upstream.knobs(hold=True)
        cut = asyncio.create_task(ask(2, stream=True))
        await until(lambda: len({record["call"] for record in gateway.records() if record["k"] == "progress"}) == 2)
        gateway.kill()
        assert await cut == 0
    gateway.start()
    gateway.stop()
    calls = gateway.calls()
    assert [call["ending"] for call in calls] == ["complete"] * 3 + ["crash"]
    assert [call["cache_write_tokens"] > 0 for call in calls] == [True, False, True, True]
    assert [call["cost_micro_usd"] is None for call in calls] == [True, False, True, True]


METRICS = [
    "gen_ai_client_token_usage_bucket",
    "gen_ai_server_request_duration_bucket",
    "gen_ai_server_time_to_first_token_bucket",
    "iron_claw_sessions 1.0",
    "iron_claw_journal_depth",
    'iron_claw_radius_round_trip_seconds_count{request="access",result="accept"} 1.0',
    'iron_claw_settled_calls_total{ending="complete"} 1.0',
]


async def test_bar_9_the_metrics_have_their_names(gateway: Gateway) -> None:
    async with aiohttp.ClientSession() as session:
        await post(session, gateway, TOLD)
    await until(lambda: "iron_claw_journal_depth{" in gateway.get("/metrics").text)
    shown = gateway.get("/metrics").text
    for name in METRICS:
        assert name in shown


async def test_bar_10_one_users_kill_touches_no_other(gateway: Gateway) -> None:
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
