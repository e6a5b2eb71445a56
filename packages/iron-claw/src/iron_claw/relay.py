"""One metered call on its way: bytes pass as they come, its usage is read beside, its end is settled."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import aiohttp
import structlog

from iron_claw import upstream
from iron_claw.budget import Counts
from iron_claw.endings import NEVER_RAN, NO_MESSAGE, Ending
from iron_claw.errors import Refused
from iron_claw.forward import Forwarder
from iron_claw.http import Request
from iron_claw.journal import JournalError
from iron_claw.metering import Metering
from iron_claw.session import Call
from iron_claw.stream import StreamUsage
from iron_claw.usage import MessageUsage, message_usage

log = structlog.get_logger()

PROGRESS_BYTES = 4096
PROGRESS_S = 0.5
NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientHttpProxyError)
"""No connection came about. After any other failure upstream may have got the call, and generated an answer."""
MAX_PLAIN_ANSWER = 64 * 2**20


class Relay:
    """Carry one metered call to upstream and its answer back."""

    def __init__(self, metering: Metering, forwarder: Forwarder, request: Request, call: Call, *, stream: bool) -> None:
        self.metering = metering
        self.forwarder = forwarder
        self.request = request
        self.call = call
        self.stream = stream
        self.status: int | None = None
        self.usage: StreamUsage | None = None
        self.kept = bytearray()
        """A plain answer's bytes."""
        self.plain: MessageUsage | None = None
        """message_usage of a plain answer, once it is whole."""
        self.readable = True
        self.first_byte = True
        self.began = time.perf_counter()
        self.last_progress = self.began

    async def run(self, raw: bytes, notes: list[tuple[bytes, bytes]]) -> None:
        """Forward the call and pass its answer on.

        A streamed one ends when its client leaves. A plain one is read to its end regardless, since upstream generates
        and charges all of it: that way its usage is known.
        """
        watch = self._watch_client() if self.stream else None
        ending = Ending.NOT_SENT
        try:
            await self.metering.sessions.journal.written()
            ending = Ending.SHUTDOWN
            async with self.forwarder.open(self.request, raw) as response:
                self.status = response.status
                self._prepare(response)
                await self.request.start(response.status, [*upstream.answer_headers(response.raw_headers), *notes])
                async for chunk in response.content.iter_any():
                    await self.request.chunk(chunk, more=True)
                    self._read(chunk)
            ending = self._ending()
            await self.request.chunk(b"", more=False)
        except JournalError as error:
            await self._fail(503, f"no accounting can be kept: {error}")
        except NEVER_SENT as error:
            ending = Ending.UPSTREAM_UNREACHABLE
            await self._fail(502, f"upstream cannot be reached: {type(error).__name__}")
        except TimeoutError:
            ending = Ending.UPSTREAM_TIMEOUT
            await self._fail(504, "upstream did not answer in time")
        except aiohttp.ClientError as error:
            ending = Ending.UPSTREAM_CUT
            await self._fail(502, f"upstream broke the connection: {type(error).__name__}")
        except asyncio.CancelledError as cancelled:
            if watch is not None and watch.done() and not watch.cancelled():
                ending = Ending.CLIENT_GONE if ending is Ending.SHUTDOWN else ending  # nobody is left to answer
            elif "disconnected" in cancelled.args:
                ending = Ending.DISCONNECTED
                await self._fail(503, "the session was ended by its operator")
            else:
                raise
        finally:
            self._settle(ending)
            if watch is not None:
                watch.cancel()

    def _watch_client(self) -> asyncio.Future[Any]:
        task = asyncio.current_task()
        gone = asyncio.ensure_future(self.request.receive())
        gone.add_done_callback(lambda future: None if future.cancelled() or task is None else task.cancel())
        return gone

    def _prepare(self, response: aiohttp.ClientResponse) -> None:
        self.readable = response.headers.get("content-encoding", "identity") == "identity"
        if response.status == 200 and response.headers.get("content-type", "").startswith("text/event-stream"):
            self.usage = StreamUsage(self.call.decision.max_tokens)

    def _read(self, chunk: bytes) -> None:
        now = time.perf_counter()
        if self.first_byte:
            self.first_byte = False
            if self.status == 200:  # a model's name is upstream's to accept: anything else would fill the metrics
                self.metering.sessions.metrics.first_token.labels(self.call.model).observe(now - self.began)
        if self.usage is None:
            if len(self.kept) < MAX_PLAIN_ANSWER:
                self.kept += chunk
            return
        known = self.usage.started
        self.usage.feed(chunk, now)
        if self.usage.finished or not self.usage.started:
            return
        if self.usage.unparsed >= PROGRESS_BYTES or now - self.last_progress >= PROGRESS_S:
            self.last_progress = now
            self.metering.progress(self.call, self.usage.seen(now), unlisted=self.usage.unlisted)
        elif not known:
            self.metering.progress(self.call, self.usage.reported(), unlisted=self.usage.unlisted)

    def _ending(self) -> Ending:
        """Return how an answer ended that came to its end."""
        if self.status is not None and self.status >= 400:
            return Ending.UPSTREAM_ERROR
        if not self.readable:
            return Ending.UNREADABLE
        if self.usage is not None:
            if self.usage.failed:
                return Ending.STREAM_ERROR
            return Ending.COMPLETE if self.usage.finished or self.usage.stopped else Ending.STREAM_UNFINISHED
        self.plain = message_usage(bytes(self.kept))
        return Ending.NONSENSE if self.plain is None else Ending.COMPLETE

    async def _fail(self, code: int, message: str) -> None:
        """Tell the client, as long as nothing was sent. Later the broken stream itself is the sign."""
        if not self.request.started:
            await self.request.refuse(Refused(code, message))

    def _settle(self, ending: Ending) -> None:
        counts, estimated, model, unlisted = self._used(ending)
        self.call.unlisted |= unlisted
        self.metering.settle(self.call, counts, ending=ending, status=self.status, estimated=estimated, model=model)

    def _used(self, ending: Ending) -> tuple[Counts, bool, str | None, bool]:
        """Return (counts, whether estimated, the model that upstream names, whether its price is unlisted)."""
        if ending in NEVER_RAN:
            return Counts(), False, None, False
        if ending is Ending.UNREADABLE:  # packed in spite of what was asked: the worst case is charged
            return self.call.worst, True, None, False
        told: StreamUsage | MessageUsage | None = self.plain
        if self.usage is not None:
            told = self.usage if self.usage.began else None
        elif told is None:
            told = message_usage(bytes(self.kept))
        if told is not None:
            counts, estimated = told.used(self.call.worst.input_tokens, time.perf_counter())
            if estimated and ending is Ending.COMPLETE:
                log.warning("usage_not_told", call=self.call.id, input=told.input_known, output=told.output_known)
            return counts, estimated, told.model, told.unlisted
        if ending in NO_MESSAGE:  # an answer to its end, and no message in it
            return Counts(), True, None, False
        if self.status is not None and self.status >= 400:
            return Counts(), False, None, False
        return self.call.worst, True, None, False  # it may have generated all that it was asked for
