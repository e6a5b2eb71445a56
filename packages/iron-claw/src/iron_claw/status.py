"""The answer of `/status`. Pure."""

from __future__ import annotations

from typing import Any

from iron_claw import ladder
from iron_claw.ladder import Action, Thresholds
from iron_claw.session import Session, iso


def of_session(session: Session, *, bare: bool, mode: str, thresholds: Thresholds) -> dict[str, Any]:
    """A session as its user sees it. Tokens and micro-dollars are whole numbers, null where there is no limit."""
    budget, grant = session.budget, session.grant
    action = Action.KILL if session.rung is Action.KILL else ladder.action(budget.used, budget.limit, thresholds)
    return {
        "no_radius_session": bare,
        "username": session.user,
        "session_id": session.id,
        "model_allowed": ",".join(grant.models) or None,
        "policy_mode": mode,
        "token_budget": grant.token_budget,
        "tokens_used": budget.settled.total,
        "tokens_in": budget.settled.tokens_in,
        "tokens_out": budget.settled.tokens_out,
        "tokens_reserved": budget.reserved,
        "tokens_remaining": budget.room,
        "budget_pct": round(budget.used * 100 / budget.limit, 1) if budget.limit else None,
        "monthly_budget": grant.monthly_budget,
        "monthly_used": session.monthly_used,
        "llm_calls": session.calls,
        "llm_calls_rewritten": session.rewritten_calls,
        "max_llm_calls": grant.max_llm_calls,
        "cost_micro_usd": None if session.unpriced_calls else session.cost_micro_usd,
        "calls_without_price": session.unpriced_calls,
        "action": action.value,
        "resets_at": iso(session.resets_at),
    }
