"""What an Access-Accept grants, and how a CoA-Request changes it. Pure; attribute names as in the dictionary."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

MIN_INTERIM_S = 60
"""RFC 2869 5.16: an interim interval below this is not taken."""


STRING_MOST = 247
"""Bytes of a vendor's string attribute (RFC 2865 5.26). A longer list travels in several."""
MONTHLY_COST = "monthly-cost"
LISTS = ("MT-Model-Allowed", "MT-Window")
"""Attributes of which several make one list."""


class Window(NamedTuple):
    """Hold a budget by the calendar, as MT-Window carries it: `name budget used resets`."""

    name: str
    """daily, weekly, monthly count tokens; with `-cost` behind it micro-USD."""
    budget: int
    used: int
    """By the user's other sessions of the period, as RADIUS has counted them."""
    resets_at: int
    """Unix time at which the period turns."""

    @property
    def counts_cost(self) -> bool:
        """Return whether it counts micro-USD and not tokens."""
        return self.name.endswith("-cost")


class Slice(NamedTuple):
    """Hold what RADIUS gave a session of a budget that several gateways share. Tokens."""

    tokens: int | None
    """What the session may use in all; None where no budget of tokens stands."""
    limit: int | None
    """What it could come to use at most, after what the others used and hold."""
    elsewhere: int
    """Used of the session's budget by the user's other sessions."""
    held: int
    """Held by them, and not used yet: it may come back."""
    lease_s: int


@dataclass(frozen=True)
class Grant:
    """Limits of one session. None: no limit of that kind."""

    token_budget: int | None
    max_llm_calls: int | None
    models: tuple[str, ...]
    session_timeout_s: int
    """0: no limit, as NAS makers read it; the month's end ends it all the same."""
    idle_timeout_s: int
    """0: no limit."""
    interim_s: int
    monthly_budget: int | None = None
    monthly_used: int | None = None
    """As RADIUS counted it when the session began."""
    extra: tuple[tuple[str, str], ...] = ()
    """Attributes that are not the gateway's to act on (pages, domains, queue), handed back in accounting."""
    radius_class: str | None = None
    """Class as `0x…`: RADIUS' own mark of this grant, handed back in accounting (RFC 2865 5.25)."""
    windows: tuple[Window, ...] = ()
    cost_budget: int | None = None
    """Micro-USD of the session."""
    slice: Slice | None = None
    """Where several gateways share the budget."""

    def to_json(self) -> dict[str, Any]:
        """For the journal."""
        return asdict(self)

    @staticmethod
    def from_json(given: Mapping[str, Any]) -> Grant:
        """From the journal."""
        extra = tuple((str(name), str(value)) for name, value in given["extra"])
        windows = tuple(Window(*window) for window in given.get("windows", ()))
        slice_ = None if given.get("slice") is None else Slice(*given["slice"])
        models = tuple(given["models"])
        return Grant(**{**given, "models": models, "extra": extra, "windows": windows, "slice": slice_})


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
    "MT-Cost-Budget": "cost_budget",
    "MT-Max-LLM-Calls": "max_llm_calls",
    "MT-Monthly-Budget": "monthly_budget",
    "MT-Monthly-Cost-Budget": "monthly_cost_budget",
    "Session-Timeout": "session_timeout_s",
    "Idle-Timeout": "idle_timeout_s",
    "Acct-Interim-Interval": "interim_s",
    "MT-Model-Allowed": "models",
    "MT-Window": "windows",
    "Class": "radius_class",
}
"""Attributes that a CoA-Request may carry, and what they set."""


def models_of(values: str | Iterable[str]) -> tuple[str, ...]:
    """Return the names of MT-Model-Allowed, of which each value holds one or several with commas between them."""
    texts = [values] if isinstance(values, str) else values
    return tuple(name.strip() for text in texts for name in text.split(",") if name.strip())


def packed(models: Sequence[str]) -> list[str]:
    """Join model names with commas into as few values as an attribute's 247 bytes allow."""
    values: list[str] = []
    for model in models:
        joined = f"{values[-1]},{model}" if values else model
        if values and len(joined.encode()) <= STRING_MOST:
            values[-1] = joined
        else:
            values.append(model)
    return values


def windows_of(values: Iterable[str]) -> tuple[Window, ...]:
    """Return the windows of MT-Window. ValueError for a value of another form."""
    windows = []
    for value in values:
        name, budget, used, resets_at = value.split()
        windows.append(Window(name, int(budget), int(used), int(resets_at)))
    return tuple(windows)


def class_of(value: bytes) -> str:
    """Class, which is bytes, as text."""
    return f"0x{value.hex()}"


def from_accept(attributes: Mapping[str, Any], defaults: Defaults) -> Grant:
    """The grant of an Access-Accept (attribute name to value)."""

    def number(name: str) -> int | None:
        return int(attributes[name]) if name in attributes else None

    def seconds(name: str, default: int) -> int:
        told = number(name)
        return default if told is None else told

    return Grant(
        token_budget=number("MT-Token-Budget"),
        max_llm_calls=number("MT-Max-LLM-Calls"),
        models=models_of(attributes.get("MT-Model-Allowed", ())),
        session_timeout_s=seconds("Session-Timeout", defaults.session_timeout_s),
        idle_timeout_s=seconds("Idle-Timeout", defaults.idle_timeout_s),
        interim_s=max(MIN_INTERIM_S, seconds("Acct-Interim-Interval", defaults.interim_s)),
        monthly_budget=number("MT-Monthly-Budget"),
        monthly_used=number("MT-Monthly-Used"),
        extra=tuple((name, str(attributes[name])) for name in ECHOED if name in attributes),
        radius_class=class_of(attributes["Class"]) if "Class" in attributes else None,
        windows=windows_of(attributes.get("MT-Window", ())),
        cost_budget=number("MT-Cost-Budget"),
        slice=slice_of(attributes),
    )


def slice_of(attributes: Mapping[str, Any]) -> Slice | None:
    """Return the slice that an Access-Accept carries; None where the budget is not shared."""
    if "MT-Slice-Lease" not in attributes:
        return None
    told = [attributes.get(f"MT-Slice-{part}Tokens") for part in ("", "Limit-", "Elsewhere-", "Held-")]
    tokens, limit, elsewhere, held = (None if value is None else int(value) for value in told)
    return Slice(tokens, limit, elsewhere or 0, held or 0, int(attributes["MT-Slice-Lease"]))


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "models": models_of,
    "radius_class": class_of,
    "windows": windows_of,
}


def changed(grant: Grant, attributes: Mapping[str, Any]) -> Grant:
    """The grant after a CoA-Request; attributes that change nothing of a grant are left out."""
    changes: dict[str, Any] = {}
    for name, field in CHANGEABLE.items():
        if name in attributes:
            changes[field] = _READERS.get(field, int)(attributes[name])
    if "interim_s" in changes:
        changes["interim_s"] = max(MIN_INTERIM_S, changes["interim_s"])
    told = {window.name for window in changes.get("windows", ())}
    windows = _merged(grant.windows, changes.pop("windows", ()))
    for name, budget in (
        ("monthly", changes.get("monthly_budget")),
        (MONTHLY_COST, changes.pop("monthly_cost_budget", None)),
    ):
        if budget is not None and name not in told:
            windows = tuple(window._replace(budget=budget) if window.name == name else window for window in windows)
    return replace(grant, **changes, windows=windows)


def _merged(old: Iterable[Window], new: Iterable[Window]) -> tuple[Window, ...]:
    """Return the windows after a change. What was used when the session began stays: the rest it has counted itself."""
    windows = {window.name: window for window in old}
    for window in new:
        before = windows.get(window.name)
        windows[window.name] = window if before is None else window._replace(used=before.used)
    return tuple(windows.values())


def session_limit(grant: Grant, unreported: int) -> int | None:
    """Return the tokens that the session may use: its own budget, and what the windows leave.

    `unreported`: tokens of the user's earlier sessions that RADIUS may not have counted yet.
    """
    limits = [] if grant.token_budget is None else [grant.token_budget]
    if grant.slice is not None:  # RADIUS has counted everything else
        return min([*limits, *([] if grant.slice.limit is None else [grant.slice.limit])], default=None)
    limits += [max(0, window.budget - window.used - unreported) for window in token_windows(grant)]
    return min(limits) if limits else None


def token_windows(grant: Grant) -> list[Window]:
    """Return the windows that count tokens.

    MT-Monthly-Budget has 32 bits; where the same window comes whole, that one counts. It says no time: 0.
    """
    windows = [window for window in grant.windows if not window.counts_cost]
    if grant.monthly_budget is not None and not any(window.name == "monthly" for window in windows):
        windows.append(Window("monthly", grant.monthly_budget, grant.monthly_used or 0, 0))
    return windows
