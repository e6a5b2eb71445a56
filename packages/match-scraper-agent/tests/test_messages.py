"""From a reading to messages: what a batch carries of the tables that its matches count in."""

from dataclasses import replace

from devstack.testing.agent_workshop import HOMEGROWN, reading
from match_contract import StandingsRow, TeamRef
from match_scraper_agent.messages import build_messages
from match_scraper_agent.targets import choose, load_targets

RUN, SNAPSHOT = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"


def names_by_batch(names: dict[str, list[str]], target: str) -> list[list[str]]:
    """`teams` of each batch, where the tables list these names without ids."""
    feed = reading()
    brackets = tuple(
        item.model_copy(
            update={"teams": tuple(StandingsRow(team=TeamRef(name=name)) for name in names[item.external_id])}
        )
        if item.external_id in names
        else item
        for item in feed.brackets
    )
    targets = choose(load_targets(), [target])
    shipment = build_messages(replace(feed, brackets=brackets), targets, run_id=RUN, snapshot_id=SNAPSHOT)
    return [[team["name"] for team in message["teams"]] for message in shipment.messages[1:]]


def test_a_batch_carries_the_names_of_its_own_tables_once_where_the_source_has_no_ids() -> None:
    listed = {"100": ["Bay", "Cove"], "300": ["Dune"]}
    assert names_by_batch(listed, "u14-hg-northeast") == [["Bay", "Cove"]]
    assert names_by_batch({}, HOMEGROWN[0]) == [[]]
