"""The guard: what the run wants and the model left undone is done after it, by the same functions."""

from collections.abc import Iterable

from match_scraper_agent.target_state import TargetState
from match_scraper_agent.work import Work


def left_over(states: Iterable[TargetState]) -> tuple[str, ...]:
    """Names of the targets that the plan, or whoever read them beyond it, wants and that are not done. Pure."""
    return tuple(
        state.plan.target.name for state in states if state.wanted and not state.submitted and state.outcome is None
    )


async def finish_plan(work: Work) -> tuple[str, ...]:
    """Reads and submits whatever is left; returns the names of what had been left out."""
    await work.see_all_through()
    names = left_over(work.states.values())
    for name in names:
        await work.submit(name)
    return names
