"""The audit log: who wrote what. An entry belongs into the transaction of the write itself."""

from typing import Any

from psycopg.types.json import Jsonb

from missing_table.database import Connection

COMMAND_LINE = "command line"
"""The actor of what is done with `missing-table …`, where nobody signs in."""
AUDIT = """
insert into audit_log (actor, action, subject, subject_id, before, after, request_id)
values (%(actor)s, %(action)s, %(subject)s, %(subject_id)s, %(before)s, %(after)s, %(request_id)s)
"""


def entry(
    *, actor: str, action: str, subject: str, subject_id: str, before: Any, after: Any, request_id: str | None = None
) -> dict[str, Any]:
    """The values of AUDIT. `before`, `after`: plain JSON; None: there was, or there is, nothing."""
    return {
        "actor": actor,
        "action": action,
        "subject": subject,
        "subject_id": subject_id,
        "before": None if before is None else Jsonb(before),
        "after": None if after is None else Jsonb(after),
        "request_id": request_id,
    }


async def audit(connection: Connection, *, before: Any, after: Any, **fields: str) -> None:
    """Write a line of the audit log. None: there was, or there is, nothing."""
    await connection.execute(AUDIT, entry(before=before, after=after, **fields))
