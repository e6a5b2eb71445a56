"""Keys, siblings and seasons: what the browser's sighting means for a run."""

import pytest

from match_contract import League, Season
from match_scraper.assist.discovery import from_sighting
from match_scraper.assist.keys import feed_key, usual_keys
from match_scraper.browser import Sighting
from match_scraper.values import Linked

THIS, NEXT = Season(2026), Season(2027)
VIEWER = "https://mls-assist.theintelligenceplatform.com"


def sighting(*keys: str, opened: str = "mls-next-league-26-27") -> Sighting:
    return Sighting(VIEWER, f"{VIEWER}/#/schedule/{opened}", (opened,), tuple(Linked(key) for key in keys))


def names(season: Season) -> list[str]:
    return [key.key for key in usual_keys(season)]


@pytest.mark.parametrize(
    ("key", "league", "season"),
    [
        ("mls-next-league-26-27", League.HOMEGROWN, THIS),
        ("mls-next-flex-26-27", League.FLEX, THIS),
        ("mls-next-2-academy-division-27-28", League.ACADEMY, NEXT),
    ],
)
def test_a_key_says_its_competition_and_season(key: str, league: League, season: Season) -> None:
    found = feed_key(key)
    assert found is not None
    assert (found.league, found.season) == (league, season)


@pytest.mark.parametrize(
    "key",
    [
        "mls-next-cup-26-27", "mls-next-league", "mls-next-league-26-28", "", "26-27", "mls-next-league-cup-26-27",
        "mls-next-flex-cup-26-27", "mls-next-2-academy-division-playoffs-26-27", "other-mls-next-league-26-27",
    ],
)  # fmt: skip
def test_a_key_that_says_neither_is_not_guessed(key: str) -> None:
    assert feed_key(key) is None


def test_a_new_season_among_the_siblings_is_noticed_and_this_one_read_on() -> None:
    found = from_sighting(sighting(*names(THIS), *names(NEXT)), THIS)
    assert [key.key for key in found.keys] == names(THIS)
    assert [key.key for key in found.other_seasons] == names(NEXT)
    assert any(warning.startswith("the season 2027-28 has appeared") for warning in found.warnings)


def test_after_the_rollover_the_season_asked_for_is_found_by_the_same_names() -> None:
    found = from_sighting(sighting(*names(NEXT), opened="mls-next-league-27-28"), THIS)
    assert {key.key for key in found.keys} == set(names(THIS))
    assert any("names no key of 2026-27" in warning for warning in found.warnings)


def test_a_competition_that_we_do_not_know_is_named_and_not_read() -> None:
    found = from_sighting(sighting(*names(THIS), "mls-next-cup-26-27"), THIS)
    assert [key.key for key in found.keys] == names(THIS)
    assert any("'mls-next-cup-26-27'" in warning for warning in found.warnings)


def test_a_cup_of_the_league_never_takes_the_leagues_place() -> None:
    found = from_sighting(sighting("mls-next-league-cup-26-27", *names(THIS)), THIS)
    assert [key.key for key in found.keys] == names(THIS)
    assert any("'mls-next-league-cup-26-27'" in warning for warning in found.warnings)


def test_without_siblings_the_last_known_keys_are_asked_for_too() -> None:
    last = usual_keys(THIS)[:2]
    found = from_sighting(sighting(), THIS, last)
    assert found.keys == last
    assert any("did not say which competitions" in warning for warning in found.warnings)


def test_a_competition_that_the_viewer_no_longer_links_is_asked_for_by_its_last_known_key_and_said() -> None:
    league, flex, academy = usual_keys(THIS)
    found = from_sighting(sighting(league.key, flex.key), THIS, (league, flex, academy))
    assert found.keys == (league, flex, academy)
    assert [text for text in found.warnings if f"no longer names {academy.key}" in text]
    assert from_sighting(sighting(league.key, flex.key), THIS, (league, flex)).warnings == ()


def test_a_renamed_key_is_said_and_the_one_that_it_had_is_asked_for() -> None:
    league, flex, academy = usual_keys(THIS)
    new = sighting("mls-next-homegrown-26-27", flex.key, academy.key, opened="mls-next-homegrown-26-27")
    found = from_sighting(new, THIS, (league, flex, academy))
    assert found.keys == (flex, academy, league)
    assert any("'mls-next-homegrown-26-27'" in text for text in found.warnings)
    assert any(f"no longer names {league.key}" in text for text in found.warnings)
