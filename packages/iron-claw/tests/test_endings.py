"""No budget is overspent, every ending settles once, and nothing that was used is lost: calls against their books."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import aiohttp
import psycopg
import pytest
from psycopg import sql

from devstack.testing.gateway import Gateway
from devstack.testing.gateway_calls import (
    CRASH_SLACK_TOKENS,
    NAMES,
    TOLD,
    books,
    post,
    reservation,
    user_of,
    worst_case,
)
from devstack.testing.waiting import until_async as until


async def test_two_hundred_parallel_calls_on_a_budget_for_forty_never_pass_it(gateway: Gateway) -> None:
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
async def test_every_ending_settles_once_to_what_was_used(gateway: Gateway) -> None:
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
async def test_a_plain_call_whose_answer_nobody_saw_is_charged_its_reservation(
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
async def test_a_call_that_never_reached_upstream_is_free(gateway: Gateway) -> None:
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


async def test_a_kill_9_amid_fifty_streams_loses_nothing(gateway: Gateway) -> None:
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
async def test_no_record_is_lost_or_doubled_while_accounting_is_away_under_load(
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


async def test_the_four_counts_are_kept_apart_and_priced_apart(gateway: Gateway) -> None:
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


async def test_an_unknown_price_is_unknown(gateway: Gateway) -> None:
    async with aiohttp.ClientSession() as session:
        assert await post(session, gateway, {**TOLD, "model": "model-of-tomorrow"}) == 200
    status = gateway.get("/status").json()
    assert (status["cost_micro_usd"], status["calls_without_price"]) == (None, 1)
    gateway.stop()
    assert [call["cost_micro_usd"] for call in gateway.calls()] == [None]


async def test_a_cache_write_for_an_hour_has_no_listed_price_however_its_call_ends(gateway: Gateway) -> None:
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
