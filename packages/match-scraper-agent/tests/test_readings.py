"""What a run says of what it reads: a source that is down, a document that shrank, a season that appears."""

from dataclasses import replace
from datetime import timedelta

from devstack.testing.agent_workshop import API_KEY, HOMEGROWN, KEY, SYNCED, Workshop, by_name, reading
from match_scraper import Canary, Outcome, Reading, SourceError
from match_scraper_agent.api import Api
from match_scraper_agent.report import exit_code, printed


async def test_a_source_that_is_down_ends_with_3_and_is_said(workshop: Workshop) -> None:
    workshop.source.page = SourceError(Outcome.UNREACHABLE, "www.mlssoccer.com does not answer: try again later")
    result = await workshop.plain()
    assert exit_code(result) == 3
    assert "does not answer: try again later" in printed(result)
    assert workshop.rows("select exit_code from runs") == [(3,)]


async def test_an_empty_document_ends_with_3_and_a_shrunken_one_names_the_way_out(workshop: Workshop) -> None:
    workshop.source.feed = Reading(KEY, Outcome.EMPTY, "the schedule holds no match")
    assert exit_code(await workshop.plain()) == 3
    shrunken = "400 of 992 matches are left; run with --accept-shrink mls-next-league-26-27 if the site is right"
    workshop.source.feed = Reading(KEY, Outcome.SHRUNKEN, shrunken)
    result = await workshop.plain()
    assert exit_code(result) == 1
    assert printed(result).count(shrunken) == len(HOMEGROWN)


async def test_a_played_weekend_without_a_single_score_is_an_alarm_in_the_report(workshop: Workshop) -> None:
    silent = Canary(since=SYNCED - timedelta(days=9), until=SYNCED - timedelta(days=2), kicked_off=12, scored=0)
    workshop.source.feed = replace(workshop.source.feed, canary=silent)
    result = await workshop.plain()
    assert exit_code(result) == 0
    (alarm,) = [text for text in result.warnings if "score canary" in text]
    assert "0 of 12 matches" in alarm
    assert "broken reader" in printed(result)
    ((kept,),) = workshop.rows("select warnings from runs")
    assert alarm in kept
    scored = replace(silent, scored=11)
    workshop.source.feed = replace(reading(observed=SYNCED + timedelta(hours=1), etag='"2"'), canary=scored)
    assert not [text for text in (await workshop.plain()).warnings if "canary" in text]


async def test_fixtures_that_appear_are_news_and_no_warning(workshop: Workshop) -> None:
    workshop.source.feed = replace(workshop.source.feed, released=True)
    result = await workshop.plain()
    assert "mls-next-league-26-27: release watch: the season's fixtures have appeared" in result.changes
    assert not [text for text in result.warnings if "release" in text]


async def test_a_season_that_is_not_published_is_no_failure(workshop: Workshop) -> None:
    workshop.source.feed = Reading(KEY, Outcome.NOT_PUBLISHED, "mls-next-league-26-27 is not published yet")
    result = await workshop.plain()
    assert exit_code(result) == 0
    assert {item.outcome for item in result.targets} == {"not_published"}


async def test_what_was_stored_and_is_not_published_any_more_is_a_failure(workshop: Workshop) -> None:
    await workshop.plain(*HOMEGROWN)
    workshop.source.feed = Reading(KEY, Outcome.NOT_PUBLISHED, f"{KEY.key} is not published: the viewer answers 404")
    result = await workshop.plain()
    assert exit_code(result) == 3, printed(result)
    found = by_name(result)
    assert {found[name].outcome for name in HOMEGROWN} == {"failed"}
    assert "4 of its matches are stored" in found["u14-hg-northeast"].detail
    assert found["u14-academy-new-england"].outcome == "not_published", "nobody has ever seen any of it"


async def test_a_competition_that_the_viewer_names_no_longer_is_a_failure_where_any_of_it_is_stored(
    workshop: Workshop,
) -> None:
    await workshop.plain("u14-hg-northeast")
    workshop.source.keys = ()
    result = await workshop.plain("u14-hg-northeast", "u13-hg-florida", "u14-academy-new-england")
    assert exit_code(result) == 3, printed(result)
    assert [item.outcome for item in result.targets] == ["failed", "failed", "not_published"]
    assert "has vanished or has another name now" in result.targets[0].detail


async def test_the_seasons_fixtures_are_not_announced_by_a_run_that_does_not_know_what_is_stored(
    workshop: Workshop,
) -> None:
    workshop.source.feed = replace(workshop.source.feed, released=True)
    async with Api("http://127.0.0.1:1", API_KEY) as away:
        workshop.api = away
        result = await workshop.plain()
    assert {by_name(result)[name].outcome for name in HOMEGROWN} == {"landed"}
    assert not [text for text in result.changes if "release watch" in text]


async def test_the_seasons_fixtures_are_not_announced_again_from_another_site(workshop: Workshop) -> None:
    await workshop.plain()
    later = reading(observed=SYNCED + timedelta(hours=1), etag='"2"')
    workshop.source.feed = replace(later, released=True, site="https://moved.example")
    assert not [text for text in (await workshop.plain()).changes if "release watch" in text]
