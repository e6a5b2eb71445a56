"""What an application holds while it runs: settings, the pool of connections, the kept tables. One per process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from psycopg import AsyncConnection
from psycopg.errors import QueryCanceled
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from missing_table.settings import Settings
from missing_table.tables.kept import KeptAnswers
from missing_table.waits import REACH, REQUEST_S
from missing_table.web.limits import Limits, Places, limits_of

if TYPE_CHECKING:
    from missing_table.accounts.sign_in import SignIn
    from missing_table.accounts.tokens import Verifier
    from missing_table.live.feed import Feed

Connection = AsyncConnection[DictRow]
Pool = AsyncConnectionPool[Connection]

POOL_MAX = 4
"""Few, so that requests wait here in their order: a database of two cores that is asked ten things at once answers none
of them sooner, and the long ones much later (benchmarks/README.md)."""
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


@dataclass
class State:
    """What requests share."""

    settings: Settings
    pool: Pool | None = None
    kept: KeptAnswers = field(default_factory=KeptAnswers)
    feed: "Feed | None" = None
    verifier: "Verifier | None" = None
    sign_in: "SignIn | None" = None
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    streams: Places = field(default_factory=Places)
    limits: Limits = field(init=False)

    def __post_init__(self) -> None:
        said = self.settings
        self.limits = limits_of(
            address=said.rate_per_minute, key=said.key_rate_per_minute, refusals=said.refusals_per_minute
        )

    def now(self) -> datetime:
        """The present, or MT_TODAY."""
        return self.settings.now()

    def stop(self) -> None:
        """Ends the open streams, so that a graceful stop need not wait for them."""
        self.stopping.set()
        if self.feed is not None:
            self.feed.end()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for one request; in autocommit, so that each statement is its own transaction."""
        if self.pool is None:
            raise RuntimeError("the application was not started: its lifespan opens the pool")
        try:
            async with asyncio.timeout(REQUEST_S), self.pool.connection() as connection:
                yield connection
        except TimeoutError as error:
            raise QueryCanceled(f"no answer within {REQUEST_S:.0f} s") from error


async def one(connection: Connection, query: str, params: dict[str, Any]) -> DictRow | None:
    """The first row of a statement, or None."""
    return await (await connection.execute(query.encode(), params)).fetchone()


async def many(connection: Connection, query: str, params: dict[str, Any]) -> list[DictRow]:
    """All rows of a statement."""
    return await (await connection.execute(query.encode(), params)).fetchall()
