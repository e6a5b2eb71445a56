"""The stream of events (server-sent): a page that is open learns of a score within a second of its commit."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from typing import Annotated
from weakref import finalize

from fastapi import Header, Query, Request
from starlette.responses import StreamingResponse

from missing_table.live.feed import CHUNK, Feed
from missing_table.live.queries import events_after, newest_event, oldest_event
from missing_table.live.schemas import Event
from missing_table.web.dependencies import StateDep
from missing_table.web.limits import caller_of
from missing_table.web.problems import TooMany, Unavailable
from missing_table.web.router import SubjectRouter
from missing_table.web.state import State

router = SubjectRouter(prefix="/api", tags=["live"], never_kept=["/events"])

HEARTBEAT_S = 15
RETRY_MS = (2000, 6000)
"""From here to there, by chance: who was cut off at the same moment does not come back at the same moment."""
BEAT = b"event: beat\ndata: {}\n\n"
"""An event, which a page can hear, where a comment would keep the connection open and tell it nothing."""
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

LastEventId = Annotated[int | None, Header(alias="Last-Event-ID", ge=0, le=2**63 - 1)]
SinceQuery = Annotated[
    int | None, Query(alias="last_event_id", ge=0, le=2**63 - 1, description="As the header Last-Event-ID.")
]
BracketsQuery = Annotated[list[int] | None, Query(description="Only events of these brackets (may be repeated).")]


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def events(
    request: Request,
    state: StateDep,
    last_event_id: LastEventId = None,
    since: SinceQuery = None,
    bracket: BracketsQuery = None,
) -> StreamingResponse:
    """Events from now on, or from the one after Last-Event-ID. `data` is JSON as the schema Event has it; an event
    `reset` says that what was missed is no longer kept: read the page again. An event `beat` comes at the beginning and
    every 15 seconds in which nothing happens: a stream that is silent for longer is dead."""
    feed = state.part(Feed)
    if feed is None or state.stopping.is_set():
        raise Unavailable("No events just now: the listener is not running.")
    begin = last_event_id if last_event_id is not None else since
    wanted = frozenset(bracket) if bracket else None
    caller = caller_of(request.client.host) if request.client else ""
    if not state.streams.take(caller):
        detail = f"An address may hold {state.streams.most_each} streams; all together {state.streams.most}."
        raise TooMany(detail, headers={"Retry-After": "30"})
    release = ExitStack()
    release.callback(state.streams.give_back, caller)
    held = _held(release.close, _stream(state, begin, wanted))
    finalize(held, release.close)  # a reader that left before its stream began
    return StreamingResponse(held, media_type="text/event-stream", headers=HEADERS)


async def _held(release: Callable[[], None], stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Leave the place among the streams when this one ends."""
    try:
        async for part in stream:
            yield part
    finally:
        release()


def _frame(event: Event) -> bytes:
    return f"id: {event.id}\nevent: {event.kind}\ndata: {event.model_dump_json()}\n\n".encode()


async def _missed(state: State, begin: int) -> AsyncIterator[Event]:
    last = begin
    while True:
        async with state.connection() as connection:
            found = await events_after(connection, last_id=last, limit=CHUNK)
        for event in found:
            last = event.id
            yield event
        if len(found) < CHUNK:
            return


async def _stream(state: State, begin: int | None, wanted: frozenset[int] | None) -> AsyncIterator[bytes]:
    feed = state.part(Feed)
    if feed is None:
        return
    queue = feed.subscribe()
    try:
        async with state.connection() as connection:
            newest = await newest_event(connection)
            oldest = await oldest_event(connection)
        last = newest if begin is None or begin > newest else begin
        yield f"retry: {random.randint(*RETRY_MS)}\nid: {last}\n".encode() + BEAT  # noqa: S311  no secret
        if begin is not None and (begin > newest or begin + 1 < oldest):
            last = newest
            yield f"id: {newest}\nevent: reset\ndata: {{}}\n\n".encode()
        async for event in _missed(state, last):
            last = event.id
            if _asked_for(event, wanted):
                yield _frame(event)
        while True:
            try:
                told = await asyncio.wait_for(queue.get(), HEARTBEAT_S)
            except TimeoutError:
                yield BEAT
                continue
            if told is None:
                return
            if told.id > last:
                last = told.id
                if _asked_for(told, wanted):
                    yield _frame(told)
    finally:
        feed.unsubscribe(queue)


def _asked_for(event: Event, wanted: frozenset[int] | None) -> bool:
    return wanted is None or event.bracket_id is None or event.bracket_id in wanted
