"""Row level security, as the Supabase roles see it over real connections."""

from typing import Any

import psycopg
import pytest

PUBLIC = [
    "seasons", "leagues", "age_groups", "divisions", "brackets", "clubs", "teams", "bracket_teams",
    "published_standings", "venues", "matches", "match_brackets",
]  # fmt: skip
PRIVATE = [
    "accounts", "account_teams", "api_keys", "audit_log", "ingest_rejections", "ingest_batches", "feed_snapshots",
    "source_documents", "match_locks", "match_conflicts", "match_changes", "team_aliases", "runs", "events",
    "radcheck", "radreply", "radacct", "radpostauth", "radusergroup", "llm_calls",
]  # fmt: skip
ROLES = ["anon", "authenticated"]


def as_role(seed: Any, superuser_dsn: str, role: str) -> psycopg.Connection:
    """A connection that is `role`, as the Supabase gateway's authenticator makes one."""
    connection = psycopg.connect(superuser_dsn, autocommit=True)
    connection.execute(f"set role {role}".encode())
    return connection


@pytest.mark.parametrize("role", ROLES)
def test_everyone_reads_the_public_tables(seed: Any, database: Any, role: str) -> None:
    with as_role(seed, database.superuser_dsn, role) as connection:
        for table in PUBLIC:
            row = connection.execute(f"select count(*) from {table}".encode()).fetchone()
            assert row is not None
            assert row[0] > 0, f"{role} sees nothing in {table}"


@pytest.mark.parametrize("role", ROLES)
def test_nobody_reads_what_is_not_public(seed: Any, database: Any, role: str) -> None:
    with as_role(seed, database.superuser_dsn, role) as connection:
        for table in PRIVATE:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"select * from {table}".encode())


@pytest.mark.parametrize("role", ROLES)
def test_nobody_writes_except_through_the_service_role(seed: Any, database: Any, role: str) -> None:
    with as_role(seed, database.superuser_dsn, role) as connection:
        for statement in (
            "update matches set home_score = 9",
            "delete from matches",
            "insert into seasons (name, first_day, last_day) values ('2030-31', '2030-08-01', '2031-07-31')",
            "insert into accounts (id, role) values (gen_random_uuid(), 'admin')",
            "truncate matches",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())


def test_every_table_has_row_level_security(database: Any) -> None:
    with psycopg.connect(database.superuser_dsn) as connection:
        rows = connection.execute(
            "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' "
            "and not relrowsecurity"
        ).fetchall()
    assert rows == []
