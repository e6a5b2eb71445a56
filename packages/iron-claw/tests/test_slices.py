"""A gateway whose budget may be shared: slices from FreeRADIUS, asked for ahead, renewed, given back."""

from __future__ import annotations

import httpx
import psycopg
import pytest

from devstack.testing.gateway import Gateway
from devstack.testing.waiting import until

SHARED = {"IRON_CLAW_SLICES": "true", "IRON_CLAW_SLICE_LEASE_S": "3", "IRON_CLAW_REDUCE_CALLS": "1000"}
BUDGET = 20_000
TOLD = {"model": "claude-haiku-4-5", "messages": [{"role": "user", "content": "Hello there"}]}
pytestmark = pytest.mark.parametrize("gateway", [SHARED], indirect=True)


def post(gateway: Gateway, max_tokens: int = 300) -> httpx.Response:
    return httpx.post(
        f"{gateway.url}/v1/messages",
        json={**TOLD, "max_tokens": max_tokens},
        headers={"x-api-key": gateway.key},
        trust_env=False,
        timeout=30,
    )


def slice_row(gateway: Gateway) -> tuple[int, int]:
    """What the database has given to the session, and what it knows to be used."""
    (row,) = gateway.radius.rows("select tokens, known_tokens from radslice_now")
    return row["tokens"], row["known_tokens"]


def sql(gateway: Gateway, statement: str) -> None:
    with psycopg.connect(gateway.radius.database.dsn) as connection:
        connection.execute(statement.encode())


def test_a_session_that_idles_gives_back_what_it_does_not_use(gateway: Gateway) -> None:
    gateway.grant(MT_Token_Budget=BUDGET)
    assert post(gateway).status_code == 200
    used = sum(gateway.upstream.served_tokens())
    until(lambda: slice_row(gateway) == (used, used), "all else is given back")
    assert post(gateway).status_code == 200
    assert slice_row(gateway)[0] > used


def test_one_gateway_alone_uses_the_whole_budget(gateway: Gateway) -> None:
    gateway.grant(MT_Token_Budget=3000)
    gateway.upstream.knobs(reply="x" * 1200)
    while (answer := post(gateway)).status_code == 200:
        pass
    assert (answer.status_code, answer.headers["x-should-retry"]) == (429, "false")
    used = sum(gateway.upstream.served_tokens())
    assert 3000 - 100 < used <= 3000
    gateway.stop()
    (account,) = gateway.accounts()
    assert account["acctinputoctets"] + account["acctoutputoctets"] == used


def test_what_the_tables_say_is_followed_with_the_next_slice(gateway: Gateway) -> None:
    gateway.grant(MT_Token_Budget=BUDGET)
    assert post(gateway).status_code == 200
    sql(gateway, "update radreply set value = '9000' where attribute = 'MT-Token-Budget'")
    until(lambda: gateway.get("/status").json()["token_budget"] == 9000, "the new budget")
    sql(gateway, "insert into radcheck (username, attribute, op, value) values ('ann', 'Auth-Type', ':=', 'Reject')")
    until(lambda: [row["acctterminatecause"] for row in gateway.accounts()] == ["Admin-Reset"], "the session's end")
    assert post(gateway).status_code == 401


def test_without_radius_it_goes_on_within_its_slice_until_the_lease_is_over(gateway: Gateway) -> None:
    gateway.grant(MT_Token_Budget=BUDGET)
    assert post(gateway).status_code == 200
    gateway.radius.stop()
    assert post(gateway).status_code == 200
    until(lambda: post(gateway, 10).status_code == 503, "a refusal when the lease is over")
    refused = post(gateway)
    assert (refused.headers["retry-after"], "slice" in refused.json()["error"]["message"]) == ("1", True)
    gateway.radius.start()
    until(lambda: post(gateway, 10).status_code == 200, "calls again")
