"""What RADIUS accounting is told of a session, as attributes of the dictionary. Pure."""

from __future__ import annotations

from typing import Any

from iron_claw.budget import Counts
from iron_claw.grant import Grant, packed
from iron_claw.radius import UINT32, octets

NUMBERS = {"MT-Browser-Enabled", "MT-Shell-Enabled", "MT-Max-Pages"}
"""Attributes of the grant that are handed back as they came, and are integers in the dictionary."""


def accounting_attributes(
    user: str,
    session_id: str,
    *,
    started_at: float,
    at: float,
    settled: Counts,
    cost_micro_usd: int,
    calls: int,
    grant: Grant,
    **more: str,
) -> dict[str, Any]:
    """Return the attributes of an accounting record, whose values are cumulative. Times are Unix seconds."""
    return {
        **usage_attributes(settled, cost_micro_usd, calls),
        "User-Name": user,
        "Acct-Session-Id": session_id,
        "Acct-Session-Time": max(0, int(at) - int(started_at)),
        "Acct-Authentic": "RADIUS",
        **grant_attributes(grant),
        **more,
    }


def usage_attributes(settled: Counts, cost_micro_usd: int, calls: int) -> dict[str, Any]:
    """Return a session's cumulative use as RADIUS attributes. 32-bit ones stop at their largest value."""
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


def grant_attributes(grant: Grant) -> dict[str, Any]:
    """Return the grant as it travels in accounting."""
    given: dict[str, Any] = {name: int(value) if name in NUMBERS else value for name, value in grant.extra}
    if grant.radius_class is not None:
        given["Class"] = grant.radius_class
    if grant.token_budget is not None:
        given["MT-Token-Budget"] = grant.token_budget
    if grant.max_llm_calls is not None:
        given["MT-Max-LLM-Calls"] = grant.max_llm_calls
    if grant.models:
        given["MT-Model-Allowed"] = packed(grant.models)
    if grant.monthly_budget is not None:
        given["MT-Monthly-Budget"] = grant.monthly_budget
        given["MT-Monthly-Used"] = grant.monthly_used or 0
    return given
