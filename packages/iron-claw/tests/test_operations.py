"""Running it: ready or not, a full disk, the end in good order, however much hangs."""

from __future__ import annotations

import asyncio
import json
import resource
import signal
import subprocess

import aiohttp
import psycopg
import pytest
from psycopg import sql
from pyrad import packet
from pyrad.client import Client

from devstack.testing.gateway import Gateway
from devstack.testing.waiting import until_async as until
from iron_claw.radius import dictionary

TOLD = {"model": "claude-sonnet-4-6", "max_tokens": 1000, "messages": [{"role": "user", "content": "Hello there"}]}


async def post(session: aiohttp.ClientSession, gateway: Gateway, **more: object) -> int:
    """One call, read to its end; its status, 0 when it broke."""
    try:
        async with session.post(
            f"{gateway.url}/v1/messages", json={**TOLD, **more}, headers={"x-api-key": gateway.key}
        ) as answer:
            await answer.read()
            return answer.status
    except aiohttp.ClientError:
        return 0


async def streaming(gateway: Gateway, calls: int) -> None:
    """Waits until upstream is in the middle of its answers to so many streams."""
    await until(lambda: sum(c["stream"] and c["output_tokens"] > 1 for c in gateway.upstream.served()) == calls)


def used(gateway: Gateway) -> tuple[tuple[int, int], tuple[int, int]]:
    """(in, out) as radacct and as llm_calls have it."""
    accounts, calls = gateway.accounts(), gateway.calls()
    return (
        (sum(a["acctinputoctets"] for a in accounts), sum(a["acctoutputoctets"] for a in accounts)),
        (sum(c["input_tokens"] for c in calls), sum(c["output_tokens"] for c in calls)),
    )


def fill_the_disk(gateway: Gateway, full: bool) -> None:
    """Neither the gateway's journal nor its log may grow: each write to them fails as on a full disk (EFBIG)."""
    assert gateway.child is not None
    sizes = ((gateway.state / "journal.jsonl").stat().st_size, gateway.log.stat().st_size)
    size = min(sizes) if full else resource.RLIM_INFINITY
    resource.prlimit(gateway.child.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_the_log_says_first_which_database_is_written_to(gateway: Gateway) -> None:
    first = json.loads(gateway.log.read_text().splitlines()[0])
    wanted = {"event": "database", "host": "127.0.0.1", "database": gateway.radius.database.name, "writes": "llm_calls"}
    assert first.items() >= wanted.items()


def change_budget(gateway: Gateway, session_id: str) -> int:
    """A CoA straight to the gateway; the code of its answer."""
    server = gateway.radius.server
    client = Client("127.0.0.1", coaport=server.nas_coa_port, secret=server.coa_secret.encode(), dict=dictionary())
    request = client.CreateCoAPacket(code=packet.CoARequest, Acct_Session_Id=session_id, MT_Token_Budget=77_777)
    request.add_message_authenticator()
    return int(client.SendPacket(request).code)


async def test_it_is_not_ready_while_no_accounting_can_be_kept_and_forgets_nothing(gateway: Gateway) -> None:
    assert gateway.get("/ready").status_code == 200
    async with aiohttp.ClientSession() as session:
        for _ in range(20):
            assert await post(session, gateway) == 200
        session_id = gateway.get("/status").json()["session_id"]
        gateway.upstream.knobs(reply="z" * 2000, hold=True)
        stream = asyncio.create_task(post(session, gateway, stream=True))
        await streaming(gateway, 1)
        fill_the_disk(gateway, True)
        assert await post(session, gateway) == 503
        ready = gateway.get("/ready")
        assert (ready.status_code, ready.json()["ready"]) == (503, False)
        assert "cannot write" in ready.json()["reason"]
        assert gateway.get("/health").status_code == 200
        assert await post(session, gateway) == 503
        assert change_budget(gateway, session_id) == packet.CoANAK
        gateway.upstream.knobs(hold=False)
        assert await stream == 200
        fill_the_disk(gateway, False)
        await until(lambda: gateway.get("/ready").status_code == 200)
        assert await post(session, gateway) == 200
        assert gateway.get("/status").json()["token_budget"] is None
    gateway.stop()
    served = gateway.upstream.served_tokens()
    assert used(gateway) == (served, served)
    endings = [call["ending"] for call in gateway.calls()]
    assert (endings.count("complete"), endings.count("not_sent"), len(endings)) == (22, 1, 23)


@pytest.mark.parametrize("gateway", [{"IRON_CLAW_DRAIN_S": "1"}], indirect=True)
async def test_a_stream_that_outlasts_the_drain_is_cut_and_charged(gateway: Gateway) -> None:
    gateway.upstream.knobs(reply="z" * 2000, hold=True)
    async with aiohttp.ClientSession() as session:
        stream = asyncio.create_task(post(session, gateway, stream=True))
        await streaming(gateway, 1)
        assert gateway.stop() == 0
        assert await stream == 0
    served = gateway.upstream.served_tokens()
    assert used(gateway) == (served, served)
    assert [(call["ending"], call["estimated"]) for call in gateway.calls()] == [("shutdown", True)]
    assert [account["acctterminatecause"] for account in gateway.accounts()] == ["Admin-Reboot"]


@pytest.mark.faults
async def test_sigterm_ends_it_within_twenty_seconds_whatever_hangs(gateway: Gateway) -> None:
    gateway.upstream.knobs(reply="z" * 2000, hold=True)
    name = sql.Identifier(gateway.radius.database.name)
    async with aiohttp.ClientSession() as session:
        streams = [asyncio.create_task(post(session, gateway, stream=True)) for _ in range(20)]
        await streaming(gateway, 20)
        gateway.radius.kill()
        with psycopg.connect(gateway.radius.database.server.superuser_dsn(), autocommit=True) as admin:
            admin.execute(sql.SQL("alter database {} allow_connections false").format(name))
            admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s",
                [gateway.radius.database.name],
            )
            assert gateway.child is not None
            gateway.signal(signal.SIGTERM)
            ended: subprocess.Popen[bytes] = gateway.child
            assert await asyncio.to_thread(ended.wait, 20) == 0
            admin.execute(sql.SQL("alter database {} allow_connections true").format(name))
        assert set(await asyncio.gather(*streams)) == {0}
    gateway.radius.start()
    gateway.start()
    gateway.stop()
    served = gateway.upstream.served_tokens()
    assert used(gateway) == (served, served)
    assert [account["acctterminatecause"] for account in gateway.accounts()] == ["Admin-Reboot"]
