"""From the database's NOTIFY to everybody who waits: those who keep answers, and the open streams.

One connection of its own on the direct address (a pooler would swallow LISTEN). A notification says only that the table
`events` has more; the rows are read from there, so nothing is missed over a lost connection.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import psycopg
import structlog
from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row

from missing_table.database import CHANNEL
from missing_table.live.queries import events_after, newest_event
from missing_table.live.schemas import Event
from missing_table.waits import PROBE_S, REACH

LISTENER = "missing-table listener"
"""As the database lists the connection."""
QUIET_S = 3
"""After so long without a word the listener asks what the newest event is. Together with what the answer may take it
is how long answers come from memory while the connection is dead and nobody knows."""
RETRY_S = (0.2, 0.5, 1, 2, 5)
QUEUE = 500
CHUNK = 500

log = structlog.get_logger(__name__)

T = TypeVar("T")
Connection = AsyncConnection[DictRow]


class Silent(psycopg.OperationalError):
    """A connection stands and does not answer."""


Subscriber = asyncio.Queue[Event | None]
"""None: the stream ends (the process stops, or this reader is too slow); the reader comes back with its last id."""


class Listener(Protocol):
    """Someone who keeps what the database may change."""

    def hear(self) -> None:
        """Trust what is kept from now on: the feed hears the database."""

    def lose(self) -> None:
        """Trust nothing: the feed lost its connection, or the database went back."""

    def happened(self) -> None:
        """Drop what any event may change."""

    def rise(self, bracket_id: int, version: int) -> None:
        """Drop what is of an older version of a bracket."""

    def drop(self) -> None:
        """Drop everything: something changed that no version tells of."""


@dataclass
class Feed:
    """Listens as long as `run` runs."""

    dsn: str
    listeners: Sequence[Listener]
    last_id: int = 0
    """Of the event that was told last; 0 before the first one."""
    began: bool = False
    """Whether it ever heard the database: what happened before that is told to nobody."""
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
                connection = await AsyncConnection[DictRow].connect(
                    self.dsn,
                    autocommit=True,
                    prepare_threshold=None,
                    row_factory=dict_row,
                    application_name=LISTENER,
                    **REACH,
                )
                async with _closed_at_last(connection):
                    await _within(connection.execute(b"listen " + CHANNEL.encode()))
                    attempt = 0
                    await self._hear(connection)
            except psycopg.OperationalError as error:
                log.warning("listener has no connection", error=str(error).strip(), retry_s=_pause(attempt))
            finally:
                self._lose()
                self.heard.clear()
            await asyncio.sleep(_pause(attempt))  # the pause between two attempts, not a wait for an event
            attempt += 1

    async def _hear(self, connection: Connection) -> None:
        newest = await _within(newest_event(connection))
        self._trust()
        if not self.began:
            self.last_id, self.began = newest, True
        await self._follow(connection, newest)
        self.heard.set()
        log.info("listener hears", channel=CHANNEL, last_event=self.last_id)
        while True:
            woken = False
            async for _ in connection.notifies(timeout=QUIET_S, stop_after=1):
                woken = True
            if woken:
                await self._catch_up(connection)
            else:
                await self._follow(connection, await _within(newest_event(connection)))

    def _trust(self) -> None:
        for listener in self.listeners:
            listener.hear()

    def _lose(self) -> None:
        for listener in self.listeners:
            listener.lose()

    async def _follow(self, connection: Connection, newest: int) -> None:
        """Do what is due where the newest event is not the one that was told last."""
        if newest > self.last_id:
            await self._catch_up(connection)
        elif newest < self.last_id:
            log.warning("the database went back, as after a restore", last_event=self.last_id, newest=newest)
            self.last_id = newest
            self._lose()
            self._trust()
            self.end()  # each reader comes back with an id that is not there yet, and is told to read the page again

    async def _catch_up(self, connection: Connection) -> None:
        while True:
            events = await _within(events_after(connection, last_id=self.last_id, limit=CHUNK))
            for event in events:
                self._tell(event)
            if len(events) < CHUNK:
                return

    def _tell(self, event: Event) -> None:
        self.last_id = event.id
        for listener in self.listeners:
            listener.happened()
            if event.bracket_id is not None and event.version is not None:
                listener.rise(event.bracket_id, event.version)
            elif event.kind == "landed":
                listener.drop()
        for queue in list(self.subscribers):
            try:
                queue.put_nowait(event)
            except asyncio.QueueFull:
                self._end(queue)


async def _within(asking: Awaitable[T]) -> T:
    """Await an answer for as long as a living connection may take; Silent for one that does not answer.

    What was asked is left behind: ending it properly would wait for the connection that does not answer.
    """
    task = asyncio.ensure_future(asking)
    try:
        done, _ = await asyncio.wait({task}, timeout=PROBE_S)
    except asyncio.CancelledError:
        task.cancel()
        raise
    if not done:
        _left.add(task)
        task.add_done_callback(_forget)
        raise Silent(f"the listener's connection does not answer within {PROBE_S:.0f} s")
    return task.result()


_left: set[asyncio.Future[Any]] = set()
"""What silent connections were asked: the kernel ends it when it gives them up."""


def _forget(task: asyncio.Future[Any]) -> None:
    _left.discard(task)
    if not task.cancelled():
        task.exception()  # looked at, so that nobody complains of it


@asynccontextmanager
async def _closed_at_last(connection: Connection) -> AsyncIterator[None]:
    """Close a connection at the end, a silent one once the kernel has given it up."""
    try:
        yield
    except Silent:
        burying = asyncio.gather(*_left, return_exceptions=True)
        burying.add_done_callback(lambda _: connection.pgconn.finish())
        raise
    except BaseException:
        await connection.close()
        raise


def _pause(attempt: int) -> float:
    return RETRY_S[min(attempt, len(RETRY_S) - 1)]
