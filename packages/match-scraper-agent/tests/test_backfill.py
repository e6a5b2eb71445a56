"""What is a back-fill's own: which platform has which season, its targets, its bar, its rankings as messages."""

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from devstack.testing.agent_process import agent
from match_contract import League, QualitySnapshot, Season, Source
from match_scraper import PLATFORMS, Quality
from match_scraper_agent.backfill import Bar, is_backfill, options_of, rankings
from match_scraper_agent.run import Options
from match_scraper_agent.settings import SettingsError
from match_scraper_agent.targets import choose, load_targets

RUN = "00000000-0000-4000-8000-00000000000a"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--source", "modular11"],
            "is not on modular11, which carries the seasons up to 2025-26",
        ),
        (["--source", "modular11", "--season", "2026-27"], "read it with --source assist --season 2026-27"),
        (["--source", "assist", "--season", "2025-26"], "read it with --source modular11 --season 2025-26"),
        (["--source", "modular11", "--season", "2025-26", "--target", "all-flex"], "modular11 has no Flex"),
    ],
)
def test_a_season_that_the_platform_does_not_carry_ends_with_2_and_says_which_does(
    arguments: list[str], said: str
) -> None:
    done = agent("run", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_target_every_league_of_the_platform_is_read_and_no_model_is_asked() -> None:
    options = options_of(Options(targets=choose(load_targets(), [])), PLATFORMS[Source.MODULAR11])
    assert [target.name for target in options.targets] == ["all-homegrown", "all-academy"]
    assert (options.named, options.use_model) == (True, False)
    options = options_of(Options(targets=choose(load_targets(), [])), PLATFORMS[Source.ASSIST])
    assert {target.league for target in options.targets} == set(League)


def test_targets_that_were_named_are_kept() -> None:
    named = Options(targets=choose(load_targets(), ["u14-hg-florida"]), named=True)
    assert options_of(named, PLATFORMS[Source.MODULAR11]).targets == named.targets
    flex = Options(targets=choose(load_targets(), ["all-flex"]), named=True)
    with pytest.raises(SettingsError, match="modular11 has no Flex"):
        options_of(flex, PLATFORMS[Source.MODULAR11])


def test_a_season_that_is_over_is_a_back_fill_and_todays_is_not() -> None:
    assert is_backfill(PLATFORMS[Source.ASSIST], Season(2026), today=Season(2027))
    assert is_backfill(PLATFORMS[Source.MODULAR11], Season(2025), today=Season(2025))
    assert not is_backfill(PLATFORMS[Source.ASSIST], Season(2026), today=Season(2026))


def test_the_bar_shows_what_is_read_and_how_much_is_left() -> None:
    screen = io.StringIO()
    with Bar(Console(file=screen, force_terminal=True, width=120)) as bar:
        assert screen.getvalue() == "", "nothing is shown before there is something to show"
        bar.tell(72, 192, "U14 Academy New England")
        bar.tell(192, 192, "Academy")
    assert "U14 Academy New England" in screen.getvalue()
    assert "72/192" in screen.getvalue()


def test_rankings_become_a_message_of_the_season_that_is_played_when_they_are_taken() -> None:
    rows = [
        Quality(division=division, rank=rank, team=team, matches=9, attack="71.0", defence="60.5", score="65.8")
        for division, rank, team in (("Florida", 1, "Bay FC"), ("Northeast", 1, "Harbor FC"), ("Florida", 2, "Cape FC"))
    ]
    now = datetime(2026, 10, 5, 14, tzinfo=UTC)
    message = rankings(rows, League.HOMEGROWN, "U15", run_id=RUN, now=now)
    assert message is not None
    snapshot = QualitySnapshot.model_validate(message)
    assert (snapshot.season, snapshot.taken_at) == ("2026-27", now)
    assert {table.division: [row.team for row in table.rows] for table in snapshot.tables} == {
        "Florida": ["Bay FC", "Cape FC"],
        "Northeast": ["Harbor FC"],
    }
    assert rankings([], League.HOMEGROWN, "U15", run_id=RUN, now=now) is None
