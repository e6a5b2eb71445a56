"""What an Access-Accept grants, and how a CoA-Request changes it. Pure; attribute names as in the dictionary."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

MIN_INTERIM_S = 60
"""RFC 2869 5.16: an interim interval below this is not taken."""


@dataclass(frozen=True)
class Grant:
    """Limits of one session. None: no limit of that kind."""

    token_budget: int | None
    max_llm_calls: int | None
    models: tuple[str, ...]
    session_timeout_s: int
    idle_timeout_s: int
    interim_s: int
    monthly_budget: int | None = None
    monthly_used: int | None = None
    """As RADIUS counted it when the session began."""
    extra: tuple[tuple[str, str], ...] = ()
    """Attributes that are not the gateway's to act on (pages, domains, queue), handed back in accounting."""
    radius_class: str | None = None
    """Class as `0x…`: RADIUS' own mark of this grant, handed back in accounting (RFC 2865 5.25)."""

    def to_json(self) -> dict[str, Any]:
        """For the journal."""
        return asdict(self)

    @staticmethod
    def from_json(given: Mapping[str, Any]) -> Grant:
        """From the journal."""
        extra = tuple((str(name), str(value)) for name, value in given["extra"])
        return Grant(**{**given, "models": tuple(given["models"]), "extra": extra})


@dataclass(frozen=True)
class Defaults:
    """What holds where the Accept says nothing."""

    session_timeout_s: int
    idle_timeout_s: int
    interim_s: int


ECHOED = (
    "MT-Allowed-Domains",
    "MT-Browser-Enabled",
    "MT-Shell-Enabled",
    "MT-Max-Pages",
    "MT-Output-Queue",
)
CHANGEABLE = {
    "MT-Token-Budget": "token_budget",
    "MT-Max-LLM-Calls": "max_llm_calls",
    "MT-Monthly-Budget": "monthly_budget",
    "Session-Timeout": "session_timeout_s",
    "Idle-Timeout": "idle_timeout_s",
    "Acct-Interim-Interval": "interim_s",
    "MT-Model-Allowed": "models",
    "Class": "radius_class",
}
"""Attributes that a CoA-Request may carry, and what they set."""


def models_of(value: str) -> tuple[str, ...]:
    """MT-Model-Allowed: one name, or several with commas between them."""
    return tuple(name.strip() for name in value.split(",") if name.strip())


def class_of(value: bytes) -> str:
    """Class, which is bytes, as text."""
    return f"0x{value.hex()}"


def from_accept(attributes: Mapping[str, Any], defaults: Defaults) -> Grant:
    """The grant of an Access-Accept (attribute name to value)."""

    def number(name: str) -> int | None:
        return int(attributes[name]) if name in attributes else None

    return Grant(
        token_budget=number("MT-Token-Budget"),
        max_llm_calls=number("MT-Max-LLM-Calls"),
        models=models_of(str(attributes.get("MT-Model-Allowed", ""))),
        session_timeout_s=number("Session-Timeout") or defaults.session_timeout_s,
        idle_timeout_s=number("Idle-Timeout") or defaults.idle_timeout_s,
        interim_s=max(MIN_INTERIM_S, number("Acct-Interim-Interval") or defaults.interim_s),
        monthly_budget=number("MT-Monthly-Budget"),
        monthly_used=number("MT-Monthly-Used"),
        extra=tuple((name, str(attributes[name])) for name in ECHOED if name in attributes),
        radius_class=class_of(attributes["Class"]) if "Class" in attributes else None,
    )


_READERS: Mapping[str, Callable[[Any], Any]] = {"models": models_of, "radius_class": class_of}


def changed(grant: Grant, attributes: Mapping[str, Any]) -> Grant:
    """The grant after a CoA-Request; attributes that change nothing of a grant are left out."""
    changes: dict[str, Any] = {}
    for name, field in CHANGEABLE.items():
        if name in attributes:
            changes[field] = _READERS.get(field, int)(attributes[name])
    if "interim_s" in changes:
        changes["interim_s"] = max(MIN_INTERIM_S, changes["interim_s"])
    return replace(grant, **changes)


def session_limit(grant: Grant, unreported: int) -> int | None:
    """Tokens that the session may use: its own budget, and what the month leaves.

    `unreported`: tokens of the user's earlier sessions that RADIUS may not have counted yet.
    """
    limits = [] if grant.token_budget is None else [grant.token_budget]
    if grant.monthly_budget is not None:
        limits.append(max(0, grant.monthly_budget - (grant.monthly_used or 0) - unreported))
    return min(limits) if limits else None
