"""Row level security, as Supabase's roles meet it over connections of their own.

Every table stands in one of two lists: what is new and in neither must be private, or this file says that it is public.
"""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from devstack.testing import Database

PUBLIC = {
    "seasons", "leagues", "age_groups", "divisions", "brackets", "clubs", "teams", "bracket_teams",
    "published_standings", "venues", "matches", "match_brackets", "qop_snapshots", "forecasts", "bracket_forecasts",
    "bracket_outlooks",
    "weekend_insights",
}  # fmt: skip
FILLED = PUBLIC - {"qop_snapshots", "forecasts", "bracket_forecasts", "bracket_outlooks", "weekend_insights"}
SECRET = {
    "accounts", "account_teams", "api_keys", "audit_log", "ingest_rejections", "ingest_batches", "match_locks",
    "match_conflicts", "team_aliases", "radcheck", "radreply", "radacct", "radpostauth", "radusergroup",
    "radgroupcheck", "radgroupreply", "radwindow", "radline", "radslice", "llm_calls",
}  # fmt: skip
RADIUS = {
    "radacct", "radcheck", "radreply", "radgroupcheck", "radgroupreply", "radusergroup", "radpostauth", "radwindow",
    "radline", "radslice", "llm_calls",
}  # fmt: skip
ROLES = ["anon", "authenticated"]
PRIVILEGES = ("INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")


@pytest.fixture
def database(league_database: Database) -> Database:
    """Each test's own copy of the small league."""
    return league_database


def tables(database: Database) -> set[str]:
    with psycopg.connect(database.superuser_dsn) as connection:
        rows = connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
    return {name for (name,) in rows}


@pytest.fixture(params=ROLES)
def stranger(request: pytest.FixtureRequest, seed: Any, database: Database) -> Iterator[psycopg.Connection[Any]]:
    """A connection as Supabase's gateway makes one: it logs in as `authenticator` and takes the role of the token."""
    dsn = psycopg.conninfo.make_conninfo(database.dsn, user="authenticator")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"set role {request.param}".encode())
        yield connection


def refused(connection: psycopg.Connection[Any], statement: str) -> bool:
    try:
        connection.execute(statement.encode())
    except psycopg.errors.InsufficientPrivilege:
        return True
    return False


def test_every_table_has_row_level_security(database: Database) -> None:
    with psycopg.connect(database.superuser_dsn) as connection:
        rows = connection.execute(
            "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') "
            "and not relrowsecurity"
        ).fetchall()
    assert rows == []


def test_the_lists_of_this_file_name_tables_that_there_are(database: Database) -> None:
    there = tables(database)
    assert there >= SECRET
    assert there >= FILLED
    assert not PUBLIC & SECRET


def test_everyone_reads_the_public_tables(stranger: psycopg.Connection[Any]) -> None:
    for table in sorted(FILLED):
        row = stranger.execute(f"select count(*) from {table}".encode()).fetchone()
        assert row is not None
        assert row[0] > 0, f"nothing is seen in {table}"


def test_nobody_reads_a_table_that_is_not_public(stranger: psycopg.Connection[Any], database: Database) -> None:
    private = tables(database) - PUBLIC
    assert private >= SECRET
    open_ones = [table for table in sorted(private) if not refused(stranger, f"select * from {table}")]
    assert open_ones == []


def test_nobody_writes_into_any_table(stranger: psycopg.Connection[Any], database: Database) -> None:
    open_ones = []
    for table in sorted(tables(database)):
        for statement in (f"insert into {table} default values", f"delete from {table}", f"truncate {table} cascade"):
            if not refused(stranger, statement):
                open_ones.append(statement)
        for privilege in PRIVILEGES:
            (held,) = stranger.execute("select has_table_privilege(%s, %s)", [table, privilege]).fetchone() or (True,)
            if held:
                open_ones.append(f"{privilege} on {table}")
    assert open_ones == []
    assert refused(stranger, "update matches set home_score = 9")
    assert refused(stranger, "insert into accounts (id, role) values (gen_random_uuid(), 'admin')")


def test_nobody_uses_a_sequence_or_calls_a_function_of_ours(
    stranger: psycopg.Connection[Any], database: Database
) -> None:
    with psycopg.connect(database.superuser_dsn) as connection:
        sequences = connection.execute("select sequencename from pg_sequences where schemaname = 'public'").fetchall()
        functions = connection.execute(
            "select oid::regprocedure::text from pg_proc where pronamespace = 'public'::regnamespace"
        ).fetchall()
    assert sequences
    assert functions
    held = [
        name
        for question, names in (
            ("select has_sequence_privilege(%s, 'USAGE, SELECT, UPDATE')", sequences),
            ("select has_function_privilege(%s, 'EXECUTE')", functions),
        )
        for (name,) in names
        if (stranger.execute(question.encode(), [name]).fetchone() or (True,))[0]
    ]
    assert held == []


def test_a_policy_holds_even_where_somebody_granted_too_much(seed: Any, database: Database) -> None:
    with psycopg.connect(database.dsn, autocommit=True) as owner:
        for table in sorted(tables(database) - PUBLIC):
            owner.execute(f"grant all on {table} to anon".encode())
    dsn = psycopg.conninfo.make_conninfo(database.dsn, user="authenticator")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("set role anon")
        for table in sorted(tables(database) - PUBLIC):
            seen = connection.execute(f"select count(*) from {table}".encode()).fetchone()
            assert seen == (0,), table
        assert refused(connection, "insert into accounts (id, role) values (gen_random_uuid(), 'admin')")


def test_a_table_that_comes_later_is_closed_until_it_is_opened(database: Database) -> None:
    with psycopg.connect(database.dsn, autocommit=True) as owner:
        owner.execute("create table public.later (id bigint generated always as identity)")
        owner.execute("create function public.later_too() returns int language sql as 'select 1'")
    dsn = psycopg.conninfo.make_conninfo(database.dsn, user="authenticator")
    for role in ROLES:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(f"set role {role}".encode())
            for statement in ("select * from later", "truncate later", "select later_too()"):
                assert refused(connection, statement), statement


def test_the_role_of_radius_has_its_own_tables_and_nothing_else(database: Database) -> None:
    with psycopg.connect(database.superuser_dsn) as connection:
        held = {
            table
            for table in tables(database)
            if (
                connection.execute(
                    "select has_table_privilege('radius', %s, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')", [table]
                ).fetchone()
                or (True,)
            )[0]
        }
    assert held == RADIUS


def test_the_service_role_writes(seed: Any, database: Database) -> None:
    dsn = psycopg.conninfo.make_conninfo(database.dsn, user="authenticator")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("set role service_role")
        assert connection.execute("update matches set home_score = home_score").rowcount > 0
        row = connection.execute("select count(*) from api_keys").fetchone()
        assert row is not None
        assert row[0] > 0
