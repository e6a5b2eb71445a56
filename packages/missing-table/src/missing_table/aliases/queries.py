"""Aliases in the database."""

from typing import Any
from uuid import UUID

from missing_table.aliases.schemas import Alias, AliasInput
from missing_table.database import Connection, many, one

_FIELDS = """
select a.id, a.alias, a.team_id, a.club_id, coalesce(t.name, c.name) as name, a.age_label, a.source, a.created_by,
    a.created_at
from team_aliases a left join teams t on t.id = a.team_id left join clubs c on c.id = a.club_id
"""
LIST = _FIELDS + "where a.id > %(after_id)s order by a.id limit %(limit)s"
ONE = _FIELDS + "where a.id = %(alias_id)s"
ADD = """
insert into team_aliases (source, alias, age_label, team_id, club_id, created_by)
values (%(source)s, %(alias)s, %(age_label)s, %(team_id)s, %(club_id)s, %(account_id)s)
on conflict do nothing returning id
"""
REMOVE = "delete from team_aliases where id = %(alias_id)s"


async def aliases(connection: Connection, *, after_id: int, limit: int) -> list[Alias]:
    """By id."""
    return [Alias.model_validate(row) for row in await many(connection, LIST, {"after_id": after_id, "limit": limit})]


async def alias(connection: Connection, *, alias_id: int) -> Alias | None:
    """One, or None."""
    row = await one(connection, ONE, {"alias_id": alias_id})
    return Alias.model_validate(row) if row else None


async def add(connection: Connection, *, wanted: AliasInput, account_id: UUID) -> Alias | None:
    """The new alias; None where the name means somebody already. ForeignKeyViolation for a team that is not there."""
    values: dict[str, Any] = {**wanted.model_dump(), "account_id": account_id}
    row = await one(connection, ADD, values)
    return await alias(connection, alias_id=row["id"]) if row else None


async def remove(connection: Connection, *, alias_id: int) -> None:
    """Deletes it; what landed through it stays."""
    await connection.execute(REMOVE.encode(), {"alias_id": alias_id})
