"""Three gateways on one budget, under load: one killed, one cut off from RADIUS, one restarted."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest

from devstack.relay import DatagramRelay
from devstack.services import process
from devstack.services.process import Launch, Service
from devstack.testing import run_folder
from devstack.testing.gateway import Gateway, Scripted, gateway_environment
from devstack.testing.radius import Radius
from devstack.testing.waiting import until_async

BUDGET = 60_000
CALLS = 300
LEASE_S = 45
CUT_S = 30
DEADLINE_S = 240
SETTINGS = {
    "IRON_CLAW_SLICES": "true",
    "IRON_CLAW_SLICE_LEASE_S": str(LEASE_S),
    "IRON_CLAW_REDUCE_CALLS": "100000",
}


class Fleet:
    """Gateways of one user, each with its own name, journal and way to RADIUS."""

    def __init__(self, gateways: list[Gateway], relays: list[DatagramRelay]) -> None:
        self.gateways = gateways
        self.relays = relays
        self.refused: set[str] = set()
        self.let_out = 0

    async def call(self, client: httpx.AsyncClient, number: int, *, max_tokens: int) -> int:
        """One call, tried again as an SDK does, at the next gateway where one is gone; the last status."""
        deadline = time.monotonic() + DEADLINE_S
        status = 0
        while time.monotonic() < deadline:
            gateway = self.gateways[number % len(self.gateways)]
            body = {
                "model": "claude-haiku-4-5",
                "max_tokens": max_tokens,
                "messages": [{"role": "user", "content": f"Hello {number}"}],
            }
            try:
                answer = await client.post(
                    f"{gateway.url}/v1/messages", json=body, headers={"x-api-key": self.gateways[0].key}
                )
            except httpx.TransportError:
                number += 1
                await asyncio.sleep(0.2)
                continue
            status = answer.status_code
            if status == 200:
                self.let_out += 1
                return status
            assert status in (429, 503), answer.text
            self.refused.add(answer.json()["error"]["message"])
            if answer.headers.get("x-should-retry") == "false":
                return status
            await asyncio.sleep(float(answer.headers.get("retry-after", "1")))
            number += 1
        return status


@pytest.fixture
def fleet(radius: Radius, scripted_anthropic: Scripted, request: pytest.FixtureRequest) -> Iterator[Fleet]:
    """Three gateways on one budget of BUDGET tokens."""
    run = run_folder(request.config)
    program = str(Path(sys.executable).parent / "iron-claw")
    secret = uuid4().hex
    radius.add_user("ann", secret, MT_Token_Budget=BUDGET)
    gateways: list[Gateway] = []
    relays: list[DatagramRelay] = []
    with ExitStack() as stack:
        for number in range(3):
            folder = run / f"fleet-{uuid4().hex[:8]}"
            folder.mkdir()
            relay = DatagramRelay(radius.server.auth_port, radius.server.acct_port)
            stack.callback(relay.close)
            port = process.free_port()
            environment = gateway_environment(folder, port, radius, scripted_anthropic, **SETTINGS)
            environment |= {
                "IRON_CLAW_NAS_IDENTIFIER": f"gateway-{number}",
                "IRON_CLAW_COA_PORT": str(process.free_port(udp=True)),
                "IRON_CLAW_RADIUS_AUTH_PORT": str(relay.ports[0]),
                "IRON_CLAW_RADIUS_ACCT_PORT": str(relay.ports[1]),
            }
            service = _service(program, environment, folder, port)
            gateway = Gateway(
                service,
                run,
                folder.name,
                port=port,
                environment=environment,
                radius=radius,
                upstream=scripted_anthropic,
            )
            gateway.secret = secret
            gateway.start()
            stack.callback(gateway.stop)
            gateways.append(gateway)
            relays.append(relay)
        yield Fleet(gateways, relays)
        for relay in relays:
            relay.flow()


def _service(program: str, environment: dict[str, str], folder: Path, port: int) -> Service:
    return Service(
        name="iron-claw-proxy",
        launch=lambda: Launch(argv=(program, "proxy"), env=environment, cwd=folder, stop_within_s=25),
        ready=lambda: process.connects(port),
        tcp_ports=(port,),
        ready_within_s=60,
    )


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """A client without limits of its own."""
    async with httpx.AsyncClient(trust_env=False, timeout=120, limits=httpx.Limits(max_connections=None)) as made:
        yield made


@pytest.mark.faults
@pytest.mark.timeout(600)
async def test_three_gateways_never_overspend_one_budget_and_use_all_of_it(
    fleet: Fleet, radius: Radius, scripted_anthropic: Scripted, client: httpx.AsyncClient
) -> None:
    scripted_anthropic.knobs(reply="x" * 1200)
    killed, _, restarted = fleet.gateways
    load = asyncio.gather(*(fleet.call(client, number, max_tokens=400) for number in range(CALLS)))
    await until_async(lambda: fleet.let_out >= CALLS // 6, deadline_s=DEADLINE_S)
    fleet.relays[1].cut()
    cut_at = time.monotonic()
    await asyncio.to_thread(killed.kill)
    await asyncio.to_thread(restarted.stop)
    await asyncio.to_thread(restarted.start)
    await asyncio.sleep(max(0.0, cut_at + CUT_S - time.monotonic()))  # so long it is away: that is the fault
    fleet.relays[1].flow()
    await asyncio.to_thread(killed.start)
    await load
    await _use_up(fleet, client)
    for gateway in fleet.gateways:
        await asyncio.to_thread(gateway.stop)
    (accounts,) = radius.rows(
        """select sum(acctinputoctets + acctoutputoctets)::bigint as used,
                  count(*) filter (where acctstoptime is null) as open from radacct"""
    )
    (calls,) = radius.rows(
        """select sum(input_tokens + cache_write_tokens + cache_read_tokens + output_tokens)::bigint as used,
                  sum(input_tokens + output_tokens) filter (where ending = 'complete')::bigint as complete
           from llm_calls"""
    )
    assert accounts["open"] == 0
    assert accounts["used"] == calls["used"]
    assert accounts["used"] <= BUDGET
    assert BUDGET - accounts["used"] < 100  # less than any call needs
    assert calls["complete"] <= sum(scripted_anthropic.served_tokens()) <= calls["used"]


async def _use_up(fleet: Fleet, client: httpx.AsyncClient) -> None:
    """Call every gateway until each says that all is used. A dead one's slice comes back meanwhile."""
    fleet.gateways[0].upstream.knobs(reply="x" * 1200)
    ends = time.monotonic() + DEADLINE_S
    statuses = [200]
    while 200 in statuses and time.monotonic() < ends:
        statuses = [await fleet.call(client, number, max_tokens=300) for number in range(len(fleet.gateways))]
    assert statuses == [429] * len(fleet.gateways), fleet.refused


@pytest.mark.faults
@pytest.mark.timeout(600)
async def test_a_rollout_of_one_gateway_after_the_other_refuses_no_call(
    fleet: Fleet, radius: Radius, scripted_anthropic: Scripted, client: httpx.AsyncClient
) -> None:
    scripted_anthropic.knobs(reply="x" * 400)
    serving = list(fleet.gateways)
    statuses: list[int] = []
    rolled = asyncio.Event()

    async def caller(number: int) -> None:
        while not rolled.is_set():
            gateway = serving[number % len(serving)]  # what a Service does: only those that are in
            body = {
                "model": "claude-haiku-4-5",
                "max_tokens": 150,
                "messages": [{"role": "user", "content": f"Hello {number}"}],
            }
            answer = await client.post(
                f"{gateway.url}/v1/messages", json=body, headers={"x-api-key": fleet.gateways[0].key}
            )
            statuses.append(answer.status_code)
            number += 1

    async def rollout() -> None:
        for gateway in fleet.gateways:
            before = len(statuses)
            await until_async(lambda before=before: len(statuses) > before + 20, deadline_s=DEADLINE_S)
            serving.remove(gateway)
            before = len(statuses)  # after as many more, those that were under way have ended
            await until_async(lambda before=before: len(statuses) > before + 16, deadline_s=DEADLINE_S)
            await asyncio.to_thread(gateway.stop)
            await asyncio.to_thread(gateway.start)
            serving.append(gateway)
        rolled.set()

    with_budget = "update radreply set value = '50000000' where attribute = 'MT-Token-Budget'"
    with psycopg.connect(radius.database.dsn) as connection:
        connection.execute(with_budget)
    await asyncio.gather(rollout(), *(caller(number) for number in range(8)))
    assert set(statuses) == {200}
    for gateway in fleet.gateways:
        await asyncio.to_thread(gateway.stop)
    (accounts,) = radius.rows(
        """select sum(acctinputoctets + acctoutputoctets)::bigint as used,
                  count(*) filter (where acctstoptime is null) as open from radacct"""
    )
    assert accounts == {"used": sum(scripted_anthropic.served_tokens()), "open": 0}
