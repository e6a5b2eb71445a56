"""A session and its calls, as values."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal

from iron_claw import ladder
from iron_claw.budget import Budget, Counts
from iron_claw.grant import Grant, Slice, Window, session_limit, token_windows
from iron_claw.ladder import Action, Thresholds
from iron_claw.policy import Decision

Cause = Literal[
    "User-Request", "Idle-Timeout", "Session-Timeout", "Admin-Reset", "Admin-Reboot", "NAS-Request", "NAS-Reboot"
]
"""Acct-Terminate-Cause: the client's DELETE, idle, the time is over (the month's end too), Disconnect, shutdown, kill,
crash."""


@dataclass
class Call:
    """Hold one call that goes out. It is settled exactly once."""

    id: str
    session: Session
    request_id: str
    decision: Decision
    asked_model: str
    model: str
    started_at: float
    lease_until: float
    """On the steady clock."""
    began: float = 0.0
    """When it began, on the steady clock."""
    task: asyncio.Task[Any] | None = None
    progress: Counts | None = None
    unlisted: bool = False
    """Upstream told of something that the price list has no price for."""

    @property
    def worst(self) -> Counts:
        """Return the reservation, which is charged when nothing was seen of the answer to a call that went out."""
        most = self.decision.max_tokens
        return Counts(input_tokens=self.decision.reserve - most, output_tokens=most)


@dataclass
class Session:
    """Hold a user's session. `started_at` is Unix time; what is waited for runs on the steady clock."""

    id: str
    user: str
    digest: str
    grant: Grant
    budget: Budget
    started_at: float
    last_used: float
    opened: float = 0.0
    """When it began, on the steady clock."""
    unreported_before: int = 0
    calls: int = 0
    reduced_calls: int = 0
    cost_micro_usd: int = 0
    unpriced_calls: int = 0
    rewritten_calls: int = 0
    rung: Action = Action.NONE
    last_interim: float = 0.0
    slice_asked_at: float = 0.0
    """When its first slice was asked for, on the monotonic clock."""
    closing: Cause | None = None
    refused_until: float | None = None
    """After a kill."""
    under_way: dict[str, Call] = field(default_factory=dict)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def resets_at(self) -> float:
        """Return when there is a new budget: the session's end, or its window's where that leaves fewer tokens."""
        if self.refused_until is not None:
            return self.refused_until
        window = self.binding_window
        return self.over_at if window is None else window.resets_at

    @property
    def over_at(self) -> float:
        """Return session start + Session-Timeout; without one the month's end."""
        timeout_s = self.grant.session_timeout_s
        return self.started_at + timeout_s if timeout_s else month_end(self.started_at)

    def at(self, steady: float, wall: float) -> float:
        """Return the time for a record of it, Unix seconds: the wall's, unless that was set back meanwhile."""
        return max(wall, self.started_at + steady - self.opened)

    def is_idle(self, steady: float) -> bool:
        """Return whether nothing has gone through it for longer than its grant allows."""
        timeout_s = self.grant.idle_timeout_s
        return bool(timeout_s) and not self.under_way and steady >= self.last_used + timeout_s

    def share(self, slice_: Slice) -> None:
        """Take a new slice of a budget that several gateways share."""
        self.grant = replace(self.grant, slice=slice_)
        budget = self.budget
        budget.limit = session_limit(self.grant, self.unreported_before)
        budget.slice, budget.elsewhere, budget.held_elsewhere = slice_.tokens, slice_.elsewhere, slice_.held

    def settled_rung(self, thresholds: Thresholds) -> Action:
        """Return the rung for what is settled. What other gateways hold may come back: until then nobody is killed."""
        budget = self.budget
        _, limit = budget.on_ladder
        rung = ladder.action(budget.settled.total + budget.elsewhere, limit, thresholds)
        return Action.REDUCE if rung is Action.KILL and budget.held_elsewhere else rung

    def is_over(self, steady: float, wall: float) -> bool:
        """Return whether its time is over, or the first of its windows (a date, which the wall clock knows)."""
        timeout_s = self.grant.session_timeout_s
        return (bool(timeout_s) and steady - self.opened >= timeout_s) or wall >= self.turns_at

    @property
    def turns_at(self) -> float:
        """Return when the first of its windows turns: RADIUS counts a session in the period in which it began."""
        turns = [window.resets_at for window in self.grant.windows if window.resets_at > self.started_at]
        return min([month_end(self.started_at), *turns])

    @property
    def binding_window(self) -> Window | None:
        """Return the window that leaves less than the session's own budget; None where none does."""
        own, limit = self.grant.token_budget, self.budget.limit
        if self.grant.slice is not None:  # what it may use says nothing here: it is less by what the others used
            limit = min((window.budget - window.used for window in token_windows(self.grant)), default=own)
        if limit is None or (own is not None and limit >= own):
            return None
        windows = token_windows(self.grant)
        if not windows:
            return None
        window = min(windows, key=lambda window: window.budget - window.used)
        turns_at = window.resets_at if window.resets_at > self.started_at else int(month_end(self.started_at))
        return window._replace(resets_at=turns_at)

    @property
    def monthly_used(self) -> int | None:
        """Return the month's tokens, as RADIUS and we since counted them; None without a monthly budget."""
        if self.grant.monthly_budget is None:
            return None
        return (self.grant.monthly_used or 0) + self.unreported_before + self.budget.settled.total

    def cut(self) -> None:
        """End the calls that are under way."""
        for call in list(self.under_way.values()):
            if call.task is not None:
                call.task.cancel("disconnected")

    def totals(self) -> dict[str, int]:
        """Return what it used so far, for logs and answers."""
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
    """Return the next start of a month (UTC) after a Unix time."""
    day = datetime.fromtimestamp(at, UTC)
    return datetime(day.year + day.month // 12, day.month % 12 + 1, 1, tzinfo=UTC).timestamp()


def iso(at: float) -> str:
    """Return a Unix time as people and scripts read it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
