"""Keys and accounts in the database."""

from typing import Any
from uuid import UUID

from missing_table.accounts.keys import ServiceKey
from missing_table.accounts.schemas import Account, AccountInput, ShownKey
from missing_table.database import Connection, many, one

KEY = """
select name, secret_sha256, scopes, coalesce(last_used_at < now() - interval '1 minute', true) as silent
from api_keys where id = %(key_id)s and revoked_at is null
"""
USED = "update api_keys set last_used_at = now() where id = %(key_id)s"
UPSERT_KEY = """
insert into api_keys (id, name, secret_sha256, scopes)
values (%(key_id)s, %(name)s, %(secret_sha256)s, %(scopes)s)
on conflict (id) do update set name = excluded.name, secret_sha256 = excluded.secret_sha256,
    scopes = excluded.scopes, revoked_at = null
"""
REVOKE_KEY = "update api_keys set revoked_at = now() where id = %(key_id)s and revoked_at is null returning id"
KEYS = "select id, name, scopes, created_at, revoked_at, last_used_at from api_keys order by id"
ONE_KEY = "select id, name, scopes, created_at, revoked_at, last_used_at from api_keys where id = %(key_id)s"


async def key(connection: Connection, *, key_id: str) -> dict[str, Any] | None:
    """`name, secret_sha256, scopes, silent` (not used for a minute) of a key that is not revoked."""
    return await one(connection, KEY, {"key_id": key_id})


async def used(connection: Connection, *, key_id: str) -> None:
    """Notes that a key was used; asked at most once a minute."""
    await connection.execute(USED.encode(), {"key_id": key_id})


async def keys(connection: Connection) -> list[ShownKey]:
    """Every key, revoked ones too."""
    return [ShownKey.model_validate(row) for row in await many(connection, KEYS, {})]


async def add_key(connection: Connection, *, made: ServiceKey, name: str, scopes: list[str]) -> ShownKey:
    """Keeps a new key's hash."""
    values = {"key_id": made.key_id, "name": name, "secret_sha256": made.secret_sha256, "scopes": scopes}
    await connection.execute(UPSERT_KEY.encode(), values)
    return ShownKey.model_validate(await one(connection, ONE_KEY, {"key_id": made.key_id}))


async def revoke(connection: Connection, *, key_id: str) -> tuple[ShownKey, ShownKey] | None:
    """Refuses a key from now on: as it was and as it is, or None where there is no good one of that id."""
    before = await one(connection, ONE_KEY, {"key_id": key_id})
    if before is None or await one(connection, REVOKE_KEY, {"key_id": key_id}) is None:
        return None
    after = await one(connection, ONE_KEY, {"key_id": key_id})
    return ShownKey.model_validate(before), ShownKey.model_validate(after)


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


_ACCOUNTS = """
select a.id, a.role, a.created_at, a.disabled_at,
    array(select team_id from account_teams t where t.account_id = a.id order by team_id) as team_ids
from accounts a
"""
ACCOUNTS = _ACCOUNTS + "where (%(after)s::uuid is null or a.id > %(after)s) order by a.id limit %(limit)s"
SHOWN_ACCOUNT = _ACCOUNTS + "where a.id = %(account_id)s"
KEEP_ACCOUNT = """
insert into accounts (id, role, disabled_at)
values (%(account_id)s, %(role)s, case when %(disabled)s then now() end)
on conflict (id) do update set role = excluded.role,
    disabled_at = case when %(disabled)s then coalesce(accounts.disabled_at, now()) end
"""


async def accounts(connection: Connection, *, after: UUID | None, limit: int) -> list[Account]:
    """Those to whom somebody gave a role, by id."""
    rows = await many(connection, ACCOUNTS, {"after": after, "limit": limit})
    return [Account.model_validate(row) for row in rows]


async def shown_account(connection: Connection, *, account_id: UUID) -> Account | None:
    """One, or None."""
    row = await one(connection, SHOWN_ACCOUNT, {"account_id": account_id})
    return Account.model_validate(row) if row else None


async def keep_account(connection: Connection, *, account_id: UUID, wanted: AccountInput) -> Account:
    """An account as it is wanted. ForeignKeyViolation for a team that is not there."""
    values = {"account_id": account_id, "role": wanted.role, "disabled": wanted.disabled}
    await connection.execute(KEEP_ACCOUNT.encode(), values)
    await connection.execute(DROP_TEAMS.encode(), {"account_id": account_id})
    for team_id in wanted.team_ids:
        await connection.execute(ADD_TEAM.encode(), {"account_id": account_id, "team_id": team_id})
    return Account.model_validate(await one(connection, SHOWN_ACCOUNT, {"account_id": account_id}))
