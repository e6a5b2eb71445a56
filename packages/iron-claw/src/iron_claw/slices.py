"""Slices of a budget that several gateways share, as prepaid lines do it: asked for ahead, given back when idle.

RADIUS hands a session a slice of what is left (Access-Request with MT-Slice-Number; Authorize-Only once it runs). Calls
reserve within the slice, so no gateway waits for a database in front of a call, and all of them together never pass the
budget. A slice has a lease: a gateway that cannot renew it lets no call out once it is over.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from iron_claw.errors import Refused
from iron_claw.grant import CHANGEABLE, Slice, class_of, slice_of
from iron_claw.journal import JournalError
from iron_claw.radius import RadiusClient, RadiusDown, Reject
from iron_claw.session import Session
from iron_claw.sessions import Sessions

log = structlog.get_logger()

IDLE_S = 2.0
"""After so long without a call a session gives back what it does not use."""
AHEAD = 4
"""The next slice is asked for when less than this part of the last one is left."""
DOWN_RETRY_AFTER_S = 1


@dataclass
class Held:
    """Hold what a running session knows of its slice. Times are of the monotonic clock."""

    number: int
    lease_until: float
    renew_at: float
    asking: asyncio.Task[None] | None = None
    given_back: bool = False
    """Nothing was used since it was given back: there is nothing to give back again."""


class Slices:
    """Ask RADIUS for the slices of this gateway's sessions."""

    def __init__(
        self,
        sessions: Sessions,
        radius: RadiusClient,
        *,
        lease_s: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sessions = sessions
        self._radius = radius
        self._lease_s = lease_s
        self._clock = clock
        self._held: dict[str, Held] = {}
        """By session id."""
        self._tasks: set[asyncio.Task[None]] = set()

    async def provide(self, session: Session, tokens: int) -> None:
        """Return when the session's slice has room for so many tokens, or there is no more to be had.

        It asks RADIUS only where the room is too small. Refused (503) when RADIUS does not answer.
        """
        held = self._of(session)
        if held is None:
            return
        held.given_back = False
        for _ in range(2):  # another call may have asked for less
            if self._room(session, held) >= tokens:
                break
            try:
                await self._ask(session, held, tokens)
            except RadiusDown as error:
                text = f"{error}; the slice of the budget that this gateway holds is used up"
                raise Refused(503, text, retry_after_s=DOWN_RETRY_AFTER_S) from error
        if session.closing is not None:
            raise Refused(503, "the session has just ended: send it again", retry_after_s=DOWN_RETRY_AFTER_S)

    def reserved(self, session: Session) -> None:
        """Ask ahead for the next slice when the last is nearly used. Called after a call was let out."""
        held = self._of(session)
        slice_ = session.grant.slice
        if held is None or slice_ is None or slice_.tokens is None or slice_.limit is None or held.asking is not None:
            return
        if (
            slice_.limit > slice_.tokens
            and self._room(session, held) < (slice_.limit - session.budget.used) // AHEAD**2
        ):
            self._start(session, held, 0)

    def tick(self) -> None:
        """Renew leases and give back what idle sessions do not use. Called once a second."""
        now = self._clock()
        for session in list(self._sessions.open.values()):
            held = self._of(session)
            if held is None or held.asking is not None:
                continue
            if now >= held.renew_at:
                self._start(session, held, 0)
            elif not held.given_back and not session.under_way and self._idle_s(session) >= IDLE_S:
                self._start(session, held, None)
        for session_id in self._held.keys() - {session.id for session in self._sessions.open.values()}:
            del self._held[session_id]

    def _of(self, session: Session) -> Held | None:
        """Return what is held for a session; None where its budget is not shared."""
        if session.grant.slice is None:
            return None
        held = self._held.get(session.id)
        if held is None:  # its Access-Request was the first
            opened = session.slice_asked_at
            lease_s = min(self._lease_s, session.grant.slice.lease_s)
            held = self._held[session.id] = Held(1, opened + lease_s, opened + lease_s / 3)
        return held

    def _room(self, session: Session, held: Held) -> int:
        """Return what a new call may reserve now: nothing once the lease is over."""
        if self._clock() >= held.lease_until:
            return -1
        room = session.budget.room
        return 2**63 if room is None else room

    def _idle_s(self, session: Session) -> float:
        return self._sessions.steady() - session.last_used

    def _start(self, session: Session, held: Held, wanted: int | None) -> None:
        async def work() -> None:
            try:
                await self._ask(session, held, wanted)
            except RadiusDown as error:
                log.warning("slice_not_renewed", user=session.user, session_id=session.id, error=str(error))

        task = asyncio.get_running_loop().create_task(work())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask(self, session: Session, held: Held, wanted: int | None) -> None:
        """Ask for a slice with room for `wanted` tokens; None gives back what is not used.

        One request of a session is under way at a time: who comes meanwhile waits for its end, and looks again.
        """
        if held.asking is not None:
            await asyncio.wait({held.asking})
            return
        held.asking = asyncio.get_running_loop().create_task(self._exchange(session, held, wanted))
        try:
            await asyncio.shield(held.asking)
        finally:
            if held.asking is not None and held.asking.done():
                held.asking = None

    async def _exchange(self, session: Session, held: Held, wanted: int | None) -> None:
        held.number += 1
        began = self._clock()
        held.renew_at = began + min(self._lease_s / 3, 10)
        if wanted is None:  # until the answer comes only what is in use is ours: what it gives back is gone
            session.budget.slice = session.budget.used
        has = session.budget.slice or 0
        told = request_attributes(session, held.number, self._lease_s, has=has, wanted=wanted)
        try:
            answer = await self._radius.authorize(session.user, told)
        finally:
            held.asking = None
        if session.closing is not None:
            return
        if isinstance(answer, Reject):
            log.info("slice_refused", user=session.user, session_id=session.id, reason=answer.message)
            self._sessions.close(session, "Admin-Reset")
            session.cut()
            return
        slice_ = slice_of(answer.attributes)
        if slice_ is None:
            return
        lease_s = min(self._lease_s, slice_.lease_s)
        held.lease_until, held.renew_at = began + lease_s, began + lease_s / 3
        held.given_back = wanted is None
        self._take(session, slice_, answer.attributes)

    def _take(self, session: Session, slice_: Slice, attributes: Mapping[str, Any]) -> None:
        """Put a new slice, and a grant that was changed in the tables meanwhile, in the place of the old."""
        if "Class" in attributes and class_of(attributes["Class"]) != session.grant.radius_class:
            kept = {name: attributes[name] for name in CHANGEABLE if name in attributes and name != "Session-Timeout"}
            session.share(slice_)
            try:
                self._sessions.change(session, kept)
            except JournalError as error:  # it is asked for again with the next slice
                log.error("grant_not_durable", error=str(error), session_id=session.id)
            return
        session.share(slice_)


def request_attributes(session: Session, number: int, lease_s: int, *, has: int, wanted: int | None) -> dict[str, Any]:
    """Return what an Access-Request for a session's next slice carries beside the user's name."""
    budget = session.budget
    told: dict[str, Any] = {
        "Service-Type": "Authorize-Only",
        "Acct-Session-Id": session.id,
        "MT-Slice-Number": number,
        "MT-Slice-Lease": lease_s,
        "MT-Slice-Tokens": has,
        "MT-Slice-Used-Tokens": budget.used,
        "MT-Slice-Settled-Tokens": budget.settled.total,
    }
    if session.grant.radius_class is not None:
        told["Class"] = session.grant.radius_class
    if wanted is not None:
        told["MT-Slice-Wanted-Tokens"] = wanted
    return told
