"""FreeRADIUS with our raddb on the real tables: who is let in, what a reject says, how accounting adds up."""

from __future__ import annotations

import re
import subprocess
from datetime import UTC, datetime

import psycopg
from psycopg import sql

from devstack.gateway_testing import Radius

SIGNED = {"Message-Authenticator": "0x00"}
SILENCE_S = 2
"""Waited so long where no answer must come."""


def ask(radius: Radius, user: str, password: str, *, wait_s: int = 30) -> str:
    return radius.radclient("auth", {"User-Name": user, "User-Password": password, **SIGNED}, wait_s=wait_s)


def account(radius: Radius, kind: str, *, wait_s: int = 30, **values: object) -> str:
    told = {key.replace("_", "-"): value for key, value in values.items()}
    basics = {"User-Name": "ann", "Acct-Session-Id": "s1", "NAS-IP-Address": 0x7F000001, "NAS-Identifier": "iron-claw"}
    basics["NAS-IP-Address"] = "127.0.0.1"
    return radius.radclient("acct", {"Acct-Status-Type": kind, **basics, **told}, wait_s=wait_s)


def acct_row(radius: Radius) -> tuple[int, int, bool, str | None]:
    (row,) = radius.rows(
        "select acctinputoctets i, acctoutputoctets o, acctstoptime t, acctterminatecause c from radacct"
    )
    return row["i"], row["o"], row["t"] is not None, row["c"]


def test_an_accept_carries_the_grant_and_a_signature(radius: Radius) -> None:
    radius.add_user("ann", "pw", MT_Token_Budget=5000, MT_Model_Allowed="claude-x", Session_Timeout=3600)
    seen = ask(radius, "ann", "pw")
    assert "Received Access-Accept" in seen
    assert "MT-Token-Budget = 5000" in seen
    assert 'MT-Model-Allowed = "claude-x"' in seen
    assert "Session-Timeout = 3600" in seen
    assert re.search(r"Received Access-Accept.*Message-Authenticator = 0x(?!0{32})", seen, re.DOTALL)


def test_a_wrong_password_is_told_so_and_nothing_else(radius: Radius) -> None:
    radius.add_user("ann", "pw", MT_Token_Budget=5000)
    seen = ask(radius, "ann", "wrong")
    answer = seen[seen.index("Received Access-Reject") :]
    assert 'Reply-Message = "bad-credentials"' in answer
    assert "Message-Authenticator = 0x" in answer
    assert "MT-" not in answer


def test_an_unknown_user_reads_the_same_as_a_wrong_password(radius: Radius) -> None:
    assert 'Reply-Message = "bad-credentials"' in ask(radius, "nobody", "pw")


def test_an_unsigned_request_gets_no_answer(radius: Radius) -> None:
    radius.add_user("ann", "pw")
    seen = radius.radclient("auth", {"User-Name": "ann", "User-Password": "pw"}, wait_s=SILENCE_S)
    assert "No reply" in seen
    assert "Received" not in seen


def test_no_password_is_kept_of_who_asked(radius: Radius) -> None:
    radius.add_user("ann", "open-sesame")
    ask(radius, "ann", "open-sesame")
    ask(radius, "ann", "shut-sesame")
    rows = radius.rows("select * from radpostauth order by id")
    assert [row["reply"] for row in rows] == ["Access-Accept", "Access-Reject"]
    assert "sesame" not in str(rows)
    assert "sesame" not in radius.log.read_text()


def test_the_months_tokens_are_counted_and_then_refused_with_the_reset_date(radius: Radius) -> None:
    radius.add_user("ann", "pw", check={"MT-Max-Monthly-Tokens": 10_000})
    account(radius, "Stop", Acct_Input_Octets=6000, Acct_Output_Octets=1000, Acct_Session_Time=5)
    seen = ask(radius, "ann", "pw")
    assert "MT-Monthly-Budget = 10000" in seen
    assert "MT-Monthly-Used = 7000" in seen
    account(radius, "Stop", Acct_Session_Id="s2", Acct_Input_Octets=3000, Acct_Session_Time=5)
    now = datetime.now(UTC)
    resets = datetime(now.year + now.month // 12, now.month % 12 + 1, 1, tzinfo=UTC)
    answer = ask(radius, "ann", "pw")
    answer = answer[answer.index("Received Access-Reject") :]
    assert f'Reply-Message = "monthly-cap resets={resets:%Y-%m-%dT%H:%M:%SZ}"' in answer
    assert "MT-" not in answer
    assert 'Reply-Message = "bad-credentials"' in ask(radius, "ann", "wrong")


def test_a_monthly_cap_beyond_32_bits_counts_rightly(radius: Radius) -> None:
    radius.add_user("ann", "pw", check={"MT-Max-Monthly-Tokens": 9_000_000_000})
    account(radius, "Stop", Acct_Input_Octets=10_000, Acct_Session_Time=5)
    seen = ask(radius, "ann", "pw")
    assert "MT-Monthly-Budget = 4294967295" in seen
    assert "MT-Monthly-Used = 10000" in seen
    account(radius, "Stop", Acct_Session_Id="s2", Acct_Input_Gigawords=3, Acct_Input_Octets=0, Acct_Session_Time=5)
    assert "monthly-cap" in ask(radius, "ann", "pw")


def test_accounting_opens_raises_and_closes_one_row(radius: Radius) -> None:
    assert "Received Accounting-Response" in account(radius, "Start")
    account(radius, "Interim-Update", Acct_Input_Octets=100, Acct_Output_Octets=10, Acct_Session_Time=60)
    account(radius, "Stop", Acct_Input_Octets=150, Acct_Output_Octets=15, Acct_Terminate_Cause="Idle-Timeout")
    assert acct_row(radius) == (150, 15, True, "Idle-Timeout")


def test_records_late_lower_twice_or_without_a_start_leave_the_right_row(radius: Radius) -> None:
    account(radius, "Stop", Acct_Input_Octets=1500, Acct_Output_Octets=7, Acct_Session_Time=100)
    started = radius.rows("select acctstarttime s from radacct")[0]["s"]
    account(radius, "Stop", Acct_Input_Octets=1200, Acct_Output_Octets=9, Acct_Session_Time=100)
    assert "Received Accounting-Response" in account(radius, "Interim-Update", Acct_Input_Octets=1400)
    assert "Received Accounting-Response" in account(radius, "Start")
    assert acct_row(radius)[:3] == (1500, 9, True)
    assert abs((radius.rows("select acctstarttime s from radacct")[0]["s"] - started).total_seconds()) < 5


def test_gigawords_carry_past_four_billion(radius: Radius) -> None:
    account(radius, "Stop", Acct_Input_Gigawords=2, Acct_Input_Octets=5, Acct_Output_Gigawords=1, Acct_Output_Octets=0)
    assert acct_row(radius)[:2] == (8_589_934_597, 4_294_967_296)


def test_a_replayed_record_keeps_its_own_time(radius: Radius) -> None:
    then = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp())
    account(radius, "Stop", Event_Timestamp=then, Acct_Session_Time=600, Acct_Input_Octets=1)
    (row,) = radius.rows("select acctstarttime s, acctstoptime t from radacct")
    assert row["t"].timestamp() == then
    assert row["s"].timestamp() == then - 600


def test_accounting_on_closes_what_is_open_and_is_answered_when_nothing_is(radius: Radius) -> None:
    assert "Received Accounting-Response" in account(radius, "Accounting-On")
    account(radius, "Interim-Update", Acct_Input_Octets=5)
    assert "Received Accounting-Response" in account(radius, "Accounting-On")
    assert acct_row(radius) == (5, 0, True, "NAS-Reboot")


def test_without_its_database_nothing_is_answered(radius: Radius) -> None:
    radius.add_user("ann", "pw")
    name = sql.Identifier(radius.database.name)
    with psycopg.connect(radius.database.server.superuser_dsn(), autocommit=True) as connection:
        connection.execute(sql.SQL("alter database {} allow_connections false").format(name))
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [radius.database.name]
        )
        assert "Received" not in ask(radius, "ann", "pw", wait_s=SILENCE_S)
        assert "Received" not in account(radius, "Start", wait_s=SILENCE_S)
        connection.execute(sql.SQL("alter database {} allow_connections true").format(name))
    assert "Received Access-Accept" in ask(radius, "ann", "pw", wait_s=SILENCE_S) + ask(radius, "ann", "pw")
    assert "Received Accounting-Response" in account(radius, "Start")


def test_a_database_that_fails_half_way_is_no_wrong_password(radius: Radius) -> None:
    radius.add_user("ann", "pw", check={"MT-Max-Monthly-Tokens": 10_000})
    with psycopg.connect(radius.database.dsn) as connection:
        connection.execute("alter table radacct rename to radacct_away")
    assert "Received" not in ask(radius, "ann", "pw", wait_s=SILENCE_S)


def test_without_a_secret_it_does_not_start(radius: Radius) -> None:
    env = radius.server.environment()
    del env["RADIUS_SECRET"]
    done = subprocess.run(
        ["/usr/sbin/freeradius", "-C", "-l", "stdout", "-d", str(radius.server.raddb), "-D", "/usr/share/freeradius"],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "secret must be at least 1 character long" in done.stdout
