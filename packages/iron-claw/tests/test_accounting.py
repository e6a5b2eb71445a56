"""What RADIUS is told, read off the wire between the gateway and the real FreeRADIUS: which records, in which order,
and what they carry."""

from __future__ import annotations

import json
import select
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pyrad.packet import AcctPacket

from devstack import patient
from devstack.testing.gateway import Gateway
from devstack.testing.waiting import until_async as until
from iron_claw.radius import dictionary

TOLD = {"model": "claude-sonnet-4-6", "max_tokens": 200, "messages": [{"role": "user", "content": "Hello there"}]}


@dataclass
class Tap:
    """Hands each datagram on to FreeRADIUS and its answer back, and keeps the requests."""

    port: int
    records: list[dict[str, Any]] = field(default_factory=list)

    def kinds(self) -> list[str]:
        return [record["Acct-Status-Type"] for record in self.records]


@pytest.fixture
def tap(gateway: Gateway) -> Iterator[Tap]:
    """In the place of FreeRADIUS' accounting port, before a gateway that has just started."""
    server = ("127.0.0.1", gateway.radius.server.acct_port)
    secret = gateway.radius.server.secret.encode()
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there,
    ):
        here.bind(("127.0.0.1", 0))
        there.connect(server)
        made = Tap(here.getsockname()[1])

        def hand_on() -> None:
            asked_by: dict[int, Any] = {}  # a request's identifier, which its answer repeats
            last = b""
            while True:
                ready, _, _ = select.select([here, there], [], [])
                if there in ready:
                    with suppress(ConnectionRefusedError):  # FreeRADIUS is away: nobody answers
                        answer = there.recv(4096)
                        here.sendto(answer, asked_by[answer[1]])
                if here in ready:
                    data, source = here.recvfrom(4096)
                    if data == b"end":
                        return
                    request = AcctPacket(secret=secret, dict=dictionary(), packet=data)
                    assert request.VerifyAcctRequest()
                    if data != last:  # else it is sent again, since the answer took its time
                        made.records.append({name: request[name][0] for name in request.keys()})  # noqa: SIM118  no mapping
                    last, asked_by[data[1]] = data, source
                    with suppress(ConnectionRefusedError):
                        there.send(data)

        thread = threading.Thread(target=hand_on)
        thread.start()
        gateway.stop()
        gateway.environment["IRON_CLAW_RADIUS_ACCT_PORT"] = str(made.port)
        gateway.environment["IRON_CLAW_NAS_IDENTIFIER"] = "gateway-one"
        gateway.environment["IRON_CLAW_NAS_IP"] = "192.0.2.7"
        gateway.start()
        yield made
        gateway.stop()
        here.sendto(b"end", here.getsockname())
        thread.join()


def post(gateway: Gateway, **more: object) -> httpx.Response:
    return httpx.post(
        f"{gateway.url}/v1/messages",
        json={**TOLD, **more},
        headers={"x-api-key": gateway.key},
        trust_env=False,
        timeout=30,
    )


def untold(gateway: Gateway) -> set[str]:
    """Ids of the accounting records whose answers the journal does not hold yet."""
    records = gateway.records()
    told = {record["id"] for record in records if record["k"] == "acked"}
    return {record["id"] for record in records if record["k"] == "acct"} - told


GRANT = {
    "MT-Token-Budget": 1000,
    "MT-Max-LLM-Calls": 50,
    "MT-Model-Allowed": "claude-*",
    "MT-Allowed-Domains": "example.org",
    "MT-Browser-Enabled": 1,
    "MT-Shell-Enabled": 0,
    "MT-Max-Pages": 12,
    "MT-Output-Queue": "matches",
}


def test_a_session_is_told_from_on_to_off_with_all_it_was_granted_and_used(gateway: Gateway, tap: Tap) -> None:
    gateway.grant(**{name.replace("-", "_"): value for name, value in GRANT.items()}, Session_Timeout=3600)
    gateway.upstream.knobs(reply="x" * 3000)
    system = [{"type": "text", "text": "rules", "cache_control": {"type": "ephemeral"}}]
    assert post(gateway, max_tokens=800, system=system).status_code == 200
    gateway.stop()
    assert tap.kinds() == ["Accounting-On", "Start", "Interim-Update", "Stop", "Accounting-Off"]
    assert all((r["NAS-Identifier"], r["NAS-IP-Address"]) == ("gateway-one", "192.0.2.7") for r in tap.records)
    _, start, interim, stop, _ = tap.records
    (call,) = gateway.calls()
    (account,) = gateway.accounts()
    used = call["input_tokens"] + call["cache_write_tokens"] + call["cache_read_tokens"], call["output_tokens"]
    assert {name: start[name] for name in GRANT} == GRANT
    assert (start["Acct-Input-Octets"], start["MT-Tokens-Used"], start["MT-LLM-Calls-Made"]) == (0, 0, 0)
    for told in (interim, stop):
        assert {name: told[name] for name in GRANT} == GRANT
        assert told["Class"] == start["Class"]
        assert (told["Acct-Input-Octets"], told["Acct-Output-Octets"]) == used
        assert (told["MT-Tokens-Used"], told["MT-LLM-Calls-Made"]) == (sum(used), 1)
        assert told["MT-Cost-Microusd"] == call["cost_micro_usd"]
        assert told["MT-Token-Cost-Cents"] == call["cost_micro_usd"] // 10_000
        assert told["MT-Cache-Write-Tokens"] == call["cache_write_tokens"] > 0
        assert told["MT-Cache-Read-Tokens"] == call["cache_read_tokens"]
    assert stop["Acct-Terminate-Cause"] == "Admin-Reboot"
    assert account["acctstoptime"] == datetime.fromtimestamp(stop["Event-Timestamp"], UTC)


async def test_after_a_crash_the_stop_comes_first_with_its_own_time_and_then_accounting_on(
    gateway: Gateway, tap: Tap
) -> None:
    assert post(gateway).status_code == 200
    await until(lambda: not untold(gateway))  # else the Start is told again, rightly
    gateway.kill()
    last = max(json.loads(line)["t"] for line in (gateway.state / "journal.jsonl").read_text().splitlines())
    before = len(tap.records)
    gateway.start()
    gateway.stop()
    assert tap.kinds()[before:] == ["Stop", "Accounting-On", "Accounting-Off"]
    stop, on, _ = tap.records[before:]
    assert (stop["Acct-Terminate-Cause"], stop["Event-Timestamp"]) == ("NAS-Reboot", int(last))
    assert on["Event-Timestamp"] >= stop["Event-Timestamp"]
    (account,) = gateway.accounts()
    assert (account["acctinputoctets"], account["acctoutputoctets"]) == gateway.upstream.served_tokens()
    assert account["acctstoptime"] == datetime.fromtimestamp(int(last), UTC)


def test_what_waited_for_radius_arrives_in_its_order_with_its_own_times(gateway: Gateway, tap: Tap) -> None:
    gateway.radius.add_user("bob", "bobs-own-secret")
    bob = {"x-api-key": "bob.bobs-own-secret"}
    for headers in ({"x-api-key": gateway.key}, bob):
        answer = patient.post(f"{gateway.url}/v1/messages", json=TOLD, headers=headers)
        assert answer.status_code == 200
    gateway.radius.kill()
    with ThreadPoolExecutor(2) as both:
        ended = list(both.map(gateway.end_session, (None, "bob.bobs-own-secret")))
    assert [answer.json()["accounted"] for answer in ended] == [False, False]
    gateway.kill()
    waiting = [r for r in gateway.records() if r["k"] == "acct" and r["type"] == "Stop"]
    before = len(tap.records)
    gateway.radius.start()
    gateway.start()
    gateway.stop()
    stops = [record for record in tap.records[before:] if record["Acct-Status-Type"] == "Stop"]
    assert [(r["Acct-Session-Id"], r["Event-Timestamp"]) for r in stops] == [(r["sid"], r["at"]) for r in waiting]
    assert tap.kinds()[before:][-2:] == ["Accounting-On", "Accounting-Off"]
    assert {a["acctterminatecause"] for a in gateway.accounts()} == {"User-Request"}
