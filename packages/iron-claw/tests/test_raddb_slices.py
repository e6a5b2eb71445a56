"""Slices of a budget, as FreeRADIUS and the database hand them out: never more than there is, and nothing lost."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from devstack.testing.radius import Radius

SIGNED = {"Message-Authenticator": "0x00"}


def ask(radius: Radius, user: str, password: str, *, wait_s: int = 30) -> str:
    return radius.radclient("auth", {"User-Name": user, "User-Password": password, **SIGNED}, wait_s=wait_s)


def account(radius: Radius, kind: str, *, wait_s: int = 30, **values: object) -> str:
    told = {key.replace("_", "-"): value for key, value in values.items()}
    basics = {"User-Name": "ann", "Acct-Session-Id": "s1", "NAS-IP-Address": 0x7F000001, "NAS-Identifier": "iron-claw"}
    basics["NAS-IP-Address"] = "127.0.0.1"
    return radius.radclient("acct", {"Acct-Status-Type": kind, **basics, **told}, wait_s=wait_s)


def sql_(radius: Radius, statement: str, *values: object) -> None:
    with psycopg.connect(radius.database.dsn) as connection:
        connection.execute(statement.encode(), values)


SLICE = {"MT-Slice-Number": 1, "MT-Slice-Lease": 60, "MT-Slice-Wanted-Tokens": 0}


def slice_of(radius: Radius, session: str, password: str = "pw", **more: object) -> dict[str, int]:
    """Ask for a slice; its numbers, by the attribute's last words."""
    told = {"User-Name": "ann", "Acct-Session-Id": session, "NAS-Identifier": session, **SLICE, **SIGNED}
    told |= {name.replace("_", "-"): value for name, value in more.items()}
    if "Service-Type" not in told:
        told["User-Password"] = password
    seen = radius.radclient("auth", told)
    answer = seen[seen.index("Received Access-") :]
    return {name: int(value) for name, value in re.findall(r"MT-Slice-(\S+) = (\d+)", answer)}


def stop(radius: Radius, session: str, tokens: int, cause: str = "Idle-Timeout") -> None:
    account(radius, "Stop", Acct_Session_Id=session, Acct_Input_Octets=tokens, Acct_Terminate_Cause=cause)


@pytest.mark.parametrize("budget", ["of the session", "of the month"])
def test_slices_grow_smaller_and_never_pass_the_budget_together(radius: Radius, budget: str) -> None:
    reply = {"MT_Token_Budget": 1000} if "session" in budget else {}
    radius.add_user("ann", "pw", check={} if reply else {"MT-Max-Monthly-Tokens": 1000}, **reply)
    given = [slice_of(radius, f"gateway-{number}")["Tokens"] for number in range(20)]
    assert given[:3] == [250, 187, 140]
    assert given == sorted(given, reverse=True)
    assert sum(given) <= 1000
    assert slice_of(radius, "last", MT_Slice_Wanted_Tokens=900)["Tokens"] == 1000 - sum(given)


def test_many_gateways_at_once_are_given_no_more_than_there_is(radius: Radius) -> None:
    radius.add_user("ann", "pw", MT_Token_Budget=1000)
    with ThreadPoolExecutor(16) as pool:
        asked = [pool.submit(slice_of, radius, f"g{n}", MT_Slice_Wanted_Tokens=100) for n in range(24)]
    assert sum(one.result()["Tokens"] for one in asked) == 1000


def test_a_slice_that_was_not_used_comes_back_with_the_stop(radius: Radius) -> None:
    radius.add_user("ann", "pw", MT_Token_Budget=1000)
    assert slice_of(radius, "a", MT_Slice_Wanted_Tokens=1000)["Tokens"] == 1000
    assert slice_of(radius, "b", MT_Slice_Wanted_Tokens=10) == {
        "Tokens": 0,
        "Limit-Tokens": 0,
        "Elsewhere-Tokens": 0,
        "Held-Tokens": 1000,
        "Lease": 60,
    }
    stop(radius, "a", 300)
    later = slice_of(radius, "b", MT_Slice_Number=2, MT_Slice_Wanted_Tokens=1000)
    assert (later["Tokens"], later["Elsewhere-Tokens"], later["Held-Tokens"]) == (700, 300, 0)


def test_the_slice_of_a_dead_gateway_comes_back_when_its_lease_is_over_and_its_use_is_known(radius: Radius) -> None:
    radius.add_user("ann", "pw", MT_Token_Budget=1000)
    slice_of(radius, "dead", MT_Slice_Wanted_Tokens=1000)
    account(radius, "Interim-Update", Acct_Session_Id="dead", Acct_Input_Octets=100)
    sql_(radius, "update radslice set lease_until = now() - interval '1 second'")
    assert slice_of(radius, "b", MT_Slice_Wanted_Tokens=1000)["Tokens"] == 0  # nobody knows what it used since
    sql_(radius, "update radslice set lease_until = now() + interval '1 hour' where acctsessionid = 'dead'")
    stop(radius, "dead", 400, cause="NAS-Reboot")
    assert slice_of(radius, "b", MT_Slice_Number=2, MT_Slice_Wanted_Tokens=1000)["Tokens"] == 0  # may still be alive
    sql_(radius, "update radslice set lease_until = now() - interval '1 second' where acctsessionid = 'dead'")
    assert slice_of(radius, "b", MT_Slice_Number=3, MT_Slice_Wanted_Tokens=1000)["Tokens"] == 600


def class_of(radius: Radius) -> str:
    (mark,) = re.findall(r"Class = (0x[0-9a-f]+)", ask(radius, "ann", "pw"))
    return str(mark)


def test_a_session_asks_on_without_its_password_and_what_was_overtaken_changes_nothing(radius: Radius) -> None:
    radius.add_user("ann", "pw", MT_Token_Budget=1000)
    slice_of(radius, "a")
    on = {"Service_Type": "Authorize-Only", "Class": class_of(radius), "MT_Slice_Tokens": 250}
    third = slice_of(radius, "a", **on, MT_Slice_Number=3, MT_Slice_Used_Tokens=200, MT_Slice_Wanted_Tokens=500)
    assert third["Tokens"] == 700
    assert slice_of(radius, "a", **on, MT_Slice_Number=2, MT_Slice_Wanted_Tokens=900)["Tokens"] == 700
    back = {**on, "MT_Slice_Number": 4, "MT_Slice_Used_Tokens": 210}
    seen = radius.radclient("auth", {**told(back), "User-Name": "ann", "Acct-Session-Id": "a", "MT-Slice-Lease": 60})
    assert "MT-Slice-Tokens = 210" in seen
    sql_(radius, "update radcheck set value = 'another' where attribute = 'Cleartext-Password'")
    assert slice_of(radius, "a", **on, MT_Slice_Number=5) == {}
    sql_(radius, "delete from radcheck")
    assert slice_of(radius, "a", **on, MT_Slice_Number=6) == {}


def told(values: dict[str, object]) -> dict[str, object]:
    return {**{name.replace("_", "-"): value for name, value in values.items()}, "NAS-Identifier": "a", **SIGNED}


def test_slices_of_money_are_counted_like_those_of_tokens(radius: Radius) -> None:
    radius.add_user("ann", "pw", check={"MT-Max-Monthly-Cost": 1_000_000}, MT_Cost_Budget=900_000)
    first = slice_of(radius, "a", MT_Slice_Wanted_Cost=500_000)
    assert (first["Cost"], first["Limit-Cost"]) == (500_000, 900_000)
    assert slice_of(radius, "b", MT_Slice_Wanted_Cost=500_000)["Cost"] == 400_000
    account(radius, "Stop", Acct_Session_Id="a", MT_Cost_Microusd=100_000, Acct_Terminate_Cause="Idle-Timeout")
    assert slice_of(radius, "c", MT_Slice_Wanted_Cost=900_000)["Cost"] == 400_000
