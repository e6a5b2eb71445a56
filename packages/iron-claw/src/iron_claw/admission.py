"""Who may come in: RADIUS' word, the last grant while RADIUS is away, and the users who stay refused after a kill."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import structlog

from iron_claw.errors import Refused
from iron_claw.grant import Defaults, Grant, from_accept
from iron_claw.keys import UserKey
from iron_claw.metrics import Metrics
from iron_claw.radius import Accept, RadiusClient, RadiusDown, Reject
from iron_claw.replay import Known, Refusal
from iron_claw.session import iso

log = structlog.get_logger()

DOWN_RETRY_AFTER_S = 5
CAP = re.compile(r"([a-z-]+)-cap resets=(\S+)$")
"""What RADIUS says when a window's budget is used up: which, and when there is a new one."""
PERIODS = {"daily": "the day's", "weekly": "the week's", "monthly": "the month's"}
WRONG_KEY = "invalid key: RADIUS does not accept it (wrong user or secret)"
WRONG_S = 5.0
"""For so long a key that was refused is refused without asking again."""
WRONG_MOST = 4096
"""Refused keys that are remembered, by digest; beyond it the oldest is asked for again."""
MOST_ASKED = 3
"""Times that RADIUS is asked for one grant."""

Unreported = Callable[[str], dict[str, int]]
"""By earlier session of a user: tokens that RADIUS may not have counted yet."""


class Admission:
    """Decide who gets a grant. `refused` and `known` are kept by user."""

    def __init__(
        self,
        radius: RadiusClient | None,
        defaults: Defaults,
        metrics: Metrics,
        *,
        grace_s: int,
        clock: Callable[[], float],
        steady: Callable[[], float],
    ) -> None:
        self.radius = radius
        self.defaults = defaults
        self.grace_s = grace_s
        self.refused: dict[str, Refusal] = {}
        self.known: dict[str, Known] = {}
        self._wrong: dict[str, float] = {}
        """By digest of the key: until when it is refused without asking."""
        self._metrics = metrics
        self._clock = clock
        self._steady = steady
        self._over: dict[tuple[str, float], float] = {}
        """By user and end of a refusal: when it is over, on the steady clock."""
        self._locks: dict[str, asyncio.Lock] = {}

    def lock(self, user: str) -> asyncio.Lock:
        """Return the lock under which one session of the user is opened."""
        return self._locks.setdefault(user, asyncio.Lock())

    async def grant(
        self, key: UserKey, unreported: Unreported, more: Mapping[str, Any] | None = None
    ) -> tuple[Grant, dict[str, int]]:
        """Return a grant, and what was `unreported` when it was asked for. Raises as `authenticate`.

        Whether RADIUS counted what it was told while it answered nobody can say: it is asked once more, so that nothing
        is counted twice (a month would look used up that is not). What is still unsure then counts as not counted.
        """
        for _ in range(MOST_ASKED):
            before = unreported(key.user)
            grant = await self.authenticate(key, more)
            after = unreported(key.user)
            if all(after.get(session_id, 0) >= tokens for session_id, tokens in before.items()):
                break
        return grant, before

    async def authenticate(self, key: UserKey, more: Mapping[str, Any] | None = None) -> Grant:
        """Ask RADIUS for a grant, with `more` attributes. Refused: 401, 429 (a window), 503 (no answer)."""
        if self.radius is None:
            raise RuntimeError("bare mode has no RADIUS to ask")
        self._check_wrong(key)
        given = () if more is None else (more,)
        began = time.perf_counter()
        try:
            answer = await self.radius.authenticate(key.user, key.password, *given)
        except RadiusDown as error:
            self._metrics.radius.labels("access", "no_answer").observe(time.perf_counter() - began)
            return self._grace(key, error)
        result = "accept" if isinstance(answer, Accept) else "reject"
        self._metrics.radius.labels("access", result).observe(time.perf_counter() - began)
        if isinstance(answer, Accept):
            try:
                return from_accept(answer.attributes, self.defaults)
            except ValueError as error:
                log.error("grant_unreadable", user=key.user, error=str(error))
                raise Refused(503, f"RADIUS grants what cannot be read: {error}") from error
        refused = self._rejected(key.user, answer)
        if refused.status == 401:
            self._wrong[key.digest] = self._steady() + WRONG_S
            while len(self._wrong) > WRONG_MOST:
                del self._wrong[next(iter(self._wrong))]
        raise refused

    def _check_wrong(self, key: UserKey) -> None:
        """Raise Refused for a key that RADIUS has just refused."""
        until = self._wrong.get(key.digest)
        if until is not None and self._steady() < until:
            raise Refused(401, WRONG_KEY)

    def _rejected(self, user: str, answer: Reject) -> Refused:
        log.info("access_rejected", user=user, reason=answer.message)
        cap = CAP.match(answer.message)
        if cap is not None:
            return self.window_used_up(cap[1], datetime.fromisoformat(cap[2]).timestamp())
        if answer.message.startswith("bad-value "):
            values = answer.message.partition(" ")[2]
            return Refused(403, f"the operator gave this user a value that RADIUS cannot carry: {values}")
        return Refused(401, WRONG_KEY)

    def _grace(self, key: UserKey, error: RadiusDown) -> Grant:
        known = self.known.get(key.user)
        if known is not None and key.fits(known.digest):
            killed = self.refused.get(key.user)
            if killed is not None and self._clock() < killed.until:  # nobody is there to say that the month has more
                raise self.killed(killed.reason, killed.until)
            left = known.at + self.grace_s - self._clock()
            if left > 0:
                log.warning("grace", user=key.user, error=str(error), left_s=int(left))
                return Grant.from_json(known.grant)
        log.error("radius_down", user=key.user, error=str(error))
        raise Refused(503, f"{error}; new sessions wait until it is back", retry_after_s=DOWN_RETRY_AFTER_S)

    def check(self, user: str) -> None:
        """Raise Refused while a kill lasts.

        A kill for the month's tokens is RADIUS' to uphold: it knows when there are more.
        """
        refusal = self.refused.get(user)
        if refusal is None or refusal.month:
            return
        if self._is_over(user, refusal):
            del self.refused[user]
            return
        raise self.killed(refusal.reason, refusal.until)

    def _is_over(self, user: str, refusal: Refusal) -> bool:
        """Return whether a refusal's time is over.

        A window's end is a date. A kill lasts as long as it was given when it was first seen here, whatever the wall
        clock does meanwhile.
        """
        if refusal.month:
            return refusal.until <= self._clock()
        over = self._over.setdefault((user, refusal.until), self._steady() + refusal.until - self._clock())
        return over <= self._steady()

    def killed(self, reason: str, until: float) -> Refused:
        """Return what a killed user is told."""
        return self._until(f"{reason}; refused until {iso(until)}", until)

    def window_used_up(self, window: str, until: float) -> Refused:
        """Return what a user is told whose budget of a window is used up, which is new at `until`."""
        period = PERIODS.get(window.removesuffix("-cost"), f"the {window}")
        kind = "budget" if window.endswith("-cost") else "tokens"
        are, they = ("is", "it is") if kind == "budget" else ("are", "they are")
        return self._until(f"{period} {kind} {are} used up; {they} new at {iso(until)}", until)

    def _until(self, text: str, until: float) -> Refused:
        wait = max(1, int(until - self._clock()) + 1)
        return Refused(429, text, retry_after_s=wait, retry=False, resets_at=iso(until))

    def forget(self, open_users: set[str]) -> None:
        """Drop refusals whose time is over, and locks that nobody needs."""
        for user in [user for user, refusal in self.refused.items() if self._is_over(user, refusal)]:
            del self.refused[user]
        for told in self._over.keys() - {(user, refusal.until) for user, refusal in self.refused.items()}:
            del self._over[told]
        for user in [user for user, lock in self._locks.items() if not lock.locked() and user not in open_users]:
            del self._locks[user]
