"""The ground floor of every query: the pool of connections, and one row or many."""

from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from missing_table.waits import REACH

CHANNEL = "events"
"""NOTIFY channel; the payload is the id of the newest event of the transaction. Listeners read the table."""

Connection = AsyncConnection[DictRow]
Pool = AsyncConnectionPool[Connection]

POOL_MAX = 4
"""Keep this small. On a two-core database ten concurrent queries finish no earlier than four, and the slowest get much
slower (benchmarks/README.md)."""
POOL_WAIT_S = 5


def make_pool(dsn: str) -> Pool:
    """A closed pool. Works behind PgBouncer in transaction mode: nothing prepared, no session state, autocommit."""
    return AsyncConnectionPool(
        dsn,
        min_size=POOL_MAX,
        max_size=POOL_MAX,
        timeout=POOL_WAIT_S,
        max_waiting=200,
        open=False,
        name="requests",
        connection_class=AsyncConnection[DictRow],
        kwargs={"autocommit": True, "prepare_threshold": None, "row_factory": dict_row, **REACH},
        check=AsyncConnectionPool.check_connection,
    )


async def one(connection: Connection, query: str, params: dict[str, Any]) -> DictRow | None:
    """The first row of a statement, or None."""
    return await (await connection.execute(query.encode(), params)).fetchone()


async def many(connection: Connection, query: str, params: dict[str, Any]) -> list[DictRow]:
    """All rows of a statement."""
    return await (await connection.execute(query.encode(), params)).fetchall()
