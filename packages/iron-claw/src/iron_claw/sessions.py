"""Who is in: sessions from their Access-Request to their Stop, their calls, their ends. No HTTP here.

A user has at most one open session. A session that ends lets the calls under way finish (a Disconnect cuts them) and
sends its Stop when the last one is settled; a new call of the same user then opens a new session.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal

import structlog

from iron_claw import accounting, ladder, policy, prices
from iron_claw.accounting import Accounting
from iron_claw.budget import Budget, Counts
from iron_claw.calls import CallStore
from iron_claw.errors import Refused
from iron_claw.grant import Defaults, Grant, changed, from_accept, session_limit
from iron_claw.journal import Journal, JournalError, Record
from iron_claw.ladder import Action, Thresholds
from iron_claw.metrics import Metrics
from iron_claw.policy import Ask, Decision, Rules
from iron_claw.prices import Prices
from iron_claw.radius import UINT32, Accept, RadiusClient, RadiusDown, Reject, octets
from iron_claw.replay import Held, Known, Refusal, State
from iron_claw.settings import Settings

log = structlog.get_logger()

Cause = Literal[
    "User-Request", "Idle-Timeout", "Session-Timeout", "Admin-Reset", "Admin-Reboot", "NAS-Request", "NAS-Reboot"
]
"""Acct-Terminate-Cause: the client's DELETE, idle, the time is over (the month's end too), Disconnect, shutdown, kill,
crash."""

DOWN_RETRY_AFTER_S = 5
BUSY_RETRY_AFTER_S = 1
MOST_ASKED = 3
"""Times that RADIUS is asked for one grant."""


@dataclass
class Call:
    """One call that goes out. Settled exactly once."""

    id: str
    session: Session
    request_id: str
    decision: Decision
    asked_model: str
    model: str
    started_at: float
    lease_until: float
    task: asyncio.Task[Any] | None = None
    progress: Counts | None = None
    unlisted: bool = False
    """Upstream told of something that the price list has no price for."""

    @property
    def worst(self) -> Counts:
        """The reservation: what is charged when nothing was seen of the answer to a call that went out."""
        most = self.decision.max_tokens
        return Counts(input_tokens=self.decision.reserve - most, output_tokens=most)


@dataclass
class Session:
    """A user's session. Times are Unix seconds."""

    id: str
    user: str
    digest: str
    grant: Grant
    budget: Budget
    started_at: float
    last_used: float
    unreported_before: int = 0
    calls: int = 0
    reduced_calls: int = 0
    cost_micro_usd: int = 0
    unpriced_calls: int = 0
    rewritten_calls: int = 0
    rung: Action = Action.NONE
    last_interim: float = 0.0
    closing: Cause | None = None
    refused_until: float | None = None
    """After a kill."""
    under_way: dict[str, Call] = field(default_factory=dict)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def resets_at(self) -> float:
        """When there is a new budget: its time is over, or the month is, where that leaves fewer tokens."""
        if self.refused_until is not None:
            return self.refused_until
        return month_end(self.started_at) if self.month_bound else self.over_at

    @property
    def over_at(self) -> float:
        """Session start + Session-Timeout."""
        return self.started_at + self.grant.session_timeout_s

    @property
    def month_bound(self) -> bool:
        """What the month leaves is less than the session's own budget."""
        own, limit = self.grant.token_budget, self.budget.limit
        return self.grant.monthly_budget is not None and limit is not None and (own is None or limit < own)

    @property
    def monthly_used(self) -> int | None:
        """Tokens of this month, by RADIUS when the session began and by us since; None without a monthly budget."""
        if self.grant.monthly_budget is None:
            return None
        return (self.grant.monthly_used or 0) + self.unreported_before + self.budget.settled.total

    def totals(self) -> dict[str, int]:
        """For logs and answers."""
        settled = self.budget.settled
        return {
            "tokens_in": settled.tokens_in,
            "tokens_out": settled.tokens_out,
            "tokens_used": settled.total,
            "llm_calls": self.calls,
            "cost_micro_usd": self.cost_micro_usd,
        }


@lru_cache(maxsize=1024)  # asked at each call, of the session's start
def month_end(at: float) -> float:
    """The next start of a month (UTC) after a Unix time."""
    day = datetime.fromtimestamp(at, UTC)
    return datetime(day.year + day.month // 12, day.month % 12 + 1, 1, tzinfo=UTC).timestamp()


def iso(at: float) -> str:
    """A Unix time as people and scripts read it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def digest_of(user: str, password: str) -> str:
    """What is kept to recognise a key."""
    return hashlib.sha256(f"{user}\0{password}".encode()).hexdigest()


def split_key(key: str) -> tuple[str, str]:
    """`<user>.<password>`; Refused when it has no such form."""
    user, dot, password = key.partition(".")
    if not (user and dot and password) or len(user) > 64 or len(password.encode()) > 128:
        raise Refused(401, "invalid key: it must have the form <user>.<password>")
    return user, password


def bare_user(key: str | None) -> str:
    """Under which name a key is counted when nobody is asked: its user, of any other kind of key a digest, which shows
    nothing of it."""
    if not key:
        return "anonymous"
    try:
        return split_key(key)[0]
    except Refused:
        return f"key-{hashlib.sha256(key.encode()).hexdigest()[:12]}"


class Sessions:
    """All sessions of this gateway."""

    def __init__(
        self,
        settings: Settings,
        journal: Journal,
        radius: RadiusClient | None,
        price_list: Prices,
        metrics: Metrics,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        self.journal = journal
        self.radius = radius
        self.prices = price_list
        self.metrics = metrics
        self.clock = clock
        self.accounting = Accounting(journal, radius, self._acct_answered)
        self.store = CallStore(journal, settings.database_url.get_secret_value())
        self.open: dict[str, Session] = {}
        """By user."""
        self.ending: dict[str, Session] = {}
        """Closing, with calls under way; by session id."""
        self.refused: dict[str, Refusal] = {}
        self.known: dict[str, Known] = {}
        self.rules = Rules(
            thresholds=Thresholds(settings.downgrade_pct, settings.reduce_pct),
            model_map=settings.model_map,
            reduce_max_tokens=settings.reduce_max_tokens,
            reduce_calls=settings.reduce_calls,
            model_caps={name: price.max_output for name, price in price_list.items() if price.max_output},
        )
        self._defaults = Defaults(settings.session_timeout_s, settings.idle_timeout_s, settings.interim_s)
        self._locks: dict[str, asyncio.Lock] = {}
        self._boot = secrets.token_hex(8)
        self._numbers = itertools.count(1)

    @property
    def enforcing(self) -> bool:
        """False: everything is decided, logged and counted, and nothing is changed."""
        return self.settings.policy_mode == "enforce"

    # --- coming in ---

    def mapped(self, key: str | None) -> str | None:
        """The `<user>.<password>` that IRON_CLAW_KEY_MAP puts in the place of a key; any other key as it is."""
        own = None if key is None else self.settings.key_map.get(key)
        return key if own is None else own.get_secret_value()

    async def enter(self, key: str | None) -> Session:
        """The session of the key that was sent, opened when there is none. Refused says why not."""
        key = self.mapped(key)
        if self.radius is None:
            return self._enter_bare(key)
        if not key:
            raise Refused(401, "no key: send <user>.<password> in x-api-key or as a Bearer token")
        user, password = split_key(key)
        digest = digest_of(user, password)
        session = self._running(user, digest)
        if session is not None:
            return session
        lock = self._locks.setdefault(user, asyncio.Lock())
        async with lock:
            session = self._running(user, digest)
            if session is not None:
                return session
            grant, before = await self._granted(user, password, digest)
            current = self.open.get(user)
            if current is not None:  # the same user's other password, just accepted: it was changed
                current.digest = digest
                return current
            self._check_refused(user)
            session = self._unopened(user, digest, grant, before)
            if self.enforcing and session.month_bound and session.budget.limit == 0:
                raise self._month_is_used_up()  # by what RADIUS was not told yet
            return self._open(session)

    async def look(self, key: str | None) -> Session:
        """The session of a key, for looking at; of a refused user the one that was killed. Without one: what a new one
        would be, after asking RADIUS; it is not opened and nothing is told to anybody."""
        key = self.mapped(key)
        if self.radius is None:
            return self._enter_bare(key)
        user, password = split_key(key or "")
        digest = digest_of(user, password)
        session = self.open.get(user)
        if session is not None and hmac.compare_digest(session.digest, digest):
            return session
        ending = next((s for s in self.ending.values() if s.user == user), None)
        if ending is not None and hmac.compare_digest(ending.digest, digest):
            return ending
        refusal = self.refused.get(user)
        if refusal is not None and not (hmac.compare_digest(refusal.digest, digest) and self.clock() < refusal.until):
            refusal = None
        if refusal is not None and not refusal.month:
            return killed_session(refusal)
        try:
            grant, before = await self._granted(user, password, digest)
        except Refused as refused:
            if refusal is not None and refused.status == 429:  # the month that it was killed for is not over
                return killed_session(refusal)
            raise
        return self._unopened(user, digest, grant, before)

    def _running(self, user: str, digest: str) -> Session | None:
        session = self.open.get(user)
        if session is not None and hmac.compare_digest(session.digest, digest):
            if self.clock() < self._over_at(session):
                return session
            self.close(session, "Session-Timeout")
        refusal = self.refused.get(user)
        if refusal is not None and hmac.compare_digest(refusal.digest, digest):
            self._check_refused(user)
        return None

    def _check_refused(self, user: str) -> None:
        """Refused while a kill lasts. One for the month's tokens is RADIUS' to uphold: it knows when there are more."""
        refusal = self.refused.get(user)
        if refusal is None or refusal.month:
            return
        left = refusal.until - self.clock()
        if left <= 0:
            del self.refused[user]
            return
        raise self._killed(refusal.reason, refusal.until)

    def _killed(self, reason: str, until: float) -> Refused:
        wait = max(1, int(until - self.clock()) + 1)
        return Refused(
            429, f"{reason}; refused until {iso(until)}", retry_after_s=wait, retry=False, resets_at=iso(until)
        )

    async def _granted(self, user: str, password: str, digest: str) -> tuple[Grant, dict[str, int]]:
        """A grant, and _unreported when it was asked for. Raises as `authenticate`.

        Whether RADIUS counted what it was told while it answered nobody can say: it is asked once more, so that nothing
        is counted twice (a month would look used up that is not). What is still unsure then counts as not counted.
        """
        for _ in range(MOST_ASKED):
            before = self._unreported(user)
            grant = await self.authenticate(user, password, digest)
            after = self._unreported(user)
            if all(after.get(session_id, 0) >= tokens for session_id, tokens in before.items()):
                break
        return grant, before

    async def authenticate(self, user: str, password: str, digest: str) -> Grant:
        """Asks RADIUS; the grant of an Accept. Refused: 401, 429 (the month), 503 (no answer, and no grace)."""
        if self.radius is None:
            raise RuntimeError("bare mode has no RADIUS to ask")
        began = time.perf_counter()
        try:
            answer = await self.radius.authenticate(user, password)
        except RadiusDown as error:
            self.metrics.radius.labels("access", "no_answer").observe(time.perf_counter() - began)
            return self._grace(user, digest, error)
        result = "accept" if isinstance(answer, Accept) else "reject"
        self.metrics.radius.labels("access", result).observe(time.perf_counter() - began)
        if isinstance(answer, Accept):
            return from_accept(answer.attributes, self._defaults)
        raise self._rejected(user, answer)

    def _rejected(self, user: str, answer: Reject) -> Refused:
        log.info("access_rejected", user=user, reason=answer.message)
        if answer.message.startswith("monthly-cap"):
            return self._month_is_used_up()
        return Refused(401, "invalid key: RADIUS does not accept it (wrong user or secret)")

    def _month_is_used_up(self) -> Refused:
        until = month_end(self.clock())
        wait = max(1, int(until - self.clock()) + 1)
        text = f"the month's tokens are used up; they are new at {iso(until)}"
        return Refused(429, text, retry_after_s=wait, retry=False, resets_at=iso(until))

    def _grace(self, user: str, digest: str, error: RadiusDown) -> Grant:
        known = self.known.get(user)
        if known is not None and hmac.compare_digest(known.digest, digest):
            killed = self.refused.get(user)
            if killed is not None and self.clock() < killed.until:  # nobody is there to say that the month has more
                raise self._killed(killed.reason, killed.until)
            left = known.at + self.settings.grace_s - self.clock()
            if left > 0:
                log.warning("grace", user=user, error=str(error), left_s=int(left))
                return Grant.from_json(known.grant)
        log.error("radius_down", user=user, error=str(error))
        raise Refused(503, f"{error}; new sessions wait until it is back", retry_after_s=DOWN_RETRY_AFTER_S)

    def _enter_bare(self, key: str | None) -> Session:
        user = bare_user(key)
        session = self.open.get(user)
        if session is None:
            d = self._defaults
            grant = Grant(None, None, (), d.session_timeout_s, d.idle_timeout_s, d.interim_s)
            session = self._open(self._unopened(user, "", grant, {}))
        return session

    def _unreported(self, user: str) -> dict[str, int]:
        """By earlier session of a user: tokens that RADIUS may not have counted yet."""
        ending = {s.id: s.budget.used for s in self.ending.values() if s.user == user}
        return self.accounting.unreported(user) | ending

    def _unopened(self, user: str, digest: str, grant: Grant, before: dict[str, int]) -> Session:
        """`before`: _unreported when RADIUS was asked. What it heard of while it answered may not be in its answer."""
        now = self.clock()
        after = self._unreported(user)
        unreported = sum(max(before.get(sid, 0), after.get(sid, 0)) for sid in before | after)
        return Session(
            id=f"{int(now):x}-{secrets.token_hex(6)}",
            user=user,
            digest=digest,
            grant=grant,
            budget=Budget(session_limit(grant, unreported)),
            started_at=now,
            last_used=now,
            unreported_before=unreported,
            last_interim=now,
        )

    def _open(self, session: Session) -> Session:
        user, now = session.user, session.started_at
        self._check_journal()
        self._journal("session", **self._session_record(session))
        self.known[user] = Known(session.digest, session.grant.to_json(), now)
        self.open[user] = session
        self._tell("Start", session, now)
        self.metrics.sessions.set(len(self.open))
        log.info("session_opened", user=user, session_id=session.id, budget=session.budget.limit)
        return session

    # --- calls ---

    def begin(self, session: Session, ask: Ask, request_id: str) -> Call:
        """Decides and reserves; the call may then go out. Refused says why not."""
        now = self.clock()
        session.last_used = now
        decision = policy.decide(
            ask,
            session.budget,
            session.grant,
            calls=session.calls + len(session.under_way),
            reduced_calls=session.reduced_calls,
            rules=self.rules,
        )
        self._note(session, ask, decision, request_id)
        if decision.refusal is not None and self.enforcing:
            raise self._refusal(session, decision)
        if not self.enforcing:
            decision = replace(
                decision, model=ask.model, max_tokens=ask.max_tokens, reserve=ask.input_estimate + ask.max_tokens
            )
        call = Call(
            id=f"{self._boot}-{next(self._numbers):x}",
            session=session,
            request_id=request_id,
            decision=decision,
            asked_model=ask.model,
            model=decision.model,
            started_at=now,
            lease_until=now + self.settings.lease_s,
            task=asyncio.current_task(),
        )
        self._check_journal()
        self._journal("reserve", **reserve_record(call))
        if self.enforcing:
            if not session.budget.reserve(call.id, decision.reserve):
                raise RuntimeError(f"a decision to let {call.id} out does not fit its budget")
        else:
            session.budget.force(call.id, decision.reserve)
        if decision.action is Action.REDUCE:
            session.reduced_calls += 1
        if (decision.model, decision.max_tokens) != (ask.model, ask.max_tokens):
            session.rewritten_calls += 1
        session.under_way[call.id] = call
        return call

    def _note(self, session: Session, ask: Ask, decision: Decision, request_id: str) -> None:
        if decision.action is not Action.NONE:
            self.metrics.actions.labels(decision.action.value, self.settings.policy_mode).inc()
            log.info(
                "ladder",
                action=decision.action.value,
                mode=self.settings.policy_mode,
                user=session.user,
                session_id=session.id,
                request_id=request_id,
                used=session.budget.used,
                budget=session.budget.limit,
                model=ask.model,
                model_used=decision.model,
                max_tokens=ask.max_tokens,
                max_tokens_used=decision.max_tokens,
            )
        if decision.refusal is not None:
            self.metrics.refusals.labels(decision.refusal).inc()
            log.info(
                "refused",
                reason=decision.reason,
                kind=decision.refusal,
                mode=self.settings.policy_mode,
                user=session.user,
                session_id=session.id,
                request_id=request_id,
            )

    def _refusal(self, session: Session, decision: Decision) -> Refused:
        if decision.refusal == "kill":
            return self.kill(session, decision.reason, no_tokens=decision.no_tokens)
        if decision.refusal == "model":
            return Refused(403, decision.reason)
        busy = bool(session.budget.reserved)
        text = decision.reason
        if decision.refusal == "does_not_fit":
            text += (
                f": a max_tokens of at most {decision.fits} would fit"
                if decision.fits is not None
                else ": no max_tokens would fit"
            )
        return Refused(
            429,
            text,
            retry_after_s=BUSY_RETRY_AFTER_S if busy else None,
            retry=None if busy else False,
            max_tokens=decision.fits,
            resets_at=iso(session.resets_at),
        )

    def kill(self, session: Session, reason: str, *, no_tokens: bool) -> Refused:
        """Ends a session whose grant is used up; its user stays refused until session start + Session-Timeout, across
        restarts. Where it is the month's tokens that are used up (`no_tokens`), RADIUS is asked again at the next call.
        """
        month = no_tokens and session.month_bound
        until = month_end(session.started_at) if month else session.over_at
        if session.closing is None:
            session.rung, session.refused_until = Action.KILL, until
            self.refused[session.user] = Refusal(session.digest, until, reason, self._session_record(session), month)
            self._journal("refused", **refused_record(session.user, self.refused[session.user]))
            self.close(session, "NAS-Request")
        return self._killed(reason, until)

    def progress(self, call: Call, counts: Counts, *, unlisted: bool) -> None:
        """Writes down what a stream has used so far, so that a crash does not forget it; renews the lease."""
        now = self.clock()
        call.progress, call.unlisted, call.lease_until = counts, unlisted, now + self.settings.lease_s
        self._journal("progress", **progress_record(call, counts))

    def settle(
        self, call: Call, counts: Counts, *, ending: str, status: int | None, estimated: bool, model: str | None = None
    ) -> None:
        """Ends a call: frees what it holds, counts what it used. A second settlement changes nothing."""
        session = call.session
        if session.under_way.pop(call.id, None) is None or not session.budget.settle(call.id, counts):
            return
        now = self.clock()
        cost = None if call.unlisted else prices.cost_of(call.model, counts, self.prices)
        if cost is None and model is not None and not call.unlisted:
            cost = prices.cost_of(model, counts, self.prices)
        session.calls += 1
        session.last_used = now
        if cost is None:
            session.unpriced_calls += 1
            self.metrics.unpriced.inc()
        else:
            session.cost_micro_usd += cost
            self.metrics.cost.inc(cost)
        record: Record = {
            "call": call.id,
            "sid": session.id,
            "user": session.user,
            "request": call.request_id,
            "asked": call.asked_model,
            "model": call.model,
            "counts": vars(counts),
            "cost": cost,
            "status": status,
            "ending": ending,
            "action": call.decision.action.value,
            "estimated": estimated,
            "started": call.started_at,
            "ended": now,
        }
        self._journal("settle", **record)
        self.store.put(record)
        label = call.model if counts.total else "unknown"
        self.metrics.call_settled(label, ending, now - call.started_at, counts)
        log.info(
            "call_settled",
            user=session.user,
            session_id=session.id,
            request_id=call.request_id,
            call_id=call.id,
            model=call.model,
            ending=ending,
            status=status,
            estimated=estimated,
            cost_micro_usd=cost,
            **vars(counts),
        )
        self._after_settling(session, now)

    def _after_settling(self, session: Session, now: float) -> None:
        if session.closing is not None:
            self._finish_if_idle(session)
            return
        rung = ladder.action(session.budget.settled.total, session.budget.limit, self.rules.thresholds)
        order = list(Action)
        if rung is Action.KILL and self.enforcing:
            self.kill(session, f"all {session.budget.limit} tokens of the session are used", no_tokens=True)
        elif order.index(rung) > order.index(session.rung):
            session.rung = rung
            self._interim(session, now)

    # --- going out ---

    def close(self, session: Session, cause: Cause) -> None:
        """Ends a session. Its Stop goes out when its last call is settled."""
        if session.closing is not None:
            return
        session.closing = cause
        if self.open.get(session.user) is session:
            del self.open[session.user]
        self.ending[session.id] = session
        self._finish_if_idle(session)

    def cut(self, session: Session) -> None:
        """Ends the calls that are under way."""
        for call in list(session.under_way.values()):
            if call.task is not None:
                call.task.cancel("disconnected")

    def _finish_if_idle(self, session: Session) -> None:
        if session.under_way or session.closing is None or session.id not in self.ending:
            return
        now = self.clock()
        del self.ending[session.id]
        refusal = self.refused.get(session.user)
        if refusal is not None and refusal.session["sid"] == session.id and session.calls > refusal.session["calls"]:
            refusal.session = self._session_record(session)  # with the calls that were under way at the kill
            self._journal("refused", **refused_record(session.user, refusal))
        self._tell("Stop", session, now, **{"Acct-Terminate-Cause": session.closing})
        self._journal("close", sid=session.id, cause=session.closing)
        self.metrics.sessions_ended.labels(session.closing).inc()
        self._measure_month(session)
        log.info("session_closed", user=session.user, session_id=session.id, cause=session.closing, **session.totals())
        session.closed.set()

    def change(self, session: Session, attributes: dict[str, Any]) -> None:
        """A CoA-Request: new limits for a running session."""
        session.grant = changed(session.grant, attributes)
        session.budget.limit = session_limit(session.grant, session.unreported_before)
        now = self.clock()
        self.journal.write("grant", sid=session.id, grant=session.grant.to_json())
        session.rung = ladder.action(session.budget.settled.total, session.budget.limit, self.rules.thresholds)
        log.info("grant_changed", user=session.user, session_id=session.id, **session.grant.to_json())
        if session.rung is Action.KILL and self.enforcing:
            self.kill(session, f"all {session.budget.limit} tokens of the session are used", no_tokens=True)
        else:
            self._interim(session, now)

    def tick(self) -> None:
        """Once a second: what time alone decides."""
        now = self.clock()
        for session in list(self.open.values()):
            for call in list(session.under_way.values()):
                self._check_lease(call, now)
            if now >= self._over_at(session):
                self.close(session, "Session-Timeout")
            elif not session.under_way and now >= session.last_used + session.grant.idle_timeout_s:
                self.close(session, "Idle-Timeout")
            elif now >= session.last_interim + session.grant.interim_s:
                self._interim(session, now)
        for user in [user for user, refusal in self.refused.items() if refusal.until <= now]:
            del self.refused[user]
        for user in [user for user, lock in self._locks.items() if not lock.locked() and user not in self.open]:
            del self._locks[user]
        self.compact()

    def _check_lease(self, call: Call, now: float) -> None:
        if now < call.lease_until:
            return
        if call.task is not None and not call.task.done():
            call.lease_until = now + self.settings.lease_s
            return
        self.settle(call, call.progress or call.worst, ending="lease_over", status=None, estimated=True)

    def _over_at(self, session: Session) -> float:
        """The grant's time is over, or the month is: the monthly counter counts a session where it started."""
        return session.over_at if self.radius is None else min(session.over_at, month_end(session.started_at))

    # --- accounting ---

    def _interim(self, session: Session, now: float) -> None:
        session.last_interim = now
        self._tell("Interim-Update", session, now)

    def _tell(self, kind: Literal["Start", "Interim-Update", "Stop"], session: Session, at: float, **more: str) -> None:
        if self.radius is None:
            return
        attributes = {
            **usage_attributes(session.budget.settled, session.cost_micro_usd, session.calls),
            "User-Name": session.user,
            "Acct-Session-Id": session.id,
            "Acct-Session-Time": max(0, int(at) - int(session.started_at)),
            "Acct-Authentic": "RADIUS",
            **grant_attributes(session.grant),
            **more,
        }
        self.accounting.put(accounting.entry(kind, session.id, session.user, at, attributes))

    def _acct_answered(self, answered: bool, seconds: float) -> None:
        self.metrics.radius.labels("accounting", "answer" if answered else "no_answer").observe(seconds)

    def _measure_month(self, session: Session) -> None:
        """What a user's month has come to; it stays on show when the session is over."""
        if session.grant.monthly_budget:
            self.metrics.month.labels(session.user).set((session.monthly_used or 0) / session.grant.monthly_budget)

    def measure(self) -> None:
        """Brings the gauges up to date, when somebody looks."""
        sessions = [*self.open.values(), *self.ending.values()]
        self.metrics.sessions.set(len(self.open))
        for session in sessions:
            self._measure_month(session)
        self.metrics.reserved_tokens.set(sum(session.budget.reserved for session in sessions))
        self.metrics.reservations.set(sum(len(session.under_way) for session in sessions))
        self.metrics.journal_depth.labels("accounting").set(len(self.accounting.queue))
        self.metrics.journal_depth.labels("calls").set(len(self.store.queue))
        self.metrics.journal_bytes.set(self.journal.bytes)

    def _check_journal(self) -> None:
        if self.journal.broken is not None:
            text = f"no accounting can be kept: {self.journal.broken}"
            raise Refused(503, text, retry_after_s=DOWN_RETRY_AFTER_S)

    def _journal(self, kind: str, **fields: Any) -> None:
        """Writes what has happened already: when the disk refuses, it stays in the journal's backlog."""
        try:
            self.journal.write(kind, **fields)
        except JournalError as error:
            log.error("journal_broken", error=str(error), kind=kind)

    # --- across processes ---

    def restore(self, state: State) -> list[Record]:
        """Takes up what an earlier process left, and gives the records that the new journal begins with.

        Calls that were under way are settled to what the journal knows of them; their sessions end with the time at
        which they were last heard of; only then an Accounting-On closes what RADIUS still has open.
        """
        for call, held in state.held.items():
            record = settle_record(held, self.prices)
            state.unstored[call] = record
            session = state.sessions.get(record["sid"])
            if session is not None:
                session.settled += held.counts
                session.cost_micro_usd += record["cost"] or 0
                session.calls += 1
                session.last_at = max(session.last_at, held.last_at)
        queue = list(state.accounting.values())
        if self.radius is not None:
            for session in state.sessions.values():
                if session.radius:
                    queue.append(crash_stop(session))
            queue.append(accounting.entry("Accounting-On", None, None, self.clock(), {}))
        now = self.clock()
        self.refused = {user: refusal for user, refusal in state.refused.items() if refusal.until > now}
        self.known = state.known if self.settings.grace_s else {}
        self.accounting.restore(queue)
        for record in state.unstored.values():
            self.store.put(record)
        if state.sessions or state.held:
            log.warning("recovered", sessions=len(state.sessions), calls=len(state.held), accounting=len(queue))
        return self.snapshot([{**record, "k": "settle"} for record in state.unstored.values()])

    def _session_record(self, session: Session) -> Record:
        return {
            "sid": session.id,
            "user": session.user,
            "digest": session.digest,
            "started": session.started_at,
            "grant": session.grant.to_json(),
            "radius": self.radius is not None,
            "settled": vars(session.budget.settled),
            "cost": session.cost_micro_usd,
            "calls": session.calls,
            "unpriced": session.unpriced_calls,
            "rewritten": session.rewritten_calls,
            "unreported_before": session.unreported_before,
        }

    def compact(self) -> None:
        """Starts a new journal file with what still matters, when the old one has grown long."""
        if self.journal.broken is None and self.journal.bytes > self.settings.journal_max_bytes:
            self.journal.begin(self.snapshot())
            log.info("journal_compacted", bytes=self.journal.bytes)

    def snapshot(self, settled: list[Record] | None = None) -> list[Record]:
        """Everything that a new journal file must begin with."""
        now = round(self.clock(), 3)
        unstored = [{**record, "k": "settle"} for record in self.store.queue] if settled is None else settled
        records: list[Record] = [{**record, "t": record.get("t", now)} for record in unstored]
        for user, refusal in self.refused.items():
            records.append({"t": now, "k": "refused", **refused_record(user, refusal)})
        for user, known in self.known.items():
            records.append({"t": now, "k": "known", "user": user, **vars(known)})
        for session in (*self.open.values(), *self.ending.values()):
            records.append({"t": now, "k": "session", **self._session_record(session)})
            for call in session.under_way.values():
                records.append({"t": now, "k": "reserve", **reserve_record(call)})
                if call.progress is not None:
                    records.append({"t": now, "k": "progress", **progress_record(call, call.progress)})
        records += [{"t": now, **waiting.to_record()} for waiting in self.accounting.queue]
        return records


def refused_record(user: str, refusal: Refusal) -> Record:
    """A refused user, as it stands in the journal."""
    return {"user": user, "sid": refusal.session["sid"], **vars(refusal)}


def killed_session(refusal: Refusal) -> Session:
    """The session that a kill ended, for looking at."""
    record = refusal.session
    grant = Grant.from_json(record["grant"])
    return Session(
        id=record["sid"],
        user=record["user"],
        digest=refusal.digest,
        grant=grant,
        budget=Budget(session_limit(grant, record["unreported_before"]), Counts(**record["settled"])),
        started_at=record["started"],
        last_used=record["started"],
        unreported_before=record["unreported_before"],
        calls=record["calls"],
        cost_micro_usd=record["cost"],
        unpriced_calls=record["unpriced"],
        rewritten_calls=record["rewritten"],
        rung=Action.KILL,
        closing="NAS-Request",
        refused_until=refusal.until,
    )


def usage_attributes(settled: Counts, cost_micro_usd: int, calls: int) -> dict[str, Any]:
    """A session's cumulative use as RADIUS attributes. 32-bit ones stop at their largest value."""
    low_in, high_in = octets(settled.tokens_in)
    low_out, high_out = octets(settled.tokens_out)
    return {
        "Acct-Input-Octets": low_in,
        "Acct-Input-Gigawords": high_in,
        "Acct-Output-Octets": low_out,
        "Acct-Output-Gigawords": high_out,
        "MT-Tokens-Used": min(settled.total, UINT32),
        "MT-LLM-Calls-Made": min(calls, UINT32),
        "MT-Cost-Microusd": cost_micro_usd,
        "MT-Token-Cost-Cents": min(cost_micro_usd // 10_000, UINT32),
        "MT-Cache-Write-Tokens": settled.cache_write_tokens,
        "MT-Cache-Read-Tokens": settled.cache_read_tokens,
    }


NUMBERS = {"MT-Browser-Enabled", "MT-Shell-Enabled", "MT-Max-Pages"}


def grant_attributes(grant: Grant) -> dict[str, Any]:
    """The grant, as it travels in accounting."""
    given: dict[str, Any] = {name: int(value) if name in NUMBERS else value for name, value in grant.extra}
    if grant.radius_class is not None:
        given["Class"] = grant.radius_class
    if grant.token_budget is not None:
        given["MT-Token-Budget"] = grant.token_budget
    if grant.max_llm_calls is not None:
        given["MT-Max-LLM-Calls"] = grant.max_llm_calls
    if grant.models:
        given["MT-Model-Allowed"] = ",".join(grant.models)
    if grant.monthly_budget is not None:
        given["MT-Monthly-Budget"] = grant.monthly_budget
        given["MT-Monthly-Used"] = grant.monthly_used or 0
    return given


def reserve_record(call: Call) -> Record:
    """A call that goes out, as it stands in the journal."""
    return {
        "call": call.id,
        "sid": call.session.id,
        "user": call.session.user,
        "request": call.request_id,
        "asked": call.asked_model,
        "model": call.model,
        "tokens": call.decision.reserve,
        "max_tokens": call.decision.max_tokens,
        "action": call.decision.action.value,
        "started": call.started_at,
        "lease_until": round(call.lease_until),
    }


def progress_record(call: Call, counts: Counts) -> Record:
    """What a stream has used so far, as it stands in the journal."""
    return {"call": call.id, "sid": call.session.id, "counts": vars(counts), "unlisted": call.unlisted}


def settle_record(held: Held, price_list: Prices) -> Record:
    """The settlement of a call that a crash cut off."""
    reserved = held.record
    return {
        "call": reserved["call"],
        "sid": reserved["sid"],
        "user": reserved["user"],
        "request": reserved["request"],
        "asked": reserved["asked"],
        "model": reserved["model"],
        "counts": vars(held.counts),
        "cost": None if held.unlisted else prices.cost_of(reserved["model"], held.counts, price_list),
        "status": None,
        "ending": "crash",
        "action": reserved["action"],
        "estimated": True,
        "started": reserved["started"],
        "ended": held.last_at,
    }


def crash_stop(session: Any) -> accounting.Entry:
    """The Stop of a session that a crash left open, dated when it was last heard of."""
    attributes = {
        **usage_attributes(session.settled, session.cost_micro_usd, session.calls),
        "User-Name": session.user,
        "Acct-Session-Id": session.id,
        "Acct-Session-Time": max(0, int(session.last_at) - int(session.started_at)),
        "Acct-Authentic": "RADIUS",
        **grant_attributes(Grant.from_json(session.grant)),
        "Acct-Terminate-Cause": "NAS-Reboot",
    }
    return accounting.entry("Stop", session.id, session.user, session.last_at, attributes)
