"""What a run says of the source although it could read it: a canary that sings, a season that appears, a rollover."""

from dataclasses import replace
from datetime import timedelta

import pytest

from devstack.testing.agent_workshop import KEY, SYNCED, Workshop, reading
from match_contract import League, Season, Status
from match_scraper import FeedKey, Reading, Rejected
from match_scraper.canary import look
from match_scraper_agent.report import exit_code, printed

NEXT = FeedKey("mls-next-league-27-28", League.HOMEGROWN, Season(2027))


def scoreless(feed: Reading) -> Reading:
    """The same document after a weekend on which much was played and nothing has a score."""
    matches = [
        match.model_copy(update={"status": Status.TBD, "home_score": None, "away_score": None})
        if match.status is Status.COMPLETED
        else match
        for match in feed.matches
    ]
    played = [(SYNCED - timedelta(days=4, minutes=number), False) for number in range(6)]
    return replace(feed, matches=matches, scored=0, canary=look(played, SYNCED))


async def test_a_played_weekend_without_any_score_is_an_alarm_in_the_report_and_in_the_database(
    workshop: Workshop,
) -> None:
    workshop.source.feed = scoreless(workshop.source.feed)
    result = await workshop.plain()
    assert exit_code(result) == 0, "what could be read has landed: an alarm is no failure of the run"
    (alarm,) = [text for text in result.warnings if "canary" in text]
    assert "0 of 6 matches" in alarm
    assert "broken reader or a broken source" in alarm
    assert f"WARNING {alarm[:60]}" in printed(result)
    ((warnings,),) = workshop.rows("select warnings from runs")
    assert alarm in warnings


async def test_a_quiet_week_and_a_scored_weekend_are_no_alarm(workshop: Workshop) -> None:
    quiet = look([(SYNCED - timedelta(days=4), False)], SYNCED)
    scored = look([(SYNCED - timedelta(days=4, minutes=n), n == 0) for n in range(6)], SYNCED)
    for canary in (quiet, scored):
        workshop.source.feed = replace(workshop.source.feed, canary=canary)
        result = await workshop.plain()
        assert not [text for text in result.warnings if "canary" in text]


async def test_a_seasons_fixtures_are_announced_once_when_they_appear(workshop: Workshop) -> None:
    workshop.source.feed = replace(reading(), released=True)
    first = await workshop.plain()
    assert f"changed: {KEY.key}: release watch: the season's fixtures have appeared" in printed(first)
    workshop.source.feed = reading(observed=SYNCED + timedelta(days=1), etag='"2"')
    assert "release watch" not in printed(await workshop.plain())


async def test_what_is_odd_about_a_document_stands_in_the_runs_warnings_a_few_of_it(workshop: Workshop) -> None:
    odd = ("the document is older", "x" * 2_000, "2 teams are missing from the standings", "fourth", "fifth")
    workshop.source.feed = replace(workshop.source.feed, oddities=odd, notes=("451 matches without a time set",))
    result = await workshop.plain()
    assert exit_code(result) == 0
    said = [text.removeprefix(f"{KEY.key}: ") for text in result.warnings if text.startswith(KEY.key)]
    assert said == [odd[0], "x" * 300, odd[2], "2 more of the kind, see the log (feed.read)"]


async def test_what_the_reader_refused_is_said_by_its_own_reason(workshop: Workshop) -> None:
    cup = [Rejected(str(n), {"id": n}, "unknown_competition", f"competition 'Cup' ({n})", ("100",)) for n in (7, 8)]
    workshop.source.feed = replace(workshop.source.feed, rejected=tuple(cup))
    result = await workshop.plain()
    assert exit_code(result) == 1
    said = [text for text in result.warnings if "refused" in text]
    assert said == [f"{KEY.key}: the reader refused 2 unknown_competition, the first: competition 'Cup' (7)"]


@pytest.mark.parametrize("linked", [(NEXT,), (KEY, NEXT, NEXT)])
async def test_the_next_season_among_a_documents_siblings_is_said_without_a_browser_too(
    workshop: Workshop, linked: tuple[FeedKey, ...]
) -> None:
    workshop.source.feed = replace(workshop.source.feed, linked=linked)
    result = await workshop.plain()
    said = [text for text in result.warnings if "has appeared" in text]
    assert said == [f"the season 2027-28 has appeared: {KEY.key} names it"]
