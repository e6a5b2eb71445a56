"""Keys and accounts in the database."""

from typing import Any
from uuid import UUID

from missing_table.web.state import Connection, one

KEY = "select name, secret_sha256, scopes from api_keys where id = %(key_id)s and revoked_at is null"
UPSERT_KEY = """
insert into api_keys (id, name, secret_sha256, scopes)
values (%(key_id)s, %(name)s, %(secret_sha256)s, %(scopes)s)
on conflict (id) do update set name = excluded.name, secret_sha256 = excluded.secret_sha256,
    scopes = excluded.scopes, revoked_at = null
"""
REVOKE_KEY = "update api_keys set revoked_at = now() where id = %(key_id)s and revoked_at is null returning id"
KEYS = "select id, name, scopes, created_at, revoked_at, last_used_at from api_keys order by id"


async def key(connection: Connection, *, key_id: str) -> dict[str, Any] | None:
    """`name, secret_sha256, scopes` of a key that is not revoked."""
    return await one(connection, KEY, {"key_id": key_id})


ACCOUNT = """
select a.id, a.role, a.disabled_at is not null as disabled,
    array(select team_id from account_teams t where t.account_id = a.id) as team_ids
from accounts a where a.id = %(account_id)s
"""
UPSERT_ACCOUNT = """
insert into accounts (id, role) values (%(account_id)s, %(role)s)
on conflict (id) do update set role = excluded.role, disabled_at = null
"""
DROP_TEAMS = "delete from account_teams where account_id = %(account_id)s"
ADD_TEAM = "insert into account_teams (account_id, team_id) values (%(account_id)s, %(team_id)s) on conflict do nothing"


async def account(connection: Connection, *, account_id: UUID) -> dict[str, Any] | None:
    """`id, role, disabled, team_ids`, or None for somebody whom we do not know yet (a reader)."""
    return await one(connection, ACCOUNT, {"account_id": account_id})
