"""llm_calls: every settled call as a row, written from the journal behind the traffic, each once in effect."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

import msgspec
import psycopg
import structlog

from iron_claw.journal import Journal, JournalError
from iron_claw.records import SettleRecord

log = structlog.get_logger()

BATCH = 500
MAX_PAUSE_S = 5.0
GATHER_S = 0.1
"""Rows of so long go together: one statement costs less than one each."""
INSERT = """
insert into public.llm_calls (call_id, session_id, username, model_asked, model, started_at, ended_at, input_tokens,
    cache_write_tokens, cache_read_tokens, output_tokens, cost_micro_usd, status, ending, action, estimated, request_id)
select call, sid, "user", asked, model, to_timestamp(started), to_timestamp(ended), (counts ->> 'input_tokens')::bigint,
    (counts ->> 'cache_write_tokens')::bigint, (counts ->> 'cache_read_tokens')::bigint,
    (counts ->> 'output_tokens')::bigint, cost, status, ending, action, estimated, request
from jsonb_to_recordset(%s::jsonb) as settled (call text, sid text, "user" text, asked text, model text,
    started float8, ended float8, counts jsonb, cost bigint, status int, ending text, action text, estimated boolean,
    request text)
on conflict (call_id) do nothing
"""


class CallStore:
    """The queue of settled calls and its writer. Without a database URL nothing is kept."""

    def __init__(self, journal: Journal, database_url: str) -> None:
        self._journal = journal
        self._url = database_url
        self._more = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self.queue: deque[SettleRecord] = deque()
        self.closing = False
        """Nothing more comes: what there is goes out at once."""

    @property
    def enabled(self) -> bool:
        """Whether calls are stored at all."""
        return bool(self._url)

    def put(self, settled: SettleRecord) -> None:
        """Queues a `settle` record, which stands in the journal already."""
        if self.enabled:
            self.queue.append(settled)
            self._empty.clear()
            self._more.set()

    async def flushed(self, timeout_s: float) -> bool:
        """Waits until everything is stored; False when the time is up first."""
        self.closing = True
        try:
            async with asyncio.timeout(timeout_s):
                await self._empty.wait()
        except TimeoutError:
            return False
        return True

    async def store(self) -> None:
        """Writes what is queued, in batches; runs until it is cancelled. A database that is away is tried again."""
        if not self.enabled:
            return
        connection: psycopg.AsyncConnection[Any] | None = None
        pause_s = 0.5
        try:
            while True:
                await self._more.wait()
                batch = [self.queue[at] for at in range(min(BATCH, len(self.queue)))]
                if not batch:
                    self._more.clear()
                    self._empty.set()
                    continue
                try:
                    if connection is None or connection.closed:
                        connection = await psycopg.AsyncConnection.connect(
                            self._url,
                            prepare_threshold=None,
                            connect_timeout=3,
                            keepalives_idle=5,
                            keepalives_interval=3,
                            keepalives_count=3,
                            tcp_user_timeout=10_000,
                        )
                    async with connection.transaction():
                        await connection.execute(INSERT, [msgspec.json.encode(batch).decode()])
                except psycopg.Error as error:
                    log.warning("calls_wait_for_database", error=str(error).strip(), queued=len(self.queue))
                    if connection is not None:
                        await connection.close()
                        connection = None
                    await asyncio.sleep(pause_s)
                    pause_s = min(pause_s * 2, MAX_PAUSE_S)
                    continue
                pause_s = 0.5
                for _ in batch:
                    self.queue.popleft()
                try:
                    self._journal.write("stored", calls=[record["call"] for record in batch])
                except JournalError as error:
                    log.error("stored_not_on_disk", error=str(error))
                if not self.closing:
                    await asyncio.sleep(GATHER_S)
        finally:
            if connection is not None:
                await connection.close()
