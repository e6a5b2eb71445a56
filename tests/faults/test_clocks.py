"""The gateway's clock jumps six hours in mid-session, forward and back, while FreeRADIUS' does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg
import pytest

from devstack.testing.gateway import Gateway
from devstack.testing.waiting import until_async

FAKETIME = "libfaketimeMT.so.1"
INTERIM_S = 60
JUMP_S = 6 * 3600
WITHIN_S = INTERIM_S + 45
TOLD = {"model": "claude-haiku-4-5", "max_tokens": 60, "messages": [{"role": "user", "content": "Hello there"}]}


class Clock:
    """The gateway's wall clock, whose distance from the machine's a file says."""

    def __init__(self, file: Path) -> None:
        self.file = file
        soon = datetime.now(UTC) + timedelta(seconds=JUMP_S)
        # the turn of a month ends a session rightly: away from it
        self.base_s = 0 if soon.month == datetime.now(UTC).month else -2 * JUMP_S
        self.jump(0)

    def jump(self, seconds: int) -> None:
        """Set it so many seconds off."""
        self.file.write_text(f"{self.base_s + seconds:+d}s\n")


@pytest.fixture
def clock(gateway: Gateway, tmp_path: Path) -> Clock:
    """A gateway whose wall clock can jump."""
    (library,) = Path("/usr/lib").glob(f"*/faketime/{FAKETIME}")
    made = Clock(tmp_path / "offset")
    gateway.stop()
    gateway.environment |= {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(made.file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    gateway.grant(MT_Token_Budget=100_000, Acct_Interim_Interval=INTERIM_S)
    gateway.start()
    return made


def post(gateway: Gateway) -> int:
    return httpx.post(
        f"{gateway.url}/v1/messages", json=TOLD, headers={"x-api-key": gateway.key}, trust_env=False, timeout=30
    ).status_code


def reported(gateway: Gateway) -> int:
    (account,) = gateway.accounts()
    return int(account["acctinputoctets"] + account["acctoutputoctets"])


def set_budget(gateway: Gateway, tokens: int) -> None:
    with psycopg.connect(gateway.radius.database.dsn) as connection:
        connection.execute("update radreply set value = %s where attribute = 'MT-Token-Budget'", [str(tokens)])


@pytest.mark.faults
@pytest.mark.timeout(600)
async def test_six_hours_forward_and_back_lose_nothing_and_delay_nothing(gateway: Gateway, clock: Clock) -> None:
    began = datetime.now(UTC) + timedelta(seconds=clock.base_s)
    assert post(gateway) == 200
    session = gateway.get("/status").json()["session_id"]
    for budget, jump_s in ((90_000, JUMP_S), (80_000, -JUMP_S)):
        clock.jump(jump_s)
        assert post(gateway) == 200
        set_budget(gateway, budget)
        used = sum(gateway.upstream.served_tokens())
        await until_async(lambda used=used: reported(gateway) == used, deadline_s=WITHIN_S)
        await until_async(lambda budget=budget: gateway.get("/status").json()["token_budget"] == budget)
        assert gateway.get("/status").json()["session_id"] == session
    with psycopg.connect(gateway.radius.database.dsn) as connection:
        connection.execute("update radcheck set value = 'another' where attribute = 'Cleartext-Password'")
    await until_async(lambda: gateway.accounts()[0]["acctterminatecause"] == "Admin-Reset", deadline_s=WITHIN_S)
    assert post(gateway) == 401
    (account,) = gateway.accounts()
    assert abs((account["acctstarttime"] - began).total_seconds()) < 60
    assert account["acctsessiontime"] >= 0
    await until_async(lambda: len(gateway.calls()) == 3)
    calls = gateway.calls()
    assert all(call["started_at"] <= call["ended_at"] for call in calls)
    assert all((call["ended_at"] - call["started_at"]).total_seconds() < 60 for call in calls)
    assert reported(gateway) == sum(gateway.upstream.served_tokens())
