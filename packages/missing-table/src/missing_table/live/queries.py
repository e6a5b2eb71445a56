"""The table of events: ids follow commits, so `id > last` misses nothing."""

from missing_table.database import Connection, many, one
from missing_table.live.schemas import Event

NEWEST = "select coalesce(max(id), 0) as id from events"
OLDEST = "select coalesce(min(id), 0) as id from events"
AFTER = """
select id, kind, bracket_id, match_id, version, payload, created_at
from events where id > %(last_id)s order by id limit %(limit)s
"""


async def newest_event(connection: Connection) -> int:
    """The id of the newest event, 0 where there is none."""
    row = await one(connection, NEWEST, {})
    return int(row["id"]) if row else 0


async def oldest_event(connection: Connection) -> int:
    """The id of the oldest event that is kept, 0 where there is none."""
    row = await one(connection, OLDEST, {})
    return int(row["id"]) if row else 0


async def events_after(connection: Connection, *, last_id: int, limit: int) -> list[Event]:
    """What happened after an event, oldest first."""
    rows = await many(connection, AFTER, {"last_id": last_id, "limit": limit})
    return [Event.model_validate(row) for row in rows]
