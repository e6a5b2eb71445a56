"""What a tool does with the names that the model gives."""

from typing import Any
from uuid import uuid4

import pytest
from pydantic_ai import ModelRetry

from devstack.testing.agent_workshop import TODAY, Workshop
from match_scraper_agent.api import Knowledge
from match_scraper_agent.planner import make_plan
from match_scraper_agent.targets import EVERY_LEAGUE, load_targets
from match_scraper_agent.tools import get_match_status, scrape_matches
from match_scraper_agent.work import Work


class Context:
    """As much of a RunContext as a tool asks for."""

    def __init__(self, work: Work) -> None:
        self.deps = work


def whole_season(workshop: Workshop) -> Any:
    plan = make_plan(EVERY_LEAGUE, now=TODAY, knowledge=Knowledge(), watched=load_targets())
    work = Work(
        plan,
        source=workshop.source,
        knowledge=Knowledge(),
        api=None,
        courier=None,
        outbox=None,
        run_id=str(uuid4()),
    )
    return Context(work)


async def test_a_watched_bracket_can_be_asked_about_and_is_read_with_its_league(workshop: Workshop) -> None:
    context = whole_season(workshop)
    assert await get_match_status(context, ["u14-hg-florida"]) == "u14-hg-florida: full, none known"
    said = await scrape_matches(context, ["u14-hg-florida", "u13-hg-northeast"])
    assert said == "all-homegrown: 16 found"
    assert len(workshop.source.asked) == 1


async def test_a_name_that_is_neither_target_nor_watched_is_said_with_the_targets_of_the_run(
    workshop: Workshop,
) -> None:
    with pytest.raises(ModelRetry, match=r"unknown: .u15-hg-moon.\. Targets of this run: all-homegrown"):
        await get_match_status(whole_season(workshop), ["u15-hg-moon"])
