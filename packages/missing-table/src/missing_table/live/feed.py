"""From the database's NOTIFY to everybody who waits: the kept answers and the open streams.

One connection of its own on the direct address (a pooler would swallow LISTEN). A notification says only that the table
`events` has more; the rows are read from there, so nothing is missed over a lost connection.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import psycopg
import structlog
from psycopg import AsyncConnection

from missing_table.live.queries import events_after, newest_event
from missing_table.live.schemas import Event
from missing_table.tables.kept import KeptAnswers
from missing_table.web.state import Pool

CHANNEL = "events"
QUIET_S = 20
"""After so long without a word the listener asks whether its connection still stands."""
RETRY_S = (0.2, 0.5, 1, 2, 5)
QUEUE = 500
CHUNK = 500

log = structlog.get_logger(__name__)

Subscriber = asyncio.Queue[Event | None]
"""None: the stream ends (the process stops, or this reader is too slow); the reader comes back with its last id."""


@dataclass
class Feed:
    """Listens as long as `run` runs."""

    dsn: str
    pool: Pool
    kept: KeptAnswers
    last_id: int = 0
    subscribers: set[Subscriber] = field(default_factory=set)
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    def subscribe(self) -> Subscriber:
        """A queue of what happens from now on."""
        queue: Subscriber = asyncio.Queue(QUEUE)
        self.subscribers.add(queue)
        return queue

    def unsubscribe(self, queue: Subscriber) -> None:
        self.subscribers.discard(queue)

    def end(self) -> None:
        """Ends every open stream."""
        for queue in list(self.subscribers):
            self._end(queue)

    def _end(self, queue: Subscriber) -> None:
        self.subscribers.discard(queue)
        while True:
            try:
                queue.put_nowait(None)
                return
            except asyncio.QueueFull:
                queue.get_nowait()

    async def run(self) -> None:
        """Listens, reconnects, and never gives up; ends by being cancelled."""
        attempt = 0
        while True:
            try:
                async with await AsyncConnection.connect(
                    self.dsn, autocommit=True, prepare_threshold=None, connect_timeout=5
                ) as connection:
                    await connection.execute(b"listen " + CHANNEL.encode())
                    attempt = 0
                    await self._hear(connection)
            except psycopg.OperationalError as error:
                log.warning("listener has no connection", error=str(error).strip(), retry_s=_pause(attempt))
            finally:
                self.kept.lose()
                self.heard.clear()
            await asyncio.sleep(_pause(attempt))  # the pause between two attempts, not a wait for an event
            attempt += 1

    async def _hear(self, connection: AsyncConnection[Any]) -> None:
        async with self.pool.connection() as reading:
            newest = await newest_event(reading)
        self.kept.hear()
        if self.last_id:
            await self._catch_up()
        else:
            self.last_id = newest
        self.heard.set()
        log.info("listener hears", channel=CHANNEL, last_event=self.last_id)
        while True:
            woken = False
            async for _ in connection.notifies(timeout=QUIET_S, stop_after=1):
                woken = True
            if woken:
                await self._catch_up()
            else:
                await connection.execute(b"select 1")

    async def _catch_up(self) -> None:
        while True:
            async with self.pool.connection() as reading:
                events = await events_after(reading, last_id=self.last_id, limit=CHUNK)
            for event in events:
                self._tell(event)
            if len(events) < CHUNK:
                return

    def _tell(self, event: Event) -> None:
        self.last_id = event.id
        self.kept.happened()
        if event.bracket_id is not None and event.version is not None:
            self.kept.rise(event.bracket_id, event.version)
        elif event.kind == "landed":
            self.kept.drop()
        for queue in list(self.subscribers):
            try:
                queue.put_nowait(event)
            except asyncio.QueueFull:
                self._end(queue)


def _pause(attempt: int) -> float:
    return RETRY_S[min(attempt, len(RETRY_S) - 1)]
