"""FreeRADIUS with our raddb on the real tables: who is let in, what a reject says, how accounting adds up."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import sql

from devstack.testing.radius import Radius
from iron_claw import users

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


def sql_(radius: Radius, statement: str, *values: object) -> None:
    with psycopg.connect(radius.database.dsn) as connection:
        connection.execute(statement.encode(), values)


def add_check(radius: Radius, attribute: str, value: str) -> None:
    sql_(radius, "insert into radcheck (username, attribute, op, value) values ('ann', %s, ':=', %s)", attribute, value)


def disable_by_group(radius: Radius) -> None:
    sql_(
        radius,
        "insert into radgroupcheck (groupname, attribute, op, value) values ('off', 'Auth-Type', ':=', 'Reject')",
    )
    sql_(radius, "insert into radusergroup (username, groupname, priority) values ('ann', 'off', 0)")


DISABLED: dict[str, Callable[[Radius], None]] = {
    "Auth-Type": lambda radius: add_check(radius, "Auth-Type", "Reject"),
    "Auth-Type by a group": disable_by_group,
    "Expiration": lambda radius: add_check(radius, "Expiration", "01 Jan 2020"),
}


@pytest.mark.parametrize("way", DISABLED)
def test_a_user_who_is_switched_off_is_refused_at_the_door(radius: Radius, way: str) -> None:
    radius.add_user("ann", "pw")
    assert "Received Access-Accept" in ask(radius, "ann", "pw")
    DISABLED[way](radius)
    assert 'Reply-Message = "bad-credentials"' in ask(radius, "ann", "pw")


def test_an_expiration_to_come_ends_the_session_then(radius: Radius) -> None:
    radius.add_user("ann", "pw", Session_Timeout=400_000)
    tomorrow = datetime.now(UTC) + timedelta(days=2)
    add_check(radius, "Expiration", tomorrow.strftime("%d %b %Y"))
    (timeout,) = re.findall(r"Session-Timeout = (\d+)", ask(radius, "ann", "pw"))
    assert 0 < int(timeout) <= 2 * 86_400


def test_a_value_that_does_not_fit_the_wire_is_refused_where_it_is_written(radius: Radius) -> None:
    radius.add_user("ann", "pw", MT_Token_Budget=5000)
    for attribute, value in (
        ("MT-Token-Budget", "200k"),
        ("MT-Token-Budget", "1e6"),
        ("mt-token-budget", "-1"),
        ("MT-Token-Budget", "4294967296"),
        ("Idle-Timeout", ""),
        ("MT-Cost-Budget", "9223372036854775808"),
        ("MT-Model-Allowed", "m" * 248),
    ):
        for table in ("radreply", "radcheck"):
            with pytest.raises(psycopg.errors.CheckViolation):
                sql_(
                    radius, f"insert into {table} (username, attribute, value) values ('ann', %s, %s)", attribute, value
                )
    with pytest.raises(psycopg.errors.CheckViolation):
        sql_(radius, "update radreply set value = '5M' where attribute = 'MT-Token-Budget'")
    sql_(radius, "update radreply set value = '4294967295' where attribute = 'MT-Token-Budget'")
    assert "MT-Token-Budget = 4294967295" in ask(radius, "ann", "pw")


@pytest.mark.parametrize("table", ["radreply", "radcheck", "radgroupreply", "radgroupcheck"])
def test_a_value_from_before_the_check_refuses_its_user_by_name(radius: Radius, table: str) -> None:
    radius.add_user("ann", "pw")
    sql_(radius, "insert into radusergroup (username, groupname, priority) values ('ann', 'team', 0)")
    owner = "groupname" if "group" in table else "username"
    attribute = "MT-Token-Budget" if "reply" in table else "MT-Max-Monthly-Tokens"
    sql_(radius, f"alter table {table} drop constraint {table}_value_fits")
    who = "team" if "group" in table else "ann"
    sql_(radius, f"insert into {table} ({owner}, attribute, op, value) values (%s, %s, ':=', '200k')", who, attribute)
    assert f'Reply-Message = "bad-value {attribute}"' in ask(radius, "ann", "pw")
    with psycopg.connect(radius.dsn) as connection:
        (listed,) = users.listed(connection)
    assert listed["misfits"] == f"{table} {attribute} '200k'"


def test_a_session_is_one_row_whatever_its_gateway_is_called(radius: Radius) -> None:
    account(radius, "Interim-Update", Acct_Input_Octets=100, NAS_Identifier="before", NAS_IP_Address="127.0.0.1")
    account(radius, "Stop", Acct_Input_Octets=110, NAS_Identifier="after", NAS_IP_Address="127.0.0.2")
    assert acct_row(radius)[:3] == (110, 0, True)


def test_a_gateway_that_starts_closes_its_own_sessions_alone(radius: Radius) -> None:
    for number, name in enumerate(("one", "two")):
        account(radius, "Start", Acct_Session_Id=f"s{number}", NAS_Identifier=name)
    account(radius, "Accounting-On", NAS_Identifier="one")
    rows = radius.rows("select nasidentifier n, acctstoptime is null o from radacct order by 1")
    assert [(row["n"], row["o"]) for row in rows] == [("one", False), ("two", True)]


def test_the_rows_of_those_who_were_refused_are_bounded_and_cleaned(radius: Radius) -> None:
    sql_(
        radius,
        """insert into radpostauth (username, reply, authdate)
           select 'old', reply, now() - interval '8 days' from unnest(array['Access-Reject', 'Access-Accept']) reply""",
    )
    radius.add_user("ann", "pw")
    for number in range(40):
        ask(radius, f"nobody{number}", "wrong")
    assert "Received Access-Accept" in ask(radius, "ann", "pw")
    rows = radius.rows("select reply r, count(*) n from radpostauth group by 1 order by 1")
    assert [(row["r"], row["n"]) for row in rows] == [("Access-Accept", 2), ("Access-Reject", 30)]


WINDOWS = [
    ("MT-Max-Daily-Tokens", "day", "daily"),
    ("MT-Max-Weekly-Tokens", "week", "weekly"),
    ("MT-Max-Monthly-Tokens", "month", "monthly"),
    ("MT-Max-Daily-Cost", "day", "daily-cost"),
    ("MT-Max-Weekly-Cost", "week", "weekly-cost"),
    ("MT-Max-Monthly-Cost", "month", "monthly-cost"),
]


@pytest.mark.parametrize(("attribute", "period", "name"), WINDOWS)
def test_each_window_is_counted_from_its_start_told_and_then_refused(
    radius: Radius, attribute: str, period: str, name: str
) -> None:
    radius.add_user("ann", "pw", check={attribute: 10_000})
    account(radius, "Stop", Acct_Input_Octets=6000, Acct_Output_Octets=1000, MT_Cost_Microusd=7000)
    sql_(
        radius,
        """insert into radacct (acctsessionid, acctuniqueid, username, nasipaddress, acctstarttime, acctinputoctets,
           acctoutputoctets, costmicrousd) values ('before', 'before', 'ann', '127.0.0.1',
           date_trunc(%s, now() at time zone 'UTC') at time zone 'UTC' - interval '1 second', 9000, 9000, 9000)""",
        period,
    )
    turn = "date_trunc(%s, now() at time zone 'UTC') + ('1 ' || %s)::interval"
    (reset,) = radius.rows(f"select extract(epoch from {turn})::bigint as unix, {turn} as at", *[period] * 4)
    assert f'MT-Window = "{name} 10000 7000 {reset["unix"]}"' in ask(radius, "ann", "pw")
    account(radius, "Stop", Acct_Session_Id="s2", Acct_Input_Octets=3000, MT_Cost_Microusd=3000)
    assert f'Reply-Message = "{name}-cap resets={reset["at"]:%Y-%m-%dT%H:%M:%SZ}"' in ask(radius, "ann", "pw")


def test_a_raise_ends_by_itself(radius: Radius) -> None:
    radius.add_user("ann", "pw", MT_Token_Budget=5000, check={"MT-Max-Monthly-Tokens": 7000})
    until = datetime.now(UTC) + timedelta(hours=1)
    raised = {"token_budget": 9000, "monthly_budget": 20_000}
    with psycopg.connect(radius.dsn) as connection:
        users.put(connection, "ann", secret=None, grant=raised, until=until)
        (listed,) = users.listed(connection)
    assert (listed["token_budget"], listed["until"]) == (9000, f"{until:%Y-%m-%dT%H:%M:%SZ}")
    seen = ask(radius, "ann", "pw")
    assert "MT-Token-Budget = 9000" in seen
    assert "MT-Monthly-Budget = 20000" in seen
    for table in ("radreply", "radcheck"):
        sql_(radius, f"update {table} set until = now() where until is not null")
    seen = ask(radius, "ann", "pw")
    assert "MT-Token-Budget = 5000" in seen
    assert "MT-Monthly-Budget = 7000" in seen
    with psycopg.connect(radius.dsn) as connection:
        (listed,) = users.listed(connection)
    assert (listed["token_budget"], listed["until"]) == (5000, None)


def test_a_list_longer_than_an_attribute_travels_in_several(radius: Radius) -> None:
    models = [f"claude-model-{number}-with-a-rather-long-name" for number in range(12)]
    with psycopg.connect(radius.dsn) as connection:
        users.put(connection, "ann", secret="a-long-enough-secret", grant={"models": ",".join(models)})
        (listed,) = users.listed(connection)
    assert listed["models"] == ",".join(models)
    values = re.findall(r'MT-Model-Allowed = "([^"]*)"', ask(radius, "ann", "a-long-enough-secret"))
    assert len(values) > 1
    assert ",".join(values) == ",".join(models)


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
