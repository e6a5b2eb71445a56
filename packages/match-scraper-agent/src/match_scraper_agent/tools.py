"""The four tools that the model has. They check their arguments, say in a line what came of it, and never raise.

What a tool says is short and made of the run's own words: names of targets, counts, states. Nothing that the source
wrote (team names, venues) reaches the model, so nothing written there can speak to it.
"""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field
from pydantic_ai import ModelRetry, RunContext

from match_scraper_agent.target_state import TargetState
from match_scraper_agent.work import Work

Targets = Annotated[list[str], Field(description="names of targets")]
MAX_TARGETS = 60


def _known(work: Work, names: Sequence[str]) -> list[str]:
    """Return the names as they were given, once each; a watched bracket is one too. Raises ModelRetry."""
    wanted = list(dict.fromkeys(names))
    watched = [item.target.name for item in work.plan.watched]
    unknown = [name for name in wanted if name not in work.states and name not in watched]
    if unknown or not wanted:
        what = f"unknown: {', '.join(repr(name[:40]) for name in unknown[:3])}" if unknown else "no target named"
        raise ModelRetry(f"{what}. Targets of this run: {', '.join(list(work.states)[:MAX_TARGETS])}")
    return wanted


def _targets(work: Work, names: Sequence[str]) -> list[str]:
    """Return the run's targets that these names mean: a watched bracket is read with its league."""
    leagues = {item.target.name: item.target.league for item in work.plan.watched}
    found: list[str] = []
    for name in _known(work, names):
        of_league = [one for one, state in work.states.items() if state.plan.target.league is leagues.get(name)]
        found += [name] if name in work.states else of_league
    return list(dict.fromkeys(found))


def _read(name: str, state: TargetState) -> str:
    if state.outcome == "failed":
        return f"{name}: could not be read" if not state.could_read else f"{name}: refused, look at the report"
    if state.outcome == "not_published":
        return f"{name}: not published"
    if state.outcome == "nothing_due":
        return f"{name}: nothing due"
    if state.outcome == "unchanged":
        return f"{name}: unchanged, {state.found} known"
    planned = state.plan.planned or 0
    less = f", {planned - state.found} fewer than known" if state.found < planned else ""
    return f"{name}: {state.found} found{less}"


async def get_today_info(context: RunContext[Work]) -> str:
    """Today's date and the season."""
    plan = context.deps.plan
    return f"{plan.today:%A} {plan.today}, season {plan.season.name}"


async def get_match_status(context: RunContext[Work], targets: Targets) -> str:
    """What is known and planned of targets."""
    work = context.deps
    said = []
    for name in _known(work, targets):
        item = next((one for one in work.plan.watched if one.target.name == name), None) or work.states[name].plan
        said.append(f"{name}: {item.need}, {item.planned or 'none'} known")
    return "\n".join(said)


async def scrape_matches(context: RunContext[Work], targets: Targets) -> str:
    """Read targets from the source."""
    work = context.deps
    return "\n".join([_read(name, await work.scrape(name)) for name in _targets(work, targets)])


async def submit_matches(context: RunContext[Work], targets: Targets) -> str:
    """Send targets that were read."""
    work = context.deps
    names = _targets(work, targets)
    unread = [name for name in names if work.states[name].outcome is None and not work.states[name].read]
    if unread:
        raise ModelRetry(f"not read yet: {', '.join(unread)}. Call scrape_matches for them first")
    said = []
    for name in names:
        state = work.states[name]
        if state.submitted:
            said.append(f"{name}: was submitted before")
        elif state.outcome is not None:
            said.append(f"{_read(name, state)}; nothing to send")
        else:
            await work.submit(name)
            said.append(f"{name}: submitted")
    return "\n".join(said)


TOOLS = (get_today_info, get_match_status, scrape_matches, submit_matches)
