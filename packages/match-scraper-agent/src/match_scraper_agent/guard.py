"""The guard: what the plan asks for and the model left out is done after it, by the same functions."""

from collections.abc import Sequence

from match_scraper_agent.planner import Plan
from match_scraper_agent.work import Work


def left_over(plan: Plan, done: Sequence[str]) -> tuple[str, ...]:
    """Names of the targets that the plan wants and that are not done, in the plan's order. Pure."""
    finished = set(done)
    return tuple(item.target.name for item in plan.due if item.target.name not in finished)


async def finish_plan(work: Work) -> tuple[str, ...]:
    """Reads and submits whatever is left of the plan; returns the names of what had been left out."""
    done = [
        name for name, state in work.states.items() if state.submitted or state.outcome not in (None, "nothing_due")
    ]
    names = left_over(work.plan, done)
    for name in names:
        await work.submit(name)
    return names
