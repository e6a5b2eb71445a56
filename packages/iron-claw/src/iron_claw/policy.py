"""Whether a call may go out, and as what. Pure: the ladder, the grant and the room that is left, put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from iron_claw import ladder
from iron_claw.budget import Budget
from iron_claw.grant import Grant
from iron_claw.ladder import Action, Thresholds
from iron_claw.names import entry_of

Refusal = Literal["kill", "busy", "does_not_fit", "model"]


@dataclass(frozen=True)
class Rules:
    """The operator's part of the policy."""

    thresholds: Thresholds
    model_map: Mapping[str, str]
    reduce_max_tokens: int
    reduce_calls: int
    model_caps: Mapping[str, int]
    """max_tokens that a model takes at most, where known; names as in the price file, `*` as a wildcard."""


@dataclass(frozen=True)
class Ask:
    """What a client asks for."""

    model: str
    max_tokens: int
    input_estimate: int
    """Tokens that the input takes at most."""
    thinking_budget: int = 0


@dataclass(frozen=True)
class Decision:
    """What is done about it. `refusal` None: it goes out as `model` with `max_tokens`, `reserve` tokens held."""

    action: Action
    model: str
    max_tokens: int
    reserve: int
    refusal: Refusal | None = None
    reason: str = ""
    fits: int | None = None
    """With a refusal: the largest max_tokens that would have gone out; None when none would."""
    no_tokens: bool = False
    """With a kill: it is tokens that are used up, and not calls."""


def decide(ask: Ask, budget: Budget, grant: Grant, *, calls: int, reduced_calls: int, rules: Rules) -> Decision:  # noqa: PLR0911
    """The decision about a call. `calls`: the session's calls so far; `reduced_calls`: those in the reduce band."""
    action = ladder.action(*budget.on_ladder, rules.thresholds)
    model, max_tokens = ask.model, ask.max_tokens

    def refuse(refusal: Refusal, reason: str, fits: int | None = None, *, no_tokens: bool = False) -> Decision:
        rung = Action.KILL if refusal == "kill" else action
        return Decision(rung, ask.model, ask.max_tokens, 0, refusal, reason, fits, no_tokens)

    if not ladder.allowed(ask.model, grant.models):
        return refuse("model", f"model {ask.model!r} is not in your grant ({', '.join(grant.models)})")
    if grant.max_llm_calls is not None and calls >= grant.max_llm_calls:
        return refuse("kill", f"all {grant.max_llm_calls} calls of the session are used")
    if action is Action.KILL:
        if budget.settled.total >= (budget.limit or 0) and not budget.held_elsewhere:
            return refuse("kill", f"all {budget.limit} tokens of the session are used", no_tokens=True)
        return refuse("busy", "calls that are under way hold all that is left of the session's tokens")
    room = budget.room
    cap = None
    if action in (Action.DOWNGRADE, Action.REDUCE):
        model = ladder.cheaper(ask.model, rules.model_map, grant.models)
        cap = entry_of(model, rules.model_caps)
        if action is Action.DOWNGRADE and model != ask.model and cap is not None and max_tokens > cap:
            fits = cap if room is None else min(cap, room - ask.input_estimate)
            reason = f"max_tokens {max_tokens} is more than {model} takes ({cap})"
            return refuse("does_not_fit", reason, fits if fits >= 1 else None)
    if action is Action.REDUCE and room is not None:
        if reduced_calls >= rules.reduce_calls:
            return refuse("kill", f"all {rules.reduce_calls} calls of the last part of the session's tokens are used")
        most = min(rules.reduce_max_tokens, room - ask.input_estimate)
        if most < 1:
            if budget.busy:
                return refuse("busy", "calls that are under way hold most of what is left of the session's tokens")
            reason = f"{room} tokens are left of {budget.limit}: not enough for this call's input"
            return refuse("kill", reason, no_tokens=True)
        max_tokens = min(max_tokens, most, most if cap is None else cap)
        if ask.thinking_budget and max_tokens <= ask.thinking_budget:
            reason = f"max_tokens may be {max_tokens} at most, which leaves nothing beside thinking.budget_tokens"
            return refuse("does_not_fit", reason, max_tokens)
    need = ask.input_estimate + max_tokens
    if room is not None and need > room:
        fits = room - ask.input_estimate
        reason = f"{need} tokens may be needed (input {ask.input_estimate}, max_tokens {max_tokens}), {room} are left"
        return refuse("does_not_fit", reason, fits if fits >= 1 else None)
    return Decision(action, model, max_tokens, need)
