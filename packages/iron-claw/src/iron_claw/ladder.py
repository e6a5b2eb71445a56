"""What happens as a session's budget is used up. Pure: values in, a decision out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from iron_claw.names import entry_of


class Action(StrEnum):
    """Name a rung of the ladder."""

    NONE = "none"
    DOWNGRADE = "downgrade"
    REDUCE = "reduce"
    KILL = "kill"

    @property
    def rank(self) -> int:
        """Return the rung's place from the bottom, 0 to 3."""
        return _RANKS[self]


_RANKS = {Action.NONE: 0, Action.DOWNGRADE: 1, Action.REDUCE: 2, Action.KILL: 3}


@dataclass(frozen=True)
class Thresholds:
    """Where the rungs begin, in percent of the budget. The last one is always 100."""

    downgrade_pct: int = 70
    reduce_pct: int = 90


def action(used: int, budget: int | None, at: Thresholds) -> Action:
    """The rung for so many tokens used (settled and reserved) of a budget; no budget: no ladder."""
    if budget is None:
        return Action.NONE
    if used >= budget:
        return Action.KILL
    if used * 100 >= budget * at.reduce_pct:
        return Action.REDUCE
    if used * 100 >= budget * at.downgrade_pct:
        return Action.DOWNGRADE
    return Action.NONE


def allowed(model: str, grant: Sequence[str]) -> bool:
    """Whether a grant (names, `*` as a wildcard) names the model. An empty grant names all."""
    return not grant or any(fnmatchcase(model, pattern) for pattern in grant)


def cheaper(model: str, model_map: Mapping[str, str], grant: Sequence[str]) -> str:
    """The model to use instead: the first on the map's way down that the grant names.

    A model that the map does not know stays, and so does one below which the grant names none. The map's keys may hold
    `*`.
    """
    way: list[str] = []
    here = model
    while (step := entry_of(here, model_map)) is not None and step != model and step not in way:
        way.append(step)
        here = step
    return next((name for name in way if allowed(name, grant)), model)
