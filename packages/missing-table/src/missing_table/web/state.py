"""What an application holds while it runs: settings, the pool of connections, kept answers. One per process.

It names no subject: a subject's own part (the feed of events, the verifier of tokens, the kept tables) is added by the
application and asked for by its class.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from psycopg.errors import QueryCanceled

from missing_table.database import Connection, Pool
from missing_table.kept import KeptAnswers
from missing_table.settings import Settings
from missing_table.waits import REQUEST_S
from missing_table.web.limits import Limits, Places, limits_of

Part = TypeVar("Part")


@dataclass
class State:
    """What requests share."""

    settings: Settings
    pool: Pool | None = None
    kept: KeptAnswers = field(default_factory=KeptAnswers)
    at_stop: list[Callable[[], None]] = field(default_factory=list)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    streams: Places = field(default_factory=Places)
    limits: Limits = field(init=False)
    _parts: dict[type, Any] = field(default_factory=dict)

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
        for end in self.at_stop:
            end()

    def add(self, part: object) -> None:
        """Add a subject's part; one of the same class takes its place."""
        self._parts[type(part)] = part

    def part(self, kind: type[Part]) -> Part | None:
        """Return the part of a class, None where the application has none."""
        found: Part | None = self._parts.get(kind)
        return found

    def cache(self, kind: type[Part]) -> Part:
        """Return the part of a class, made empty where it is asked for the first time."""
        found = self._parts.get(kind)
        if found is None:
            found = self._parts[kind] = kind()
        made: Part = found
        return made

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
